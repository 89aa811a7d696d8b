// Package latchkeytest gives a test a Latchkey of its own, within the test's process.
//
//	func TestNightlyImport(t *testing.T) {
//		latchkey := latchkeytest.Start(t)
//		crm := latchkey.Connection("crm", latchkeytest.AuthorizationCode)
//
//		app := newApp(latchkey.URL, latchkey.Key, crm.ID) // the program under test
//		latchkey.Fault(latchkeytest.Status(503).Times(3))
//		latchkey.Advance(2 * time.Hour)
//		app.importAll() // is the token fresh, although the provider was away?
//	}
//
// It is the real server: API, pages, authorization server, keeper of tokens, audit record. Around it are what a test needs and
// production has elsewhere: an IMS organization with credentials ([Server.IMS]), a provider that misbehaves when told to
// ([Server.Fault]), and a clock that is moved ([Server.Advance]). Servers share nothing, so that tests run in parallel; each
// ends with its test, to the last goroutine.
//
// The keys that it signs with and the credential's key pair are part of this package's source: they are public, and worth
// nothing outside of tests. All addresses are of the loopback interface; nothing leaves the machine.
//
// For programs in other languages `latchkey dev --ephemeral --fast-clock` is the same.
package latchkeytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"latchkey/client"
	"latchkey/internal/app"
)

// Server is a running Latchkey. It is safe for concurrent use.
type Server struct {
	// URL is where it answers.
	URL string
	// Key is an administrator's API key.
	Key string
	// Organization is the IMS organization that everything belongs to.
	Organization string

	t         testing.TB // nil with Open
	inside    *app.InProcess
	client    *client.Client
	transport *http.Transport
	ims       IMS
	cleanUp   func() error
}

// Start starts a server that ends with the test. What it has to say is in the test's output.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := open(t.TempDir(), t.Output(), t)
	if err != nil {
		t.Fatalf("latchkeytest: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("latchkeytest: ending the server: %v", err)
		}
	})
	return s
}

// Open starts a server where there is no test, as in TestMain. Close ends it. Where a method of a server that a test has
// started would fail the test, one of this server panics.
func Open() (*Server, error) {
	dir, err := os.MkdirTemp("", "latchkeytest-")
	if err != nil {
		return nil, fmt.Errorf("making a data directory: %w", err)
	}
	s, err := open(dir, io.Discard, nil)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.cleanUp = func() error { return os.RemoveAll(dir) }
	return s, nil
}

func open(dir string, log io.Writer, t testing.TB) (*Server, error) {
	from, err := furnished()
	if err != nil {
		return nil, fmt.Errorf("furnishing a server: %w", err)
	}
	if err := from.copyTo(dir); err != nil {
		return nil, fmt.Errorf("making a data directory: %w", err)
	}
	inside, err := app.StartInProcess(context.Background(), app.InProcessOptions{
		Data: dir, RSAKey: signingKey, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		return nil, fmt.Errorf("starting a server: %w", err)
	}
	s := &Server{
		URL: inside.URL, Key: from.adminKey, Organization: from.organization, t: t, inside: inside, transport: &http.Transport{},
		cleanUp: func() error { return nil },
	}
	if s.ims, err = from.ims(s.URL); err != nil {
		return nil, errors.Join(err, inside.Close())
	}
	s.client, err = client.New(client.Config{
		URL: s.URL, Key: s.Key, HTTPClient: &http.Client{Transport: s.transport, Timeout: time.Minute},
	})
	if err != nil {
		return nil, errors.Join(err, inside.Close())
	}
	return s, nil
}

// Close ends a server that [Open] has started. Calls under way may finish, for three seconds.
func (s *Server) Close() error {
	s.transport.CloseIdleConnections()
	return errors.Join(s.inside.Close(), s.cleanUp())
}

// Client gives a client with the administrator's key.
func (s *Server) Client() *client.Client { return s.client }

// Now gives what the server's clock shows.
func (s *Server) Now() time.Time { return s.inside.Now() }

// movePatience is how long a move of the clock may take on the machine's own.
const movePatience = 2 * time.Minute

// Advance moves the server's clock ahead, and everything with it: lives of tokens, at the server and at the provider, renewals,
// sessions, keys. Each renewal that falls due on the way is made at its time, so that a year passes as a year would; it takes
// about a millisecond for each. When Advance returns, what has fallen due is done. Between moves the clock goes on as the
// machine's does.
//
// The clock of the program under test stays where it is: a token's expires_in is right for it, its expires_at is by the
// server's clock.
func (s *Server) Advance(d time.Duration) {
	s.helper()
	if d < 0 {
		s.fail(errors.New("a clock does not go back"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), movePatience)
	defer cancel()
	if err := s.inside.Advance(ctx, d); err != nil {
		s.fail(err)
	}
}

func (s *Server) helper() {
	if s.t != nil {
		s.t.Helper()
	}
}

// fail ends the test.
func (s *Server) fail(err error) {
	s.helper()
	if s.t == nil {
		panic("latchkeytest: " + err.Error())
	}
	s.t.Fatalf("latchkeytest: %v", err)
}
