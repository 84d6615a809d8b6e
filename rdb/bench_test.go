package rdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"respect/keyspace"
)

const benchKeys = 1_000_000

// benchFile is a file of a million values, made by value with its type byte in front.
func benchFile(value func(i int) (typeByte byte, value string)) []byte {
	var items strings.Builder
	fmt.Fprintf(&items, "\xfb\x80%s\x00", binary.BigEndian.AppendUint32(nil, benchKeys))
	for i := range benchKeys {
		typeByte, value := value(i)
		key := fmt.Sprintf("key:%d", i)
		fmt.Fprintf(&items, "%c%c%s%s", typeByte, len(key), key, value)
	}
	return file(items.String())
}

func benchString(i int) (byte, string) {
	return byte(TypeString), fmt.Sprintf("\x20%032d", i)
}

// BenchmarkReader reads a million small strings, and reports keys per second.
func BenchmarkReader(b *testing.B) {
	data := benchFile(benchString)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := NewReader(bytes.NewReader(data)).Read(Ignore{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benchKeys*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
}

// BenchmarkLoad loads a million values of each type.
func BenchmarkLoad(b *testing.B) {
	pairs := func(i int) []string {
		return []string{"name", fmt.Sprintf("user %d", i), "age", fmt.Sprint(i % 100), "mail", fmt.Sprintf("%d@example.org", i)}
	}
	members := func(i int) []string {
		return []string{fmt.Sprintf("member:%d", i), "red", "green", fmt.Sprint(i), "blue"}
	}
	for _, c := range []struct {
		name  string
		value func(i int) (byte, string)
	}{
		{"String", benchString},
		{"HashListpack", func(i int) (byte, string) { return byte(TypeHashListpack), packed(listpackOf(pairs(i)...)) }},
		{"HashZiplist", func(i int) (byte, string) { return byte(TypeHashZiplist), packed(ziplistOf(pairs(i)...)) }},
		{"Hash", func(i int) (byte, string) { return byte(TypeHash), "\x03" + stringsOf(pairs(i)...) }},
		{"SetListpack", func(i int) (byte, string) { return byte(TypeSetListpack), packed(listpackOf(members(i)...)) }},
		{"SetIntset", func(i int) (byte, string) { return byte(TypeSetIntset), packed(intsetOf(4, 1, 2, int64(i+3))) }},
		{"Set", func(i int) (byte, string) { return byte(TypeSet), "\x05" + stringsOf(members(i)...) }},
		{"ZSetListpack", func(i int) (byte, string) {
			return byte(TypeZSetListpack), packed(listpackOf("a", "1", "b", "2.5", "c", fmt.Sprint(i+3)))
		}},
		{"ZSet2", func(i int) (byte, string) {
			score := string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(i))))
			return byte(TypeZSet2), "\x02\x01a" + score + "\x01b" + score
		}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkLoad(b, benchFile(c.value)) })
	}
}

// stringsOf are short strings as a file stores them.
func stringsOf(texts ...string) string {
	var b strings.Builder
	for _, s := range texts {
		b.WriteString(string(rune(len(s))) + s)
	}
	return b.String()
}

func benchmarkLoad(b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		ks := keyspace.New(1, rand.NewPCG(1, 2))
		stats, err := Load(bytes.NewReader(data), ks, LoadOptions{Size: int64(len(data))})
		if err != nil || stats.Keys != benchKeys {
			b.Fatalf("%d keys, %v", stats.Keys, err)
		}
	}
	b.ReportMetric(benchKeys*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
}

// BenchmarkSave saves a million small strings or hashes, or one sorted set of as many
// members, and reports elements per second.
func BenchmarkSave(b *testing.B) {
	for _, c := range []struct {
		name string
		add  func(db *keyspace.DB, limits *keyspace.Settings)
	}{
		{"String", func(db *keyspace.DB, _ *keyspace.Settings) {
			for i := range benchKeys {
				db.SetString(fmt.Appendf(nil, "key:%012d", i), bytes.Repeat([]byte("x"), 32), false)
			}
		}},
		{"HashListpack", func(db *keyspace.DB, limits *keyspace.Settings) {
			for i := range benchKeys {
				packed := listpackOf("name", fmt.Sprint("element:", i), "age", fmt.Sprint(i%100), "city", "Berlin")
				h := keyspace.HashOfListpack([]byte(packed), &limits.Hash)
				db.Add(fmt.Appendf(nil, "key:%012d", i), keyspace.TypeHash, h)
			}
		}},
		{"ZSet2", func(db *keyspace.DB, limits *keyspace.Settings) {
			z := keyspace.NewZSetBuilder(&limits.ZSet)
			for i := range benchKeys {
				z.Add(fmt.Appendf(nil, "element:%012d", i), float64(i*7%1_000_003))
			}
			db.Add([]byte("zset"), keyspace.TypeZSet, z.ZSet())
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			ks := keyspace.New(1, rand.NewPCG(1, 2))
			c.add(ks.DB(0), &ks.Settings)
			for b.Loop() {
				if _, err := Save(io.Discard, ks, SaveOptions{Version: 11, Compress: true}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(benchKeys*float64(b.N)/b.Elapsed().Seconds(), "elements/s")
		})
	}
}
