package server

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"respect/protocol"
)

// BenchmarkPipeline executes pipelines of 32 requests, on random keys of 100 000
// or on one list, without a socket.
func BenchmarkPipeline(b *testing.B) {
	for _, words := range [][]string{
		{"GET", "key"}, {"SET", "key", "xyz"}, {"INCR", "counter"}, {"LPUSH", "mylist", "xyz"}, {"LPOP", "mylist"},
	} {
		b.Run(words[0], func(b *testing.B) { benchmarkPipeline(b, words) })
	}
}

func benchmarkPipeline(b *testing.B, words []string) {
	const depth, pipelines = 32, 4096
	c := session(b)
	random := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	buf := make([]byte, 0, 8192)
	for range pipelines {
		var one, fill []byte
		for range depth {
			key := words[1]
			if key != "mylist" {
				key = fmt.Sprintf("%s:%012d", key, random.IntN(100_000))
			}
			one = protocol.AppendRequest(one, append([]string{words[0], key}, words[2:]...)...)
			fill = protocol.AppendRequest(fill, "LPUSH", "mylist", "xyz")
		}
		all = append(all, one)
		if words[0] == "LPOP" {
			one = fill
		}
		buf = c.exchange(one, buf)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += depth {
		buf = c.exchange(all[i/depth%pipelines], buf)
	}
}
