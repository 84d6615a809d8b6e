// Package geohash places points of the earth's surface on a line, so that a sorted
// set can hold them and a search for what is near becomes a few ranges of scores.
//
// The map in Mercator's projection, 360° wide and cut off at ±85.05112878°, is
// halved again and again, in turn from west to east and from south to north; each
// halving gives a bit, 1 for the eastern or northern half. After 26 steps in both
// directions 52 bits are known, which a float64 holds exactly: they are the score.
//
//	bit  51 50 49 48       1  0
//	     x  y  x  y   ...  x  y      x: longitude, y: latitude
//
// The first 2·n bits name a Cell of step n, and all points in the cell have scores
// that begin with them. A search takes the largest step at which the cell of its
// centre and the eight around it cover the shape (Shape.Cells), and looks into the
// ranges of these nine.
//
// Scores, coordinates and distances equal those of Redis to the bit. So each
// product that goes into a sum is converted to float64: that forbids the compiler
// to fuse the two, as it does for some processors. What the C library computes
// differently from Go's is in trig.go.
//
// Source: the documentation of the GEO commands; G. M. Morton, "A computer oriented
// geodetic data base" (1966); https://en.wikipedia.org/wiki/Geohash. Limits, radius
// and the order of cells are the reference's, as its replies show.
package geohash
