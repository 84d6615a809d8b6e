package listpack

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is wrapped by all errors of Validate.
var ErrCorrupt = errors.New("listpack: corrupt data")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Validate reports what is wrong with bytes that claim to be a listpack. After it
// returned nil, every method is safe. Longer encodings than an element needs are
// fine; lengths that do not fit and numbers that disagree are not.
func Validate(b []byte) error {
	if len(b) < emptySize {
		return corrupt("only %d bytes", len(b))
	}
	if total := binary.LittleEndian.Uint32(b); uint64(total) != uint64(len(b)) {
		return corrupt("%d bytes, header says %d", len(b), total)
	}
	if b[len(b)-1] != endByte {
		return corrupt("no end byte")
	}
	count, at := 0, headerSize
	for at < len(b)-1 {
		// Short texts and small numbers, which most are, have heads and ends of one byte.
		size := 0
		switch c := b[at]; {
		case c < 0x80:
			size = 1
		case c < 0xc0:
			size = 1 + int(c&0x3f)
		}
		if end := at + size; size > 0 && end < len(b)-1 && int(b[end]) == size {
			at = end + 1
			count++
			continue
		}
		n, err := validateEntry(b[at : len(b)-1])
		if err != nil {
			return corrupt("entry %d at %d: %v", count, at, err)
		}
		at += n
		count++
	}
	if stored := Listpack(b).storedCount(); stored != countUnknown && stored != count {
		return corrupt("%d elements, header says %d", count, stored)
	}
	return nil
}

// validateEntry returns the size of the entry that starts b. The entry must not
// go beyond b.
func validateEntry(b []byte) (int, error) {
	head := headSize(b[0])
	if head == 0 {
		return 0, fmt.Errorf("unknown encoding %#x", b[0])
	}
	if head > len(b) {
		return 0, errors.New("cut")
	}
	data := dataSize(b)
	if data > len(b)-head {
		return 0, errors.New("cut")
	}
	n := head + data
	size := n + backlenSize(n)
	if size > len(b) {
		return 0, errors.New("cut")
	}
	back, backSize, ok := readBacklen(b, size)
	if !ok || back != n || backSize != size-n {
		return 0, errors.New("length at the end disagrees")
	}
	return size, nil
}

// Check verifies the structure, as Validate does.
func (lp Listpack) Check() error { return Validate(lp) }
