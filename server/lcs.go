package server

import (
	"math"

	"respect/keyspace"
)

const (
	errLCSTypes  replyError = "ERR The specified keys must contain string values"
	errLCSBoth   replyError = "ERR If you want both the length and indexes, please just use IDX."
	errLCSLength replyError = "ERR String too long for LCS"
	errLCSMemory replyError = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
)

type lcsOptions struct {
	length, indexes, matchLen bool
	minMatch                  int64
}

func (o *lcsOptions) read(a *args) error {
	for a.more() {
		switch {
		case a.option("IDX"):
			o.indexes = true
		case a.option("LEN"):
			o.length = true
		case a.option("WITHMATCHLEN"):
			o.matchLen = true
		case a.optionWith("MINMATCHLEN", 1):
			n, err := a.int()
			if err != nil {
				return err
			}
			o.minMatch = max(0, n)
		default:
			return errSyntax
		}
	}
	if o.indexes && o.length {
		return errLCSBoth
	}
	return nil
}

// lcsCommand finds the longest common subsequence of two strings.
//
//	LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]
//
// O(N*M) with N and M the lengths of the strings. Reply: the subsequence; with
// LEN its length; with IDX a map with the ranges that match, last ones first,
// and the length.
func lcsCommand(c *client, a *args) error {
	x, errX := c.lcsOperand(a.next())
	y, errY := c.lcsOperand(a.next())
	if errX != nil || errY != nil {
		return errLCSTypes
	}
	var o lcsOptions
	if err := o.read(a); err != nil {
		return err
	}
	if len(x) >= math.MaxUint32-1 || len(y) >= math.MaxUint32-1 {
		return errLCSLength
	}
	if cells := (uint64(len(x)) + 1) * (uint64(len(y)) + 1); cells > uint64(c.srv.cfg.ProtoMaxBulkLen)/4 {
		return errLCSMemory
	}
	t := newLCSTable(x, y)
	switch {
	case o.length:
		c.out.Int(int64(t.length(len(x), len(y))))
	case o.indexes:
		c.replyLCSRanges(t, o)
	default:
		c.out.Bulk(t.subsequence())
	}
	return nil
}

// lcsOperand returns the string of a key, nothing if there is none. The bytes are
// the value's own.
func (c *client) lcsOperand(key []byte) ([]byte, error) {
	o, err := c.lookupRead(key, keyspace.TypeString)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Bytes(nil), nil
}

// lcsTable holds, for each pair of prefixes of x and y, the length of their
// longest common subsequence.
type lcsTable struct {
	x, y  []byte
	cells []uint32 // (len(x)+1) rows of len(y)+1
}

func newLCSTable(x, y []byte) *lcsTable {
	t := &lcsTable{x: x, y: y, cells: make([]uint32, (len(x)+1)*(len(y)+1))}
	width := len(y) + 1
	for i := 1; i <= len(x); i++ {
		above, row := t.cells[(i-1)*width:i*width], t.cells[i*width:(i+1)*width]
		for j := 1; j <= len(y); j++ {
			if x[i-1] == y[j-1] {
				row[j] = above[j-1] + 1
			} else {
				row[j] = max(above[j], row[j-1])
			}
		}
	}
	return t
}

func (t *lcsTable) length(i, j int) uint32 { return t.cells[i*(len(t.y)+1)+j] }

// lcsMatch is a run of bytes that both strings have: from x[i] and y[j] on.
type lcsMatch struct{ i, j, n int }

// walk yields the runs of the subsequence, last one first.
func (t *lcsTable) walk(yield func(lcsMatch)) {
	var run lcsMatch
	flush := func() {
		if run.n > 0 {
			yield(run)
		}
		run = lcsMatch{}
	}
	for i, j := len(t.x), len(t.y); i > 0 && j > 0; {
		switch {
		case t.x[i-1] == t.y[j-1]:
			i--
			j--
			if run.n > 0 && (run.i != i+1 || run.j != j+1) {
				flush()
			}
			run = lcsMatch{i, j, run.n + 1}
		case t.length(i-1, j) > t.length(i, j-1):
			i--
		default:
			j--
		}
	}
	flush()
}

func (t *lcsTable) subsequence() []byte {
	s := make([]byte, t.length(len(t.x), len(t.y)))
	end := len(s)
	t.walk(func(m lcsMatch) {
		end -= copy(s[end-m.n:], t.x[m.i:m.i+m.n])
	})
	return s
}

func (c *client) replyLCSRanges(t *lcsTable, o lcsOptions) {
	c.out.Map(2)
	c.out.BulkString("matches")
	mark, n := c.out.DeferArray(), 0
	t.walk(func(m lcsMatch) {
		if o.minMatch > 0 && int64(m.n) < o.minMatch {
			return
		}
		n++
		c.out.Array(2 + btoi(o.matchLen))
		c.replyLCSRange(m.i, m.n)
		c.replyLCSRange(m.j, m.n)
		if o.matchLen {
			c.out.Int(int64(m.n))
		}
	})
	c.out.EndArray(mark, n)
	c.out.BulkString("len")
	c.out.Int(int64(t.length(len(t.x), len(t.y))))
}

func (c *client) replyLCSRange(start, n int) {
	c.out.Array(2)
	c.out.Int(int64(start))
	c.out.Int(int64(start + n - 1))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
