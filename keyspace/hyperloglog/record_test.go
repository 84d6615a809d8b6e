package hyperloglog

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// recordHLL names running servers, redis 7.0 and valkey 8.0, separated by a comma,
// to record testdata/hyperloglogs.txt from. Their data is deleted.
var recordHLL = flag.String("record-hll", "", "addresses of two servers to record testdata/hyperloglogs.txt from")

type recorder struct {
	t   *testing.T
	in  *bufio.Reader
	out io.Writer
}

// call sends a command and returns the reply: strings as they are, integers in
// decimal, errors with their minus.
func (r *recorder) call(argv ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(argv))
	for _, s := range argv {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(s), s)
	}
	if _, err := r.out.Write(b.Bytes()); err != nil {
		r.t.Fatal(err)
	}
	line, err := r.in.ReadString('\n')
	if err != nil {
		r.t.Fatalf("%q: %v", argv, err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	switch line[0] {
	case '$':
		n, _ := strconv.Atoi(line[1:])
		if n < 0 {
			return ""
		}
		data := make([]byte, n+2)
		if _, err := io.ReadFull(r.in, data); err != nil {
			r.t.Fatal(err)
		}
		return string(data[:n])
	case '-':
		return line
	}
	return line[1:]
}

// do carries a step out, as world.do does, and returns its result line.
func (r *recorder) do(argv []string) string {
	key := argv[1]
	reply := ""
	switch argv[0] {
	case "add":
		reply = r.call(append([]string{"PFADD", key}, elements(r.t, argv[2:])...)...)
	case "count":
		reply = r.call(append([]string{"PFCOUNT"}, argv[1:]...)...)
	case "merge":
		reply = r.call(append([]string{"PFMERGE"}, argv[1:]...)...)
	case "dense":
		reply = r.call("PFDEBUG", "TODENSE", key)
	case "write":
		r.call("SETRANGE", key, argv[2], unhex(r.t, argv[3]))
	case "cut":
		r.call("SET", key, r.call("GETRANGE", key, "0", strconv.Itoa(atoi(r.t, argv[2])-1)))
	case "set":
		r.call("SET", key, unhex(r.t, argv[2]))
	}
	return fmt.Sprintf("%q %s", reply, shape([]byte(r.call("GET", key))))
}

func unhex(t *testing.T, s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecord(t *testing.T) {
	if *recordHLL == "" {
		t.Skip("no -record-hll")
	}
	var servers []*recorder
	for address := range strings.SplitSeq(*recordHLL, ",") {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		servers = append(servers, &recorder{t, bufio.NewReader(conn), conn})
	}
	var file strings.Builder
	file.WriteString("# Recorded from redis 7.0.15 and valkey 8.0.1 by TestRecord.\n")
	r := rand.New(rand.NewPCG(7, 2))
	for _, w := range []struct {
		limit, steps int
		damage       bool
	}{
		{3000, 60, false}, {3000, 60, false}, {400, 60, false}, {100, 40, false}, {0, 10, false}, {16000, 60, false},
		{3000, 300, true}, {200, 300, true}, {200, 300, true},
	} {
		fmt.Fprintf(&file, "limit %d\n", w.limit)
		for _, s := range servers {
			s.call("FLUSHALL")
			s.call("CONFIG", "SET", "hll-sparse-max-bytes", strconv.Itoa(w.limit))
		}
		for range w.steps {
			recordStep(t, r, servers, &file, w.damage)
		}
	}
	if !t.Failed() {
		if err := os.WriteFile("testdata/hyperloglogs.txt", []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func recordStep(t *testing.T, r *rand.Rand, servers []*recorder, file *strings.Builder, damage bool) {
	argv := randomStep(r, damage)
	if argv[0] == "write" && servers[0].call("EXISTS", argv[1]) == "0" {
		return
	}
	fmt.Fprintln(file, strings.Join(argv, " "))
	want := servers[0].do(argv)
	for _, s := range servers[1:] {
		if got := s.do(argv); got != want {
			t.Errorf("%.100q:\n one %s\n two %s", argv, want, got)
		}
	}
	fmt.Fprintf(file, "  %s\n", want)
}

var keys = []string{"a", "b", "c"}

// randomStep returns a step on one of the keys. Damage is done to strings short
// enough for it to be met.
func randomStep(r *rand.Rand, damage bool) []string {
	key := keys[r.IntN(len(keys))]
	number := func(n int) string { return strconv.Itoa(r.IntN(n)) }
	k := r.IntN(14)
	if !damage {
		k = r.IntN(10)
	}
	most := 300
	if damage {
		most = 20
	}
	switch k {
	case 0, 1, 2, 3, 4:
		return []string{"add", key, number(5000), number(1 + r.IntN(most))}
	case 5, 6:
		return []string{"count", key}
	case 7:
		return []string{"count", key, keys[r.IntN(len(keys))]}
	case 8:
		return append([]string{"merge", key}, keys[:r.IntN(3)]...)
	case 9:
		if r.IntN(10) == 0 {
			return []string{"dense", key}
		}
		return []string{"add", key, number(5000), "1"}
	case 10:
		return []string{"write", key, number(40), hex.EncodeToString([]byte{byte(r.Uint32())})}
	case 11:
		return []string{"write", key, strconv.Itoa(15 + r.IntN(40)), hex.EncodeToString([]byte{byte(r.Uint32()), byte(r.Uint32())})}
	case 12:
		return []string{"cut", key, strconv.Itoa(14 + r.IntN(50))}
	}
	return []string{"set", key, hex.EncodeToString(randomOpcodes(r))}
}

// randomOpcodes returns a sparse string whose runs cover all registers, about.
func randomOpcodes(r *rand.Rand) []byte {
	b := New()[:headerSize]
	left := registerCount
	for range 1 + r.IntN(12) {
		switch r.IntN(3) {
		case 0:
			n := 1 + r.IntN(maxValRun)
			b = append(b, val(byte(1+r.IntN(maxSparseValue)), n))
			left -= n
		case 1:
			n := 1 + r.IntN(maxZeroRun)
			b = append(b, byte(n-1))
			left -= n
		case 2:
			n := 1 + r.IntN(1400)
			b = append(b, xzeroBit|byte((n-1)>>8), byte(n-1))
			left -= n
		}
	}
	left = max(1, left+(r.IntN(5)-2)*r.IntN(2))
	b = append(b, xzeroBit|byte((left-1)>>8), byte(left-1))
	Invalidate(b)
	return b
}
