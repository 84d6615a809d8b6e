package inspect

import (
	"bufio"
	"math"
	"strconv"

	"respect/protocol"
	"respect/rdb"
)

// respShower writes the commands that make the data, as clients send them.
type respShower struct {
	w       *bufio.Writer
	db      int // selected
	header  rdb.KeyHeader
	key     []byte
	kind    string
	words   [][]byte // of the command that is being collected
	expires [][]byte // words of the commands that give fields their expiries
	buf     []byte
}

// maxElements is how many elements one command adds.
const maxElements = 64

// adders are the commands that add elements.
var adders = map[string]string{"list": "RPUSH", "set": "SADD", "hash": "HSET", "zset": "ZADD", "string": "SET"}

func (s *respShower) beginKey(k *rdb.KeyHeader, kind string) {
	if k.DB != s.db {
		s.command("SELECT", []byte(strconv.Itoa(k.DB)))
		s.db = k.DB
	}
	s.key = append(s.key[:0], k.Key...)
	s.header, s.kind, s.words = *k, kind, s.words[:0]
}

func (s *respShower) element(e element) {
	switch s.kind {
	case "stream":
		s.command("XADD", append([][]byte{s.key, e.text}, e.fields...)...)
	case "zset":
		s.words = append(s.words, []byte(scoreText(e.score)), clone(e.text))
	case "hash":
		s.words = append(s.words, clone(e.text), clone(e.value))
		if e.expireAtMs != rdb.NoExpire {
			s.expires = append(s.expires, []byte(strconv.FormatInt(e.expireAtMs, 10)), clone(e.text))
		}
	default:
		s.words = append(s.words, clone(e.text))
	}
	if len(s.words) >= maxElements {
		s.flush()
	}
}

func (s *respShower) state(words [][]byte) { s.command(string(words[0]), words[1:]...) }

func clone(b []byte) []byte { return append([]byte{}, b...) }

// flush writes the elements that have been collected.
func (s *respShower) flush() {
	if len(s.words) > 0 {
		s.command(adders[s.kind], append([][]byte{s.key}, s.words...)...)
		s.words = s.words[:0]
	}
	for ; len(s.expires) > 0; s.expires = s.expires[2:] {
		s.command("HPEXPIREAT", s.key, s.expires[0], []byte("FIELDS"), []byte("1"), s.expires[1])
	}
}

func (s *respShower) endKey(int64) {
	s.flush()
	if s.header.ExpireAtMs != rdb.NoExpire {
		s.command("PEXPIREAT", s.key, []byte(strconv.FormatInt(s.header.ExpireAtMs, 10)))
	}
}

func (s *respShower) end() error { return nil }

func (s *respShower) command(name string, words ...[]byte) {
	w := protocol.Writer{Buf: s.buf[:0]}
	w.Array(1 + len(words))
	w.BulkString(name)
	for _, word := range words {
		w.Bulk(word)
	}
	s.buf = w.Buf
	s.w.Write(s.buf)
}

// scoreText is a score as commands read it.
func scoreText(score float64) string {
	switch {
	case math.IsInf(score, 1):
		return "inf"
	case math.IsInf(score, -1):
		return "-inf"
	}
	return strconv.FormatFloat(score, 'g', -1, 64)
}
