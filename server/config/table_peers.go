package config

import "math"

// The rows of what concerns other servers, and the hidden ones. The legend of
// the columns is in table.go.

func (c *Config) replicationParams() []Param {
	return []Param{
		{"replicaof", "slaveof", Immutable, c.master(), noReplication},
		{"masteruser", "", Sensitive, optional(new(string)), noReplication},
		{"masterauth", "", Sensitive, optional(new(string)), noReplication},
		{"replica-serve-stale-data", "slave-serve-stale-data", 0, yesNo(new(bool), true), noReplication},
		{"replica-read-only", "slave-read-only", 0, yesNo(new(bool), true), noReplication},
		{"replica-priority", "slave-priority", 0, integer(new(int64), 100, 0, math.MaxInt32), noReplication},
		{"replica-announced", "", 0, yesNo(new(bool), true), noReplication},
		{"replica-announce-ip", "slave-announce-ip", 0, optional(new(string)), noReplication},
		{"replica-announce-port", "slave-announce-port", 0, integer(new(int64), 0, 0, 65535), noReplication},
		{"replica-ignore-maxmemory", "slave-ignore-maxmemory", 0, yesNo(new(bool), true), noReplication},
		{"replica-ignore-disk-write-errors", "", 0, yesNo(new(bool), false), noReplication},
		{"replica-lazy-flush", "slave-lazy-flush", 0, yesNo(new(bool), false), noReplication},
		{"min-replicas-to-write", "min-slaves-to-write", 0, integer(new(int64), 0, 0, math.MaxInt32), noReplication},
		{"min-replicas-max-lag", "min-slaves-max-lag", 0, integer(new(int64), 10, 0, math.MaxInt32), noReplication},
		{"repl-backlog-size", "", 0, size(&c.ReplBacklogSize, 1<<20, 1, math.MaxInt64), noReplication},
		{"repl-backlog-ttl", "", 0, integer(new(int64), 3600, 0, math.MaxInt64), noReplication},
		{"repl-disable-tcp-nodelay", "", 0, yesNo(new(bool), false), noReplication},
		{"repl-diskless-sync", "", 0, yesNo(new(bool), true), noReplication},
		{"repl-diskless-sync-delay", "", 0, integer(new(int64), 5, 0, math.MaxInt32), noReplication},
		{"repl-diskless-sync-max-replicas", "", 0, integer(new(int64), 0, 0, math.MaxInt32), noReplication},
		{"repl-diskless-load", "", DenyLoading, oneOf(new(string), "disabled", "disabled", "on-empty-db", "swapdb"), noReplication},
		{"repl-ping-replica-period", "repl-ping-slave-period", 0, integer(new(int64), 10, 1, math.MaxInt32), noReplication},
		{"repl-timeout", "", 0, integer(new(int64), 60, 1, math.MaxInt32), noReplication},
		{"propagation-error-behavior", "", 0, oneOf(new(string), "ignore", "ignore", "panic", "panic-on-replicas"), noReplication},
	}
}

func (c *Config) clusterParams() []Param {
	return []Param{
		{"cluster-allow-pubsubshard-when-down", "", 0, yesNo(new(bool), true), noCluster},
		{"cluster-allow-reads-when-down", "", 0, yesNo(new(bool), false), noCluster},
		{"cluster-allow-replica-migration", "", 0, yesNo(new(bool), true), noCluster},
		{"cluster-announce-bus-port", "", 0, integer(new(int64), 0, 0, 65535), noCluster},
		{"cluster-announce-hostname", "", 0, checkedOptional(new(string), hostname), noCluster},
		{"cluster-announce-human-nodename", "", 0, checkedOptional(new(string), nodename), noCluster},
		{"cluster-announce-ip", "", 0, optional(new(string)), noCluster},
		{"cluster-announce-port", "", 0, integer(new(int64), 0, 0, 65535), noCluster},
		{"cluster-announce-tls-port", "", 0, integer(new(int64), 0, 0, 65535), noCluster},
		{"cluster-config-file", "", Immutable, text(new(string), "nodes.conf"), noCluster},
		{"cluster-enabled", "", Immutable, yesNo(new(bool), false), noCluster},
		{"cluster-link-sendbuf-limit", "", 0, memory(new(uint64), 0), noCluster},
		{"cluster-migration-barrier", "", 0, integer(new(int64), 1, 0, math.MaxInt32), noCluster},
		{"cluster-node-timeout", "", 0, integer(new(int64), 15000, 0, math.MaxInt64), noCluster},
		{"cluster-port", "", Immutable, integer(new(int64), 0, 0, 65535), noCluster},
		{"cluster-preferred-endpoint-type", "", 0, oneOf(new(string), "ip", "ip", "hostname", "unknown-endpoint"), noCluster},
		{"cluster-replica-no-failover", "cluster-slave-no-failover", 0, yesNo(new(bool), false), noCluster},
		{"cluster-replica-validity-factor", "cluster-slave-validity-factor", 0, integer(new(int64), 10, 0, math.MaxInt32), noCluster},
		{"cluster-require-full-coverage", "", 0, yesNo(new(bool), true), noCluster},
	}
}

// hiddenParams are those that CONFIG GET finds by their full name only.
func (c *Config) hiddenParams() []Param {
	return []Param{
		{"compat", "", Hidden | Immutable, oneOf(&c.Compat, "", "7.0", "7.2", "7.4"), ""},
		{"aof-disable-auto-gc", "", Hidden, yesNo(new(bool), false), noDebugging},
		{"key-load-delay", "", Hidden, integer(&c.KeyLoadDelay, 0, math.MinInt32, math.MaxInt32), ""},
		{"rdb-key-save-delay", "", Hidden, integer(&c.RdbKeySaveDelay, 0, math.MinInt32, math.MaxInt32), ""},
		{"loading-process-events-interval-bytes", "", Hidden, integer(new(int64), 2<<20, 1024, math.MaxInt32), noDebugging},
		{"lua-enable-deprecated-api", "", Hidden | Immutable, yesNo(new(bool), false), noDebugging},
		{"use-exit-on-panic", "", Hidden, yesNo(new(bool), false), noDebugging},
		{"watchdog-period", "", Hidden, integer(new(int64), 0, 0, math.MaxInt32), noDebugging},
	}
}
