package server

import (
	"math"

	"respect/keyspace"
	"respect/server/command"
)

// Field expiry: a field of a hash may have a deadline of its own, to the
// millisecond. Redis has it since 7.4. All its commands take their fields in the
// same way, behind the word FIELDS and their number, and reply with one integer for
// each. To whoever only reads, a field is there until the clock has passed the
// deadline, as a key is.

var hashExpireCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: hexpireCommand, Spec: command.New("hexpire", -6, "write denyoom fast @hash", "1 RW update", "hash 7.4.0", "O(N)",
		"key:key seconds:integer [condition(NX | XX | GT | LT)] FIELDS fields(numfields:integer field:string...)",
		"Lets fields expire after some seconds.")},
	{handler: hexpireatCommand, Spec: command.New("hexpireat", -6, "write denyoom fast @hash", "1 RW update", "hash 7.4.0", "O(N)",
		"key:key unix-time-seconds:unix-time [condition(NX | XX | GT | LT)] FIELDS fields(numfields:integer field:string...)",
		"Lets fields expire at a Unix time in seconds.")},
	{handler: hexpiretimeCommand, Spec: command.New("hexpiretime", -5, "readonly fast @hash", "1 RO access", "hash 7.4.0", "O(N)",
		"key:key FIELDS fields(numfields:integer field:string...)",
		"Returns when fields expire, as Unix time in seconds.")},
	{handler: hpersistCommand, Spec: command.New("hpersist", -5, "write fast @hash", "1 RW update", "hash 7.4.0", "O(N)",
		"key:key FIELDS fields(numfields:integer field:string...)",
		"Removes the expiry of fields.")},
	{handler: hpexpireCommand, Spec: command.New("hpexpire", -6, "write denyoom fast @hash", "1 RW update", "hash 7.4.0", "O(N)",
		"key:key milliseconds:integer [condition(NX | XX | GT | LT)] FIELDS fields(numfields:integer field:string...)",
		"Lets fields expire after some milliseconds.")},
	{handler: hpexpireatCommand, Spec: command.New("hpexpireat", -6, "write denyoom fast @hash", "1 RW update", "hash 7.4.0", "O(N)",
		"key:key unix-time-milliseconds:unix-time [condition(NX | XX | GT | LT)] FIELDS fields(numfields:integer field:string...)",
		"Lets fields expire at a Unix time in milliseconds.")},
	{handler: hpexpiretimeCommand, Spec: command.New("hpexpiretime", -5, "readonly fast @hash", "1 RO access", "hash 7.4.0", "O(N)",
		"key:key FIELDS fields(numfields:integer field:string...)",
		"Returns when fields expire, as Unix time in milliseconds.")},
	{handler: hpttlCommand, Spec: command.New("hpttl", -5, "readonly fast @hash", "1 RO access", "hash 7.4.0", "O(N)",
		"key:key FIELDS fields(numfields:integer field:string...)",
		"Returns the milliseconds until fields expire.")},
	{handler: httlCommand, Spec: command.New("httl", -5, "readonly fast @hash", "1 RO access", "hash 7.4.0", "O(N)",
		"key:key FIELDS fields(numfields:integer field:string...)",
		"Returns the seconds until fields expire.")},
}

// maxFieldExpireAtMs is the last deadline that a field can have: 46 bits of
// milliseconds, in the year 4199.
const maxFieldExpireAtMs = 1<<46 - 1

const (
	errFieldsWord     replyError = "ERR Mandatory argument FIELDS is missing or not at the right position"
	errFieldsPositive replyError = "ERR Number of fields must be a positive integer"
	errNumFields      replyError = "ERR Parameter `numFields` should be greater than 0"
	errFieldsMismatch replyError = "ERR The `numfields` parameter must match the number of arguments"
	errExpireNegative replyError = "ERR invalid expire time, must be >= 0"
)

// Replies of the commands that set deadlines, for each field. Fields that are not
// there give ttlNoKey.
const (
	fieldNotSet  = 0
	fieldSet     = 1
	fieldDeleted = 2 // the deadline was in the past
)

// readFields reads FIELDS with the fields behind it, which end the request.
func readFields(a *args, badNumber replyError) ([][]byte, error) {
	if !a.option("FIELDS") {
		return nil, errFieldsWord
	}
	n, err := a.intIn(1, math.MaxInt64, badNumber)
	if err != nil {
		return nil, err
	}
	if n != int64(a.left()) {
		return nil, errFieldsMismatch
	}
	return a.rest(), nil
}

// noFields replies what all these commands do if there is no hash.
func (c *client) noFields(fields [][]byte) {
	c.out.Array(len(fields))
	for range fields {
		c.out.Int(ttlNoKey)
	}
}

// hexpireCommand sets how long fields live.
//
//	HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply, for each field: 1 if the deadline
// was set, 0 if the condition does not hold, 2 if it is in the past, so that the
// field was deleted, -2 if there is no such field.
func hexpireCommand(c *client, a *args) error {
	return c.expireFields(a, expiryArg{seconds: true}, "hexpire")
}

// hexpireatCommand sets the deadline of fields.
//
//	HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply: as of HEXPIRE.
func hexpireatCommand(c *client, a *args) error {
	return c.expireFields(a, expiryArg{seconds: true, absolute: true}, "hexpireat")
}

// hexpiretimeCommand tells the deadlines of fields.
//
//	HEXPIRETIME key FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply, for each field: Unix time in
// seconds, rounded up; -1 without a deadline; -2 without a field.
func hexpiretimeCommand(c *client, a *args) error { return c.fieldDeadlines(a, 0, 1000) }

// hpersistCommand takes the deadlines of fields away.
//
//	HPERSIST key FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply, for each field: 1 if it had a
// deadline, -1 if not, -2 without a field.
func hpersistCommand(c *client, a *args) error {
	key := a.next()
	h, err := c.writeHash(key)
	if err != nil {
		return err
	}
	fields, err := readFields(a, errFieldsPositive)
	if err != nil {
		return err
	}
	if h == nil {
		c.noFields(fields)
		return nil
	}
	changed := false
	c.out.Array(len(fields))
	for _, field := range fields {
		switch _, ok := h.Get(field); {
		case !ok:
			c.out.Int(ttlNoKey)
		case h.FieldExpireAt(field) == keyspace.NoExpiry:
			c.out.Int(ttlNoExpiry)
		default:
			h.SetFieldExpireAt(field, keyspace.NoExpiry)
			c.out.Int(fieldSet)
			changed = true
		}
	}
	if changed {
		c.modified(eventHash, "hpersist", key)
	}
	return nil
}

// hpexpireCommand is HEXPIRE in milliseconds.
//
//	HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply: as of HEXPIRE.
func hpexpireCommand(c *client, a *args) error {
	return c.expireFields(a, expiryArg{}, "hpexpire")
}

// hpexpireatCommand is HEXPIREAT in milliseconds.
//
//	HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply: as of HEXPIRE.
func hpexpireatCommand(c *client, a *args) error {
	return c.expireFields(a, expiryArg{absolute: true}, "hpexpireat")
}

// expireFields is the shared body of the commands that set deadlines.
func (c *client) expireFields(a *args, unit expiryArg, name string) error {
	key := a.next()
	h, err := c.writeHash(key)
	if err != nil {
		return err
	}
	atMs, err := c.fieldDeadline(a, unit, name)
	if err != nil {
		return err
	}
	cond := readFieldCondition(a)
	fields, err := readFields(a, errNumFields)
	if err != nil {
		return err
	}
	if h == nil {
		c.noFields(fields)
		return nil
	}
	h.AllowFieldExpiry()
	past := c.srv.past(atMs)
	changed := 0
	c.out.Array(len(fields))
	told := c.srv.copies != nil
	var done [][]byte
	for _, field := range fields {
		reply := expireField(h, field, atMs, cond, past)
		if reply > fieldNotSet {
			changed++
			if told {
				done = append(done, field)
			}
		}
		c.out.Int(int64(reply))
	}
	if len(done) > 0 {
		if past {
			c.tellFieldsDeleted(key, done)
		} else {
			c.tellFieldDeadline(unit, len(fields), done, atMs)
		}
	}
	switch {
	case changed == 0:
	case past:
		c.srv.ks.Stats.ExpiredFields += uint64(changed)
		c.modified(eventHash, "hdel", key)
		c.dropEmptyHash(key, h)
	default:
		c.srv.timer.arm(atMs + 1)
		c.modified(eventHash, "hexpire", key)
	}
	return nil
}

// tellFieldsDeleted tells that fields were deleted, each by itself.
func (c *client) tellFieldsDeleted(key []byte, fields [][]byte) {
	for _, field := range fields {
		c.effect(wordHdel, key, field)
	}
}

// tellFieldDeadline tells the request with a point in time, and with those of the given
// fields that have got the deadline.
func (c *client) tellFieldDeadline(unit expiryArg, given int, fields [][]byte, atMs int64) {
	argv := c.rewrite()
	if !unit.exact() {
		argv[0], argv[2] = wordHpexpireat, c.number(atMs)
	}
	argv = append(argv[:len(argv)-given-1], c.number(int64(len(fields))))
	c.effect(append(argv, fields...)...)
}

// fieldDeadline reads the time of a command that sets deadlines, as Unix time in
// milliseconds.
func (c *client) fieldDeadline(a *args, unit expiryArg, name string) (atMs int64, err error) {
	if atMs, err = a.int(); err != nil {
		return 0, err
	}
	if atMs < 0 {
		return 0, errExpireNegative
	}
	if unit.seconds {
		if atMs > maxFieldExpireAtMs/1000 {
			return 0, errInvalidExpire(name)
		}
		atMs *= 1000
	}
	base := c.srv.nowMs
	if unit.absolute {
		base = 0
	}
	if atMs > maxFieldExpireAtMs-base {
		return 0, errInvalidExpire(name)
	}
	return atMs + base, nil
}

// readFieldCondition reads the one condition that there may be in front of FIELDS.
func readFieldCondition(a *args) expireCondition {
	switch {
	case a.option("NX"):
		return expireCondition{nx: true}
	case a.option("XX"):
		return expireCondition{xx: true}
	case a.option("GT"):
		return expireCondition{gt: true}
	case a.option("LT"):
		return expireCondition{lt: true}
	}
	return expireCondition{}
}

// expireField gives a field a deadline, or deletes it if that is in the past, and
// returns the reply.
func expireField(h *keyspace.Hash, field []byte, atMs int64, cond expireCondition, past bool) int {
	if _, ok := h.Get(field); !ok {
		return ttlNoKey
	}
	if !cond.holds(h.FieldExpireAt(field), atMs) {
		return fieldNotSet
	}
	if past {
		h.Delete(field)
		return fieldDeleted
	}
	h.SetFieldExpireAt(field, atMs)
	return fieldSet
}

// hpexpiretimeCommand is HEXPIRETIME in milliseconds.
//
//	HPEXPIRETIME key FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply, for each field: Unix time in
// milliseconds; -1 without a deadline; -2 without a field.
func hpexpiretimeCommand(c *client, a *args) error { return c.fieldDeadlines(a, 0, 1) }

// hpttlCommand is HTTL in milliseconds.
//
//	HPTTL key FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply, for each field: milliseconds; -1
// without a deadline; -2 without a field.
func hpttlCommand(c *client, a *args) error { return c.fieldDeadlines(a, c.srv.nowMs, 1) }

// httlCommand tells how long fields live.
//
//	HTTL key FIELDS numfields field [field ...]
//
// O(N) with N the number of fields given. Reply, for each field: seconds, rounded
// up; -1 without a deadline; -2 without a field.
func httlCommand(c *client, a *args) error { return c.fieldDeadlines(a, c.srv.nowMs, 1000) }

// fieldDeadlines replies with the time from base to the deadline of each field, in
// units of so many milliseconds. In its last millisecond a field counts as gone
// already.
func (c *client) fieldDeadlines(a *args, base, unit int64) error {
	h, err := c.lookupHash(a.next())
	if err != nil {
		return err
	}
	fields, err := readFields(a, errFieldsPositive)
	if err != nil {
		return err
	}
	if h == nil {
		c.noFields(fields)
		return nil
	}
	c.out.Array(len(fields))
	for _, field := range fields {
		atMs := h.FieldExpireAt(field)
		_, ok := h.Get(field)
		switch {
		case !ok || atMs != keyspace.NoExpiry && atMs <= c.srv.nowMs:
			c.out.Int(ttlNoKey)
		case atMs == keyspace.NoExpiry:
			c.out.Int(ttlNoExpiry)
		default:
			c.out.Int((atMs - base + unit - 1) / unit)
		}
	}
	return nil
}

// fieldExpired is told by the keyspace of each field that it is about to delete.
//
// Deviation: whoever looks a hash up deletes what has expired of it, and all of that is told.
// The reference deletes, and tells of, the fields that are named, and leaves others to time.
func (s *Server) fieldExpired(db *keyspace.DB, key []byte, field keyspace.Element) {
	if s.copies != nil {
		s.tell(db.ID(), [][]byte{wordHdel, key, s.keptElement(field)})
	}
}

// fieldsExpired is told by the keyspace of each hash of which it has deleted fields.
func (s *Server) fieldsExpired(db *keyspace.DB, key []byte, gone bool) {
	s.keyTouched(nil, db, eventHash, "hexpired", key)
	if gone {
		s.notify(db, eventGeneric, "del", key)
	}
}
