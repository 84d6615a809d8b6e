package server

import (
	"math"

	"respect/keyspace"
)

// Expiry: a key may have a deadline, kept to the millisecond. Once the clock has
// passed it the key is gone for every command, and it is deleted when somebody
// looks or by the timer, whichever is first.

// expireCommand sets how long a key lives.
//
//	EXPIRE key seconds [NX | XX | GT | LT]
//
// O(1). Reply: 1 if the deadline was set, 0 if not. A deadline that has passed
// deletes the key.
func expireCommand(c *client, a *args) error {
	return c.expire(a, expiryArg{seconds: true}, "expire")
}

// pexpireCommand is EXPIRE in milliseconds.
//
//	PEXPIRE key milliseconds [NX | XX | GT | LT]
//
// O(1). Reply: 1 if the deadline was set, 0 if not.
func pexpireCommand(c *client, a *args) error {
	return c.expire(a, expiryArg{}, "pexpire")
}

// expireatCommand sets the deadline of a key.
//
//	EXPIREAT key unix-time-seconds [NX | XX | GT | LT]
//
// O(1). Reply: 1 if the deadline was set, 0 if not.
func expireatCommand(c *client, a *args) error {
	return c.expire(a, expiryArg{seconds: true, absolute: true}, "expireat")
}

// pexpireatCommand is EXPIREAT in milliseconds.
//
//	PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]
//
// O(1). Reply: 1 if the deadline was set, 0 if not.
func pexpireatCommand(c *client, a *args) error {
	return c.expire(a, expiryArg{absolute: true}, "pexpireat")
}

// expire is the shared body of the EXPIRE family. Unlike in SET the number may
// be zero or negative.
func (c *client) expire(a *args, unit expiryArg, command string) error {
	key, number := a.next(), a.next()
	cond, err := readExpireCondition(a)
	if err != nil {
		return err
	}
	n, ok := keyspace.ParseInt(number)
	if !ok {
		return errNotInteger
	}
	if unit.seconds {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return errInvalidExpire(command)
		}
		n *= 1000
	}
	if !unit.absolute {
		if n > math.MaxInt64-c.srv.nowMs {
			return errInvalidExpire(command)
		}
		n += c.srv.nowMs
	}
	o := c.db.Lookup(key, keyspace.NoStats)
	if o == nil || !cond.holds(c.db.ExpireAt(o), n) {
		c.out.Int(0)
		return nil
	}
	if c.srv.past(n) {
		c.db.Remove(o)
		c.effect(deletion(c.srv.cfg.LazyfreeExpire), key)
		c.modified(eventGeneric, "del", key)
	} else {
		c.expireAt(o, n)
		if argv := c.rewrite(); argv != nil && !unit.exact() {
			argv[0], argv[2] = wordPexpireat, c.number(n)
			c.effect(argv...)
		}
		c.modified(eventGeneric, "expire", key)
	}
	c.out.Int(1)
	return nil
}

// past tells whether a deadline that is to be set has passed already. While a log is
// replayed none has: what expired meanwhile goes when the log says so, or at its end.
func (s *Server) past(atMs int64) bool { return atMs <= s.nowMs && !s.ks.Replaying }

// expireCondition is under which circumstances a deadline is set.
type expireCondition struct{ nx, xx, gt, lt bool }

const (
	errExpireNX replyError = "ERR NX and XX, GT or LT options at the same time are not compatible"
	errExpireGT replyError = "ERR GT and LT options at the same time are not compatible"
)

func readExpireCondition(a *args) (cond expireCondition, err error) {
	for a.more() {
		switch {
		case a.option("NX"):
			cond.nx = true
		case a.option("XX"):
			cond.xx = true
		case a.option("GT"):
			cond.gt = true
		case a.option("LT"):
			cond.lt = true
		default:
			return cond, replyError("ERR Unsupported option " + string(text(a.next())))
		}
	}
	if cond.nx && (cond.xx || cond.gt || cond.lt) {
		return cond, errExpireNX
	}
	if cond.gt && cond.lt {
		return cond, errExpireGT
	}
	return cond, nil
}

// holds tells whether a key with the deadline now may get the deadline next. A
// key without one counts as living for ever.
func (x expireCondition) holds(now, next int64) bool {
	volatile := now != keyspace.NoExpiry
	switch {
	case x.nx && volatile, x.xx && !volatile:
		return false
	case x.gt && (!volatile || next <= now):
		return false
	case x.lt && volatile && next >= now:
		return false
	}
	return true
}

// persistCommand takes the deadline of a key away.
//
//	PERSIST key
//
// O(1). Reply: 1 if it had one, else 0.
func persistCommand(c *client, a *args) error {
	key := a.next()
	o := c.db.Lookup(key, keyspace.NoStats)
	done := o != nil && c.db.Persist(o)
	if done {
		c.modified(eventGeneric, "persist", key)
	}
	c.out.Int(int64(btoi(done)))
	return nil
}

// Replies of the commands that tell deadlines.
const (
	ttlNoKey    = -2
	ttlNoExpiry = -1
)

// deadline returns the deadline of the key in a's next argument, or the reply
// that says that there is none.
func (c *client) deadline(a *args) (atMs int64, none int64) {
	o := c.peek(a.next())
	if o == nil {
		return 0, ttlNoKey
	}
	if atMs = c.db.ExpireAt(o); atMs == keyspace.NoExpiry {
		return 0, ttlNoExpiry
	}
	return atMs, 0
}

func roundSeconds(ms int64) int64 { return int64((uint64(ms) + 500) / 1000) }

// ttlCommand tells how long a key lives.
//
//	TTL key
//
// O(1). Reply: seconds, rounded; -1 without a deadline; -2 without a key.
func ttlCommand(c *client, a *args) error {
	atMs, none := c.deadline(a)
	if none == 0 {
		none = roundSeconds(max(0, atMs-c.srv.nowMs))
	}
	c.out.Int(none)
	return nil
}

// pttlCommand is TTL in milliseconds.
//
//	PTTL key
//
// O(1). Reply: milliseconds; -1 without a deadline; -2 without a key.
func pttlCommand(c *client, a *args) error {
	atMs, none := c.deadline(a)
	if none == 0 {
		none = max(0, atMs-c.srv.nowMs)
	}
	c.out.Int(none)
	return nil
}

// expiretimeCommand tells the deadline of a key.
//
//	EXPIRETIME key
//
// O(1). Reply: Unix time in seconds, rounded; -1 without a deadline; -2 without
// a key.
func expiretimeCommand(c *client, a *args) error {
	atMs, none := c.deadline(a)
	if none == 0 {
		none = roundSeconds(atMs)
	}
	c.out.Int(none)
	return nil
}

// pexpiretimeCommand is EXPIRETIME in milliseconds.
//
//	PEXPIRETIME key
//
// O(1). Reply: Unix time in milliseconds; -1 without a deadline; -2 without a
// key.
func pexpiretimeCommand(c *client, a *args) error {
	atMs, none := c.deadline(a)
	if none == 0 {
		none = atMs
	}
	c.out.Int(none)
	return nil
}
