package rdb

// valueReaders holds, by type, what reads a value and hands it to the visitor; nil for a type that
// cannot be read yet.
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
