package geohash

import "math"

// A Finder tells which points are within a shape, several times faster than the
// distances would. It compares what the haversine formula takes the arc sine of
// with what that is at the edge, and measures only what is very near to the edge.
type Finder struct {
	shape            *Shape
	lon, lat, cosLat float64 // of the centre, in radians
	edge             float64 // at the edge of the circle, or of the box to the east
	latLimit         float64 // see Shape.latLimit
}

// Finder prepares the search for points within the shape, which must not change
// meanwhile.
func (s *Shape) Finder() *Finder {
	f := &Finder{shape: s, lon: radians(s.Centre.Lon), lat: radians(s.Centre.Lat), latLimit: s.latLimit()}
	f.cosLat = cosFast(f.lat)
	reach := s.Radius * s.Unit
	if s.Box {
		reach = s.Width * s.Unit / 2
	}
	switch angle := reach / (2 * earthRadius); {
	case angle >= 0 && angle < math.Pi/2:
		f.edge = math.Pow(math.Sin(angle), 2)
	case angle > 0:
		f.edge = math.Inf(1) // the whole earth
	default:
		f.edge = math.NaN() // to be measured
	}
	return f
}

// Within tells whether the shape holds the point: what Shape.Distance says.
func (f *Finder) Within(p Point) bool {
	if latDistance(p.Lat, f.shape.Centre.Lat) > f.latLimit {
		return false
	}
	lat := radians(p.Lat)
	v, cosLat := sinFast((radians(p.Lon)-f.lon)/2), cosFast(lat)
	a := v * v * cosLat
	if f.shape.Box {
		a *= cosLat
	} else {
		u := sinFast((lat - f.lat) / 2)
		a = u*u + a*f.cosLat
	}
	// Both sides err by some 1e-15 of their value; nor does rounding make a exceed 1.
	switch {
	case a < f.edge*(1-1e-12) && a < 1-1e-12:
		return true
	case a > f.edge*(1+1e-12) && a < 1-1e-12:
		return false
	}
	_, within := f.shape.Distance(p)
	return within
}
