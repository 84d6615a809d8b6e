package rdb_test

import (
	"encoding/json"
	"fmt"
	"os"

	"respect/fixtures"
	"respect/keyspace/listpack"
	"respect/rdb"
)

// dumper prints each key as one line of JSON.
type dumper struct {
	rdb.Ignore
	out  *json.Encoder
	line struct {
		DB       int      `json:"db"`
		Key      string   `json:"key"`
		ExpireAt *int64   `json:"expireAtMs,omitempty"`
		String   *string  `json:"string,omitempty"`
		List     []string `json:"list,omitempty"`
	}
}

func (d *dumper) Key(h *rdb.KeyHeader) error {
	d.line.DB, d.line.Key, d.line.ExpireAt, d.line.String, d.line.List = h.DB, string(h.Key), nil, nil, nil
	if at := h.ExpireAtMs; at != rdb.NoExpire {
		d.line.ExpireAt = &at
	}
	return nil
}

func (d *dumper) String(value []byte) error {
	text := string(value)
	d.line.String = &text
	return nil
}

func (d *dumper) ListElement(element []byte) error {
	d.line.List = append(d.line.List, string(element))
	return nil
}

func (d *dumper) ListPlain(element []byte) error { return d.ListElement(element) }

func (d *dumper) ListNode(node []byte) error {
	pack := listpack.Listpack(node)
	for at := pack.First(); at > 0; at = pack.Next(at) {
		d.line.List = append(d.line.List, string(pack.Get(at).AppendTo(nil)))
	}
	return nil
}

func (d *dumper) EndKey() error { return d.out.Encode(&d.line) }

// A dump of an RDB file as JSON lines.
func ExampleReader() {
	file, err := fixtures.RDB().Open("redis-7.2.6/multidb.rdb")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	err = rdb.NewReader(file).Read(&dumper{out: json.NewEncoder(os.Stdout)})
	fmt.Println(err)
	// Output:
	// {"db":0,"key":"same","string":"in db 0"}
	// {"db":0,"key":"db","string":"0"}
	// {"db":1,"key":"same","string":"in db 1"}
	// {"db":1,"key":"db","string":"1"}
	// {"db":9,"key":"e","expireAtMs":4102444800000,"string":"v"}
	// {"db":9,"key":"same","string":"in db 9"}
	// {"db":9,"key":"db","string":"9"}
	// {"db":9,"key":"l","list":["x"]}
	// {"db":15,"key":"same","string":"in db 15"}
	// {"db":15,"key":"db","string":"15"}
	// <nil>
}
