package geohash

import (
	"bufio"
	"cmp"
	"fmt"
	"iter"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recorded yields the lines of a file in testdata as words.
func recorded(t *testing.T, name string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		f, err := os.Open("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := 0
		for in := bufio.NewScanner(f); in.Scan(); {
			if strings.HasPrefix(in.Text(), "#") {
				continue
			}
			lines++
			if !yield(strings.Fields(in.Text())) {
				return
			}
		}
		if lines < 1000 {
			t.Errorf("%s: only %d lines", name, lines)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// recordedPoints reads the points that were encoded.
func recordedPoints(t *testing.T) (points []Point) {
	for w := range recorded(t, "points") {
		if w[0] != "-" {
			points = append(points, Point{number(t, w[0]), number(t, w[1])})
		}
	}
	return points
}

func TestPointsAsRecorded(t *testing.T) {
	for w := range recorded(t, "points") {
		score := number(t, w[2])
		if w[0] != "-" {
			p := Point{number(t, w[0]), number(t, w[1])}
			if got := Encode(p); !p.Valid() || got != uint64(score) {
				t.Errorf("%v has score %d, recorded %s", p, got, w[2])
			}
		}
		p := Decode(score)
		if x, y := AppendCoordinate(nil, p.Lon), AppendCoordinate(nil, p.Lat); string(x) != w[3] || string(y) != w[4] {
			t.Errorf("score %s is %s %s, recorded %s %s", w[2], x, y, w[3], w[4])
		}
		if got := Text(p); string(got[:]) != w[5] {
			t.Errorf("score %s is %s, recorded %s", w[2], got, w[5])
		}
	}
}

// TestDistancesAsRecorded allows that between almost opposite points, where the last
// bit of a sine is worth centimeters, the C library rounded otherwise.
func TestDistancesAsRecorded(t *testing.T) {
	excused := 2
	for w := range recorded(t, "distances") {
		p, q := Decode(number(t, w[0])), Decode(number(t, w[1]))
		got := string(AppendDistance(nil, Distance(p, q)))
		if got != w[2] && number(t, w[2]) > 20_019_000 {
			excused--
		}
		if got != w[2] && (number(t, w[2]) <= 20_019_000 || excused < 0) {
			t.Errorf("from %s to %s: %s, recorded %s", w[0], w[1], got, w[2])
		}
	}
}

func TestSearchesAsRecorded(t *testing.T) {
	type member struct {
		score uint64
		name  string
	}
	var members []member
	for i, p := range recordedPoints(t) {
		members = append(members, member{Encode(p), strconv.Itoa(i)})
	}
	slices.SortFunc(members, func(x, y member) int {
		return cmp.Or(cmp.Compare(x.score, y.score), cmp.Compare(x.name, y.name))
	})
	units := map[string]float64{"m": 1, "km": 1000, "ft": 0.3048, "mi": 1609.34}
	for w := range recorded(t, "searches") {
		line := strings.Join(w, " ")
		asked, want, _ := strings.Cut(line, ":")
		a := strings.Fields(asked)
		s := Shape{Centre: Point{number(t, a[0]), number(t, a[1])}, Unit: units[a[2]], Radius: number(t, a[3])}
		if len(a) == 5 {
			s.Box, s.Width, s.Height = true, s.Radius, number(t, a[4])
		}
		var found []string
		for _, c := range s.Cells(nil) {
			from, end := c.Scores()
			i, _ := slices.BinarySearchFunc(members, from, func(m member, n uint64) int { return cmp.Compare(m.score, n) })
			for ; i < len(members) && members[i].score < end; i++ {
				if _, within := s.Distance(Decode(float64(members[i].score))); within {
					found = append(found, members[i].name)
				}
			}
		}
		if got := summary(found); got != strings.TrimSpace(want) {
			t.Errorf("%s: %s, recorded %s", asked, got, want)
		}
	}
}

func newRand(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestCellsHoldTheirPoints holds cells against the coordinates: a point is in the
// cell of its score at each step, and the neighbours are where they should be.
func TestCellsHoldTheirPoints(t *testing.T) {
	r := newRand(t)
	for range 20000 {
		p := Point{(r.Float64() - 0.5) * 2 * MaxLon, (r.Float64() - 0.5) * 2 * MaxLat}
		steps := 1 + r.IntN(MaxSteps)
		c := cellAt(p, &worldMap, steps)
		if from, end := c.Scores(); Encode(p) < from || Encode(p) >= end {
			t.Fatalf("%v is not among the scores %d to %d of %v", p, from, end, c)
		}
		a := c.area()
		if p.Lon < a.MinLon || p.Lon > a.MaxLon || p.Lat < a.MinLat || p.Lat > a.MaxLat {
			t.Fatalf("%v is not in %v of %v", p, a, c)
		}
		for _, d := range around {
			n := c.neighbour(d.dx, d.dy)
			if back := n.neighbour(-d.dx, -d.dy); back != c {
				t.Fatalf("%v: %v and back is %v", c, d, back)
			}
			b := n.area()
			for _, side := range []struct{ got, want, turn float64 }{
				{b.MinLon - a.MinLon, float64(d.dx) * (a.MaxLon - a.MinLon), 2 * MaxLon},
				{b.MinLat - a.MinLat, float64(d.dy) * (a.MaxLat - a.MinLat), 2 * MaxLat},
			} {
				if off := math.Remainder(side.got-side.want, side.turn); math.Abs(off) > 1e-9 {
					t.Fatalf("%v: %v is %v beside %v", c, d, b, a)
				}
			}
		}
	}
}

// TestFinderAgreesWithDistance asks for points anywhere, and for those that stand as
// exactly at the edge as numbers allow.
func TestFinderAgreesWithDistance(t *testing.T) {
	r := newRand(t)
	anywhere := func() Point { return Point{(r.Float64() - 0.5) * 360, (r.Float64() - 0.5) * 2 * MaxLat} }
	odd := []float64{0, math.Inf(1), math.NaN(), -1, math.Pi * earthRadius, math.MaxFloat64}
	for i := range 100_000 {
		s := Shape{Centre: anywhere(), Unit: 1, Radius: math.Pow(10, r.Float64()*7.4), Box: r.IntN(2) == 0}
		s.Width, s.Height = s.Radius, math.Pow(10, r.Float64()*7.4)
		p := anywhere()
		switch i % 4 {
		case 0: // at the edge
			s.Radius = Distance(s.Centre, p)
			s.Width = 2 * Distance(p, Point{s.Centre.Lon, p.Lat})
		case 1: // next to it
			s.Radius = math.Nextafter(Distance(s.Centre, p), math.Inf(r.IntN(2)*2-1))
			s.Width = 2 * math.Nextafter(Distance(p, Point{s.Centre.Lon, p.Lat}), math.Inf(r.IntN(2)*2-1))
		case 2: // nearby
			p = Decode(float64(Encode(Point{s.Centre.Lon * (1 - r.Float64()*1e-4), s.Centre.Lat * (1 - r.Float64()*1e-4)})))
			s.Radius = r.Float64() * 2 * Distance(s.Centre, p)
		case 3:
			if r.IntN(2) == 0 {
				s.Radius, s.Width = odd[r.IntN(len(odd))], odd[r.IntN(len(odd))]
				p = Point{-s.Centre.Lon, -s.Centre.Lat}
			}
		}
		_, want := s.Distance(p)
		if got := s.Finder().Within(p); got != want {
			t.Fatalf("%+v: %v is within: %t, by its distance: %t", s, p, got, want)
		}
	}
}

// TestShapesHoldWhatTheyCover looks for points that a search misses, though they are
// within the shape: there may be none as long as the shape does not reach over an
// edge of the map.
func TestShapesHoldWhatTheyCover(t *testing.T) {
	r := newRand(t)
	var buf [9]Cell
	for range 20000 {
		s := Shape{Centre: Point{(r.Float64() - 0.5) * 300, (r.Float64() - 0.5) * 140}, Unit: 1, Radius: math.Pow(10, r.Float64()*6)}
		if r.IntN(2) == 0 {
			s.Box, s.Width, s.Height = true, s.Radius, math.Pow(10, r.Float64()*6)
		}
		b := s.bounds()
		p := Point{b.MinLon + (b.MaxLon-b.MinLon)*r.Float64(), b.MinLat + (b.MaxLat-b.MinLat)*r.Float64()}
		if !p.Valid() {
			continue
		}
		if _, within := s.Distance(p); !within {
			continue
		}
		score := Encode(p)
		if !slices.ContainsFunc(s.Cells(buf[:]), func(c Cell) bool {
			from, end := c.Scores()
			return score >= from && score < end
		}) {
			t.Errorf("%+v: %v is not searched for", s, p)
		}
	}
}

// bigSin returns the sine of x, from -π to π, by its series.
func bigSin(x *big.Float) *big.Float {
	const bits = 300
	x2 := new(big.Float).SetPrec(bits).Mul(x, x)
	term, total := new(big.Float).SetPrec(bits).Set(x), new(big.Float).SetPrec(bits).Set(x)
	for n := 2.0; n < 60; n += 2 {
		term.Mul(term, x2).Quo(term, big.NewFloat(-n*(n+1)))
		total.Add(total, term)
	}
	return total
}

// TestTrigRoundsCorrectly holds the functions against the series.
func TestTrigRoundsCorrectly(t *testing.T) {
	r := newRand(t)
	halfPi, _, _ := big.ParseFloat("1.57079632679489661923132169163975144209858469968755291048747229615390820314310449931401741267105853399107404326", 10, 300, big.ToNearestEven)
	wrong := map[string]int{}
	for i := range 3000 {
		x := r.Float64() * 3.1
		if i < 2*tableMax-10 { // the entries of the table, and halfway between
			x = float64(i) / (2 * tableScale)
		}
		if want, _ := bigSin(big.NewFloat(x)).Float64(); sin(-x) != -want {
			wrong["sin"]++
		}
		if want, _ := bigSin(new(big.Float).SetPrec(300).Sub(halfPi, big.NewFloat(x))).Float64(); cos(x) != want {
			wrong["cos"]++
		}
		y := r.Float64()
		if i%2 == 0 {
			y = 1 - math.Pow(10, -r.Float64()*15)
		}
		a := asin(y)
		below, above := big.NewFloat(a), big.NewFloat(a)
		below.SetPrec(300).Add(below, big.NewFloat(math.Nextafter(a, 0))).Quo(below, big.NewFloat(2))
		above.SetPrec(300).Add(above, big.NewFloat(math.Nextafter(a, 2))).Quo(above, big.NewFloat(2))
		if bigSin(below).Cmp(big.NewFloat(y)) > 0 || bigSin(above).Cmp(big.NewFloat(y)) < 0 {
			wrong["asin"]++
		}
	}
	for name, n := range wrong {
		if n > 2 {
			t.Errorf("%s: %d of 3000 results are rounded wrongly", name, n)
		}
	}
}

// TestTrigAtTheEdges holds the functions against Go's where they use those, and
// where special values come and go.
func TestTrigAtTheEdges(t *testing.T) {
	near := func(name string, x, got, want float64) {
		if math.Abs(got-want) > 3e-16 {
			t.Errorf("%s(%v) = %v, not %v", name, x, got, want)
		}
	}
	for _, x := range []float64{0, math.Pi, -math.Pi, math.Pi / 2, 4, -1e9, 5e-324} {
		near("sin", x, sin(x), math.Sin(x))
		near("cos", x, cos(x), math.Cos(x))
	}
	for _, x := range []float64{0, 0.5, 1, 5e-324} {
		near("asin", x, asin(x), math.Asin(x))
	}
	for _, f := range []float64{sin(math.Inf(1)), cos(math.NaN()), asin(math.NaN()), asin(1.1)} {
		if !math.IsNaN(f) {
			t.Errorf("%v is a number", f)
		}
	}
}

func TestAppendDistance(t *testing.T) {
	for d, want := range map[float64]string{
		0: "0.0000", 0.00005: "0.0000", 0.00016: "0.0002", 1: "1.0000", 12.34567: "12.3457", 20020733.8100759: "20020733.8101", -1.5: "-1.5000",
	} {
		if got := string(AppendDistance(nil, d)); got != want {
			t.Errorf("%v is printed as %s, not %s", d, got, want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	s := Shape{Centre: Point{13, 38}, Radius: 100, Unit: 1000}
	var buf [9]Cell
	var out [32]byte
	n := testing.AllocsPerRun(100, func() {
		for _, c := range s.Cells(buf[:]) {
			from, _ := c.Scores()
			d, _ := s.Distance(Decode(float64(from)))
			AppendDistance(out[:0], d)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDistance(b *testing.B) {
	p, q := Point{13.5, 38.5}, Point{14, 37}
	for range b.N {
		q.Lat += Distance(p, q) * 1e-15
	}
}

func ExampleText() {
	p := Decode(float64(Encode(Point{Lon: 13.361389, Lat: 38.115556})))
	fmt.Printf("%.6f %.6f %s\n", p.Lon, p.Lat, Text(p))
	// Output: 13.361389 38.115556 sqc8b49rny0
}
