package geohash

import "math"

// A Point is a place on the earth, in degrees.
type Point struct{ Lon, Lat float64 }

// The limits of the map, in degrees.
const (
	MaxLon = 180.0
	MaxLat = 85.05112878
)

// MaxSteps is the number of halvings in each direction that a score holds.
const MaxSteps = 26

// Valid tells whether the point is on the map.
func (p Point) Valid() bool {
	return p.Lon >= -MaxLon && p.Lon <= MaxLon && p.Lat >= -MaxLat && p.Lat <= MaxLat
}

// An Area is a rectangle on the map, in degrees.
type Area struct{ MinLon, MinLat, MaxLon, MaxLat float64 }

// worldMap is what is halved for scores; wholeEarth for Text.
var (
	worldMap   = Area{-MaxLon, -MaxLat, MaxLon, MaxLat}
	wholeEarth = Area{-180, -90, 180, 90}
)

// A Cell is a part of the map: Bits holds 2·Steps bits, of longitude and latitude
// in turn.
type Cell struct {
	Bits  uint64
	Steps int
}

// cellAt returns the cell of a point that is within the area.
func cellAt(p Point, in *Area, steps int) Cell {
	scale := float64(uint64(1) << steps)
	x := (p.Lon - in.MinLon) / (in.MaxLon - in.MinLon) * scale
	y := (p.Lat - in.MinLat) / (in.MaxLat - in.MinLat) * scale
	// At the very edge x or y is the scale itself, one bit too long: there is a
	// 53rd or 54th bit then.
	return Cell{spread(uint32(x))<<1 | spread(uint32(y)), steps}
}

// area returns the part of the map that is the cell.
func (c Cell) area() Area {
	scale := 1 / float64(uint64(1)<<c.Steps) // a power of two: products with it are exact
	x, y := gather(c.Bits>>1), gather(c.Bits)
	lon, lat := worldMap.MaxLon-worldMap.MinLon, worldMap.MaxLat-worldMap.MinLat
	return Area{
		MinLon: worldMap.MinLon + float64(float64(x)*scale*lon),
		MinLat: worldMap.MinLat + float64(float64(y)*scale*lat),
		MaxLon: worldMap.MinLon + float64(float64(x+1)*scale*lon),
		MaxLat: worldMap.MinLat + float64(float64(y+1)*scale*lat),
	}
}

// Scores returns the range of scores of the points in the cell, without its end.
func (c Cell) Scores() (from, end uint64) {
	shift := 2 * (MaxSteps - c.Steps)
	return c.Bits << shift, (c.Bits + 1) << shift
}

// The bits of longitude and of latitude.
const (
	lonBits = 0xaaaaaaaaaaaaaaaa
	latBits = 0x5555555555555555
)

// neighbour returns the cell dx cells further to the east and dy to the north, each
// -1, 0 or 1. At the edges of the map it comes in again on the other side.
func (c Cell) neighbour(dx, dy int) Cell {
	lon := uint64(lonBits) >> (64 - 2*c.Steps)
	lat := uint64(latBits) >> (64 - 2*c.Steps)
	// A number that is spread over every other bit is counted up by adding one
	// to it while the bits between are set, which hand the carry on.
	x, y := c.Bits&lonBits, c.Bits&latBits
	switch dx {
	case 1:
		x = (x + lat + 1) & lon
	case -1:
		x = ((x | lat) - (lat + 1)) & lon
	}
	switch dy {
	case 1:
		y = (y + lon + 1) & lat
	case -1:
		y = ((y | lon) - (lon + 1)) & lat
	}
	return Cell{x | y, c.Steps}
}

// spread puts a zero in front of each bit.
func spread(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & latBits
}

// gather is the inverse of spread; it does not look at the bits between.
func gather(x uint64) uint32 {
	x &= latBits
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// Encode returns the score of a point, which must be valid.
func Encode(p Point) uint64 { return cellAt(p, &worldMap, MaxSteps).Bits }

// Decode returns the middle of the cell of a score. Any number will do: members of
// a sorted set may have been given other scores than those of Encode.
func Decode(score float64) Point {
	a := Cell{bitsOf(score), MaxSteps}.area()
	return Point{clamp((a.MinLon+a.MaxLon)/2, MaxLon), clamp((a.MinLat+a.MaxLat)/2, MaxLat)}
}

func clamp(degrees, limit float64) float64 { return min(max(degrees, -limit), limit) }

// bitsOf converts a score as the compilers of C do it on amd64 for numbers that
// have no uint64; Go leaves them open.
func bitsOf(score float64) uint64 {
	const two63 = 1 << 63
	toInt := func(f float64) uint64 {
		if f >= -two63 && f < two63 {
			return uint64(int64(f))
		}
		return two63
	}
	if score < two63 || math.IsNaN(score) {
		return toInt(score)
	}
	return toInt(score-two63) ^ two63
}

// TextLen is the length of Text in bytes.
const TextLen = 11

// Text returns the geohash of a point as other programs know it. They halve the
// whole earth to ±90°; so the point is encoded anew. 52 bits make ten characters
// of five bits, and the eleventh is always 0.
func Text(p Point) [TextLen]byte {
	const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"
	bits := cellAt(p, &wholeEarth, MaxSteps).Bits
	var text [TextLen]byte
	for i := range TextLen - 1 {
		text[i] = alphabet[bits>>(2*MaxSteps-5*(i+1))&31]
	}
	text[TextLen-1] = alphabet[0]
	return text
}
