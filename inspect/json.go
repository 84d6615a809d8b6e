package inspect

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"respect/rdb"
)

// jsonShower writes a line for each key, while it is read:
//
//	{"db":0,"key":"k","type":"hash","encoding":"hash-listpack","value":[["field","value"]],"size":27}
//
// A text that is no UTF-8 is {"b64":"..."}. A string is one text, a list or set an array of
// them; a hash an array of [field, value] or [field, value, expiry], a sorted set one of
// [member, score], a stream one of [ID, [field, value, ...]]. A stream also has "state", the
// commands that make its IDs and groups. Expiries are Unix time in milliseconds, sizes bytes in the file.
type jsonShower struct {
	w    *bufio.Writer
	kind string
	n    int // elements of the key so far
	rest int // commands of its state so far
}

func (s *jsonShower) beginKey(k *rdb.KeyHeader, kind string) {
	s.kind, s.n, s.rest = kind, 0, 0
	s.raw(`{"db":` + strconv.Itoa(k.DB) + `,"key":`)
	s.text(k.Key)
	s.raw(`,"type":"` + kind + `","encoding":"` + k.Type.String() + `"`)
	if k.ExpireAtMs != rdb.NoExpire {
		s.raw(`,"expire_at_ms":` + strconv.FormatInt(k.ExpireAtMs, 10))
	}
	if k.IdleSeconds != rdb.NoIdle {
		s.raw(`,"idle_seconds":` + strconv.FormatInt(k.IdleSeconds, 10))
	}
	if k.Freq != rdb.NoFreq {
		s.raw(`,"freq":` + strconv.Itoa(k.Freq))
	}
	s.raw(`,"value":`)
	if kind != "string" {
		s.raw("[")
	}
}

func (s *jsonShower) element(e element) {
	if s.n++; s.n > 1 {
		s.raw(",")
	}
	switch s.kind {
	case "hash":
		s.raw("[")
		s.text(e.text)
		s.raw(",")
		s.text(e.value)
		if e.expireAtMs != rdb.NoExpire {
			s.raw("," + strconv.FormatInt(e.expireAtMs, 10))
		}
		s.raw("]")
	case "zset":
		s.raw("[")
		s.text(e.text)
		s.raw("," + jsonScore(e.score) + "]")
	case "stream":
		s.raw("[")
		s.text(e.text)
		s.raw(",")
		s.list(e.fields)
		s.raw("]")
	default:
		s.text(e.text)
	}
}

func (s *jsonShower) state(words [][]byte) {
	if s.rest++; s.rest == 1 {
		s.raw(`],"state":[`)
	} else {
		s.raw(",")
	}
	s.list(words)
}

func (s *jsonShower) list(texts [][]byte) {
	for i, text := range texts {
		if i == 0 {
			s.raw("[")
		} else {
			s.raw(",")
		}
		s.text(text)
	}
	s.raw("]")
}

// jsonScore is a number, or a text for what JSON has no number for.
func jsonScore(score float64) string {
	if math.IsInf(score, 0) {
		return `"` + scoreText(score) + `"`
	}
	return scoreText(score)
}

func (s *jsonShower) endKey(size int64) {
	if s.kind != "string" {
		s.raw("]")
	}
	s.raw(`,"size":` + strconv.FormatInt(size, 10) + "}\n")
}

func (s *jsonShower) end() error { return nil }

// raw writes what needs no quotes. The writer keeps its error.
func (s *jsonShower) raw(text string) { s.w.WriteString(text) }

func (s *jsonShower) text(b []byte) {
	if !utf8.Valid(b) {
		s.raw(`{"b64":"` + base64.StdEncoding.EncodeToString(b) + `"}`)
		return
	}
	quoted, _ := json.Marshal(string(b)) // a string is always encoded
	s.w.Write(quoted)
}
