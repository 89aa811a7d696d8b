package trial

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/exchange"
	"latchkey/internal/simulator"
)

// Exchange is one request with its answer. Secrets and tokens in it are masked.
type Exchange struct {
	Method, URL string
	Headers     []exchange.Header
	Body        string
	// Status is 0 when the connection was closed without an answer.
	Status int
	Type   string
	Answer string
	Took   time.Duration
}

// stage is the provider of one trial: a simulator that plays the hosts of the definition.
type stage struct {
	sim *simulator.Simulator
	// places :: host and path → the simulator's path that stands in for it
	places map[string]string
	hosts  map[string]bool
	clock  clock.Clock

	mu   sync.Mutex
	seen []Exchange
}

// playedHost is the simulated host that plays all others, and the paths of its parts.
const (
	playedHost    = "api.moviestar.com"
	consentPath   = "/dialog/OAuth"
	tokenPath     = "/OAuth/access_token"
	maxRemembered = 16 << 10
)

// cast lets the simulator play the host of a request.
func (s *stage) cast(e exchange.Explained) {
	u, err := url.Parse(e.URL)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, "<>") {
		return
	}
	host := strings.ToLower(u.Hostname())
	s.hosts[host] = true
	played := slices.ContainsFunc(simulator.Hosts(), func(suffix string) bool { return strings.HasSuffix(host, "."+suffix) })
	switch {
	case played:
	case e.Purpose == "authorize":
		s.places[host+u.Path] = consentPath
	case e.Purpose == "acquire", e.Purpose == "renew":
		s.places[host+u.Path] = tokenPath
	}
}

// ServeHTTP answers as the provider, and remembers what was said.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20)) // the simulator says what is wrong with a longer one
	host, _, _ := strings.Cut(r.Host, ":")
	one := Exchange{Method: r.Method, URL: "https://" + r.Host + r.URL.RequestURI(), Body: string(body)}
	for _, name := range []string{"Authorization", "Content-Type", "Accept"} {
		if value := r.Header.Get(name); value != "" {
			one.Headers = append(one.Headers, exchange.Header{Name: name, Value: value})
		}
	}
	played := r.Clone(r.Context())
	played.Body = io.NopCloser(bytes.NewReader(body))
	if path, ok := s.places[strings.ToLower(host)+r.URL.Path]; ok {
		played.Host, played.URL.Path, played.URL.RawPath = playedHost, path, ""
	}
	began, kept := s.clock.Now(), &copier{ResponseWriter: w}
	defer func() { // a provider that hangs up panics, as net/http wants it
		one.Status, one.Answer, one.Type = kept.status, kept.body.String(), w.Header().Get("Content-Type")
		if location := w.Header().Get("Location"); location != "" {
			one.Answer = "Location: " + location
		}
		one.Took = s.clock.Now().Sub(began)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, one)
	}()
	s.sim.Handler().ServeHTTP(kept, played)
}

// take gives what was said since the last time.
func (s *stage) take() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.seen
	s.seen = nil
	return out
}

// copier keeps the beginning of what it lets through.
type copier struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap lets the simulator move deadlines.
func (c *copier) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *copier) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *copier) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if room := maxRemembered - c.body.Len(); room > 0 {
		c.body.Write(b[:min(room, len(b))])
	}
	return c.ResponseWriter.Write(b)
}

// page is the answer to a browser, which a trial has none of.
type page struct {
	header http.Header
	status int
}

func (p *page) Header() http.Header         { return p.header }
func (p *page) Write(b []byte) (int, error) { return len(b), nil }
func (p *page) WriteHeader(status int)      { p.status = status }
