package server

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"respect/server/process"
)

// INFO: what the server tells about itself. A section is a function that writes
// its fields. A field is there only if what it says is true; those of parts that
// the server does not have yet are left out, or say that nothing goes on where
// that is the truth.

// infoWriter collects the text.
type infoWriter struct{ strings.Builder }

func (w *infoWriter) field(name string, value any) {
	switch v := value.(type) {
	case float64:
		fmt.Fprintf(w, "%s:%.2f\r\n", name, v)
	case bool:
		fmt.Fprintf(w, "%s:%d\r\n", name, btoi(v))
	default:
		fmt.Fprintf(w, "%s:%v\r\n", name, v)
	}
}

// zeros writes fields for what does not happen in this server, or not yet.
func (w *infoWriter) zeros(names ...string) {
	for _, name := range names {
		w.field(name, 0)
	}
}

// bytes writes a number of bytes, and once more for people.
func (w *infoWriter) bytes(name string, n uint64) {
	w.field(name, n)
	w.field(name+"_human", humanBytes(n))
}

// humanBytes shortens a number of bytes: 512B, 1.50K, 2.00M.
func humanBytes(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%dB", n)
	}
	f, unit := float64(n)/1024, 0
	for f >= 1024 && unit < len("KMGTP")-1 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.2f%c", f, "KMGTP"[unit])
}

// infoSection is a part of INFO. Sections that are not in the default are shown
// by name and by "all" or "everything".
type infoSection struct {
	title   string
	write   func(s *Server, w *infoWriter)
	special bool
}

var infoSections = []infoSection{
	{"Server", (*Server).infoServer, false},
	{"Clients", (*Server).infoClients, false},
	{"Memory", (*Server).infoMemory, false},
	{"Persistence", (*Server).infoPersistence, false},
	{"Stats", (*Server).infoStats, false},
	{"Replication", (*Server).infoReplication, false},
	{"CPU", (*Server).infoCPU, false},
	{"Modules", func(*Server, *infoWriter) {}, false},
	{"Commandstats", (*Server).infoCommandstats, true},
	{"Errorstats", (*Server).infoErrorstats, false},
	{"Latencystats", (*Server).infoLatencystats, true},
	{"Cluster", func(_ *Server, w *infoWriter) { w.field("cluster_enabled", 0) }, false},
	{"Keyspace", (*Server).infoKeyspace, false},
}

// infoCommand describes the server.
//
//	INFO [section [section ...]]
//
// O(1). Reply: lines of name:value under headings.
func infoCommand(c *client, a *args) error {
	wanted := map[string]bool{}
	for a.more() {
		wanted[strings.ToLower(string(a.next()))] = true
	}
	all := wanted["all"] || wanted["everything"]
	byDefault := all || len(wanted) == 0 || wanted["default"]
	var w infoWriter
	for _, section := range infoSections {
		if wanted[strings.ToLower(section.title)] || all || byDefault && !section.special {
			if w.Len() > 0 {
				w.WriteString("\r\n")
			}
			w.WriteString("# " + section.title + "\r\n")
			section.write(c.srv, &w)
		}
	}
	c.out.Verbatim("txt", w.String())
	return nil
}

func (s *Server) infoServer(w *infoWriter) {
	executable, _ := os.Executable()
	configFile := s.cfg.Path()
	if configFile != "" {
		configFile, _ = filepath.Abs(configFile)
	}
	uptime := int64(s.time().Sub(s.started).Seconds())
	w.field("redis_version", s.compat)
	w.field("respect_version", Version)
	w.field("redis_git_sha1", "00000000")
	w.field("redis_git_dirty", 0)
	w.field("redis_mode", "standalone")
	w.field("os", process.System())
	w.field("arch_bits", 32<<(^uint(0)>>63))
	w.field("monotonic_clock", "Go runtime")
	if s.transport != nil {
		w.field("multiplexing_api", s.transport.API())
	}
	w.field("go_version", runtime.Version())
	w.field("process_id", os.Getpid())
	w.field("process_supervised", "no")
	w.field("run_id", s.runID)
	w.field("tcp_port", s.cfg.Port)
	w.field("server_time_usec", s.nowNs/int64(time.Microsecond))
	w.field("uptime_in_seconds", uptime)
	w.field("uptime_in_days", uptime/86400)
	w.field("hz", s.cfg.Hz)
	w.field("configured_hz", s.cfg.Hz)
	w.field("lru_clock", s.ks.LRUClock())
	w.field("executable", executable)
	w.field("config_file", configFile)
	w.field("io_threads_active", s.cfg.IOThreads > 1)
	for i, text := range s.listenerFields() {
		w.field(fmt.Sprintf("listener%d", i), text)
	}
}

func (s *Server) infoClients(w *infoWriter) {
	maxIn, maxOut := 0, 0
	for _, c := range s.clients {
		maxIn = max(maxIn, c.queryLen)
		maxOut = max(maxOut, len(c.out.Buf)+c.conn.OutputPending())
	}
	blocked := 0
	for _, c := range s.clients {
		blocked += btoi(c.waiting() && !c.closing)
	}
	w.field("connected_clients", len(s.clients))
	w.field("cluster_connections", 0)
	w.field("maxclients", s.cfg.Maxclients)
	w.field("client_recent_max_input_buffer", maxIn)
	w.field("client_recent_max_output_buffer", maxOut)
	w.field("blocked_clients", blocked)
	w.field("tracking_clients", s.tracking.clients)
	w.field("clients_in_timeout_table", len(s.timeouts))
	w.field("total_blocking_keys", len(s.waiters))
	w.field("total_blocking_keys_on_nokey", 0)
}

func (s *Server) infoMemory(w *infoWriter) {
	m := s.memoryUse()
	w.bytes("used_memory", m.used)
	w.bytes("used_memory_rss", m.Resident)
	w.bytes("used_memory_peak", s.stats.peakMemory)
	w.field("used_memory_peak_perc", percent(m.used, s.stats.peakMemory))
	w.field("used_memory_overhead", m.overhead)
	w.field("used_memory_startup", s.stats.startMemory)
	w.field("used_memory_dataset", m.dataset)
	w.field("used_memory_dataset_perc", percent(m.dataset, s.net(&m)))
	w.field("allocator_allocated", m.Heap)
	w.field("allocator_active", m.HeapInUse)
	w.field("allocator_resident", m.HeapHeld)
	w.bytes("total_system_memory", m.System)
	w.bytes("used_memory_lua", 0)
	w.bytes("used_memory_vm_total", 0)
	w.bytes("used_memory_scripts", 0)
	w.zeros("used_memory_vm_eval", "used_memory_scripts_eval", "used_memory_vm_functions", "used_memory_functions",
		"number_of_cached_scripts", "number_of_functions", "number_of_libraries")
	w.bytes("maxmemory", s.cfg.Maxmemory)
	w.field("maxmemory_policy", s.cfg.MaxmemoryPolicy)
	w.field("allocator_frag_ratio", ratio(m.HeapInUse, m.Heap))
	w.field("allocator_frag_bytes", int64(m.HeapInUse-m.Heap))
	w.field("allocator_rss_ratio", ratio(m.HeapHeld, m.HeapInUse))
	w.field("allocator_rss_bytes", int64(m.HeapHeld-m.HeapInUse))
	w.field("rss_overhead_ratio", ratio(m.Resident, m.HeapHeld))
	w.field("rss_overhead_bytes", int64(m.Resident)-int64(m.HeapHeld))
	w.field("mem_fragmentation_ratio", ratio(m.Resident, m.used))
	w.field("mem_fragmentation_bytes", int64(m.Resident)-int64(m.used))
	w.field("mem_not_counted_for_evict", m.appended)
	w.zeros("mem_replication_backlog", "mem_total_replication_buffers", "mem_clients_slaves")
	w.field("mem_clients_normal", m.clients)
	w.zeros("mem_cluster_links")
	w.field("mem_aof_buffer", m.appended)
	w.field("mem_allocator", "go")
	w.zeros("active_defrag_running", "lazyfree_pending_objects", "lazyfreed_objects")
}

func percent(n, of uint64) string { return fmt.Sprintf("%.2f%%", ratio(n, of)*100) }

func ratio(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func (s *Server) infoPersistence(w *infoWriter) {
	w.field("loading", s.loading != nil)
	w.zeros("async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age")
	s.infoSaving(w)
	w.zeros("rdb_last_cow_size")
	w.field("rdb_last_load_keys_expired", s.stats.loadExpired)
	w.field("rdb_last_load_keys_loaded", s.stats.loadedKeys)
	s.infoAppendOnly(w)
	w.zeros("aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size")
	s.infoAppendOnlySize(w)
	if s.loading != nil {
		s.infoLoading(w)
	}
}

// infoLoading tells how far a load is.
func (s *Server) infoLoading(w *infoWriter) {
	l := s.loading
	loaded, eta := l.loaded.Load(), int64(1) // until more is known
	if seconds := s.nowMs/1000 - l.startedMs/1000; seconds > 0 {
		eta = seconds * max(0, l.total-loaded) / (loaded + 1)
	}
	w.field("loading_start_time", l.startedMs/1000)
	w.field("loading_total_bytes", l.total)
	w.field("loading_rdb_used_mem", l.usedMemory)
	w.field("loading_loaded_bytes", loaded)
	w.field("loading_loaded_perc", 100*ratio(uint64(loaded), uint64(l.total)))
	w.field("loading_eta_seconds", eta)
}

// infoSaving tells what is saved, and what was.
func (s *Server) infoSaving(w *infoWriter) {
	processed, total, seconds := 0, 0, int64(-1)
	b := s.saving.background
	if b != nil {
		seconds = (s.nowMs - b.startedMs) / 1000
	} else {
		b = s.aof.rewrite // which is told of in the same fields, but for the time
	}
	if b != nil {
		processed, total = b.saver.Stats().Keys, b.saver.Total()
	}
	w.field("current_fork_perc", 100*ratio(uint64(processed), uint64(total)))
	w.field("current_save_keys_processed", processed)
	w.field("current_save_keys_total", total)
	w.field("rdb_changes_since_last_save", s.dirty)
	w.field("rdb_bgsave_in_progress", s.saving.background != nil)
	w.field("rdb_last_save_time", s.saving.lastSave)
	status := "ok"
	if s.saving.failed {
		status = "err"
	}
	w.field("rdb_last_bgsave_status", status)
	w.field("rdb_last_bgsave_time_sec", s.saving.lastSeconds)
	w.field("rdb_current_bgsave_time_sec", seconds)
	w.field("rdb_saves", s.stats.saves)
}

func (s *Server) infoStats(w *infoWriter) {
	st, ks := &s.stats, s.ks.Stats
	now := st.instantaneous()
	w.field("total_connections_received", st.connections)
	w.field("total_commands_processed", st.commands)
	w.field("instantaneous_ops_per_sec", now.commands)
	w.field("total_net_input_bytes", st.bytesIn)
	w.field("total_net_output_bytes", st.bytesOut)
	w.zeros("total_net_repl_input_bytes", "total_net_repl_output_bytes")
	w.field("instantaneous_input_kbps", float64(now.bytesIn)/1024)
	w.field("instantaneous_output_kbps", float64(now.bytesOut)/1024)
	w.field("instantaneous_input_repl_kbps", 0.0)
	w.field("instantaneous_output_repl_kbps", 0.0)
	w.field("rejected_connections", st.rejectedConnections)
	w.zeros("sync_full", "sync_partial_ok", "sync_partial_err")
	w.field("expired_keys", ks.ExpiredKeys)
	w.field("expired_stale_perc", 0.0)
	w.zeros("expired_time_cap_reached_count")
	w.field("evicted_keys", st.evictedKeys)
	w.field("evicted_clients", st.evictedClients)
	exceeded, exceededTotal := s.evictionExceeded()
	w.field("total_eviction_exceeded_time", exceededTotal.Milliseconds())
	w.field("current_eviction_exceeded_time", exceeded.Milliseconds())
	w.field("keyspace_hits", ks.Hits)
	w.field("keyspace_misses", ks.Misses)
	w.field("pubsub_channels", len(s.topics[channels].byName))
	w.field("pubsub_patterns", len(s.topics[patterns].byName))
	w.field("pubsubshard_channels", len(s.topics[shards].byName))
	w.zeros("latest_fork_usec", "total_forks")
	w.field("migrate_cached_sockets", len(s.migrateSockets.byName))
	w.zeros("slave_expires_tracked_keys",
		"active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses",
		"total_active_defrag_time", "current_active_defrag_time")
	w.field("tracking_total_keys", s.tracking.keys())
	w.field("tracking_total_items", s.tracking.items)
	w.field("tracking_total_prefixes", len(s.tracking.prefixes))
	w.zeros("unexpected_error_replies")
	w.field("total_error_replies", st.errors)
	w.field("dump_payload_sanitizations", st.sanitized)
	w.field("total_reads_processed", s.moved().Reads)
	w.field("total_writes_processed", s.moved().Writes)
	w.field("eventloop_cycles", s.moved().Cycles)
	w.field("client_query_buffer_limit_disconnections", st.queryBufferKills)
	w.field("client_output_buffer_limit_disconnections", st.outputBufferKills)
	w.field("acl_access_denied_auth", st.deniedAuth)
	w.zeros("acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel")
}

func (s *Server) infoReplication(w *infoWriter) {
	w.field("role", "master")
	w.field("connected_slaves", 0)
	w.field("master_failover_state", "no-failover")
	w.field("master_replid", s.replID)
	w.field("master_replid2", strings.Repeat("0", len(s.replID)))
	w.field("master_repl_offset", 0)
	w.field("second_repl_offset", -1)
	w.field("repl_backlog_active", 0)
	w.field("repl_backlog_size", s.cfg.ReplBacklogSize)
	w.field("repl_backlog_first_byte_offset", 0)
	w.field("repl_backlog_histlen", 0)
}

func (s *Server) infoCPU(w *infoWriter) {
	user, sys := process.CPU()
	w.field("used_cpu_sys", fmt.Sprintf("%.6f", sys.Seconds()))
	w.field("used_cpu_user", fmt.Sprintf("%.6f", user.Seconds()))
	w.field("used_cpu_sys_children", "0.000000")
	w.field("used_cpu_user_children", "0.000000")
}

func (s *Server) infoCommandstats(w *infoWriter) {
	for r := range allRows(s.commands) {
		st := r.stats
		if st.calls == 0 && st.rejected == 0 && st.failed == 0 {
			continue
		}
		perCall := 0.0
		if st.calls > 0 {
			perCall = float64(st.nsec) / 1000 / float64(st.calls)
		}
		w.field("cmdstat_"+r.FullName, fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			st.calls, st.nsec/1000, perCall, st.rejected, st.failed))
	}
}

func (s *Server) infoErrorstats(w *infoWriter) {
	for _, code := range slices.Sorted(maps.Keys(s.stats.errorCounts)) {
		w.field("errorstat_"+code, fmt.Sprintf("count=%d", s.stats.errorCounts[code]))
	}
}

func (s *Server) infoKeyspace(w *infoWriter) {
	for i := range s.ks.Databases() {
		db := s.ks.DB(i)
		if db.Len() == 0 {
			continue
		}
		w.field(fmt.Sprintf("db%d", i), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d", db.Len(), db.Expires(), db.AverageTTL()))
	}
}
