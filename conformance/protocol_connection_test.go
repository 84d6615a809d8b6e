package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// The specs named protocol_* look at the bytes themselves: what a server makes
// of requests that no library would send, and that it sends its replies and
// nothing else. The expected bytes are what redis-server 7.0.15 and
// valkey-server 8.0.1 answered.

// wire is a raw connection. Each of its waits is bounded by patience.
type wire struct {
	net.Conn
}

// dialWire opens a connection, past the password and in the database of the
// suite, in RESP2.
func dialWire(ctx context.Context) *wire {
	GinkgoHelper()
	w := dialSilent(ctx, server)
	for _, request := range server.Greeting(0) {
		w.send(string(request))
		w.expect("+OK\r\n")
	}
	return w
}

// dialWire3 is dialWire followed by HELLO 3.
func dialWire3(ctx context.Context) *wire {
	GinkgoHelper()
	w := dialWire(ctx)
	w.send("HELLO 3\r\n")
	Expect(w.reply().Type).To(BeEquivalentTo(resp.Map))
	return w
}

// dialSilent opens a connection and says nothing on it.
func dialSilent(ctx context.Context, t *target.Target) *wire {
	GinkgoHelper()
	c, err := t.Dial(ctx)
	must(err)
	DeferCleanup(func() {
		// The server or the spec may have closed it.
		_ = c.Close()
	})
	return &wire{c}
}

func (w *wire) send(data string) {
	GinkgoHelper()
	must(w.SetWriteDeadline(time.Now().Add(patience)))
	_, err := io.WriteString(w, data)
	must(err)
}

// request sends words as an array of strings.
func (w *wire) request(words ...string) {
	GinkgoHelper()
	w.send(string(resp.Request(words...)))
}

// receive reads n bytes, fewer only if the connection ends.
func (w *wire) receive(n int) string {
	GinkgoHelper()
	must(w.SetReadDeadline(time.Now().Add(patience)))
	b := make([]byte, n)
	read, err := io.ReadFull(w, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		Fail(fmt.Sprintf("after %q: %v", b[:read], err))
	}
	return string(b[:read])
}

// expect reads exactly the bytes that are wanted.
func (w *wire) expect(want string) {
	GinkgoHelper()
	got := w.receive(len(want))
	if got == want {
		return
	}
	at := 0
	for at < len(got) && got[at] == want[at] {
		at++
	}
	from := max(at-20, 0)
	Fail(fmt.Sprintf("replies differ at byte %d of %d: got ...%.80q, want ...%.80q", at, len(want), got[from:], want[from:]))
}

// reply reads one reply, byte for byte, so that nothing behind it is consumed.
func (w *wire) reply() resp.Value {
	GinkgoHelper()
	must(w.SetReadDeadline(time.Now().Add(patience)))
	v, err := resp.NewDecoder(oneByte{w}).Decode()
	must(err)
	return v
}

// oneByte keeps a decoder from reading ahead.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

// nothingMore makes sure that no byte is left over: the next to come must be
// the reply to a request that is sent now.
func (w *wire) nothingMore() {
	GinkgoHelper()
	w.send("*2\r\n$4\r\nECHO\r\n$5\r\nfence\r\n")
	w.expect("$5\r\nfence\r\n")
}

// closed makes sure that the server closes without another byte.
func (w *wire) closed() {
	GinkgoHelper()
	must(w.SetReadDeadline(time.Now().Add(patience)))
	rest, err := io.ReadAll(w)
	must(err)
	Expect(rest).To(BeEmpty(), "bytes before the end of the connection")
}

// halfClose ends the sending direction.
func (w *wire) halfClose() {
	GinkgoHelper()
	c, ok := w.Conn.(interface{ CloseWrite() error })
	if !ok {
		Skip("the transport has no half-closed connections")
	}
	must(c.CloseWrite())
}

// processed waits until the server has read what was sent before on other
// connections: it serves them in turn, so the second of two replies on this
// one comes after that.
func (w *wire) processed() {
	GinkgoHelper()
	for range 2 {
		w.nothingMore()
	}
}

// emptyServer deletes all keys.
func emptyServer(ctx context.Context) {
	GinkgoHelper()
	w := dialWire(ctx)
	w.send("FLUSHALL\r\n")
	w.expect("+OK\r\n")
}

// infoField reads a field of INFO, empty if there is none.
func (w *wire) infoField(section, field string) string {
	GinkgoHelper()
	w.request("INFO", section)
	for line := range bytes.Lines(w.reply().Text) {
		if value, ok := strings.CutPrefix(string(line), field+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// awaitField waits until a field of INFO has a value.
func (w *wire) awaitField(ctx context.Context, section, field, want string) {
	GinkgoHelper()
	Eventually(ctx, func() string { return w.infoField(section, field) }).
		WithTimeout(patience).WithPolling(polling).Should(Equal(want), field)
}
