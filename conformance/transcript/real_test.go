package transcript

import (
	"context"
	"errors"
	"testing"

	"respect/conformance/target"
)

// startReal starts a Redis server, or skips the test where there is none.
func startReal(t testing.TB) *Player {
	t.Helper()
	s, err := target.Start(t.Context(), target.Redis)
	if errors.Is(err, target.ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlayer(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p.Own = func(ctx context.Context, params []target.Param) (*target.Target, error) {
		return target.Start(ctx, target.Redis, params...)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// leaky cases change more of the server than its keys; the last one finds out
// whether anything is left of that.
const leaky = `=== configuration and password
> CONFIG SET requirepass secret list-max-listpack-size 1
+"OK"
c2: bare
c2> PING
-"NOAUTH Authentication required."

=== paused for everybody
c2: open
> CLIENT PAUSE 1000 ALL
+"OK"
c2> SET k v
c2: blocked
c2: reads
+"OK"

=== paused for writers
c2: open
> CLIENT PAUSE 100000 WRITE
+"OK"
c2> SET k v
c2: blocked
> CLIENT UNPAUSE
+"OK"
c2: reads
+"OK"

=== still paused
> CLIENT PAUSE 100000 WRITE
+"OK"

=== transaction, subscription, waiting client
> MULTI
+"OK"
c2> BLPOP k 0
c2: blocked
c3> SUBSCRIBE ch
[resp2] *3
  $"subscribe"
  $"ch"
  :1
[resp3] >3
  $"subscribe"
  $"ch"
  :1

=== directive
config: maxmemory-policy allkeys-lru
> CONFIG GET maxmemory-policy
[resp2] *2
  $"maxmemory-policy"
  $"allkeys-lru"
[resp3] %1
  $"maxmemory-policy"
  $"allkeys-lru"

=== own server
server: databases 3
> SELECT 3
-"ERR DB index is out of range"

=== nothing is left
> CONFIG GET requirepass
[resp2] *2
  $"requirepass"
  $""
[resp3] %1
  $"requirepass"
  $""
> CONFIG GET list-max-listpack-size
[resp2] *2
  $"list-max-listpack-size"
  $"-2"
[resp3] %1
  $"list-max-listpack-size"
  $"-2"
> CONFIG GET maxmemory-policy
[resp2] *2
  $"maxmemory-policy"
  $"noeviction"
[resp3] %1
  $"maxmemory-policy"
  $"noeviction"
> RPUSH k a
:1
> PUBLISH ch x
:0
> LLEN k
:1
> SELECT 3
+"OK"
`

func TestCasesLeaveNothingBehind(t *testing.T) {
	p := startReal(t)
	f := mustParse(t, leaky)
	for proto := 2; proto <= 3; proto++ {
		for i := range f.Cases {
			r, err := p.Play(t.Context(), f, &f.Cases[i], proto)
			if err != nil || r.Skipped != "" {
				t.Errorf("case %q: %v %s", f.Cases[i].Name, err, r.Skipped)
			}
			for _, m := range r.Mismatches {
				t.Error(m.String())
			}
		}
	}
}

// BenchmarkPlay plays a case with a client that waits, which takes no fixed time.
func BenchmarkPlay(b *testing.B) {
	p := startReal(b)
	f := mustParse(b, "=== a\nc1> BLPOP k 0\nc1: blocked\nc2> RPUSH k a\n:1\nc1: reads\n*2\n  $\"k\"\n  $\"a\"\n")
	for b.Loop() {
		if r, err := p.Play(b.Context(), f, &f.Cases[0], 2); err != nil || len(r.Mismatches) > 0 {
			b.Fatal(r, err)
		}
	}
}
