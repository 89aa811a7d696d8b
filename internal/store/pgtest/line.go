package pgtest

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"latchkey/internal/secret"
)

// Line stands between a client and its server, and can be cut.
type Line struct {
	dir  string
	wait sync.WaitGroup

	mu       sync.Mutex
	server   string
	onCommit func(toServer, hangUp func())
	silent   bool // nothing goes through any more, and nobody is told
	cut      bool // nobody gets through
	open     map[net.Conn]struct{}
}

// NewLine begins to listen on a socket of its own, until the test ends.
func NewLine(t testing.TB) *Line {
	t.Helper()
	dir, err := os.MkdirTemp("", "line") // a socket's name has to be short
	if err != nil {
		t.Fatal(err)
	}
	l := &Line{dir: dir, open: map[net.Conn]struct{}{}}
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	l.wait.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			l.wait.Go(func() { l.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.Cut()
		l.wait.Wait()
		_ = os.RemoveAll(dir)
	})
	return l
}

// Through gives an address that goes through the line to the server of another one.
func (l *Line) Through(address secret.String) secret.String {
	u, _ := url.Parse(address.Reveal())
	query := u.Query()
	l.mu.Lock()
	l.server = query.Get("host")
	l.mu.Unlock()
	query.Set("host", l.dir)
	u.RawQuery = query.Encode()
	return secret.New(u.String())
}

// Cut ends all connections and lets no other come about.
func (l *Line) Cut() { l.end(true) }

// Mend lets connections come about again, and everything through; those that were silent are ended.
func (l *Line) Mend() {
	l.Silence(false)
	l.end(false)
}

// Silence lets nothing through any more and tells nobody, as a network does that drops packets.
func (l *Line) Silence(silent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = silent
}

// OnCommit says what becomes of the next COMMIT: it may reach the server (whose answer then does not come through), and
// the connection may end.
func (l *Line) OnCommit(decide func(toServer, hangUp func())) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onCommit = decide
}

func (l *Line) end(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	for conn := range l.open {
		_ = conn.Close()
	}
}

func (l *Line) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	l.mu.Lock()
	if l.cut {
		l.mu.Unlock()
		return
	}
	server, err := net.Dial("unix", filepath.Join(l.server, ".s.PGSQL.5432"))
	if err != nil {
		l.mu.Unlock()
		return
	}
	defer func() { _ = server.Close() }()
	l.open[client], l.open[server] = struct{}{}, struct{}{}
	l.mu.Unlock()
	var answers sync.WaitGroup
	answers.Go(func() {
		l.copy(client, server, nil)
		_ = client.Close()
	})
	l.copy(server, client, func(text []byte) bool { return l.committing(text, client, server) })
	_ = server.Close()
	answers.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, client)
	delete(l.open, server)
}

// committing lets onCommit decide on a COMMIT; true when it has.
func (l *Line) committing(text []byte, client, server net.Conn) bool {
	l.mu.Lock()
	decide := l.onCommit
	if decide == nil || !bytes.Contains(text, []byte("COMMIT\x00")) {
		l.mu.Unlock()
		return false
	}
	l.onCommit = nil
	l.mu.Unlock()
	decide(func() {
		l.Silence(true) // the answer must not come through
		_, _ = server.Write(text)
	}, func() {
		l.Silence(false)
		_ = client.Close()
		_ = server.Close()
	})
	return true
}

func (l *Line) copy(to io.Writer, from io.Reader, taken func([]byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		l.mu.Lock()
		silent := l.silent
		l.mu.Unlock()
		if silent || taken != nil && taken(buffer[:n]) {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
