package rdb

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"respect/keyspace"
)

// objects are small values of each type, without a key.
func objects() []string {
	pairs := []string{"f", "1", "g", "2"}
	return []string{
		"\x00\x01v",
		"\x12\x01\x02\x0e\x0e\x00\x00\x00\x03\x00\x80\x01\x81a\x02\x80\x01\xff",
		"\x12\x01\x01\xc3\x09\x40\x96\x01FF\xe0\x89\x00\x01FF",
		"\x0a\x0f\x0f\x00\x00\x00\x0c\x00\x00\x00\x02\x00\x00\xf3\x02\xf4\xff",
		"\x02\x03\x01a\xc0\x05\x03abc",
		"\x0b" + packed(intsetOf(2, -1, 5, 300)),
		"\x0b" + packed(intsetOf(8, -1, 1<<40)),
		"\x14" + packed(listpackOf("a", "5", "abc")),
		"\x04\x02\x01f\x01v\x01g\xc0\x07",
		"\x09" + packed(zipmapOf(1, pairs...)),
		"\x0d" + packed(ziplistOf(pairs...)),
		"\x10" + packed(listpackOf(pairs...)),
		"\x16\x02\x00\x01f\x01v\x81\x00\x00\x03\xbb\x2c\xc3\xd8\x00\x01g\x01w",
		"\x17" + packed(listpackOf("f", "v", "4102444800000", "g", "w", "0")),
		"\x18" + year2100 + "\x02\x01\x01f\x01v\x00\x01g\x01w",
		"\x19" + year2100 + packed(listpackOf("f", "v", "4102444800000", "g", "w", "0")),
		"\x03\x03\x01m\xfe\x01n\x032.5\x01o\xff",
		"\x05\x02\x01m\x00\x00\x00\x00\x00\x00\xf0\x3f\x01n\x00\x00\x00\x00\x00\x00\xf0\xff",
		"\x0c" + packed(ziplistOf("m", "1.5", "n", "2")),
		"\x11" + packed(listpackOf("m", "1.5", "n", "2")),
		"\x11" + packed(listpackOf("m", "2", "n", "-inf")),
		streamObject(TypeStream), streamObject(TypeStream2), streamObject(TypeStream3),
	}
}

// FuzzDecodeObject is FuzzReader for the bodies of DUMP payloads.
func FuzzDecodeObject(f *testing.F) {
	for _, object := range objects() {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		err := DecodeObject(object, 0, nil, &recorder{current: &recordedKey{}})
		var bad *FormatError
		if err != nil && !errors.As(err, &bad) {
			t.Fatal(err)
		}
	})
}

// TestObjectDamage changes each byte of each value. The recorder verifies what is
// accepted.
func TestObjectDamage(t *testing.T) {
	for _, object := range objects() {
		if err := DecodeObject([]byte(object), 0, nil, &recorder{current: &recordedKey{}}); err != nil {
			t.Fatalf("%q: %v", object, err)
		}
		for i := range object {
			for mask := 1; mask < 256; mask++ {
				b := []byte(object)
				b[i] ^= byte(mask)
				err := DecodeObject(b, 0, nil, &recorder{current: &recordedKey{}})
				var bad *FormatError
				if err != nil && !errors.As(err, &bad) {
					t.Fatalf("%q: %v", b, err)
				}
			}
			err := DecodeObject([]byte(object[:i]), 0, nil, &recorder{current: &recordedKey{}})
			var bad *FormatError
			if !errors.As(err, &bad) || bad.Kind != Truncated {
				t.Fatalf("%q: %v", object[:i], err)
			}
		}
	}
}

// loadAndCheck gives a key the value, verifies the keyspace, and deletes the key.
func loadAndCheck(t *testing.T, ks *keyspace.Keyspace, object []byte) {
	t.Helper()
	v, err := LoadObject(object, ks, 0, []byte("k"))
	var bad *FormatError
	if err != nil && (!errors.As(err, &bad) || !v.IsEmpty()) || ks.Len() != 0 {
		t.Fatalf("%q: %v, %d keys", object, err, ks.Len())
	}
	if !v.IsEmpty() {
		checkSaved(t, ks, v.AddTo(ks.DB(0), []byte("k")))
	}
	if err := ks.Check(); err != nil {
		t.Fatalf("%q: %v", object, err)
	}
	ks.DB(0).Delete([]byte("k"))
}

// checkSaved writes a value, and requires what is made of it to be written as the same bytes.
func checkSaved(t *testing.T, ks *keyspace.Keyspace, o *keyspace.Object) {
	t.Helper()
	object, err := OpenDump(AppendDump(nil, o, MaxVersion, true), MaxVersion, false)
	if err != nil {
		t.Fatal(err)
	}
	v, err := LoadObject(object, ks, 0, []byte("again"))
	if err != nil || v.IsEmpty() {
		t.Fatalf("%q: %v", object, err)
	}
	again := v.AddTo(ks.DB(0), []byte("again"))
	defer ks.DB(0).Remove(again)
	if o.Encoding() == "quicklist" && again.Encoding() == "listpack" {
		return // it was a quicklist only because it came from a ziplist
	}
	if o.Encoding() == "hashtable" && again.Encoding() == "intset" {
		// It came as a listpack that is too long here; of members that come one by one real
		// servers make an intset, too.
		sameMembers(t, o.Set(), again.Set())
		return
	}
	if again.Type() != o.Type() || again.Encoding() != o.Encoding() {
		t.Fatalf("%q: a %s, saved and loaded a %s", object, o.Encoding(), again.Encoding())
	}
	if second := AppendDump(nil, again, MaxVersion, true); len(object) != len(second) {
		t.Fatalf("%q: then %q", object, second)
	}
}

// sameMembers requires two sets to hold the same.
func sameMembers(t *testing.T, a, b *keyspace.Set) {
	t.Helper()
	if a.Len() != b.Len() {
		t.Fatalf("%d and %d members", a.Len(), b.Len())
	}
	a.EachText(func(member []byte) bool {
		if !b.Has(member) {
			t.Fatalf("%q is lost", member)
		}
		return true
	})
}

// TestObjectDamageIsLoaded is TestObjectDamage for the values that are made of it.
func TestObjectDamageIsLoaded(t *testing.T) {
	ks := smallLimits()
	step := 1
	if testing.Short() {
		step = 13
	}
	for _, object := range objects() {
		for i := range object {
			for mask := 1; mask < 256; mask += step {
				b := []byte(object)
				b[i] ^= byte(mask)
				loadAndCheck(t, ks, b)
			}
		}
	}
}

// smallLimits returns a keyspace in which values outgrow listpacks soon.
func smallLimits() *keyspace.Keyspace {
	ks := keyspace.New(1, rand.NewPCG(1, 2))
	ks.SetNow(1000)
	ks.Settings.Set = keyspace.SetLimits{MaxIntset: 4, MaxListpackEntries: 2, MaxListpackValue: 3}
	ks.Settings.Hash.MaxListpackEntries, ks.Settings.Hash.MaxListpackValue = 2, 3
	ks.Settings.ZSet.MaxListpackEntries, ks.Settings.ZSet.MaxListpackValue = 2, 3
	return ks
}

// FuzzLoadObject requires what is made of a DUMP payload to be a valid value.
func FuzzLoadObject(f *testing.F) {
	for _, object := range objects() {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, object []byte) { loadAndCheck(t, smallLimits(), object) })
}

// FuzzLoad requires what is made of any file to be a valid keyspace.
func FuzzLoad(f *testing.F) {
	for _, data := range smallFixtures(f, 600) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ks := smallLimits()
		_, err := Load(bytes.NewReader(data), ks, LoadOptions{Size: int64(len(data)), SkipChecksum: true})
		var refused interface{ LogLines() []string }
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if err := ks.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestEveryByteIsLoaded is TestEveryByte for the keyspaces that are made of the files.
func TestEveryByteIsLoaded(t *testing.T) {
	masks := []byte{0x01, 0x10, 0x80, 0xff}
	if testing.Short() {
		masks = masks[3:]
	}
	for name, data := range smallFixtures(t, 250) {
		for i := range data {
			for _, mask := range masks {
				data[i] ^= mask
				ks := smallLimits()
				_, _ = Load(bytes.NewReader(data), ks, LoadOptions{SkipChecksum: true})
				data[i] ^= mask
				if err := ks.Check(); err != nil {
					t.Fatalf("%s, byte %d ^ %#x: %v", name, i, mask, err)
				}
			}
		}
	}
}
