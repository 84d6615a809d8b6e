// Command respect is a Redis-compatible server.
//
//	respect [file] [--parameter value ...] [-]
//	respect check-rdb FILE
//	respect check-aof [--fix | --truncate-to-timestamp TIMESTAMP] FILE
//	respect dump FILE [--json | --resp | --stats] [--db N] [--match GLOB]
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"respect/inspect"
	"respect/server"
	"respect/server/config"
	"respect/server/process"
)

const usage = `Usage: respect [/path/to/redis.conf] [options] [-]
       respect - (read config from stdin)
       respect -v or --version
       respect -h or --help
       respect check-rdb FILE
       respect check-aof [--fix | --truncate-to-timestamp TIMESTAMP] FILE
       respect dump FILE [--json | --resp | --stats] [--db N] [--match GLOB]

Examples:
       respect (run the server with default conf)
       echo 'maxmemory 128mb' | respect -
       respect /etc/redis/6379.conf
       respect --port 7777
       respect --port 7777 --dir /path/to/data --dbfilename dump.rdb
       respect /etc/myredis.conf --loglevel verbose -
`

func main() {
	os.Exit(run(os.Args[1:]))
}

// run is the whole program; it returns the exit status.
func run(args []string) int {
	if len(args) == 1 {
		switch args[0] {
		case "-v", "--version":
			fmt.Printf("Respect server v=%s, compatible with Redis %s bits=%d %s\n", server.Version, server.CompatVersion, 32<<(^uint(0)>>63), runtime.Version())
			return 0
		case "-h", "--help":
			fmt.Print(usage)
			return 0
		}
	}
	if len(args) > 0 {
		switch args[0] {
		case "check-rdb":
			return inspect.CheckRDB(args[1:], os.Stdout, os.Stderr, progress())
		case "check-aof":
			return inspect.CheckAOF(args[1:], os.Stdin, os.Stdout)
		case "dump":
			return inspect.Dump(args[1:], os.Stdout, os.Stderr, progress())
		}
	}
	cfg := config.New()
	if err := cfg.Load(args, os.Stdin); err != nil {
		var fatal *config.FatalError
		if errors.As(err, &fatal) {
			fmt.Fprint(os.Stderr, fatal.Report(server.Product+" "+server.Version))
		} else {
			fmt.Fprintln(os.Stderr, err)
		}
		return 1
	}
	if cfg.Daemonize {
		if parent, err := process.Daemonize(); err != nil {
			fmt.Fprintln(os.Stderr, "Can't daemonize:", err)
			return 1
		} else if parent {
			return 0
		}
	}
	return serve(cfg)
}

// progress is where to tell how far one is: the standard error, if it is a terminal.
func progress() io.Writer {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return os.Stderr
}

// serve runs a server until it is shut down by a command or a signal. SIGINT ends the
// process at once if a signal came before.
func serve(cfg *config.Config) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	s := server.New(server.Options{Config: cfg})
	go s.HandleSignals(signals)
	if err := s.Start(); err != nil {
		s.Close()
		return 1
	}
	s.Wait()
	return 0
}
