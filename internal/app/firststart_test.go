package app_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/app"
)

// screen is what a server prints, for the test to read meanwhile.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	said chan struct{}
	once sync.Once
}

func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.once.Do(func() { close(s.said) })
	return s.text.Write(text)
}

// serving runs the server until the test says so, and gives what it printed and where it answers.
func serving(t *testing.T, config string) (printed, address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, done := &screen{said: make(chan struct{})}, make(chan error, 1)
	go func() { done <- app.Serve(ctx, app.ServeOptions{Config: config, Out: out, Err: io.Discard}) }()
	select {
	case <-out.said:
	case err := <-done:
		t.Fatalf("Serve() = %v", err)
	case <-time.After(time.Minute):
		t.Fatal("the server does not start")
	}
	out.mu.Lock()
	printed = out.text.String()
	out.mu.Unlock()
	return printed, regexp.MustCompile(`serves at ([^,]+),`).FindStringSubmatch(printed)[1], sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

// TestFirstStart starts a server on nothing: it prints a link, the same at each start, until somebody has set it up.
func TestFirstStart(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "latchkey.yaml")
	text := "listen: 127.0.0.1:0\npublic_url: http://127.0.0.1:1\ndata: $DIR/data\nseal: {root_key_file: $DIR/root.key}\norganization: {id: 6096892F54B5819E0A4C98A2@AdobeOrg, name: Moviestar}\n"
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(text, "$DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.NewRootKey(filepath.Join(dir, "root.key")); err != nil {
		t.Fatal(err)
	}
	find := regexp.MustCompile(`http://127\.0\.0\.1:1(/set-up\?token=\S{43})\n`)
	printed, _, stop := serving(t, config)
	first := find.FindStringSubmatch(printed)
	stop()
	printed, address, stop := serving(t, config)
	defer stop()
	if second := find.FindStringSubmatch(printed); first == nil || second == nil || first[1] != second[1] {
		t.Fatalf("the links are %v and %v; printed:\n%s", first, second, printed)
	}

	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	defer client.CloseIdleConnections()
	read := func(response *http.Response, err error) (int, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if status, page := read(client.Get("http://" + address + "/sign-in")); status != http.StatusServiceUnavailable || !strings.Contains(page, "not set up yet") {
		t.Errorf("before it is set up, /sign-in is %d %s", status, page)
	}
	if status, _ := read(client.Get("http://" + address + "/readyz")); status != http.StatusOK {
		t.Errorf("/readyz is %d: a load balancer would send nobody to the page", status)
	}
	_, page := read(client.Get("http://" + address + first[1]))
	hidden := func(name string) string {
		found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
		if found == nil {
			t.Fatalf("no %s in %s", name, page)
		}
		return found[1]
	}
	form := url.Values{
		"csrf": {hidden("csrf")}, "token": {hidden("token")}, "organization": {hidden("organization")}, "first_name": {"Ada"},
		"email": {"ada@example.com"}, "password": {"correct horse battery"}, "again": {"correct horse battery"},
	}
	status, page := read(client.PostForm("http://"+address+"/set-up", form))
	if status != http.StatusOK || !strings.Contains(page, "6096892F54B5819E0A4C98A2@AdobeOrg") || !strings.Contains(page, "Moviestar") {
		t.Errorf("after it was set up: %d %s", status, page)
	}
	stop()
	printed, _, stop = serving(t, config)
	stop()
	if strings.Contains(printed, "/set-up") {
		t.Errorf("a server that is set up prints\n%s", printed)
	}
}
