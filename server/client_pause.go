package server

import (
	"math"
	"math/big"

	"respect/keyspace"
)

// CLIENT PAUSE, UNPAUSE and UNBLOCK: who lets clients wait, and who ends their wait; and
// the timeouts of all commands that wait.

// clientPauseCommand lets the commands of all clients wait.
//
//	CLIENT PAUSE timeout [WRITE | ALL]
//
// O(1). Reply: OK. The timeout is in milliseconds.
func clientPauseCommand(c *client, a *args) error {
	timeout := a.next()
	all := true
	if a.left() > 1 {
		return errSubcommandArgs("client", a.argv[1])
	}
	if a.more() {
		switch {
		case a.option("WRITE"):
			all = false
		case a.option("ALL"):
		default:
			return replyError("ERR CLIENT PAUSE mode must be WRITE or ALL")
		}
	}
	until, err := timeoutAt(timeout, timeoutMilliseconds, c.srv.nowMs)
	if err != nil {
		return err
	}
	c.srv.setPause(until, all)
	c.out.OK()
	return nil
}

// clientUnpauseCommand ends CLIENT PAUSE.
//
//	CLIENT UNPAUSE
//
// O(N) with N the number of clients that wait. Reply: OK.
func clientUnpauseCommand(c *client, a *args) error {
	c.srv.unpause()
	c.out.OK()
	return nil
}

// clientUnblockCommand ends the wait of a blocked client.
//
//	CLIENT UNBLOCK client-id [TIMEOUT | ERROR]
//
// O(log N) with N the number of blocked clients. Reply: 1 if it was blocked,
// else 0.
func clientUnblockCommand(c *client, a *args) error {
	idArg := a.next()
	withError := false
	if a.left() > 1 {
		return errSubcommandArgs("client", a.argv[1])
	}
	if a.more() {
		switch {
		case a.option("TIMEOUT"):
		case a.option("ERROR"):
			withError = true
		default:
			return replyError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		}
	}
	id, ok := keyspace.ParseInt(idArg)
	if !ok {
		return errNotInteger
	}
	other := c.srv.clients[id]
	if other == nil || other.blocked == nil {
		c.out.Int(0)
		return nil
	}
	reply := other.blocked.onTimeout
	if withError {
		c.row.stats.failed++ // the error counts as one of this command, too
		reply = func(c *client) {
			c.srv.stats.countError(string(errUnblocked))
			c.out.Error(string(errUnblocked))
		}
	}
	c.srv.endWait(other, reply)
	c.out.Int(1)
	return nil
}

type timeoutUnit uint8

const (
	timeoutSeconds timeoutUnit = iota // with fraction
	timeoutMilliseconds
)

// timeoutAt reads a timeout and returns when it is over, as Unix time in
// milliseconds; 0 for never. A fraction of a millisecond counts as one, so that
// the shortest timeout is not taken for none.
func timeoutAt(arg []byte, unit timeoutUnit, nowMs int64) (int64, error) {
	if unit == timeoutMilliseconds {
		n, ok := keyspace.ParseInt(arg)
		switch {
		case !ok:
			return 0, errTimeoutInteger
		case n < 0:
			return 0, errTimeoutNeg
		case n > math.MaxInt64-nowMs:
			return 0, errTimeoutRange
		}
		return nowMs + n, nil
	}
	f, ok := parseLongDouble(arg)
	if !ok {
		return 0, errTimeoutFloat
	}
	exact, _ := f.Mul(f, big.NewFloat(1000)).Float64() // in the reference's precision
	ms := math.Ceil(exact)
	switch {
	case ms < 0:
		return 0, errTimeoutNeg
	case ms == 0: // also less than a millisecond below zero
		return 0, nil
	case ms > math.MaxInt64-float64(nowMs)-1024: // float64 has no finer steps there
		return 0, errTimeoutRange
	}
	return nowMs + int64(ms), nil
}
