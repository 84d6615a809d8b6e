// Package faults proves that the conformance suite can fail.
//
// A [Proxy] stands between the suite and a server that works, and breaks exactly
// one behaviour: the one of a [Fault]. Each fault names the case of a transcript,
// or the spec, that must find it. The test of this package lets the suite run
// through the proxy for every fault and requires that it goes red at that place,
// and that it is green there without a fault.
//
// To add a fault, add an element to the list of its command group or protocol
// area; [All] joins the lists. Requests and replies reach a fault parsed; what it
// leaves alone passes byte for byte.
package faults
