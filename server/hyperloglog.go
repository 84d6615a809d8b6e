package server

import (
	"respect/keyspace"
	"respect/keyspace/hyperloglog"
	"respect/server/command"
)

// HyperLogLogs: a string holds a sketch of a set, from which the number of its
// members can be estimated.
//
// What the string's bytes mean is package hyperloglog's business; it is the same
// as in Redis, and clients may GET and SET it. So each command first looks whether
// the string can be one, and may still find it damaged later. What was changed up
// to there stays changed, as in Redis.

var hyperloglogCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: pfaddCommand, Spec: command.New("pfadd", -2, "write denyoom fast @hyperloglog", "1 RW insert", "hyperloglog 2.8.9", "O(N)",
		"key:key [element:string...]",
		"Adds elements to a HyperLogLog.")},
	{handler: pfcountCommand, Spec: command.New("pfcount", -2, "readonly may_replicate @hyperloglog",
		"1..-1 RW access (RW because it may change the internal representation of the key, and propagate to replicas)", "hyperloglog 2.8.9", "O(N)",
		"key:key...",
		"Estimates how many different elements were added to HyperLogLogs.")},
	{handler: pfdebugCommand, Spec: command.New("pfdebug", 3, "write denyoom admin @hyperloglog doc:syscmd", "2 RW access", "hyperloglog 2.8.9", "",
		"subcommand:string key:key",
		"Shows the registers and the encoding of a HyperLogLog.")},
	{handler: pfmergeCommand, Spec: command.New("pfmerge", -2, "write denyoom @hyperloglog", "1 RW access insert; 2..-1 RO access", "hyperloglog 2.8.9", "O(N)",
		"destkey:key [sourcekey:key...]",
		"Adds the elements of HyperLogLogs to another one.")},
	{handler: pfselftestCommand, Spec: command.New("pfselftest", 1, "admin @hyperloglog doc:syscmd", "", "hyperloglog 2.8.9", "",
		"",
		"Tests the implementation of HyperLogLogs.")},
}

const (
	errNotHLL      replyError = "WRONGTYPE Key is not a valid HyperLogLog string value."
	errCorruptHLL  replyError = "INVALIDOBJ Corrupted HLL object detected"
	errNoHLL       replyError = "ERR The specified key does not exist"
	errHLLIsDense  replyError = "ERR HLL encoding is not sparse"
	errHLLSelftest replyError = "TESTFAILED registers do not hold what was stored, or the estimate is far off"
)

// eventNone is the class of changes that no event tells of.
const eventNone eventClass = 0

// hllError turns an error of package hyperloglog into the reply.
func hllError(err error) error {
	if err != nil {
		return errCorruptHLL
	}
	return nil
}

// asHLL checks what a lookup has found; nil stands for no key.
func asHLL(o *keyspace.Object, err error) (*keyspace.Object, error) {
	if o == nil || err != nil {
		return nil, err
	}
	if _, isInt := o.Int(); isInt || !hyperloglog.Valid(o.Bytes(nil)) {
		return nil, errNotHLL
	}
	return o, nil
}

func (c *client) lookupHLL(key []byte) (*keyspace.Object, error) {
	return asHLL(c.lookupRead(key, keyspace.TypeString))
}

func (c *client) writeHLL(key []byte) (*keyspace.Object, error) {
	return asHLL(c.lookupWrite(key, keyspace.TypeString))
}

// sparseLimit is the configured size up to which a HyperLogLog is sparse.
func (c *client) sparseLimit() int { return c.srv.ks.Settings.HLLSparseMaxBytes }

// pfaddCommand adds elements.
//
//	PFADD key [element [element ...]]
//
// O(N) with N the number of elements. Reply: 1 if a register has changed or the
// key is new, else 0.
func pfaddCommand(c *client, a *args) error {
	key := a.next()
	o, err := c.writeHLL(key)
	if err != nil {
		return err
	}
	changes := btoi(o == nil)
	if o == nil {
		b := hyperloglog.New()
		hyperloglog.Invalidate(b)
		o = c.db.AddBuffer(key, b)
	}
	b := c.db.Buffer(o)
	for a.more() {
		out, raised, err := hyperloglog.Add(*b, a.next(), c.sparseLimit())
		*b = out
		if err != nil {
			return hllError(err)
		}
		changes += btoi(raised)
	}
	if changes == 0 {
		c.out.Int(0)
		return nil
	}
	c.modified(eventString, "pfadd", key)
	c.srv.countsAs(changes)
	c.out.Int(1)
	return nil
}

// pfcountCommand replies with the estimated number of different elements.
//
//	PFCOUNT key [key ...]
//
// O(1) for one key whose count is remembered, else O(N) with N the number of
// keys. Reply: the estimate for all keys together; missing ones are empty. The
// estimate for a single key is stored in its value.
func pfcountCommand(c *client, a *args) error {
	if a.left() == 1 {
		return c.countHLL(a.next())
	}
	var union hyperloglog.Registers
	if err := c.mergeHLLs(a.rest(), &union, nil); err != nil {
		return err
	}
	c.out.Int(union.Count())
	return nil
}

func (c *client) countHLL(key []byte) error {
	o, err := c.lookupHLL(key)
	if err != nil {
		return err
	}
	if o == nil {
		c.out.Int(0)
		return nil
	}
	b := c.db.Writable(o, 0)
	n, ok := hyperloglog.CachedCount(b)
	if !ok {
		if n, err = hyperloglog.Count(b); err != nil {
			return hllError(err)
		}
		hyperloglog.SetCachedCount(b, n)
		c.modified(eventNone, "", key)
	}
	c.out.Int(n)
	return nil
}

// mergeHLLs merges the HyperLogLogs of several keys, and tells in dense, if that
// is given, whether one of them was dense.
func (c *client) mergeHLLs(keys [][]byte, union *hyperloglog.Registers, dense *bool) error {
	for _, key := range keys {
		o, err := c.lookupHLL(key)
		if err != nil {
			return err
		}
		if o == nil {
			continue
		}
		b := o.Bytes(nil)
		if dense != nil && hyperloglog.IsDense(b) {
			*dense = true
		}
		if err := union.Merge(b); err != nil {
			return hllError(err)
		}
	}
	return nil
}

// pfmergeCommand adds the elements of HyperLogLogs to another one.
//
//	PFMERGE destkey [sourcekey [sourcekey ...]]
//
// O(N) with N the number of keys. Reply: OK. The destination becomes dense if one
// of the sources is.
func pfmergeCommand(c *client, a *args) error {
	var union hyperloglog.Registers
	keys, dense := a.rest(), false
	if err := c.mergeHLLs(keys, &union, &dense); err != nil {
		return err
	}
	o, err := c.writeHLL(keys[0])
	if err != nil {
		return err
	}
	if o == nil {
		o = c.db.AddBuffer(keys[0], hyperloglog.New())
	}
	b := c.db.Buffer(o)
	if dense {
		if *b, err = hyperloglog.ToDense(*b); err != nil {
			return hllError(err)
		}
	}
	if *b, err = hyperloglog.RaiseAll(*b, &union, c.sparseLimit()); err != nil {
		return hllError(err)
	}
	c.modified(eventString, "pfadd", keys[0])
	c.out.OK()
	return nil
}

// pfdebugCommand shows how a HyperLogLog is stored.
//
//	PFDEBUG GETREG | DECODE | ENCODING | TODENSE key
//
// O(1). Reply: GETREG: an array of all registers, after making it dense; DECODE:
// the opcodes of a sparse one; ENCODING: sparse or dense; TODENSE: 1 if it was
// made dense, 0 if it was.
func pfdebugCommand(c *client, a *args) error {
	sub, key := a.next(), a.next()
	o, err := c.writeHLL(key)
	if err != nil {
		return err
	}
	if o == nil {
		return errNoHLL
	}
	b := c.db.Buffer(o)
	switch {
	case equalFold(sub, "GETREG"):
		return c.replyRegisters(key, b)
	case equalFold(sub, "DECODE"):
		if hyperloglog.IsDense(*b) {
			return errHLLIsDense
		}
		c.scratch = hyperloglog.AppendOpcodes(c.scratch[:0], *b)
		c.out.Bulk(c.scratch)
	case equalFold(sub, "ENCODING"):
		if hyperloglog.IsDense(*b) {
			c.out.Status("dense")
		} else {
			c.out.Status("sparse")
		}
	case equalFold(sub, "TODENSE"):
		made, err := c.makeDense(key, b)
		if err != nil {
			return err
		}
		if made {
			c.out.Int(1)
		} else {
			c.out.Int(0)
		}
	default:
		return replyError("ERR Unknown PFDEBUG subcommand '" + string(text(sub)) + "'")
	}
	return nil
}

// makeDense makes a HyperLogLog dense and tells whether it was sparse.
func (c *client) makeDense(key []byte, b *[]byte) (made bool, err error) {
	if hyperloglog.IsDense(*b) {
		return false, nil
	}
	if *b, err = hyperloglog.ToDense(*b); err != nil {
		return false, hllError(err)
	}
	c.modified(eventNone, "", key)
	return true, nil
}

func (c *client) replyRegisters(key []byte, b *[]byte) error {
	if _, err := c.makeDense(key, b); err != nil {
		return err
	}
	var regs hyperloglog.Registers
	if err := regs.Merge(*b); err != nil {
		return hllError(err)
	}
	c.out.Array(len(regs))
	for _, v := range regs {
		c.out.Int(int64(v))
	}
	return nil
}

// pfselftestCommand tests the implementation, with random elements.
//
//	PFSELFTEST
//
// O(1); it takes some milliseconds. Reply: OK.
func pfselftestCommand(c *client, a *args) error {
	if !hyperloglog.SelfTest(c.srv.ks.Rand()) {
		return errHLLSelftest
	}
	c.out.OK()
	return nil
}
