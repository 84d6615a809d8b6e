package server

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"respect/server/config"
)

// logger writes log lines in the reference's form:
//
//	1234:M 23 Nov 2026 09:47:00.123 * Server initialized
//
// The sign before the text is the level: '.' debug, '-' verbose, '*' notice,
// '#' warning.
type logger struct {
	cfg   *config.Config
	clock func() time.Time
	mu    sync.Mutex
	out   io.Writer // instead of logfile or standard output
}

func newLogger(cfg *config.Config, clock func() time.Time) *logger {
	if clock == nil {
		clock = time.Now
	}
	return &logger{cfg: cfg, clock: clock}
}

// Log levels, as loglevel names them.
const (
	levelDebug = iota
	levelVerbose
	levelNotice
	levelWarning
	levelNothing
)

func (l *logger) debug(format string, v ...any)   { l.write(levelDebug, format, v...) }
func (l *logger) verbose(format string, v ...any) { l.write(levelVerbose, format, v...) }
func (l *logger) notice(format string, v ...any)  { l.write(levelNotice, format, v...) }
func (l *logger) warn(format string, v ...any)    { l.write(levelWarning, format, v...) }

// maxLogLine bounds a line's text in bytes.
const maxLogLine = 1024

func (l *logger) write(level int, format string, v ...any) {
	if level < int(l.cfg.Loglevel) {
		return
	}
	text := fmt.Sprintf(format, v...)
	if len(text) > maxLogLine {
		text = text[:maxLogLine]
	}
	line := fmt.Sprintf("%d:M %s %c %s\n", os.Getpid(), l.clock().Format("02 Jan 2006 15:04:05.000"), ".-*#"[level], text)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.out != nil:
		io.WriteString(l.out, line)
	case l.cfg.Logfile == "":
		io.WriteString(os.Stdout, line)
	default:
		l.appendTo(l.cfg.Logfile, line)
	}
}

// appendTo opens the file for each line, so that it can be rotated by renaming.
func (l *logger) appendTo(name, line string) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	io.WriteString(f, line)
	f.Close()
}
