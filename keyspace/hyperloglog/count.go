package hyperloglog

import (
	"math"
	"strconv"
)

// histogram is the number of registers of each value.
type histogram [1 << registerBits]int

// Count returns the estimate for a HyperLogLog, whatever its header says.
func Count(b []byte) (int64, error) {
	var h histogram
	if IsDense(b) {
		h.addDense(b[headerSize:])
		return h.estimate(), nil
	}
	h[0] = registerCount
	err := eachRun(b[headerSize:], func(_ int, r run) {
		h[r.value] += r.length
		h[0] -= r.length
	})
	return h.estimate(), err
}

// addDense counts the registers of the dense encoding. Registers in a row often
// have the same value; four histograms need not wait for each other.
func (h *histogram) addDense(regs []byte) {
	var parts [4][1 << registerBits]uint16
	for i := range groups {
		w := group(regs, i)
		for k := range groupRegisters {
			parts[k%4][w>>(registerBits*k)&registerMask]++
		}
	}
	h.sum(&parts)
}

// add counts registers of a byte each.
func (h *histogram) add(regs *Registers) {
	var parts [4][1 << registerBits]uint16
	for i := 0; i < len(regs); i += 4 {
		w := (*[4]byte)(regs[i:])
		parts[0][w[0]&registerMask]++
		parts[1][w[1]&registerMask]++
		parts[2][w[2]&registerMask]++
		parts[3][w[3]&registerMask]++
	}
	h.sum(&parts)
}

func (h *histogram) sum(parts *[4][1 << registerBits]uint16) {
	for v := range h {
		h[v] = int(parts[0][v]) + int(parts[1][v]) + int(parts[2][v]) + int(parts[3][v])
	}
}

// estimate returns how many different elements make such registers. Conversions
// of products keep the compiler from fusing them with the sums, which would round
// differently.
func (h *histogram) estimate() int64 {
	const (
		m     = float64(registerCount)
		alpha = 0.721347520444481703680 // 1 / (2 ln 2)
	)
	z := m * tau((m-float64(h[maxValue]))/m)
	for v := maxValue - 1; v >= 1; v-- {
		z = (z + float64(h[v])) * 0.5
	}
	z += float64(m * sigma(float64(h[0])/m))
	e := math.Round(alpha * m * m / z)
	if !(e < math.MaxInt64) {
		return math.MinInt64 // only of damaged registers; what the conversion gives in Redis
	}
	return int64(e)
}

// tau is the correction for registers that have reached the greatest value.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for before := math.NaN(); z != before; {
		x = math.Sqrt(x)
		before = z
		y *= 0.5
		z -= float64((1 - x) * (1 - x) * y)
	}
	return z / 3
}

// sigma is the correction for registers that are still zero.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for before := math.NaN(); z != before; {
		x *= x
		before = z
		z += float64(x * y)
		y += y
	}
	return z
}

// Registers are the registers of the union of several HyperLogLogs, a byte each.
type Registers [registerCount]byte

// Merge adds the elements of a HyperLogLog.
func (regs *Registers) Merge(b []byte) error {
	if IsDense(b) {
		regs.mergeDense(b[headerSize:])
		return nil
	}
	return eachRun(b[headerSize:], func(first int, r run) {
		for i := first; i < first+r.length; i++ {
			regs[i] = max(regs[i], r.value)
		}
	})
}

func (regs *Registers) mergeDense(dense []byte) {
	for i := range groups {
		w := group(dense, i)
		to := (*[groupRegisters]byte)(regs[i*groupRegisters:])
		for k := range to {
			to[k] = max(to[k], byte(w>>(registerBits*k))&registerMask)
		}
	}
}

// Count returns the estimate for the union.
func (regs *Registers) Count() int64 {
	var h histogram
	h.add(regs)
	return h.estimate()
}

// RaiseAll raises the registers of a HyperLogLog to these at least, and returns
// the string as Add does. The count is stale then.
func RaiseAll(b []byte, regs *Registers, maxSparse int) ([]byte, error) {
	e := editor{b: b, maxSize: maxSparse}
	for i, v := range regs {
		if v == 0 {
			continue
		}
		if _, err := e.raise(i, v); err != nil {
			return e.b, err
		}
	}
	Invalidate(e.b)
	return e.b, nil
}

// AppendOpcodes appends the sparse encoding in the words of PFDEBUG DECODE: z for
// a short run of zeros, Z for a long one, v for a value and its run.
func AppendOpcodes(dst, b []byte) []byte {
	ops := b[headerSize:]
	for at := 0; at < len(ops); {
		r := runAt(ops, at)
		name := "z:"
		switch {
		case r.value > 0:
			name = "v:"
		case r.size == 2:
			name = "Z:"
		}
		if at > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, name...)
		if r.value > 0 {
			dst = append(strconv.AppendInt(dst, int64(r.value), 10), ',')
		}
		dst = strconv.AppendInt(dst, int64(r.length), 10)
		at += r.size
	}
	return dst
}
