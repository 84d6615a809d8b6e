package server

import (
	"fmt"
	"math/bits"
	"reflect"
	"strconv"
	"strings"

	"respect/keyspace"
	"respect/keyspace/quicklist"
	"respect/server/config"
)

// DEBUG: the subcommands about nodes of lists, sizes and limits, and those that switch
// something off which a test is in the way of.
//
// Deviation: the subcommands that end the server (ASSERT, CRASH-AND-RECOVER, OOM, PANIC,
// RESTART, SEGFAULT), waste memory (LEAK) or ask its allocator (MALLCTL, MALLCTL-STR) are
// refused as unknown, and so are PAUSE-AFTER-FORK and others of Valkey about a fork or a
// cluster, which there is none of.

const (
	errNotQuicklist      replyError = "ERR Not a quicklist encoded object."
	errNotSds            replyError = "ERR Not an sds encoded string."
	errNoClientLimit     replyError = "ERR maxmemory-clients is disabled."
	errRewriteAllNowhere replyError = "ERR CONFIG-REWRITE-FORCE-ALL failed: Bad address"
	errNoCluster         replyError = "ERR Debug option only available for cluster mode enabled setup!"
)

// debugQuicklist writes the nodes of a list to the log, with their elements if the second
// argument is 1.
func debugQuicklist(c *client, a *args) error {
	o := c.db.Lookup(a.next(), keyspace.NoTouch|keyspace.NoStats)
	if o == nil {
		return errNoSuchKey
	}
	if o.Type() != keyspace.TypeList || o.Encoding() != "quicklist" {
		return errNotQuicklist
	}
	const maxShown = 1000
	l := o.List()
	c.srv.log.notice("quicklist of %d elements", l.Len())
	n := 0
	l.EachNode(func(node quicklist.Node) bool {
		c.srv.log.notice("node %d: %d bytes", n, node.Size)
		n++
		return n < maxShown
	})
	if a.more() && string(a.next()) == "1" {
		l.Each(0, min(l.Len(), maxShown), func(e keyspace.ListElement) bool {
			c.srv.log.notice("%q", clip(e.AppendTo(nil), maxEchoed))
			return true
		})
	}
	c.out.Status("Quicklist structure printed on stdout")
	return nil
}

// debugConfigRewriteAll is CONFIG REWRITE with a line for every parameter.
func debugConfigRewriteAll(c *client, a *args) error {
	err := c.srv.cfg.RewriteAll()
	if err == config.ErrNoFile {
		return errRewriteAllNowhere
	}
	if err != nil {
		return replyError("ERR CONFIG-REWRITE-FORCE-ALL failed: " + err.Error())
	}
	c.out.OK()
	return nil
}

// debugSdslen tells the lengths of a key and of its value, which is a string that is no
// integer. They stand in one block here, whose size is told with the value.
func debugSdslen(c *client, a *args) error {
	key := a.next()
	o := c.db.Lookup(key, keyspace.NoTouch|keyspace.NoStats)
	switch {
	case o == nil:
		return errNoSuchKey
	case o.Type() != keyspace.TypeString || o.Encoding() == "int":
		return errNotSds
	}
	c.out.Status(fmt.Sprintf("key_sds_len:%d, key_sds_avail:0, key_zmalloc: %d, val_sds_len:%d, val_sds_avail:0, val_zmalloc: %d",
		len(key), len(key), len(o.Bytes(nil)), o.Size()))
	return nil
}

// debugStructsize tells the sizes of structures; they are our own.
func debugStructsize(c *client, a *args) error {
	c.out.BulkString(fmt.Sprintf("bits:%d client:%d row:%d ", strconv.IntSize, reflect.TypeFor[client]().Size(), reflect.TypeFor[row]().Size()))
	return nil
}

// The sizes of clients in DEBUG CLIENT-EVICTION: below 2^15 bytes, then each power of two up
// to 2^32.
const firstBucketLog, buckets = 15, 19

// debugClientEviction tells how many clients take how much memory, while that is limited.
func debugClientEviction(c *client, a *args) error {
	if c.srv.limits.clients <= 0 {
		return errNoClientLimit
	}
	var memory, clients [buckets]int
	for _, other := range c.srv.clients {
		if other.flags&flagNoEvict == 0 {
			size := other.memory()
			i := min(max(bits.Len(uint(size))-firstBucketLog, 0), buckets-1)
			memory[i] += size
			clients[i]++
		}
	}
	var b strings.Builder
	for i := range buckets {
		low, high := int64(1)<<(firstBucketLog+i-1), int64(1)<<(firstBucketLog+i)-1
		switch i {
		case 0:
			fmt.Fprintf(&b, "bucket %10d - %10d: tot-mem: %10d, clients: %d\n", 0, high, memory[i], clients[i])
		case buckets - 1:
			fmt.Fprintf(&b, "bucket %10d+            : tot-mem: %10d, clients: %d\n", low, memory[i], clients[i])
		default:
			fmt.Fprintf(&b, "bucket %10d - %10d: tot-mem: %10d, clients: %d\n", low, high, memory[i], clients[i])
		}
	}
	c.out.Verbatim("txt", b.String())
	return nil
}

// debugSkipChecksum lets RDB files and payloads of RESTORE be loaded although their checksum
// is another one.
func debugSkipChecksum(c *client, a *args) error {
	n, _ := strconv.Atoi(string(a.next()))
	c.srv.skipChecksum = n != 0
	c.out.OK()
	return nil
}

// debugWithoutEffect accepts what has nothing to act on: the tables grow bucket by bucket,
// and there are neither replicas nor packets of a cluster.
func debugWithoutEffect(c *client, a *args) error {
	c.out.OK()
	return nil
}

func debugClusterlink(c *client, a *args) error { return errNoCluster }
