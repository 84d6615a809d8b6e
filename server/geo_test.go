package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"respect/keyspace"
	"respect/keyspace/geohash"
	"respect/protocol"
)

// places returns a sorted set of random points between 5° and 15° of longitude and
// 40° and 50° of latitude, about 790 km by 1110 km.
func places(n int) *keyspace.ZSet {
	limits := &keyspace.ZSetLimits{}
	random := rand.New(rand.NewPCG(1, 2))
	b := keyspace.NewZSetBuilder(limits)
	for i := range n {
		p := geohash.Point{Lon: 5 + 10*random.Float64(), Lat: 40 + 10*random.Float64()}
		b.Add(fmt.Appendf(nil, "place:%06d", i), float64(geohash.Encode(p)))
	}
	return b.ZSet()
}

// BenchmarkGeosearch searches among 100 000 places; a tenth of the radius finds a
// hundredth of them.
func BenchmarkGeosearch(b *testing.B) {
	for _, search := range []string{"BYRADIUS 1 km", "BYRADIUS 10 km", "BYRADIUS 100 km", "BYBOX 20 20 km", "BYRADIUS 100 km COUNT 10", "BYRADIUS 100 km COUNT 10 ANY"} {
		b.Run(strings.ReplaceAll(search, " ", "_"), func(b *testing.B) {
			c := session(b)
			c.db.Add([]byte("geo"), keyspace.TypeZSet, places(100_000))
			var all [][]byte
			random := rand.New(rand.NewPCG(3, 4))
			for range 256 {
				words := fmt.Sprintf("GEOSEARCH geo FROMLONLAT %f %f %s", 6+8*random.Float64(), 41+8*random.Float64(), search)
				all = append(all, protocol.AppendRequest(nil, strings.Split(words, " ")...))
			}
			var buf []byte
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				buf = c.exchange(all[i%len(all)], buf)
			}
		})
	}
}

func TestPlacesAreReadWithoutAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	c := session(t)
	c.db.Add([]byte("geo"), keyspace.TypeZSet, places(1000))
	var buf []byte
	for _, words := range [][]string{
		{"GEOADD", "geo", "13.361389", "38.115556", "place:000007"},
		{"GEODIST", "geo", "place:000001", "place:000002", "KM"},
		{"GEOPOS", "geo", "place:000001", "none"},
		{"GEOHASH", "geo", "place:000001", "none"},
	} {
		request := protocol.AppendRequest(nil, words...)
		buf = c.exchange(request, buf)
		if n := testing.AllocsPerRun(100, func() { buf = c.exchange(request, buf) }); n > 0 {
			t.Errorf("%s: %v allocations", words[0], n)
		}
	}
}

// TestGeosearchFindsWhatALookAtAllFinds holds searches against a look at every place.
func TestGeosearchFindsWhatALookAtAllFinds(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	z := places(2000)
	for range 500 {
		q := geoQuery{Shape: geohash.Shape{
			Centre: geohash.Point{Lon: 4 + 12*random.Float64(), Lat: 39 + 12*random.Float64()},
			Unit:   1000, Radius: 300 * random.Float64(), Width: 600 * random.Float64(), Height: 600 * random.Float64(),
			Box: random.IntN(2) == 0,
		}, withDist: true}
		want := map[string]float64{}
		z.Each(0, z.Len(), false, func(e keyspace.Element, score float64) bool {
			if meters, within := q.Distance(geohash.Decode(score)); within {
				want[string(e.AppendTo(nil))] = meters
			}
			return true
		})
		found := q.find(z, nil)
		if len(found) != len(want) {
			t.Fatalf("%+v: found %d of %d places", q.Shape, len(found), len(want))
		}
		for _, place := range found {
			if meters, ok := want[string(place.member.AppendTo(nil))]; !ok || meters != place.meters {
				t.Fatalf("%+v: found %s at %v m, not %v", q.Shape, place.member.AppendTo(nil), place.meters, meters)
			}
		}
		// The nearest and the farthest.
		q.count = 1 + random.Int64N(50)
		for q.order = -1; q.order <= 1; q.order += 2 {
			some := q.arrange(q.find(z, nil))
			for i, place := range some {
				if i > 0 && float64(q.order)*(place.meters-some[i-1].meters) < 0 {
					t.Fatalf("%+v: %v m comes behind %v m", q, place.meters, some[i-1].meters)
				}
				delete(want, string(place.member.AppendTo(nil)))
			}
			for _, place := range found {
				key := string(place.member.AppendTo(nil))
				if _, left := want[key]; left && float64(q.order)*(place.meters-some[len(some)-1].meters) < 0 {
					t.Fatalf("%+v: %s is left out", q, key)
				}
				want[key] = place.meters
			}
		}
	}
}
