package rdb

import (
	"bytes"
	"fmt"

	"respect/keyspace/listpack"
)

// recorder is a Visitor that keeps everything.
type recorder struct {
	version   int
	aux       [][2]string
	resize    [][3]uint64
	slots     [][3]uint64
	functions int
	modules   []string
	// librariesPreGA are name, engine, source.
	librariesPreGA [][3]string
	keys           map[int]map[string]*recordedKey
	count          int
	checksum       uint64
	ended          bool

	db      int
	current *recordedKey
}

type recordedKey struct {
	KeyHeader
	isList   bool
	text     string
	elements []string
}

func (v *recorder) Version(version int) error {
	v.version, v.keys = version, map[int]map[string]*recordedKey{}
	return nil
}

func (v *recorder) Aux(name, value []byte) error {
	v.aux = append(v.aux, [2]string{string(name), string(value)})
	return nil
}

func (v *recorder) SelectDB(db int) error { v.db = db; return nil }

func (v *recorder) ResizeDB(keys, expires uint64) error {
	v.resize = append(v.resize, [3]uint64{uint64(v.db), keys, expires})
	return nil
}

func (v *recorder) SlotInfo(slot, keys, expires uint64) error {
	v.slots = append(v.slots, [3]uint64{slot, keys, expires})
	return nil
}

func (v *recorder) Function([]byte) error { v.functions++; return nil }

func (v *recorder) FunctionPreGA(name, engine, _, source []byte) error {
	v.functions++
	v.librariesPreGA = append(v.librariesPreGA, [3]string{string(name), string(engine), string(source)})
	return nil
}

func (v *recorder) ModuleAux(module string, _ int) error {
	v.modules = append(v.modules, module)
	return nil
}

func (v *recorder) Key(h *KeyHeader) error {
	if h.DB != v.db {
		return fmt.Errorf("header names database %d, %d is selected", h.DB, v.db)
	}
	v.current = &recordedKey{KeyHeader: *h}
	v.current.Key = bytes.Clone(h.Key)
	if v.keys[v.db] == nil {
		v.keys[v.db] = map[string]*recordedKey{}
	}
	v.keys[v.db][string(h.Key)] = v.current
	v.count++
	return nil
}

func (v *recorder) String(value []byte) error { v.current.text = string(value); return nil }

func (v *recorder) ListElement(element []byte) error {
	v.current.isList = true
	v.current.elements = append(v.current.elements, string(element))
	return nil
}

func (v *recorder) ListPlain(element []byte) error { return v.ListElement(element) }

func (v *recorder) ListNode(node []byte) error {
	v.current.isList = true
	elements, err := elementsOf(node)
	v.current.elements = append(v.current.elements, elements...)
	return err
}

func (v *recorder) EndKey() error { v.current = nil; return nil }

func (v *recorder) EOF(checksum uint64) error { v.checksum, v.ended = checksum, true; return nil }

// elementsOf lists a listpack forwards, after it was validated again.
func elementsOf(node []byte) (elements []string, err error) {
	if err := listpack.Validate(node); err != nil {
		return nil, err
	}
	pack := listpack.Listpack(node)
	for at := pack.First(); at > 0; at = pack.Next(at) {
		elements = append(elements, string(pack.Get(at).AppendTo(nil)))
	}
	if len(elements) != pack.Len() || len(elements) == 0 {
		return nil, fmt.Errorf("%d elements, listpack says %d", len(elements), pack.Len())
	}
	return elements, nil
}
