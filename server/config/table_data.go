package config

import "math"

// The rows of what is stored and how. The legend of the columns is in table.go.

func (c *Config) keyspaceParams() []Param {
	return []Param{
		{"databases", "", Immutable, integer(&c.Databases, 16, 1, math.MaxInt32), ""},
		{"maxmemory", "", 0, memory(&c.Maxmemory, 0), ""},
		{"maxmemory-policy", "", 0, oneOf(&c.MaxmemoryPolicy, "noeviction", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"), ""},
		{"maxmemory-samples", "", 0, integer(&c.MaxmemorySamples, 5, 1, 64), ""},
		{"maxmemory-eviction-tenacity", "", 0, integer(&c.MaxmemoryEvictionTenacity, 10, 0, 100), ""},
		{"lfu-log-factor", "", 0, integer(&c.LFULogFactor, 10, 0, math.MaxInt32), ""},
		{"lfu-decay-time", "", 0, integer(&c.LFUDecayTime, 1, 0, math.MaxInt32), ""},
		{"hz", "", 0, clamped(&c.Hz, 10, 0, math.MaxInt32, 1, 500), ""},
		{"dynamic-hz", "", 0, yesNo(new(bool), true), noHz},
		{"activerehashing", "", 0, yesNo(&c.Activerehashing, true), noRehash},
		{"active-expire-effort", "", 0, integer(&c.ActiveExpireEffort, 1, 1, 10), noSampling},
		{"notify-keyspace-events", "", 0, notify(&c.NotifyKeyspaceEvents), ""},
		{"lazyfree-lazy-eviction", "", 0, yesNo(&c.LazyfreeEviction, false), onlyTold},
		{"lazyfree-lazy-expire", "", 0, yesNo(&c.LazyfreeExpire, false), onlyTold},
		{"lazyfree-lazy-server-del", "", 0, yesNo(&c.LazyfreeServerDel, false), onlyTold},
		{"lazyfree-lazy-user-del", "", 0, yesNo(new(bool), false), noThreads},
		{"lazyfree-lazy-user-flush", "", 0, yesNo(&c.LazyfreeUserFlush, false), noThreads},
		{"activedefrag", "", 0, withoutDefrag(), noJemalloc},
		{"active-defrag-cycle-min", "", 0, integer(new(int64), 1, 1, 99), noJemalloc},
		{"active-defrag-cycle-max", "", 0, integer(new(int64), 25, 1, 99), noJemalloc},
		{"active-defrag-ignore-bytes", "", 0, size(new(int64), 100<<20, 1, math.MaxInt64), noJemalloc},
		{"active-defrag-max-scan-fields", "", 0, integer(new(int64), 1000, 1, math.MaxInt64), noJemalloc},
		{"active-defrag-threshold-lower", "", 0, integer(new(int64), 10, 0, 1000), noJemalloc},
		{"active-defrag-threshold-upper", "", 0, integer(new(int64), 100, 0, 1000), noJemalloc},
	}
}

func (c *Config) encodingsParams() []Param {
	return []Param{
		{"list-max-listpack-size", "list-max-ziplist-size", 0, integer(&c.ListMaxListpackSize, -2, math.MinInt32, math.MaxInt32), ""},
		{"list-compress-depth", "", 0, integer(&c.ListCompressDepth, 0, 0, math.MaxInt32), ""},
		{"hash-max-listpack-entries", "hash-max-ziplist-entries", 0, integer(&c.HashMaxListpackEntries, 512, 0, math.MaxInt64), ""},
		{"hash-max-listpack-value", "hash-max-ziplist-value", 0, size(&c.HashMaxListpackValue, 64, 0, math.MaxInt64), ""},
		{"set-max-intset-entries", "", 0, integer(&c.SetMaxIntsetEntries, 512, 0, math.MaxInt64), ""},
		{"set-max-listpack-entries", "", 0, integer(&c.SetMaxListpackEntries, 128, 0, math.MaxInt64), ""},
		{"set-max-listpack-value", "", 0, integer(&c.SetMaxListpackValue, 64, 0, math.MaxInt64), ""},
		{"zset-max-listpack-entries", "zset-max-ziplist-entries", 0, integer(&c.ZsetMaxListpackEntries, 128, 0, math.MaxInt64), ""},
		{"zset-max-listpack-value", "zset-max-ziplist-value", 0, size(&c.ZsetMaxListpackValue, 64, 0, math.MaxInt64), ""},
		{"stream-node-max-bytes", "", 0, size(&c.StreamNodeMaxBytes, 4096, 0, math.MaxInt64), ""},
		{"stream-node-max-entries", "", 0, integer(&c.StreamNodeMaxEntries, 100, 0, math.MaxInt64), ""},
		{"hll-sparse-max-bytes", "", 0, size(&c.HllSparseMaxBytes, 3000, 0, math.MaxInt64), ""},
	}
}

func (c *Config) filesParams() []Param {
	return []Param{
		{"save", "", 0, c.savePoints(), ""},
		{"dbfilename", "", Protected, checked(&c.Dbfilename, "dump.rdb", fileName("dbfilename", "filename", true)), ""},
		{"rdbcompression", "", 0, yesNo(&c.Rdbcompression, true), ""},
		{"rdbchecksum", "", Immutable, yesNo(&c.Rdbchecksum, true), ""},
		{"rdb-del-sync-files", "", 0, yesNo(new(bool), false), noReplication},
		{"rdb-save-incremental-fsync", "", 0, yesNo(&c.RdbSaveIncrementalFsync, true), ""},
		{"sanitize-dump-payload", "", 0, oneOf(&c.SanitizeDumpPayload, "no", "no", "yes", "clients"), noSanitizing},
		{"stop-writes-on-bgsave-error", "", 0, yesNo(&c.StopWritesOnBgsaveError, true), ""},
		{"appendonly", "", DenyLoading, yesNo(&c.Appendonly, false), ""},
		{"appendfilename", "", Immutable, checked(&c.Appendfilename, "appendonly.aof", fileName("appendfilename", "filename", false)), ""},
		{"appenddirname", "", Immutable, checked(&c.Appenddirname, "appendonlydir", fileName("appenddirname", "dirname", false)), ""},
		{"appendfsync", "", 0, oneOf(&c.Appendfsync, "everysec", "everysec", "always", "no"), ""},
		{"no-appendfsync-on-rewrite", "", 0, yesNo(&c.NoAppendfsyncOnRewrite, false), ""},
		{"aof-load-truncated", "", 0, yesNo(&c.AofLoadTruncated, true), ""},
		{"aof-use-rdb-preamble", "", 0, yesNo(&c.AofUseRdbPreamble, true), ""},
		{"aof-timestamp-enabled", "", 0, yesNo(&c.AofTimestampEnabled, false), ""},
		{"aof-rewrite-incremental-fsync", "", 0, yesNo(&c.AofRewriteIncrementalFsync, true), ""},
		{"auto-aof-rewrite-percentage", "", 0, integer(&c.AutoAofRewritePercentage, 100, 0, math.MaxInt32), ""},
		{"auto-aof-rewrite-min-size", "", 0, size(&c.AutoAofRewriteMinSize, 64<<20, 0, math.MaxInt64), ""},
	}
}

func (c *Config) observationParams() []Param {
	return []Param{
		{"slowlog-log-slower-than", "", 0, integer(&c.SlowlogLogSlowerThan, 10000, -1, math.MaxInt64), ""},
		{"slowlog-max-len", "", 0, integer(&c.SlowlogMaxLen, 128, 0, math.MaxInt64), ""},
		{"latency-monitor-threshold", "", 0, integer(&c.LatencyMonitorThreshold, 0, 0, math.MaxInt64), ""},
		{"latency-tracking", "", 0, yesNo(&c.LatencyTracking, true), ""},
		{"latency-tracking-info-percentiles", "", 0, c.percentiles(), ""},
		{"busy-reply-threshold", "lua-time-limit", 0, integer(&c.BusyReplyThreshold, 5000, 0, math.MaxInt64), noScripts},
		{"tracking-table-max-keys", "", 0, integer(&c.TrackingTableMaxKeys, 1000000, 0, math.MaxInt64), ""},
		{"locale-collate", "", 0, checked(new(string), "", collation), noLua},
	}
}
