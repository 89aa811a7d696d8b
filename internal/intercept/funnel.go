package intercept

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"
)

// A record of TLS that begins a handshake (RFC 8446 §5.1); no request of HTTP begins so.
const handshake = 0x16

// accept sorts what comes in by its first byte, until the listener is closed.
func (p *Proxy) accept() {
	for {
		conn, err := p.config.Listener.Accept()
		if err != nil {
			if temporary, ok := err.(interface{ Temporary() bool }); ok && temporary.Temporary() {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			return
		}
		p.group.Go(func() { p.sort(conn) })
	}
}

func (p *Proxy) sort(conn net.Conn) {
	defer context.AfterFunc(p.closing, func() { _ = conn.Close() })()
	_ = conn.SetReadDeadline(time.Now().Add(helloTimeout))
	t := &tunnel{Conn: conn, reader: bufio.NewReader(conn)}
	first, err := t.reader.Peek(1)
	if err != nil {
		_ = conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	if first[0] == handshake {
		p.coming.hand(t)
		return
	}
	p.asking.hand(t)
}

// funnel is a listener of connections that somebody else has accepted.
type funnel struct {
	address net.Addr
	conns   chan net.Conn
	done    chan struct{}
	close   func()
}

func newFunnel(address net.Addr) *funnel {
	f := &funnel{address: address, conns: make(chan net.Conn), done: make(chan struct{})}
	f.close = sync.OnceFunc(func() { close(f.done) })
	return f
}

// hand gives a connection to the server behind the funnel, or closes it once that has stopped.
func (f *funnel) hand(conn net.Conn) {
	select {
	case f.conns <- conn:
	case <-f.done:
		_ = conn.Close()
	}
}

func (f *funnel) Accept() (net.Conn, error) {
	select {
	case conn := <-f.conns:
		return conn, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}

func (f *funnel) Close() error {
	f.close()
	return nil
}

func (f *funnel) Addr() net.Addr { return f.address }
