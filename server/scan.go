package server

import (
	"strconv"

	"respect/keyspace"
	"respect/keyspace/glob"
)

// SCAN walks a database in steps, while it changes. The cursor that goes back
// and forth is the hash table's (see keyspace/hashtable for why nothing is
// missed).

// scanOptions are the options of the SCAN family.
type scanOptions struct {
	pattern []byte // nil for all
	count   int
	typ     []byte // nil for all
}

const scanDefaultCount = 10

// scanPatience is how many table steps are taken for one asked element, so that
// a sparse table does not hold the server up.
const scanPatience = 10

func readScanOptions(a *args) (o scanOptions, err error) {
	o.count = scanDefaultCount
	for a.more() {
		if err := o.read(a); err != nil {
			return o, err
		}
	}
	return o, nil
}

// read reads one option.
func (o *scanOptions) read(a *args) error {
	switch {
	case a.optionWith("COUNT", 1):
		n, err := a.int()
		if err != nil {
			return err
		}
		if n < 1 {
			return errSyntax
		}
		o.count = int(n)
	case a.optionWith("MATCH", 1):
		if o.pattern = a.next(); string(o.pattern) == "*" {
			o.pattern = nil
		}
	case a.optionWith("TYPE", 1):
		o.typ = a.next()
	default:
		return errSyntax
	}
	return nil
}

// wants tells whether an object passes the filters.
func (o *scanOptions) wants(obj *keyspace.Object) bool {
	if o.pattern != nil && !glob.Match(o.pattern, obj.Key()) {
		return false
	}
	return o.typ == nil || equalFold(o.typ, upper(obj.Type().String()))
}

// readCursor reads a cursor as strtoul does: nothing is zero, there may be a sign,
// and a zero byte is the end.
func readCursor(arg []byte) (uint64, error) {
	if arg = text(arg); len(arg) == 0 {
		return 0, nil
	}
	digits, negative := string(arg), arg[0] == '-'
	if negative || arg[0] == '+' {
		digits = digits[1:]
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, errInvalidCursor
	}
	if negative {
		n = -n
	}
	return n, nil
}

// scanCommand lists some keys.
//
//	SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
//
// O(1) for each call, O(N) for all with N the number of keys. Reply: the cursor
// of the next call, 0 at the end, and an array of keys.
func scanCommand(c *client, a *args) error {
	cursor, err := readCursor(a.next())
	if err != nil {
		return err
	}
	o, err := readScanOptions(a)
	if err != nil {
		return err
	}
	var found []*keyspace.Object
	seen := 0
	for steps := 0; ; steps++ {
		cursor = c.db.Scan(cursor, func(obj *keyspace.Object) {
			seen++
			if o.wants(obj) {
				found = append(found, obj)
			}
		})
		if cursor == 0 || seen >= o.count || steps/scanPatience >= o.count {
			break
		}
	}
	c.out.Array(2)
	c.out.BulkString(strconv.FormatUint(cursor, 10))
	c.out.Array(len(found))
	for _, obj := range found {
		c.out.Bulk(obj.Key())
	}
	return nil
}
