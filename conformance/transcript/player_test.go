package transcript

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// fakeServer answers requests from a table, and what the player asks on its
// control connection with as little as it accepts.
type fakeServer struct {
	t       *testing.T
	answers map[string][]string // raw replies by request, used up one by one; the last one stays
	mu      sync.Mutex
	wait    sync.WaitGroup
	live    []net.Conn
}

// closing at the end of an answer makes the fake close the connection.
const closing = "close"

func startFake(t *testing.T, flavour string, release target.Release, answers map[string][]string) *target.Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeServer{t: t, answers: answers}
	f.wait.Add(1)
	go f.accept(l)
	t.Cleanup(func() {
		l.Close()
		f.mu.Lock()
		for _, c := range f.live {
			c.Close()
		}
		f.mu.Unlock()
		f.wait.Wait()
	})
	info := target.Info{Flavour: flavour, Version: release.String() + ".0", Release: release}
	return &target.Target{Access: target.Access{Addr: l.Addr().String()}, Info: info, Owned: true}
}

func (f *fakeServer) accept(l net.Listener) {
	defer f.wait.Done()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.live = append(f.live, c)
		f.mu.Unlock()
		f.wait.Add(1)
		go f.serve(c)
	}
}

func (f *fakeServer) serve(c net.Conn) {
	defer f.wait.Done()
	defer c.Close()
	d := resp.NewDecoder(c)
	for {
		v, err := d.Decode()
		if err != nil {
			return
		}
		var words []string
		for _, e := range v.Elems {
			words = append(words, string(e.Text))
		}
		if !f.reply(c, strings.Join(words, " ")) {
			return
		}
	}
}

// reply answers a request and tells whether the connection goes on. Like the real
// servers the fake does one thing after the other: who has the reply to a later
// request on another connection finds this one closed.
func (f *fakeServer) reply(c net.Conn, request string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer, closes := strings.CutSuffix(f.answer(request), closing)
	_, err := c.Write([]byte(answer))
	if closes {
		c.Close()
	}
	return err == nil && !closes
}

func (f *fakeServer) answer(request string) string {
	if list := f.answers[request]; len(list) > 0 {
		if len(list) > 1 {
			f.answers[request] = list[1:]
		}
		return list[0]
	}
	switch request {
	case "TIME":
		return "*2\r\n$10\r\n2000000000\r\n$6\r\n500000\r\n"
	case "CONFIG GET *":
		return "*0\r\n"
	case "CLIENT LIST":
		return "$0\r\n\r\n"
	case "HELLO 3":
		return "%0\r\n"
	}
	return "+OK\r\n"
}

// play plays all cases of the text on a fake server, and returns the reasons of
// the mismatches.
func playOn(t *testing.T, answers map[string][]string, text string, proto int) []string {
	t.Helper()
	s := startFake(t, target.Redis, level72, answers)
	p, err := NewPlayer(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	f := mustParse(t, text)
	var out []string
	for i := range f.Cases {
		r, err := p.Play(t.Context(), f, &f.Cases[i], proto)
		if err != nil {
			t.Fatal(err)
		}
		if r.Skipped != "" {
			out = append(out, "skipped: "+r.Skipped)
		}
		for _, m := range r.Mismatches {
			out = append(out, m.String())
		}
	}
	return out
}

func TestPlayer(t *testing.T) {
	offers := map[string][]string{"COMMAND LIST": {"*3\r\n$3\r\nget\r\n$6\r\nconfig\r\n$10\r\nconfig|get\r\n"}}
	for _, c := range []struct {
		name    string
		answers map[string][]string
		text    string
		want    []string // what the mismatches say, in turn
	}{
		{"equal", nil, "=== a\n> X\n+\"OK\"\n", nil},
		{"different", nil, "=== a\n> X\n+\"OX\"\n> Y\n+\"OK\"\n", []string{"differ at byte 1"}},
		{"other type", nil, "=== a\n> X\n$\"OK\"\n", []string{`want $"OK", got +"OK"`}},
		{"extra reply", map[string][]string{"X": {"+OK\r\n+OK\r\n"}}, "=== a\n> X\n+\"OK\"\n", []string{"unread bytes"}},
		{"extra reply elsewhere", map[string][]string{"X": {"+OK\r\n+OK\r\n"}}, "=== a\nc2> X\n+\"OK\"\nc1> Y\n+\"OK\"\n", []string{"c2 has unread"}},
		{"cut reply", map[string][]string{"X": {"$5\r\nab" + closing}}, "=== a\n> X\n$\"abcde\"\n", []string{"within a reply"}},
		{"closed", map[string][]string{"X": {closing}}, "=== a\n> X\n+\"OK\"\n", []string{"closed the connection"}},
		{"closed behind the reply", map[string][]string{"X": {"+OK\r\n" + closing}}, "=== a\n> X\n+\"OK\"\nc1: closed\n", nil},
		{"lax encoding", map[string][]string{"X": {":01\r\n"}}, "=== a\n> X\n:1\n", []string{"invalid RESP"}},
		{"RESP3 type in RESP2", map[string][]string{"X": {"_\r\n"}}, "=== a\n> X\n_\n", []string{"in RESP2"}},
		{"not recorded", nil, "=== a\n> X\n", []string{"not recorded"}},
		{"not blocked", nil, "=== a\n> X\nc1: blocked\n", []string{"is not blocked"}},
		{"blocked", map[string][]string{"X": {""}}, "=== a\n> X\nc1: blocked\n", nil},
		{"not nothing", nil, "=== a\n> X\nc1: nothing\n", []string{"something to read"}},
		{"nothing", map[string][]string{"X": {""}}, "=== a\n> X\nc1: nothing\n", nil},
		{"pipeline", map[string][]string{"X": {":1\r\n", ":2\r\n"}}, "=== a\n> X\n:1\n+> X\n:2\n", nil},
		{"until", map[string][]string{"X": {":1\r\n", ":1\r\n", ":2\r\n"}}, "=== a\nuntil > X\n:2\n", nil},
		{"variable", map[string][]string{"X": {":7\r\n"}, "Y 7": {":8\r\n"}}, "=== a\n> X\n:<v>\n> Y <v>\n:<v+1>\n", nil},
		{"unknown variable", nil, "=== a\n> Y <v>\n:1\n", []string{"has no value"}},
		{"time", map[string][]string{"X 2000000100": {":2000000000600\r\n"}}, "=== a\n> X <now+100>\n:<nowms+600>\n", nil},
		{"conditions", nil, "=== a\n> X\n[<7.2] :1\n[>=7.2] +\"OK\"\n[valkey] :1\n[>=7.4] > Y\n", nil},
		{"too new", nil, "=== a\nsince: 7.4\n> X\n:1\n", []string{"skipped: since release 7.4"}},
		{"other flavour", nil, "=== a\nflavour: valkey\n> X\n:1\n", []string{"skipped: only for valkey"}},
		{"other protocol", nil, "=== a\nproto: 3\n> X\n:1\n", []string{"skipped: only for RESP3"}},
		{"lacks a command", offers, "=== a\n> GET k\n+\"OK\"\n\n=== b\n> HSET k f v\n:1\n", []string{"skipped: the server does not have HSET"}},
		{"lacks a subcommand", offers, "=== a\n> CONFIG GET x\n+\"OK\"\n> config SET x y\n+\"OK\"\n", []string{"skipped: the server does not have CONFIG SET"}},
		{"nobody has it", offers, "=== a\n> FOO\n+\"OK\"\n> CONFIG FOO\n+\"OK\"\n", nil},
		{"later releases have it", offers, "=== a\n> HEXPIRE\n+\"OK\"\n", nil},
		{"lacks it in a step for others", offers, "=== a\n> GET k\n+\"OK\"\n[valkey] > HSET k f v\n:1\n", nil},
		{"client closes", nil, "=== a\n> X\n+\"OK\"\nc1: close\n> X\n+\"OK\"\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := playOn(t, c.answers, c.text, 2)
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.Contains(got[i], c.want[i]) {
					t.Errorf("got %q, want …%s…", got[i], c.want[i])
				}
			}
		})
	}
}

func TestMismatchShowsEverything(t *testing.T) {
	got := playOn(t, nil, "=== a case\n\n> X \"a b\"\n*1\n  :1\n", 3)
	want := "test.txt:3: case \"a case\", RESP3: reply: want *1 :1, got +\"OK\"\n" +
		"  request: > X \"a b\"\n  want:\n    *1\n      :1\n  got:\n    +\"OK\"\n  bytes: \"+OK\\r\\n\"\n"
	if !slices.Equal(got, []string{want}) {
		t.Errorf("got %q", got)
	}
}

// recordOn records the text from two fake servers.
func recordOn(t *testing.T, old, new map[string][]string, text string) (string, []Problem) {
	t.Helper()
	r, err := NewRecorder(t.Context(), startFake(t, target.Redis, level70, old), startFake(t, target.Valkey, level72, new))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f, problems, err := r.Record(t.Context(), mustParse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return string(Print(f)), problems
}

func TestRecorderWritesTheFewestReplies(t *testing.T) {
	old := map[string][]string{"Y": {":1\r\n"}, "Z": {"+OK\r\n+B\r\n"}, "N": {""}}
	new := map[string][]string{"Y": {":2\r\n"}, "Z": {"+OK\r\n"}, "N": {""}, "Q": {"+OK\r\n" + closing}}
	script := "# File.\n\n# Case.\n=== a\n> X\n> Y\n> Z\n> N\n> E <now+5>\nc2> Q\n"
	want := "# File.\nrecorded-from: redis 7.0.0, valkey 7.2.0\n\n# Case.\n=== a\n> X\n+\"OK\"\n> Y\n[<7.2] :1\n[>=7.2] :2\n" +
		"> Z\n+\"OK\"\n[<7.2] +\"B\"\n> N\nc1: nothing\n> E <now+5>\n+\"OK\"\nc2> Q\n+\"OK\"\n[>=7.2] c2: closed\n"
	got, problems := recordOn(t, old, new, script)
	if got != want || len(problems) > 0 {
		t.Errorf("got:\n%s\n%v", got, problems)
	}
	if again, problems := recordOn(t, old, new, got); again != got || len(problems) > 0 {
		t.Errorf("a second recording changes it:\n%s\n%v", again, problems)
	}
}

func TestRecorderLeavesWhatWaitsForALaterRelease(t *testing.T) {
	script := "since: 9.9\n\n=== a\n> X\n> Y\nany\n"
	if got, problems := recordOn(t, nil, nil, script); got != script || len(problems) > 0 {
		t.Errorf("got:\n%s\n%v", got, problems)
	}
	if _, problems := recordOn(t, nil, nil, "since: 7.2\nflavour: redis\n\n=== a\n> X\n"); len(problems) != 1 {
		t.Errorf("nobody can play it: %v", problems)
	}
}

func TestRecorderLosesNoSource(t *testing.T) {
	script := "recorded-from: redis 7.0.1, valkey 7.2.9, redis 8.0.2\n\n=== a\n> X\n+\"OK\"\n"
	got, problems := recordOn(t, nil, nil, script)
	want := "what redis 8.0.2 answered would be lost: record from it, too"
	if got != script || len(problems) != 1 || problems[0].Reason != want {
		t.Errorf("got:\n%s\n%v", got, problems)
	}
}

func TestRecorderKeepsRelaxations(t *testing.T) {
	answers := func() map[string][]string {
		return map[string][]string{"A": {":1\r\n", ":2\r\n", ":3\r\n"}, "U": {"*2\r\n:2\r\n:1\r\n", "*2\r\n:1\r\n:2\r\n"}}
	}
	got, problems := recordOn(t, answers(), answers(), "=== a\n> A\napprox 5\n> U\nunordered\n> A\nany\n")
	want := "recorded-from: redis 7.0.0, valkey 7.2.0\n\n=== a\n> A\napprox 5 :1\n> U\nunordered *2\n  :1\n  :2\n> A\nany :\n"
	if got != want || len(problems) > 0 {
		t.Errorf("got:\n%s\n%v", got, problems)
	}
}

func TestRecorderMatchesVerbatimStrings(t *testing.T) {
	// The runs come in the order RESP2, RESP2, RESP3, RESP3.
	answers := func() map[string][]string {
		return map[string][]string{"L": {"$4\r\nid=1\r\n", "$4\r\nid=2\r\n", "=8\r\ntxt:id=3\r\n", "=8\r\ntxt:id=4\r\n"}}
	}
	got, problems := recordOn(t, answers(), answers(), "=== a\n> L\nmatch $\"id=*\"\n")
	want := "=== a\n> L\n[resp2] match $\"id=*\"\n[resp3] match =\"txt:id=*\"\n"
	if !strings.HasSuffix(got, want) || len(problems) > 0 {
		t.Errorf("got:\n%s\n%v", got, problems)
	}
}

func TestRecorderReportsWhatDiffers(t *testing.T) {
	answers := func() map[string][]string { return map[string][]string{"A": {":1\r\n", ":2\r\n", ":3\r\n", ":4\r\n"}} }
	_, problems := recordOn(t, answers(), answers(), "=== a\n> A\n")
	if len(problems) == 0 || problems[0].Line != 2 || !strings.Contains(problems[0].Reason, "differs between two runs") {
		t.Errorf("got %v", problems)
	}
}

func TestRecorderKnowsTimes(t *testing.T) {
	answers := func() map[string][]string {
		return map[string][]string{"A 2000000005": {":2000000005000\r\n"}, "B 2000000001600": {":2000000002\r\n"}}
	}
	got, problems := recordOn(t, answers(), answers(), "=== a\n> A <now+5>\n> B <nowms+1600>\n")
	if want := "=== a\n> A <now+5>\n:<nowms+5000>\n> B <nowms+1600>\n:<now+2>\n"; !strings.HasSuffix(got, want) || len(problems) > 0 {
		t.Errorf("got:\n%s\n%v", got, problems)
	}
	_, problems = recordOn(t, answers(), answers(), "=== a\n> A 2000000005\n")
	if len(problems) == 0 || !strings.Contains(problems[0].Reason, "absolute time") {
		t.Errorf("got %v", problems)
	}
}

func TestRecorderRefusesOurs(t *testing.T) {
	ours := startFake(t, target.Respect, level72, nil)
	if _, err := NewRecorder(t.Context(), ours); err == nil || !strings.Contains(err.Error(), "not a source") {
		t.Errorf("got %v", err)
	}
	named := startFake(t, target.Redis, level72, nil)
	named.Owned = false
	if _, err := NewRecorder(t.Context(), named); err == nil {
		t.Error("a server that the recorder did not start was accepted")
	}
}
