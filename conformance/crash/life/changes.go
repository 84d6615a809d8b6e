package life

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// change is what a client sends as one unit: a command, or a transaction of several.
type change struct {
	commands    [][]string
	transaction bool
}

// author makes the changes of one client. What a change does depends on nothing but the
// changes before it, never on a reply: those may not have come.
type author struct {
	rng          *rand.Rand
	prefix       string
	transactions bool
	state        model // after all changes that were made up
}

// keysPerKind is how many keys of each kind a client has.
const keysPerKind = 3

// Sizes beyond which values shrink.
const (
	maxText, maxElements = 2000, 60
)

// next makes up a change and applies it to the author's state.
func (a *author) next() change {
	n := 1
	if a.transactions {
		n = 1 + a.rng.IntN(5)
	}
	c := change{transaction: a.transactions}
	for range n {
		words := a.command()
		a.state.apply(words)
		c.commands = append(c.commands, words)
	}
	return c
}

// command makes up a command that changes something.
func (a *author) command() []string {
	kinds := []kind{kindString, kindList, kindHash, kindSet, kindZset, kindStream}
	k := kinds[a.rng.IntN(len(kinds))]
	key := a.key(k)
	v := a.state[key]
	if v != nil && a.rng.IntN(25) == 0 {
		if a.rng.IntN(2) == 0 && k != kindStream { // a stream that was deleted forgets its last ID
			return []string{"RENAME", key, a.key(k)}
		}
		return []string{[]string{"DEL", "UNLINK"}[a.rng.IntN(2)], key}
	}
	switch k {
	case kindString:
		return a.onString(key, v)
	case kindList:
		return a.onList(key, v)
	case kindHash:
		return a.onHash(key, v)
	case kindSet:
		return a.onSet(key, v)
	case kindZset:
		return a.onZset(key, v)
	}
	last := 0
	if v != nil {
		last = v.lastID
	}
	return []string{"XADD", key, "MAXLEN", strconv.Itoa(1 + a.rng.IntN(maxElements)), strconv.Itoa(last+1) + "-0", "f", a.word()}
}

func (a *author) key(k kind) string {
	return fmt.Sprintf("%s:%s:%d", a.prefix, k, a.rng.IntN(keysPerKind))
}

// word is a random word, now and then a long one.
func (a *author) word() string {
	n := 1 + a.rng.IntN(12)
	if a.rng.IntN(40) == 0 {
		n = 100 + a.rng.IntN(400)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + a.rng.IntN(26))
	}
	return string(b)
}

func (a *author) words() []string {
	list := make([]string, 1+a.rng.IntN(4))
	for i := range list {
		list[i] = a.word()
	}
	return list
}

// number is a random number, in its text form.
func (a *author) number() string { return strconv.Itoa(a.rng.IntN(200) - 50) }

// counter tells whether a key of kind string is used for numbers: the last one is.
func counter(key string) bool { return key[len(key)-1] == '0'+keysPerKind-1 }

func (a *author) onString(key string, v *value) []string {
	switch n := a.rng.IntN(4); {
	case counter(key) && (v == nil || counterText(v.text)):
		return []string{"INCRBY", key, a.number()}
	case v != nil && n == 0:
		return []string{"GETDEL", key}
	case v != nil && n < 3 && len(v.text) < maxText:
		return []string{"APPEND", key, a.word()}
	}
	return []string{"SET", key, a.word()}
}

// counterText tells whether a string is a number: RENAME may have brought a text.
func counterText(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

func (a *author) onList(key string, v *value) []string {
	switch n := a.rng.IntN(6); {
	case v != nil && len(v.list) > maxElements:
		return []string{"LTRIM", key, "0", strconv.Itoa(maxElements / 2)}
	case v != nil && n < 2:
		return []string{"LPOP", key, strconv.Itoa(1 + a.rng.IntN(3))}
	case n < 4:
		return append([]string{"RPUSH", key}, a.words()...)
	}
	return append([]string{"LPUSH", key}, a.words()...)
}

// member is one of a few names, so that members meet again.
func (a *author) member() string { return "m" + strconv.Itoa(a.rng.IntN(maxElements)) }

func (a *author) onHash(key string, v *value) []string {
	switch n := a.rng.IntN(6); {
	case n == 0:
		return []string{"HINCRBY", key, "n" + a.member(), a.number()}
	case v != nil && n < 3:
		return []string{"HDEL", key, a.member(), a.member()}
	}
	return []string{"HSET", key, a.member(), a.word(), a.member(), a.word()}
}

func (a *author) onSet(key string, v *value) []string {
	if v != nil && a.rng.IntN(2) == 0 {
		return []string{"SREM", key, a.member(), a.member()}
	}
	members := []string{a.member(), a.member(), a.member()}
	slices.Sort(members)
	return append([]string{"SADD", key}, slices.Compact(members)...)
}

func (a *author) onZset(key string, v *value) []string {
	switch n := a.rng.IntN(6); {
	case v != nil && n == 0:
		return []string{"ZREMRANGEBYSCORE", key, "-inf", a.number()}
	case n < 3:
		return []string{"ZINCRBY", key, a.number(), a.member()}
	}
	return []string{"ZADD", key, a.number(), a.member()}
}
