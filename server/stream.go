package server

import (
	"respect/keyspace"
	"respect/keyspace/stream"
	"respect/server/command"
)

// Streams: a key holds a log of entries, each of fields and values under an ID that
// grows, and groups of consumers that share the reading. A stream may be empty: it is
// never deleted with its last entry.
//
// What the log itself needs is here; adding and trimming are in stream_add.go, ranges in
// stream_range.go, reading and waiting in stream_read.go, groups in stream_group.go, what
// is pending in them in stream_pending.go, XINFO in stream_info.go. How entries are stored,
// and how the lag of a group is found, is in keyspace/stream.
//
// The reference tells of most changes without waking anybody. So modified does not
// wake clients for events of streams: XADD and XGROUP DESTROY do it themselves.

var streamCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: xackCommand, Spec: command.New("xack", -4, "write fast @stream", "1 RW update", "stream 5.0.0", "O(N)",
		"key:key group:string id:string...",
		"Acknowledges entries that were delivered by a group.")},
	{handler: xaddCommand, Spec: command.New("xadd", -5, "write denyoom fast @stream tip:nondeterministic_output",
		"1 RW update (UPDATE instead of INSERT because of the optional trimming feature)", "stream 5.0.0", "O(1) without trimming",
		`key:key [NOMKSTREAM@6.2.0] [trim(strategy(MAXLEN | MINID@6.2.0) [operator(equal="=" | approximately="~")] threshold:string [LIMIT count:integer@6.2.0])] id-selector(auto-id="*" | id:string) data(field:string value:string)...`,
		"Adds an entry to a stream.")},
	{handler: xautoclaimCommand, Spec: command.New("xautoclaim", -6, "write fast @stream tip:nondeterministic_output", "1 RW delete", "stream 6.2.0", "O(1)",
		"key:key group:string consumer:string min-idle-time:string start:string [COUNT count:integer] [JUSTID]",
		"Gives a consumer the pending entries that have been idle for long, in the order of their IDs.")},
	{handler: xclaimCommand, Spec: command.New("xclaim", -6, "write fast @stream tip:nondeterministic_output", "1 RW update", "stream 5.0.0", "O(log N)",
		"key:key group:string consumer:string min-idle-time:string id:string... [IDLE ms:integer] [TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [FORCE] [JUSTID] [LASTID lastid:string]",
		"Gives a consumer pending entries of others.")},
	{handler: xdelCommand, Spec: command.New("xdel", -3, "write fast @stream", "1 RW delete", "stream 5.0.0", "O(N)",
		"key:key id:string...",
		"Deletes entries of a stream.")},
	{Spec: command.New("xgroup", -2, "", "", "stream 5.0.0", "",
		"",
		"Manages groups of consumers.")},
	{handler: xgroupCreateCommand, Spec: command.New("xgroup|create", -5, "write denyoom @stream", "2 RW insert", "stream 5.0.0", "O(1)",
		`key:key group:string id-selector(id:string | new-id="$") [MKSTREAM] [ENTRIESREAD entries-read:integer]`,
		"Makes a group of consumers.")},
	{handler: xgroupCreateconsumerCommand, Spec: command.New("xgroup|createconsumer", 5, "write denyoom @stream", "2 RW insert", "stream 6.2.0", "O(1)",
		"key:key group:string consumer:string",
		"Makes a consumer of a group.")},
	{handler: xgroupDelconsumerCommand, Spec: command.New("xgroup|delconsumer", 5, "write @stream", "2 RW delete", "stream 5.0.0", "O(1)",
		"key:key group:string consumer:string",
		"Deletes a consumer of a group, and what it has pending.")},
	{handler: xgroupDestroyCommand, Spec: command.New("xgroup|destroy", 4, "write @stream", "2 RW delete", "stream 5.0.0", "O(N)",
		"key:key group:string",
		"Deletes a group of consumers.")},
	{handler: xgroupHelpCommand, Spec: command.New("xgroup|help", 2, "loading stale @stream", "", "stream 5.0.0", "O(1)",
		"",
		"Lists the subcommands of XGROUP.")},
	{handler: xgroupSetidCommand, Spec: command.New("xgroup|setid", -5, "write @stream", "2 RW update", "stream 5.0.0", "O(1)",
		`key:key group:string id-selector(id:string | new-id="$") [ENTRIESREAD entriesread:integer<entries-read>]`,
		"Sets the last ID that a group has delivered.")},
	{Spec: command.New("xinfo", -2, "", "", "stream 5.0.0", "",
		"",
		"Describes streams and their groups.")},
	{handler: xinfoConsumersCommand, Spec: command.New("xinfo|consumers", 4, "readonly @stream tip:nondeterministic_output", "2 RO access", "stream 5.0.0", "O(1)",
		"key:key group:string",
		"Describes the consumers of a group.")},
	{handler: xinfoGroupsCommand, Spec: command.New("xinfo|groups", 3, "readonly @stream", "2 RO access", "stream 5.0.0", "O(1)",
		"key:key",
		"Describes the groups of a stream.")},
	{handler: xinfoHelpCommand, Spec: command.New("xinfo|help", 2, "loading stale @stream", "", "stream 5.0.0", "O(1)",
		"",
		"Lists the subcommands of XINFO.")},
	{handler: xinfoStreamCommand, Spec: command.New("xinfo|stream", -3, "readonly @stream", "2 RO access", "stream 5.0.0", "O(1)",
		"key:key [full-block(FULL [COUNT count:integer])]",
		"Describes a stream.")},
	{handler: xlenCommand, Spec: command.New("xlen", 2, "readonly fast @stream", "1 RO", "stream 5.0.0", "O(1)",
		"key:key",
		"Returns the number of entries of a stream.")},
	{handler: xpendingCommand, Spec: command.New("xpending", -3, "readonly @stream tip:nondeterministic_output", "1 RO access", "stream 5.0.0", "O(N)",
		"key:key group:string [filters([IDLE min-idle-time:integer@6.2.0] start:string end:string count:integer [consumer:string])]",
		"Tells which entries are pending in a group.")},
	{handler: xrangeCommand, Spec: command.New("xrange", -4, "readonly @stream", "1 RO access", "stream 5.0.0", "O(N)",
		"key:key start:string end:string [COUNT count:integer]",
		"Returns the entries of a stream within a range of IDs.")},
	{handler: xreadCommand, Spec: command.New("xread", -4, "readonly blocking @stream", "STREAMS@1..-1%2 RO access", "stream 5.0.0", "O(N)",
		"[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS streams(key:key... id:string...)",
		"Returns the entries behind an ID of several streams, waiting for one.")},
	{handler: xreadgroupCommand, Spec: command.New("xreadgroup", -7, "write blocking @stream", "STREAMS@4..-1%2 RO access", "stream 5.0.0", "O(N)",
		"GROUP group-block(group:string consumer:string) [COUNT count:integer] [BLOCK milliseconds:integer] [NOACK] STREAMS streams(key:key... id:string...)",
		"Delivers new entries to a consumer of a group, waiting for one, or tells what it has pending.")},
	{handler: xrevrangeCommand, Spec: command.New("xrevrange", -4, "readonly @stream", "1 RO access", "stream 5.0.0", "O(N)",
		"key:key end:string start:string [COUNT count:integer]",
		"Returns the entries of a stream within a range of IDs, in reverse order.")},
	{handler: xsetidCommand, Spec: command.New("xsetid", -3, "write denyoom fast @stream", "1 RW update", "stream 5.0.0", "O(1)",
		"key:key last-id:string [ENTRIESADDED entries-added:integer@7.0.0] [MAXDELETEDID max-deleted-id:string@7.0.0]",
		"Sets the last ID of a stream.")},
	{handler: xtrimCommand, Spec: command.New("xtrim", -4, "write @stream tip:nondeterministic_output", "1 RW delete", "stream 5.0.0", "O(N)",
		`key:key trim(strategy(MAXLEN | MINID@6.2.0) [operator(equal="=" | approximately="~")] threshold:string [LIMIT count:integer@6.2.0])`,
		"Deletes entries from the beginning of a stream.")},
}

const (
	errStreamID          replyError = "ERR Invalid stream ID specified as stream command argument"
	errXsetidSmaller     replyError = "ERR The ID specified in XSETID is smaller than the target stream top item"
	errXsetidDeleted     replyError = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
	errXsetidGivenDelete replyError = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
	errXsetidAdded       replyError = "ERR The entries_added specified in XSETID is smaller than the target stream length"
	errEntriesAdded      replyError = "ERR entries_added must be positive"
)

// lookupStream returns the stream of a key, or nil.
func (c *client) lookupStream(key []byte) (*stream.Stream, error) {
	o, err := c.lookupRead(key, keyspace.TypeStream)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Stream(), nil
}

// writeStream is lookupStream for a command that changes the stream.
func (c *client) writeStream(key []byte) (*stream.Stream, error) {
	o, err := c.lookupWrite(key, keyspace.TypeStream)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Stream(), nil
}

// openStream is lookupStream for a command that may change what a group has pending.
// It counts as a read, as in the reference.
func (c *client) openStream(key []byte) (*stream.Stream, error) {
	o, err := c.lookupRead(key, keyspace.TypeStream)
	if o == nil || err != nil {
		return nil, err
	}
	c.db.Open(o)
	return o.Stream(), nil
}

// addStream creates a key with an empty stream.
func (c *client) addStream(key []byte) *stream.Stream {
	s := stream.New()
	c.db.Add(key, keyspace.TypeStream, s)
	return s
}

// streamID reads the next argument as an ID; missing is the second number if there is
// none.
func (a *args) streamID(missing uint64) (stream.ID, error) {
	id, ok := stream.ParseID(a.next(), missing)
	if !ok {
		return id, errStreamID
	}
	return id, nil
}

// streamIDs reads all arguments that are left as IDs.
func (a *args) streamIDs() ([]stream.ID, error) {
	ids := make([]stream.ID, 0, a.left())
	for a.more() {
		id, err := a.streamID(0)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (c *client) replyStreamID(id stream.ID) {
	c.scratch = id.AppendTo(c.scratch[:0])
	c.out.Bulk(c.scratch)
}

// xdelCommand deletes entries.
//
//	XDEL key id [id ...]
//
// O(N) with N the number of IDs. Reply: how many entries were deleted.
func xdelCommand(c *client, a *args) error {
	key := a.next()
	s, err := c.writeStream(key)
	if err != nil {
		return err
	}
	if s == nil {
		c.out.Int(0)
		return nil
	}
	ids, err := a.streamIDs()
	if err != nil {
		return err
	}
	deleted := 0
	for _, id := range ids {
		deleted += btoi(s.Delete(id))
	}
	if deleted > 0 {
		c.modified(eventStream, "xdel", key)
		c.srv.countsAs(deleted)
	}
	c.out.Int(int64(deleted))
	return nil
}

// xlenCommand tells how many entries there are.
//
//	XLEN key
//
// O(1). Reply: the number of entries; 0 if there is no stream.
func xlenCommand(c *client, a *args) error { return replyLength(c, a, (*client).lookupStream) }

// xsetidCommand sets what a stream remembers besides its entries.
//
//	XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]
//
// O(1). Reply: OK.
func xsetidCommand(c *client, a *args) error {
	key := a.next()
	id, err := a.streamID(0)
	if err != nil {
		return err
	}
	added, deleted := int64(-1), stream.ID{}
	for a.more() {
		switch {
		case a.optionWith("ENTRIESADDED", 1):
			if added, err = a.int(); err == nil && added < 0 {
				err = errEntriesAdded
			}
		case a.optionWith("MAXDELETEDID", 1):
			if deleted, err = a.streamID(0); err == nil && id.Less(deleted) {
				err = errXsetidGivenDelete
			}
		default:
			err = errSyntax
		}
		if err != nil {
			return err
		}
	}
	s, err := c.writeStream(key)
	if err != nil {
		return err
	}
	if err := checkSetID(s, id, added); err != nil {
		return err
	}
	s.SetLastID(id)
	if added >= 0 {
		s.SetAdded(uint64(added))
	}
	if !deleted.IsZero() {
		s.SetMaxDeletedID(deleted)
	}
	c.groupModified("xsetid", key)
	c.out.OK()
	return nil
}

func checkSetID(s *stream.Stream, id stream.ID, added int64) error {
	switch {
	case s == nil:
		return errNoSuchKey
	case id.Less(s.MaxDeletedID()):
		return errXsetidDeleted
	case s.Len() > 0 && id.Less(s.TopID()):
		return errXsetidSmaller
	case s.Len() > 0 && added >= 0 && added < int64(s.Len()):
		return errXsetidAdded
	}
	return nil
}
