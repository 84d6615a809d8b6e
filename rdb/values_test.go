package rdb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/fixtures"
	"respect/keyspace/listpack"
)

// readOne reads a file of one key, "k", from its type byte on.
func readOne(t *testing.T, item string) *recordedKey {
	t.Helper()
	var got recorder
	if err := NewReader(bytes.NewReader(file(item))).Read(&got); err != nil {
		t.Fatalf("%.100q: %v", item, err)
	}
	return got.keys[0]["k"]
}

// TestEmptyValues requires values without elements to be handed over as nothing, which
// real servers leave out with a line in the log.
func TestEmptyValues(t *testing.T) {
	const set, zset, hash, zset2 = "\x02\x01k\x00", "\x03\x01k\x00", "\x04\x01k\x00", "\x05\x01k\x00"
	for _, item := range []string{
		set, zset, hash, zset2,
		"\x0c\x01k" + packed(ziplistOf()), "\x0d\x01k" + packed(ziplistOf()),
		"\x10\x01k" + packed(listpackOf()), "\x11\x01k" + packed(listpackOf()), "\x14\x01k" + packed(listpackOf()),
		"\x16\x01k\x00", "\x17\x01k" + packed(listpackOf()),
		"\x18\x01k" + year2100 + "\x00", "\x19\x01k" + year2100 + packed(listpackOf()),
	} {
		if got := readOne(t, item); got.kind != "" {
			t.Errorf("%q: a %s", item, got.kind)
		}
	}
}

// TestFieldDeadlines has both forms of both ages.
func TestFieldDeadlines(t *testing.T) {
	const at = 4102444800000
	want := []fixtures.Pair{{Name: "f", Value: "1", ExpireAtMs: at}, {Name: "g", Value: "2", ExpireAtMs: at + 2}, {Name: "h", Value: "3"}}
	const fields = "\x01f\x011%s\x01g\x012%s\x01h\x013"
	const wide = "\x81\x00\x00\x03\xbb\x2c\xc3\xd8"
	pack := packed(listpackOf("f", "1", fmt.Sprint(at), "g", "2", fmt.Sprint(at+2), "h", "3", "0"))
	for _, item := range []string{
		"\x16\x01k\x03" + wide + "\x00" + fmt.Sprintf(fields, wide+"\x02", "\x00"),
		"\x18\x01k" + year2100 + "\x03\x01" + fmt.Sprintf(fields, "\x03", "\x00"),
		"\x17\x01k" + pack,
		"\x19\x01k" + year2100 + pack,
	} {
		if diff := cmp.Diff(want, readOne(t, item).pairs); diff != "" {
			t.Errorf("%q (-want +got):\n%s", item, diff)
		}
	}
}

// TestScores has each form of a score.
func TestScores(t *testing.T) {
	for score, want := range map[string]string{
		"\xfe": "+Inf", "\xff": "-Inf", "\x011": "1", "\x04-2.5": "-2.5", "\x03inf": "+Inf", "\x051e999": "+Inf",
		"\x171.7976931348623157e+308": "1.7976931348623157e+308", "\x064e-324": "5e-324", "\x02-0": "0",
	} {
		if len(score) > 1 {
			score = string([]byte{byte(len(score) - 1)}) + score[1:]
		}
		if got := readOne(t, "\x03\x01k\x01\x01m"+score); got.pairs[0].Value != want {
			t.Errorf("%q: %s, want %s", score, got.pairs[0].Value, want)
		}
	}
}

// formVisitor notes how the members of a sorted set arrive.
type formVisitor struct {
	Ignore
	members []string
	packs   int
}

func (v *formVisitor) ZSetMember(member []byte, score float64) error {
	v.members = append(v.members, fmt.Sprintf("%s=%v", member, score))
	return nil
}

func (v *formVisitor) ZSetListpack([]byte) error { v.packs++; return nil }

// TestZSetOutOfOrder requires pairs that are not in order to arrive one by one.
func TestZSetOutOfOrder(t *testing.T) {
	for _, c := range []struct {
		elements []string
		sorted   bool
	}{
		{[]string{"a", "-inf", "b", "1.5", "c", "2", "10", "2.50", "9", "2.5", "x", "inf", "y", "inf"}, true},
		{[]string{"a", "1", "b", "0.5"}, false},
		{[]string{"b", "1", "a", "1.0"}, false},
		{[]string{"9", "1", "10", "1"}, false},
		{[]string{"a", "0", "b", "-0"}, true},
		{[]string{"a", "inf", "b", "-inf"}, false},
		{[]string{"m", "-inf"}, true},
	} {
		for _, form := range []string{"\x11\x01k" + packed(listpackOf(c.elements...)), "\x0c\x01k" + packed(ziplistOf(c.elements...))} {
			var v formVisitor
			if err := NewReader(bytes.NewReader(file(form))).Read(&v); err != nil {
				t.Fatal(err)
			}
			if c.sorted != (v.packs == 1) || c.sorted == (len(v.members) > 0) {
				t.Errorf("%q: %d listpacks, members %q", c.elements, v.packs, v.members)
			}
			if !c.sorted && (len(v.members) != len(c.elements)/2 || !strings.HasPrefix(v.members[0], c.elements[0]+"=")) {
				t.Errorf("%q: members %q", c.elements, v.members)
			}
		}
	}
}

// TestZipmapRandom compares random zipmaps with what they were built from.
func TestZipmapRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	lengths := []int{1, 5, 63, 64, 252, 253, 254, 255, 4095, 4096}
	for _, fields := range []int{1, 2, 3, 10, 252, 253, 254, 255, 300} {
		for range 5 {
			var want []string
			for i := range fields {
				field := strconv.Itoa(i) + strings.Repeat("f", lengths[random.IntN(len(lengths))]/(1+fields/20))
				want = append(want, field, strings.Repeat("v", lengths[random.IntN(len(lengths))]-1))
			}
			pack, err := appendZipmap(nil, []byte(zipmapOf(random.IntN(5), want...)))
			if err != nil {
				t.Fatalf("%d fields: %v", fields, err)
			}
			got, err := elementsOf(pack)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%d fields (-want +got):\n%s", fields, diff)
			}
		}
	}
}

// TestRepeatsRandom compares with a map. The texts are few, and some numbers are stored
// as texts.
func TestRepeatsRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var s seen
	for range 3000 {
		n, size := random.IntN(40), 1+random.IntN(3)
		lp := listpack.New(0)
		model, want := map[string]bool{}, false
		for range n {
			text := strconv.Itoa(random.IntN(1000) - 500)
			if random.IntN(2) == 0 {
				text = strings.Repeat("x", random.IntN(50)) + text
			}
			want = want || model[text]
			model[text] = true
			lp = appendText(lp, text, random.IntN(4) == 0)
			for range size - 1 {
				lp = lp.Append([]byte("same"))
			}
		}
		if got := s.repeats(lp, n, size); got != want {
			t.Fatalf("%d tuples of %d: %v, want %v: %x", n, size, got, want, lp)
		}
	}
}

// appendText appends a short text, as a string even if it is a number when asString.
func appendText(lp listpack.Listpack, text string, asString bool) listpack.Listpack {
	if !asString {
		return lp.Append([]byte(text))
	}
	n := len(lp)
	lp = lp.Append(bytes.Repeat([]byte("x"), len(text)))
	copy(lp[n:], text)
	return slices.Clip(lp)
}
