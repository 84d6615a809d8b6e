package server

import (
	"errors"

	"respect/keyspace/stream"
)

// Adding entries to a stream, and trimming it: XADD does both, XTRIM the latter.

const (
	errTwoStrategies  replyError = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
	errMaxlenArgument replyError = "ERR The MAXLEN argument must be >= 0."
	errLimitArgument  replyError = "ERR The LIMIT argument must be >= 0."
	errLimitAlone     replyError = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
	errLimitExact     replyError = "ERR syntax error, LIMIT cannot be used without the special ~ option"
	errNoStrategy     replyError = "ERR syntax error, XTRIM must be called with a trimming strategy"
	errXaddZero       replyError = "ERR The ID specified in XADD must be greater than 0-0"
	errXaddSmaller    replyError = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	errXaddExhausted  replyError = "ERR The stream has exhausted the last possible ID, unable to add more items"
	errXaddTooLarge   replyError = "ERR Elements are too large to be stored"
)

// How many entries an approximate trimming deletes at most if no limit is given.
const (
	trimNodes      = 100 // nodes, each of the configured size
	trimUnlimited  = 10_000
	trimMostAtOnce = 1_000_000
)

// addOptions are what comes before the fields in XADD, and the whole of XTRIM.
type addOptions struct {
	trim     stream.Trim
	trims    bool
	limited  bool // LIMIT was given
	existing bool // NOMKSTREAM
	autoID   bool // "*"
	autoSeq  bool // "ms-*"
	id       stream.ID
	trimAt   int // place of the threshold in the request
	idAt     int // of the ID
}

// readTrim reads one option of trimming, and tells whether there was one.
func (o *addOptions) readTrim(a *args) (found bool, err error) {
	switch {
	case a.optionWith("MAXLEN", 1):
		if err := o.beginTrim(a); err != nil {
			return true, err
		}
		n, err := a.int()
		if err == nil && n < 0 {
			err = errMaxlenArgument
		}
		o.trim.MaxLen = int(n)
		return true, err
	case a.optionWith("MINID", 1):
		if err := o.beginTrim(a); err != nil {
			return true, err
		}
		o.trim.ByID = true
		o.trim.MinID, err = a.streamID(0)
		return true, err
	case a.optionWith("LIMIT", 1):
		n, err := a.int()
		if err == nil && n < 0 {
			err = errLimitArgument
		}
		o.trim.Limit, o.limited = int(n), true
		return true, err
	}
	return false, nil
}

// beginTrim reads what may stand between the strategy and the threshold.
func (o *addOptions) beginTrim(a *args) error {
	if o.trims {
		return errTwoStrategies
	}
	o.trims = true
	o.trim.Approximate = a.optionWith("~", 1)
	if !o.trim.Approximate {
		a.optionWith("=", 1)
	}
	o.trimAt = a.pos
	return nil
}

// finish checks that the options fit together, and sets the limit.
func (o *addOptions) finish(c *client, mustTrim bool) error {
	switch {
	case o.trim.Limit > 0 && !o.trims:
		return errLimitAlone
	case mustTrim && !o.trims:
		return errNoStrategy
	case c.replays: // what it was limited to has become the threshold
		o.trim.Limit = 0
	case o.limited && !o.trim.Approximate:
		return errLimitExact
	case !o.limited && o.trim.Approximate:
		limit := min(c.srv.cfg.StreamNodeMaxEntries, trimMostAtOnce) * trimNodes
		if limit <= 0 {
			limit = trimUnlimited
		}
		o.trim.Limit = int(min(limit, trimMostAtOnce))
	}
	return nil
}

// readAdd reads the options of XADD and the ID.
func readAdd(c *client, a *args) (o addOptions, err error) {
	for a.more() {
		if o.idAt = a.pos; a.option("*") {
			o.autoID = true
			break
		}
		found, err := o.readTrim(a)
		if err != nil {
			return o, err
		}
		if found {
			continue
		}
		if a.option("NOMKSTREAM") {
			o.existing = true
			continue
		}
		var ok bool
		if o.id, o.autoSeq, ok = stream.ParseAutoID(a.next()); !ok {
			return o, errStreamID
		}
		break
	}
	return o, o.finish(c, false)
}

// xaddCommand adds an entry.
//
//	XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] * | id field value [field value ...]
//
// O(1), and O(N) with N the number of entries that are trimmed. Reply: the ID; null if
// NOMKSTREAM was given and there is no stream.
func xaddCommand(c *client, a *args) error {
	key := a.next()
	o, err := readAdd(c, a)
	if err != nil {
		return err
	}
	pairs := a.rest()
	if len(pairs) < 2 || len(pairs)%2 == 1 {
		return errArity("xadd")
	}
	if !o.autoID && !o.autoSeq && o.id.IsZero() {
		return errXaddZero
	}
	s, err := c.writeStream(key)
	if err != nil {
		return err
	}
	if s == nil {
		if o.existing {
			c.out.Null()
			return nil
		}
		s = c.addStream(key)
	}
	if s.LastID() == stream.MaxID {
		return errXaddExhausted
	}
	if o.id, err = o.newID(c, s); err != nil {
		return err
	}
	switch err := s.Add(o.id, pairs, &c.srv.ks.Settings.Stream); {
	case errors.Is(err, stream.ErrTooLarge):
		return errXaddTooLarge
	case err != nil:
		return errXaddSmaller
	}
	c.replyStreamID(o.id)
	c.modified(eventStream, "xadd", key)
	if o.trims && s.Trim(&o.trim) > 0 {
		c.modified(eventStream, "xtrim", key)
		c.srv.countsAs(0) // it is part of the other
	}
	c.tellAdded(&o, s)
	c.srv.signalKey(c.db.ID(), key)
	return nil
}

// newID returns the ID of a new entry.
func (o *addOptions) newID(c *client, s *stream.Stream) (id stream.ID, err error) {
	ok := true
	switch {
	case o.autoID:
		id, ok = s.NextID(c.srv.nowMs)
	case o.autoSeq:
		id, ok = s.NextIDAt(o.id.Ms)
	default:
		id = o.id
	}
	if !ok {
		return id, errXaddSmaller
	}
	return id, nil
}

// xtrimCommand deletes entries from the beginning.
//
//	XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]
//
// O(N) with N the number of entries that are deleted. Reply: their number.
func xtrimCommand(c *client, a *args) error {
	key := a.next()
	var o addOptions
	for a.more() {
		found, err := o.readTrim(a)
		if err != nil {
			return err
		}
		if !found {
			return errSyntax
		}
	}
	if err := o.finish(c, true); err != nil {
		return err
	}
	s, err := c.writeStream(key)
	if err != nil {
		return err
	}
	deleted := 0
	if s != nil {
		deleted = s.Trim(&o.trim)
	}
	if deleted > 0 {
		c.tellTrimmed(&o, s)
		c.modified(eventStream, "xtrim", key)
		c.srv.countsAs(deleted)
	}
	c.out.Int(int64(deleted))
	return nil
}
