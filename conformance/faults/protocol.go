package faults

import (
	"bytes"
	"slices"
	"strings"

	"respect/conformance/resp"
)

// protocolFaults send replies of a wrong form, or read requests wrongly.
var protocolFaults = []Fault{
	{
		Name: "lost line ending", Area: "framing", Breaks: "a string is followed by the next reply, without CR LF",
		File: "string/get.txt", Case: "value",
		New: onBytes("GET", func(v resp.Value) []byte {
			return append(bytes.TrimSuffix(v.Append(nil), []byte("\r\n")), "+OK\r\n"...)
		}),
	},
	{
		Name: "line feed alone", Area: "framing", Breaks: "a line ends in LF",
		File: "string/incr.txt", Case: "INCR",
		New: onBytes("INCR", func(v resp.Value) []byte { return bytes.ReplaceAll(v.Append(nil), []byte("\r\n"), []byte("\n")) }),
	},
	{
		Name: "wrong length", Area: "framing", Breaks: "a string is announced one byte too short",
		File: "string/get.txt", Case: "value",
		New: onBytes("GET", func(v resp.Value) []byte { return bytes.Replace(v.Append(nil), []byte("$5\r\n"), []byte("$4\r\n"), 1) }),
	},
	{
		Name: "length with a leading zero", Area: "framing", Breaks: "a length is written as $05",
		File: "string/get.txt", Case: "value",
		New: onBytes("GET", func(v resp.Value) []byte { return bytes.Replace(v.Append(nil), []byte("$5\r\n"), []byte("$05\r\n"), 1) }),
	},
	{
		Name: "wrong count", Area: "framing", Breaks: "an array is announced one element too short",
		File: "list/lrange.txt", Case: "inside",
		New: onBytes("LRANGE", func(v resp.Value) []byte { return bytes.Replace(v.Append(nil), []byte("*5\r\n"), []byte("*4\r\n"), 1) }),
	},
	{
		Name: "bytes behind a reply", Area: "framing", Breaks: "a second reply follows the first",
		File: "connection/ping-echo.txt", Case: "echo",
		New: onBytes("ECHO", func(v resp.Value) []byte { return append(v.Append(nil), "+OK\r\n"...) }),
	},
	{
		Name: "another type", Area: "types", Breaks: "a string comes as a status",
		File: "string/get.txt", Case: "value",
		New: onReply("GET", func(v *resp.Value) {
			if v.Type == resp.BulkString && !v.IsNull {
				v.Type = resp.SimpleString
			}
		}),
	},
	{
		Name: "map as array", Area: "types", Breaks: "a map comes as an array in RESP3",
		File: "server/config-set.txt", Case: "integers", Proto: 3,
		New: onReply("CONFIG GET", func(v *resp.Value) {
			if v.Type == resp.Map {
				v.Type = resp.Array
			}
		}),
	},
	{
		Name: "null as empty string", Area: "types", Breaks: "an empty string comes in place of null",
		File: "string/get.txt", Case: "nothing",
		New: onReply("GET", func(v *resp.Value) {
			if v.IsNull || v.Type == resp.Null {
				*v = resp.Value{Type: resp.BulkString}
			}
		}),
	},
	{
		Name: "null of RESP2 in RESP3", Area: "types", Breaks: "RESP3 clients get $-1",
		File: "string/get.txt", Case: "nothing", Proto: 3,
		New: onReply("GET", func(v *resp.Value) {
			if v.Type == resp.Null {
				*v = resp.Value{Type: resp.BulkString, IsNull: true}
			}
		}),
	},
	{
		Name: "null of RESP3 in RESP2", Area: "types", Breaks: "RESP2 clients get _",
		File: "string/get.txt", Case: "nothing", Proto: 2,
		New: onReply("GET", func(v *resp.Value) {
			if v.IsNull {
				*v = resp.Value{Type: resp.Null}
			}
		}),
	},
	{
		Name: "null array as null string", Area: "types", Breaks: "a timeout is answered with $-1 in place of *-1",
		File: "list/blocking-timeout.txt", Case: "BLPOP and BRPOP", Proto: 2,
		New: onReply("BLPOP", func(v *resp.Value) {
			if v.IsNull {
				v.Type = resp.BulkString
			}
		}),
	},
	{
		Name: "push inside a reply", Area: "pushes", Breaks: "a push comes between the elements of an array",
		File: "list/lrange.txt", Case: "inside", Proto: 3,
		New: onReply("LRANGE", func(v *resp.Value) {
			push := resp.Value{Type: resp.Push, Elems: []resp.Value{{Type: resp.SimpleString, Text: []byte("invalidate")}}}
			v.Elems = slices.Insert(v.Elems, len(v.Elems), push)
		}),
	},
	{
		Name: "push unasked", Area: "pushes", Breaks: "a push comes in front of a reply",
		File: "list/push.txt", Case: "RPUSH", Proto: 3,
		New: onBytes("RPUSH", func(v resp.Value) []byte { return append([]byte(">1\r\n+invalidate\r\n"), v.Append(nil)...) }),
	},
	{
		Name: "error text", Area: "errors", Breaks: "one letter of an error is in upper case",
		File: "list/push.txt", Case: "wrong type",
		New: onReply("LPUSH", replaced(resp.Error, "wrong kind", "Wrong kind")),
	},
	{
		Name: "error code", Area: "errors", Breaks: "WRONGTYPE errors begin with ERR",
		File: "list/lrange.txt", Case: "wrong type",
		New: onReply("LRANGE", replaced(resp.Error, "WRONGTYPE", "ERR")),
	},
	{
		Name: "arity error", Area: "errors", Breaks: "the error does not name the command",
		File: "string/get.txt", Case: "arity",
		New: onReply("GET", replaced(resp.Error, " for 'get' command", "")),
	},
	{
		Name: "names of commands", Area: "requests", Breaks: "commands must be in upper case",
		File: "string/get.txt", Case: "value",
		New: onRequest("", func(words []string) []string {
			if words[0] != strings.ToUpper(words[0]) {
				words[0] = "no-such-" + words[0]
			}
			return words
		}),
	},
	{
		Name: "arity not checked", Area: "requests", Breaks: "what is too much is not looked at",
		File: "string/get.txt", Case: "arity",
		New: onRequest("GET", func(words []string) []string { return words[:min(2, len(words))] }),
	},
	{
		Name: "options in upper case only", Area: "requests", Breaks: "an option in lower case is a syntax error",
		File: "set/sintercard.txt", Case: "LIMIT",
		New: onRequest("SINTERCARD", func(words []string) []string {
			for i, w := range words {
				if w == "limit" {
					words[i] = "no-such-option"
				}
			}
			return words
		}),
	},
	{
		Name: "requests in pieces", Area: "requests", Breaks: "a request that does not come in one piece is an error",
		File: "connection/ping-echo.txt", Case: "in pieces",
		New: wholeRequestsOnly,
	},
	{
		Name: "request cut at any byte", Area: "requests", Breaks: "a request that does not come in one piece is an error",
		Spec: "protocol: framing a request cut in two at any byte an array",
		New:  wholeRequestsOnly,
	},
	{
		Name: "pipelines", Area: "requests", Breaks: "of the requests in one write only the first is seen",
		File: "connection/ping-echo.txt", Case: "pipeline",
		New: func() Hooks {
			return Hooks{Chunk: func(_ *Link, chunk []byte) []byte {
				_, n, ok := cutRequest(chunk)
				if !ok || n == 0 {
					return chunk
				}
				return chunk[:n]
			}}
		},
	},
	{
		Name: "inline requests", Area: "requests", Breaks: "quotes have no meaning",
		File: "connection/ping-echo.txt", Case: "inline",
		New: func() Hooks {
			return Hooks{Chunk: func(_ *Link, chunk []byte) []byte {
				if len(chunk) > 0 && chunk[0] != '*' {
					chunk = bytes.ReplaceAll(chunk, []byte(`"`), nil)
				}
				return chunk
			}}
		},
	},
	{
		Name: "open after a protocol error", Area: "requests", Breaks: "the connection stays open",
		File: "connection/ping-echo.txt", Case: "protocol error closes",
		New: func() Hooks { return Hooks{KeepClient: true} },
	},
	{
		Name: "text of a protocol error", Area: "requests", Breaks: "the byte that was found is not named",
		Spec: "protocol: errors are answered, then the connection is closed an integer in place of a string",
		New: func() Hooks {
			return Hooks{Reply: func(_ *Link, _ []string, v resp.Value) []byte {
				replaced(resp.Error, ", got ':'", "")(&v)
				return v.Append(nil)
			}}
		},
	},
}

// wholeRequestsOnly takes every chunk for requests that are complete.
func wholeRequestsOnly() Hooks {
	return Hooks{Chunk: func(l *Link, chunk []byte) []byte {
		rest := chunk
		for len(rest) > 0 {
			_, n, ok := cutRequest(rest)
			if !ok || n == 0 {
				l.Answer([]byte("-ERR Protocol error: unexpected end of request\r\n"))
				return nil
			}
			rest = rest[n:]
		}
		return chunk
	}}
}
