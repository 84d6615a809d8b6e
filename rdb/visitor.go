package rdb

import "respect/keyspace/stream"

// Values in [KeyHeader] for what a key does not have.
const (
	NoExpire = -1
	NoFreq   = -1
	NoIdle   = -1
)

// KeyHeader is what a file says about a key ahead of its value.
type KeyHeader struct {
	DB   int
	Type Type
	Key  []byte
	// ExpireAtMs is the expiry as Unix time in milliseconds, or NoExpire. It may lie in the past,
	// even before 1970: old servers stored 32-bit seconds that wrapped. A file that says -1 means
	// no expiry to the real servers, too.
	ExpireAtMs int64
	// Freq is the logarithmic access counter (0 to 255), or NoFreq.
	Freq int
	// IdleSeconds is the time since the last access, or NoIdle.
	IdleSeconds int64
}

// ValueVisitor receives values.
//
// All slices are valid only during the call; copy what is kept. An error that a method returns
// ends the reading and is returned unchanged.
type ValueVisitor interface {
	// String receives the value of a string; one that is stored as an integer arrives as text.
	String(value []byte) error

	// All other types hold elements. A damaged or very old file may hold a value without any: then
	// there is no call, and real servers leave out such a key.

	// A list arrives as any number of calls of these three, in the order of its elements.

	// ListElement receives one element of a list that is stored element by element.
	ListElement(element []byte) error
	// ListNode receives the next elements as a valid listpack, never empty. Nodes that are
	// stored as ziplists have been converted.
	ListNode(listpack []byte) error
	// ListPlain receives one element that had a node of its own, because it is large.
	ListPlain(element []byte) error

	// A set arrives as any number of SetMember, or as one call of one of the other two.

	// SetMember receives one member of a set that is stored member by member. The reader does not
	// notice if one comes twice.
	SetMember(member []byte) error
	// SetIntset receives all members as a valid intset (keyspace/intset), never empty.
	SetIntset(intset []byte) error
	// SetListpack receives all members as a valid listpack, never empty, without one twice.
	SetListpack(listpack []byte) error

	// A hash arrives as any number of HashField, or as one call of one of the other two.

	// HashField receives one field of a hash that is stored field by field, with its expiry as
	// Unix time in milliseconds, or NoExpire. The reader does not notice if a field comes twice,
	// and leaves it to the visitor what becomes of those whose time has passed.
	HashField(field, value []byte, expireAtMs int64) error
	// HashListpack receives all fields, each followed by its value, as a valid listpack, never
	// empty, without a field twice. Ziplists and zipmaps have been converted.
	HashListpack(listpack []byte) error
	// HashListpackEx is like HashListpack, with the expiry behind each value: Unix time in
	// milliseconds, or 0 for none.
	HashListpackEx(listpack []byte) error

	// A sorted set arrives as any number of ZSetMember, or as one call of ZSetListpack.

	// ZSetMember receives one member, in no certain order. The score is not NaN. The reader does
	// not notice if a member comes twice.
	ZSetMember(member []byte, score float64) error
	// ZSetListpack receives all members, each followed by its score, as a valid listpack, never
	// empty, in the order of scores and then members, without a member twice. A score is an
	// integer, or a text that strconv.ParseFloat understands; it is not NaN. Ziplists have been
	// converted.
	ZSetListpack(listpack []byte) error

	// A stream arrives as any number of StreamNode, one StreamMeta, and then for each group
	// StreamGroup, any number of StreamPending, and for each consumer StreamConsumer and any
	// number of StreamOwned. It may have no entries and no groups.

	// StreamNode receives the next node, which is valid. The reader does not notice if nodes are
	// not in order.
	StreamNode(node *stream.Node) error
	// StreamMeta receives what the stream remembers besides. Its length is that of all nodes.
	StreamMeta(meta *stream.Meta) error
	// StreamGroup begins a group that has read so many entries, or stream.Unknown. The reader does
	// not notice if a group comes twice.
	StreamGroup(name []byte, last stream.ID, read int64) error
	// StreamPending receives an entry that is pending in the group, with the Unix time in
	// milliseconds of its last delivery. The reader does not notice if one comes twice.
	StreamPending(id stream.ID, deliveredMs int64, deliveries uint64) error
	// StreamConsumer begins a consumer, with Unix times in milliseconds. The reader does not notice
	// if a consumer comes twice.
	StreamConsumer(name []byte, seenMs, activeMs int64) error
	// StreamOwned receives an entry that is pending for the consumer. The reader does not know
	// whether it is pending in the group.
	StreamOwned(id stream.ID) error
}

// Visitor receives the contents of a file, in the order of the file. The rules of [ValueVisitor]
// hold for all methods.
type Visitor interface {
	// Version is called first, with the version of the file.
	Version(version int) error
	// Aux receives a fact about the writer, such as "redis-ver" or "ctime". Names that a visitor
	// does not know are to be ignored.
	Aux(name, value []byte) error
	// SelectDB tells the database of the following keys; it is 0 before the first call.
	SelectDB(db int) error
	// ResizeDB tells how many keys, and how many with an expiry, the database has. It is a hint,
	// and may lie: allocate by it only up to a limit.
	ResizeDB(keys, expires uint64) error
	// SlotInfo is the same hint for a slot of a cluster.
	SlotInfo(slot, keys, expires uint64) error
	// Function receives the source of a function library.
	Function(source []byte) error
	// FunctionPreGA receives a library in the form of the release candidates of Redis 7.0, which
	// final releases refuse. The description may be nil.
	FunctionPreGA(name, engine, description, source []byte) error
	// ModuleAux tells that a module with this name and encoding version stored data of its own,
	// which the reader has skipped. Real servers without the module refuse such a file.
	ModuleAux(module string, version int) error

	// Key begins a key. The header is valid until EndKey returns.
	Key(header *KeyHeader) error
	// ValueVisitor's methods receive the value.
	ValueVisitor
	// EndKey ends the key.
	EndKey() error

	// EOF is called last, after the checksum was found right. The checksum is 0 if the file has none.
	EOF(checksum uint64) error
}

// Ignore is a Visitor that ignores everything, to be embedded.
type Ignore struct{}

var _ Visitor = Ignore{}

// Version does nothing.
func (Ignore) Version(int) error { return nil }

// Aux does nothing.
func (Ignore) Aux(_, _ []byte) error { return nil }

// SelectDB does nothing.
func (Ignore) SelectDB(int) error { return nil }

// ResizeDB does nothing.
func (Ignore) ResizeDB(_, _ uint64) error { return nil }

// SlotInfo does nothing.
func (Ignore) SlotInfo(_, _, _ uint64) error { return nil }

// Function does nothing.
func (Ignore) Function([]byte) error { return nil }

// FunctionPreGA does nothing.
func (Ignore) FunctionPreGA(_, _, _, _ []byte) error { return nil }

// ModuleAux does nothing.
func (Ignore) ModuleAux(string, int) error { return nil }

// Key does nothing.
func (Ignore) Key(*KeyHeader) error { return nil }

// String does nothing.
func (Ignore) String([]byte) error { return nil }

// ListElement does nothing.
func (Ignore) ListElement([]byte) error { return nil }

// ListNode does nothing.
func (Ignore) ListNode([]byte) error { return nil }

// ListPlain does nothing.
func (Ignore) ListPlain([]byte) error { return nil }

// SetMember does nothing.
func (Ignore) SetMember([]byte) error { return nil }

// SetIntset does nothing.
func (Ignore) SetIntset([]byte) error { return nil }

// SetListpack does nothing.
func (Ignore) SetListpack([]byte) error { return nil }

// HashField does nothing.
func (Ignore) HashField(_, _ []byte, _ int64) error { return nil }

// HashListpack does nothing.
func (Ignore) HashListpack([]byte) error { return nil }

// HashListpackEx does nothing.
func (Ignore) HashListpackEx([]byte) error { return nil }

// ZSetMember does nothing.
func (Ignore) ZSetMember([]byte, float64) error { return nil }

// ZSetListpack does nothing.
func (Ignore) ZSetListpack([]byte) error { return nil }

// StreamNode does nothing.
func (Ignore) StreamNode(*stream.Node) error { return nil }

// StreamMeta does nothing.
func (Ignore) StreamMeta(*stream.Meta) error { return nil }

// StreamGroup does nothing.
func (Ignore) StreamGroup([]byte, stream.ID, int64) error { return nil }

// StreamPending does nothing.
func (Ignore) StreamPending(stream.ID, int64, uint64) error { return nil }

// StreamConsumer does nothing.
func (Ignore) StreamConsumer([]byte, int64, int64) error { return nil }

// StreamOwned does nothing.
func (Ignore) StreamOwned(stream.ID) error { return nil }

// EndKey does nothing.
func (Ignore) EndKey() error { return nil }

// EOF does nothing.
func (Ignore) EOF(uint64) error { return nil }
