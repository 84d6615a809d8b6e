package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// Workloads that redis-benchmark has no words for: those in which several commands
// belong together.

// A turn is what one connection says, depth times at once, and hears. All that is sent
// together is one write.
type turn func(p *peer, depth int) error

// peer is one of the connections that take turns.
type peer struct {
	conn  net.Conn
	in    *resp.Decoder
	out   []byte
	turns int // that it has had
}

// converse lets connections take n turns in all, and returns how many they took per
// second.
func converse(ctx context.Context, t *target.Target, w workload, n int) (perSecond float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	peers := make([]*peer, 0, w.clients())
	for range w.clients() {
		conn, err := t.Dial(ctx)
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		peers = append(peers, &peer{conn: conn, in: resp.NewDecoder(conn)})
	}
	var left atomic.Int64
	left.Store(int64(n))
	ended := make(chan error, len(peers))
	start := time.Now()
	for _, p := range peers {
		go func() { ended <- p.take(w, &left) }()
	}
	for range peers {
		err = errors.Join(err, <-ended)
	}
	return float64(n) / time.Since(start).Seconds(), err
}

// take takes turns as long as any are left.
func (p *peer) take(w workload, left *atomic.Int64) error {
	for {
		after := left.Add(-int64(w.pipeline))
		depth := w.pipeline + int(min(after, 0))
		if depth <= 0 {
			return nil
		}
		p.out = p.out[:0]
		if err := w.turn(p, depth); err != nil {
			return err
		}
		p.turns++
	}
}

func (p *peer) say(words ...string) { p.out = append(p.out, resp.Request(words...)...) }

// send sends what has been said.
func (p *peer) send() error {
	_, err := p.conn.Write(p.out)
	p.out = p.out[:0]
	return err
}

// hear reads a reply, which must not be an error.
func (p *peer) hear() (resp.Value, error) {
	v, err := p.in.Decode()
	if err == nil && v.Type == resp.Error {
		err = fmt.Errorf("the answer is %q", v.Text)
	}
	return v, noEOF(err)
}

// transact executes a transaction of ten commands.
func transact(p *peer, depth int) error {
	const commands = 10
	for i := range depth {
		p.say("MULTI")
		for j := range commands {
			p.say("SET", memoryKey((p.turns*depth*commands+i*commands+j)*7919%keyspan), "xxx")
		}
		p.say("EXEC")
	}
	if err := p.send(); err != nil {
		return err
	}
	for range depth * (commands + 2) {
		if _, err := p.hear(); err != nil {
			return err
		}
	}
	return nil
}

// readAndAcknowledge takes an entry from the queue and acknowledges it: two requests,
// as the ID of the entry has to be known.
func readAndAcknowledge(p *peer, depth int) error {
	for range depth {
		p.say("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "queue", ">")
	}
	if err := p.send(); err != nil {
		return err
	}
	for range depth {
		v, err := p.hear()
		if err != nil {
			return err
		}
		id, err := onlyID(v)
		if err != nil {
			return err
		}
		p.say("XACK", "queue", "g", id)
	}
	if err := p.send(); err != nil {
		return err
	}
	for range depth {
		v, err := p.hear()
		if err != nil {
			return err
		}
		if string(v.Text) != "1" {
			return fmt.Errorf("XACK answers %s", v.Text)
		}
	}
	return nil
}

// onlyID is the ID in the reply of XREADGROUP with one entry of one stream: an array
// of pairs of a key and its entries, each of which is a pair of ID and fields.
func onlyID(v resp.Value) (string, error) {
	for _, step := range []int{0, 1, 0, 0} {
		if len(v.Elems) <= step {
			return "", fmt.Errorf("XREADGROUP answers without an entry: %s", v)
		}
		v = v.Elems[step]
	}
	return string(v.Text), nil
}

// publish drives a workload whose messages go to subscribers, and ends when all of
// them have got all messages.
func (b *bench) publish(ctx context.Context, s *server, w workload, n int) (rps float64, err error) {
	channel, message := w.command[1], w.command[2]
	audience, err := listen(ctx, s.Target, channel, w.subscribers)
	if err != nil {
		return 0, err
	}
	defer audience.close()
	if rps, err = b.drive(ctx, s.Addr, w, n); err != nil {
		return 0, err
	}
	return rps, audience.await(int64(n * len(resp.Request("message", channel, message))))
}

// audience are the subscribers of a channel.
type audience struct {
	conns []net.Conn
	got   []atomic.Int64 // bytes of messages, by subscriber
	heard chan struct{}  // is filled when somebody got something
}

// listen subscribes so many connections to a channel.
func listen(ctx context.Context, t *target.Target, channel string, subscribers int) (*audience, error) {
	a := &audience{got: make([]atomic.Int64, subscribers), heard: make(chan struct{}, 1)}
	for i := range subscribers {
		conn, err := t.Dial(ctx)
		if err != nil {
			a.close()
			return nil, err
		}
		a.conns = append(a.conns, conn)
		if _, err = conn.Write(resp.Request("SUBSCRIBE", channel)); err == nil {
			_, err = resp.NewDecoder(conn).Decode()
		}
		if err != nil {
			a.close()
			return nil, noEOF(err)
		}
		go a.count(conn, &a.got[i])
	}
	return a, nil
}

// count reads until the connection is closed.
func (a *audience) count(conn net.Conn, got *atomic.Int64) {
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		got.Add(int64(n))
		select {
		case a.heard <- struct{}{}:
		default:
		}
		if err != nil {
			return // by close; one that comes too early is found by await
		}
	}
}

// await waits until every subscriber has got so many bytes.
func (a *audience) await(bytes int64) error {
	limit := time.After(exchangeTimeout)
	for i := range a.got {
		for a.got[i].Load() < bytes {
			select {
			case <-a.heard:
			case <-limit:
				return errors.New("subscriber " + strconv.Itoa(i) + " did not get all messages")
			}
		}
	}
	return nil
}

func (a *audience) close() {
	for _, conn := range a.conns {
		_ = conn.Close() // nothing is lost with it
	}
}
