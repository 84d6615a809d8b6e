package server

import "bytes"

// This file holds the texts of all error replies. They are the reference's, to
// the byte: clients and tests compare them.

// A replyError is the answer to a command that could not be carried out: an
// error code, a space, and a text.
type replyError string

func (e replyError) Error() string { return string(e) }

const (
	errSyntax          replyError = "ERR syntax error"
	errWrongType       replyError = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errNotInteger      replyError = "ERR value is not an integer or out of range"
	errNotFloat        replyError = "ERR value is not a valid float"
	errInt32           replyError = "ERR value is out of range, value must between -2147483648 and 2147483647"
	errNotPositive     replyError = "ERR value is out of range, must be positive"
	errNoSuchKey       replyError = "ERR no such key"
	errIndexRange      replyError = "ERR index out of range"
	errOffsetRange     replyError = "ERR offset is out of range"
	errOverflow        replyError = "ERR increment or decrement would overflow"
	errDecrOverflow    replyError = "ERR decrement would overflow"
	errNaNOrInfinity   replyError = "ERR increment would produce NaN or Infinity"
	errStringTooLong   replyError = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	errSameObject      replyError = "ERR source and destination objects are the same"
	errDBIndex         replyError = "ERR DB index is out of range"
	errInvalidFirstDB  replyError = "ERR invalid first DB index"
	errInvalidSecondDB replyError = "ERR invalid second DB index"
	errInvalidCursor   replyError = "ERR invalid cursor"

	errNoAuth         replyError = "NOAUTH Authentication required."
	errNoAuthHello    replyError = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
	errWrongPass      replyError = "WRONGPASS invalid username-password pair or user is disabled."
	errNoPassword     replyError = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	errNoProto        replyError = "NOPROTO unsupported protocol version"
	errMaxClients     replyError = "ERR max number of clients reached"
	errUnblocked      replyError = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
	errTimeoutFloat   replyError = "ERR timeout is not a float or out of range"
	errTimeoutRange   replyError = "ERR timeout is out of range"
	errTimeoutNeg     replyError = "ERR timeout is negative"
	errTimeoutInteger replyError = "ERR timeout is not an integer or out of range"
)

func errArity(name string) replyError {
	return replyError("ERR wrong number of arguments for '" + name + "' command")
}

func errInvalidExpire(name string) replyError {
	return replyError("ERR invalid expire time in '" + name + "' command")
}

// How much of an unknown command and of its arguments is repeated in the error.
const maxEchoed = 128

func errUnknownCommand(args [][]byte) replyError {
	b := append([]byte("ERR unknown command '"), clip(text(args[0]), maxEchoed)...)
	b = append(b, "', with args beginning with: "...)
	for start, rest := len(b), args[1:]; len(rest) > 0 && len(b)-start < maxEchoed; rest = rest[1:] {
		b = append(b, '\'')
		b = append(b, clip(text(rest[0]), maxEchoed-(len(b)-1-start))...)
		b = append(b, "' "...)
	}
	return replyError(b)
}

func errUnknownSubcommand(container string, sub []byte) replyError {
	return replyError("ERR unknown subcommand '" + string(clip(text(sub), maxEchoed)) + "'. Try " + upper(container) + " HELP.")
}

// errSubcommandArgs is for a subcommand that takes fewer arguments than it got.
func errSubcommandArgs(container string, sub []byte) replyError {
	return replyError("ERR unknown subcommand or wrong number of arguments for '" + string(clip(text(sub), maxEchoed)) + "'. Try " + upper(container) + " HELP.")
}

// text is an argument as the reference prints it: up to the first zero byte.
func text(arg []byte) []byte {
	if i := bytes.IndexByte(arg, 0); i >= 0 {
		return arg[:i]
	}
	return arg
}

func clip(b []byte, n int) []byte { return b[:min(len(b), max(n, 0))] }
