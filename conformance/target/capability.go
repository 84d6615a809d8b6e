package target

import (
	"bytes"
	"context"
	"strings"

	"respect/conformance/resp"
)

// Capability is something that servers can do or not do at all.
type Capability string

// The capabilities that are probed.
const (
	RESP3        Capability = "resp3"
	Blocking     Capability = "blocking"
	Transactions Capability = "transactions"
	PubSub       Capability = "pubsub"
	Scripting    Capability = "scripting"
	Streams      Capability = "streams"
	Persistence  Capability = "persistence"
	Config       Capability = "config"
	Databases    Capability = "databases"
	Debug        Capability = "debug"
	Cluster      Capability = "cluster"
)

// probes hold, for each capability, a request that changes nothing, and what its reply is
// if the server has the capability.
var probes = []struct {
	name  Capability
	words []string
	holds func(*resp.Value) bool
}{
	{RESP3, []string{"HELLO", "3"}, func(v *resp.Value) bool { return v.Type == resp.Map }},
	{Blocking, []string{"BLPOP", probeKey, "0.001"}, func(v *resp.Value) bool { return v.IsNull || v.Type == resp.Null }},
	{Transactions, []string{"MULTI"}, isSimple},
	{PubSub, []string{"PUBLISH", probeKey, ""}, isInteger},
	{Scripting, []string{"EVAL", "return 1", "0"}, isInteger},
	{Streams, []string{"XLEN", probeKey}, isInteger},
	{Persistence, []string{"LASTSAVE"}, isInteger},
	{Config, []string{"CONFIG", "GET", "maxmemory"}, func(v *resp.Value) bool { return len(v.Elems) == 2 }},
	{Databases, []string{"SELECT", "1"}, isSimple},
	{Debug, []string{"DEBUG", "SLEEP", "0"}, isSimple},
	{Cluster, []string{"CLUSTER", "INFO"}, func(v *resp.Value) bool { return bytes.Contains(v.Text, []byte("cluster_state:")) }},
}

// probeKey is a key and channel that nobody has.
const probeKey = "respect-check:probe"

func isSimple(v *resp.Value) bool  { return v.Type == resp.SimpleString }
func isInteger(v *resp.Value) bool { return v.Type == resp.Integer }

// Capabilities lists all that can be probed, in the order of reports.
func Capabilities() []Capability {
	out := make([]Capability, len(probes))
	for i, p := range probes {
		out[i] = p.name
	}
	return out
}

// Probe asks the server for its capabilities, each on a connection of its own, since a
// server may close one over a command that it does not know.
func (t *Target) Probe(ctx context.Context) map[Capability]bool {
	out := map[Capability]bool{}
	for _, p := range probes {
		c, err := t.Open(ctx, 0)
		if err != nil {
			continue
		}
		v, err := c.Ask(p.words...)
		out[p.name] = err == nil && p.holds(&v)
		_ = c.Close()
	}
	return out
}

// IsUnknownCommand tells whether the reply says that the server does not have the command, or
// the subcommand, in the words of any of the servers that are known.
func IsUnknownCommand(v *resp.Value) bool {
	if v.Type != resp.Error && v.Type != resp.BulkError {
		return false
	}
	text := strings.ToLower(string(v.Text))
	for _, phrase := range []string{"unknown command", "unknown subcommand", "unsupported command", "not implemented", "not supported", "unknown or unsupported"} {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}
