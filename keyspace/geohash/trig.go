package geohash

import "math"

// Sine, cosine and arc sine, rounded correctly in all but about one case of ten
// thousand. The C library's, by which the reference measures, err by hardly more than
// half of the last bit; Go's err by more, which shows in the last digit of a
// distance. So what Go's would round away is computed too: most values here are
// pairs of a float64 and what is missing from it.

// double is the sum of two numbers, of which lo is less than the last bit of hi.
type double struct{ hi, lo float64 }

// fastSum adds two numbers of which the first is not the smaller one, or zero.
func fastSum(a, b float64) double {
	s := a + b
	return double{s, b - (s - a)}
}

// sum adds two numbers exactly.
func sum(a, b float64) double {
	s := a + b
	t := s - a
	return double{s, (a - (s - t)) + (b - t)}
}

// product multiplies two numbers exactly.
func product(a, b float64) double {
	p := float64(a * b)
	return double{p, math.FMA(a, b, -p)}
}

func (a double) plus(b double) double {
	s := sum(a.hi, b.hi)
	return fastSum(s.hi, s.lo+(a.lo+b.lo))
}

func (a double) minus(b double) double { return a.plus(double{-b.hi, -b.lo}) }

func (a double) times(b double) double {
	p := product(a.hi, b.hi)
	return fastSum(p.hi, p.lo+(float64(a.hi*b.lo)+float64(a.lo*b.hi)))
}

// scaled multiplies by a power of two.
func (a double) scaled(f float64) double { return double{float64(a.hi * f), float64(a.lo * f)} }

func (a double) over(n float64) double {
	q := a.hi / n
	p := product(q, n)
	return fastSum(q, ((a.hi-p.hi)-p.lo+a.lo)/n)
}

// The table holds sine and cosine of the multiples of 1/tableScale up to π.
const (
	tableScale = 128
	tableMax   = 403 // 403/128 is just above π
)

type tableEntry struct{ sin, cos double }

var table = newTable()

func newTable() *[tableMax + 1]tableEntry {
	// The series for the first angle, then the formula for the sum of two.
	const x = 1.0 / tableScale
	step := tableEntry{}
	sinTerm, cosTerm := double{x, 0}, double{1, 0}
	for n := 1.0; n < 16; n += 2 {
		step.sin, step.cos = step.sin.plus(sinTerm), step.cos.plus(cosTerm)
		cosTerm = cosTerm.scaled(-x * x).over(n * (n + 1))
		sinTerm = sinTerm.scaled(-x * x).over((n + 1) * (n + 2))
	}
	t := new([tableMax + 1]tableEntry)
	t[0].cos.hi = 1
	for i := range tableMax {
		t[i+1].sin = t[i].sin.times(step.cos).plus(t[i].cos.times(step.sin))
		t[i+1].cos = t[i].cos.times(step.cos).minus(t[i].sin.times(step.sin))
	}
	return t
}

// sinPair returns the sine of x, from 0 to π.
func sinPair(x float64) double {
	e, r := entryOf(x)
	return combine(e.sin, e.cos, r)
}

// cosPair returns the cosine of x, from 0 to π.
func cosPair(x float64) double {
	e, r := entryOf(x)
	return combine(e.cos, double{-e.sin.hi, -e.sin.lo}, r)
}

// entryOf returns the nearest entry of the table and how far beyond it x is,
// which is exact.
func entryOf(x float64) (e *tableEntry, r float64) {
	i := int(float64(x*tableScale) + 0.5)
	return &table[i], x - float64(float64(i)*(1.0/tableScale))
}

// combine returns a·cos r + b·sin r, for |r| up to 1/256.
func combine(a, b double, r float64) double {
	r2 := r * r
	cosRest := -r2 * (1.0/2 - float64(r2*(1.0/24-float64(r2*(1.0/720)))))
	sinRest := -r * r2 * (1.0/6 - float64(r2*(1.0/120-float64(r2*(1.0/5040)))))
	p := product(b.hi, r)
	s := sum(a.hi, p.hi)
	small := float64(a.hi*cosRest) + (float64(b.hi*sinRest) + (a.lo + (float64(b.lo*r) + p.lo)))
	return fastSum(s.hi, s.lo+small)
}

// sin returns the sine of x, from -π to π; Go's beyond.
func sin(x float64) float64 {
	a := math.Abs(x)
	if !(a <= math.Pi) {
		return math.Sin(x)
	}
	return math.Copysign(sinPair(a).hi, x)
}

// cos returns the cosine of x, from -π to π; Go's beyond.
func cos(x float64) float64 {
	a := math.Abs(x)
	if !(a <= math.Pi) {
		return math.Cos(x)
	}
	return cosPair(a).hi
}

// sinFast is the sine of x, from -π to π, but for about the last bit.
func sinFast(x float64) float64 {
	e, r := entryOf(math.Abs(x))
	return math.Copysign(combineFast(e.sin.hi, e.cos.hi, r), x)
}

// cosFast is the cosine of x, from -π to π, but for about the last bit.
func cosFast(x float64) float64 {
	e, r := entryOf(math.Abs(x))
	return combineFast(e.cos.hi, -e.sin.hi, r)
}

// combineFast returns a·cos r + b·sin r, for |r| up to 1/256.
func combineFast(a, b, r float64) float64 {
	r2 := r * r
	return a + (b*(r-r*r2*(1.0/6-r2*(1.0/120))) - a*r2*(1.0/2-r2*(1.0/24-r2*(1.0/720))))
}

// asin returns the arc sine of x, which is not negative; NaN beyond 1.
func asin(x float64) float64 {
	if !(x <= 1) {
		return math.NaN()
	}
	if x <= 0.5 {
		return asinPair(x).hi
	}
	// asin x = π/2 - 2·asin √((1-x)/2); what the root rounds away counts.
	halfPi := double{math.Pi / 2, 6.123233995736766e-17}
	h := (1 - x) / 2
	root := math.Sqrt(h)
	if root == 0 {
		return halfPi.hi
	}
	missing := -math.FMA(root, root, -h) / (2 * root)
	y := asinPair(root)
	y = fastSum(y.hi, y.lo+missing/math.Sqrt(1-h))
	return halfPi.minus(y.scaled(2)).hi
}

// asinPair returns the arc sine of x, from 0 to 1/2: Go's with one step of Newton's
// method.
func asinPair(x float64) double {
	y := math.Asin(x)
	e, r := entryOf(y)
	s := combine(e.sin, e.cos, r)
	return fastSum(y, ((x-s.hi)-s.lo)/math.Cos(y))
}
