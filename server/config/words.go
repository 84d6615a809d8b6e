package config

import (
	"strings"
)

// NotifyFlags are the classes of keyspace events that are published.
//
//	bit    0  K  in channels named after the key    bit  7  z  sorted sets
//	bit    1  E  in channels named after the event  bit  8  x  expired
//	bit    2  g  commands of all types              bit  9  e  evicted
//	bit    3  $  strings                            bit 10  t  streams
//	bit    4  l  lists                              bit 11  m  key misses
//	bit    5  s  sets                               bit 13  d  modules
//	bit    6  h  hashes                             bit 14  n  new keys
type NotifyFlags uint16

const (
	NotifyKeyspace NotifyFlags = 1 << 0
	NotifyKeyevent NotifyFlags = 1 << 1
	NotifyGeneric  NotifyFlags = 1 << 2
	NotifyString   NotifyFlags = 1 << 3
	NotifyList     NotifyFlags = 1 << 4
	NotifySet      NotifyFlags = 1 << 5
	NotifyHash     NotifyFlags = 1 << 6
	NotifyZset     NotifyFlags = 1 << 7
	NotifyExpired  NotifyFlags = 1 << 8
	NotifyEvicted  NotifyFlags = 1 << 9
	NotifyStream   NotifyFlags = 1 << 10
	NotifyKeyMiss  NotifyFlags = 1 << 11
	NotifyModule   NotifyFlags = 1 << 13
	NotifyNew      NotifyFlags = 1 << 14

	// NotifyAll is what the letter A stands for.
	NotifyAll = NotifyGeneric | NotifyString | NotifyList | NotifySet | NotifyHash |
		NotifyZset | NotifyExpired | NotifyEvicted | NotifyStream | NotifyModule
)

// notifyLetters are the letters in the order they are shown. A hides those of
// its classes, and n.
var notifyLetters = []struct {
	letter byte
	flag   NotifyFlags
	inAll  bool
}{
	{'g', NotifyGeneric, true}, {'$', NotifyString, true}, {'l', NotifyList, true}, {'s', NotifySet, true},
	{'h', NotifyHash, true}, {'z', NotifyZset, true}, {'x', NotifyExpired, true}, {'e', NotifyEvicted, true},
	{'t', NotifyStream, true}, {'d', NotifyModule, true}, {'n', NotifyNew, true},
	{'K', NotifyKeyspace, false}, {'E', NotifyKeyevent, false}, {'m', NotifyKeyMiss, false},
}

// ParseNotify reads the letters of notify-keyspace-events.
func ParseNotify(s string) (flags NotifyFlags, ok bool) {
next:
	for i := 0; i < len(s); i++ {
		if s[i] == 'A' {
			flags |= NotifyAll
			continue
		}
		for _, l := range notifyLetters {
			if l.letter == s[i] {
				flags |= l.flag
				continue next
			}
		}
		return 0, false
	}
	return flags, true
}

// String returns the letters as CONFIG GET shows them.
func (f NotifyFlags) String() string {
	var s []byte
	all := f&NotifyAll == NotifyAll
	if all {
		s = append(s, 'A')
	}
	for _, l := range notifyLetters {
		if f&l.flag != 0 && !(all && l.inAll) {
			s = append(s, l.letter)
		}
	}
	return string(s)
}

type notifyValue struct{ field[NotifyFlags] }

func notify(p *NotifyFlags) value { return notifyValue{newField(p, 0)} }

func (v notifyValue) set(args []string, _ source) error {
	flags, ok := ParseNotify(args[0])
	if !ok {
		return reason("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
	}
	*v.p = flags
	return nil
}

func (v notifyValue) get() string { return v.p.String() }

func (v notifyValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + quote(v.get()), *v.p != v.def}}
}

// ShutdownFlags are options of SHUTDOWN that a signal implies.
type ShutdownFlags uint8

const (
	ShutdownSave ShutdownFlags = 1 << iota
	ShutdownNosave
	ShutdownNow
	ShutdownForce
)

// shutdownWords are the words for the flags, by bit; no flag is "default".
var shutdownWords = []string{"save", "nosave", "now", "force"}

type shutdownValue struct{ many[ShutdownFlags] }

func shutdown(p *ShutdownFlags) value { return shutdownValue{many[ShutdownFlags]{newField(p, 0)}} }

func (v shutdownValue) set(args []string, _ source) error {
	words := append([]string{"default"}, shutdownWords...)
	if len(args) == 0 {
		return notOneOf(words)
	}
	var flags ShutdownFlags
next:
	for _, arg := range args {
		for i, word := range words {
			if strings.EqualFold(arg, word) {
				flags |= 1 << i >> 1
				continue next
			}
		}
		return notOneOf(words)
	}
	if flags&ShutdownSave != 0 && flags&ShutdownNosave != 0 {
		return reason("shutdown options SAVE and NOSAVE can't be used simultaneously")
	}
	*v.p = flags
	return nil
}

func (v shutdownValue) get() string {
	var words []string
	for i, word := range shutdownWords {
		if *v.p&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	if words == nil {
		return "default"
	}
	return strings.Join(words, " ")
}

func (v shutdownValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + v.get(), *v.p != v.def}}
}

// LogLevel is the least urgency of the lines that are logged.
type LogLevel int

const (
	LogDebug LogLevel = iota
	LogVerbose
	LogNotice
	LogWarning
	LogNothing
)

// logWords are the words for the levels, by level.
var logWords = []string{"debug", "verbose", "notice", "warning", "nothing"}

// String returns the word for the level.
func (l LogLevel) String() string { return logWords[l] }

type logLevelValue struct{ field[LogLevel] }

func logLevel(p *LogLevel) value { return logLevelValue{newField(p, LogNotice)} }

func (v logLevelValue) set(args []string, _ source) error {
	for level, word := range logWords {
		if strings.EqualFold(args[0], word) {
			*v.p = LogLevel(level)
			return nil
		}
	}
	return notOneOf(logWords)
}

func (v logLevelValue) get() string { return v.p.String() }

func (v logLevelValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + v.get(), *v.p != v.def}}
}
