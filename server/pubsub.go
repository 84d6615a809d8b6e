package server

import (
	"maps"
	"slices"

	"respect/keyspace/glob"
	"respect/protocol"
	"respect/server/command"
)

// Pub/sub: messages to whoever has subscribed to a channel at the moment. Nothing
// is kept.
//
// There are three kinds of subscriptions: to channels, to patterns of channels, and
// to the channels of a shard, which are a world of their own. A topic is a name with
// its subscriptions in the order in which they came; a client has the same
// subscriptions by name.
//
// What is delivered goes through push (push.go): it never stands within another
// reply. A client of RESP2 that has subscribed to something can give only the
// commands whose row says so, as its replies could not be told from messages.

var pubsubCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: psubscribeCommand, subscribed: true, Spec: command.New("psubscribe", -2, "pubsub noscript loading stale", "", "pubsub 2.0.0", "O(N)",
		"pattern:pattern...",
		"Subscribes to the channels that match patterns.")},
	{handler: publishCommand, Spec: command.New("publish", 3, "pubsub loading stale fast may_replicate", "", "pubsub 2.0.0", "O(N+M)",
		"channel:string message:string",
		"Sends a message to a channel.")},
	{Spec: command.New("pubsub", -2, "", "", "pubsub 2.8.0", "",
		"",
		"Looks at channels and their subscribers.")},
	{handler: pubsubChannelsCommand, Spec: command.New("pubsub|channels", -2, "pubsub loading stale", "", "pubsub 2.8.0", "O(N)",
		"[pattern:pattern]",
		"Lists the channels that have subscribers.")},
	{handler: pubsubHelpCommand, Spec: command.New("pubsub|help", 2, "loading stale", "", "pubsub 6.2.0", "O(1)",
		"",
		"Lists the subcommands of PUBSUB.")},
	{handler: pubsubNumpatCommand, Spec: command.New("pubsub|numpat", 2, "pubsub loading stale", "", "pubsub 2.8.0", "O(1)",
		"",
		"Counts the patterns that are subscribed to.")},
	{handler: pubsubNumsubCommand, Spec: command.New("pubsub|numsub", -2, "pubsub loading stale", "", "pubsub 2.8.0", "O(N)",
		"[channel:string...]",
		"Counts the subscribers of channels.")},
	{handler: pubsubShardchannelsCommand, Spec: command.New("pubsub|shardchannels", -2, "pubsub loading stale", "", "pubsub 7.0.0", "O(N)",
		"[pattern:pattern]",
		"Lists the shard channels that have subscribers.")},
	{handler: pubsubShardnumsubCommand, Spec: command.New("pubsub|shardnumsub", -2, "pubsub loading stale", "", "pubsub 7.0.0", "O(N)",
		"[shardchannel:string...]",
		"Counts the subscribers of shard channels.")},
	{handler: punsubscribeCommand, subscribed: true, Spec: command.New("punsubscribe", -1, "pubsub noscript loading stale", "", "pubsub 2.0.0", "O(N)",
		"[pattern:pattern...]",
		"Ends subscriptions to patterns.")},
	{handler: spublishCommand, Spec: command.New("spublish", 3, "pubsub loading stale fast may_replicate", "1 not_key", "pubsub 7.0.0", "O(N)",
		"shardchannel:string message:string",
		"Sends a message to a shard channel.")},
	{handler: ssubscribeCommand, subscribed: true, Spec: command.New("ssubscribe", -2, "pubsub noscript loading stale", "1..-1 not_key", "pubsub 7.0.0", "O(N)",
		"shardchannel:string...",
		"Subscribes to shard channels.")},
	{handler: subscribeCommand, subscribed: true, Spec: command.New("subscribe", -2, "pubsub noscript loading stale", "", "pubsub 2.0.0", "O(N)",
		"channel:string...",
		"Subscribes to channels.")},
	{handler: sunsubscribeCommand, subscribed: true, Spec: command.New("sunsubscribe", -1, "pubsub noscript loading stale", "1..-1 not_key", "pubsub 7.0.0", "O(N)",
		"[shardchannel:string...]",
		"Ends subscriptions to shard channels.")},
	{handler: unsubscribeCommand, subscribed: true, Spec: command.New("unsubscribe", -1, "pubsub noscript loading stale", "", "pubsub 2.0.0", "O(N)",
		"[channel:string...]",
		"Ends subscriptions to channels.")},
}

// topicKind is one of the three worlds of names.
type topicKind uint8

const (
	channels topicKind = iota
	patterns
	shards
	topicKinds
)

// The words of the replies and messages of each kind.
var (
	subscribeWords   = [topicKinds]string{"subscribe", "psubscribe", "ssubscribe"}
	unsubscribeWords = [topicKinds]string{"unsubscribe", "punsubscribe", "sunsubscribe"}
)

func errSubscribed(name string) replyError {
	return replyError("ERR Can't execute '" + name + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
}

// A topic is a channel or pattern that has subscribers.
type topic struct {
	chain[subscription, *subscription]
	links[topic] // to those of the same kind
	name         []byte
	subscribers  int
}

// topics are the topics of one kind.
type topics struct {
	chain[topic, *topic]
	byName map[string]*topic
}

// A subscription is one client's place in a topic.
type subscription struct {
	links[subscription] // to those of the same topic
	c                   *client
	topic               *topic
}

// subscriptions are those of one client, by kind and name.
type subscriptions [topicKinds]map[string]*subscription

// count returns what the replies of a kind tell: channels and patterns are
// counted together.
func (s *subscriptions) count(kind topicKind) int {
	switch {
	case s == nil:
		return 0
	case kind == shards:
		return len(s[shards])
	}
	return len(s[channels]) + len(s[patterns])
}

// of returns the number of subscriptions of one kind.
func (s *subscriptions) of(kind topicKind) int {
	if s == nil {
		return 0
	}
	return len(s[kind])
}

// subscribed tells whether the client has any subscription.
func (c *client) subscribed() bool { return c.subscriptions != nil }

// subscribe adds a subscription, unless the client has it.
func (c *client) subscribe(kind topicKind, name []byte) {
	if c.subscriptions == nil {
		c.subscriptions = new(subscriptions)
	}
	own := &c.subscriptions[kind]
	if (*own)[string(name)] != nil {
		return
	}
	if *own == nil {
		*own = map[string]*subscription{}
	}
	t := c.srv.topics[kind].get(name)
	s := &subscription{c: c, topic: t}
	t.add(s)
	t.subscribers++
	(*own)[string(name)] = s
}

// get returns the topic of a name, a new one if there is none.
func (x *topics) get(name []byte) *topic {
	if t := x.byName[string(name)]; t != nil {
		return t
	}
	if x.byName == nil {
		x.byName = map[string]*topic{}
	}
	t := &topic{name: slices.Clone(name)}
	x.add(t)
	x.byName[string(name)] = t
	return t
}

// unsubscribe ends a subscription, if there is one.
func (c *client) unsubscribe(kind topicKind, name []byte) {
	if c.subscriptions == nil {
		return
	}
	s := c.subscriptions[kind][string(name)]
	if s == nil {
		return
	}
	delete(c.subscriptions[kind], string(name))
	if c.subscriptions.count(channels)+c.subscriptions.count(shards) == 0 {
		c.subscriptions = nil
	}
	t := s.topic
	t.remove(s)
	if t.subscribers--; t.subscribers == 0 {
		x := &c.srv.topics[kind]
		x.remove(t)
		delete(x.byName, string(t.name))
	}
}

// unsubscribeAll ends all subscriptions without a word.
func (c *client) unsubscribeAll() {
	for kind := range topicKinds {
		if c.subscriptions == nil {
			return
		}
		for name := range maps.Clone(c.subscriptions[kind]) {
			c.unsubscribe(kind, []byte(name))
		}
	}
}

// confirm tells the client of a change of its subscriptions, of which name is nil
// if there is none.
func (c *client) confirm(word string, kind topicKind, name []byte) {
	w := &c.out
	w.Push(3)
	w.BulkString(word)
	if name == nil {
		w.Null()
	} else {
		w.Bulk(name)
	}
	w.Int(int64(c.subscriptions.count(kind)))
	c.ownReply = true // these are messages: CLIENT REPLY does not concern them
}

func (c *client) subscribeAll(a *args, kind topicKind) error {
	for _, name := range a.rest() {
		c.subscribe(kind, name)
		c.confirm(subscribeWords[kind], kind, name)
	}
	return nil
}

func (c *client) unsubscribeNamed(a *args, kind topicKind) error {
	names := a.rest()
	if len(names) == 0 && c.subscriptions.of(kind) > 0 {
		for _, name := range slices.Sorted(maps.Keys(c.subscriptions[kind])) {
			names = append(names, []byte(name))
		}
	}
	if len(names) == 0 {
		c.confirm(unsubscribeWords[kind], kind, nil)
	}
	for _, name := range names {
		c.unsubscribe(kind, name)
		c.confirm(unsubscribeWords[kind], kind, name)
	}
	return nil
}

// publish sends a message to the subscribers of a channel and returns how many got
// it; one with several patterns that match counts for each.
func (s *Server) publish(channel, message []byte) (receivers int) {
	if t := s.topics[channels].byName[string(channel)]; t != nil {
		w := s.compose(3)
		w.BulkString("message")
		w.Bulk(channel)
		w.Bulk(message)
		receivers += s.deliver(t, w.Buf)
	}
	for t := s.topics[patterns].first; t != nil; t = t.next {
		if !glob.Match(t.name, channel) {
			continue
		}
		w := s.compose(4)
		w.BulkString("pmessage")
		w.Bulk(t.name)
		w.Bulk(channel)
		w.Bulk(message)
		receivers += s.deliver(t, w.Buf)
	}
	return receivers
}

// compose begins a message of n elements in a buffer that is used again.
func (s *Server) compose(n int) *protocol.Writer {
	w := &s.message
	w.Proto = 3
	w.Buf = w.Buf[:0]
	w.Push(n)
	return w
}

// deliver sends a message to all subscribers of a topic.
func (s *Server) deliver(t *topic, message []byte) int {
	n := t.subscribers
	for x := t.first; x != nil; x = x.next { // one that is closed for its output leaves the list
		s.push(x.c, message)
	}
	return n
}

// psubscribeCommand subscribes to patterns.
//
//	PSUBSCRIBE pattern [pattern ...]
//
// O(N) with N the number of patterns. Reply: for each a message of the word
// psubscribe, the pattern, and how many channels and patterns it are now.
func psubscribeCommand(c *client, a *args) error { return c.subscribeAll(a, patterns) }

// publishCommand sends a message.
//
//	PUBLISH channel message
//
// O(N+M) with N the number of subscribers and M of patterns. Reply: how many
// subscriptions got it.
func publishCommand(c *client, a *args) error {
	c.out.Int(int64(c.srv.publish(a.next(), a.next())))
	return nil
}

// pubsubChannelsCommand lists channels.
//
//	PUBSUB CHANNELS [pattern]
//
// O(N) with N the number of channels. Reply: an array of names.
func pubsubChannelsCommand(c *client, a *args) error { return c.listTopics(a, channels) }

func (c *client) listTopics(a *args, kind topicKind) error {
	var pattern []byte
	if a.left() > 1 {
		return errSubcommandArgs("pubsub", a.argv[1])
	}
	if a.more() {
		pattern = a.next()
	}
	mark, n := c.out.DeferArray(), 0
	for t := c.srv.topics[kind].first; t != nil; t = t.next {
		if pattern == nil || glob.Match(pattern, t.name) {
			c.out.Bulk(t.name)
			n++
		}
	}
	c.out.EndArray(mark, n)
	return nil
}

// pubsubHelpCommand lists the subcommands.
//
//	PUBSUB HELP
func pubsubHelpCommand(c *client, a *args) error { return c.help("pubsub") }

// pubsubNumpatCommand counts patterns.
//
//	PUBSUB NUMPAT
//
// O(1). Reply: how many different patterns are subscribed to.
func pubsubNumpatCommand(c *client, a *args) error {
	c.out.Int(int64(len(c.srv.topics[patterns].byName)))
	return nil
}

// pubsubNumsubCommand counts the subscribers of channels, without those of
// patterns.
//
//	PUBSUB NUMSUB [channel [channel ...]]
//
// O(N) with N the number of channels. Reply: an array of each channel and its
// number.
func pubsubNumsubCommand(c *client, a *args) error { return c.countSubscribers(a, channels) }

func (c *client) countSubscribers(a *args, kind topicKind) error {
	names := a.rest()
	c.out.Array(2 * len(names))
	for _, name := range names {
		c.out.Bulk(name)
		n := 0
		if t := c.srv.topics[kind].byName[string(name)]; t != nil {
			n = t.subscribers
		}
		c.out.Int(int64(n))
	}
	return nil
}

// pubsubShardchannelsCommand lists shard channels.
//
//	PUBSUB SHARDCHANNELS [pattern]
//
// O(N) with N the number of shard channels. Reply: an array of names.
func pubsubShardchannelsCommand(c *client, a *args) error { return c.listTopics(a, shards) }

// pubsubShardnumsubCommand counts the subscribers of shard channels.
//
//	PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]
//
// O(N) with N the number of channels. Reply: an array of each channel and its
// number.
func pubsubShardnumsubCommand(c *client, a *args) error { return c.countSubscribers(a, shards) }

// punsubscribeCommand ends subscriptions to patterns, or to all.
//
//	PUNSUBSCRIBE [pattern [pattern ...]]
//
// O(N) with N the number of patterns. Reply: for each a message of the word
// punsubscribe, the pattern, and how many channels and patterns are left.
func punsubscribeCommand(c *client, a *args) error { return c.unsubscribeNamed(a, patterns) }

// spublishCommand sends a message to a shard channel.
//
//	SPUBLISH shardchannel message
//
// O(N) with N the number of subscribers. Reply: their number.
func spublishCommand(c *client, a *args) error {
	channel, message := a.next(), a.next()
	n := 0
	if t := c.srv.topics[shards].byName[string(channel)]; t != nil {
		w := c.srv.compose(3)
		w.BulkString("smessage")
		w.Bulk(channel)
		w.Bulk(message)
		n = c.srv.deliver(t, w.Buf)
	}
	c.out.Int(int64(n))
	return nil
}

// ssubscribeCommand subscribes to shard channels.
//
//	SSUBSCRIBE shardchannel [shardchannel ...]
//
// O(N) with N the number of channels. Reply: for each a message of the word
// ssubscribe, the channel, and how many shard channels it are now.
func ssubscribeCommand(c *client, a *args) error { return c.subscribeAll(a, shards) }

// subscribeCommand subscribes to channels.
//
//	SUBSCRIBE channel [channel ...]
//
// O(N) with N the number of channels. Reply: for each a message of the word
// subscribe, the channel, and how many channels and patterns it are now.
func subscribeCommand(c *client, a *args) error { return c.subscribeAll(a, channels) }

// sunsubscribeCommand ends subscriptions to shard channels, or to all.
//
//	SUNSUBSCRIBE [shardchannel [shardchannel ...]]
//
// O(N) with N the number of channels. Reply: for each a message of the word
// sunsubscribe, the channel, and how many shard channels are left.
func sunsubscribeCommand(c *client, a *args) error { return c.unsubscribeNamed(a, shards) }

// unsubscribeCommand ends subscriptions to channels, or to all.
//
//	UNSUBSCRIBE [channel [channel ...]]
//
// O(N) with N the number of channels. Reply: for each a message of the word
// unsubscribe, the channel, and how many channels and patterns are left.
func unsubscribeCommand(c *client, a *args) error { return c.unsubscribeNamed(a, channels) }
