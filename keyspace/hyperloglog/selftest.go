package hyperloglog

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// How much SelfTest does.
const (
	selfTestRounds   = 16
	selfTestElements = 100_000
)

// SelfTest tells whether registers hold what was stored into them, whether both
// encodings say the same, and whether the estimate is within six standard errors.
func SelfTest(r *rand.Rand) bool {
	return registersHold(r) && estimateIsClose(r)
}

func registersHold(r *rand.Rand) bool {
	dense := make([]byte, denseSize-headerSize)
	var want Registers
	for range selfTestRounds {
		for i := range want {
			v := byte(r.IntN(registerMask + 1))
			if setDense(dense, i, v) != (v > want[i]) {
				return false
			}
			want[i] = max(want[i], v)
		}
		for i, v := range want {
			if getDense(dense, i) != v {
				return false
			}
		}
	}
	return true
}

func estimateIsClose(r *rand.Rand) bool {
	sparse, dense := New(), make([]byte, denseSize)
	copy(dense, magic)
	element := make([]byte, 8)
	for n := 1; n <= selfTestElements; n++ {
		binary.LittleEndian.PutUint64(element, r.Uint64())
		sparse, _, _ = Add(sparse, element, 1000)
		dense, _, _ = Add(dense, element, 0)
		if n&(n-1) != 0 && n != selfTestElements {
			continue
		}
		a, errA := Count(sparse)
		b, errB := Count(dense)
		// 1.04 / sqrt(16384) is the standard error.
		if errA != nil || errB != nil || a != b || math.Abs(float64(a)-float64(n)) > 1+6*0.00813*float64(n) {
			return false
		}
	}
	return true
}
