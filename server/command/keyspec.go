package command

import (
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// KeyFlags say what a command does with a key.
type KeyFlags uint16

// The flags, in the order in which replies list them. Each key has one of the
// first four, which are about the key's value and what belongs to it; those of the
// second line are about the data alone.
const (
	KeyRO KeyFlags = 1 << iota // read only
	KeyRW                      // read and written
	KeyOW                      // overwritten, whatever it was
	KeyRM                      // removed

	KeyAccess // data is returned, copied or used
	KeyUpdate // data is changed
	KeyInsert // data is added
	KeyDelete // data is removed

	KeyNotKey        // not a key, but to be treated like one in a cluster
	KeyIncomplete    // there may be more keys than described
	KeyVariableFlags // the flags depend on other arguments

	keyFlagsEnd
)

var keyFlagNames = []string{
	"RO", "RW", "OW", "RM", "access", "update", "insert", "delete",
	"not_key", "incomplete", "variable_flags",
}

// Names are the names of the flags, in order.
func (f KeyFlags) Names() iter.Seq[string] { return names(uint32(f), keyFlagNames) }

// Count is the number of flags.
func (f KeyFlags) Count() int { return bits.OnesCount16(uint16(f)) }

// Begin says how the first key of a specification is found.
type Begin uint8

const (
	BeginUnknown Begin = iota
	BeginIndex         // at Index
	BeginKeyword       // behind Keyword, searched from StartFrom
)

// Find says how the other keys follow from the first.
type Find uint8

const (
	FindUnknown Find = iota
	FindRange        // up to LastKey
	FindKeyNum       // as many as an argument says
)

// A KeySpec describes where some of a command's keys are. Positions count the
// command's name as 0.
type KeySpec struct {
	Begin     Begin
	Index     int
	Keyword   string
	StartFrom int // a negative one counts from the end, and the search goes backwards

	Find Find
	// LastKey is counted from the first key, or from the end if negative: -1 is the
	// last argument. With -1 and a Limit of 2 it is the last of the first half, and
	// so on; 0 and 1 do not limit.
	LastKey, Limit int
	// KeyNumIndex is the position of the number, and FirstKey that of the first
	// key, both counted from where the specification begins.
	KeyNumIndex, FirstKey int
	Step                  int

	Flags KeyFlags
	Notes string
}

func (s *Spec) parseKeys(text string) error {
	for text != "" {
		var part string
		part, text = cutKeySpec(text)
		if name, ok := strings.CutPrefix(part, "by "); ok {
			if s.find, ok = finders[name]; !ok || text != "" {
				return fmt.Errorf("%q is unknown or not last", part)
			}
			continue
		}
		k, err := parseKeySpec(part)
		if err != nil {
			return fmt.Errorf("key specification %q: %w", part, err)
		}
		s.KeySpecs = append(s.KeySpecs, k)
	}
	s.deriveRange()
	return nil
}

// cutKeySpec cuts text behind its first specification. A note may contain
// semicolons.
func cutKeySpec(text string) (part, rest string) {
	depth := 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ';':
			if depth == 0 {
				return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
			}
		}
	}
	return strings.TrimSpace(text), ""
}

func parseKeySpec(text string) (k KeySpec, err error) {
	if open := strings.IndexByte(text, '('); open >= 0 {
		if !strings.HasSuffix(text, ")") {
			return k, errors.New("note without end")
		}
		text, k.Notes = text[:open], text[open+1:len(text)-1]
	}
	words := strings.Fields(text)
	if len(words) < 2 {
		return k, errors.New("no flags")
	}
	for _, word := range words[1:] {
		i := slices.Index(keyFlagNames, word)
		if i < 0 {
			return k, fmt.Errorf("unknown flag %q", word)
		}
		k.Flags |= 1 << i
	}
	if words[0] == "?" {
		return k, nil
	}
	return k, k.parsePlace(words[0])
}

// parsePlace reads the part of a specification that says where the keys are:
//
//	begin [ "#" | ".." last [ "/" step ] [ "%" limit ] ]
func (k *KeySpec) parsePlace(text string) (err error) {
	text, keyNum := strings.CutSuffix(text, "#")
	begin, last, ranged := strings.Cut(text, "..")
	if keyword, from, ok := strings.Cut(begin, "@"); ok {
		k.Begin, k.Keyword = BeginKeyword, keyword
		k.StartFrom, err = strconv.Atoi(from)
	} else {
		k.Begin = BeginIndex
		k.Index, err = strconv.Atoi(begin)
	}
	if err != nil {
		return err
	}
	k.Step = 1
	if keyNum {
		k.Find, k.FirstKey = FindKeyNum, 1
		return nil
	}
	k.Find = FindRange
	if !ranged {
		return nil
	}
	if rest, limit, ok := strings.Cut(last, "%"); ok {
		last = rest
		k.Limit, err = strconv.Atoi(limit)
	}
	if rest, step, ok := strings.Cut(last, "/"); ok && err == nil {
		last = rest
		k.Step, err = strconv.Atoi(step)
	}
	if err != nil || k.Step < 1 || k.Limit < 0 {
		return errors.New("bad step or limit")
	}
	k.LastKey, err = strconv.Atoi(last)
	return err
}

// deriveRange sets First, Last and Step, and MovableKeys if these do not tell
// all keys. Several specifications are one range if each begins behind the one
// before.
func (s *Spec) deriveRange() {
	if len(s.KeySpecs) == 1 && s.KeySpecs[0].fixed() {
		k := &s.KeySpecs[0]
		s.First, s.Last, s.Step = k.Index, k.last(), k.Step
		return
	}
	for i := range s.KeySpecs {
		k := &s.KeySpecs[i]
		if !k.fixed() || k.Step != 1 || s.First != 0 && k.Index != s.Last+1 {
			s.Flags |= MovableKeys
			continue
		}
		if k.Flags&KeyIncomplete != 0 {
			s.Flags |= MovableKeys
		}
		if s.First == 0 {
			s.First, s.Step = k.Index, 1
		}
		s.Last = k.last()
	}
}

// fixed tells whether the keys can be told without looking at the arguments.
func (k *KeySpec) fixed() bool { return k.Begin == BeginIndex && k.Find == FindRange }

// last is the position of the last key of a fixed specification, counted from
// the end if negative.
func (k *KeySpec) last() int {
	if k.LastKey < 0 {
		return k.LastKey
	}
	return k.Index + k.LastKey
}
