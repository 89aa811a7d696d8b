package client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"latchkey/client"
)

const testKey = "lk_hidden-key-of-the-tests"

// seen is one request that the stub got.
type seen struct {
	Method, URI, Body string
	Header            http.Header
}

// stub is a server that answers what a test tells it to, and remembers what it was asked.
type stub struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

// newStub starts a server; handle answers, n counts requests from 0.
func newStub(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, n int)) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		n := len(s.seen)
		s.seen = append(s.seen, seen{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		s.mu.Unlock()
		handle(w, r, n)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.seen...)
}

// client gives a client of the stub; edit changes its configuration.
func (s *stub) client(t *testing.T, edit ...func(*client.Config)) *client.Client {
	t.Helper()
	config := client.Config{URL: s.URL, Key: testKey}
	for _, e := range edit {
		e(&config)
	}
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer gives a handler that always answers the same.
func answer(status int, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { write(w, status, body) }
}

func write(w http.ResponseWriter, status int, body string) {
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
