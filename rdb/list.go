package rdb

import (
	"respect/keyspace"
	"respect/keyspace/listpack"
	"respect/keyspace/quicklist"
)

// The containers of a quicklist's node.
const (
	nodePlain  = 1 // one element
	nodePacked = 2 // a listpack
)

// readList reads a count, then the elements as strings.
func (r *Reader) readList(v ValueVisitor) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		element, err := r.string()
		if err != nil {
			return err
		}
		if err := v.ListElement(element); err != nil {
			return err
		}
	}
	return nil
}

// readListZiplist reads one ziplist, stored as a string.
func (r *Reader) readListZiplist(v ValueVisitor) error {
	ziplist, err := r.string()
	if err != nil {
		return err
	}
	r.pack, err = appendZiplist(r.pack[:0], ziplist)
	if err != nil {
		return r.corrupt("List ziplist integrity check failed. (%v)", err)
	}
	return visitNode(v, r.pack)
}

// readListQuicklist reads a count of nodes, then a ziplist for each.
func (r *Reader) readListQuicklist(v ValueVisitor) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		if err := r.readListZiplist(v); err != nil {
			return err
		}
	}
	return nil
}

// readListQuicklist2 reads a count of nodes, then for each its container and a string.
func (r *Reader) readListQuicklist2(v ValueVisitor) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		if err := r.readNode(v); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) readNode(v ValueVisitor) error {
	container, err := r.length()
	if err != nil {
		return err
	}
	if container != nodePlain && container != nodePacked {
		return r.corrupt("Quicklist integrity check failed. (container %d)", container)
	}
	read := r.packedString
	if container == nodePlain {
		read = r.string
	}
	data, err := read()
	if err != nil {
		return err
	}
	if container == nodePlain {
		if len(data) == 0 {
			return r.corrupt("Quicklist integrity check failed. (empty plain node)")
		}
		return v.ListPlain(data)
	}
	if err := listpack.Validate(data); err != nil {
		return r.corrupt("Listpack integrity check failed. (%v)", err)
	}
	return visitNode(v, data)
}

// visitNode leaves out empty nodes, which some releases saved by mistake.
func visitNode(v ValueVisitor, node listpack.Listpack) error {
	if node.IsEmpty() {
		return nil
	}
	return v.ListNode(node)
}

// writeList writes what readListQuicklist2 reads. Nodes that are compressed in memory are
// so in the file, whatever is configured.
func (w *Writer) writeList(o *keyspace.Object) {
	nodes := 0
	o.List().EachNode(func(quicklist.Node) bool {
		nodes++
		return true
	})
	w.Length(uint64(nodes))
	o.List().EachNode(func(n quicklist.Node) bool {
		w.writeNode(n)
		return w.goOn()
	})
}

func (w *Writer) writeNode(n quicklist.Node) {
	container := uint64(nodePacked)
	if n.Plain {
		container = nodePlain
	}
	w.Length(container)
	if n.LZF != nil {
		w.compressedString(n.LZF, n.Size)
	} else {
		w.String(n.Data)
	}
}
