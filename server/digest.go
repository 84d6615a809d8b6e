package server

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"respect/keyspace"
	"respect/keyspace/stream"
	"respect/protocol"
)

// DEBUG DIGEST: one number for a whole data set, by which servers are compared. The
// construction is the reference's, so that the numbers are equal: what has an order is
// mixed in one after the other, what has none is added up with exclusive or. A type of
// values has its case in addValue. Deviation: a field whose time has come is not counted; the
// reference counts it until it deletes it.

type digest [sha1.Size]byte

// add brings something in that has no place in an order.
func (d *digest) add(b []byte) {
	for i, x := range sha1.Sum(b) {
		d[i] ^= x
	}
}

// mix brings something in that comes behind what was mixed in before.
func (d *digest) mix(b []byte) {
	d.add(b)
	*d = sha1.Sum(d[:])
}

func (d *digest) mixUint32(n uint32) { d.mix(binary.BigEndian.AppendUint32(nil, n)) }

func (d *digest) String() string { return hex.EncodeToString(d[:]) }

// Marks of what has a deadline.
var (
	keyExpires   = []byte("!!expire!!")
	fieldExpires = []byte("!!hexpire!!") // since 7.4
)

// digestOf returns the digest of all databases.
func (s *Server) digestOf() (sum digest) {
	for i := range s.ks.Databases() {
		db := s.ks.DB(i)
		if db.Len() == 0 {
			continue
		}
		sum.mixUint32(uint32(i))
		for o := range db.All() {
			var d digest
			d.mix(o.Key())
			d.addValue(db, o)
			sum.add(d[:])
		}
	}
	return sum
}

// addValue brings a value in, and whether its key expires, but not its key.
func (d *digest) addValue(db *keyspace.DB, o *keyspace.Object) {
	d.mixUint32(uint32(o.Type()))
	var scratch []byte
	text := func(e keyspace.Element) []byte {
		scratch = e.AppendTo(scratch[:0])
		return scratch
	}
	switch o.Type() {
	case keyspace.TypeString:
		d.mix(o.Bytes(nil))
	case keyspace.TypeList:
		l := o.List()
		l.Each(0, l.Len(), func(e keyspace.ListElement) bool { d.mix(text(e)); return true })
	case keyspace.TypeSet:
		o.Set().Each(func(e keyspace.Element) bool { d.add(text(e)); return true })
	case keyspace.TypeZSet:
		z := o.ZSet()
		z.Each(0, z.Len(), false, func(member keyspace.Element, score float64) bool {
			var one digest
			one.mix(text(member))
			one.mix(protocol.FormatShortest(nil, score))
			d.add(one[:])
			return true
		})
	case keyspace.TypeHash:
		o.Hash().EachField(func(field, value keyspace.Element, atMs int64) bool {
			var one digest
			one.mix(text(field))
			one.mix(text(value))
			if atMs != keyspace.NoExpiry {
				one.add(fieldExpires)
			}
			d.add(one[:])
			return true
		})
	case keyspace.TypeStream:
		for it := o.Stream().Range(stream.MinID, stream.MaxID); it.Next(); {
			d.mix(fmt.Appendf(nil, "%d.%d", it.ID.Ms, it.ID.Seq))
			it.Each(func(field, value stream.Element) {
				d.mix(text(field))
				d.mix(text(value))
			})
		}
	}
	if db.ExpireAt(o) != keyspace.NoExpiry {
		d.add(keyExpires)
	}
}

// debugDigest tells the digest of the whole data set.
func debugDigest(c *client, a *args) error {
	sum := c.srv.digestOf()
	c.out.Status(sum.String())
	return nil
}

// debugDigestValue tells the digests of the values of keys, zeros for those that are
// not there.
func debugDigestValue(c *client, a *args) error {
	c.out.Array(a.left())
	for a.more() {
		var d digest
		if o := c.db.Lookup(a.next(), keyspace.NoTouch|keyspace.NoStats); o != nil {
			d.addValue(c.db, o)
		}
		c.out.Status(d.String())
	}
	return nil
}
