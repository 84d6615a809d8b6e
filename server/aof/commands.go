package aof

import (
	"strconv"

	"respect/keyspace"
	"respect/keyspace/stream"
	"respect/protocol"
)

// maxItems is how many elements one command adds, as in the reference.
const maxItems = 64

// Commands writes a data set as the commands that make it: the form of a base file that is
// no RDB file. It is an rdb.Format.
type Commands struct {
	// Now, if it is not 0, is the Unix time with which the file is annotated.
	Now int64
	// Functions are the sources of function libraries.
	Functions [][]byte

	buf  []byte
	db   int // the selected one, counted from 1
	num  [32]byte
	item [32]byte
}

// Begin appends what stands before the keys.
func (w *Commands) Begin(b []byte) []byte {
	if w.Now != 0 {
		b = AppendTimestamp(b, w.Now)
	}
	for _, source := range w.Functions {
		b = protocol.AppendRequest(b, []byte("FUNCTION"), []byte("LOAD"), source)
	}
	return b
}

// AppendTimestamp appends the annotation of what follows with a Unix time.
func AppendTimestamp(b []byte, unix int64) []byte {
	b = append(b, "#TS:"...)
	b = strconv.AppendInt(b, unix, 10)
	return append(b, '\r', '\n')
}

// AppendSelect appends the command that selects a database.
func AppendSelect(b []byte, db int) []byte {
	var num [20]byte
	b = protocol.AppendBulk(append(b, "*2\r\n"...), "SELECT")
	return protocol.AppendBulk(b, strconv.AppendInt(num[:0], int64(db), 10))
}

// Key appends the commands that make a key of a database.
func (w *Commands) Key(b []byte, db int, o *keyspace.Object, expireAtMs int64) []byte {
	if w.db != db+1 {
		w.db = db + 1
		b = AppendSelect(b, db)
	}
	w.buf = b
	key := o.Key()
	switch o.Type() {
	case keyspace.TypeString:
		w.command(3, "SET", key)
		w.bulk(o.Bytes(w.item[:0]))
	case keyspace.TypeList:
		w.list(key, o.List())
	case keyspace.TypeSet:
		w.set(key, o.Set())
	case keyspace.TypeZSet:
		w.zset(key, o.ZSet())
	case keyspace.TypeHash:
		w.hash(key, o.Hash())
	case keyspace.TypeStream:
		w.stream(key, o.Stream())
	}
	if expireAtMs != keyspace.NoExpiry {
		w.command(3, "PEXPIREAT", key)
		w.int(expireAtMs)
	}
	b, w.buf = w.buf, nil
	return b
}

// command begins a command of n words, of which the first two are given.
func (w *Commands) command(n int, name string, key []byte) {
	w.buf = append(w.buf, '*')
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	w.buf = append(w.buf, '\r', '\n')
	w.text(name)
	w.bulk(key)
}

func (w *Commands) text(s string)       { w.buf = protocol.AppendBulk(w.buf, s) }
func (w *Commands) bulk(b []byte)       { w.buf = protocol.AppendBulk(w.buf, b) }
func (w *Commands) int(n int64)         { w.bulk(strconv.AppendInt(w.num[:0], n, 10)) }
func (w *Commands) uint(n uint64)       { w.bulk(strconv.AppendUint(w.num[:0], n, 10)) }
func (w *Commands) id(id stream.ID)     { w.bulk(id.AppendTo(w.num[:0])) }
func (w *Commands) score(score float64) { w.bulk(protocol.FormatDouble(w.num[:0], score)) }

func (w *Commands) element(e keyspace.Element) {
	if e.IsInt() {
		w.bulk(e.AppendTo(w.item[:0]))
	} else {
		w.bulk(e.Bytes)
	}
}

// A batch divides the elements of a value into commands of up to maxItems each.
type batch struct {
	w    *Commands
	name string
	key  []byte
	each int // words for each element
	left int // elements that are still to come
	room int // elements that the present command still takes
}

func (w *Commands) batch(name string, key []byte, each, n int) *batch {
	return &batch{w: w, name: name, key: key, each: each, left: n}
}

// next is called before the words of an element.
func (b *batch) next() {
	if b.room == 0 {
		b.room = min(b.left, maxItems)
		b.w.command(2+b.each*b.room, b.name, b.key)
	}
	b.room--
	b.left--
}

func (w *Commands) list(key []byte, l *keyspace.List) {
	items := w.batch("RPUSH", key, 1, l.Len())
	l.Each(0, l.Len(), func(e keyspace.ListElement) bool {
		items.next()
		w.element(e)
		return true
	})
}

func (w *Commands) set(key []byte, s *keyspace.Set) {
	items := w.batch("SADD", key, 1, s.Len())
	s.Each(func(e keyspace.Element) bool {
		items.next()
		w.element(e)
		return true
	})
}

func (w *Commands) zset(key []byte, z *keyspace.ZSet) {
	items := w.batch("ZADD", key, 2, z.Len())
	z.Each(0, z.Len(), false, func(member keyspace.Element, score float64) bool {
		items.next()
		w.score(score)
		w.element(member)
		return true
	})
}

// hash writes fields in batches, or, if some expire, one by one with their deadlines.
func (w *Commands) hash(key []byte, h *keyspace.Hash) {
	if h.NextFieldExpiry() == keyspace.NoExpiry {
		items := w.batch("HMSET", key, 2, h.Len())
		h.Each(func(field, value keyspace.Element) bool {
			items.next()
			w.element(field)
			w.element(value)
			return true
		})
		return
	}
	h.EachField(func(field, value keyspace.Element, atMs int64) bool {
		w.command(4, "HMSET", key)
		w.element(field)
		w.element(value)
		if atMs != keyspace.NoExpiry {
			w.command(6, "HPEXPIREAT", key)
			w.int(atMs)
			w.text("FIELDS")
			w.text("1")
			w.element(field)
		}
		return true
	})
}

func (w *Commands) stream(key []byte, s *stream.Stream) {
	for it := s.Range(stream.MinID, stream.MaxID); it.Next(); {
		w.command(3+2*it.Len(), "XADD", key)
		w.id(it.ID)
		it.Each(func(field, value stream.Element) {
			w.element(field)
			w.element(value)
		})
	}
	m := s.Meta()
	if m.Length == 0 { // to have it there at all
		w.command(7, "XADD", key)
		w.text("MAXLEN")
		w.text("0")
		w.text("0-1")
		w.text("x")
		w.text("y")
	}
	w.command(7, "XSETID", key)
	w.id(m.LastID)
	w.text("ENTRIESADDED")
	w.uint(m.Added)
	w.text("MAXDELETEDID")
	w.id(m.MaxDeletedID)
	s.EachGroup(func(g *stream.Group) bool {
		w.group(key, g)
		return true
	})
}

func (w *Commands) group(key []byte, g *stream.Group) {
	w.command(7, "XGROUP", []byte("CREATE"))
	w.bulk(key)
	w.text(g.Name())
	w.id(g.LastID)
	w.text("ENTRIESREAD")
	w.int(max(g.Read, stream.Unknown))
	g.EachConsumer(func(c *stream.Consumer) bool {
		if c.Pending() == 0 {
			w.command(5, "XGROUP", []byte("CREATECONSUMER"))
			w.bulk(key)
			w.text(g.Name())
			w.text(c.Name())
		}
		c.EachPending(stream.MinID, func(id stream.ID, p *stream.Pending) bool {
			w.pending(key, g, c, id, p)
			return true
		})
		return true
	})
}

func (w *Commands) pending(key []byte, g *stream.Group, c *stream.Consumer, id stream.ID, p *stream.Pending) {
	w.command(12, "XCLAIM", key)
	w.text(g.Name())
	w.text(c.Name())
	w.text("0")
	w.id(id)
	w.text("TIME")
	w.int(p.DeliveredMs)
	w.text("RETRYCOUNT")
	w.uint(p.Deliveries)
	w.text("JUSTID")
	w.text("FORCE")
}
