package server

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"

	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/fixtures"
	"respect/protocol"
)

// fileKeeper keeps what a server tells as it would stand in a file.
type fileKeeper struct {
	mu   sync.Mutex
	text []byte
	db   int
}

func (k *fileKeeper) feed(db int, argv [][]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if db != noDB && db != k.db {
		k.db = db
		k.text = protocol.AppendRequest(k.text, "SELECT", strconv.Itoa(db))
	}
	k.text = protocol.AppendRequest(k.text, argv...)
}

func (k *fileKeeper) written() ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]byte(nil), k.text...), nil
}

// TestEffectsAreThoseOfTheReference plays the transcripts of what real servers write to
// their AOF on a server whose effects are kept in memory.
func TestEffectsAreThoseOfTheReference(t *testing.T) {
	files, err := transcript.ReadAll(fixtures.Transcripts())
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, f := range files {
		if !strings.HasPrefix(f.Name, "propagation/") {
			continue
		}
		for i := range f.Cases {
			c := &f.Cases[i]
			t.Run(f.Name+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				playEffects(t, f, c)
			})
			played++
		}
	}
	if played < 40 {
		t.Errorf("only %d cases", played)
	}
}

func playEffects(t *testing.T, f *transcript.File, c *transcript.Case) {
	player, err := transcript.NewPlayer(t.Context(), tellingServer(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	player.Own = func(_ context.Context, params []target.Param) (*target.Target, error) {
		return tellingServer(t, params), nil
	}
	if transcript.TooOld(f, c, target.Release{Major: 7, Minor: 2}) {
		player.Close()
		if player, err = transcript.NewPlayer(t.Context(), tellingServer(t, []target.Param{{Name: "compat", Value: "7.4"}})); err != nil {
			t.Fatal(err)
		}
		player.Own = func(_ context.Context, params []target.Param) (*target.Target, error) {
			return tellingServer(t, append(params, target.Param{Name: "compat", Value: "7.4"})), nil
		}
	}
	defer player.Close()
	r, err := player.Play(t.Context(), f, c, 2)
	if err != nil {
		t.Fatal(err)
	}
	if r.Skipped != "" {
		t.Skip(r.Skipped)
	}
	for i := range r.Mismatches {
		t.Error(r.Mismatches[i].String())
	}
}

// tellingServer starts a server that tells its effects to memory.
func tellingServer(t *testing.T, params []target.Param) *target.Target {
	cfg := quiet(t)
	for _, p := range append([]target.Param{{Name: "enable-debug-command", Value: "yes"}, {Name: "dir", Value: cfg.Dir}}, params...) {
		if err := cfg.LoadText(p.Name + " " + strconv.Quote(p.Value)); err != nil {
			t.Fatal(err)
		}
	}
	k := &fileKeeper{}
	s := New(Options{Config: cfg, Log: io.Discard})
	s.copies = []copyKeeper{k}
	addr, err := s.StartLoopback()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	x, err := target.Connect(t.Context(), target.Access{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	x.Owned, x.Effects = true, k.written
	return x
}
