package keyspace

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"respect/keyspace/lzf"
)

// recordLists names a running valkey-server 8.0 to record testdata/lists.txt
// from, with enable-debug-command. Its data is deleted.
var recordLists = flag.String("record-lists", "", "address of a server to record testdata/lists.txt from")

type listRecorder struct {
	t   *testing.T
	in  *bufio.Reader
	out io.Writer
}

// call sends a command and returns the reply: bulk and simple strings as they
// are, nil as "".
func (r *listRecorder) call(argv ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(argv))
	for _, s := range argv {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(s), s)
	}
	if _, err := r.out.Write(b.Bytes()); err != nil {
		r.t.Fatal(err)
	}
	return r.reply()
}

func (r *listRecorder) reply() string {
	line, err := r.in.ReadString('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$':
		if n < 0 {
			return ""
		}
		data := make([]byte, n+2)
		if _, err := io.ReadFull(r.in, data); err != nil {
			r.t.Fatal(err)
		}
		return string(data[:n])
	case '*':
		for range n {
			r.reply()
		}
		return ""
	}
	return line[1:]
}

// shape returns what the function of this name returns for a list of ours.
func (r *listRecorder) shape(key string) string {
	encoding := r.call("OBJECT", "ENCODING", key)
	if encoding == "" {
		return "none"
	}
	return strings.Join(append([]string{encoding}, dumpedNodes(r.t, []byte(r.call("DUMP", key)))...), " ")
}

// dumpedNodes returns the shapes of the nodes in a payload of type 18, and checks
// that the compressor writes the same bytes.
func dumpedNodes(t *testing.T, b []byte) (shapes []string) {
	if b[0] != 18 {
		t.Fatalf("type %d", b[0])
	}
	b = b[1:]
	length := func() int {
		c := b[0]
		switch c >> 6 {
		case 0:
			b = b[1:]
			return int(c)
		case 1:
			n := int(c&0x3f)<<8 | int(b[1])
			b = b[2:]
			return n
		}
		n := int(binary.BigEndian.Uint32(b[1:]))
		b = b[5:]
		return n
	}
	for range length() {
		plain := length() == 1
		if b[0] != 0xc3 {
			n := length()
			shapes = append(shapes, nodeShape(plain, b[:n]))
			b = b[n:]
			continue
		}
		b = b[1:]
		n, size := length(), length()
		raw, err := lzf.Decompress(b[:n], size)
		if err != nil {
			t.Fatal(err)
		}
		if again, ok := lzf.Compress(nil, raw, size-4); !ok || !bytes.Equal(again, b[:n]) {
			t.Logf("compressed differently: %x\nwant %x", again, b[:n])
		}
		shapes = append(shapes, nodeShape(plain, raw))
		b = b[n:]
	}
	return shapes
}

func TestRecordLists(t *testing.T) {
	if *recordLists == "" {
		t.Skip("no -record-lists")
	}
	conn, err := net.Dial("tcp", *recordLists)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rec := &listRecorder{t, bufio.NewReader(conn), conn}
	var file strings.Builder
	file.WriteString("# Recorded from valkey 8.0.1 by TestRecordLists.\n")
	r := rand.New(rand.NewPCG(7, 2))
	worlds := []ListLimits{{4, 0, 0}, {4, 1, 0}, {1, 0, 0}, {0, 0, 0}, {16, 2, 0}, {-1, 0, 0}, {-1, 1, 0}, {-2, 0, 0}, {4, 0, 60}, {16, 1, 60}}
	for _, limits := range worlds {
		recordWorld(t, rec, r, limits, &file)
	}
	if !t.Failed() {
		if err := os.WriteFile("testdata/lists.txt", []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// edgeCases come first in each world. They go to the byte where a node of 4 KiB is
// full, and show that an integer counts for nothing when it moves from a quicklist
// to a listpack, but does when it moves from a listpack.
var edgeCases = []string{
	"rpush a 2500*x 2500*x b",
	"rpush a 1574*y",
	"rpush b 2500*x 2500*x b",
	"rpush b 1575*y",
	"ltrim a 1 0",
	"ltrim b 1 0",
	"rpush a 123456789012 abcdefghijkl",
	"rpush b 4080*x",
	"lmove a b LEFT RIGHT",
	"ltrim a 1 0",
	"ltrim b 1 0",
	"rpush a 123456789012 2500*x 2500*x",
	"rpush b 4080*x",
	"lmove a b LEFT RIGHT",
	"rpush b y",
}

func recordWorld(t *testing.T, rec *listRecorder, r *rand.Rand, limits ListLimits, file *strings.Builder) {
	rec.call("FLUSHALL")
	rec.call("CONFIG", "SET", "list-max-listpack-size", strconv.Itoa(limits.MaxListpackSize),
		"list-compress-depth", strconv.Itoa(limits.CompressDepth))
	rec.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", strconv.Itoa(limits.PlainFrom))
	fmt.Fprintf(file, "limits %d %d %d\n", limits.MaxListpackSize, limits.CompressDepth, limits.PlainFrom)
	big := 100
	if limits.MaxListpackSize < 0 {
		big = 1500
	}
	w := newListWorld(limits)
	for i := range 150 {
		argv := randomListCommand(r, w, big)
		if i < len(edgeCases) {
			argv = strings.Split(edgeCases[i], " ")
		}
		fmt.Fprintln(file, strings.Join(argv, " "))
		for i := range argv {
			argv[i] = expandElement(argv[i])
		}
		rec.call(argv...)
		w.do(t, argv)
		key := argv[1]
		if argv[0] == "lmove" {
			key = argv[2]
		}
		got, want := shape(w.lists[key]), rec.shape(key)
		if got != want {
			t.Errorf("limits %v: after %.200q\n got %s\nwant %s", limits, argv, got, want)
			return
		}
		fmt.Fprintf(file, "  %s\n", want)
	}
}
