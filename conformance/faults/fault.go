package faults

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"respect/conformance/resp"
)

// Fault is one broken behaviour and the place where the suite must notice it.
type Fault struct {
	Name   string
	Area   string // command group or protocol area
	Breaks string // what goes wrong, for a reader
	File   string // transcript that must go red
	Case   string // in the file
	Proto  int    // in which it shows: 2, 3, or 0 for both
	Spec   string // in place of File and Case: the full text of the spec that must fail
	New    func() Hooks
}

// Hooks change what passes through a proxy. They are called one at a time. The
// zero value changes nothing.
type Hooks struct {
	// Request returns what the server gets in place of the request.
	Request func(l *Link, words []string) []string
	// Reply returns what the client gets in place of the reply; the words are those
	// of the request that it answers, nil if that is not known.
	Reply func(l *Link, words []string, v resp.Value) []byte
	// Chunk sees what a client sent as it arrives, and returns what is to be
	// treated as sent.
	Chunk func(l *Link, chunk []byte) []byte
	// KeepServer leaves the server's side open after the client left.
	KeepServer bool
	// KeepClient leaves the client's side open after the server closed its own.
	KeepClient bool
}

// All lists the faults of all areas.
func All() []Fault {
	return slices.Concat(protocolFaults, stringFaults, listFaults, hashFaults, setFaults, sortedSetFaults, bitmapFaults, geoFaults,
		hyperLogLogFaults, streamFaults, genericFaults, connectionFaults, serverFaults, transactionFaults, propagationFaults,
		appendOnlyFaults, pubsubFaults, eventFaults, trackingFaults, observeFaults, evictionFaults)
}

// is reports whether the request begins with the words of the name, in any case
// of letters.
func is(words []string, name string) bool {
	parts := strings.Fields(name)
	if len(words) < len(parts) {
		return false
	}
	for i, p := range parts {
		if !strings.EqualFold(words[i], p) {
			return false
		}
	}
	return true
}

// onReply changes the replies to a command; the value may be changed in place.
func onReply(name string, change func(v *resp.Value)) func() Hooks {
	return onBytes(name, func(v resp.Value) []byte {
		change(&v)
		return v.Append(nil)
	})
}

// onBytes replaces the encoded replies to a command.
func onBytes(name string, encode func(v resp.Value) []byte) func() Hooks {
	return func() Hooks {
		return Hooks{Reply: func(_ *Link, words []string, v resp.Value) []byte {
			if is(words, name) {
				return encode(v)
			}
			return v.Append(nil)
		}}
	}
}

// onRequest changes the requests of a command.
func onRequest(name string, change func(words []string) []string) func() Hooks {
	return func() Hooks {
		return Hooks{Request: func(_ *Link, words []string) []string {
			if is(words, name) {
				return change(slices.Clone(words))
			}
			return words
		}}
	}
}

// instead sends the command under another name.
func instead(name, other string) func() Hooks {
	return onRequest(name, func(words []string) []string {
		return append(strings.Fields(other), words[len(strings.Fields(name)):]...)
	})
}

// withoutWord ignores an option of a command.
func withoutWord(name, word string) func() Hooks {
	return onRequest(name, func(words []string) []string {
		return slices.DeleteFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
	})
}

// plus adds to the replies that are integers greater than zero.
func plus(n int64) func(v *resp.Value) {
	return func(v *resp.Value) {
		if old, ok := v.Int(); ok && v.Type == resp.Integer && old > 0 {
			*v = integer(old + n)
		}
	}
}

func integer(n int64) resp.Value {
	return resp.Value{Type: resp.Integer, Text: strconv.AppendInt(nil, n, 10)}
}

// replaced changes the texts of replies of one type.
func replaced(typ byte, old, text string) func(v *resp.Value) {
	return func(v *resp.Value) {
		if v.Type == typ {
			v.Text = bytes.Replace(v.Text, []byte(old), []byte(text), 1)
		}
	}
}
