package server

import (
	"strconv"
	"strings"

	"respect/keyspace"
	redisstream "respect/keyspace/stream"
)

// What the replayed requests are made of besides the differ's: commands that are told by
// their effect, on few keys, so that there is something to take, to claim or to expire in
// most cases. Words in braces stand for what is drawn; see (*mirror).word.

var effectful = []string{
	"SET {s} {v} PX {ms}", "SET {s} {v} EX 100 GET", "SET {s} {v} KEEPTTL GET", "SET {s} {v} EXAT {at}", "SETEX {s} 20 {v}", "PSETEX {s} {ms} {v}",
	"GETEX {s} PX {ms}", "GETEX {s} PERSIST", "GETEX {s} EXAT {at}", "GETDEL {s}", "GETSET {s} {v}", "SETNX {s} {v}", "GET {s}", "APPEND {s} {v}",
	"SET {s} 5", "INCRBYFLOAT {s} 0.1", "PEXPIRE {k} {ms}", "EXPIRE {k} {n} GT", "EXPIREAT {k} {at}", "PEXPIRE {k} -1", "PERSIST {k}", "EXISTS {k} {k} {k}",
	"RENAME {k} {k}", "COPY {k} {k} REPLACE", "COPY {k} {k} DB 1 REPLACE", "MOVE {k} 1", "DEL {k} {k}", "TOUCH {k}",

	"RPUSH {l} {v} {v} {v}", "LPUSH {l} {v}", "LPOP {l} {n}", "LMPOP 2 {l} {l} LEFT COUNT {n}", "BLPOP {l} {l} {wait}", "BRPOP {l} {wait}",
	"BLMOVE {l} {l} LEFT RIGHT {wait}", "BRPOPLPUSH {l} {l} {wait}", "BLMPOP {wait} 2 {l} {l} RIGHT COUNT {n}", "LTRIM {l} 0 {n}", "LTRIM {l} 0 -1",

	"SADD {e} {v} {v} {v} {v} {v} {v}", "SADD {e} 1 2 3 4 5 6", "SPOP {e}", "SPOP {e} {n}", "SMOVE {e} {e} 1", "SINTERSTORE {e} {e} {e}", "SORT {e} ALPHA STORE {l}",

	"ZADD {z} 1 {v} 2 {v} 3 {v}", "ZPOPMIN {z} {n}", "ZMPOP 2 {z} {z} MAX COUNT {n}", "BZPOPMIN {z} {wait}", "BZPOPMAX {z} {z} {wait}",
	"BZMPOP {wait} 2 {z} {z} MIN COUNT {n}", "GEOADD {z} 13.3 38.1 {v} 15.1 37.5 {v}", "GEOADD {z} NX CH {n} {n} {v}",
	"GEORADIUS {z} 15 37 200 km STORE {z}", "GEOSEARCHSTORE {z} {z} FROMLONLAT 15 37 BYRADIUS 400 km", "ZUNIONSTORE {z} 2 {z} {z}",

	"HSET {h} {f} 1 {f} 2 {f} 3", "HINCRBYFLOAT h3 {f} 1.5", "HPEXPIRE {h} {ms} FIELDS 2 {f} {f}", "HEXPIRE {h} {n} NX FIELDS 1 {f}",
	"HEXPIREAT {h} {at} FIELDS 2 {f} {f}", "HPEXPIRE {h} 0 FIELDS 2 {f} {f}", "HPERSIST {h} FIELDS 1 {f}", "HGET {h} {f}", "HDEL {h} {f}", "HGETALL {h}",

	"XADD {x} * a {v}", "XADD {x} MAXLEN ~ {n} * a {v}", "XADD {x} MINID ~ {id} * a {v}", "XADD {x} MAXLEN ~ 2 LIMIT 1 * b {v}", "XADD {x} MAXLEN {n} * a {v}",
	"XADD {x} * a {v}", "XTRIM {x} MAXLEN ~ {n}", "XTRIM {x} MINID ~ {id}", "XDEL {x} {id}", "XGROUP CREATE {x} {g} 0 MKSTREAM", "XGROUP CREATE {x} {g} $ MKSTREAM",
	"XREADGROUP GROUP {g} {c} COUNT {n} STREAMS {x} >", "XREADGROUP GROUP {g} {c} STREAMS {x} {x} > >", "XREADGROUP GROUP {g} {c} NOACK COUNT {n} STREAMS {x} >",
	"XREADGROUP GROUP {g} {c} BLOCK 20 STREAMS {x} >", "XREADGROUP GROUP {g} {c} STREAMS {x} 0", "XACK {x} {g} {id}", "XCLAIM {x} {g} {c} 0 {id} {id}",
	"XCLAIM {x} {g} {c} 0 {id} FORCE IDLE 100", "XCLAIM {x} {g} {c} {ms} {id} JUSTID LASTID {id}", "XCLAIM {x} {g} {c} 0 1-1 LASTID {id}",
	"XAUTOCLAIM {x} {g} {c} 0 - COUNT {n}", "XAUTOCLAIM {x} {g} {c} {ms} {id} JUSTID", "XGROUP DESTROY {x} {g}", "XGROUP CREATECONSUMER {x} {g} {c}",

	"PFADD {p} {v}", "PFCOUNT {p}", "PFMERGE {p} {p}", "BITFIELD {s} SET u8 {n} 9 INCRBY u8 9 {n}", "SETRANGE {s} {n} {v}", "MULTI", "MULTI", "WATCH {k}",
}

var pools = map[string][]string{
	"s": {"s1", "s2"}, "l": {"l1", "l2", "l3"}, "e": {"e1", "e2"}, "z": {"z1", "z2"}, "h": {"h1", "h2"}, "x": {"x1", "x2"}, "p": {"p1"},
	"k": {"s1", "s2", "l1", "l2", "e1", "e2", "z1", "z2", "h1", "h2", "x1", "x2", "p1"},
	"g": {"g1", "g2"}, "c": {"alice", "bob", "carl"}, "f": {"a", "b", "c", "d", "7"}, "n": {"0", "1", "2", "3", "7"},
	"ms": {"1", "20", "500", "5000", "100000"}, "wait": {"0", "0.02", "3"},
}

// draw makes a request of the commands above.
func (r *mirror) draw(c *client) []string {
	if c.multi != nil && r.rand.IntN(6) == 0 {
		return []string{"EXEC"}
	}
	words := strings.Fields(effectful[r.rand.IntN(len(effectful))])
	for i, w := range words {
		if name, ok := strings.CutPrefix(w, "{"); ok {
			words[i] = r.word(c, strings.TrimSuffix(name, "}"), words)
		}
	}
	return words
}

func (r *mirror) word(c *client, name string, words []string) string {
	switch name {
	case "v":
		return "v" + strconv.Itoa(r.rand.IntN(200))
	case "at":
		return strconv.FormatInt(r.now.Unix()+int64(r.rand.IntN(30))-2, 10)
	case "id":
		return r.entry(c, words[1])
	}
	pool := pools[name]
	return pool[r.rand.IntN(len(pool))]
}

// entry returns the ID of an entry of a stream, if there is one.
func (r *mirror) entry(c *client, key string) string {
	o := c.db.Lookup([]byte(key), keyspace.NoTouch|keyspace.NoStats)
	r.server.endUnit()
	if o == nil || o.Type() != keyspace.TypeStream {
		return "5-5"
	}
	var ids []redisstream.ID
	it := o.Stream().Range(redisstream.MinID, redisstream.MaxID)
	for it.Next() && len(ids) < 100 {
		ids = append(ids, it.ID)
	}
	if len(ids) == 0 {
		return "5-5"
	}
	return ids[r.rand.IntN(len(ids))].String()
}
