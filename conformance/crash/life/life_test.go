package life

import (
	"context"
	"strings"
	"testing"
	"time"

	"respect/conformance/target"
)

// begin starts our server with the parameters of a policy, and a run that expects what
// another one promises.
func begin(t *testing.T, params []target.Param, promise Policy) *Run {
	t.Helper()
	server, err := target.Start(t.Context(), target.Respect, params...)
	if err != nil {
		t.Fatal(err)
	}
	r := New(server, Options{Policy: promise, Seed: uint64(time.Now().UnixNano()), Writers: 4, Longest: 150 * time.Millisecond})
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("seed %d", r.options.Seed)
	return r
}

func TestPromisesAreKept(t *testing.T) {
	for _, p := range []Policy{Always, Everysec, No, RDB} {
		t.Run(string(p), func(t *testing.T) {
			r := begin(t, p.Params(), p)
			for range 3 {
				if err := r.Life(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if r.Stats.Lives != 3 || r.Stats.Acknowledged == 0 {
				t.Errorf("%+v", r.Stats)
			}
		})
	}
}

// A server that keeps nothing is found out.
func TestLossIsNoticed(t *testing.T) {
	r := begin(t, []target.Param{{Name: "appendonly", Value: "no"}}, Always)
	if err := r.Life(t.Context()); err == nil || !strings.Contains(err.Error(), "acknowledged in time") {
		t.Errorf("got %v", err)
	}
}

// Every player notices when something of its own is not as it left it.
func TestChangesOfOthersAreNoticed(t *testing.T) {
	r := begin(t, RDB.Params(), RDB)
	c, err := dial(t.Context(), r.server, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, words := range [][]string{
		{"SET", "w0:string:0", "foreign"}, {"RPUSH", "w0:list:0", "foreign"}, {"HSET", "w0:hash:0", "f", "v"},
		{"SADD", "w0:set:0", "m"}, {"ZADD", "w0:zset:0", "1", "m"}, {"XADD", "w0:stream:0", "5-0", "f", "v"},
		{"RPUSH", "q0", "12"}, {"SET", "e0:0", "foreign"}, {"SET", "e0:1", "1", "PX", "5000"},
	} {
		if err := checkAll(t.Context(), r); err != nil {
			t.Fatalf("before %v: %v", words, err)
		}
		if _, err := c.do(words...); err != nil {
			t.Fatal(err)
		}
		if err := checkAll(t.Context(), r); err == nil {
			t.Errorf("%v was not noticed", words)
		}
		if _, err := c.do("DEL", words[1]); err != nil {
			t.Fatal(err)
		}
	}
}

func checkAll(ctx context.Context, r *Run) error {
	for _, p := range r.players {
		if err := p.check(ctx, r.server, time.Now()); err != nil {
			return err
		}
	}
	return nil
}
