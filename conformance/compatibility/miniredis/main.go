// Miniredis serves the miniredis library as a server, to be checked as any other.
//
//	go run ./conformance/compatibility/miniredis PORT
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: miniredis PORT")
		os.Exit(2)
	}
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr(net.JoinHostPort("127.0.0.1", os.Args[1])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer m.Close()
	done := make(chan os.Signal, 1)
	signal.Notify(done, os.Interrupt)
	// Its time stands still unless it is told that time has passed.
	const step = 10 * time.Millisecond
	for tick := time.Tick(step); ; {
		select {
		case <-done:
			return
		case <-tick:
			m.FastForward(step)
		}
	}
}
