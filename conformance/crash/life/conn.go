package life

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// conn is a connection of a player.
type conn struct {
	net.Conn
	dec *resp.Decoder
	out []byte
}

// replyTimeout bounds the wait for a reply: a server that does not answer for so long hangs.
const replyTimeout = 20 * time.Second

func dial(ctx context.Context, t *target.Target, db int) (*conn, error) {
	c, err := t.Dial(ctx)
	if err != nil {
		return nil, err
	}
	k := &conn{Conn: c, dec: resp.NewDecoder(c)}
	if _, err := k.do("SELECT", strconv.Itoa(db)); err != nil {
		return nil, fmt.Errorf("SELECT: %w", err)
	}
	return k, nil
}

// add appends a request to what flush will send.
func (c *conn) add(words ...string) { c.out = append(c.out, resp.Request(words...)...) }

func (c *conn) flush() error {
	if err := c.SetDeadline(time.Now().Add(replyTimeout)); err != nil {
		return err
	}
	_, err := c.Write(c.out)
	c.out = c.out[:0]
	return err
}

// A refusal is an error reply to what should succeed.
type refusal string

func (r refusal) Error() string { return "answered " + string(r) }

// reply reads a reply.
func (c *conn) reply() (resp.Value, error) {
	v, err := c.dec.Decode()
	if err == nil && v.Type == resp.Error {
		err = refusal(v.Text)
	}
	return v, err
}

// do sends a request and reads its reply.
func (c *conn) do(words ...string) (resp.Value, error) {
	c.add(words...)
	if err := c.flush(); err != nil {
		return resp.Value{}, err
	}
	return c.reply()
}

// texts are the elements of a reply.
func texts(v resp.Value) []string {
	list := make([]string, len(v.Elems))
	for i, e := range v.Elems {
		list[i] = string(e.Text)
	}
	return list
}
