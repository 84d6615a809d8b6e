package rdb

import (
	"respect/keyspace"
	"respect/keyspace/listpack"
)

// valueReaders holds, by type, what reads a value and hands it to the visitor; nil for the
// types of modules.
var valueReaders = [len(typeNames)]func(*Reader, ValueVisitor) error{
	TypeString: (*Reader).readString,

	TypeList:           (*Reader).readList,
	TypeListZiplist:    (*Reader).readListZiplist,
	TypeListQuicklist:  (*Reader).readListQuicklist,
	TypeListQuicklist2: (*Reader).readListQuicklist2,

	TypeSet:         (*Reader).readSet,
	TypeSetIntset:   (*Reader).readSetIntset,
	TypeSetListpack: (*Reader).readSetListpack,

	TypeHash:                (*Reader).readHash,
	TypeHashZipmap:          (*Reader).readHashZipmap,
	TypeHashZiplist:         (*Reader).readHashZiplist,
	TypeHashListpack:        (*Reader).readHashListpack,
	TypeHashMetadataPreGA:   (*Reader).readHashMetadataPreGA,
	TypeHashListpackExPreGA: (*Reader).readHashListpackExPreGA,
	TypeHashMetadata:        (*Reader).readHashMetadata,
	TypeHashListpackEx:      (*Reader).readHashListpackEx,

	TypeZSet:         (*Reader).readZSet,
	TypeZSet2:        (*Reader).readZSet2,
	TypeZSetZiplist:  (*Reader).readZSetZiplist,
	TypeZSetListpack: (*Reader).readZSetListpack,

	TypeStream:  (*Reader).readStream,
	TypeStream2: (*Reader).readStream2,
	TypeStream3: (*Reader).readStream3,
}

// Supported reports whether values of this type can be read.
func (t Type) Supported() bool { return t.Known() && valueReaders[t] != nil }

func (r *Reader) unsupported(t Type) error {
	if t == TypeModule2 {
		return r.unsupportedModule()
	}
	return r.fail(Unsupported, "Value type not yet supported")
}

// unsupportedModule names the module, as the real servers do when they lack it.
func (r *Reader) unsupportedModule() error {
	id, err := r.length()
	if err != nil {
		return err
	}
	name, _ := moduleName(id)
	return r.fail(Unsupported, "The RDB file contains module data I can't load: no matching module type '"+name+"'")
}

func (r *Reader) readString(v ValueVisitor) error {
	value, err := r.string()
	if err != nil {
		return err
	}
	return v.String(value)
}

// A valueWriter is how the values of one type of the keyspace are written.
type valueWriter struct {
	// form returns the type by which the file will tell how the value is stored.
	form func(*Writer, *keyspace.Object) Type
	// write writes the value in that form.
	write func(*Writer, *keyspace.Object)
}

// valueWriters holds, by type in the keyspace, what writes a value. To add a type, give it
// an entry here, and methods beside its reader.
var valueWriters = [...]valueWriter{
	keyspace.TypeString: {always(TypeString), (*Writer).writeString},
	keyspace.TypeList:   {always(TypeListQuicklist2), (*Writer).writeList},
	keyspace.TypeSet:    {(*Writer).setForm, (*Writer).writeSet},
	keyspace.TypeHash:   {(*Writer).hashForm, (*Writer).writeHash},
	keyspace.TypeZSet:   {(*Writer).zsetForm, (*Writer).writeZSet},
	keyspace.TypeStream: {(*Writer).streamForm, (*Writer).writeStream},
}

func always(t Type) func(*Writer, *keyspace.Object) Type {
	return func(*Writer, *keyspace.Object) Type { return t }
}

// TypeOf returns how the value of an object is stored in a file of this version.
func (w *Writer) TypeOf(o *keyspace.Object) Type { return valueWriters[o.Type()].form(w, o) }

// Value writes the value of an object; [Writer.TypeOf] tells a reader how.
func (w *Writer) Value(o *keyspace.Object) { valueWriters[o.Type()].write(w, o) }

// maxNumberText is the length of the longest 64-bit integer, in bytes.
const maxNumberText = 20

func (w *Writer) writeString(o *keyspace.Object) {
	var number [maxNumberText]byte
	w.String(o.Bytes(number[:]))
}

// element writes an element of a listpack, or of what stands in for one, as a string.
func (w *Writer) element(e listpack.Element) {
	var number [maxNumberText]byte
	w.String(textOf(e, number[:0]))
}
