package command

import (
	"iter"
	"math/bits"
	"slices"
)

// Flags is a set of properties of a command.
type Flags uint32

// The flags, in the order in which COMMAND INFO lists them.
const (
	Write           Flags = 1 << iota // may change the keyspace
	ReadOnly                          // reads the keyspace
	DenyOOM                           // refused when memory is short
	Module                            // comes from a module
	Admin                             // for administrators
	PubSub                            // about channels
	NoScript                          // not from scripts
	Blocking                          // may wait
	Loading                           // allowed while the data is being loaded
	Stale                             // allowed on a replica that lost its master
	SkipMonitor                       // not shown by MONITOR
	SkipSlowlog                       // not kept in the slow log
	Asking                            // allowed on a slot that is being imported
	Fast                              // constant or logarithmic time
	NoAuth                            // allowed before authentication
	MayReplicate                      // may be propagated without being a write
	NoMandatoryKeys                   // its keys may be none
	Protected                         // off unless switched on
	NoAsyncLoading                    // not while a replica loads in the background
	NoMulti                           // not in a transaction
	MovableKeys                       // first and last key do not tell all; derived
	AllowBusy                         // allowed while a script runs too long

	flagsEnd
)

// hiddenFlags are left out of replies.
const hiddenFlags = MayReplicate | Protected

var flagNames = []string{
	"write", "readonly", "denyoom", "module", "admin", "pubsub", "noscript", "blocking",
	"loading", "stale", "skip_monitor", "skip_slowlog", "asking", "fast", "no_auth",
	"may_replicate", "no_mandatory_keys", "protected", "no_async_loading", "no_multi",
	"movablekeys", "allow_busy",
}

// ParseFlag returns the flag of a name.
func ParseFlag(name string) (Flags, bool) {
	i := slices.Index(flagNames, name)
	if i < 0 {
		return 0, false
	}
	return 1 << i, true
}

// Names are the names of the flags that clients are shown, in order.
func (f Flags) Names() iter.Seq[string] { return names(uint32(f&^hiddenFlags), flagNames) }

// Count is the number of Names.
func (f Flags) Count() int { return bits.OnesCount32(uint32(f &^ hiddenFlags)) }

// Categories is a set of ACL categories.
type Categories uint32

// The categories, in the order in which COMMAND INFO lists them.
const (
	CategoryKeyspace Categories = 1 << iota
	CategoryRead
	CategoryWrite
	CategorySet
	CategorySortedSet
	CategoryList
	CategoryHash
	CategoryString
	CategoryBitmap
	CategoryHyperLogLog
	CategoryGeo
	CategoryStream
	CategoryPubSub
	CategoryAdmin
	CategoryFast
	CategorySlow
	CategoryBlocking
	CategoryDangerous
	CategoryConnection
	CategoryTransaction
	CategoryScripting

	categoriesEnd
)

var categoryNames = []string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap",
	"hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking",
	"dangerous", "connection", "transaction", "scripting",
}

// ParseCategory returns the category of a name without @, in lower case.
func ParseCategory(name string) (Categories, bool) {
	i := slices.Index(categoryNames, name)
	if i < 0 {
		return 0, false
	}
	return 1 << i, true
}

// Names are the names of the categories without @, in order.
func (c Categories) Names() iter.Seq[string] { return names(uint32(c), categoryNames) }

// Count is the number of categories.
func (c Categories) Count() int { return bits.OnesCount32(uint32(c)) }

// impliedBy adds the categories that follow from flags.
func (c Categories) impliedBy(f Flags) Categories {
	add := func(flag Flags, implied Categories) {
		if f&flag != 0 {
			c |= implied
		}
	}
	add(Write, CategoryWrite)
	if c&CategoryScripting == 0 {
		add(ReadOnly, CategoryRead)
	}
	add(Admin, CategoryAdmin|CategoryDangerous)
	add(PubSub, CategoryPubSub)
	add(Fast, CategoryFast)
	add(Blocking, CategoryBlocking)
	if c&CategoryFast == 0 {
		c |= CategorySlow
	}
	return c
}

// names yields the names of the bits that are set, lowest first.
func names(set uint32, all []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; set != 0; set &= set - 1 {
			if !yield(all[bits.TrailingZeros32(set)]) {
				return
			}
		}
	}
}
