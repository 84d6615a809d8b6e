package server

import (
	"cmp"
	"math"
	"slices"

	"respect/keyspace"
)

// Union, intersection and difference of sorted sets. A source may be a set, too, whose
// members have the score 1. The sources of a union or intersection are taken in the
// order of their sizes; that can be seen in the last digit of a sum.

const (
	errWeight   replyError = "ERR weight value is not a float"
	errNegLimit replyError = "ERR LIMIT can't be negative"
)

func errInputKeys(name string) replyError {
	return replyError("ERR at least 1 input key is needed for '" + name + "' command")
}

// aggregate is how scores of the same member are put together.
type aggregate uint8

const (
	aggregateSum aggregate = iota
	aggregateMin
	aggregateMax
)

func (g aggregate) of(x, y float64) float64 {
	switch g {
	case aggregateMin:
		if y < x {
			return y
		}
	case aggregateMax:
		if y > x {
			return y
		}
	default:
		return zeroIfNaN(x + y) // of both infinities
	}
	return x
}

func zeroIfNaN(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}

// zsource is a key whose members are put together with those of others.
type zsource struct {
	zset   *keyspace.ZSet // or nil
	set    *keyspace.Set  // or nil; the source is empty if both are
	weight float64
}

func (s *zsource) len() int {
	switch {
	case s.zset != nil:
		return s.zset.Len()
	case s.set != nil:
		return s.set.Len()
	}
	return 0
}

func (s *zsource) each(fn func(member keyspace.Element, score float64) bool) {
	switch {
	case s.zset != nil:
		s.zset.Each(0, s.zset.Len(), false, fn)
	case s.set != nil:
		s.set.Each(func(e keyspace.Element) bool { return fn(e, 1) })
	}
}

func (s *zsource) score(member []byte) (float64, bool) {
	switch {
	case s.zset != nil:
		return s.zset.Score(member)
	case s.set != nil:
		return 1, s.set.Has(member)
	}
	return 0, false
}

// same reports whether both sources are the same key.
func (s *zsource) same(other *zsource) bool {
	return s.zset != nil && s.zset == other.zset || s.set != nil && s.set == other.set
}

// zsetAlgebra are the operands of a union, intersection or difference.
type zsetAlgebra struct {
	sources    []zsource
	aggregate  aggregate
	withScores bool
	limit      int64 // 0 for none
}

// zsetOptions says which options a command takes.
type zsetOptions uint8

const (
	takesWeights zsetOptions = 1 << iota // WEIGHTS and AGGREGATE
	takesScores                          // WITHSCORES
	takesLimit                           // LIMIT
)

// readAlgebra reads numkeys, keys and options. The keys are looked up before the
// options are read.
func (c *client) readAlgebra(a *args, name string, takes zsetOptions) (o zsetAlgebra, err error) {
	n, err := a.int()
	switch {
	case err != nil:
		return o, err
	case n < 1:
		return o, errInputKeys(name)
	case n > int64(a.left()):
		return o, errSyntax
	}
	o.sources = make([]zsource, n)
	for i := range o.sources {
		if o.sources[i], err = c.zsource(a.next()); err != nil {
			return o, err
		}
	}
	return o, o.readOptions(a, takes)
}

func (c *client) zsource(key []byte) (s zsource, err error) {
	s.weight = 1
	o := c.db.Lookup(key, c.touchFlag())
	switch {
	case o == nil:
	case o.Type() == keyspace.TypeZSet:
		s.zset = o.ZSet()
	case o.Type() == keyspace.TypeSet:
		s.set = o.Set()
	default:
		err = errWrongType
	}
	return s, err
}

func (o *zsetAlgebra) readOptions(a *args, takes zsetOptions) error {
	for a.more() {
		var err error
		switch {
		case takes&takesWeights != 0 && a.optionWith("WEIGHTS", len(o.sources)):
			err = o.readWeights(a)
		case takes&takesWeights != 0 && a.optionWith("AGGREGATE", 1):
			err = o.readAggregate(a)
		case takes&takesScores != 0 && a.option("WITHSCORES"):
			o.withScores = true
		case takes&takesLimit != 0 && a.optionWith("LIMIT", 1):
			o.limit, err = a.intIn(0, math.MaxInt64, errNegLimit)
		default:
			err = errSyntax
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *zsetAlgebra) readWeights(a *args) error {
	for i := range o.sources {
		weight, ok := parseDouble(a.next())
		if !ok {
			return errWeight
		}
		o.sources[i].weight = weight
	}
	return nil
}

func (o *zsetAlgebra) readAggregate(a *args) error {
	switch {
	case a.option("SUM"):
		o.aggregate = aggregateSum
	case a.option("MIN"):
		o.aggregate = aggregateMin
	case a.option("MAX"):
		o.aggregate = aggregateMax
	default:
		return errSyntax
	}
	return nil
}

// bySize puts the smallest source first.
func (o *zsetAlgebra) bySize() {
	slices.SortStableFunc(o.sources, func(x, y zsource) int { return cmp.Compare(x.len(), y.len()) })
}

// union adds the members that any source has.
func (c *client) union(o *zsetAlgebra, to *keyspace.ZSetBuilder) {
	o.bySize()
	for i := range o.sources {
		s := &o.sources[i]
		s.each(func(e keyspace.Element, score float64) bool {
			to.Merge(c.elementText(e), zeroIfNaN(s.weight*score), o.aggregate.of)
			return true
		})
	}
}

// inter adds the members that all sources have.
func (c *client) inter(o *zsetAlgebra, to *keyspace.ZSetBuilder) {
	c.eachCommon(o, func(member []byte, score float64) bool {
		to.Add(member, score)
		return true
	})
}

// eachCommon calls fn with each member that all sources have, and its score, until
// fn returns false.
func (c *client) eachCommon(o *zsetAlgebra, fn func(member []byte, score float64) bool) {
	o.bySize()
	first, others := &o.sources[0], o.sources[1:]
	first.each(func(e keyspace.Element, score float64) bool {
		member := c.elementText(e)
		sum := zeroIfNaN(first.weight * score)
		for i := range others {
			other, ok := score, true
			if !others[i].same(first) {
				other, ok = others[i].score(member)
			}
			if !ok {
				return true
			}
			sum = o.aggregate.of(sum, others[i].weight*other)
		}
		return fn(member, sum)
	})
}

// diff adds the members of the first source that no other one has. It looks each of
// them up in all others or, if that is less, walks all others.
func (c *client) diff(o *zsetAlgebra, to *keyspace.ZSetBuilder) {
	first, others := &o.sources[0], o.sources[1:]
	all := 0
	for i := range o.sources {
		all += o.sources[i].len()
	}
	lookUp := first.len()*len(o.sources)/2 <= all
	first.each(func(e keyspace.Element, score float64) bool {
		member := c.elementText(e)
		for i := range others {
			if !lookUp {
				break
			}
			if _, ok := others[i].score(member); ok {
				return true
			}
		}
		to.Add(member, score)
		return true
	})
	for i := range others {
		if lookUp || to.Len() == 0 {
			break
		}
		others[i].each(func(e keyspace.Element, _ float64) bool {
			to.Remove(c.elementText(e))
			return true
		})
	}
}

// algebra is one of union, inter and diff.
type algebra func(c *client, o *zsetAlgebra, to *keyspace.ZSetBuilder)

func (c *client) replyAlgebra(a *args, name string, takes zsetOptions, combine algebra) error {
	o, err := c.readAlgebra(a, name, takes)
	if err != nil {
		return err
	}
	b := keyspace.NewZSetBuilder(c.zsetLimits())
	combine(c, &o, b)
	c.scoredArray(b.Len(), o.withScores)
	b.Each(func(member []byte, score float64) {
		c.replyScored(keyspace.Element{Bytes: member}, score, o.withScores)
	})
	return nil
}

func (c *client) storeAlgebra(a *args, name string, takes zsetOptions, combine algebra) error {
	target := a.next()
	o, err := c.readAlgebra(a, name, takes)
	if err != nil {
		return err
	}
	b := keyspace.NewZSetBuilder(c.zsetLimits())
	combine(c, &o, b)
	c.storeZSet(target, b, name)
	return nil
}

// zunionCommand replies with the members of all of several sorted sets.
//
//	ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]
//
// O(N)+O(M*log(M)) with N the members of all and M those of the result. Reply: an array
// of members, in order.
func zunionCommand(c *client, a *args) error {
	return c.replyAlgebra(a, "zunion", takesWeights|takesScores, (*client).union)
}

// zinterCommand replies with the members that several sorted sets have in common.
//
//	ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]
//
// O(N*K)+O(M*log(M)) with N the members of the smallest of K and M those of the result.
// Reply: an array of members, in order.
func zinterCommand(c *client, a *args) error {
	return c.replyAlgebra(a, "zinter", takesWeights|takesScores, (*client).inter)
}

// zdiffCommand replies with the members of a sorted set that others do not have.
//
//	ZDIFF numkeys key [key ...] [WITHSCORES]
//
// O(L + (N-K)log(N)) with L the members of all, N those of the first and K those of the
// result. Reply: an array of members, in order.
func zdiffCommand(c *client, a *args) error {
	return c.replyAlgebra(a, "zdiff", takesScores, (*client).diff)
}

// zunionstoreCommand stores what ZUNION would reply.
//
//	ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]
//
// O(N)+O(M*log(M)) as ZUNION. Reply: how many members were stored.
func zunionstoreCommand(c *client, a *args) error {
	return c.storeAlgebra(a, "zunionstore", takesWeights, (*client).union)
}

// zinterstoreCommand stores what ZINTER would reply.
//
//	ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]
//
// O(N*K)+O(M*log(M)) as ZINTER. Reply: how many members were stored.
func zinterstoreCommand(c *client, a *args) error {
	return c.storeAlgebra(a, "zinterstore", takesWeights, (*client).inter)
}

// zdiffstoreCommand stores what ZDIFF would reply.
//
//	ZDIFFSTORE destination numkeys key [key ...]
//
// O(L + (N-K)log(N)) as ZDIFF. Reply: how many members were stored.
func zdiffstoreCommand(c *client, a *args) error {
	return c.storeAlgebra(a, "zdiffstore", 0, (*client).diff)
}

// zintercardCommand counts the members that several sorted sets have in common.
//
//	ZINTERCARD numkeys key [key ...] [LIMIT limit]
//
// O(N*K) with N the members of the smallest of K. Reply: how many there are, or limit
// if there are at least so many and it is not 0.
func zintercardCommand(c *client, a *args) error {
	o, err := c.readAlgebra(a, "zintercard", takesLimit)
	if err != nil {
		return err
	}
	n := int64(0)
	c.eachCommon(&o, func([]byte, float64) bool {
		n++
		return n != o.limit
	})
	c.out.Int(n)
	return nil
}
