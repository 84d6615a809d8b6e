package server

import (
	"math"

	"respect/keyspace"
)

// args is the cursor through which a handler reads the arguments of a request,
// so that its first lines read like the command's syntax. The number of
// arguments has been held against the command's arity before: next may be
// called for each required argument without looking.
type args struct {
	argv [][]byte
	pos  int // of the next argument
}

// more tells whether there are arguments left.
func (a *args) more() bool { return a.pos < len(a.argv) }

// left returns how many arguments are left.
func (a *args) left() int { return len(a.argv) - a.pos }

// next returns the next argument.
func (a *args) next() []byte {
	a.pos++
	return a.argv[a.pos-1]
}

// rest returns all arguments that are left and passes them.
func (a *args) rest() [][]byte {
	r := a.argv[a.pos:]
	a.pos = len(a.argv)
	return r
}

// option passes the next argument if it is the given word, in any case.
func (a *args) option(word string) bool {
	if a.more() && equalFold(a.argv[a.pos], word) {
		a.pos++
		return true
	}
	return false
}

// optionWith passes the next argument if it is the given word and is followed
// by at least n more.
func (a *args) optionWith(word string, n int) bool {
	if a.left() > n && equalFold(a.argv[a.pos], word) {
		a.pos++
		return true
	}
	return false
}

// int reads the next argument as a 64-bit integer.
func (a *args) int() (int64, error) {
	n, ok := keyspace.ParseInt(a.next())
	if !ok {
		return 0, errNotInteger
	}
	return n, nil
}

// ints reads the next two arguments as 64-bit integers.
func (a *args) ints() (x, y int64, err error) {
	if x, err = a.int(); err == nil {
		y, err = a.int()
	}
	return x, y, err
}

// intIn reads the next argument as an integer from low to high.
func (a *args) intIn(low, high int64, outside replyError) (int64, error) {
	n, ok := keyspace.ParseInt(a.next())
	if !ok || n < low || n > high {
		return 0, outside
	}
	return n, nil
}

// end gives a syntax error if arguments are left.
func (a *args) end() error {
	if a.more() {
		return errSyntax
	}
	return nil
}

// equalFold compares an argument with an upper-case word, ignoring the case of
// ASCII letters.
func equalFold(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - ('a' - 'A')
		}
	}
	return string(b)
}

// int32 reads the next argument as a 32-bit integer.
func (a *args) int32() (int64, error) {
	n, err := a.int()
	if err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
		err = errInt32
	}
	return n, err
}
