package server

import (
	"respect/keyspace"
	"respect/server/command"
)

// Sorted sets: a key holds strings, each with a score that is a float64, in the
// order of their scores and, where these are equal, of their bytes. A sorted set that
// becomes empty takes its key with it.
//
// Here are the commands that name members. Ranges are in sortedset_range.go, walking
// and drawing members by chance in sortedset_walk.go, what is made of several sorted
// sets in sortedset_store.go, taking members away and waiting for them in
// sortedset_pop.go, and how a number is read in sortedset_score.go.
//
// A member with its score is two elements of an array in RESP2 and an array of two in
// RESP3; replyScored knows.

var sortedSetCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: bzmpopCommand, Spec: command.New("bzmpop", -5, "write blocking @sortedset", "2# RW access delete", "sorted-set 7.0.0", "O(K) + O(M*log(N))",
		"timeout:double numkeys:integer key:key... where(MIN | MAX) [COUNT count:integer]",
		"Takes members from the first sorted set that has any, waiting for one.")},
	{handler: bzpopmaxCommand, Spec: command.New("bzpopmax", -3, "write blocking fast @sortedset", "1..-2 RW access delete", "sorted-set 5.0.0", "O(log(N))",
		"key:key... timeout:double",
		"Takes the member with the highest score from the first sorted set that has any, waiting for one.")},
	{handler: bzpopminCommand, Spec: command.New("bzpopmin", -3, "write blocking fast @sortedset", "1..-2 RW access delete", "sorted-set 5.0.0", "O(log(N))",
		"key:key... timeout:double",
		"Takes the member with the lowest score from the first sorted set that has any, waiting for one.")},
	{handler: zaddCommand, Spec: command.New("zadd", -4, "write denyoom fast @sortedset", "1 RW update", "sorted-set 1.2.0", "O(M*log(N))",
		"key:key [condition(NX | XX)@3.0.2] [comparison(GT | LT)@6.2.0] [change=CH@3.0.2] [increment=INCR@3.0.2] data(score:double member:string)...",
		"Adds members to a sorted set, or changes their scores.")},
	{handler: zcardCommand, Spec: command.New("zcard", 2, "readonly fast @sortedset", "1 RO", "sorted-set 1.2.0", "O(1)",
		"key:key",
		"Returns the number of members of a sorted set.")},
	{handler: zcountCommand, Spec: command.New("zcount", 4, "readonly fast @sortedset", "1 RO access", "sorted-set 2.0.0", "O(log(N))",
		"key:key min:double max:double",
		"Counts the members with scores in a range.")},
	{handler: zdiffCommand, Spec: command.New("zdiff", -3, "readonly @sortedset", "1# RO access", "sorted-set 6.2.0", "O(L + (N-K)log(N))",
		"numkeys:integer key:key... [WITHSCORES]",
		"Returns the members of a sorted set that others do not have.")},
	{handler: zdiffstoreCommand, Spec: command.New("zdiffstore", -4, "write denyoom @sortedset", "1 OW update; 2# RO access", "sorted-set 6.2.0", "O(L + (N-K)log(N))",
		"destination:key numkeys:integer key:key...",
		"Stores the members of a sorted set that others do not have.")},
	{handler: zincrbyCommand, Spec: command.New("zincrby", 4, "write denyoom fast @sortedset", "1 RW access update", "sorted-set 1.2.0", "O(log(N))",
		"key:key increment:integer member:string",
		"Adds to the score of a member.")},
	{handler: zinterCommand, Spec: command.New("zinter", -3, "readonly @sortedset", "1# RO access", "sorted-set 6.2.0", "O(N*K) + O(M*log(M))",
		"numkeys:integer key:key... [WEIGHTS weight:integer...] [AGGREGATE aggregate(SUM | MIN | MAX)] [WITHSCORES]",
		"Returns the members that all of several sorted sets have.")},
	{handler: zintercardCommand, Spec: command.New("zintercard", -3, "readonly @sortedset", "1# RO access", "sorted-set 7.0.0", "O(N*K)",
		"numkeys:integer key:key... [LIMIT limit:integer]",
		"Counts the members that all of several sorted sets have.")},
	{handler: zinterstoreCommand, Spec: command.New("zinterstore", -4, "write denyoom @sortedset", "1 OW update; 2# RO access", "sorted-set 2.0.0", "O(N*K) + O(M*log(M))",
		"destination:key numkeys:integer key:key... [WEIGHTS weight:integer...] [AGGREGATE aggregate(SUM | MIN | MAX)]",
		"Stores the members that all of several sorted sets have.")},
	{handler: zlexcountCommand, Spec: command.New("zlexcount", 4, "readonly fast @sortedset", "1 RO access", "sorted-set 2.8.9", "O(log(N))",
		"key:key min:string max:string",
		"Counts the members in a lexicographical range.")},
	{handler: zmpopCommand, Spec: command.New("zmpop", -4, "write @sortedset", "1# RW access delete", "sorted-set 7.0.0", "O(K) + O(M*log(N))",
		"numkeys:integer key:key... where(MIN | MAX) [COUNT count:integer]",
		"Takes members from the first sorted set that has any.")},
	{handler: zmscoreCommand, Spec: command.New("zmscore", -3, "readonly fast @sortedset", "1 RO access", "sorted-set 6.2.0", "O(N)",
		"key:key member:string...",
		"Returns the scores of members.")},
	{handler: zpopmaxCommand, Spec: command.New("zpopmax", -2, "write fast @sortedset", "1 RW access delete", "sorted-set 5.0.0", "O(log(N)*M)",
		"key:key [count:integer]",
		"Takes the members with the highest scores.")},
	{handler: zpopminCommand, Spec: command.New("zpopmin", -2, "write fast @sortedset", "1 RW access delete", "sorted-set 5.0.0", "O(log(N)*M)",
		"key:key [count:integer]",
		"Takes the members with the lowest scores.")},
	{handler: zrandmemberCommand, Spec: command.New("zrandmember", -2, "readonly @sortedset tip:nondeterministic_output", "1 RO access", "sorted-set 6.2.0", "O(N)",
		"key:key [options(count:integer [WITHSCORES])]",
		"Returns members of a sorted set by chance.")},
	{handler: zrangeCommand, Spec: command.New("zrange", -4, "readonly @sortedset", "1 RO access", "sorted-set 1.2.0", "O(log(N)+M)",
		"key:key start:string stop:string [sortby(BYSCORE | BYLEX)@6.2.0] [REV@6.2.0] [LIMIT limit(offset:integer count:integer)@6.2.0] [WITHSCORES]",
		"Returns a range of members by rank, score or lexicographical order.")},
	{handler: zrangebylexCommand, Spec: command.New("zrangebylex", -4, "readonly @sortedset",
		"1 RO access", "sorted-set 2.8.9 deprecated 6.2.0 `ZRANGE` with the `BYLEX` argument", "O(log(N)+M)",
		"key:key min:string max:string [LIMIT limit(offset:integer count:integer)]",
		"Returns the members in a lexicographical range.")},
	{handler: zrangebyscoreCommand, Spec: command.New("zrangebyscore", -4, "readonly @sortedset",
		"1 RO access", "sorted-set 1.0.5 deprecated 6.2.0 `ZRANGE` with the `BYSCORE` argument", "O(log(N)+M)",
		"key:key min:double max:double [WITHSCORES@2.0.0] [LIMIT limit(offset:integer count:integer)]",
		"Returns the members with scores in a range.")},
	{handler: zrangestoreCommand, Spec: command.New("zrangestore", -5, "write denyoom @sortedset", "1 OW update; 2 RO access", "sorted-set 6.2.0", "O(log(N)+M)",
		"dst:key src:key min:string max:string [sortby(BYSCORE | BYLEX)] [REV] [LIMIT limit(offset:integer count:integer)]",
		"Stores a range of members of a sorted set.")},
	{handler: zrankCommand, Spec: command.New("zrank", -3, "readonly fast @sortedset", "1 RO access", "sorted-set 2.0.0", "O(log(N))",
		"key:key member:string [WITHSCORE]",
		"Returns how many members have a lower place than a member.")},
	{handler: zremCommand, Spec: command.New("zrem", -3, "write fast @sortedset", "1 RW delete", "sorted-set 1.2.0", "O(M*log(N))",
		"key:key member:string...",
		"Removes members from a sorted set.")},
	{handler: zremrangebylexCommand, Spec: command.New("zremrangebylex", 4, "write @sortedset", "1 RW delete", "sorted-set 2.8.9", "O(log(N)+M)",
		"key:key min:string max:string",
		"Removes the members in a lexicographical range.")},
	{handler: zremrangebyrankCommand, Spec: command.New("zremrangebyrank", 4, "write @sortedset", "1 RW delete", "sorted-set 2.0.0", "O(log(N)+M)",
		"key:key start:integer stop:integer",
		"Removes a range of members by rank.")},
	{handler: zremrangebyscoreCommand, Spec: command.New("zremrangebyscore", 4, "write @sortedset", "1 RW delete", "sorted-set 1.2.0", "O(log(N)+M)",
		"key:key min:double max:double",
		"Removes the members with scores in a range.")},
	{handler: zrevrangeCommand, Spec: command.New("zrevrange", -4, "readonly @sortedset",
		"1 RO access", "sorted-set 1.2.0 deprecated 6.2.0 `ZRANGE` with the `REV` argument", "O(log(N)+M)",
		"key:key start:integer stop:integer [WITHSCORES]",
		"Returns a range of members by rank, counted from the highest score.")},
	{handler: zrevrangebylexCommand, Spec: command.New("zrevrangebylex", -4, "readonly @sortedset",
		"1 RO access", "sorted-set 2.8.9 deprecated 6.2.0 `ZRANGE` with the `REV` and `BYLEX` arguments", "O(log(N)+M)",
		"key:key max:string min:string [LIMIT limit(offset:integer count:integer)]",
		"Returns the members in a lexicographical range, last one first.")},
	{handler: zrevrangebyscoreCommand, Spec: command.New("zrevrangebyscore", -4, "readonly @sortedset",
		"1 RO access", "sorted-set 2.2.0 deprecated 6.2.0 `ZRANGE` with the `REV` and `BYSCORE` arguments", "O(log(N)+M)",
		"key:key max:double min:double [WITHSCORES] [LIMIT limit(offset:integer count:integer)]",
		"Returns the members with scores in a range, highest score first.")},
	{handler: zrevrankCommand, Spec: command.New("zrevrank", -3, "readonly fast @sortedset", "1 RO access", "sorted-set 2.0.0", "O(log(N))",
		"key:key member:string [WITHSCORE]",
		"Returns how many members have a higher place than a member.")},
	{handler: zscanCommand, Spec: command.New("zscan", -3, "readonly @sortedset tip:nondeterministic_output", "1 RO access", "sorted-set 2.8.0", "O(1) per call",
		"key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
		"Walks the members and scores of a sorted set in steps.")},
	{handler: zscoreCommand, Spec: command.New("zscore", 3, "readonly fast @sortedset", "1 RO access", "sorted-set 1.2.0", "O(1)",
		"key:key member:string",
		"Returns the score of a member.")},
	{handler: zunionCommand, Spec: command.New("zunion", -3, "readonly @sortedset", "1# RO access", "sorted-set 6.2.0", "O(N) + O(M*log(M))",
		"numkeys:integer key:key... [WEIGHTS weight:integer...] [AGGREGATE aggregate(SUM | MIN | MAX)] [WITHSCORES]",
		"Returns the members that any of several sorted sets has.")},
	{handler: zunionstoreCommand, Spec: command.New("zunionstore", -4, "write denyoom @sortedset", "1 OW update; 2# RO access", "sorted-set 2.0.0", "O(N) + O(M log(M))",
		"destination:key numkeys:integer key:key... [WEIGHTS weight:integer...] [AGGREGATE aggregate(SUM | MIN | MAX)]",
		"Stores the members that any of several sorted sets has.")},
}

const (
	errNXandXX    replyError = "ERR XX and NX options at the same time are not compatible"
	errGTLTNX     replyError = "ERR GT, LT, and/or NX options at the same time are not compatible"
	errOneIncr    replyError = "ERR INCR option supports a single increment-element pair"
	errScoreNaN   replyError = "ERR resulting score is not a number (NaN)"
	errOutOfRange replyError = "ERR value is out of range"
)

// lookupZSet returns the sorted set of a key, or nil.
func (c *client) lookupZSet(key []byte) (*keyspace.ZSet, error) {
	o, err := c.lookupRead(key, keyspace.TypeZSet)
	if o == nil || err != nil {
		return nil, err
	}
	return o.ZSet(), nil
}

// writeZSet is lookupZSet for a command that changes the sorted set.
func (c *client) writeZSet(key []byte) (*keyspace.ZSet, error) {
	o, err := c.lookupWrite(key, keyspace.TypeZSet)
	if o == nil || err != nil {
		return nil, err
	}
	return o.ZSet(), nil
}

// addZSet creates a key with a sorted set that is about to be filled.
func (c *client) addZSet(key []byte) *keyspace.ZSet {
	z := keyspace.NewZSet()
	c.db.Add(key, keyspace.TypeZSet, z)
	return z
}

// zsetLimits are the configured limits of the encodings.
func (c *client) zsetLimits() *keyspace.ZSetLimits { return &c.srv.ks.Settings.ZSet }

// dropEmptyZSet deletes the key of a sorted set that has no members left.
func (c *client) dropEmptyZSet(key []byte, z *keyspace.ZSet) {
	if z.Len() == 0 {
		c.db.Delete(key)
		c.notify(eventGeneric, "del", key)
	}
}

// zaddOptions are the options of ZADD.
type zaddOptions struct {
	rule    keyspace.ZSetRule
	changed bool // CH: count the members whose score changed, too
}

func (o *zaddOptions) has(rule keyspace.ZSetRule) bool { return o.rule&rule == rule }

// readZAdd reads the options, and checks that they and the number of pairs that
// follow go together.
func readZAdd(a *args) (o zaddOptions, err error) {
	for options := true; options; {
		switch {
		case a.option("NX"):
			o.rule |= keyspace.ZSetNew
		case a.option("XX"):
			o.rule |= keyspace.ZSetExisting
		case a.option("GT"):
			o.rule |= keyspace.ZSetGreater
		case a.option("LT"):
			o.rule |= keyspace.ZSetLess
		case a.option("INCR"):
			o.rule |= keyspace.ZSetIncrement
		case a.option("CH"):
			o.changed = true
		default:
			options = false
		}
	}
	switch n := a.left(); {
	case n == 0 || n%2 != 0:
		err = errSyntax
	case o.has(keyspace.ZSetNew | keyspace.ZSetExisting):
		err = errNXandXX
	case o.has(keyspace.ZSetNew | keyspace.ZSetGreater), o.has(keyspace.ZSetNew | keyspace.ZSetLess),
		o.has(keyspace.ZSetGreater | keyspace.ZSetLess):
		err = errGTLTNX
	case o.has(keyspace.ZSetIncrement) && n > 2:
		err = errOneIncr
	}
	return o, err
}

// zaddCommand adds members or changes their scores.
//
//	ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
//
// O(M*log(N)) with M the number of members given. Reply: how many were added, with CH
// how many were added or changed; with INCR the new score, or null if an option kept
// it from changing.
func zaddCommand(c *client, a *args) error {
	key := a.next()
	o, err := readZAdd(a)
	if err != nil {
		return err
	}
	return c.zadd(key, o, a.rest())
}

// zincrbyCommand adds to a score.
//
//	ZINCRBY key increment member
//
// O(log(N)). Reply: the new score. A missing member counts as 0.
func zincrbyCommand(c *client, a *args) error {
	key := a.next()
	o, err := readZAdd(a) // an option in the place of the increment is one
	if err != nil {
		return err
	}
	o.rule |= keyspace.ZSetIncrement
	return c.zadd(key, o, a.rest())
}

func (c *client) zadd(key []byte, o zaddOptions, pairs [][]byte) error {
	var room [16]float64
	scores := room[:0]
	for i := 0; i < len(pairs); i += 2 {
		score, ok := parseDouble(pairs[i])
		if !ok {
			return errNotFloat
		}
		scores = append(scores, score)
	}
	z, err := c.writeZSet(key)
	if err != nil {
		return err
	}
	if z == nil {
		if o.has(keyspace.ZSetExisting) {
			c.replyZAdd(o, 0, keyspace.ZSetRefused, 0)
			return nil
		}
		z = c.addZSet(key)
	}
	z.Expect(len(scores), c.zsetLimits())
	var score float64
	var change keyspace.ZSetChange
	added, rescored := 0, 0
	for i := range scores {
		score, change = z.Update(pairs[2*i+1], scores[i], o.rule, c.zsetLimits())
		switch change {
		case keyspace.ZSetNaN: // of the only pair
			return errScoreNaN
		case keyspace.ZSetAdded:
			added++
		case keyspace.ZSetRescored:
			rescored++
		}
	}
	if added+rescored > 0 {
		event := "zadd"
		if o.has(keyspace.ZSetIncrement) {
			event = "zincr"
		}
		c.modified(eventZSet, event, key)
		c.srv.countsAs(added + rescored)
	}
	if o.changed {
		added += rescored
	}
	c.replyZAdd(o, score, change, added)
	return nil
}

func (c *client) replyZAdd(o zaddOptions, score float64, change keyspace.ZSetChange, count int) {
	switch {
	case !o.has(keyspace.ZSetIncrement):
		c.out.Int(int64(count))
	case change == keyspace.ZSetRefused:
		c.out.Null()
	default:
		c.out.Double(score)
	}
}

// zremCommand removes members.
//
//	ZREM key member [member ...]
//
// O(M*log(N)) with M the number of members given. Reply: how many were removed.
func zremCommand(c *client, a *args) error {
	key, members := a.next(), a.rest()
	z, err := c.writeZSet(key)
	if err != nil {
		return err
	}
	removed := 0
	if z != nil {
		for _, m := range members {
			if z.Remove(m) {
				removed++
			}
		}
	}
	if removed > 0 {
		c.modified(eventZSet, "zrem", key)
		c.srv.countsAs(removed)
		c.dropEmptyZSet(key, z)
	}
	c.out.Int(int64(removed))
	return nil
}

// zcardCommand tells how many members there are.
//
//	ZCARD key
//
// O(1). Reply: the number of members; 0 if there is no sorted set.
func zcardCommand(c *client, a *args) error { return replyLength(c, a, (*client).lookupZSet) }

// zscoreCommand replies with a score.
//
//	ZSCORE key member
//
// O(1). Reply: the score, or null.
func zscoreCommand(c *client, a *args) error {
	z, err := c.lookupZSet(a.next())
	if err != nil {
		return err
	}
	c.replyScore(z, a.next())
	return nil
}

// zmscoreCommand replies with several scores.
//
//	ZMSCORE key member [member ...]
//
// O(N) with N the number of members given. Reply: an array of a score or null for
// each.
func zmscoreCommand(c *client, a *args) error {
	z, err := c.lookupZSet(a.next())
	if err != nil {
		return err
	}
	c.out.Array(a.left())
	for a.more() {
		c.replyScore(z, a.next())
	}
	return nil
}

// replyScore appends the score of a member of a sorted set, which may be nil.
func (c *client) replyScore(z *keyspace.ZSet, member []byte) {
	if z != nil {
		if score, ok := z.Score(member); ok {
			c.out.Double(score)
			return
		}
	}
	c.out.Null()
}

// zrankCommand tells the place of a member.
//
//	ZRANK key member [WITHSCORE]
//
// O(log(N)). Reply: how many members come before it, or null; with WITHSCORE an array
// of that and the score, or a null array. WITHSCORE is new in 7.2.
func zrankCommand(c *client, a *args) error { return c.rankCommand(a, "zrank", false) }

// zrevrankCommand tells the place of a member, counted from the highest score.
//
//	ZREVRANK key member [WITHSCORE]
//
// O(log(N)). Reply: how many members come behind it, or as ZRANK.
func zrevrankCommand(c *client, a *args) error { return c.rankCommand(a, "zrevrank", true) }

func (c *client) rankCommand(a *args, name string, reverse bool) error {
	key, member := a.next(), a.next()
	if a.left() > 1 {
		return errArity(name)
	}
	withScore := a.option("WITHSCORE")
	if err := a.end(); err != nil {
		return err
	}
	z, err := c.lookupZSet(key)
	if err != nil {
		return err
	}
	rank, ok := 0, false
	if z != nil {
		rank, ok = z.Rank(member)
	}
	if reverse && ok {
		rank = z.Len() - 1 - rank
	}
	switch {
	case withScore && !ok:
		c.out.NullArray()
	case !ok:
		c.out.Null()
	case withScore:
		score, _ := z.Score(member)
		c.out.Array(2)
		c.out.Int(int64(rank))
		c.out.Double(score)
	default:
		c.out.Int(int64(rank))
	}
	return nil
}

// scoredArray announces n members, with their scores or without.
func (c *client) scoredArray(n int, withScores bool) {
	if withScores && c.out.Proto != 3 {
		n *= 2
	}
	c.out.Array(n)
}

// replyScored appends a member that scoredArray announced.
func (c *client) replyScored(member keyspace.Element, score float64, withScore bool) {
	if withScore && c.out.Proto == 3 {
		c.out.Array(2)
	}
	c.replyElement(member)
	if withScore {
		c.out.Double(score)
	}
}
