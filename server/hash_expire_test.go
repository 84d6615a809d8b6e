package server

import (
	"testing"
	"time"
)

// The replies here are what Redis 7.4 is known to give; the transcripts
// hash/field-expiry-* wait for such a server.

// fieldSteps are requests with their replies; "+ms" moves the clock.
type fieldSteps [][2]string

func (steps fieldSteps) run(t *testing.T, prepare ...string) {
	t.Helper()
	clock := &frozen{now: time.UnixMilli(1_700_000_000_000)}
	c := frozenSession(t, clock)
	for _, request := range prepare {
		c.say(request)
	}
	for _, step := range steps {
		if step[0][0] == '+' {
			d, err := time.ParseDuration(step[0][1:])
			if err != nil {
				t.Fatal(err)
			}
			clock.advance(d)
			continue
		}
		if got := c.say(step[0]); got != step[1] {
			t.Errorf("%s: %s, want %s", step[0], got, step[1])
		}
		if err := c.srv.ks.Check(); err != nil {
			t.Fatalf("%s: %v", step[0], err)
		}
	}
}

// eachFieldEncoding runs the steps with a listpackex and with a hash table.
func eachFieldEncoding(t *testing.T, steps fieldSteps) {
	t.Run("listpackex", func(t *testing.T) { steps.run(t) })
	t.Run("hashtable", func(t *testing.T) { steps.run(t, "CONFIG SET hash-max-listpack-entries 0") })
}

func TestFieldDeadlinesAreToldExactly(t *testing.T) {
	eachFieldEncoding(t, fieldSteps{
		{"HSET h a 1 b 2", ":2"},
		{"HPEXPIRE h 1500 FIELDS 2 a x", "*2 :1 :-2"},
		{"HPTTL h FIELDS 3 a b x", "*3 :1500 :-1 :-2"},
		{"HTTL h FIELDS 1 a", "*1 :2"},
		{"HPEXPIRETIME h FIELDS 3 a b x", "*3 :1700000001500 :-1 :-2"},
		{"HEXPIRETIME h FIELDS 1 a", "*1 :1700000002"},
		{"+500ms", ""},
		{"HTTL h FIELDS 1 a", "*1 :1"},
		{"+999ms", ""},
		{"HPTTL h FIELDS 1 a", "*1 :1"},
		{"+1ms", ""}, // the last millisecond: there, but its deadline is no longer told
		{"HGET h a", "$1 1"},
		{"HPTTL h FIELDS 1 a", "*1 :-2"},
		{"+1ms", ""},
		{"HGET h a", "$-1"},
		{"HEXPIRE h 10 FIELDS 1 b", "*1 :1"},
		{"HTTL h FIELDS 1 b", "*1 :10"},
		{"HEXPIREAT h 1700000100 FIELDS 1 b", "*1 :1"},
		{"HEXPIRETIME h FIELDS 1 b", "*1 :1700000100"},
		{"HPEXPIREAT h 1700000100001 FIELDS 1 b", "*1 :1"},
		{"HEXPIRETIME h FIELDS 1 b", "*1 :1700000101"},
	})
}

func TestExpiredFieldsAreNeverSeen(t *testing.T) {
	setUp := func(then ...[2]string) fieldSteps {
		return append(fieldSteps{
			{"DEBUG SET-ACTIVE-EXPIRE 0", "+OK"},
			{"HSET h a 1 b 2", ":2"},
			{"HPEXPIRE h 100 FIELDS 1 a", "*1 :1"},
			{"+101ms", ""},
		}, then...)
	}
	for name, steps := range map[string]fieldSteps{
		"HGET":         setUp([2]string{"HGET h a", "$-1"}),
		"HMGET":        setUp([2]string{"HMGET h a b", "*2 $-1 $1 2"}),
		"HGETALL":      setUp([2]string{"HGETALL h", "*2 $1 b $1 2"}),
		"HKEYS":        setUp([2]string{"HKEYS h", "*1 $1 b"}),
		"HVALS":        setUp([2]string{"HVALS h", "*1 $1 2"}),
		"HLEN":         setUp([2]string{"HLEN h", ":1"}),
		"HSTRLEN":      setUp([2]string{"HSTRLEN h a", ":0"}),
		"HEXISTS":      setUp([2]string{"HEXISTS h a", ":0"}),
		"HSCAN":        setUp([2]string{"HSCAN h 0", "*2 $1 0 *2 $1 b $1 2"}),
		"HRANDFIELD":   setUp([2]string{"HRANDFIELD h 5", "*1 $1 b"}),
		"HDEL":         setUp([2]string{"HDEL h a", ":0"}),
		"HSET":         setUp([2]string{"HSET h a 5", ":1"}, [2]string{"HTTL h FIELDS 1 a", "*1 :-1"}),
		"HSETNX":       setUp([2]string{"HSETNX h a 5", ":1"}, [2]string{"HTTL h FIELDS 1 a", "*1 :-1"}),
		"HINCRBY":      setUp([2]string{"HINCRBY h a 5", ":5"}, [2]string{"HTTL h FIELDS 1 a", "*1 :-1"}),
		"HINCRBYFLOAT": setUp([2]string{"HINCRBYFLOAT h a 5.5", "$3 5.5"}, [2]string{"HTTL h FIELDS 1 a", "*1 :-1"}),
		"HEXPIRE":      setUp([2]string{"HEXPIRE h 5 FIELDS 2 a b", "*2 :-2 :1"}),
		"HPERSIST":     setUp([2]string{"HPERSIST h FIELDS 2 a b", "*2 :-2 :-1"}),
		"HTTL":         setUp([2]string{"HTTL h FIELDS 2 a b", "*2 :-2 :-1"}),
		"COPY":         setUp([2]string{"COPY h g", ":1"}, [2]string{"HGETALL g", "*2 $1 b $1 2"}),
		"the last one": setUp([2]string{"HPEXPIRE h 1 FIELDS 1 b", "*1 :1"}, [2]string{"+2ms", ""}, [2]string{"EXISTS h", ":0"},
			[2]string{"HSET h c 3", ":1"}, [2]string{"TTL h", ":-1"}),
	} {
		t.Run(name, func(t *testing.T) {
			steps.run(t, "CONFIG SET hash-max-listpack-entries 512")
			steps.run(t, "CONFIG SET hash-max-listpack-entries 0")
		})
	}
}

func TestWritesAndFieldDeadlines(t *testing.T) {
	eachFieldEncoding(t, fieldSteps{
		{"HSET h a 1 b 2 c 3 d 4", ":4"},
		{"HPEXPIREAT h 1700000001000 FIELDS 4 a b c d", "*4 :1 :1 :1 :1"},
		{"HSET h a 5", ":0"},
		{"HINCRBY h b 1", ":3"},
		{"HINCRBYFLOAT h c 0.5", "$3 3.5"},
		{"HSETNX h d 9", ":0"},
		{"HPTTL h FIELDS 4 a b c d", "*4 :-1 :1000 :1000 :1000"},
		{"COPY h g", ":1"},
		{"RENAME h r", "+OK"},
		{"MOVE g 1", ":1"},
		{"SWAPDB 0 1", "+OK"},
		{"HPTTL g FIELDS 2 a b", "*2 :-1 :1000"},
		{"HPERSIST g FIELDS 3 b a x", "*3 :1 :-1 :-2"},
		{"SELECT 1", "+OK"},
		{"HPTTL r FIELDS 2 a b", "*2 :-1 :1000"},
		{"+1001ms", ""},
		{"HGETALL r", "*2 $1 a $1 5"},
		{"SELECT 0", "+OK"},
		{"HLEN g", ":2"},
	})
}

func TestFieldDeadlinesInThePastAndConditions(t *testing.T) {
	eachFieldEncoding(t, fieldSteps{
		{"HSET h a 1 b 2 c 3", ":3"},
		{"HPEXPIREAT h 1700000000000 FIELDS 2 a a", "*2 :2 :-2"},
		{"HEXPIRE h 10 XX FIELDS 2 b x", "*2 :0 :-2"},
		{"HEXPIRE h 10 GT FIELDS 1 b", "*1 :0"},
		{"HEXPIRE h 10 LT FIELDS 1 b", "*1 :1"},
		{"HEXPIRE h 9 GT FIELDS 1 b", "*1 :0"},
		{"HEXPIRE h 10 gt fields 1 b", "*1 :0"},
		{"HEXPIRE h 11 LT FIELDS 1 b", "*1 :0"},
		{"HEXPIRE h 9 NX FIELDS 2 b c", "*2 :0 :1"},
		{"HEXPIRE h 11 GT FIELDS 1 b", "*1 :1"},
		{"HTTL h FIELDS 2 b c", "*2 :11 :9"},
		{"HEXPIREAT h 0 NX FIELDS 1 b", "*1 :0"},
		{"HEXPIREAT h 0 FIELDS 3 b c x", "*3 :2 :2 :-2"},
		{"EXISTS h", ":0"},
		{"HEXPIRE h 10 FIELDS 2 a b", "*2 :-2 :-2"},
		{"INFO keyspace", "$12 # Keyspace"},
	})
}

func TestFieldExpiryRefuses(t *testing.T) {
	const (
		word     = "-ERR Mandatory argument FIELDS is missing or not at the right position"
		number   = "-ERR Parameter `numFields` should be greater than 0"
		positive = "-ERR Number of fields must be a positive integer"
		mismatch = "-ERR The `numfields` parameter must match the number of arguments"
		integer  = "-ERR value is not an integer or out of range"
		wrong    = "-WRONGTYPE Operation against a key holding the wrong kind of value"
	)
	fieldSteps{
		{"HSET h a 1", ":1"},
		{"SET s v", "+OK"},
		{"HEXPIRE h 1 FIELDS 1", "-ERR wrong number of arguments for 'hexpire' command"},
		{"HEXPIRE h 1 NX FIELDS 1", mismatch},
		{"HEXPIRE h 1 a 1 FIELDS", word},
		{"HEXPIRE h 1 NX XX FIELDS 1 a", word},
		{"HEXPIRE h 1 FIELDS 0 a", number},
		{"HEXPIRE h 1 FIELDS x a", number},
		{"HEXPIRE h 1 FIELDS 2 a", mismatch},
		{"HEXPIRE h 1 FIELDS 1 a b", mismatch},
		{"HEXPIRE h 1 FIELDS 9223372036854775807 a", mismatch},
		{"HEXPIRE h x FIELDS 0 a", integer},
		{"HEXPIRE h -1 FIELDS 0 a", "-ERR invalid expire time, must be >= 0"},
		{"HEXPIRE s x y 0 a", wrong},
		{"HEXPIRE none 1 FIELDS 0 a", number},
		{"HEXPIREAT h 70368744178 FIELDS 1 a", "-ERR invalid expire time in 'hexpireat' command"},
		{"HEXPIREAT h 70368744177 FIELDS 1 a", "*1 :1"},
		{"HPEXPIREAT h 70368744177664 FIELDS 1 a", "-ERR invalid expire time in 'hpexpireat' command"},
		{"HPEXPIREAT h 70368744177663 FIELDS 1 a", "*1 :1"},
		{"HPEXPIRE h 68668744177664 FIELDS 1 a", "-ERR invalid expire time in 'hpexpire' command"},
		{"HPEXPIRE h 68668744177663 FIELDS 1 a", "*1 :1"},
		{"HEXPIRE h 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command"},
		{"HPEXPIRETIME h FIELDS 1 a", "*1 :70368744177663"},
		{"HTTL h FIELDS 0 a", positive},
		{"HTTL h FIELDS x a", positive},
		{"HTTL h FIELDS 2 a", mismatch},
		{"HTTL h a 1 FIELDS", word},
		{"HTTL s x 0 a", wrong},
		{"HPERSIST h FIELDS 0 a", positive},
		{"HPERSIST h FIELDS 1 a b", mismatch},
		{"HPERSIST h x 1 a", word},
		{"HPERSIST s x 1 a", wrong},
	}.run(t)
}

// The timer deletes fields on time, and has nothing to do when none is due.
func TestTheTimerDeletesFields(t *testing.T) {
	clock := &frozen{now: time.UnixMilli(1_700_000_000_000)}
	c := frozenSession(t, clock)
	s := c.srv
	idle := s.act()
	c.say("HSET h a 1 b 2 c 3")
	c.say("HPEXPIRE h 5 FIELDS 1 a")
	c.say("HPEXPIRE h 7 FIELDS 1 b")
	if s.timer.atMs != 1_700_000_000_006 {
		t.Errorf("the timer wakes at %d", s.timer.atMs)
	}
	clock.advance(5 * time.Millisecond)
	if s.act(); s.ks.Stats.ExpiredFields != 0 {
		t.Error("a field expired early")
	}
	clock.advance(time.Millisecond)
	if next := s.act(); s.ks.Stats.ExpiredFields != 1 || next != 2*time.Millisecond {
		t.Errorf("%d fields expired, the timer sleeps %v", s.ks.Stats.ExpiredFields, next)
	}
	c.say("DEBUG SET-ACTIVE-EXPIRE 0")
	clock.advance(5 * time.Millisecond)
	if next := s.act(); s.ks.Stats.ExpiredFields != 1 || next > idle {
		t.Errorf("%d fields expired, the timer sleeps %v", s.ks.Stats.ExpiredFields, next)
	}
	if got := c.say("HGETALL h"); got != "*2 $1 c $1 3" {
		t.Error(got)
	}
	c.say("DEBUG SET-ACTIVE-EXPIRE 1")
	c.say("HPEXPIRE h 1 FIELDS 1 c")
	clock.advance(2 * time.Millisecond)
	if s.act(); s.ks.Stats.ExpiredFields != 3 || s.ks.Len() != 0 {
		t.Errorf("%d fields expired, %d keys", s.ks.Stats.ExpiredFields, s.ks.Len())
	}
}

// While deletion is paused, as for CLIENT PAUSE, fields are hidden instead.
func TestPausedDeletionHidesFields(t *testing.T) {
	eachFieldEncoding(t, fieldSteps{
		{"HSET h a 1 b 2", ":2"},
		{"HPEXPIRE h 100 FIELDS 1 a", "*1 :1"},
		{"CLIENT PAUSE 1000 WRITE", "+OK"},
		{"+101ms", ""},
		{"HGETALL h", "*2 $1 b $1 2"},
		{"HLEN h", ":1"},
		{"HGET h a", "$-1"},
		{"HTTL h FIELDS 1 a", "*1 :-2"},
		{"HRANDFIELD h -2", "*2 $1 b $1 b"},
		{"CLIENT UNPAUSE", "+OK"},
		{"HSETNX h a 3", ":1"},
		{"HLEN h", ":2"},
	})
}
