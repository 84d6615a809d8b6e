package stream

import (
	"strconv"
	"strings"
)

// A pool draws a value.
type pool func(d *draw) string

func (d *draw) pick(list []string) string { return list[d.IntN(len(list))] }

// from draws one of the values.
func from(values ...string) pool {
	return func(d *draw) string { return d.pick(values) }
}

// mostly draws from the first pool, and one time in n from the other.
func mostly(a pool, n int, b pool) pool {
	return func(d *draw) string {
		if d.IntN(n) == 0 {
			return b(d)
		}
		return a(d)
	}
}

// keysOf are the keys of each group: two types seldom meet on these by chance
// only, and often on those of the others.
var keysOf = map[string][]string{
	"string":      {"s1", "s2"},
	"bitmap":      {"s1", "s2"},
	"hyperloglog": {"p1", "s1"},
	"list":        {"l1", "l2"},
	"set":         {"e1", "e2"},
	"sorted-set":  {"z1", "z2"},
	"geo":         {"z1", "z2"},
	"hash":        {"h1", "h2"},
	"stream":      {"x1", "x2"},
}

var allKeys = []string{"s1", "s2", "p1", "l1", "l2", "e1", "e2", "z1", "z2", "h1", "h2", "x1", "x2"}

// key is mostly one of the command's group.
func key(d *draw) string {
	if own := keysOf[d.command.Group]; own != nil && d.IntN(8) > 0 {
		return d.pick(own)
	}
	return d.pick(allKeys)
}

var (
	// edges are strings at which encodings and parsers change their mind. Only one
	// has a zero byte behind its first letter: SORT takes two that are the same up to
	// there for equal, and their order is chance.
	edges = from("", " ", "0", "-0", "007", "+1", "1 ", "3.0", "1e3", "inf", "nan", "0.1", "-1", "127", "128", "-128", "-129", "4095", "4096", "32767",
		"32768", "65535", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
		strings.Repeat("a", 44), strings.Repeat("a", 45), strings.Repeat("b", 63), strings.Repeat("b", 64), strings.Repeat("b", 65),
		strings.Repeat("xyz", 100), "q\x00b", "\xff\x00\xfe", "a\r\nb", "a b", "ä", "foobar", "FOOBAR", "OK")

	letters = from("a", "b", "c", "d", "ab", "abc", "1", "2", "3", "10")

	// member is an element of an aggregate: few that overlap, enough others
	// to be many, and edges.
	member pool = func(d *draw) string {
		switch n := d.IntN(20); {
		case n < 11:
			return letters(d)
		case n < 15:
			return "m" + strconv.Itoa(d.IntN(200))
		case n < 18:
			return strconv.Itoa(d.IntN(300) - 5)
		}
		return edges(d)
	}

	bound   = mostly(from("0", "1", "-1", "2", "-2", "3", "5", "-5", "10", "100", "-100"), 12, extreme)
	count   = mostly(from("0", "1", "2", "3", "5", "10", "100", "-1"), 12, extreme)
	extreme = from("9223372036854775807", "-9223372036854775808", "2147483648", "-2147483649", "9223372036854775808", "1.5", "", "x", "-9223372036854775807")

	integer = mostly(from("0", "1", "-1", "2", "7", "-10", "100"), 8,
		from("9223372036854775807", "-9223372036854775808", "9223372036854775806", "4611686018427387904", "9223372036854775808", "1.0", "x", "", " 1", "+1", "01"))

	// A negative count of the random commands is how many they answer.
	sample = mostly(from("0", "1", "-1", "2", "-2", "5", "-5", "10", "-20", "100"), 10, from("9223372036854775807", "-9223372036854775808", "x", "1.5"))

	score = mostly(from("0", "1", "-1", "2", "3", "1.5", "-2.5", "0.1", "10", "100"), 5,
		from("-0", "inf", "-inf", "+inf", "Infinity", "1e10", "1e20", "1e-7", "1e308", "5e-324", "3.0", "0x10", "123456789012345680", "9007199254740993", "0.30000000000000004",
			"17179869184.5", "1e100", "-1e-300", "nan", "", "x", " 1", "1e", "1_0"))

	scoreBound = mostly(from("-inf", "+inf", "inf", "0", "(0", "1", "(1", "2", "(2", "(1.5", "-1", "5", "100"), 12, from("", "(", "x", "(x", "((1", "nan", "(-inf", "(+inf", "[1"))
	lexBound   = mostly(from("-", "+", "[a", "(a", "[b", "(b", "[c", "[m1", "(m2", "[", "(", "[1", "(abc"), 12, from("", "a", "-inf", "+inf", "((a", "[\xff", "--"))

	// relative and absolute times are far from each other and from now, so that
	// no comparison depends on when the server did it.
	seconds = mostly(func(d *draw) string { return strconv.Itoa(1000 + d.IntN(10_000_000)) }, 4, badTime)
	millis  = mostly(func(d *draw) string { return strconv.Itoa(1_000_000 + d.IntN(10_000_000_000)) }, 4, badTime)
	unix    = mostly(func(d *draw) string { return strconv.Itoa(2_000_000_000 + d.IntN(2_000_000_000)) }, 4, badTime)
	unixMs  = mostly(func(d *draw) string { return strconv.Itoa(2_000_000_000_000 + d.IntN(2_000_000_000_000)) }, 4, badTime)
	badTime = from("0", "-1", "-1000", "9223372036854775807", "9223372036854775", "9223372036854776", "-9223372036854775808", "9223372036854775808", "1.5", "x", "")

	longitude = mostly(from("0", "13.361389", "15.087269", "2.349014", "-122.407", "179.9", "-180", "13.4"), 12, from("180", "180.1", "-181", "x", "nan", "inf"))
	latitude  = mostly(from("0", "38.115556", "37.502669", "48.864716", "37.77", "-33.9", "52.52", "85.05"), 12, from("85.06", "-85.06", "90", "x", "nan"))
	distance  = mostly(from("0", "1", "100", "200", "500", "1000", "5000", "1.5", "20000"), 12, from("-1", "x", "1e10", "nan", "inf"))

	bitOffset   = mostly(from("0", "1", "6", "7", "8", "9", "15", "63", "100", "1000"), 12, from("-1", "4294967296", "x", "01", "9223372036854775807"))
	fieldOffset = mostly(from("0", "1", "7", "8", "30", "100", "#0", "#1", "#3"), 12, from("-1", "#-1", "x", "#", "#x", "4294967296"))
	fieldType   = mostly(from("u1", "u4", "u8", "i1", "i5", "i8", "i16", "u16", "i32", "i64", "u63"), 12, from("u64", "i65", "u0", "i0", "x8", "u", "i-1", ""))

	patterns = from("*", "", "s*", "?1", "*1", "[sl]*", "[^s]1", "[a-m]1", "l\\1", "m1*", "a*", "[", "[a", "\\", "*a*b*", "a", "**", "?", "nothing")
	sortKeys = from("#", "*", "h1->*", "*->a", "h1->a", "s*", "e*", "w_*", "nosort", "", "*->", "s1", "h*->1")
)

// pools say what the arguments are drawn from, by command and name, by name,
// and by type. A command is named by its words, with a dot in front of the argument.
var pools = map[string]pool{
	typeKey:      key,
	typeInteger:  integer,
	typeDouble:   score,
	typeString:   member,
	typePattern:  patterns,
	typeUnixTime: unix,

	"numkeys":        numKeys,
	"timeout":        mostly(from("0.001", "0.002", "0.0015", ".001", "1e-3"), 6, from("-1", "x", "nan", "inf", "-inf", "", "1e400")),
	"cursor":         mostly(from("0"), 10, from("1", "x", "-1", "18446744073709551616", "")),
	"db":             database,
	"destination-db": database,
	"index1":         database,
	"index2":         database,
	"select.index":   database,
	"weight":         score,
	"increment":      integer,
	"count":          count,
	"limit":          count,
	"index":          bound,
	"start":          bound,
	"stop":           bound,
	"end":            bound,
	"rank":           bound,
	"num-matches":    count,
	"len":            count,
	"seconds":        seconds,
	"milliseconds":   millis,
	"longitude":      longitude,
	"latitude":       latitude,
	"radius":         distance,
	"width":          distance,
	"height":         distance,
	"encoding":       fieldType,

	"unix-time-milliseconds": unixMs,
	"min-match-len":          bound,
	"by-pattern":             sortKeys,
	"get-pattern":            sortKeys,

	"hincrbyfloat.increment": score,
	"zincrby.increment":      score,
	"hscan.count":            scanCount,
	"sscan.count":            scanCount,
	"zscan.count":            scanCount,
	"scan.count":             scanCount,
	"scan.type":              from("string", "list", "set", "zset", "hash", "stream", "STRING", "x", ""),
	"hrandfield.count":       sample,
	"srandmember.count":      sample,
	"zrandmember.count":      sample,
	"lrem.count":             bound,
	"setbit.offset":          bitOffset,
	"setbit.value":           mostly(from("0", "1"), 12, from("2", "-1", "x")),
	"getbit.offset":          bitOffset,
	"bitpos.bit":             mostly(from("0", "1"), 12, from("2", "-1", "x")),
	"bitfield.offset":        fieldOffset,
	"bitfield_ro.offset":     fieldOffset,
	"setrange.offset":        mostly(from("0", "1", "3", "5", "10", "44", "100"), 12, from("-1", "536870912", "9223372036854775807", "x")),
	"sort.offset":            bound,
	"sort_ro.offset":         bound,
	"zcount.min":             scoreBound,
	"zcount.max":             scoreBound,
	"zrangebyscore.min":      scoreBound,
	"zrangebyscore.max":      scoreBound,
	"zrevrangebyscore.min":   scoreBound,
	"zrevrangebyscore.max":   scoreBound,
	"zremrangebyscore.min":   scoreBound,
	"zremrangebyscore.max":   scoreBound,
	"zlexcount.min":          lexBound,
	"zlexcount.max":          lexBound,
	"zrangebylex.min":        lexBound,
	"zrangebylex.max":        lexBound,
	"zrevrangebylex.min":     lexBound,
	"zrevrangebylex.max":     lexBound,
	"zremrangebylex.min":     lexBound,
	"zremrangebylex.max":     lexBound,
	"restore.ttl":            mostly(from("0"), 3, millis),

	"restore.serialized-value": payload,
}

var (
	database  = mostly(from("0", "1"), 12, from("-1", "16", "x", ""))
	scanCount = mostly(from("1000000"), 6, from("1", "3", "0", "-1", "x", "9223372036854775807"))
)

// value draws a value for an argument that has one.
func (d *draw) value(a *Argument) string {
	for _, name := range []string{d.command.Name() + "." + a.Name, a.Name, a.Type} {
		if p := pools[name]; p != nil {
			return p(d)
		}
	}
	return member(d)
}

// numKeys draws how many keys follow, and tells the wrong number at times.
func numKeys(d *draw) string {
	d.keys = 1 + d.IntN(3)
	if d.IntN(16) == 0 {
		return d.pick([]string{"0", "-1", "4", "x", "1", "2", "9223372036854775807"})
	}
	return strconv.Itoa(d.keys)
}

// fitRange gives the two ends of ZRANGE and ZRANGESTORE the form that the drawn
// options ask for, in most cases.
func (d *draw) fitRange(segments []segment) {
	if name := d.command.Words[0]; name != "zrange" && name != "zrangestore" || d.IntN(16) == 0 {
		return
	}
	ends := bound
	for _, s := range segments {
		for _, w := range s.words {
			switch {
			case strings.EqualFold(w, "BYSCORE"):
				ends = scoreBound
			case strings.EqualFold(w, "BYLEX"):
				ends = lexBound
			}
		}
	}
	for _, s := range segments {
		switch s.arg.Name {
		case "min", "max", "start", "stop":
			s.words[0] = ends(d)
		}
	}
}

// payloads are what DUMP of redis 7.0.15 answered for one small value of each type and
// encoding.
var payloads = []string{
	"\x00\x05hello\n\x00cr\xdfve4 \n",
	"\x00\xc0{\n\x00H\xe2S\xe1\x00zg\xb9",
	"\x12\x01\x02\x11\x11\x00\x00\x00\x04\x00\x81a\x02\x81b\x02\x01\x01\x80\x01\xff\n\x00\xd2y\x00\xcf\xbd<1\a",
	"\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00\x03\x00\n\x00\xa5\x02\\\xe2mnM\x1b",
	"\x02\x03\x01c\x01a\x01b\n\x00\xd5\x1b\xc2\xf0\x96\x8ei\xc3",
	"\x10\x12\x12\x00\x00\x00\x04\x00\x81f\x02\x81v\x02\x81g\x02\x01\x01\xff\n\x00#\xc1\xa5\xe3]\xfa\xe8\x1c",
	"\x11\x14\x14\x00\x00\x00\x04\x00\x81a\x02\x01\x01\x81b\x02\x832.5\x04\xff\n\x00\xd4Ln\xa4\xf6D\xd9\xd7",
	"\x04\x02\x01g\xc0\x01\x01f\x01v\n\x00\xa9\xf1\x89\xc6\x82\x13\xa6\xce",
	"\x05\x03\x01b\x00\x00\x00\x00\x00\x00\x04@\x01a\x00\x00\x00\x00\x00\x00\xf0?\x01c\x00\x00\x00\x00\x00\x00\xf0\xbf\n\x00/~K\xa9\x9e\x0c\xd0q",
}
