package hyperloglog

import (
	"encoding/binary"
	"slices"
)

const (
	xzeroBit = 0x40
	valBit   = 0x80

	maxZeroRun     = 64
	maxValRun      = 4
	maxSparseValue = 32
)

// A run is what an opcode says: so many registers have this value.
type run struct {
	value  byte
	length int
	size   int // of the opcode in bytes
}

// runAt reads the opcode at an offset.
func runAt(ops []byte, at int) run {
	c := ops[at]
	switch {
	case c&valBit != 0:
		return run{value: c>>2&0x1f + 1, length: int(c&3) + 1, size: 1}
	case c&xzeroBit != 0:
		length := int(c&0x3f) << 8
		if at+1 < len(ops) {
			length |= int(ops[at+1])
		}
		return run{length: length + 1, size: 2}
	}
	return run{length: int(c&0x3f) + 1, size: 1}
}

// eachRun calls fn for each run that is not of zeros. The runs must cover all
// registers exactly; fn may have been called even so when they do not.
func eachRun(ops []byte, fn func(first int, r run)) error {
	first := 0
	for at := 0; at < len(ops); {
		r := runAt(ops, at)
		if r.length > registerCount-first {
			return ErrCorrupt
		}
		if r.value > 0 {
			fn(first, r)
		}
		first += r.length
		at += r.size
	}
	if first != registerCount {
		return ErrCorrupt
	}
	return nil
}

// appendZeros appends the opcode of a run of zeros.
func appendZeros(dst []byte, length int) []byte {
	if length > maxZeroRun {
		return append(dst, xzeroBit|byte((length-1)>>8), byte(length-1))
	}
	return append(dst, byte(length-1))
}

func val(value byte, length int) byte { return valBit | (value-1)<<2 | byte(length-1) }

// appendRun appends the opcode of a run, or nothing for an empty one.
func appendRun(dst []byte, value byte, length int) []byte {
	switch {
	case length == 0:
		return dst
	case value == 0:
		return appendZeros(dst, length)
	}
	return append(dst, val(value, length))
}

// An editor changes registers of a HyperLogLog, which it makes dense when it has
// to. Registers that are raised in ascending order are found without walking from
// the start each time.
type editor struct {
	b       []byte
	maxSize int // of the sparse encoding in bytes

	// The search begins here: at the first opcode, or at one before that which
	// holds the register.
	from place
}

// A place is an opcode among the others, and the first register that it is about.
type place struct{ at, first int }

// raise raises a register and tells whether it was lower. The count in the header
// stays as it is.
func (e *editor) raise(index int, value byte) (changed bool, err error) {
	if IsDense(e.b) {
		return setDense(e.b[headerSize:], index, value), nil
	}
	if value > maxSparseValue {
		return true, e.promote(index, value)
	}
	return e.raiseSparse(index, value)
}

// promote makes the string dense and raises the register.
func (e *editor) promote(index int, value byte) error {
	dense, err := ToDense(e.b)
	if err != nil {
		return err
	}
	e.b = dense
	setDense(e.b[headerSize:], index, value)
	return nil
}

// raiseSparse replaces the opcode of the register by up to three.
func (e *editor) raiseSparse(index int, value byte) (changed bool, err error) {
	ops := e.b[headerSize:]
	before, prev, at := find(ops, e.from, index)
	e.from = before
	if at.at >= len(ops) {
		return false, ErrCorrupt
	}
	r := runAt(ops, at.at)
	if r.value >= value {
		return false, nil
	}
	if r.length == 1 && r.size == 1 {
		ops[at.at] = val(value, 1)
	} else {
		var room [5]byte
		seq := appendRun(room[:0], r.value, index-at.first)
		seq = append(seq, val(value, 1))
		seq = appendRun(seq, r.value, at.first+r.length-1-index)
		size := len(e.b) + len(seq) - r.size
		if size > len(e.b) && size > e.maxSize {
			return true, e.promote(index, value)
		}
		e.replace(headerSize+at.at, r.size, seq, size)
	}
	e.merge(headerSize + prev.at)
	return true, nil
}

// find walks to the opcode of a register. It returns its place, which is behind
// the end if there is none, that of the opcode before, and that of the one before
// both; the first of all stands for one that was not seen. PFADD spends its time
// here.
func find(ops []byte, from place, index int) (before, prev, at place) {
	prev, at = from, from
	short := 0 // opcodes of one byte in a row
	for steps := 0; at.at < len(ops); steps++ {
		if short == 2 {
			if to := skipShort(ops, at, index); to != at {
				last, second := runAt(ops, to.at-1), runAt(ops, to.at-2)
				prev = place{to.at - 1, to.first - last.length}
				before = place{to.at - 2, prev.first - second.length}
				at = to
				continue
			}
		}
		c := ops[at.at] // what runAt does, for the length alone
		size, length := 1, int(c)+1
		if c&valBit != 0 {
			length = int(c&3) + 1
		} else if c&xzeroBit != 0 {
			size, length, short = 2, runAt(ops, at.at).length, -1
		}
		if index < at.first+length {
			break
		}
		short++
		if steps > 0 {
			before = prev
		}
		prev, at = at, place{at.at + size, at.first + length}
	}
	return before, prev, at
}

// skipShort passes opcodes of one byte, eight at a time, that come before the one
// that holds a register.
func skipShort(ops []byte, at place, index int) place {
	const each = 0x0101010101010101
	for at.at+8 <= len(ops) {
		w := binary.LittleEndian.Uint64(ops[at.at:])
		if w&^(w>>1)&(xzeroBit*each) != 0 {
			break
		}
		// The lengths, less one: six bits of ZERO, two of VAL.
		vals := w & (valBit * each)
		lengths := w & (0x3f * each) &^ (vals>>2 | vals>>3 | vals>>4 | vals>>5)
		pairs := lengths&0x00ff00ff00ff00ff + lengths>>8&0x00ff00ff00ff00ff
		total := int(pairs*0x0001000100010001>>48) + 8
		if index < at.first+total {
			break
		}
		at = place{at.at + 8, at.first + total}
	}
	return at
}

// replace puts other opcodes in the place of one. The string has so many bytes
// then.
//
// Deviation: an opcode that was cut at the end of a damaged string stays cut. Its
// missing byte reads as zero ever after; Redis would keep it, unseen, behind the
// end until the string is next reallocated.
func (e *editor) replace(at, oldSize int, seq []byte, size int) {
	behind := min(at+oldSize, len(e.b))
	e.b = slices.Replace(e.b, at, behind, seq...)[:size]
}

// merge unites neighbouring runs of the same value as far as one opcode can hold
// them, looking at five opcodes, as many as a change can concern.
func (e *editor) merge(at int) {
	for n := 5; n > 0 && at < len(e.b); n-- {
		r := runAt(e.b, at)
		if r.value > 0 && at+1 < len(e.b) {
			next := runAt(e.b, at+1)
			if sum := r.length + next.length; next.value == r.value && sum <= maxValRun {
				e.b[at+1] = val(r.value, sum)
				e.b = slices.Delete(e.b, at, at+1)
				continue
			}
		}
		at += r.size
	}
}
