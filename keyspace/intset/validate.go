package intset

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is wrapped by all errors of Validate.
var ErrCorrupt = errors.New("intset: corrupt data")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Validate reports what is wrong with bytes that claim to be an intset. After it
// returned nil, every method is safe. A greater width than the integers need is
// fine.
func Validate(b []byte) error {
	if len(b) < headerSize {
		return corrupt("only %d bytes", len(b))
	}
	width, length := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if width != 2 && width != 4 && width != 8 {
		return corrupt("width %d", width)
	}
	if want := headerSize + uint64(width)*uint64(length); uint64(len(b)) != want {
		return corrupt("%d bytes, %d are needed for %d integers of %d bytes", len(b), want, length, width)
	}
	s := Intset(b)
	for i := 1; i < s.Len(); i++ {
		if s.At(i-1) >= s.At(i) {
			return corrupt("integer %d is not greater than the one before", i)
		}
	}
	return nil
}

// Check verifies the structure, as Validate does.
func (s Intset) Check() error { return Validate(s) }
