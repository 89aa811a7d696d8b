package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/client"
)

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct{ name, url, key, want string }{
		{"no url", "", testKey, "no server URL"},
		{"no scheme", "localhost:8377", testKey, "https://host"},
		{"other scheme", "ftp://x", testKey, "https://host"},
		{"no host", "http://", testKey, "https://host"},
		{"user", "http://u:" + testKey + "@x", testKey, "goes into Key"},
		{"query", "http://x?key=" + testKey, testKey, "query"},
		{"no key", "http://x", "", "no API key"},
		{"header in key", "http://x", testKey + "\r\nX: y", "characters"},
		{"key as url", testKey + " ", testKey, "https://host"},
	} {
		_, err := client.New(client.Config{URL: c.url, Key: c.key})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: New = %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), testKey) {
			t.Errorf("%s: the error holds the key: %v", c.name, err)
		}
	}
}

func TestRequestHeaders(t *testing.T) {
	s := newStub(t, answer(200, `{"name":"latchkey","version":"1.2.3","caller":{"scopes":["admin"]}}`))
	c := s.client(t, func(c *client.Config) {
		c.URL += "/behind/"
		c.Sandbox = "stage"
		c.UserAgent = "tests/1"
		c.Key += "\n"
	})
	who, err := c.Whoami(t.Context())
	if err != nil || who.Version != "1.2.3" || who.Caller.Scopes[0] != "admin" {
		t.Fatalf("Whoami = %+v, %v", who, err)
	}
	got := s.requests()[0]
	if got.URI != "/behind/api/v1" {
		t.Errorf("called %s", got.URI)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + testKey, "X-Sandbox-Name": "stage", "User-Agent": "tests/1 latchkey-client",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

func TestReadsAreRetried(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		after  string
		want   int // requests
	}{
		{"busy", 503, "", 3}, {"gateway", 502, "0", 3}, {"rate", 429, "nonsense", 3},
		{"long rate limit", 429, "3600", 1}, {"provider down", 424, "", 1}, {"internal", 500, "", 1},
	} {
		s := newStub(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 2 {
				write(w, 200, `{"id":"conn_1"}`)
				return
			}
			w.Header().Set("Retry-After", c.after)
			write(w, c.status, `{"title":"no"}`)
		})
		_, err := s.client(t).Connection(t.Context(), "conn_1")
		if got := len(s.requests()); got != c.want || (err == nil) != (c.want == 3) {
			t.Errorf("%s: %d requests, %v, want %d", c.name, got, err, c.want)
		}
	}
}

func TestWritesAreSentOnce(t *testing.T) {
	s := newStub(t, answer(503, `{"title":"busy"}`))
	c := s.client(t)
	_, _ = c.CreateConnection(t.Context(), client.NewConnection{Definition: "d"})
	_, _ = c.RefreshConnection(t.Context(), "x")
	_, _ = c.DeleteConnection(t.Context(), "x")
	_, _ = c.UpdateConnection(t.Context(), "x", client.ConnectionPatch{})
	_, _ = c.UpdateDefinition(t.Context(), "x", []byte(`{}`))
	if got := len(s.requests()); got != 5 {
		t.Errorf("%d requests for 5 calls", got)
	}
}

func TestRetriesCanBeSwitchedOff(t *testing.T) {
	s := newStub(t, answer(503, `{"title":"busy"}`))
	_, _ = s.client(t, func(c *client.Config) { c.Retries = -1 }).Connection(t.Context(), "x")
	if got := len(s.requests()); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	other := newStub(t, answer(200, `{}`))
	s := newStub(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	_, err := s.client(t, func(c *client.Config) { c.HTTPClient = http.DefaultClient }).Whoami(t.Context())
	if err == nil || !strings.Contains(err.Error(), "redirect") || len(other.requests()) != 0 {
		t.Errorf("Whoami = %v, %d requests at the other server", err, len(other.requests()))
	}
	if http.DefaultClient.CheckRedirect != nil {
		t.Error("the caller's HTTP client was changed")
	}
}

func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := client.New(client.Config{URL: s.URL, Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Whoami(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no answer from "+s.URL+": ") || strings.Contains(err.Error(), testKey) {
		t.Errorf("Whoami = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Whoami(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Whoami of a canceled context = %v", err)
	}
}
