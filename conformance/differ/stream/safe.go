package stream

import (
	"math"
	"strconv"
	"strings"
)

// nearFuture is the shortest relative time, in seconds, after which a key may
// expire: no stream takes that long.
const nearFuture = 300

// Safe reports whether a request can be sent: it waits for a moment at most, makes
// no huge value and no huge reply, and does not depend on when it is executed.
func Safe(words []string) bool {
	if len(words) == 0 {
		return false
	}
	args := words[1:]
	switch name := strings.ToLower(words[0]); name {
	case "blpop", "brpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax":
		return len(args) == 0 || shortWait(args[len(args)-1])
	case "blmpop", "bzmpop":
		return len(args) == 0 || shortWait(args[0])
	case "xread", "xreadgroup":
		return shortBlock(args)
	case "srandmember", "hrandfield", "zrandmember":
		return noneWithin(args, math.MinInt64/2, -200)
	case "setbit":
		return noneWithin(args, 20_000, 1<<32-1)
	case "bitfield":
		return noneWithin(args, 20_000, 1<<33) || !hasFieldOffset(args)
	case "setrange":
		return len(args) < 2 || noneWithin(args[1:2], 2_000, 512<<20-1)
	case "expire", "setex":
		return len(args) < 2 || noneWithin(args[1:2], 1, nearFuture)
	case "restore": // the sum of now and a huge time is not checked, and then negative
		return len(args) < 2 || noneWithin(args[1:2], 1, nearFuture*1000) && noneWithin(args[1:2], 1<<61, math.MaxInt64)
	case "pexpire", "psetex":
		return len(args) < 2 || noneWithin(args[1:2], 1, nearFuture*1000)
	case "set", "getex":
		return farExpiry(args)
	}
	return true
}

// shortWait reports whether the timeout is short or no timeout at all.
func shortWait(word string) bool {
	f, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
	return err != nil || f < 0 || f > 0 && f <= 0.01 || f > 1e15
}

// noneWithin reports whether no word is an integer from low to high.
func noneWithin(words []string, low, high int64) bool {
	for _, w := range words {
		if n, err := strconv.ParseInt(strings.TrimPrefix(w, "#"), 10, 64); err == nil && n >= low && n <= high {
			return false
		}
	}
	return true
}

// hasFieldOffset reports whether a large number in BITFIELD is an offset: it
// stands two words behind GET, SET or INCRBY.
func hasFieldOffset(args []string) bool {
	for i := 2; i < len(args); i++ {
		switch strings.ToUpper(args[i-2]) {
		case "GET", "SET", "INCRBY":
			if !noneWithin(args[i:i+1], 20_000, 1<<33) {
				return true
			}
		}
	}
	return false
}

// farExpiry looks at the words behind EX and PX.
func farExpiry(args []string) bool {
	for i := 1; i < len(args); i++ {
		switch strings.ToUpper(args[i-1]) {
		case "EX":
			if !noneWithin(args[i:i+1], 1, nearFuture) {
				return false
			}
		case "PX":
			if !noneWithin(args[i:i+1], 1, nearFuture*1000) {
				return false
			}
		}
	}
	return true
}
