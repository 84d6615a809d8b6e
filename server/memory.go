package server

import (
	"fmt"
	"runtime/debug"
	"strings"

	"respect/protocol"
	"respect/server/command"
	"respect/server/process"
)

// MEMORY: what keys and values take. The figures come from the keyspace's account
// of bytes, so that the usage of a key is exact and costs the same for a small
// value and for a big one; nothing is sampled. What concerns the process comes from
// the Go runtime and the operating system.

var memoryCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{Spec: command.New("memory", -2, "", "", "server 4.0.0", "",
		"",
		"Looks at the use of memory.")},
	{handler: memoryDoctorCommand, Spec: command.New("memory|doctor", 2, "tip:nondeterministic_output tip:request_policy:all_shards tip:response_policy:special", "", "server 4.0.0", "O(1)",
		"",
		"Reports on memory for people to read.")},
	{handler: memoryHelpCommand, Spec: command.New("memory|help", 2, "loading stale", "", "server 4.0.0", "O(1)",
		"",
		"Lists the subcommands of MEMORY.")},
	{handler: memoryMallocStatsCommand, Spec: command.New("memory|malloc-stats", 2, "tip:nondeterministic_output tip:request_policy:all_shards tip:response_policy:special", "", "server 4.0.0", "",
		"",
		"Returns the allocator's statistics.")},
	{handler: memoryPurgeCommand, Spec: command.New("memory|purge", 2, "tip:request_policy:all_shards tip:response_policy:all_succeeded", "", "server 4.0.0", "",
		"",
		"Gives free memory back to the system.")},
	{handler: memoryStatsCommand, Spec: command.New("memory|stats", 2, "tip:nondeterministic_output tip:request_policy:all_shards tip:response_policy:special", "", "server 4.0.0", "O(1)",
		"",
		"Returns what memory is used for.")},
	{handler: memoryUsageCommand, Spec: command.New("memory|usage", -3, "readonly", "2 RO", "server 4.0.0", "O(N)",
		"key:key [SAMPLES count:integer]",
		"Estimates the memory of a key and its value.")},
}

// memoryUse is what memory is used for, in bytes.
type memoryUse struct {
	process.MemoryFacts
	used     uint64 // all of the following; what is not appended counts against maxmemory
	appended int    // the buffer of the append only file
	clients  int    // connections and their buffers
	tables   int    // hash tables and indexes of deadlines
	overhead uint64 // all but keys and values
	dataset  uint64 // keys and values
	keys     int
}

// memoryUse measures.
func (s *Server) memoryUse() memoryUse {
	m := memoryUse{MemoryFacts: process.Memory(), tables: s.ks.TableBytes(), keys: s.ks.Len()}
	s.addUpClients()
	m.clients = int(s.clientBytes)
	m.appended = cap(s.aof.buf)
	m.overhead = s.stats.startMemory + uint64(m.clients+m.tables+s.tracking.memory()+m.appended)
	m.dataset = uint64(s.ks.Bytes())
	m.used = m.overhead + m.dataset
	s.stats.peakMemory = max(s.stats.peakMemory, m.used)
	return m
}

// net is what is used above the memory at the start.
func (s *Server) net(m *memoryUse) uint64 { return m.used - s.stats.startMemory }

// memoryDoctorCommand reports on memory for people to read.
//
//	MEMORY DOCTOR
//
// O(N) with N the number of connections. Reply: a text.
func memoryDoctorCommand(c *client, a *args) error {
	c.out.Verbatim("txt", c.srv.memoryReport())
	return nil
}

const (
	// doctorFrom is how much memory is worth a report, in bytes.
	doctorFrom = 5 << 20
	// doctorClient is how much memory of a connection is remarkable, on average.
	doctorClient = 200 << 10
)

func (s *Server) memoryReport() string {
	m := s.memoryUse()
	if m.used < doctorFrom {
		return "There is hardly anything in memory, and nothing to be said about it.\n"
	}
	var b strings.Builder
	remark := func(format string, v ...any) { fmt.Fprintf(&b, "* "+format+"\n", v...) }
	if limit := s.cfg.Maxmemory; limit > 0 && m.used > limit {
		remark("Limit: %s are used, and maxmemory is %s. With the policy %s no key may go at present, or not fast enough.",
			humanBytes(m.used), humanBytes(limit), s.cfg.MaxmemoryPolicy)
	}
	if peak := s.stats.peakMemory; peak > m.used+m.used/2 {
		remark("Peak: at its peak the server used %s, now %s. Resident memory follows with some delay; MEMORY PURGE hurries it.",
			humanBytes(peak), humanBytes(m.used))
	}
	if held := m.HeapHeld; held > m.HeapInUse+m.HeapInUse/2 && held-m.HeapInUse > doctorFrom {
		remark("Free memory: %s are held for reuse. MEMORY PURGE gives them back to the system.", humanBytes(held-m.HeapInUse))
	}
	if n := len(s.clients); n > 0 && m.clients/n > doctorClient {
		remark("Clients: %d connections take %s. CLIENT LIST tells which have big buffers; client-output-buffer-limit and maxmemory-clients bound them.",
			n, humanBytes(uint64(m.clients)))
	}
	if b.Len() == 0 {
		return "No problem with memory was found.\n"
	}
	return "Noticed about memory:\n\n" + b.String()
}

// memoryHelpCommand lists the subcommands.
//
//	MEMORY HELP
func memoryHelpCommand(c *client, a *args) error { return c.help("memory") }

// memoryMallocStatsCommand describes the heap.
//
//	MEMORY MALLOC-STATS
//
// O(1). Reply: a text.
func memoryMallocStatsCommand(c *client, a *args) error {
	c.out.Verbatim("txt", process.HeapReport())
	return nil
}

// memoryPurgeCommand gives free memory back to the system, in the background.
//
//	MEMORY PURGE
//
// O(1). Reply: OK.
func memoryPurgeCommand(c *client, a *args) error {
	if s := c.srv; s.purging.CompareAndSwap(false, true) {
		s.background.Go(func() {
			debug.FreeOSMemory()
			s.purging.Store(false)
		})
	}
	c.out.OK()
	return nil
}

// memoryStatsCommand tells what memory is used for.
//
//	MEMORY STATS
//
// O(N) with N the number of connections and databases. Reply: a map of names and
// numbers, and for each database that has keys a map.
func memoryStatsCommand(c *client, a *args) error {
	s := c.srv
	m := s.memoryUse()
	w := statsWriter{Writer: &c.out}
	w.begin()
	w.int("peak.allocated", s.stats.peakMemory)
	w.int("total.allocated", m.used)
	w.int("startup.allocated", s.stats.startMemory)
	w.int("replication.backlog", 0)
	w.int("clients.slaves", 0)
	w.int("clients.normal", uint64(m.clients))
	w.int("cluster.links", 0)
	w.int("aof.buffer", uint64(m.appended))
	w.int("lua.caches", 0)
	w.int("functions.caches", 0)
	for i := range s.ks.Databases() {
		db := s.ks.DB(i)
		if db.Len() == 0 {
			continue
		}
		table, expires := db.TableBytes()
		w.BulkString(fmt.Sprintf("db.%d", i))
		w.pairs++
		w.Map(3)
		appendNumber(w.Writer, "overhead.hashtable.main", table)
		appendNumber(w.Writer, "overhead.hashtable.expires", expires)
		appendNumber(w.Writer, "overhead.hashtable.slot-to-keys", 0)
	}
	w.int("overhead.total", m.overhead)
	w.int("keys.count", uint64(m.keys))
	w.int("keys.bytes-per-key", s.net(&m)/uint64(max(1, m.keys)))
	w.int("dataset.bytes", m.dataset)
	w.double("dataset.percentage", ratio(m.dataset, s.net(&m))*100)
	w.double("peak.percentage", ratio(m.used, s.stats.peakMemory)*100)
	w.int("allocator.allocated", m.Heap)
	w.int("allocator.active", m.HeapInUse)
	w.int("allocator.resident", m.HeapHeld)
	w.double("allocator-fragmentation.ratio", ratio(m.HeapInUse, m.Heap))
	w.int("allocator-fragmentation.bytes", m.HeapInUse-m.Heap)
	w.double("allocator-rss.ratio", ratio(m.HeapHeld, m.HeapInUse))
	w.int("allocator-rss.bytes", m.HeapHeld-m.HeapInUse)
	w.double("rss-overhead.ratio", ratio(m.Resident, m.HeapHeld))
	w.int("rss-overhead.bytes", m.Resident-m.HeapHeld)
	w.double("fragmentation", ratio(m.Resident, m.used))
	w.int("fragmentation.bytes", m.Resident-m.used)
	w.end()
	return nil
}

// statsWriter appends a map of names and numbers.
type statsWriter struct {
	*protocol.Writer
	mark  protocol.Mark
	pairs int
}

func (w *statsWriter) begin() { w.mark = w.DeferMap() }
func (w *statsWriter) end()   { w.EndMap(w.mark, w.pairs) }

// int appends a number of bytes or other things. A difference below zero has wrapped
// around, and does so again.
func (w *statsWriter) int(name string, n uint64) {
	w.BulkString(name)
	w.Int(int64(n))
	w.pairs++
}

func (w *statsWriter) double(name string, f float64) {
	w.BulkString(name)
	w.Double(f)
	w.pairs++
}

// memoryUsageCommand tells what a key and its value take.
//
//	MEMORY USAGE key [SAMPLES count]
//
// O(1). Reply: bytes, or null. The number of samples is checked and not used.
func memoryUsageCommand(c *client, a *args) error {
	key := a.next()
	for a.more() {
		if !a.optionWith("SAMPLES", 1) {
			return errSyntax
		}
		n, err := a.int()
		if err != nil {
			return err
		}
		if n < 0 {
			return errSyntax
		}
	}
	o := c.peek(key)
	if o == nil {
		c.out.Null()
		return nil
	}
	c.out.Int(int64(c.db.Usage(o)))
	return nil
}
