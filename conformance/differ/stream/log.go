package stream

import (
	"strconv"
	"strings"
)

// What streams of Redis are asked for: logs of entries, in contrast to the streams of
// requests that this package is about. IDs of new entries grow from request to
// request, so that most of them are accepted; other IDs are around them.

// newID draws the ID of an entry that is added.
func newID(d *draw) string {
	switch d.IntN(60) {
	case 0:
		return oddIDs(d)
	case 1:
		return "0-*"
	case 2, 3, 4, 5:
		return anyID(d)
	}
	switch d.IntN(6) {
	case 0:
	case 1:
		d.lastMs += uint64(d.IntN(70_000))
	case 2:
		d.lastMs++
		return strconv.FormatUint(d.lastMs, 10) + "-" + strconv.Itoa(d.IntN(300))
	default:
		d.lastMs++
	}
	return strconv.FormatUint(d.lastMs, 10) + d.pick([]string{"", "", "-*", "-5"})
}

// anyID draws an ID that is about as great as those of entries.
func anyID(d *draw) string {
	if d.IntN(30) == 0 {
		return oddIDs(d)
	}
	ms := d.lastMs - min(uint64(d.IntN(12)), d.lastMs)
	if d.IntN(4) == 0 {
		ms = d.Uint64N(d.lastMs + 2)
	}
	return strconv.FormatUint(ms, 10) + d.pick([]string{"", "", "-0", "-5", "-1"})
}

// oddIDs are IDs at the ends of all, and what is none.
var oddIDs = from("0", "0-0", "0-1", "-", "+", "$", ">", "18446744073709551615-18446744073709551615", "18446744073709551615", "18446744073709551616",
	"x", "", "1-", "-1", "1-x", "1--1", "1-2-3", " 1", "01-01", "+3-+4", "(1", "1-*", "q\x00b", "9223372036854775808-9223372036854775808")

var (
	logStart pool = func(d *draw) string { return d.pick([]string{"-", "-", "", "(", "0"}) }
	logEnd   pool = func(d *draw) string { return d.pick([]string{"+", "+", "", "("}) }
)

// end makes an end of a range: one of the words, or an ID behind it.
func end(words pool) pool {
	return func(d *draw) string {
		switch w := words(d); w {
		case "", "(":
			return w + anyID(d)
		default:
			return w
		}
	}
}

var (
	groups    = mostly(from("g1", "g2"), 16, member)
	consumers = mostly(from("c1", "c2", "c3"), 16, member)
	threshold = mostly(from("0", "1", "2", "3", "5", "10"), 4, anyID)
	// Times of deliveries and the times by which they are chosen are so far from each
	// other that it does not matter when a server looks.
	minIdle   = mostly(from("0", "0", "30000000"), 12, from("-1", "x", "", "9223372036854775807", "-9223372036854775808"))
	idle      = mostly(from("0", "60000000"), 12, from("-60000000", "x", "9223372036854775807", "-9223372036854775808"))
	readCount = mostly(from("1", "2", "3", "10", "0"), 16, from("-1", "x", "", "9223372036854775807"))
	readBlock = mostly(from("1", "2"), 4, from("-1", "x", "", "1.5"))
	readNew   = mostly(from(">"), 3, mostly(from("0", "0-0"), 3, anyID))
	readAfter = mostly(from("0", "$"), 2, anyID)
	entries   = mostly(from("0", "1", "2", "5", "-1"), 8, from("100", "-2", "x", "", "9223372036854775807"))
)

// streamPools are what is drawn for commands of streams.
var streamPools = map[string]pool{
	"group": groups, "consumer": consumers, "min-idle-time": minIdle, "threshold": threshold,

	"xadd.id": newID, "xdel.id": anyID, "xack.id": anyID, "xclaim.id": anyID,
	"xadd.field": from("a", "b", "field", "1"), "xadd.value": member,
	"xrange.start": end(logStart), "xrange.end": end(logEnd),
	"xrevrange.start": end(logStart), "xrevrange.end": end(logEnd),
	"xpending.start": end(logStart), "xpending.end": end(logEnd), "xautoclaim.start": end(logStart),
	"xread.count": readCount, "xreadgroup.count": readCount, "xread.milliseconds": readBlock, "xreadgroup.milliseconds": readBlock,
	"xread.id": readAfter, "xreadgroup.id": readNew,
	"xclaim.ms": idle, "xclaim.unix-time-milliseconds": from("0", "5", "1700000000000", "-1", "x", "9999999999999"),
	"xclaim.count": entries, "xclaim.lastid": anyID,
	"xautoclaim.count": mostly(from("1", "2", "3", "100"), 12, from("0", "-1", "x", "9223372036854775807")),
	"xgroup create.id": anyID, "xgroup setid.id": anyID, "xgroup create.entries-read": entries, "xgroup setid.entriesread": entries,
	"xinfo stream.count": count,
	"xsetid.last-id":     anyID, "xsetid.entries-added": entries, "xsetid.max-deleted-id": anyID,
}

func init() {
	for name, p := range streamPools {
		pools[name] = p
	}
}

// streams draws the keys of XREAD and XREADGROUP and as many IDs, in most cases.
func (d *draw) streams(words []string, a *Argument) []string {
	n := 1 + d.IntN(2)
	for _, arg := range a.Args {
		for range n {
			words = append(words, d.value(&arg))
		}
	}
	if d.IntN(24) == 0 {
		words = words[:len(words)-1]
	}
	return words
}

// shortBlock reports whether every word behind BLOCK is a short wait, or none.
func shortBlock(args []string) bool {
	for i := 1; i < len(args); i++ {
		if strings.EqualFold(args[i-1], "BLOCK") && (args[i] == "0" || !noneWithin(args[i:i+1], 11, 1<<63-1)) {
			return false
		}
	}
	return true
}
