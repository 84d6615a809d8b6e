// Package protocol speaks RESP, the wire protocol of Redis, from the server's
// side: [Parser] cuts requests out of a connection's input, [Writer] appends
// replies to its output. Neither knows a socket; both work on byte slices that
// their user owns.
//
// A request is an array of binary-safe strings. Every length comes before what
// it counts, so nothing has to be escaped and nothing is searched:
//
//	*2\r\n            two arguments follow
//	$3\r\nGET\r\n     the first one, 3 bytes
//	$5\r\nmykey\r\n   the second one, 5 bytes
//
// A request that does not begin with '*' is inline, one line that a person may
// type into telnet: words between blanks, with shell-like quotes (see [SplitArgs]).
//
// # Cutting requests
//
// The connection's buffer begins where the current request begins. The parser
// remembers offsets from there, so that the buffer may move between two calls:
//
//	0                             pos            len(buf)
//	*3\r\n $3\r\nSET\r\n $1\r\nk\r\n $1000\r\nxxxxx
//	       └───┬───┘     └──┬──┘            └─┬─┘ ← more to come
//	        span 0        span 1           awaited bulk: 1000 bytes
//
// As soon as the last byte of the request is there, the spans become slices of
// the buffer. Nothing is reserved for lengths that were only announced.
//
// # Replies
//
// RESP2 has five types; RESP3 adds types that tell a client more. One call of a
// Writer appends the form that the client has asked for with HELLO:
//
//	method      RESP2               RESP3
//	Status      +text               +text
//	Error       -CODE text          -CODE text
//	Int         :1                  :1
//	Bulk        $3 abc              $3 abc
//	Null        $-1                 _
//	NullArray   *-1                 _
//	Array(n)    *n                  *n
//	Map(n)      *2n                 %n
//	Set(n)      *n                  ~n
//	Push(n)     *n                  >n
//	Attribute   (nothing)           |n
//	Bool        :1  :0              #t  #f
//	Double      $3 1.5              ,1.5
//	BigNumber   $2 12               (12
//	Verbatim    $3 abc              =7 txt:abc
//
// Source: the protocol specification of Redis; where it is silent (what exactly
// is refused, and with which words) the behaviour of the servers was recorded.
package protocol
