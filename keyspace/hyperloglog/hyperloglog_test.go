package hyperloglog

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random tests; 0 for a new one")

// newRand returns a source whose seed the test prints, so that a failure can be
// repeated with -seed.
func newRand(t *testing.T) *rand.Rand {
	s := *seedFlag
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d", s)
	return rand.New(rand.NewPCG(s, s))
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("not a number: %q", s)
	}
	return n
}

// elements returns the elements that a first number and a count stand for: of
// every length up to 30 bytes.
func elements(t *testing.T, argv []string) (all []string) {
	first := atoi(t, argv[0])
	for i := first; i < first+atoi(t, argv[1]); i++ {
		all = append(all, strconv.Itoa(i)+strings.Repeat("\xfe", i%27))
	}
	return all
}

// shape tells the size and the bytes of a string.
func shape(b []byte) string {
	h := fnv.New32a()
	h.Write(b)
	return fmt.Sprintf("%d:%08x", len(b), h.Sum32())
}

// world is what a sequence of steps works on.
type world struct {
	limit   int
	strings map[string][]byte
}

const (
	notValid  = "-WRONGTYPE Key is not a valid HyperLogLog string value."
	corrupted = "-INVALIDOBJ Corrupted HLL object detected"
)

// do carries a step out, as the server does, and returns its reply and the
// string.
func (w *world) do(t *testing.T, argv []string) string {
	reply := ""
	switch argv[0] {
	case "add":
		reply = w.add(argv[1], elements(t, argv[2:]))
	case "count":
		reply = w.count(argv[1:])
	case "merge":
		reply = w.merge(argv[1:])
	case "dense":
		reply = w.dense(argv[1])
	case "write":
		w.write(argv[1], atoi(t, argv[2]), unhex(t, argv[3]))
	case "cut":
		w.strings[argv[1]] = w.strings[argv[1]][:min(atoi(t, argv[2]), len(w.strings[argv[1]]))]
	case "set":
		w.strings[argv[1]] = []byte(unhex(t, argv[2]))
	default:
		t.Fatalf("unknown step %q", argv)
	}
	return fmt.Sprintf("%q %s", reply, shape(w.strings[argv[1]]))
}

func (w *world) write(key string, at int, part string) {
	b := append(bytes.Clone(w.strings[key]), make([]byte, max(0, at+len(part)-len(w.strings[key])))...)
	copy(b[at:], part)
	w.strings[key] = b
}

func (w *world) add(key string, elements []string) string {
	b, there := w.strings[key]
	changed := !there
	if !there {
		b = New()
		Invalidate(b)
	}
	if !Valid(b) {
		return notValid
	}
	for _, e := range elements {
		var raised bool
		var err error
		b, raised, err = Add(b, []byte(e), w.limit)
		w.strings[key] = b
		if err != nil {
			return corrupted
		}
		changed = changed || raised
	}
	w.strings[key] = b
	return map[bool]string{false: "0", true: "1"}[changed]
}

func (w *world) count(keys []string) string {
	if len(keys) == 1 {
		b, there := w.strings[keys[0]]
		if !there {
			return "0"
		}
		if !Valid(b) {
			return notValid
		}
		n, ok := CachedCount(b)
		if !ok {
			var err error
			if n, err = Count(b); err != nil {
				return corrupted
			}
			SetCachedCount(b, n)
		}
		return strconv.FormatInt(n, 10)
	}
	union, _, reply := w.union(keys)
	if reply != "" {
		return reply
	}
	return strconv.FormatInt(union.Count(), 10)
}

func (w *world) union(keys []string) (union *Registers, dense bool, reply string) {
	union = new(Registers)
	for _, key := range keys {
		b, there := w.strings[key]
		if !there {
			continue
		}
		if !Valid(b) {
			return nil, false, notValid
		}
		dense = dense || IsDense(b)
		if union.Merge(b) != nil {
			return nil, false, corrupted
		}
	}
	return union, dense, ""
}

func (w *world) merge(keys []string) string {
	union, dense, reply := w.union(keys)
	if reply != "" {
		return reply
	}
	b, there := w.strings[keys[0]]
	if !there {
		b = New()
	}
	err := error(nil)
	if dense {
		b, err = ToDense(b)
	}
	if err == nil {
		b, err = RaiseAll(b, union, w.limit)
	}
	w.strings[keys[0]] = b
	if err != nil {
		return corrupted
	}
	return "OK"
}

func (w *world) dense(key string) string {
	b, there := w.strings[key]
	if !there {
		return "-ERR The specified key does not exist"
	}
	if !Valid(b) {
		return notValid
	}
	if IsDense(b) {
		return "0"
	}
	b, err := ToDense(b)
	if err != nil {
		return corrupted
	}
	w.strings[key] = b
	return "1"
}

// TestRecorded replays what record_test.go recorded from real servers: the
// replies and the bytes of the string are the same after each step.
//
//	limit 3000              hll-sparse-max-bytes of a new, empty world
//	add a 17 200            a step: key, first number and count of elements
//	  "1" 436:77bc9d02      its reply; size and hash of the string
func TestRecorded(t *testing.T) {
	f, err := os.Open("testdata/hyperloglogs.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, got, replayed := (*world)(nil), "", 0
	for line, in := 1, bufio.NewScanner(f); in.Scan(); line++ {
		argv := strings.Split(in.Text(), " ")
		switch {
		case argv[0] == "#":
		case argv[0] == "limit":
			w = &world{atoi(t, argv[1]), map[string][]byte{}}
		case argv[0] != "":
			got = w.do(t, argv)
			replayed++
		default:
			if want := in.Text()[2:]; got != want {
				t.Fatalf("line %d:\n got %s\nwant %s", line, got, want)
			}
		}
	}
	if replayed < 1000 {
		t.Errorf("only %d steps", replayed)
	}
}

// registersOf reads the registers one by one, naively, and checks that a sparse
// string is within the size.
func registersOf(t *testing.T, b []byte, limit int) *Registers {
	t.Helper()
	regs := new(Registers)
	if !Valid(b) {
		t.Fatalf("%x is not valid", b[:headerSize])
	}
	ops := b[headerSize:]
	if IsDense(b) {
		for i := range regs {
			regs[i] = getDense(ops, i)
		}
		return regs
	}
	if len(b) > max(limit, len(New())) {
		t.Fatalf("%d bytes are sparse, the limit is %d", len(b), limit)
	}
	i := 0
	for at := 0; at < len(ops); {
		r := runAt(ops, at)
		for range r.length {
			regs[i] = r.value
			i++
		}
		at += r.size
	}
	if i != registerCount {
		t.Fatalf("%d registers", i)
	}
	return regs
}

func TestRegistersAgainstModel(t *testing.T) {
	r := newRand(t)
	for _, limit := range []int{0, 30, 200, 3000, 20_000} {
		b, model := New(), new(Registers)
		for n := range 3000 {
			e := editor{b: b, maxSize: limit}
			index, value := r.IntN(registerCount), byte(1+r.IntN(4))
			if r.IntN(2) == 0 {
				index = r.IntN(300)
			}
			if r.IntN(1500) == 0 {
				value = byte(r.IntN(maxValue) + 1)
			}
			changed, err := e.raise(index, value)
			if err != nil || changed != (value > model[index]) {
				t.Fatalf("limit %d: raising %d from %d to %d: changed %v, error %v", limit, index, model[index], value, changed, err)
			}
			b = e.b
			model[index] = max(model[index], value)
			if n%50 == 0 && *registersOf(t, b, limit) != *model {
				t.Fatalf("limit %d: other registers after %d steps", limit, n)
			}
		}
		checkForms(t, b, model, limit)
	}
}

// checkForms compares all that is told of the registers, in both encodings.
func checkForms(t *testing.T, b []byte, model *Registers, limit int) {
	t.Helper()
	dense, err := ToDense(bytes.Clone(b))
	if err != nil || *registersOf(t, dense, limit) != *model {
		t.Fatalf("limit %d: dense: other registers, error %v", limit, err)
	}
	copied, err := RaiseAll(New(), model, limit)
	if err != nil || *registersOf(t, copied, limit) != *model {
		t.Fatalf("limit %d: copied: other registers, error %v", limit, err)
	}
	want := model.Count()
	for _, form := range [][]byte{b, dense, copied} {
		var union Registers
		if err := union.Merge(form); err != nil || union != *model {
			t.Fatalf("limit %d: merged: other registers, error %v", limit, err)
		}
		if n, err := Count(form); n != want || err != nil {
			t.Fatalf("limit %d: count %d, error %v, want %d", limit, n, err, want)
		}
	}
}

func TestSelfTest(t *testing.T) {
	if !SelfTest(newRand(t)) {
		t.Error("fails")
	}
}

// TestAscendingOrderKeepsItsPlace raises registers in ascending order as PFMERGE does,
// and counts the opcodes looked at: not more than a few for each register.
func TestAscendingOrderKeepsItsPlace(t *testing.T) {
	e := editor{b: New(), maxSize: 1 << 20}
	far := 0
	for i := 1000; i < registerCount; i += 3 {
		if _, err := e.raise(i, byte(1+i%5)); err != nil {
			t.Fatal(err)
		}
		if i-e.from.first > 20 {
			far++
		}
	}
	if far > 10 {
		t.Errorf("the search begins far away for %d registers", far)
	}
}

func TestEstimateOfDamagedRegisters(t *testing.T) {
	b := make([]byte, denseSize)
	copy(b, magic)
	if n, err := Count(b); n != 0 || err != nil {
		t.Errorf("no element counts as %d, error %v", n, err)
	}
	for i := headerSize; i < denseSize; i++ {
		b[i] = 0xff
	}
	if n, err := Count(b); n != math.MinInt64 || err != nil {
		t.Errorf("impossible registers count as %d, error %v", n, err)
	}
}

func TestPlainPathsAllocateNothing(t *testing.T) {
	sparse, dense := New(), []byte(nil)
	r := newRand(t)
	element := make([]byte, 21)
	for range 500 {
		element[r.IntN(len(element))]++
		sparse, _, _ = Add(sparse, element, 3000)
	}
	dense, _ = ToDense(sparse)
	var union Registers
	sparse = slices.Grow(sparse, 1000)
	n := testing.AllocsPerRun(50, func() {
		element[r.IntN(len(element))]++
		sparse, _, _ = Add(sparse, element, 20_000)
		dense, _, _ = Add(dense, element, 0)
		for _, b := range [][]byte{sparse, dense} {
			n, _ := Count(b)
			SetCachedCount(b, n)
			union.Merge(b)
		}
		union.Count()
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDamaged does everything with a string that anyone may have written.
func FuzzDamaged(f *testing.F) {
	f.Add([]byte("\x7f\xff"), []byte("abc"))
	f.Add([]byte("\x7f"), []byte("abc"))
	f.Add([]byte{0x3f, val(32, 4), 0x7f, 0xbb}, []byte("\x00\x01\x02"))
	f.Add(bytes.Repeat([]byte{val(1, 4)}, registerCount/4), []byte("x"))
	f.Fuzz(func(t *testing.T, ops, script []byte) {
		b := append(New()[:headerSize], ops...)
		Invalidate(b)
		AppendOpcodes(nil, b)
		_, countErr := Count(b)
		var union Registers
		mergeErr := union.Merge(b)
		dense, denseErr := ToDense(b)
		if (countErr == nil) != (mergeErr == nil) || (countErr == nil) != (denseErr == nil) {
			t.Fatalf("count %v, merge %v, dense %v", countErr, mergeErr, denseErr)
		}
		if countErr == nil {
			checkForms(t, b, registersOf(t, dense, 0), len(b))
		}
		for i, c := range script[:min(16, len(script))] {
			var err error
			b, _, err = Add(b, script[:i], int(c)*4)
			if !Valid(b) {
				t.Fatalf("not valid any more: %x", b)
			}
			if countErr == nil && err != nil {
				t.Fatalf("adding fails: %v", err)
			}
		}
		RaiseAll(b, &union, len(script)*4)
	})
}

// BenchmarkAdd adds elements that are there already: what a busy sketch does most
// of the time.
func BenchmarkAdd(b *testing.B) {
	for _, c := range []struct {
		name            string
		limit, elements int
	}{{"sparse", 3000, 900}, {"big", 16_000, 8000}, {"dense", 0, 8000}} {
		b.Run(c.name, func(b *testing.B) {
			sketch, element := New(), make([]byte, 8)
			add := func(i int) {
				element[0], element[1] = byte(i), byte(i>>8)
				sketch, _, _ = Add(sketch, element, c.limit)
			}
			for i := range c.elements {
				add(i)
			}
			b.ReportMetric(float64(len(sketch)), "bytes")
			for i := 0; b.Loop(); i++ {
				add(i % c.elements)
			}
		})
	}
}

func BenchmarkCount(b *testing.B) {
	sketch := New()
	for i := range 1000 {
		sketch, _, _ = Add(sketch, []byte{byte(i), byte(i >> 8)}, 20_000)
	}
	dense, _ := ToDense(sketch)
	var union Registers
	for _, c := range []struct {
		name string
		call func()
	}{
		{"sparse", func() { Count(sketch) }},
		{"dense", func() { Count(dense) }},
		{"merge", func() { union.Merge(dense) }},
		{"union", func() { union.Count() }},
		{"raise", func() { RaiseAll(New(), &union, 20_000) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.call()
			}
		})
	}
}
