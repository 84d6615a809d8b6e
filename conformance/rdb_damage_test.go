package conformance_test

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"strings"

	"respect/conformance/target"
	"respect/fixtures"
)

// damage is a file that no server may load.
type damage struct {
	name string
	file []byte
}

// logged is a pattern for what our server must log: the place, or what is wrong
// with the first nine bytes.
func (d *damage) logged() string {
	switch {
	case bytes.HasPrefix(d.file, []byte("REDIS0010")):
		return `offset \d+`
	case bytes.HasPrefix(d.file, []byte("REDIS0")):
		return `Can't handle RDB format version \d+`
	}
	return `Wrong signature|offset \d+`
}

// damages are made of a file that every server loads, and of bytes written here.
func damages() []damage {
	whole, err := fs.ReadFile(fixtures.RDB(), "redis-7.0.15/lists.rdb")
	if err != nil {
		panic(err) // the tree of specs cannot be built without it
	}
	change := func(at int, with string) []byte {
		b := bytes.Clone(whole)
		copy(b[(at+len(b))%len(b):], with)
		return b
	}
	return []damage{
		{"the checksum is missing", whole[:len(whole)-8]},
		{"cut within the checksum", whole[:len(whole)-3]},
		{"cut before its end", whole[:len(whole)-9]},
		{"cut in the middle", whole[:len(whole)/2]},
		{"cut within the signature", whole[:5]},
		{"one bit of the checksum flipped", change(-1, string([]byte{whole[len(whole)-1] ^ 1}))},
		{"an element changed, the checksum not", change(bytes.LastIndexByte(whole[:len(whole)-20], 'a'), "b")},
		{"version 99", change(5, "0099")},
		{"version is no number", change(5, "00x0")},
		{"version 0", change(5, "0000")},
		{"another signature", change(0, "SIDER")},
		{"a string longer than the file", rdbFile("\x00\x01k\x0d1234")},
		{"a string of 1 TB", rdbFile("\x00\x01k\x81\x00\x00\x01\x00\x00\x00\x00\x00v")},
		{"a key of 4 GB", rdbFile("\x00\x80\xff\xff\xff\xffk")},
		{"a list of 2^32 elements", rdbFile("\x01\x01k\x80\xff\xff\xff\xff\x01a")},
		{"a compressed string that is too short", rdbFile("\x00\x01k\xc3\x02\x05\x01ab")},
		{"a quicklist of a node that is no listpack", rdbFile("\x12\x01k\x01\x02\x05abcde")},
		{"a listpack whose size lies", rdbFile("\x12\x01k\x01\x02\x07\xff\x00\x00\x00\x00\x00\xff")},
		{"a set with a member twice", rdbFile("\x02\x01k\x02\x01a\x01a")},
		{"a set with a number twice", rdbFile("\x02\x01k\x02\xc0\x05\x015")},
		{"an intset of fewer integers", rdbFile("\x0b\x01k\x0a\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00")},
		{"an intset without integers", rdbFile("\x0b\x01k\x08\x02\x00\x00\x00\x00\x00\x00\x00")},
		{"a hash with a long field twice", rdbFile("\x04\x01k\x02" + strings.Repeat("\x40\x46"+strings.Repeat("f", 70)+"\x01v", 2))},
		{"a hash of 2^32 fields", rdbFile("\x04\x01k\x80\xff\xff\xff\xff\x01f\x01v")},
		{"a hash in a listpack whose size lies", rdbFile("\x10\x01k\x07\xff\x00\x00\x00\x00\x00\xff")},
		{"a hash in a ziplist of three", rdbFile("\x0d\x01k\x14\x14\x00\x00\x00\x10\x00\x00\x00\x03\x00\x00\x01f\x03\x01v\x03\x01g\xff")},
		{"a zipmap without fields", rdbFile("\x09\x01k\x02\x00\xff")},
		{"a zipmap with a field twice", rdbFile("\x09\x01k\x0c\x02\x01f\x01\x00v\x01f\x01\x00w\xff")},
		{"a sorted set with a score that is NaN", rdbFile("\x05\x01k\x01\x01m\x00\x00\x00\x00\x00\x00\xf8\x7f")},
		{"a sorted set with a score that is no text", rdbFile("\x03\x01k\x01\x01m\x03abc")},
		{"a sorted set with a member twice", rdbFile("\x03\x01k\x02\x01m\x011\x01m\x012")},
		{"a stream whose node has no ID", rdbFile("\x13\x01k\x01\x05abcde\x07\x07\x00\x00\x00\x00\x00\xff")},
		{"a stream in a listpack whose size lies", rdbFile("\x13\x01k\x01\x10" + strings.Repeat("\x01", 16) + "\x07\xff\x00\x00\x00\x00\x00\xff")},
		{"a stream of two entries without nodes", rdbFile("\x13\x01k\x00\x02" + strings.Repeat("\x00", 8))},
		{"a stream of 2^32 nodes", rdbFile("\x13\x01k\x80\xff\xff\xff\xff\x10")},
		{"a stream with a group twice", rdbFile("\x0f\x01k\x00\x00\x01\x01\x02" + strings.Repeat("\x01g\x00\x00\x00\x00", 2))},
		{"a stream with a pending entry twice", rdbFile("\x0f\x01k\x00\x00\x01\x01\x01\x01g\x00\x00\x02" + strings.Repeat("\x01", 2*(16+8+1)) + "\x00")},
		{"a stream with a consumer twice", rdbFile("\x0f\x01k\x00\x00\x01\x01\x01\x01g\x00\x00\x00\x02" + strings.Repeat("\x01c12345678\x00", 2))},
		{"a stream whose consumer has what the group has not", rdbFile("\x0f\x01k\x00\x00\x01\x01\x01\x01g\x00\x00\x00\x01\x01c12345678\x01" + strings.Repeat("\x01", 16))},
		{"a stream with 2^32 pending entries", rdbFile("\x0f\x01k\x00\x00\x01\x01\x01\x01g\x00\x00\x80\xff\xff\xff\xff")},
		{"an unknown type", rdbFile("\x63\x01kv")},
		{"an unknown length form", rdbFile("\x00\x01k\xc7v")},
	}
}

// rdbFile is a file of RDB version 10 that holds the bytes in database 0. Its
// checksum is zero, which switches the check off.
func rdbFile(body string) []byte {
	return []byte("REDIS0010\xfe\x00" + body + "\xff" + strings.Repeat("\x00", 8))
}

// oneKey is a file of at most one key with an opcode in front, which no fixture
// of these types has.
type oneKey struct {
	name   string
	body   string
	params []target.Param
	want   map[string]keyState
}

func (b *oneKey) file() []byte { return rdbFile(b.body) }

func built() []oneKey {
	const (
		year2100   = 4_102_444_800
		year2001   = 1_000_000_000
		year2033   = 2_000_000_000
		value      = "\x00\x01k\x01v"
		freq       = "\xf9\xc8"
		idle       = "\xf8\x43\xe8" // 1000 s
		milliLabel = "\xfc"
		secLabel   = "\xfd"
	)
	millis := func(ms uint64) string { return milliLabel + string(binary.LittleEndian.AppendUint64(nil, ms)) }
	seconds := func(s uint32) string { return secLabel + string(binary.LittleEndian.AppendUint32(nil, s)) }
	state := func(change func(s *keyState)) map[string]keyState {
		s := keyState{Type: "string", Encoding: "embstr", ExpireAtMs: -1, Freq: -1, IdleSeconds: -1, Value: []string{"v"}}
		change(&s)
		return map[string]keyState{"k": s}
	}
	lfu := []target.Param{{Name: "maxmemory-policy", Value: "allkeys-lfu"}}
	lru := []target.Param{{Name: "maxmemory-policy", Value: "allkeys-lru"}}
	return []oneKey{
		{"nothing in front", value, nil, state(func(*keyState) {})},
		{"freq under LFU", freq + value, lfu, state(func(s *keyState) { s.Freq = 200 })},
		{"freq under LRU", freq + value, lru, state(func(*keyState) {})},
		{"idle under LRU", idle + value, lru, state(func(s *keyState) { s.IdleSeconds = 1000 })},
		{"idle without a policy", idle + value, nil, state(func(s *keyState) { s.IdleSeconds = 1000 })},
		{"expiry in ms", millis(year2100*1000+123) + value, nil, state(func(s *keyState) { s.ExpireAtMs = year2100*1000 + 123 })},
		{"expiry in s", seconds(year2033) + value, nil, state(func(s *keyState) { s.ExpireAtMs = year2033 * 1000 })},
		{"expiry and idle", millis(year2100*1000) + idle + value, lru, state(func(s *keyState) { s.ExpireAtMs, s.IdleSeconds = year2100*1000, 1000 })},
		{"a set without members", "\x02\x01k\x00", nil, map[string]keyState{}},
		{"a hash without fields", "\x0d\x01k\x0b\x0b\x00\x00\x00\x0a\x00\x00\x00\x00\x00\xff", nil, map[string]keyState{}},
		{"a sorted set without members", "\x11\x01k\x07\x07\x00\x00\x00\x00\x00\xff", nil, map[string]keyState{}},
		{"an empty stream", "\x0f\x01k\x00\x00\x05\x06\x00", nil, state(func(s *keyState) {
			s.Type, s.Encoding = "stream", "stream"
			s.Value = []string{"length 0, first 18446744073709551615-18446744073709551615, last 5-6, deleted 0-0, added 0"}
		})},
		{"past expiry in ms", millis(year2001*1000) + value, nil, map[string]keyState{}},
		{"past expiry in s", seconds(year2001) + value, nil, map[string]keyState{}},
	}
}
