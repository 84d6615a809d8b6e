package keyspace

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// recordSets names a running valkey-server 8.0 to record testdata/sets.txt from. Its
// data is deleted.
var recordSets = flag.String("record-sets", "", "address of a server to record testdata/sets.txt from")

// setRecorder records what a server makes of set commands.
type setRecorder struct {
	listRecorder

	// chance has the keys of listpacks whose order came from a hash table.
	chance map[string]bool
}

// shape returns what setShape returns for a set of ours, the bytes left out if they
// are a matter of chance.
func (r *setRecorder) shape(key string) string {
	encoding := r.call("OBJECT", "ENCODING", key)
	if encoding == "" {
		return "none"
	}
	var raw []byte
	if encoding != "hashtable" && !r.chance[key] {
		raw = dumpedString(r.t, []byte(r.call("DUMP", key)))
	}
	return setShape(encoding, r.members(key), raw)
}

func (r *setRecorder) members(key string) (all []string) {
	for i := range atoi(r.t, r.call("SORT", key, "ALPHA", "STORE", "sorted")) {
		all = append(all, r.call("LINDEX", "sorted", strconv.Itoa(i)))
	}
	return all
}

// encodingByChance reports whether a union or difference that came out of a hash
// table has its encoding by chance: if there are enough integers to turn an intset
// into a hash table, unless a string comes before the last of them.
func (r *setRecorder) encodingByChance(key string, limits SetLimits) bool {
	integers, all := 0, r.members(key)
	for _, member := range all {
		if _, ok := ParseInt([]byte(member)); ok {
			integers++
		}
	}
	return integers > limits.MaxIntset && integers < len(all)
}

// dumpedString returns the one string that a payload consists of.
func dumpedString(t *testing.T, payload []byte) []byte {
	b := payload[1:]
	switch b[0] >> 6 {
	case 0:
		return b[1 : 1+int(b[0])]
	case 1:
		return b[2 : 2+int(binary.BigEndian.Uint16(b)&0x3fff)]
	default:
		if b[0] != 0x80 {
			t.Fatalf("a string that begins with %#x", b[0])
		}
		return b[5 : 5+int(binary.BigEndian.Uint32(b[1:]))]
	}
}

// judge finds whether the order of a result is a matter of chance.
func (r *setRecorder) judge(argv []string, keys []string) {
	key := toldKey(argv)
	encoding := r.call("OBJECT", "ENCODING", key)
	if strings.HasSuffix(argv[0], "store") {
		r.chance[key] = false
		for _, k := range keys {
			r.chance[key] = r.chance[key] || k == "chance"
		}
	}
	if encoding != "listpack" {
		r.chance[key] = false
	}
}

// sourceOrders returns "chance" for each source whose order is a matter of chance.
func (r *setRecorder) sourceOrders(argv []string) (orders []string) {
	if !strings.HasSuffix(argv[0], "store") {
		return nil
	}
	for _, key := range argv[2:] {
		if r.chance[key] || r.call("OBJECT", "ENCODING", key) == "hashtable" {
			orders = append(orders, "chance")
		}
	}
	return orders
}

func TestRecordSets(t *testing.T) {
	if *recordSets == "" {
		t.Skip("no -record-sets")
	}
	conn, err := net.Dial("tcp", *recordSets)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := &setRecorder{listRecorder: listRecorder{t: t, in: bufio.NewReader(conn), out: conn}}
	r.call("CONFIG", "SET", "rdbcompression", "no")
	var out strings.Builder
	out.WriteString("# Recorded from valkey 8.0.1 by TestRecordSets.\n")
	for i, c := range smallLimits {
		r.world(&out, c.limits, c.most, rand.New(rand.NewPCG(1, uint64(i))))
	}
	if err := os.WriteFile("testdata/sets.txt", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (r *setRecorder) world(out *strings.Builder, limits SetLimits, most int, random *rand.Rand) {
	r.call("FLUSHALL")
	r.chance = map[string]bool{}
	r.call("CONFIG", "SET", "set-max-intset-entries", strconv.Itoa(limits.MaxIntset),
		"set-max-listpack-entries", strconv.Itoa(limits.MaxListpackEntries),
		"set-max-listpack-value", strconv.Itoa(limits.MaxListpackValue))
	fmt.Fprintf(out, "limits %d %d %d\n", limits.MaxIntset, limits.MaxListpackEntries, limits.MaxListpackValue)
	for range 450 {
		argv := randomSetCommand(random, min(most, 140))
		orders := r.sourceOrders(argv)
		r.call(argv...)
		r.judge(argv, orders)
		if key := toldKey(argv); len(orders) > 0 && r.encodingByChance(key, limits) {
			r.call("DEL", key)
			fmt.Fprintf(out, "del %s\n", key)
			continue
		}
		fmt.Fprintf(out, "%s\n  %s\n", strings.Join(argv, " "), r.shape(toldKey(argv)))
	}
}
