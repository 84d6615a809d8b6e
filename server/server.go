package server

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"respect/keyspace"
	"respect/protocol"
	"respect/server/command"
	"respect/server/config"
	"respect/server/disk"
	"respect/server/transport"
)

// The release of Redis whose core commands the server claims, and its own name
// and version.
const (
	CompatVersion = "7.2.6"
	Product       = "Respect"
	Version       = "0.1.0"
)

// Options are what a server is made of besides its configuration.
type Options struct {
	// Config is the configuration; nil for the defaults.
	Config *config.Config
	// Log is where log lines go instead of the configured file; nil for that.
	Log io.Writer
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
	// Rand is the source of all that is random; nil for a random seed.
	Rand mathrand.Source
	// Files is where files are written; nil for the system's file system.
	Files disk.FS
}

// A Server is one server: its data, its clients, its configuration.
type Server struct {
	mu sync.Mutex // guards everything below

	cfg      *config.Config
	log      *logger
	ks       *keyspace.Keyspace
	commands *command.Table[*row]
	compat   string

	clock   func() int64 // Unix time in nanoseconds
	system  systemClock  // unless a clock was given
	nowNs   int64        // Unix time as of the last tick
	nowMs   int64
	started time.Time
	runID   string

	clients      map[int64]*client
	nextClientID int64
	pause        pause
	waiters      waiters     // clients blocked on keys
	ready        []keyID     // keys that may serve blocked clients
	serving      bool        // serveBlocked is under way
	timeouts     timeoutHeap // of blocked clients
	watchers     watchers
	topics       [topicKinds]topics // of pub/sub
	current      *client            // whose commands are being executed, or nil
	tracking     tracking
	deferred     deferred        // messages to it
	message      protocol.Writer // the message that is being composed
	channel      []byte          // the channel of the event that is being told

	spareTransaction *transaction
	timer            *timer
	transport        *transport.Server
	stats            stats
	run              timedRun
	observation      observation
	slowlog          slowlog
	latency          latencyEvents
	monitors         []*client // nil if there are none
	monitorLine      []byte    // the line that they get at present
	limits           limits
	eviction         eviction
	pacing           collectorPacing
	overSoft         map[*client]struct{} // beyond the soft limit of their output
	clientBytes      int64                // what clients take, while it is counted
	clientsOver      bool                 // it is, or was, more than maxmemory-clients
	warmed           uint64               // what DB.Warm returned, which has to go somewhere
	places           []foundPlace         // room for those of a search; empty
	dirty            uint64               // changes of the keyspace
	loading          *loading             // the load that is under way, or nil
	loadDelay        loadDelay
	ending           atomic.Bool // a signal has begun the end
	stopping         bool        // no command is carried out any more
	saving           saving
	copies           []copyKeeper // nil if there are none
	unit             unit         // what they are being told
	aof              appendOnly
	serves           bool // the data is there, and CONFIG SET may do more than note
	migrateSockets   migrateSockets
	files            disk.FS

	activeExpire bool // DEBUG SET-ACTIVE-EXPIRE
	cronPaused   bool // DEBUG PAUSE-CRON
	skipChecksum bool // DEBUG SET-SKIP-CHECKSUM-VALIDATION
	nextCronMs   int64
	replID       string
	pidfile      string

	background sync.WaitGroup // what Close waits for
	purging    atomic.Bool    // MEMORY PURGE is at work

	stop                chan struct{} // closed when the server is to end
	stopOnce, closeOnce sync.Once
}

// New returns a server that does not listen yet.
func New(o Options) *Server {
	s := &Server{
		cfg:          o.Config,
		runID:        randomHex(40),
		replID:       randomHex(40),
		waiters:      waiters{},
		watchers:     watchers{},
		clients:      map[int64]*client{},
		overSoft:     map[*client]struct{}{},
		nextClientID: 1,
		activeExpire: true,
		stop:         make(chan struct{}),
	}
	if s.cfg == nil {
		s.cfg = config.New()
	}
	s.system.set()
	s.clock = s.system.now
	if o.Now != nil {
		s.clock = func() int64 { return o.Now().UnixNano() }
	}
	src := o.Rand
	if src == nil {
		src = mathrand.NewPCG(mathrand.Uint64(), mathrand.Uint64())
	}
	s.log = newLogger(s.cfg, o.Now)
	s.log.out = o.Log
	s.ks = keyspace.New(int(s.cfg.Databases), src)
	s.ks.OnExpired = s.keyExpired
	s.ks.OnFieldExpired = s.fieldExpired
	s.ks.OnFieldsExpired = s.fieldsExpired
	s.tick()
	s.started = s.time()
	s.files = o.Files
	if s.files == nil {
		s.files = disk.System{}
	}
	s.saving.lastSave, s.saving.lastSeconds = s.started.Unix(), -1
	s.aof = appendOnly{srv: s, selected: noDB, rewriting: rewriting{lastSeconds: -1}}
	s.applyCompat()
	s.timer = newTimer(s)
	s.applyConfig()
	return s
}

// compatVersions are the releases that the parameter compat can name, each by the
// last version that was compared with.
var compatVersions = map[string]string{"7.0": "7.0.15", "7.2": CompatVersion, "7.4": "7.4.1"}

// applyCompat makes the command table and sets what version is reported. Unless
// the configuration names a release, all commands are there.
func (s *Server) applyCompat() {
	s.compat = CompatVersion
	if s.cfg.Compat == "" {
		s.commands = newTable(nil)
		return
	}
	s.compat = compatVersions[s.cfg.Compat]
	release, err := command.ParseVersion(s.compat)
	if err != nil {
		panic("server: " + err.Error()) // a constant is wrong
	}
	s.commands = newTable(&release)
}

// randomHex returns n random hexadecimal digits.
func randomHex(n int) string {
	b := make([]byte, n/2)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// systemClock tells the time from the monotonic clock, which costs half as much
// to read as both clocks. It follows the wall clock whenever it is set anew.
type systemClock struct {
	base   time.Time
	baseNs int64
}

func (c *systemClock) now() int64 { return c.baseNs + int64(time.Since(c.base)) }

func (c *systemClock) set() {
	c.base = time.Now()
	c.baseNs = c.base.UnixNano()
}

// time returns the time of the last tick.
func (s *Server) time() time.Time { return time.Unix(0, s.nowNs) }

// tick reads the clock.
func (s *Server) tick() {
	s.nowNs = s.clock()
	s.nowMs = s.nowNs / int64(time.Millisecond)
	s.ks.SetNow(s.nowMs)
}

// Lock takes the lock that guards all state.
func (s *Server) Lock() { s.mu.Lock() }

// Unlock releases it.
func (s *Server) Unlock() { s.mu.Unlock() }

// EndRound is for the transport, as the server's handler: all that had arrived was executed.
func (s *Server) EndRound() {
	if s.tracking.changed {
		s.broadcast()
	}
}

// Accept takes a new connection. It returns nil for one that is refused.
func (s *Server) Accept(conn transport.Conn) transport.Session {
	s.tick()
	if text := s.refusal(conn); text != "" {
		s.stats.rejectedConnections++
		conn.Reject([]byte("-" + text + "\r\n"))
		return nil
	}
	c := &client{
		srv: s, conn: conn, id: s.nextClientID,
		db: s.ks.DB(0), user: defaultUser,
		createdMs: s.nowMs, activeMs: s.nowMs,
	}
	s.nextClientID++
	s.stats.connections++
	c.out.Proto = 2
	c.parser.MaxBulk = s.cfg.ProtoMaxBulkLen
	c.setAuthenticated(s.cfg.Requirepass == "")
	s.clients[c.id] = c
	return c
}

const errProtectedMode = "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside."

// refusal returns the error with which a new connection is refused, or nothing.
func (s *Server) refusal(conn transport.Conn) string {
	if len(s.clients) >= int(s.cfg.Maxclients) {
		return string(errMaxClients)
	}
	if s.cfg.ProtectedMode && s.cfg.Requirepass == "" && !conn.Unix() && !isLoopback(conn.RemoteAddr()) {
		return errProtectedMode
	}
	return ""
}

// setAuthenticated also sets the limits that hold before authentication.
func (c *client) setAuthenticated(yes bool) {
	c.authenticated = yes
	c.parser.Unauthenticated = !yes
}

// forget removes a client that is gone.
func (s *Server) forget(c *client) {
	if c.blocked != nil {
		s.unblock(c)
	}
	c.discard()
	c.unsubscribeAll()
	c.untrack()
	c.stopMonitor()
	s.unlimit(c)
	delete(s.clients, c.id)
}
