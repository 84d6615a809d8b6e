package server

import (
	"fmt"
	"strconv"
	"strings"

	"respect/keyspace"
	"respect/keyspace/hashtable"
)

// DEBUG: the subcommands that look inside values and tables, and those that stop or
// change what goes on by itself.

const (
	errNotListpack replyError = "ERR Not a listpack encoded object."
	errNoSuchTable replyError = "ERR The value stored at the specified key is not represented using an hash table"
	errNoDatabase  replyError = "ERR Out of range database"
)

// debugListpack writes the elements of a listpack to the log, with their places in it.
func debugListpack(c *client, a *args) error {
	o := c.db.Lookup(a.next(), keyspace.NoTouch|keyspace.NoStats)
	if o == nil {
		return errNoSuchKey
	}
	lp, ok := o.Listpack()
	if !ok {
		return errNotListpack
	}
	const maxShown = 1000
	c.srv.log.notice("listpack of %d bytes, %d elements", len(lp), lp.Len())
	shown := 0
	for at := lp.First(); at != 0 && shown < maxShown; at = lp.Next(at) {
		e := lp.Get(at)
		c.srv.log.notice("offset %d, integer %t: %q", at, e.IsInt(), clip(e.AppendTo(nil), maxEchoed))
		shown++
	}
	c.out.Status("Listpack structure printed on stdout")
	return nil
}

// debugHtstats describes the table of a database, and the heap that is in the place of
// the table of its deadlines.
func debugHtstats(c *client, a *args) error {
	index, err := a.int()
	if err != nil {
		return err
	}
	if index < 0 || index >= int64(c.srv.ks.Databases()) {
		return errNoDatabase
	}
	db := c.srv.ks.DB(int(index))
	var b strings.Builder
	b.WriteString("[Dictionary HT]\n")
	describeTable(&b, db.TableStats(), a.option("FULL"))
	b.WriteString("[Expires HT]\n")
	describeTable(&b, hashtable.Stats{Elements: db.Expires(), Buckets: db.ExpiresRoom()}, false)
	c.out.Verbatim("txt", b.String())
	return nil
}

// debugHtstatsKey describes the table of a value.
func debugHtstatsKey(c *client, a *args) error {
	o := c.db.Lookup(a.next(), keyspace.NoTouch|keyspace.NoStats)
	if o == nil {
		return errNoSuchKey
	}
	stats, ok := o.TableStats()
	if !ok {
		return errNoSuchTable
	}
	var b strings.Builder
	describeTable(&b, stats, a.option("FULL"))
	c.out.Verbatim("txt", b.String())
	return nil
}

func describeTable(b *strings.Builder, s hashtable.Stats, full bool) {
	b.WriteString("Hash table 0 stats (main hash table):\n")
	if s.Elements == 0 {
		b.WriteString("No stats available for empty dictionaries\n")
		return
	}
	fmt.Fprintf(b, " table size: %d\n number of elements: %d\n", s.Buckets, s.Elements)
	if !full {
		return
	}
	used := s.Buckets - s.Empty
	fmt.Fprintf(b, " different slots: %d\n max chain length: %d\n avg chain length (counted): %.02f\n overflow buckets: %d\n split: %d of %d\n Chain length distribution:\n",
		used, s.Longest, float64(s.Elements)/float64(max(1, used)), s.Overflow, s.Split, s.Round)
	for length, n := range s.Chains {
		if n > 0 {
			fmt.Fprintf(b, "   %d: %d (%.02f%%)\n", length, n, float64(n)*100/float64(s.Buckets))
		}
	}
}

// debugPauseCron stops the regular chores, or lets them go on.
func debugPauseCron(c *client, a *args) error {
	n, _ := strconv.Atoi(string(a.next()))
	c.srv.cronPaused = n != 0
	c.srv.timer.arm(c.srv.nowMs)
	c.out.OK()
	return nil
}

// debugReplybuffer accepts the parameters of a mechanism that this server does not
// need: reply buffers are lent to a connection for one round.
func debugReplybuffer(c *client, a *args) error {
	switch {
	case a.option("PEAK-RESET-TIME"):
		if !a.option("NEVER") && !a.option("RESET") {
			if _, err := a.int(); err != nil {
				return err
			}
		}
	case a.option("RESIZING"):
		a.next()
	default:
		return errSubcommandArgs("debug", a.argv[1])
	}
	c.out.OK()
	return nil
}
