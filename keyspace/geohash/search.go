package geohash

import "math"

// A Shape is what a search looks into: a circle, or a box that is as wide at its
// centre's latitude as at any other.
type Shape struct {
	Centre        Point
	Box           bool
	Radius        float64 // of a circle, in units
	Width, Height float64 // of a box, in units
	Unit          float64 // in meters
}

// Distance tells whether the point is within the shape, and if so, how far from the
// centre, in meters.
func (s *Shape) Distance(p Point) (meters float64, within bool) {
	// Along a meridian the distance is cheap.
	if latDistance(p.Lat, s.Centre.Lat) > s.latLimit() {
		return 0, false
	}
	if s.Box && Distance(p, Point{s.Centre.Lon, p.Lat}) > s.Width*s.Unit/2 {
		return 0, false
	}
	d := Distance(s.Centre, p)
	return d, s.Box || d <= s.Radius*s.Unit
}

// latLimit returns how far along a meridian, in meters, is certainly too far.
func (s *Shape) latLimit() float64 {
	if s.Box {
		return s.Height * s.Unit / 2
	}
	// No distance is less, but for what is rounded away.
	const rounding = 1 + 1e-9
	return s.Radius * s.Unit * rounding
}

// bounds returns the rectangle on the map that holds the shape, in degrees; it may
// reach beyond the map.
func (s *Shape) bounds() Area {
	height, width := s.Unit*s.Radius, s.Unit*s.Radius
	if s.Box {
		height, width = s.Unit*(s.Height/2), s.Unit*(s.Width/2)
	}
	lat := degrees(height / earthRadius)
	// A degree of longitude is shortest at the side that is nearer to the pole.
	far := s.Centre.Lat + lat
	if s.Centre.Lat < 0 {
		far = s.Centre.Lat - lat
	}
	lon := degrees(width / earthRadius / cos(radians(far)))
	return Area{s.Centre.Lon - lon, s.Centre.Lat - lat, s.Centre.Lon + lon, s.Centre.Lat + lat}
}

// steps estimates how fine cells may be so that nine of them cover the shape.
func (s *Shape) steps() int {
	const halfMap = 20037726.37 // half of the map's width, in meters
	radius := s.Radius
	if s.Box {
		w, h := s.Width/2, s.Height/2
		radius = math.Sqrt(float64(w*w) + float64(h*h))
	}
	radius *= s.Unit
	if radius == 0 {
		return MaxSteps
	}
	n := -1
	for ; radius < halfMap; radius *= 2 {
		n++
	}
	// Towards the poles cells become narrow.
	if math.Abs(s.Centre.Lat) > 66 {
		n--
	}
	if math.Abs(s.Centre.Lat) > 80 {
		n--
	}
	return min(max(n, 1), MaxSteps)
}

// around lists the directions from the centre's cell in the order of the search.
var around = [9]struct{ dx, dy int }{
	{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1},
}

// Cells returns the cells that have to be searched, in this order. It uses buf if
// that is long enough.
func (s *Shape) Cells(buf []Cell) []Cell {
	b, steps := s.bounds(), s.steps()
	centre := cellAt(s.Centre, &worldMap, steps)
	if steps > 1 && !centre.covers(&b) {
		steps--
		centre = cellAt(s.Centre, &worldMap, steps)
	}
	a := centre.area()
	cells := buf[:0]
	previous := Cell{}
	for i, d := range around {
		useless := d.dy < 0 && a.MinLat < b.MinLat || d.dy > 0 && a.MaxLat > b.MaxLat ||
			d.dx < 0 && a.MinLon < b.MinLon || d.dx > 0 && a.MaxLon > b.MaxLon
		if useless && steps >= 2 {
			continue
		}
		c := centre.neighbour(d.dx, d.dy)
		// At the first steps neighbours are the same cell in two directions.
		if i > 1 && c == previous {
			continue
		}
		cells, previous = append(cells, c), c
	}
	return cells
}

// covers tells whether the cells around c reach as far as the rectangle.
func (c Cell) covers(b *Area) bool {
	short := c.neighbour(0, 1).area().MaxLat < b.MaxLat || c.neighbour(0, -1).area().MinLat > b.MinLat ||
		c.neighbour(1, 0).area().MaxLon < b.MaxLon || c.neighbour(-1, 0).area().MinLon > b.MinLon
	return !short // so that a bound that is not a number is covered
}
