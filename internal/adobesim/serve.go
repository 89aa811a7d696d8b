package adobesim

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A request goes through four steps, as in the provider simulator: read (call), decide which faults it suffers, respond (an
// answer in memory), deliver. The journal is written before delivery: whoever has an answer finds its request in it.

const (
	bodyLimit  = 4 << 20
	writeGrace = 30 * time.Second // to write an answer, after the fault slow
)

// call is a request being answered.
type call struct {
	ctx    context.Context
	host   string
	method string
	path   []string // without slashes
	query  url.Values
	header http.Header
	body   []byte
	url    string

	faults   faults
	faultSet []string // their names
	account  Account  // once known
	now      time.Time
}

// answer is a response that has not been sent.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	dropped bool // nothing is sent: the connection is closed
}

func jsonAnswer(status int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		panic("adobesim: an answer that JSON cannot express: " + err.Error())
	}
	return answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: append(body, '\n')}
}

func xmlAnswer(status int, value any) answer {
	body, err := xml.Marshal(value)
	if err != nil {
		panic("adobesim: an answer that XML cannot express: " + err.Error())
	}
	return answer{status: status, header: http.Header{"Content-Type": {"text/xml;charset=UTF-8"}}, body: append([]byte(xml.Header), body...)}
}

func (a answer) with(name, value string) answer {
	a.header.Set(name, value)
	return a
}

func (s *Sim) serve(w http.ResponseWriter, r *http.Request) {
	c, err := s.read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	answers, ok := s.hosts[c.host]
	if !ok {
		http.Error(w, "There is no such host here. These are: "+strings.Join(Hosts(), ", ")+".", http.StatusNotFound)
		return
	}
	a := s.respond(c, answers)
	s.record(c, a)
	s.deliver(w, r, c, a)
}

func (s *Sim) read(r *http.Request) (*call, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyLimit))
	if err != nil {
		return nil, errors.New("the body is too long, or broke off")
	}
	c := &call{
		ctx: r.Context(), host: hostOnly(r.Host), method: r.Method, query: r.URL.Query(), header: r.Header, body: body, url: r.URL.Path, now: s.now(),
	}
	if c.method == http.MethodHead {
		c.method = http.MethodGet
	}
	c.path = split(r.URL.Path)
	return c, nil
}

func split(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

func (s *Sim) respond(c *call, answers product) answer {
	if err := s.settle(c); err != nil {
		return jsonAnswer(http.StatusBadRequest, map[string]string{"detail": err.Error()})
	}
	c.now = c.now.Add(c.faults.skew)
	if a, ok := c.faults.instead(); ok {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return answers(s, c)
}

// settle finds the faults that a request suffers: rules first, then its header.
func (s *Sim) settle(c *call) error {
	settings := s.rules.take(place{host: c.host, path: c.url, client: c.header.Get("X-Api-Key")})
	for _, text := range c.header.Values("X-Sim-Fault") {
		more, err := parseFaults(text)
		if err != nil {
			return err
		}
		settings = append(settings, more...)
	}
	c.faults = combine(settings)
	for _, set := range settings {
		c.faultSet = append(c.faultSet, set.fault.Name)
	}
	return nil
}

func (s *Sim) deliver(w http.ResponseWriter, r *http.Request, c *call, a answer) {
	if c.faults.slow > 0 {
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(c.faults.slow + writeGrace)) // best effort: a server without deadlines has none to move
		timer := time.NewTimer(c.faults.slow)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	if a.dropped {
		panic(http.ErrAbortHandler) // net/http's own way to close a connection without a reply
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Request-Id", newID())
	if c.faults.skew != 0 {
		header.Set("Date", c.now.UTC().Format(http.TimeFormat))
	}
	for name, values := range a.header {
		header[name] = values
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // the caller may have gone
	}
}

func (s *Sim) record(c *call, a answer) {
	r := Request{
		Time: c.now, Host: c.host, Method: c.method, Path: short(c.url), Method14: short(c.query.Get("method")), ClientID: short(c.header.Get("X-Api-Key")),
		Status: a.status, Dropped: a.dropped, Faults: c.faultSet,
	}
	s.journal.add(r)
	s.log.LogAttrs(c.ctx, slog.LevelDebug, "stand-in answered",
		slog.String("host", r.Host), slog.String("method", r.Method), slog.String("path", r.Path), slog.Int("status", r.Status))
}

// newID gives an id in the form of a UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
