package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/cli"
	"latchkey/internal/clock"
)

// now is the time in these tests.
var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// request is what the fake API was asked.
type request struct {
	Line, Body string // "GET /api/v1/…"
	Header     http.Header
}

// fakeAPI answers as a test scripts it, in the shapes of /api/v1, and remembers what it was asked.
type fakeAPI struct {
	*httptest.Server
	mu       sync.Mutex
	answers  map[string][]answer // "GET /connections/acme" → answers in turn, the last one again and again
	requests []request
}

type answer struct {
	status int
	body   string
}

func newFakeAPI(t *testing.T) *fakeAPI {
	t.Helper()
	f := &fakeAPI{answers: map[string][]answer{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// on scripts answers to a method and a path below /api/v1.
func (f *fakeAPI) on(line string, status int, bodies ...string) *fakeAPI {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, body := range bodies {
		f.answers[line] = append(f.answers[line], answer{status, body})
	}
	return f
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	line := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v1")
	f.requests = append(f.requests, request{line, string(body), r.Header.Clone()})
	script, ok := f.answers[line]
	if !ok {
		script = []answer{{404, `{"title":"Not found","detail":"there is no such thing","status":404}`}}
	}
	if len(script) > 1 {
		f.answers[line] = script[1:]
	}
	kind := "application/json"
	if script[0].status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(script[0].status)
	_, _ = io.WriteString(w, script[0].body)
}

// last gives the latest request of a line.
func (f *fakeAPI) last(t *testing.T, line string) request {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.requests) - 1; i >= 0; i-- {
		if f.requests[i].Line == line {
			return f.requests[i]
		}
	}
	t.Fatalf("%s was not called", line)
	return request{}
}

func (f *fakeAPI) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.requests {
		out = append(out, r.Line)
	}
	return out
}

// shell runs commands as a script would.
type shell struct {
	t      *testing.T
	config cli.Config
	env    map[string]string
	input  string
	ctx    context.Context
}

// newShell makes a shell in a directory of its own, with a server when api is not nil.
func newShell(t *testing.T, api *fakeAPI) *shell {
	t.Helper()
	t.Chdir(t.TempDir())
	s := &shell{t: t, env: map[string]string{}, ctx: t.Context()}
	s.config = cli.Config{Version: "1.2.3", Clock: clock.NewManual(now), PollEvery: time.Millisecond}
	s.config.Getenv = func(name string) string { return s.env[name] }
	s.config.OpenBrowser = func(context.Context, string) error {
		t.Error("a browser was opened")
		return nil
	}
	if api != nil {
		s.env["LATCHKEY_URL"], s.env["LATCHKEY_KEY"] = api.URL, "lk_test"
	}
	return s
}

type result struct {
	code     int
	out, err string
}

func (s *shell) run(args ...string) result {
	s.t.Helper()
	var out, err bytes.Buffer
	config := s.config
	config.In, config.Out, config.Err = strings.NewReader(s.input), &out, &err
	code := cli.Run(s.ctx, config, args)
	return result{code, out.String(), err.String()}
}

// want runs a command and holds what it prints against the expectation.
func (s *shell) want(code int, out, err string, args ...string) {
	s.t.Helper()
	got := s.run(args...)
	if got.code != code || got.out != out || got.err != err {
		s.t.Errorf("latchkey %s\n= %d\n%s%s\nwant %d\n%s%s", strings.Join(args, " "), got.code, got.out, got.err, code, out, err)
	}
}

func (s *shell) file(name, text string) string {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// contains reports parts of a text that are missing.
func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

func lacks(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%s holds %q:\n%s", what, part, text)
		}
	}
}

// at gives an instant in the API's form, d from now.
func at(d time.Duration) string { return fmt.Sprintf("%q", now.Add(d).Format(time.RFC3339)) }

// begin runs a command that serves. It gives the address that it prints, and a function that ends it.
func (s *shell) begin(args ...string) (address string, stop func() result) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	reader, writer := io.Pipe()
	var out, err bytes.Buffer
	config := s.config
	config.In, config.Out, config.Err = strings.NewReader(s.input), writer, &err
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, config, args)
		_ = writer.Close()
	}()
	line, readErr := bufio.NewReader(reader).ReadString('\n')
	if readErr != nil {
		cancel()
		s.t.Fatalf("latchkey %s = %d %s", strings.Join(args, " "), <-ended, err.String())
	}
	out.WriteString(line)
	_, address, _ = strings.Cut(strings.TrimSpace(line), ": ")
	return address, func() result {
		cancel()
		return result{<-ended, out.String(), err.String()}
	}
}
