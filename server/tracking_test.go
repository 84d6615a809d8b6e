package server

import "testing"

func TestNothingIsTrackedAfterwards(t *testing.T) {
	c := session(t)
	s := c.srv
	c.exchange(requests([]string{"HELLO", "3"}, []string{"CLIENT", "TRACKING", "ON"}, []string{"MGET", "a", "b", "a"}), nil)
	if s.tracking.keys() != 2 || s.tracking.items != 2 {
		t.Fatalf("%d keys, %d items; want 2, 2", s.tracking.keys(), s.tracking.items)
	}
	c.exchange(requests([]string{"SET", "a", "1"}), nil)
	if s.tracking.keys() != 1 || s.tracking.items != 1 {
		t.Errorf("%d keys, %d items after a change; want 1, 1", s.tracking.keys(), s.tracking.items)
	}
	c.exchange(requests([]string{"FLUSHALL"}), nil)
	if s.tracking.keys() != 0 || s.tracking.items != 0 {
		t.Errorf("%d keys, %d items after FLUSHALL", s.tracking.keys(), s.tracking.items)
	}
	c.exchange(requests([]string{"CLIENT", "TRACKING", "OFF"}, []string{"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "b"},
		[]string{"SUBSCRIBE", "x"}, []string{"PSUBSCRIBE", "y*"}, []string{"SSUBSCRIBE", "z"}), nil)
	if len(s.tracking.prefixes) != 2 {
		t.Fatalf("%d prefixes, want 2", len(s.tracking.prefixes))
	}
	c.Closed(nil)
	if s.tracking.clients != 0 || len(s.tracking.prefixes) != 0 {
		t.Errorf("%d clients and %d prefixes are left", s.tracking.clients, len(s.tracking.prefixes))
	}
	for kind := range s.topics {
		if x := &s.topics[kind]; len(x.byName) != 0 || x.first != nil || x.last != nil {
			t.Errorf("topics of kind %d are left", kind)
		}
	}
}

func TestTrackingIsLimited(t *testing.T) {
	c := session(t)
	s := c.srv
	s.cfg.TrackingTableMaxKeys = 3
	c.exchange(requests([]string{"HELLO", "3"}, []string{"CLIENT", "TRACKING", "ON"}, []string{"MGET", "a", "b", "c", "d", "e", "f", "g"}), nil)
	if n := s.tracking.keys(); n != 3 {
		t.Errorf("%d keys, want 3", n)
	}
}

func TestMessagesAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	c := session(t)
	buf := make([]byte, 0, 4096)
	buf = c.exchange(requests([]string{"HELLO", "3"}, []string{"SUBSCRIBE", "news", "__keyevent@0__:set"}, []string{"PSUBSCRIBE", "n*"},
		[]string{"CONFIG", "SET", "notify-keyspace-events", "EA"}), buf)
	for _, words := range [][]string{{"PUBLISH", "news", "hello"}, {"SET", "k", "v"}} {
		raw := requests(words)
		buf = c.exchange(raw, buf)
		if n := testing.AllocsPerRun(200, func() { buf = c.exchange(raw, buf) }); n != 0 {
			t.Errorf("%s: %v allocations", words[0], n)
		}
	}
}
