package hyperloglog

import "encoding/binary"

const (
	registerBits = 6
	registerMask = 1<<registerBits - 1
	denseSize    = headerSize + registerCount*registerBits/8

	// A group is eight registers in six bytes.
	groupRegisters = 8
	groupBytes     = groupRegisters * registerBits / 8
	groups         = registerCount / groupRegisters
)

// getDense returns a register.
func getDense(regs []byte, i int) byte {
	at, shift := i*registerBits/8, i*registerBits%8
	w := uint(regs[at]) >> shift
	if shift > 8-registerBits {
		w |= uint(regs[at+1]) << (8 - shift)
	}
	return byte(w) & registerMask
}

// setDense raises a register and tells whether it was lower.
func setDense(regs []byte, i int, value byte) bool {
	if getDense(regs, i) >= value {
		return false
	}
	at, shift := i*registerBits/8, i*registerBits%8
	regs[at] = regs[at]&^(registerMask<<shift) | value<<shift
	if shift > 8-registerBits {
		regs[at+1] = regs[at+1]&^(registerMask>>(8-shift)) | value>>(8-shift)
	}
	return true
}

// group returns eight registers as one number, the first of them lowest.
func group(regs []byte, i int) uint64 {
	if i < groups-1 {
		return binary.LittleEndian.Uint64(regs[i*groupBytes:]) & (1<<(8*groupBytes) - 1)
	}
	last := regs[i*groupBytes:]
	return uint64(binary.LittleEndian.Uint32(last)) | uint64(binary.LittleEndian.Uint16(last[4:]))<<32
}

// ToDense returns the string in the dense encoding.
func ToDense(b []byte) ([]byte, error) {
	if IsDense(b) {
		return b, nil
	}
	dense := make([]byte, denseSize)
	copy(dense, b[:headerSize])
	dense[encodingOffset] = encodingDense
	err := eachRun(b[headerSize:], func(first int, r run) {
		for i := range r.length {
			setDense(dense[headerSize:], first+i, r.value)
		}
	})
	if err != nil {
		return b, err
	}
	return dense, nil
}
