package server

import "respect/keyspace/stream"

// Groups of consumers: XGROUP, which makes and deletes them, and XACK.

const (
	errNoStreamForGroup replyError = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."
	errBusyGroup        replyError = "BUSYGROUP Consumer Group name already exists"
	errEntriesRead      replyError = "ERR value for ENTRIESREAD must be positive or -1"
)

func errNoGroup(key, group []byte) replyError {
	return replyError("NOGROUP No such consumer group '" + string(text(group)) + "' for key name '" + string(text(key)) + "'")
}

func errNoKeyOrGroup(key, group []byte) replyError {
	return replyError("NOGROUP No such key '" + string(text(key)) + "' or consumer group '" + string(text(group)) + "'")
}

// groupOptions are the options of XGROUP CREATE and SETID.
type groupOptions struct {
	makeStream bool
	read       int64
}

func readGroupOptions(a *args, create bool) (o groupOptions, err error) {
	o.read = stream.Unknown
	for a.more() {
		switch {
		case create && a.option("MKSTREAM"):
			o.makeStream = true
		case a.optionWith("ENTRIESREAD", 1):
			if o.read, err = a.int(); err != nil {
				return o, err
			}
			if o.read < 0 && o.read != stream.Unknown {
				return o, errEntriesRead
			}
		default:
			return o, errSubcommandArgs("xgroup", a.argv[1])
		}
	}
	return o, nil
}

// lookupGroup returns the stream of a key and one of its groups; both must be there.
func (c *client) lookupGroup(key, group []byte) (*stream.Stream, *stream.Group, error) {
	s, err := c.writeStream(key)
	if err != nil {
		return nil, nil, err
	}
	if s == nil {
		return nil, nil, errNoStreamForGroup
	}
	g := s.Group(group)
	if g == nil {
		return nil, nil, errNoGroup(key, group)
	}
	return s, g, nil
}

// groupID reads the ID of a group, or $ for the last one of the stream, which may be
// nil.
func groupID(arg []byte, s *stream.Stream) (stream.ID, error) {
	if string(arg) != "$" {
		id, ok := stream.ParseID(arg, 0)
		if !ok {
			return id, errStreamID
		}
		return id, nil
	}
	if s == nil {
		return stream.ID{}, nil
	}
	return s.LastID(), nil
}

// xgroupCreateCommand makes a group.
//
//	XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD entries-read]
//
// O(1). Reply: OK. Entries up to the ID count as delivered.
func xgroupCreateCommand(c *client, a *args) error {
	key, group, arg := a.next(), a.next(), a.next()
	tooMany := a.left() > 3
	o, err := readGroupOptions(a, true)
	if err != nil {
		return err
	}
	s, err := c.writeStream(key)
	switch {
	case err != nil:
		return err
	case s == nil && !o.makeStream:
		return errNoStreamForGroup
	case tooMany:
		return errSubcommandArgs("xgroup", a.argv[1])
	}
	id, err := groupID(arg, s)
	if err != nil {
		return err
	}
	if s == nil {
		s = c.addStream(key)
		c.srv.signalKey(c.db.ID(), key)
		c.srv.touch(c, c.db, key)
	}
	if s.AddGroup(group, id, o.read) == nil {
		return errBusyGroup
	}
	c.groupModified("xgroup-create", key)
	c.out.OK()
	return nil
}

// xgroupSetidCommand sets the last ID that a group has delivered.
//
//	XGROUP SETID key group id | $ [ENTRIESREAD entries-read]
//
// O(1). Reply: OK.
func xgroupSetidCommand(c *client, a *args) error {
	key, group, arg := a.next(), a.next(), a.next()
	tooMany := a.left() > 2
	o, err := readGroupOptions(a, false)
	if err != nil {
		return err
	}
	s, g, err := c.lookupGroup(key, group)
	if err != nil {
		return err
	}
	if tooMany {
		return errSubcommandArgs("xgroup", a.argv[1])
	}
	bounds := args{argv: [][]byte{arg}}
	var id stream.ID
	if string(arg) == "$" {
		id = s.LastID()
	} else if id, err = bounds.boundID(0); err != nil {
		return err
	}
	g.LastID, g.Read = id, o.read
	c.groupModified("xgroup-setid", key)
	c.out.OK()
	return nil
}

// xgroupDestroyCommand deletes a group with all that is pending.
//
//	XGROUP DESTROY key group
//
// O(N) with N the number of pending entries. Reply: 1 if there was such a group, else
// 0.
func xgroupDestroyCommand(c *client, a *args) error {
	key, group := a.next(), a.next()
	s, err := c.writeStream(key)
	if err != nil {
		return err
	}
	if s == nil {
		return errNoStreamForGroup
	}
	destroyed := s.DeleteGroup(group)
	if destroyed {
		c.groupModified("xgroup-destroy", key)
		c.srv.signalKey(c.db.ID(), key)
	}
	c.out.Int(int64(btoi(destroyed)))
	return nil
}

// xgroupCreateconsumerCommand makes a consumer.
//
//	XGROUP CREATECONSUMER key group consumer
//
// O(1). Reply: 1 if it was made, 0 if it was there.
func xgroupCreateconsumerCommand(c *client, a *args) error {
	key, group := a.next(), a.next()
	_, g, err := c.lookupGroup(key, group)
	if err != nil {
		return err
	}
	name := a.next()
	created := g.Consumer(name) == nil
	c.consumer(key, g, name)
	c.out.Int(int64(btoi(created)))
	return nil
}

// xgroupDelconsumerCommand deletes a consumer.
//
//	XGROUP DELCONSUMER key group consumer
//
// O(N) with N the number of entries that it has pending. Reply: how many these were;
// they are not pending any more.
func xgroupDelconsumerCommand(c *client, a *args) error {
	key, group := a.next(), a.next()
	_, g, err := c.lookupGroup(key, group)
	if err != nil {
		return err
	}
	pending := 0
	if consumer := g.Consumer(a.next()); consumer != nil {
		pending = g.DeleteConsumer(consumer)
		c.groupModified("xgroup-delconsumer", key)
	}
	c.out.Int(int64(pending))
	return nil
}

// xgroupHelpCommand lists the subcommands.
//
//	XGROUP HELP
func xgroupHelpCommand(c *client, a *args) error { return c.help("XGROUP") }

// xackCommand ends that entries are pending.
//
//	XACK key group id [id ...]
//
// O(N) with N the number of IDs. Reply: how many were pending.
func xackCommand(c *client, a *args) error {
	s, err := c.openStream(a.next())
	if err != nil {
		return err
	}
	var g *stream.Group
	if group := a.next(); s != nil {
		g = s.Group(group)
	}
	if g == nil {
		c.out.Int(0)
		return nil
	}
	ids, err := a.streamIDs()
	if err != nil {
		return err
	}
	n := 0
	for _, id := range ids {
		n += btoi(g.Acknowledge(id))
	}
	c.srv.dirty += uint64(n)
	c.out.Int(int64(n))
	return nil
}

// groupModified reports a change of what belongs to a stream besides its entries: that
// breaks no watches, and is in nobody's cache.
func (c *client) groupModified(event string, key []byte) {
	c.srv.dirty++
	c.notify(eventStream, event, key)
}
