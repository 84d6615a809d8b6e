package keyspace

import "unsafe"

// fetch reads a byte of each block that small objects consist of, level by level: the
// processor waits for the memory of all of them at a time, in place of one after the other.
// Whoever looks at the objects soon has them at hand. The result means nothing.
func fetch(objects []*Object) (sum uint64) {
	for _, o := range objects {
		sum += uint64(o.meta)
	}
	for _, o := range objects {
		if o.isBoxed() {
			b := o.box()
			sum += uint64(*(*byte)(b.at))
			if o.klen > 0 {
				sum += uint64(*b.key)
			}
		}
	}
	for _, o := range objects {
		if o.isBoxed() {
			if content := o.content(); len(content) > 0 {
				sum += uint64(content[0])
			}
		}
	}
	return sum
}

// content returns the bytes of a value that are in one block, if they are.
func (o *Object) content() []byte {
	switch at := o.box().at; o.Type() {
	case TypeString:
		return *(*[]byte)(at)
	case TypeHash:
		if h := (*Hash)(at); h.encoding == hashListpack && h.form != nil {
			return unsafe.Slice((*byte)(h.form), h.room)
		}
	case TypeSet:
		return (*Set)(at).small
	case TypeZSet:
		return (*ZSet)(at).small
	case TypeList:
		if l := (*List)(at); l.big == nil {
			return l.small.Listpack()
		}
	}
	return nil
}
