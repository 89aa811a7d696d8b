package analytics_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/analytics"
	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// got is a request that arrived.
type got struct {
	method, path, query, body string
	header                    http.Header
}

// server answers as it is told, and keeps what came.
type server struct {
	testing.TB
	*httptest.Server
	mu     sync.Mutex
	came   []got
	answer func(n int, r got) (int, any)
	header http.Header
}

func serve(t testing.TB, answer func(n int, r got) (int, any)) *server {
	s := &server{TB: t, answer: answer, header: http.Header{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		one := got{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()}
		s.came = append(s.came, one)
		n := len(s.came)
		for name, values := range s.header {
			w.Header()[name] = values
		}
		s.mu.Unlock()
		status, out := s.answer(n, one)
		if raw, ok := out.(string); ok {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, raw)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.came)
}

// last gives the last request.
func (s *server) last() got {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came[len(s.came)-1]
}

func sender(t testing.TB, c egress.Config) *egress.Client {
	c.AllowLoopback = true
	client, err := egress.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// client is one of the server, on a clock whose waits are over at once.
func (s *server) client() *analytics.Client {
	return analytics.New(analytics.Config{Sender: sender(s.TB, egress.Config{}), Base: s.URL, Clock: hurry()})
}

// hasty is a clock that lets nobody wait: what somebody would wait for has passed at once.
type hasty struct {
	clock.Clock
	ahead *atomic.Int64
}

func hurry() hasty { return hasty{clock.System(), new(atomic.Int64)} }

func (h hasty) Now() time.Time { return h.Clock.Now().Add(time.Duration(h.ahead.Load())) }

func (h hasty) NewTimer(d time.Duration) clock.Timer {
	h.ahead.Add(int64(d))
	return h.Clock.NewTimer(0)
}

func (h hasty) AfterFunc(_ time.Duration, f func()) clock.Timer { return h.Clock.AfterFunc(0, f) }

var with = analytics.Access{APIKey: "client-1", Token: secret.New("token-0123456789")}

type m = map[string]any
