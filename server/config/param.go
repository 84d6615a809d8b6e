package config

import "reflect"

// Flags tell when a parameter may be changed and shown.
type Flags uint8

const (
	Immutable   Flags = 1 << iota // only at start
	Protected                     // by CONFIG SET only as enable-protected-configs allows
	DenyLoading                   // not while the data set is being loaded
	Hidden                        // CONFIG GET finds it by its full name only
	Sensitive                     // the value is not to be logged
)

// Param is one parameter: a row of the table.
type Param struct {
	Name  string
	Alias string // a second name, "" if there is none
	Flags Flags
	value value
	// NoEffect tells why the parameter changes nothing in this server; "" for
	// one that has an effect.
	NoEffect string
}

// Value returns the value as CONFIG GET shows it.
func (p *Param) Value() string { return p.value.get() }

func (p *Param) names() []string {
	if p.Alias == "" {
		return []string{p.Name}
	}
	return []string{p.Name, p.Alias}
}

// value is what a kind of parameter can do. Implementations never change a
// slice in place, so that a snapshot is an assignment.
type value interface {
	// set parses and stores. args are the words after the name; a parameter
	// that is not multi gets exactly one.
	set(args []string, from source) error
	get() string
	// lines returns what CONFIG REWRITE writes for the parameter.
	lines(name string) []fileLine
	// snapshot keeps the present value.
	snapshot() snapshot
	// multi tells whether the parameter takes any number of words.
	multi() bool
}

// A snapshot brings a value back, and tells whether it has changed since. What CONFIG GET
// shows does not tell that: of event classes, A hides n.
type snapshot struct {
	restore func()
	changed func() bool
}

// source is where a value comes from.
type source int

const (
	fromFile source = iota // file, standard input or command line
	fromSet                // CONFIG SET
)

// fileLine is a line of a configuration file. One that is not forced is written
// only in the place of an existing line of the same name.
type fileLine struct {
	text   string
	forced bool
}

// field is where the value of a parameter lives, and its default.
type field[T any] struct {
	p   *T
	def T
}

func newField[T any](p *T, def T) field[T] {
	*p = def
	return field[T]{p, def}
}

func (f field[T]) snapshot() snapshot {
	old := *f.p
	return snapshot{func() { *f.p = old }, func() bool { return !reflect.DeepEqual(*f.p, old) }}
}

func (f field[T]) multi() bool { return false }
