package config

import (
	"os"
	"strings"

	"respect/keyspace/glob"
)

// Config is the configuration of one server. The fields are the parameters that
// have an effect, named like them; the zero value is not usable, see New.
type Config struct {
	// Network.
	Bind                   []string // addresses to listen on; a leading '-' allows one to fail, "*" is any
	BindSourceAddr         string   // address that outgoing connections start from
	Port                   int64    // 0 listens on no TCP port
	TCPBacklog             int64
	TCPKeepalive           int64  // seconds between probes, 0 for none
	Unixsocket             string // path, "" for none
	Unixsocketperm         int64  // file mode, 0 leaves it to the umask
	Timeout                int64  // seconds an idle client is kept, 0 for ever
	ProtectedMode          bool
	Maxclients             int64
	IOThreads              int64
	ProtoMaxBulkLen        int64 // bytes
	ClientQueryBufferLimit int64 // bytes
	MaxmemoryClients       int64 // bytes; below zero a percentage of maxmemory

	ClientOutputBufferLimit [3]OutputLimit // by class: normal, replica, pubsub

	// Process.
	Daemonize         bool
	Pidfile           string
	Dir               string // absolute path that relative file names start from
	Logfile           string // "" is standard output
	Loglevel          LogLevel
	AlwaysShowLogo    bool
	Supervised        string // upstart, systemd, auto or no
	ShutdownTimeout   int64  // seconds to wait for replicas
	ShutdownOnSigint  ShutdownFlags
	ShutdownOnSigterm ShutdownFlags

	// Access.
	Requirepass            string // "" for none
	EnableDebugCommand     string // no, yes or local
	EnableModuleCommand    string // no, yes or local
	EnableProtectedConfigs string // no, yes or local

	// Keyspace.
	Compat                    string // a release; "" for all that there is
	Databases                 int64
	Maxmemory                 uint64 // bytes, 0 for no limit
	MaxmemoryPolicy           string
	MaxmemorySamples          int64
	MaxmemoryEvictionTenacity int64 // 0 to 100: how long evictions may hold up a command
	LFULogFactor              int64
	LFUDecayTime              int64 // minutes
	Hz                        int64 // background rounds per second, 1 to 500
	Activerehashing           bool
	ActiveExpireEffort        int64 // 1 to 10
	NotifyKeyspaceEvents      NotifyFlags
	LazyfreeEviction          bool
	LazyfreeExpire            bool
	LazyfreeServerDel         bool
	LazyfreeUserFlush         bool

	// Encodings.
	ListMaxListpackSize    int64 // entries, or -1 to -5 for 4 to 64 KB
	ListCompressDepth      int64
	HashMaxListpackEntries int64
	HashMaxListpackValue   int64 // bytes
	SetMaxIntsetEntries    int64
	SetMaxListpackEntries  int64
	SetMaxListpackValue    int64 // bytes
	ZsetMaxListpackEntries int64
	ZsetMaxListpackValue   int64 // bytes
	StreamNodeMaxBytes     int64
	StreamNodeMaxEntries   int64
	HllSparseMaxBytes      int64

	// Files.
	Save                       []SavePoint
	Dbfilename                 string
	Rdbcompression             bool
	Rdbchecksum                bool
	RdbSaveIncrementalFsync    bool
	SanitizeDumpPayload        string // no, yes or clients
	StopWritesOnBgsaveError    bool
	Appendonly                 bool
	Appendfilename             string
	Appenddirname              string
	Appendfsync                string // everysec, always or no
	RdbKeySaveDelay            int64  // microseconds, or one for a part of the keys
	KeyLoadDelay               int64  // in the same way
	AofLoadTruncated           bool
	AofUseRdbPreamble          bool
	NoAppendfsyncOnRewrite     bool
	AofTimestampEnabled        bool
	AofRewriteIncrementalFsync bool
	AutoAofRewritePercentage   int64
	AutoAofRewriteMinSize      int64 // bytes

	// Replication.
	ReplBacklogSize int64 // bytes

	// Observation.
	SlowlogLogSlowerThan           int64 // microseconds, below zero never
	SlowlogMaxLen                  int64
	LatencyMonitorThreshold        int64 // milliseconds, 0 for off
	LatencyTracking                bool
	LatencyTrackingInfoPercentiles []float64
	BusyReplyThreshold             int64 // milliseconds
	TrackingTableMaxKeys           int64

	// What follows came from directives that only files and the command line
	// have.
	RenamedCommands []Rename
	Users           [][]string // arguments of the user directives: name, rules...
	Modules         [][]string // arguments of the loadmodule directives: path, arguments...

	path      string // see Path
	params    []Param
	byName    map[string]*Param
	hooks     []hook
	saveGiven bool // a save directive was loaded: the defaults are gone
	replicaOf replicaAddress

	ownsDefaultUser bool // no user directive says more of the default user than requirepass
}

// Rename is a rename-command directive. To is "" if the command is removed.
type Rename struct{ From, To string }

// Pair is the name of a parameter and its value as text.
type Pair struct{ Name, Value string }

// New returns a configuration with every parameter at its default and Dir at
// the working directory of the process.
func New() *Config {
	c := &Config{}
	c.params = c.table()
	c.byName = make(map[string]*Param, len(c.params)*5/4)
	for i := range c.params {
		p := &c.params[i]
		c.byName[p.Name] = p
		if p.Alias != "" {
			c.byName[p.Alias] = p
		}
	}
	if dir, err := os.Getwd(); err == nil {
		c.Dir = dir
	}
	return c
}

// Path returns the absolute path of the file that Load was given, "" if none.
func (c *Config) Path() string { return c.path }

// Params returns the rows of the table, in table order. They are not to be
// changed.
func (c *Config) Params() []Param { return c.params }

// Lookup returns the row of the parameter with a name or alias, in any case, or
// nil.
func (c *Config) Lookup(name string) *Param {
	if p := c.byName[name]; p != nil {
		return p
	}
	return c.byName[strings.ToLower(name)]
}

// Get returns the parameters whose names match any of the patterns, each once.
// A pattern without any of *?[ is a name; it is returned as it was written, and
// finds hidden parameters too.
func (c *Config) Get(patterns ...string) []Pair {
	var found []Pair
	seen := make(map[string]bool)
	add := func(name string, p *Param) {
		if folded := strings.ToLower(name); !seen[folded] {
			seen[folded] = true
			found = append(found, Pair{name, p.Value()})
		}
	}
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, "*?[") {
			if p := c.Lookup(pattern); p != nil {
				add(pattern, p)
			}
			continue
		}
		for i := range c.params {
			p := &c.params[i]
			for _, name := range p.names() {
				if p.Flags&Hidden == 0 && matchFold(pattern, name) {
					add(name, p)
				}
			}
		}
	}
	return found
}

// matchFold matches a name, which is in lower case, in any case.
func matchFold(pattern, name string) bool {
	return glob.MatchFold([]byte(pattern), []byte(name))
}
