package listpack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrCorrupt is wrapped by all errors about bytes that are no listpack.
var ErrCorrupt = errors.New("listpack: corrupt data")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Validate reports what is wrong with bytes that claim to be a listpack. After it
// returned nil, every method is safe. Longer encodings than an element needs are
// fine; lengths that do not fit and numbers that disagree are not.
func Validate(b []byte) error {
	s, err := Scan(b)
	if err != nil {
		return err
	}
	if _, err := s.Skip(math.MaxInt); err != nil {
		return err
	}
	return s.End()
}

// A Scanner reads bytes that claim to be a listpack from the front, and verifies what it
// passes over. Bytes that it has read to the end, and End then, without an error are as valid
// as after Validate.
type Scanner struct {
	b     []byte // all but the end byte
	at    int    // of the next element
	count int    // elements before it
}

// Scan begins to read. An error, which wraps ErrCorrupt as all of a Scanner's do, says that
// the header or the end byte is wrong.
func Scan(b []byte) (Scanner, error) {
	if len(b) < emptySize {
		return Scanner{}, corrupt("only %d bytes", len(b))
	}
	if total := binary.LittleEndian.Uint32(b); uint64(total) != uint64(len(b)) {
		return Scanner{}, corrupt("%d bytes, header says %d", len(b), total)
	}
	if b[len(b)-1] != endByte {
		return Scanner{}, corrupt("no end byte")
	}
	return Scanner{b: b[:len(b)-1], at: headerSize}, nil
}

// More reports whether there is another element.
func (s *Scanner) More() bool { return s.at < len(s.b) }

// Skip passes over n elements, and returns how many of them there are not.
func (s *Scanner) Skip(n int) (missing int, err error) {
	b, at := s.b, s.at
	left := n
	for ; left > 0 && at < len(b); left-- {
		if size := int(shortSize[b[at]]); size > 0 && at+size < len(b) && int(b[at+size]) == size {
			at += size + 1
			continue
		}
		size, err := validateEntry(b[at:])
		if err != nil {
			return 0, corrupt("element at %d: %v", at, err)
		}
		at += size
	}
	s.at, s.count = at, s.count+n-left
	return left, nil
}

// Small reads the next element if it is an integer from 0 to 127 in the shortest encoding,
// as most integers are, and passes over nothing if it is not.
func (s *Scanner) Small() (n int64, ok bool) {
	if at := s.at; at+1 < len(s.b) && s.b[at] < 0x80 && s.b[at+1] == 1 {
		s.at, s.count = at+2, s.count+1
		return int64(s.b[at]), true
	}
	return 0, false
}

// Next reads the next element, which there must be.
func (s *Scanner) Next() (Element, error) {
	at := s.at
	if _, err := s.Skip(1); err != nil {
		return Element{}, err
	}
	return decode(s.b[at:]), nil
}

// End reports whether the header has the number of elements right, once all were read.
func (s *Scanner) End() error {
	if stored := Listpack(s.b).storedCount(); stored != countUnknown && stored != s.count {
		return corrupt("%d elements, header says %d", s.count, stored)
	}
	return nil
}

// shortSize is the size of an entry by its first byte, without the byte at its end, if that
// byte tells it: of all but long texts. It is 0 of what is no entry.
var shortSize = func() (sizes [256]uint8) {
	for c := range sizes {
		if long := c&0xf0 == 0xe0 || c == string32; !long {
			sizes[c] = uint8(headSize(byte(c)) + dataSize([]byte{byte(c)}))
		}
	}
	return sizes
}()

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
