package config

import (
	"math"
	"slices"
)

// Reasons for having no effect.
const (
	noJemalloc    = "the memory is Go's, not jemalloc's"
	noProcess     = "left to the operating system and the Go runtime"
	noReplication = "replication is not served"
	noCluster     = "there is no cluster bus"
	noTLS         = "TLS is not served"
	noACL         = "there are no users besides the default one"
	onlyTold      = "memory is freed by the Go runtime in any case; it says whether keepers of copies are told DEL or UNLINK"
	noThreads     = "there are no threads of that kind: memory is freed by the Go runtime, I/O loops always read"
	noSyslog      = "logs go to a file or to standard output"
	noHz          = "an idle server does nothing"
	noLua         = "texts are compared byte by byte"
	noWarnings    = "there are no warnings to be ignored"
	noMark        = "sockets are not marked"
	noSanitizing  = "values are always validated completely; it only decides whether INFO counts them"
	noLogo        = "there is no logo"
	noModules     = "modules are not served"
	noRehash      = "tables are resized with each change"
	noSampling    = "keys are deleted when their time comes, not by sampling"
	noScripts     = "there are no scripts yet"
	noDebugging   = "for tests of the reference alone"
)

// A row of the table, column by column:
//
//	name      as CONFIG GET shows it and CONFIG REWRITE writes it
//	alias     a second name with the same value, "" for none
//	flags     see Flags; 0 for a parameter that can be changed at any time
//	value     kind(field, default, smallest, largest), or what the kind needs;
//	          new(T) in place of a field: the value is kept and shown, no more
//	no effect why it changes nothing here, "" if it has an effect
//
// table returns the rows with the parameters at their defaults.
func (c *Config) table() []Param {
	return slices.Concat(
		c.networkParams(),
		c.tlsParams(),
		c.processParams(),
		c.accessParams(),
		c.keyspaceParams(),
		c.encodingsParams(),
		c.filesParams(),
		c.observationParams(),
		c.replicationParams(),
		c.clusterParams(),
		c.hiddenParams(),
	)
}

func (c *Config) networkParams() []Param {
	return []Param{
		{"bind", "", 0, c.addresses(), ""},
		{"bind-source-addr", "", 0, optional(&c.BindSourceAddr), noReplication},
		{"port", "", 0, integer(&c.Port, 6379, 0, 65535), ""},
		{"tcp-backlog", "", Immutable, integer(&c.TCPBacklog, 511, 0, math.MaxInt32), ""},
		{"tcp-keepalive", "", 0, integer(&c.TCPKeepalive, 300, 0, math.MaxInt32), ""},
		{"unixsocket", "", Immutable, optional(&c.Unixsocket), ""},
		{"unixsocketperm", "", Immutable, octal(&c.Unixsocketperm, 0, 0, 0o777), ""},
		{"socket-mark-id", "", Immutable, integer(new(int64), 0, 0, math.MaxUint32), noMark},
		{"timeout", "", 0, integer(&c.Timeout, 0, 0, math.MaxInt32), ""},
		{"protected-mode", "", 0, yesNo(&c.ProtectedMode, true), ""},
		{"maxclients", "", 0, integer(&c.Maxclients, 10000, 1, math.MaxUint32), ""},
		{"io-threads", "", Immutable, integer(&c.IOThreads, 1, 1, 128), ""},
		{"io-threads-do-reads", "", Immutable, yesNo(new(bool), false), noThreads},
		{"proto-max-bulk-len", "", 0, size(&c.ProtoMaxBulkLen, 512<<20, 1<<20, math.MaxInt64), ""},
		{"client-query-buffer-limit", "", 0, size(&c.ClientQueryBufferLimit, 1<<30, 1<<20, math.MaxInt64), ""},
		{"client-output-buffer-limit", "", 0, c.outputLimits(), ""},
		{"maxmemory-clients", "", 0, percent(&c.MaxmemoryClients, 0), ""},
	}
}

func (c *Config) tlsParams() []Param {
	return []Param{
		{"tls-auth-clients", "", 0, oneOf(new(string), "yes", "no", "yes", "optional"), noTLS},
		{"tls-ca-cert-dir", "", 0, optional(new(string)), noTLS},
		{"tls-ca-cert-file", "", 0, optional(new(string)), noTLS},
		{"tls-cert-file", "", 0, optional(new(string)), noTLS},
		{"tls-ciphers", "", 0, optional(new(string)), noTLS},
		{"tls-ciphersuites", "", 0, optional(new(string)), noTLS},
		{"tls-client-cert-file", "", 0, optional(new(string)), noTLS},
		{"tls-client-key-file", "", 0, optional(new(string)), noTLS},
		{"tls-client-key-file-pass", "", Sensitive, optional(new(string)), noTLS},
		{"tls-cluster", "", 0, yesNo(new(bool), false), noTLS},
		{"tls-dh-params-file", "", 0, optional(new(string)), noTLS},
		{"tls-key-file", "", 0, optional(new(string)), noTLS},
		{"tls-key-file-pass", "", Sensitive, optional(new(string)), noTLS},
		{"tls-port", "", 0, integer(new(int64), 0, 0, 65535), noTLS},
		{"tls-prefer-server-ciphers", "", 0, yesNo(new(bool), false), noTLS},
		{"tls-protocols", "", 0, optional(new(string)), noTLS},
		{"tls-replication", "", 0, yesNo(new(bool), false), noTLS},
		{"tls-session-cache-size", "", 0, integer(new(int64), 20480, 0, math.MaxInt32), noTLS},
		{"tls-session-cache-timeout", "", 0, integer(new(int64), 300, 0, math.MaxInt32), noTLS},
		{"tls-session-caching", "", 0, yesNo(new(bool), true), noTLS},
	}
}

func (c *Config) processParams() []Param {
	return []Param{
		{"daemonize", "", Immutable, yesNo(&c.Daemonize, false), ""},
		{"pidfile", "", Immutable, optional(&c.Pidfile), ""},
		{"dir", "", Protected, c.directory(), ""},
		{"logfile", "", Immutable, text(&c.Logfile, ""), ""},
		{"loglevel", "", 0, logLevel(&c.Loglevel), ""},
		{"syslog-enabled", "", Immutable, yesNo(new(bool), false), noSyslog},
		{"syslog-ident", "", Immutable, text(new(string), "redis"), noSyslog},
		{"syslog-facility", "", Immutable, oneOf(new(string), "local0", "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"), noSyslog},
		{"always-show-logo", "", Immutable, yesNo(&c.AlwaysShowLogo, false), noLogo},
		{"supervised", "", Immutable, oneOf(&c.Supervised, "no", "upstart", "systemd", "auto", "no"), noProcess},
		{"set-proc-title", "", Immutable, yesNo(new(bool), true), noProcess},
		{"proc-title-template", "", 0, checked(new(string), "{title} {listen-addr} {server-mode}", titleTemplate), noProcess},
		{"crash-log-enabled", "", 0, yesNo(new(bool), true), noProcess},
		{"crash-memcheck-enabled", "", 0, yesNo(new(bool), true), noProcess},
		{"disable-thp", "", Immutable, yesNo(new(bool), true), noProcess},
		{"ignore-warnings", "", 0, text(new(string), ""), noWarnings},
		{"oom-score-adj", "", 0, oneOf(new(string), "no", "no", "yes", "relative", "absolute"), noProcess},
		{"oom-score-adj-values", "", 0, oomValues(), noProcess},
		{"server_cpulist", "", Immutable, optional(new(string)), noProcess},
		{"bio_cpulist", "", Immutable, optional(new(string)), noProcess},
		{"aof_rewrite_cpulist", "", Immutable, optional(new(string)), noProcess},
		{"bgsave_cpulist", "", Immutable, optional(new(string)), noProcess},
		{"jemalloc-bg-thread", "", 0, yesNo(new(bool), true), noJemalloc},
		{"shutdown-timeout", "", 0, integer(&c.ShutdownTimeout, 10, 0, math.MaxInt32), noReplication},
		{"shutdown-on-sigint", "", 0, shutdown(&c.ShutdownOnSigint), ""},
		{"shutdown-on-sigterm", "", 0, shutdown(&c.ShutdownOnSigterm), ""},
	}
}

func (c *Config) accessParams() []Param {
	return []Param{
		{"requirepass", "", Sensitive, optional(&c.Requirepass), ""},
		{"aclfile", "", Immutable, text(new(string), ""), noACL},
		{"acl-pubsub-default", "", 0, oneOf(new(string), "resetchannels", "allchannels", "resetchannels"), noACL},
		{"acllog-max-len", "", 0, integer(new(int64), 128, 0, math.MaxInt64), noACL},
		{"enable-debug-command", "", Immutable, oneOf(&c.EnableDebugCommand, "no", "no", "yes", "local"), ""},
		{"enable-module-command", "", Immutable, oneOf(&c.EnableModuleCommand, "no", "no", "yes", "local"), noModules},
		{"enable-protected-configs", "", Immutable, oneOf(&c.EnableProtectedConfigs, "no", "no", "yes", "local"), ""},
	}
}
