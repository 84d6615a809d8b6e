package conformance_test

import (
	"fmt"
	"math"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// stores are the branches of a shop in Sicily.
var stores = []string{
	"GEOADD stores 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 14.015482 37.734741 Enna",
	"GEOADD stores 13.583333 37.316667 Agrigento 15.2866 37.0755 Siracusa 15.5542 38.1937 Messina",
}

// around returns a query for a circle around Enna, in kilometers.
func around(radius float64) redis.GeoSearchQuery {
	return redis.GeoSearchQuery{Member: "Enna", Radius: radius, RadiusUnit: "km"}
}

// rounded takes the digits away that a position loses in its geohash.
func rounded(degrees float64) float64 { return math.Round(degrees*1e4) / 1e4 }

var _ = eachProtocol("places", Label("group:geo"), func(s *session) {
	describeOutcomes("places by themselves", s,
		Entry("GEOADD", command("geoadd"), outcome{given: stores, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoAdd(ctx, "stores",
					&redis.GeoLocation{Name: "Trapani", Longitude: 12.5372, Latitude: 38.0174},
					&redis.GeoLocation{Name: "Enna", Longitude: 14.27, Latitude: 37.56}))
			}}),
		Entry("GEOADD off the map", command("geoadd"), outcome{err: "ERR invalid longitude,latitude pair 12.000000,86.000000",
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoAdd(ctx, "stores", &redis.GeoLocation{Name: "Pole", Longitude: 12, Latitude: 86}))
			}}),
		Entry("GEOADD to a string", command("geoadd"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoAdd(ctx, "k", &redis.GeoLocation{Name: "Enna", Longitude: 14, Latitude: 37}))
			}}),
		Entry("GEODIST", command("geodist"), outcome{given: stores, want: 166.2742,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoDist(ctx, "stores", "Palermo", "Catania", "km"))
			}}),
		Entry("GEODIST in feet", command("geodist"), outcome{given: stores, want: 545518.8700,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoDist(ctx, "stores", "Palermo", "Catania", "ft"))
			}}),
		Entry("GEODIST of nothing", command("geodist"), outcome{given: stores, err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GeoDist(ctx, "stores", "Palermo", "Roma", "km")) }}),
		Entry("GEODIST in no unit", command("geodist"), outcome{given: stores, err: "ERR unsupported unit provided. please use M, KM, FT, MI",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GeoDist(ctx, "stores", "Palermo", "Enna", "au")) }}),
		Entry("GEOHASH", command("geohash"), outcome{given: stores, want: []string{"sqc8b49rny0", "", "sqdtr74hyu0"},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoHash(ctx, "stores", "Palermo", "Roma", "Catania"))
			}}),
		Entry("GEOPOS", command("geopos"), outcome{given: stores,
			want: []*redis.GeoPos{{Longitude: 13.361389338970184, Latitude: 38.1155563954963}, nil},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GeoPos(ctx, "stores", "Palermo", "Roma")) }}),
		Entry("GEOPOS of nothing", command("geopos"), outcome{want: []*redis.GeoPos{nil},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GeoPos(ctx, "stores", "Palermo")) }}),
		Entry("a place is a member of a sorted set", command("zscore", "geoadd"), outcome{given: stores, want: 3479099956230698.0,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZScore(ctx, "stores", "Palermo")) }}),
	)

	describeOutcomes("searches", s,
		Entry("GEOSEARCH in a circle, nearest first", command("geosearch"), outcome{given: stores, want: []string{"Enna", "Agrigento", "Palermo", "Catania"},
			call: func(ctx ctxt, r *redis.Client) result {
				q := around(100)
				q.Sort = "ASC"
				return got(r.GeoSearch(ctx, "stores", &q))
			}}),
		Entry("GEOSEARCH for the two nearest", command("geosearch"), outcome{given: stores, want: []string{"Enna", "Agrigento"},
			call: func(ctx ctxt, r *redis.Client) result {
				q := around(1000)
				q.Count = 2
				return got(r.GeoSearch(ctx, "stores", &q))
			}}),
		Entry("GEOSEARCH in a box", command("geosearch"), outcome{given: stores, want: []string{"Messina", "Siracusa", "Catania"},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoSearch(ctx, "stores", &redis.GeoSearchQuery{
					Longitude: 15.2, Latitude: 37.5, BoxWidth: 100, BoxHeight: 200, BoxUnit: "km", Sort: "DESC"}))
			}}),
		Entry("GEOSEARCH with all that is known", command("geosearch"), outcome{given: stores,
			want: []redis.GeoLocation{{Name: "Enna", GeoHash: 3479059453637642, Longitude: 14.0155, Latitude: 37.7347}},
			call: func(ctx ctxt, r *redis.Client) result {
				found, err := r.GeoSearchLocation(ctx, "stores", &redis.GeoSearchLocationQuery{
					GeoSearchQuery: around(1), WithCoord: true, WithDist: true, WithHash: true}).Result()
				for i := range found {
					found[i].Longitude, found[i].Latitude = rounded(found[i].Longitude), rounded(found[i].Latitude)
				}
				return result{found, err}
			}}),
		Entry("GEOSEARCH of nothing", command("geosearch"), outcome{want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { q := around(1); return got(r.GeoSearch(ctx, "stores", &q)) }}),
		Entry("GEOSEARCH around nobody", command("geosearch"), outcome{given: stores, err: "ERR could not decode requested zset member",
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoSearch(ctx, "stores", &redis.GeoSearchQuery{Member: "Roma", Radius: 1}))
			}}),
		Entry("GEOSEARCH of a string", command("geosearch"), outcome{given: []string{"SET stores v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { q := around(1); return got(r.GeoSearch(ctx, "stores", &q)) }}),
		Entry("GEORADIUS_RO", command("georadius_ro"), outcome{given: stores, want: []redis.GeoLocation{{Name: "Catania", Dist: 56.4413}, {Name: "Siracusa", Dist: 26.7955}},
			call: func(ctx ctxt, r *redis.Client) result {
				//lint:ignore SA1019 the older commands are what is tested
				return got(r.GeoRadius(ctx, "stores", 15, 37, &redis.GeoRadiusQuery{Radius: 60, Unit: "km", WithDist: true, Sort: "DESC"}))
			}}),
		Entry("GEORADIUSBYMEMBER_RO", command("georadiusbymember_ro"), outcome{given: stores, want: []redis.GeoLocation{{Name: "Catania"}, {Name: "Siracusa"}},
			call: func(ctx ctxt, r *redis.Client) result {
				//lint:ignore SA1019 the older commands are what is tested
				return got(r.GeoRadiusByMember(ctx, "stores", "Catania", &redis.GeoRadiusQuery{Radius: 60, Unit: "km", Sort: "ASC"}))
			}}),
	)

	stored := func(ctx ctxt, r *redis.Client, err error) result {
		GinkgoHelper()
		must(err)
		all, err := r.ZRangeWithScores(ctx, "near", 0, -1).Result()
		for i := range all {
			all[i].Score = rounded(all[i].Score)
		}
		return result{all, err}
	}
	describeOutcomes("searches that store", s,
		Entry("GEOSEARCHSTORE STOREDIST", command("geosearchstore"), outcome{given: stores,
			want: []redis.Z{{Score: 0, Member: "Enna"}, {Score: 60.1288, Member: "Agrigento"}, {Score: 71.3264, Member: "Palermo"}},
			call: func(ctx ctxt, r *redis.Client) result {
				return stored(ctx, r, r.GeoSearchStore(ctx, "stores", "near",
					&redis.GeoSearchStoreQuery{GeoSearchQuery: around(75), StoreDist: true}).Err())
			}}),
		Entry("GEOSEARCHSTORE over another value", command("geosearchstore"), outcome{given: append([]string{"SET near v"}, stores...), want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoSearchStore(ctx, "stores", "near", &redis.GeoSearchStoreQuery{GeoSearchQuery: around(75)}))
			}}),
		Entry("GEOSEARCHSTORE of nothing deletes", command("geosearchstore", "exists"), outcome{given: []string{"SET near v"}, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.GeoSearchStore(ctx, "stores", "near", &redis.GeoSearchStoreQuery{GeoSearchQuery: around(75)}).Err())
				return got(r.Exists(ctx, "near"))
			}}),
		Entry("GEORADIUS STOREDIST", command("georadius"), outcome{given: stores,
			want: []redis.Z{{Score: 26.7955, Member: "Siracusa"}, {Score: 56.4413, Member: "Catania"}},
			call: func(ctx ctxt, r *redis.Client) result {
				return stored(ctx, r, r.GeoRadiusStore(ctx, "stores", 15, 37, &redis.GeoRadiusQuery{Radius: 60, Unit: "km", StoreDist: "near"}).Err())
			}}),
		Entry("GEORADIUSBYMEMBER STORE", command("georadiusbymember"), outcome{given: stores, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.GeoRadiusByMemberStore(ctx, "stores", "Catania", &redis.GeoRadiusQuery{Radius: 60, Unit: "km", Store: "near"}))
			}}),
	)

	It("finds the nearest store that is open", command("geoadd", "geosearchstore", "zinterstore", "zrange"), func(ctx SpecContext) {
		given(ctx, s.Client, append(stores, "SADD open Agrigento Siracusa Messina")...)
		customer := redis.GeoSearchQuery{Longitude: 14.9, Latitude: 37.7, Radius: 200, RadiusUnit: "km"}
		pipe := s.Pipeline()
		pipe.GeoSearchStore(ctx, "stores", "near", &redis.GeoSearchStoreQuery{GeoSearchQuery: customer, StoreDist: true})
		pipe.ZInterStore(ctx, "candidates", &redis.ZStore{Keys: []string{"near", "open"}, Weights: []float64{1, 0}})
		nearest := pipe.ZRangeWithScores(ctx, "candidates", 0, 0)
		_, err := pipe.Exec(ctx)
		must(err)
		Expect(nearest.Val()).To(HaveExactElements(HaveField("Member", "Siracusa")))
		Expect(nearest.Val()[0].Score).To(BeNumerically("~", 77.4, 0.1))
	})

	It("finds all of 5,000 places and no others", Label("slow"), command("geoadd", "geosearch", "geodist"), func(ctx SpecContext) {
		const rows, columns = 50, 100
		var all []*redis.GeoLocation
		for i := range rows * columns {
			all = append(all, &redis.GeoLocation{Name: fmt.Sprint(i), Longitude: 5 + float64(i%columns)/10, Latitude: 45 + float64(i/columns)/10})
		}
		Expect(s.GeoAdd(ctx, "grid", all...).Val()).To(BeEquivalentTo(len(all)))
		found := map[string]bool{}
		for _, place := range s.GeoSearchLocation(ctx, "grid", &redis.GeoSearchLocationQuery{
			GeoSearchQuery: redis.GeoSearchQuery{Member: "2550", Radius: 150, RadiusUnit: "km"}, WithDist: true}).Val() {
			Expect(place.Dist).To(BeNumerically("<=", 150))
			found[place.Name] = true
		}
		pipe := s.Pipeline()
		for i := range all {
			pipe.GeoDist(ctx, "grid", "2550", fmt.Sprint(i), "km")
		}
		distances, err := pipe.Exec(ctx)
		must(err)
		for i, d := range distances {
			if near := d.(*redis.FloatCmd).Val() <= 150; near != found[fmt.Sprint(i)] {
				Fail(fmt.Sprintf("place %d is %v km away, found: %t", i, d.(*redis.FloatCmd).Val(), !near))
			}
		}
	})
})
