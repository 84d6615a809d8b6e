package faults

import (
	"slices"
	"strconv"
	"strings"

	"respect/conformance/resp"
)

// Bitmaps, places and HyperLogLogs: what strings and sorted sets are used for.

var bitmapFaults = []Fault{
	{
		Name: "bits from the right", Area: "bitmap", Breaks: "GETBIT takes the lowest bit of a byte for the first",
		File: "bitmap/getbit.txt", Case: "inside and behind the end",
		New: onRequest("GETBIT", func(words []string) []string {
			if n, err := strconv.ParseUint(words[len(words)-1], 10, 32); err == nil {
				words[len(words)-1] = strconv.FormatUint(n^7, 10)
			}
			return words
		}),
	},
	{
		Name: "unit of BITCOUNT ignored", Area: "bitmap", Breaks: "a range of bits is taken for one of bytes",
		File: "bitmap/bitcount.txt", Case: "bits", New: withoutWord("BITCOUNT", "BIT"),
	},
	{
		Name: "SAT wraps", Area: "bitmap", Breaks: "BITFIELD OVERFLOW SAT does what WRAP does",
		File: "bitmap/bitfield-overflow.txt", Case: "sat", New: otherWord("BITFIELD", "SAT", "WRAP"),
	},
	{
		Name: "BITOP AND as OR", Area: "bitmap", Breaks: "bits of one source alone are set",
		File: "bitmap/bitop.txt", Case: "operations", New: otherWord("BITOP", "AND", "OR"),
	},
	{
		Name: "BITPOS without a bit", Area: "bitmap", Breaks: "the length is told in place of -1",
		File: "bitmap/bitpos.txt", Case: "of nothing",
		New: onReply("BITPOS", func(v *resp.Value) {
			if string(v.Text) == "-1" {
				*v = integer(0)
			}
		}),
	},
}

var geoFaults = []Fault{
	{
		Name: "units ignored", Area: "geo", Breaks: "GEODIST always tells metres",
		File: "geo/geodist.txt", Case: "units",
		New: onRequest("GEODIST", func(words []string) []string { return words[:min(4, len(words))] }),
	},
	{
		Name: "places turned round", Area: "geo", Breaks: "GEOPOS tells the latitude first",
		File: "geo/geopos.txt", Case: "values",
		New: onReply("GEOPOS", func(v *resp.Value) {
			for i := range v.Elems {
				slices.Reverse(v.Elems[i].Elems)
			}
		}),
	},
	{
		Name: "geohash cut", Area: "geo", Breaks: "GEOHASH tells ten characters",
		File: "geo/geohash.txt", Case: "values",
		New: onReply("GEOHASH", func(v *resp.Value) {
			for i := range v.Elems {
				if e := &v.Elems[i]; len(e.Text) == 11 {
					e.Text = e.Text[:10]
				}
			}
		}),
	},
	{
		Name: "farthest first ignored", Area: "geo", Breaks: "GEOSEARCH DESC sorts as ASC",
		File: "geo/geosearch.txt", Case: "options", New: otherWord("GEOSEARCH", "DESC", "ASC"),
	},
}

var hyperLogLogFaults = []Fault{
	{
		Name: "PFADD always new", Area: "hyperloglog", Breaks: "the reply says that elements change something that do not",
		File: "hyperloglog/pfadd.txt", Case: "new and old elements",
		New: onReply("PFADD", func(v *resp.Value) { *v = integer(1) }),
	},
	{
		Name: "PFCOUNT of one key", Area: "hyperloglog", Breaks: "of several keys only the first is counted",
		File: "hyperloglog/pfcount.txt", Case: "several keys",
		New: onRequest("PFCOUNT", func(words []string) []string { return words[:min(2, len(words))] }),
	},
	{
		Name: "PFMERGE without effect", Area: "hyperloglog", Breaks: "the destination stays as it is, the reply is OK",
		File: "hyperloglog/pfmerge.txt", Case: "into a new key", New: forgets("PFMERGE"),
	},
}

// otherWord takes an option of a command for another one.
func otherWord(name, option, other string) func() Hooks {
	return onRequest(name, func(words []string) []string {
		for i := 1; i < len(words); i++ {
			if strings.EqualFold(words[i], option) {
				words[i] = other
			}
		}
		return words
	})
}
