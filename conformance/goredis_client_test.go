package conformance_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"

	"respect/conformance/target"
)

// The specs named goredis_* see the server as an application does: through a
// client library, with its typed results, pool, timeouts and handshake.

const (
	// patience bounds every wait for something that must happen.
	patience = 5 * time.Second
	polling  = 5 * time.Millisecond
)

// session is the client of one spec.
type session struct {
	*redis.Client
	proto int
}

// eachProtocol builds the specs of body once for RESP2 and once for RESP3. Each
// spec begins with a client of its own and a server without keys.
func eachProtocol(text string, labels Labels, body func(s *session)) bool {
	for proto := 2; proto <= 3; proto++ {
		Describe(fmt.Sprintf("go-redis, RESP%d: %s", proto, text), labels, Label(fmt.Sprintf("proto:%d", proto)), func() {
			s := &session{proto: proto}
			BeforeEach(func(ctx SpecContext) {
				s.Client = s.another()
				must(s.FlushAll(ctx).Err())
			})
			body(s)
		})
	}
	return true
}

// another returns a further client with a pool of its own, closed after the spec.
func (s *session) another(change ...func(*redis.Options)) *redis.Client {
	return clientOf(server, s.proto, change...)
}

func clientOf(t *target.Target, proto int, change ...func(*redis.Options)) *redis.Client {
	o := &redis.Options{
		Addr: t.Addr, Username: t.User, Password: t.Password, DB: t.DB, TLSConfig: t.TLS,
		Protocol: proto, ReadTimeout: patience, PoolSize: 10,
	}
	if strings.Contains(t.Addr, "/") {
		o.Network = "unix"
	}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	DeferCleanup(func() {
		// A spec that closes its client itself makes this fail; nobody cares.
		_ = c.Close()
	})
	return c
}

// given runs commands that prepare a spec: each a line of words.
func given(ctx context.Context, r *redis.Client, lines ...string) {
	GinkgoHelper()
	for _, line := range lines {
		var words []any
		for _, w := range strings.Fields(line) {
			words = append(words, w)
		}
		if err := r.Do(ctx, words...).Err(); err != nil && err != redis.Nil {
			Fail(fmt.Sprintf("preparing %q: %v", line, err))
		}
	}
}

// result is what a call through go-redis returned.
type result struct {
	value any
	err   error
}

// got takes the typed result of any command.
func got[T any](c interface{ Result() (T, error) }) result {
	v, err := c.Result()
	return result{v, err}
}

// popped is the result of LMPOP and its like.
type popped struct {
	Key    string
	Values []string
}

func gotPopped(c *redis.KeyValuesCmd) result {
	key, values, err := c.Result()
	return result{popped{key, values}, err}
}

// outcome is one line of a table: what a call returns after some commands.
type outcome struct {
	given []string
	call  func(ctx context.Context, r *redis.Client) result
	want  any    // compared with its type; not looked at if err is given
	err   string // exact text; empty for none
}

// nilText is the text of redis.Nil, the error that stands for a missing value.
const nilText = "redis: nil"

// describeOutcomes builds a spec for each entry.
func describeOutcomes(text string, s *session, entries ...TableEntry) {
	DescribeTable(text, func(ctx SpecContext, o outcome) {
		given(ctx, s.Client, o.given...)
		r := o.call(ctx, s.Client)
		if o.err != "" {
			Expect(r.err).To(MatchError(o.err))
			return
		}
		must(r.err)
		Expect(r.value).To(BeComparableTo(o.want))
	}, entries)
}

// command labels an entry with the commands that it is about.
func command(names ...string) Labels {
	var labels Labels
	for _, n := range names {
		labels = append(labels, "cmd:"+n)
	}
	return labels
}

// needs skips a spec if the server is older than a release.
func needs(major, minor int, why string) {
	since := target.Release{Major: major, Minor: minor}
	if server.Info.Release.Less(since) {
		Skip(fmt.Sprintf("since %v: %s; the server is %v", since, why, server.Info))
	}
}

// needsOwned skips a spec that does to the server what must not be done to one
// that belongs to somebody.
func needsOwned(why string) {
	if !server.Owned {
		Skip("only on a server that the suite started: " + why)
	}
}

// infoNumber reads a numeric field of INFO, -1 if there is none.
func infoNumber(ctx context.Context, r *redis.Client, section, field string) int64 {
	GinkgoHelper()
	m, err := r.InfoMap(ctx, section).Result()
	must(err)
	for _, fields := range m {
		if n, err := strconv.ParseInt(fields[field], 10, 64); err == nil {
			return n
		}
	}
	return -1
}

// awaitBlocked waits until exactly n clients are blocked.
func awaitBlocked(ctx context.Context, r *redis.Client, n int) {
	GinkgoHelper()
	Eventually(ctx, func() int64 { return infoNumber(ctx, r, "clients", "blocked_clients") }).
		WithTimeout(patience).WithPolling(polling).Should(BeEquivalentTo(n), "blocked clients")
}

// setConfig changes a parameter until the end of the spec.
func setConfig(ctx context.Context, r *redis.Client, name, value string) {
	GinkgoHelper()
	needsOwned("changes " + name)
	old, err := r.ConfigGet(ctx, name).Result()
	must(err)
	must(r.ConfigSet(ctx, name, value).Err())
	c := clientOf(server, 2)
	DeferCleanup(func(ctx SpecContext) { must(c.ConfigSet(ctx, name, old[name]).Err()) })
}

// promise is the result of a call that runs in another goroutine.
type promise chan result

func async(call func() result) promise {
	p := make(promise, 1)
	go func() { p <- call() }()
	return p
}

// await returns the result of the call, which must come in time.
func (p promise) await(ctx context.Context) result {
	GinkgoHelper()
	var r result
	Eventually(ctx, p).WithTimeout(patience).WithPolling(polling).Should(Receive(&r))
	return r
}
