package faults

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"

	"respect/conformance/resp"
)

// Proxy passes what clients and a server say to each other through the hooks of
// a fault.
type Proxy struct {
	Addr string

	backend  string
	listener net.Listener
	wait     sync.WaitGroup

	hooksMu sync.Mutex
	hooks   Hooks

	mu     sync.Mutex
	closed bool
	links  map[*Link]bool
	// clients are the addresses of clients by the ones that the server sees.
	clients map[string]string
}

// Start returns a proxy in front of the server at the address.
func Start(backend string, hooks Hooks) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Addr: l.Addr().String(), backend: backend, listener: l, hooks: hooks, links: map[*Link]bool{}, clients: map[string]string{}}
	p.wait.Add(1)
	go p.accept()
	return p, nil
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	err := p.listener.Close()
	for l := range p.links {
		l.close()
	}
	p.mu.Unlock()
	p.wait.Wait()
	return err
}

func (p *Proxy) accept() {
	defer p.wait.Done()
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.backend)
		if err != nil {
			_ = client.Close() // the client sees that nobody serves it
			continue
		}
		p.serve(&Link{proxy: p, client: client, server: server})
	}
}

func (p *Proxy) serve(l *Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		l.close()
		return
	}
	p.links[l] = true
	p.clients[l.server.LocalAddr().String()] = l.client.RemoteAddr().String()
	p.wait.Add(2)
	go func() {
		defer p.wait.Done()
		l.pumpRequests()
	}()
	go func() {
		defer p.wait.Done()
		l.pumpReplies()
	}()
}

// translate puts the addresses of clients in the place of those that the server
// sees, in the lists of clients.
func (p *Proxy) translate(text []byte) []byte {
	const field = "addr="
	if !bytes.Contains(text, []byte(" "+field)) {
		return text
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []byte
	for {
		before, rest, ok := bytes.Cut(text, []byte(field))
		out = append(out, before...)
		if !ok {
			return out
		}
		addr, rest, _ := bytes.Cut(rest, []byte(" "))
		seen := string(addr)
		if client := p.clients[seen]; client != "" {
			seen = client
		} else if seen == p.backend {
			seen = p.Addr
		}
		out = append(append(append(out, field...), seen...), ' ')
		text = rest
	}
}

// Link is one client's connection through the proxy.
type Link struct {
	proxy          *Proxy
	client, server net.Conn

	writeMu sync.Mutex // to the client

	mu      sync.Mutex
	pending [][]string // requests that are not answered yet
}

// Answer sends bytes to the client. That it has left is not an error here.
func (l *Link) Answer(b []byte) {
	l.writeMu.Lock()
	defer l.writeMu.Unlock()
	_, _ = l.client.Write(b)
}

func (l *Link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// pumpRequests passes on what the client sends. Without a hook for requests
// each byte goes on as soon as it is there.
func (l *Link) pumpRequests() {
	in := &requestReader{}
	chunk := make([]byte, 64<<10)
	for {
		n, err := l.client.Read(chunk)
		if n > 0 && l.forward(in, chunk[:n]) != nil {
			break
		}
		if err == nil {
			continue
		}
		l.clientLeft(errors.Is(err, io.EOF))
		return
	}
	_ = l.client.Close()
}

// clientLeft passes on that the client closed its sending side, or all of it.
func (l *Link) clientLeft(half bool) {
	if l.proxy.hooks.KeepServer {
		l.proxy.mu.Lock()
		delete(l.proxy.clients, l.server.LocalAddr().String())
		l.proxy.mu.Unlock()
		return
	}
	if tcp, ok := l.server.(*net.TCPConn); ok && half {
		_ = tcp.CloseWrite()
		return
	}
	_ = l.server.Close()
}

func (l *Link) forward(in *requestReader, chunk []byte) error {
	p := l.proxy
	p.hooksMu.Lock()
	defer p.hooksMu.Unlock()
	if p.hooks.Chunk != nil {
		chunk = p.hooks.Chunk(l, chunk)
	}
	out := chunk
	requests := in.add(chunk)
	if p.hooks.Request != nil {
		out = nil
	}
	for _, r := range requests {
		if len(r.words) > 0 {
			l.mu.Lock()
			l.pending = append(l.pending, r.words)
			l.mu.Unlock()
		}
		if p.hooks.Request != nil {
			out = append(out, l.rewritten(r)...)
		}
	}
	if len(out) == 0 {
		return nil
	}
	_, err := l.server.Write(out)
	return err
}

func (l *Link) rewritten(r request) []byte {
	if len(r.words) == 0 {
		return r.raw
	}
	return resp.Request(l.proxy.hooks.Request(l, r.words)...)
}

// pumpReplies passes on what the server sends.
func (l *Link) pumpReplies() {
	dec := resp.NewDecoder(l.server)
	for {
		v, err := dec.Decode()
		if err != nil {
			break
		}
		var words []string
		if v.Type != resp.Push {
			words = l.answered()
		}
		if resp.IsBulk(v.Type) && !v.IsNull {
			v.Text = l.proxy.translate(v.Text)
		}
		if out := l.reply(words, v); len(out) > 0 {
			l.Answer(out)
		}
	}
	_ = l.server.Close()
	if !l.proxy.hooks.KeepClient {
		_ = l.client.Close()
	}
}

func (l *Link) reply(words []string, v resp.Value) []byte {
	p := l.proxy
	if p.hooks.Reply == nil {
		return v.Append(nil)
	}
	p.hooksMu.Lock()
	defer p.hooksMu.Unlock()
	return p.hooks.Reply(l, words, v)
}

// answered takes the request whose reply has come. After CLIENT REPLY OFF the
// two are out of step; no fault concerns that.
func (l *Link) answered() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 {
		return nil
	}
	words := l.pending[0]
	l.pending = l.pending[1:]
	return words
}
