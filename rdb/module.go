package rdb

// Modules write their data as items, each with a length in front that tells its form, so that a
// reader can skip what it does not understand:
//
//	module ID (64-bit length)  { form value } ...  moduleEnd
const (
	moduleEnd    = 0
	moduleSint   = 1 // a length
	moduleUint   = 2 // a length
	moduleFloat  = 3 // binary32
	moduleDouble = 4 // binary64
	moduleString = 5
)

// moduleAlphabet maps the 6-bit codes of a module's name.
const moduleAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// moduleName splits a module ID: nine characters of 6 bits, then 10 bits of encoding version.
//
//	63       58 57       52   ...   15      10 9             0
//	| char 0   | char 1    |  ...  | char 8   | enc. version  |
func moduleName(id uint64) (name string, version int) {
	const characters = 9
	var text [characters]byte
	for i := range text {
		text[i] = moduleAlphabet[id>>(64-6*(i+1))&63]
	}
	return string(text[:]), int(id & 1023)
}

// readModuleAux skips the data of a module. The first item, a number, says whether
// the data belongs before or after the keys.
func (r *Reader) readModuleAux(v Visitor) error {
	id, err := r.length()
	if err != nil {
		return err
	}
	if err := r.skipModuleItems(); err != nil {
		return err
	}
	return v.ModuleAux(moduleName(id))
}

func (r *Reader) skipModuleItems() error {
	for {
		form, err := r.length()
		if err != nil {
			return err
		}
		switch form {
		case moduleEnd:
			return nil
		case moduleSint, moduleUint:
			_, err = r.length()
		case moduleFloat:
			_, err = r.src.take(4)
		case moduleDouble:
			_, err = r.src.take(8)
		case moduleString:
			_, err = r.string()
		default:
			err = r.corrupt("Unknown form %d of a module's item", form)
		}
		if err != nil {
			return err
		}
	}
}
