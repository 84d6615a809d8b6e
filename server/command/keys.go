package command

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// A KeyRef is a key in a request: the argument's position, the name being 0, and
// what the command does with it.
type KeyRef struct {
	Pos   int
	Flags KeyFlags
}

// errNoKeys reports that a request's keys cannot be found.
var errNoKeys = errors.New("command: invalid arguments")

// HasKeys tells whether the command can have keys.
func (s *Spec) HasKeys() bool {
	for i := range s.KeySpecs {
		if s.KeySpecs[i].Flags&KeyNotKey == 0 {
			return true
		}
	}
	return false
}

// Keys appends the keys of a request to keys. Args is the whole request, the
// command's name first. An error tells that the arguments are not those of a valid
// request; nothing has been appended then.
func (s *Spec) Keys(keys []KeyRef, args [][]byte) ([]KeyRef, error) {
	if s.find != nil {
		return s.find(keys, args)
	}
	start := len(keys)
	for i := range s.KeySpecs {
		k := &s.KeySpecs[i]
		if k.Flags&KeyNotKey != 0 {
			continue
		}
		var ok bool
		if keys, ok = k.append(keys, args); !ok {
			return s.counted(keys[:start], args)
		}
	}
	return keys, nil
}

// counted appends the keys of a command that counts them, where the count is not written
// as a number should be: the reference has read it as C's atoi does by then. The keys that
// are not counted come last, and what happens to each is unknown.
func (s *Spec) counted(keys []KeyRef, args [][]byte) ([]KeyRef, error) {
	at := slices.IndexFunc(s.KeySpecs, func(k KeySpec) bool { return k.Find == FindKeyNum })
	if at < 0 {
		return keys, errNoKeys
	}
	k := &s.KeySpecs[at]
	n, first := 0, k.Index+k.FirstKey
	if num := k.Index + k.KeyNumIndex; num < len(args) {
		n = atoi(args[num])
	}
	if n < 1 || n > (len(args)-first)/k.Step {
		return keys, errNoKeys
	}
	for i := range n {
		keys = append(keys, KeyRef{Pos: first + i*k.Step})
	}
	for i := range s.KeySpecs {
		if other := &s.KeySpecs[i]; i != at && other.Flags&KeyNotKey == 0 && other.Index < len(args) {
			keys = append(keys, KeyRef{Pos: other.Index})
		}
	}
	return keys, nil
}

// append appends the keys that k describes. It fails if the request is not one
// that k can describe. A keyword that is not there means no keys.
func (k *KeySpec) append(keys []KeyRef, args [][]byte) ([]KeyRef, bool) {
	first := k.Index
	switch k.Begin {
	case BeginKeyword:
		if first = k.findKeyword(args); first == 0 {
			return keys, true
		}
	case BeginUnknown:
		return keys, false
	}
	first, last, ok := k.bounds(first, args)
	if !ok || last >= len(args) || last < first {
		return keys, false
	}
	for i := first; i <= last; i += k.Step {
		keys = append(keys, KeyRef{i, k.Flags})
	}
	return keys, true
}

// findKeyword returns the position behind the keyword, or 0.
func (k *KeySpec) findKeyword(args [][]byte) int {
	if k.StartFrom < 0 {
		for i := len(args) + k.StartFrom; i > 0; i-- {
			if is(args[i], k.Keyword) {
				return i + 1
			}
		}
		return 0
	}
	for i := k.StartFrom; i < len(args)-1; i++ {
		if is(args[i], k.Keyword) {
			return i + 1
		}
	}
	return 0
}

// bounds returns the positions of first and last key of a specification that
// begins at begin.
func (k *KeySpec) bounds(begin int, args [][]byte) (first, last int, ok bool) {
	switch {
	case k.Find == FindUnknown:
		return 0, 0, false
	case k.Find == FindKeyNum:
		at := begin + k.KeyNumIndex
		if at >= len(args) {
			return 0, 0, false
		}
		n, ok := parseCount(args[at])
		if !ok || n < 1 || n > len(args) {
			return 0, 0, false
		}
		first = begin + k.FirstKey
		return first, first + (n-1)*k.Step, true
	case k.LastKey >= 0:
		return begin, begin + k.LastKey, true
	case k.Limit > 1:
		return begin, begin + (len(args)-begin)/k.Limit + k.LastKey, true
	}
	return begin, len(args) + k.LastKey, true
}

// parseCount reads a decimal number as Redis writes them: no sign and no zeros in front.
// Like the reference, it keeps 32 bits of it.
func parseCount(arg []byte) (int, bool) {
	if len(arg) == 0 || arg[0] < '1' || arg[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(string(arg), 10, 64)
	return int(int32(n)), err == nil
}

// atoi reads the number that arg begins with, behind space, as the function of C does. It
// is cut to 32 bits; what is no number is 0.
func atoi(arg []byte) int {
	arg = bytes.TrimLeft(arg, " \t\n\v\f\r")
	end := 0
	if len(arg) > 0 && (arg[0] == '-' || arg[0] == '+') {
		end++
	}
	for end < len(arg) && arg[end] >= '0' && arg[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseInt(string(arg[:end]), 10, 64) // the nearest, if it is out of range
	return int(int32(n))
}

// A finder finds the keys of a command whose specifications do not tell them.
type finder func(keys []KeyRef, args [][]byte) ([]KeyRef, error)

var finders = map[string]finder{
	"bitfield": bitfieldKeys,
	"migrate":  migrateKeys,
	"set":      setKeys,
	"sort":     sortKeys,
	"sort_ro":  sortROKeys,
}

// setKeys: SET reads the old value if GET is among its options.
func setKeys(keys []KeyRef, args [][]byte) ([]KeyRef, error) {
	if len(args) < 2 {
		return keys, errNoKeys
	}
	flags := KeyOW | KeyUpdate
	for _, arg := range args[min(3, len(args)):] {
		if is(arg, "GET") {
			flags = KeyRW | KeyAccess | KeyUpdate
		}
	}
	return append(keys, KeyRef{1, flags}), nil
}

// bitfieldKeys: BITFIELD writes unless all of its operations are GET.
func bitfieldKeys(keys []KeyRef, args [][]byte) ([]KeyRef, error) {
	if len(args) < 2 {
		return keys, errNoKeys
	}
	flags := KeyRO | KeyAccess
	for i := 2; i < len(args); i++ {
		left := len(args) - 1 - i
		switch {
		case is(args[i], "GET") && left >= 2:
			i += 2
		case is(args[i], "OVERFLOW") && left >= 1:
			i++
		default:
			flags = KeyRW | KeyAccess | KeyUpdate
			i += 3
		}
	}
	return append(keys, KeyRef{1, flags}), nil
}

func sortROKeys(keys []KeyRef, args [][]byte) ([]KeyRef, error) {
	if len(args) < 2 {
		return keys, errNoKeys
	}
	return append(keys, KeyRef{1, KeyRO | KeyAccess}), nil
}

// sortKeys: the last STORE of SORT counts, and the words behind other options are
// not options. What BY and GET make of their patterns is not told.
func sortKeys(keys []KeyRef, args [][]byte) ([]KeyRef, error) {
	keys, err := sortROKeys(keys, args)
	if err != nil {
		return keys, err
	}
	store := 0
	for i := 2; i < len(args); i++ {
		switch arg := args[i]; {
		case is(arg, "LIMIT"):
			i += 2
		case is(arg, "GET"), is(arg, "BY"):
			i++
		case is(arg, "STORE") && i+1 < len(args):
			i++
			store = i
		}
	}
	if store > 0 {
		keys = append(keys, KeyRef{store, KeyOW | KeyUpdate})
	}
	return keys, nil
}

// migrateKeys: with KEYS, the keys are at the end and the one in front is empty.
func migrateKeys(keys []KeyRef, args [][]byte) ([]KeyRef, error) {
	const flags = KeyRW | KeyAccess | KeyDelete
	if len(args) < 4 {
		return keys, errNoKeys
	}
	for i := 6; i < len(args); i++ {
		switch {
		case is(args[i], "KEYS") && i+1 < len(args):
			if len(args[3]) > 0 {
				return keys, errNoKeys
			}
			for i++; i < len(args); i++ {
				keys = append(keys, KeyRef{i, flags})
			}
			return keys, nil
		case is(args[i], "AUTH"):
			i++
		case is(args[i], "AUTH2"):
			i += 2
		}
	}
	return append(keys, KeyRef{3, flags}), nil
}

// is compares an argument with a word, ignoring case.
func is(arg []byte, word string) bool {
	return len(arg) == len(word) && bytes.EqualFold(arg, []byte(word))
}
