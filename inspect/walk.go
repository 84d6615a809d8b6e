package inspect

import (
	"strconv"

	"respect/keyspace/glob"
	"respect/keyspace/intset"
	"respect/keyspace/listpack"
	"respect/rdb"
)

// element is a part of a value: the text of a string; an element of a list; a member, with
// its score; a field, with its value and its expiry; the ID of an entry, with its fields.
// All of it holds during the call only.
type element struct {
	text, value []byte
	fields      [][]byte // and values in turn
	score       float64
	expireAtMs  int64 // rdb.NoExpire for none
}

// A shower is told what a file holds. What it cannot write it keeps as its error.
type shower interface {
	beginKey(k *rdb.KeyHeader, kind string)
	element(e element)
	// state tells a command that makes what the key has besides its elements.
	state(words [][]byte)
	// endKey tells how many bytes the value has in the file.
	endKey(size int64)
	end() error
}

// kinds are the names of the types of values, as TYPE tells them.
var kinds = map[rdb.Type]string{
	rdb.TypeString: "string",
	rdb.TypeList:   "list", rdb.TypeListZiplist: "list", rdb.TypeListQuicklist: "list", rdb.TypeListQuicklist2: "list",
	rdb.TypeSet: "set", rdb.TypeSetIntset: "set", rdb.TypeSetListpack: "set",
	rdb.TypeHash: "hash", rdb.TypeHashZipmap: "hash", rdb.TypeHashZiplist: "hash", rdb.TypeHashListpack: "hash",
	rdb.TypeHashMetadata: "hash", rdb.TypeHashMetadataPreGA: "hash", rdb.TypeHashListpackEx: "hash", rdb.TypeHashListpackExPreGA: "hash",
	rdb.TypeZSet: "zset", rdb.TypeZSet2: "zset", rdb.TypeZSetZiplist: "zset", rdb.TypeZSetListpack: "zset",
	rdb.TypeStream: "stream", rdb.TypeStream2: "stream", rdb.TypeStream3: "stream",
}

// walk is the visitor that hands what is asked for to a shower.
type walk struct {
	rdb.Ignore
	reader *rdb.Reader
	to     shower
	db     int    // all if negative
	match  []byte // a pattern; nil for all keys

	shown bool  // the key at hand is
	from  int64 // offset of its value
	keys  int   // read, shown or not
	texts [3][32]byte

	stream streamPart
}

func (w *walk) Key(h *rdb.KeyHeader) error {
	w.keys++
	w.shown = (w.db < 0 || h.DB == w.db) && (w.match == nil || glob.Match(w.match, h.Key))
	w.from = w.reader.Position().Offset
	if w.shown {
		w.to.beginKey(h, kinds[h.Type])
		w.stream.key = append(w.stream.key[:0], h.Key...)
	}
	return nil
}

func (w *walk) EndKey() error {
	if w.shown {
		w.to.endKey(w.reader.Position().Offset - w.from)
	}
	return nil
}

func (w *walk) show(e element) error {
	if w.shown {
		w.to.element(e)
	}
	return nil
}

func (w *walk) text(text []byte) error {
	return w.show(element{text: text, expireAtMs: rdb.NoExpire})
}

func (w *walk) String(value []byte) error       { return w.text(value) }
func (w *walk) ListElement(text []byte) error   { return w.text(text) }
func (w *walk) ListPlain(text []byte) error     { return w.text(text) }
func (w *walk) SetMember(member []byte) error   { return w.text(member) }
func (w *walk) ListNode(packed []byte) error    { return w.tuples(packed, 1, w.single) }
func (w *walk) SetListpack(packed []byte) error { return w.tuples(packed, 1, w.single) }

func (w *walk) SetIntset(integers []byte) error {
	set := intset.Intset(integers)
	for i := range set.Len() {
		if err := w.text(strconv.AppendInt(w.texts[0][:0], set.At(i), 10)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) HashField(field, value []byte, expireAtMs int64) error {
	return w.show(element{text: field, value: value, expireAtMs: expireAtMs})
}

func (w *walk) HashListpack(packed []byte) error {
	return w.tuples(packed, 2, func(e [3]listpack.Element) error {
		return w.HashField(w.bytes(e, 0), w.bytes(e, 1), rdb.NoExpire)
	})
}

func (w *walk) HashListpackEx(packed []byte) error {
	return w.tuples(packed, 3, func(e [3]listpack.Element) error {
		at := e[2].Int
		if at == 0 {
			at = rdb.NoExpire
		}
		return w.HashField(w.bytes(e, 0), w.bytes(e, 1), at)
	})
}

func (w *walk) ZSetMember(member []byte, score float64) error {
	return w.show(element{text: member, score: score, expireAtMs: rdb.NoExpire})
}

func (w *walk) ZSetListpack(packed []byte) error {
	return w.tuples(packed, 2, func(e [3]listpack.Element) error {
		score, err := strconv.ParseFloat(string(w.bytes(e, 1)), 64)
		if err != nil && score == 0 { // the reader has let it through
			return err
		}
		return w.ZSetMember(w.bytes(e, 0), score)
	})
}

func (w *walk) single(e [3]listpack.Element) error { return w.text(w.bytes(e, 0)) }

// tuples calls fn with each tuple of a listpack.
func (w *walk) tuples(packed listpack.Listpack, size int, fn func(e [3]listpack.Element) error) error {
	if !w.shown {
		return nil
	}
	for at := packed.First(); at != 0; {
		var e [3]listpack.Element
		for i := range size {
			e[i] = packed.Get(at)
			at = packed.Next(at)
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// bytes returns the text of an element of a tuple.
func (w *walk) bytes(e [3]listpack.Element, i int) []byte {
	if e[i].IsInt() {
		return e[i].AppendTo(w.texts[i][:0])
	}
	return e[i].Bytes
}
