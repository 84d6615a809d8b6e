package server

import (
	"respect/keyspace"
	"respect/rdb"
	"respect/server/command"
)

// Values in serialised form: a DUMP payload is the value as RDB files hold it, with the
// version of their format and a checksum behind it. So real servers restore what is
// dumped here, and the reverse. The format is in package rdb.

var dumpCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: dumpCommand, Spec: command.New("dump", 2, "readonly @keyspace tip:nondeterministic_output", "1 RO access", "generic 2.6.0", "O(N*M)",
		"key:key",
		"Returns a value in serialized form.")},
	{handler: restoreCommand, Spec: command.New("restore", -4, "write denyoom @dangerous @keyspace", "1 OW update", "generic 2.6.0", "O(N*M)",
		"key:key ttl:integer serialized-value:string [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds:integer@5.0.0] [FREQ frequency:integer@5.0.0]",
		"Creates a key from a value in serialized form.")},
}

// rdbVersions are those of the format that the releases write which compat can name.
var rdbVersions = map[string]int{"7.0": 10, "7.2": 11, "7.4": 12}

// rdbVersion returns the version in which the server writes, and the last one that
// RESTORE takes. Where no release is named, the commands of all are there: then what
// only the last version can hold is written in that.
func (s *Server) rdbVersion() (low, high int) {
	if n := rdbVersions[s.cfg.Compat]; n != 0 {
		return n, n
	}
	return rdbVersions["7.2"], rdb.MaxVersion
}

// dumpCommand shows a value as RDB files hold it.
//
//	DUMP key
//
// O(N*M) with N the number of elements of the value and M their average size. Reply:
// the payload, or null if there is no such key.
func dumpCommand(c *client, a *args) error {
	o := c.db.Lookup(a.next(), c.touchFlag())
	if o == nil {
		c.out.Null()
		return nil
	}
	c.out.Bulk(c.srv.appendDump(nil, o))
	return nil
}

// appendDump appends the payload of a value, in the version of the server's files, or in
// the one that holds it.
func (s *Server) appendDump(dst []byte, o *keyspace.Object) []byte {
	version, high := s.rdbVersion()
	if o.Type() == keyspace.TypeHash && o.Hash().NextFieldExpiry() != keyspace.NoExpiry {
		version = high
	}
	return rdb.AppendDump(dst, o, version, s.cfg.Rdbcompression)
}

const (
	errBusyKey     replyError = "BUSYKEY Target key name already exists."
	errInvalidTTL  replyError = "ERR Invalid TTL value, must be >= 0"
	errIdletime    replyError = "ERR Invalid IDLETIME value, must be >= 0"
	errFreq        replyError = "ERR Invalid FREQ value, must be >= 0 and <= 255"
	errDumpTrailer replyError = "ERR DUMP payload version or checksum are wrong"
	errBadFormat   replyError = "ERR Bad data format"
)

// restoreOptions are the options of RESTORE.
type restoreOptions struct {
	replace, absolute bool
	idle, freq        int64 // -1 if not given
}

func readRestoreOptions(a *args) (o restoreOptions, err error) {
	o.idle, o.freq = -1, -1
	for a.more() && err == nil {
		switch {
		case a.option("REPLACE"):
			o.replace = true
		case a.option("ABSTTL"):
			o.absolute = true
		case o.freq < 0 && a.optionWith("IDLETIME", 1):
			if o.idle, err = a.int(); err == nil && o.idle < 0 {
				err = errIdletime
			}
		case o.idle < 0 && a.optionWith("FREQ", 1):
			if o.freq, err = a.int(); err == nil && (o.freq < 0 || o.freq > 255) {
				err = errFreq
			}
		default:
			err = errSyntax
		}
	}
	return o, err
}

// restoreCommand creates a key from what DUMP has shown.
//
//	RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
//
// O(N*M) with N the number of elements of the value and M their average size, for
// sorted sets O(N*M*log(N)). Reply: OK. The ttl is in milliseconds, 0 for none.
// Deviation: values are always validated completely, whatever sanitize-dump-payload says, and
// with less indulgence than in the reference: a score in a listpack has to be a number, a
// stream's entries have to be within the IDs that it tells.
func restoreCommand(c *client, a *args) error {
	key, ttlArg, payload := a.next(), a.next(), a.next()
	o, err := readRestoreOptions(a)
	if err != nil {
		return err
	}
	old := c.db.Lookup(key, keyspace.NoTouch|keyspace.NoStats)
	if old != nil && !o.replace {
		return errBusyKey
	}
	ttl, ok := keyspace.ParseInt(ttlArg)
	switch {
	case !ok:
		return errNotInteger
	case ttl < 0:
		return errInvalidTTL
	}
	value, err := c.srv.readPayload(c.db, key, payload)
	if err != nil {
		return err
	}
	if old != nil {
		c.db.Remove(old)
	}
	if ttl != 0 && !o.absolute {
		ttl += c.srv.nowMs
	}
	if ttl != 0 && ttl <= c.srv.nowMs {
		if old != nil {
			c.effect(deletion(c.srv.cfg.LazyfreeServerDel), key)
			c.modified(eventGeneric, "del", key)
		}
		c.out.OK()
		return nil
	}
	c.restore(key, value, ttl, &o)
	if argv := c.rewrite(); argv != nil && ttl != 0 && !o.absolute {
		argv[2] = c.number(ttl)
		c.effect(append(argv, wordAbsttl)...)
	}
	c.out.OK()
	return nil
}

// readPayload makes a value of a payload.
func (s *Server) readPayload(db *keyspace.DB, key, payload []byte) (rdb.Value, error) {
	_, high := s.rdbVersion()
	object, err := rdb.OpenDump(payload, high, s.skipChecksum)
	if err != nil {
		return rdb.Value{}, errDumpTrailer
	}
	value, err := rdb.LoadObject(object, s.ks, db.ID(), key)
	if s.cfg.SanitizeDumpPayload != "no" {
		s.stats.sanitized += uint64(value.Packed)
	}
	if err != nil {
		s.log.warn("RESTORE: %s", err)
		return rdb.Value{}, errBadFormat
	}
	if value.IsEmpty() {
		return value, errBadFormat
	}
	return value, nil
}

// restore adds the key.
func (c *client) restore(key []byte, value rdb.Value, expireAtMs int64, o *restoreOptions) {
	n := value.AddTo(c.db, key)
	if expireAtMs != 0 {
		c.db.SetExpireAt(n, expireAtMs)
	}
	if o.freq >= 0 {
		c.srv.ks.SetFrequency(n, uint8(o.freq))
	}
	if o.idle >= 0 {
		c.srv.ks.SetIdleSeconds(n, o.idle)
	}
	c.modified(eventGeneric, "restore", key)
}
