package store

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

// line stands between a store and its server, and can be cut.
type line struct {
	dir, server string

	mu sync.Mutex
	// onCommit is what becomes of the next COMMIT; it is called once, with the client's bytes not yet handed on.
	onCommit func(toServer func(), hangUp func())
	silent   bool // nothing goes through any more, and nobody is told
	cut      bool // nobody gets through
	open     map[net.Conn]struct{}
	wait     sync.WaitGroup
}

// newLine begins to listen on a socket of its own.
func newLine(t *testing.T) *line {
	t.Helper()
	dir, err := os.MkdirTemp("", "line") // a socket's name has to be short
	if err != nil {
		t.Fatal(err)
	}
	l := &line{dir: dir, open: map[net.Conn]struct{}{}}
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
		l.hangUp(true)
		l.wait.Wait()
		_ = os.RemoveAll(dir)
	})
	return l
}

// through gives an address that goes through the line to the server of another one.
func (l *line) through(address secret.String) secret.String {
	u, _ := url.Parse(address.Reveal())
	query := u.Query()
	l.set(func(l *line) { l.server = query.Get("host") })
	query.Set("host", l.dir)
	u.RawQuery = query.Encode()
	return secret.New(u.String())
}

// hangUp ends all connections; when cut, no other comes about.
func (l *line) hangUp(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	for conn := range l.open {
		_ = conn.Close()
	}
}

func (l *line) set(change func(*line)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func (l *line) serve(client net.Conn) {
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
func (l *line) committing(text []byte, client, server net.Conn) bool {
	l.mu.Lock()
	decide := l.onCommit
	if decide == nil || !bytes.Contains(text, []byte("COMMIT\x00")) {
		l.mu.Unlock()
		return false
	}
	l.onCommit = nil
	l.mu.Unlock()
	decide(func() {
		l.set(func(l *line) { l.silent = true }) // the answer must not come through
		_, _ = server.Write(text)
	}, func() {
		l.set(func(l *line) { l.silent = false })
		_ = client.Close()
		_ = server.Close()
	})
	return true
}

func (l *line) copy(to io.Writer, from io.Reader, taken func([]byte) bool) {
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
