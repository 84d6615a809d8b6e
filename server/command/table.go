package command

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// A Row is what a Table holds: a pointer to something that embeds a Spec.
type Row interface {
	comparable
	Command() *Spec
}

// A Table finds rows by the names of their commands, in any case, without
// allocating. Rows belong to one table: it sets their Spec.Subcommands.
//
// It is a hash table with open addressing, at most a quarter full. Subcommands are
// in it too, under their own name and with the container's hash mixed in.
type Table[R Row] struct {
	slots []slot[R]
	mask  uint32
	top   []R       // commands, in order
	subs  map[R][]R // subcommands by container, in order
}

type slot[R Row] struct {
	hash      uint32
	container string // of a subcommand
	name      string
	row       R
}

// NewTable makes a table. Containers stand before their subcommands. It panics if
// a name appears twice or a container is missing, which are errors in the program.
func NewTable[R Row](rows []R) *Table[R] {
	size := uint32(16)
	for size < 4*uint32(len(rows)) {
		size *= 2
	}
	t := &Table[R]{slots: make([]slot[R], size), mask: size - 1, subs: map[R][]R{}}
	for _, r := range rows {
		t.insert(r)
	}
	return t
}

func (t *Table[R]) insert(r R) {
	s := r.Command()
	s.Subcommands = nil
	hash := hashName([]byte(s.Name))
	if s.Container != "" {
		container, ok := t.Lookup([]byte(s.Container))
		if !ok {
			panic("command " + s.FullName + ": no such container")
		}
		c := container.Command()
		c.Subcommands = append(c.Subcommands, s)
		t.subs[container] = append(t.subs[container], r)
		hash ^= hashContainer(s.Container)
	} else {
		t.top = append(t.top, r)
	}
	if _, ok := t.find(hash, s.Container, []byte(s.Name)); ok {
		panic(fmt.Sprintf("command %s: twice in the table", s.FullName))
	}
	i := hash & t.mask
	for t.slots[i].name != "" {
		i = (i + 1) & t.mask
	}
	t.slots[i] = slot[R]{hash, s.Container, s.Name, r}
}

// Lookup finds a command by its name.
func (t *Table[R]) Lookup(name []byte) (R, bool) {
	return t.find(hashName(name), "", name)
}

// LookupSub finds a subcommand by its name.
func (t *Table[R]) LookupSub(container R, name []byte) (R, bool) {
	c := container.Command().Name
	return t.find(hashName(name)^hashContainer(c), c, name)
}

// LookupFull finds a command by its name, or a subcommand by "container|sub".
func (t *Table[R]) LookupFull(name []byte) (R, bool) {
	first, sub, ok := bytes.Cut(name, []byte{'|'})
	r, found := t.Lookup(first)
	if !ok || !found {
		return r, found
	}
	return t.LookupSub(r, sub)
}

// LookupRequest finds what a request calls: the subcommand if it names a container
// and has more than one argument.
func (t *Table[R]) LookupRequest(args [][]byte) (R, bool) {
	r, ok := t.Lookup(args[0])
	if !ok || len(args) == 1 || r.Command().Subcommands == nil {
		return r, ok
	}
	return t.LookupSub(r, args[1])
}

// Rows are the commands without the subcommands, in order. It must not be changed.
func (t *Table[R]) Rows() []R { return t.top }

// Subs are the subcommands of a container, in order. It must not be changed.
func (t *Table[R]) Subs(container R) []R { return t.subs[container] }

func (t *Table[R]) find(hash uint32, container string, name []byte) (R, bool) {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.name == "" {
			return s.row, false
		}
		if s.hash == hash && s.container == container && equalFold(name, s.name) {
			return s.row, true
		}
	}
}

// hashName hashes a name so that its case does not matter. It looks at the length
// and at up to eight bytes from each end, which tell nearly all commands apart, and
// costs the same for whatever a client sends.
func hashName(name []byte) uint32 {
	const fold = 0x2020202020202020
	n := len(name)
	var head, tail uint64
	switch {
	case n >= 8:
		head = binary.LittleEndian.Uint64(name)
		tail = binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		head = uint64(binary.LittleEndian.Uint32(name))
		tail = uint64(binary.LittleEndian.Uint32(name[n-4:]))
	case n > 0:
		head = uint64(name[0])<<8 | uint64(name[n/2])
		tail = uint64(name[n-1])
	}
	h := (head|fold)*0x9e3779b97f4a7c15 ^ ((tail|fold)+uint64(n))*0xc2b2ae3d27d4eb4f
	return uint32(h>>32) ^ uint32(h>>51)
}

// hashContainer makes a difference between a command and a subcommand of the same
// name.
func hashContainer(name string) uint32 {
	h := uint32(len(name))<<24 | uint32(name[0])<<16 | uint32(name[len(name)-1])
	return h * 0x9e3779b1
}

// equalFold compares an argument with a lower-case name.
func equalFold(arg []byte, name string) bool {
	if len(arg) != len(name) {
		return false
	}
	for i, c := range arg {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != name[i] {
			return false
		}
	}
	return true
}
