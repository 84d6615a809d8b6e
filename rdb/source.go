package rdb

import (
	"errors"
	"io"
)

const (
	// bufferSize is small enough to stay in the second level cache while the checksum passes over
	// bytes that were just parsed.
	bufferSize = 64 << 10
	// firstChunk is what is allocated at most for a length before its bytes have been seen.
	firstChunk = 1 << 20
	// maxEmptyReads is how many reads without data and without error are tolerated in a row.
	maxEmptyReads = 100
)

// errTruncated is private to this package, so that no error of a visitor or of the input can be
// taken for it.
var errTruncated = errors.New("rdb: input ends too early")

// source is a buffered input that counts and checksums what is consumed.
//
//	buf: | consumed, summed | consumed | unread | free |
//	     0              summed        pos      end   len(buf)
type source struct {
	in             io.Reader // nil if buf is all there is
	buf            []byte
	pos, end       int
	base           int64 // offset in the input of buf[0]
	summed         int
	crc            uint64
	skipCRC        bool
	large          []byte // holds what is larger than buf, reused
	progress       func(offset int64) error
	progressEvery  int64
	nextProgressAt int64
}

func (s *source) offset() int64 { return s.base + int64(s.pos) }

// checksum returns the checksum of all bytes consumed.
func (s *source) checksum() uint64 {
	if !s.skipCRC {
		s.crc = CRC64(s.crc, s.buf[s.summed:s.pos])
	}
	s.summed = s.pos
	return s.crc
}

// next consumes one byte.
func (s *source) next() (byte, error) {
	if s.pos == s.end {
		if err := s.fill(1); err != nil {
			return 0, err
		}
	}
	b := s.buf[s.pos]
	s.pos++
	return b, nil
}

// take consumes n bytes. The slice is valid until the next call of any method.
func (s *source) take(n uint64) ([]byte, error) {
	if n > uint64(s.end-s.pos) {
		if s.in != nil && n > uint64(len(s.buf)) {
			return s.takeLarge(n)
		}
		if n > uint64(len(s.buf)) {
			s.pos = s.end
			return nil, errTruncated
		}
		if err := s.fill(int(n)); err != nil {
			return nil, err
		}
	}
	b := s.buf[s.pos : s.pos+int(n) : s.pos+int(n)]
	s.pos += int(n)
	return b, nil
}

// fill makes n bytes available in the buffer; n is at most its size. If the input ends before,
// what is left counts as consumed, so that the offset of the error is the size of the input.
func (s *source) fill(n int) error {
	if s.in == nil {
		s.pos = s.end
		return errTruncated
	}
	if err := s.report(); err != nil {
		return err
	}
	s.checksum()
	copy(s.buf, s.buf[s.pos:s.end])
	s.base += int64(s.pos)
	s.end -= s.pos
	s.pos, s.summed = 0, 0
	got, err := readAtLeast(s.in, s.buf[s.end:], n-s.end)
	s.end += got
	if err != nil {
		s.pos = s.end
	}
	return err
}

// takeLarge consumes more bytes than the buffer has room for. Its memory grows with the data that
// is really there: at most to twice of it, or to firstChunk.
func (s *source) takeLarge(n uint64) ([]byte, error) {
	s.checksum()
	out := append(s.large[:0], s.buf[s.pos:s.end]...)
	s.base += int64(s.end)
	s.pos, s.end, s.summed = 0, 0, 0
	for uint64(len(out)) < n {
		if err := s.report(); err != nil {
			return nil, err
		}
		chunk := int(min(n-uint64(len(out)), uint64(max(len(out), firstChunk))))
		have := len(out)
		out = grow(out, chunk)
		got, err := readAtLeast(s.in, out[have:], chunk)
		s.base += int64(got)
		if err != nil {
			return nil, err
		}
	}
	if !s.skipCRC {
		s.crc = CRC64(s.crc, out)
	}
	s.large = out
	return out, nil
}

func grow(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		b = append(make([]byte, 0, len(b)+n), b...)
	}
	return b[:len(b)+n]
}

func (s *source) report() error {
	if s.progress == nil || s.offset() < s.nextProgressAt {
		return nil
	}
	s.nextProgressAt = s.offset() + s.progressEvery
	return s.progress(s.offset())
}

// readAtLeast is io.ReadAtLeast, but gives up on a reader that returns nothing for ever, and tells
// an early end of the input as errTruncated.
func readAtLeast(in io.Reader, b []byte, n int) (got int, err error) {
	for empty := 0; got < n; empty++ {
		k, err := in.Read(b[got:])
		got += k
		switch {
		case got >= n:
			return got, nil // an error will come again
		case err == io.EOF:
			return got, errTruncated
		case err != nil:
			return got, err
		case k > 0:
			empty = 0
		case empty >= maxEmptyReads:
			return got, io.ErrNoProgress
		}
	}
	return got, nil
}
