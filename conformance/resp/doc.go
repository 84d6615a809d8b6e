// Package resp is the conformance suite's own codec for the Redis serialization
// protocol, versions 2 and 3.
//
// It is strict on purpose: a server under test must send canonical lengths,
// exact line endings and only the types of the protocol that was negotiated.
// Whatever the decoder accepts, Value.Append writes back byte for byte, so a
// decoded reply stands for its bytes. The package shares no code with the
// server's codec, so that a fault there cannot cancel itself out.
package resp
