package client_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/client"
)

// service is a service that takes the one token that it is told of, and remembers what it got.
type service struct {
	*httptest.Server
	mu    sync.Mutex
	takes string
	got   []seen
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got = append(s.got, seen{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		takes := s.takes
		s.mu.Unlock()
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			return
		}
		if !strings.Contains(r.Header.Get("Authorization")+r.URL.RawQuery+r.Header.Get("X-Token"), takes) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "served "+string(body))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) calls() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.got...)
}

var bearer = &client.Placement{Header: "Authorization", Prefix: "Bearer "}

func via(k *client.Keeper, placement *client.Placement) *http.Client {
	return &http.Client{Transport: &client.Transport{Keeper: k, Connection: "acme", Placement: placement}}
}

func TestTransportPlaces(t *testing.T) {
	for _, c := range []struct {
		placement          client.Placement
		auth, header, line string
	}{
		{*bearer, "Bearer token-1", "", "/x?a=1"},
		{client.Placement{Header: "X-Token"}, "caller's own", "token-1", "/x?a=1"},
		{client.Placement{Query: "access_token"}, "caller's own", "", "/x?a=1&access_token=token-1"},
	} {
		h, s := &house{life: time.Hour}, newService(t)
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/x?a=1", nil)
		r.Header.Set("Authorization", "caller's own")
		response, err := via(h.keeper(t), &c.placement).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		got := s.calls()[0]
		if got.URI != c.line || got.Header.Get("Authorization") != c.auth || got.Header.Get("X-Token") != c.header {
			t.Errorf("%v: the service got %s %v", c.placement, got.URI, got.Header)
		}
		if response.Request.Header.Get("Authorization") != "caller's own" || response.Request.URL.RawQuery != "a=1" {
			t.Errorf("%v: the token is in what the caller sees: %v", c.placement, response.Request)
		}
	}
}

func TestTransportRepairs(t *testing.T) {
	for _, c := range []struct {
		name   string
		body   io.Reader
		takes  string // by the service
		stuck  bool
		calls  int
		status int
		note   string
	}{
		{"accepted", strings.NewReader("b"), "token-1", false, 1, 200, ""},
		{"without a body", nil, "token-2", false, 2, 200, ""},
		{"with one that can be had again", strings.NewReader("b"), "token-2", false, 2, 200, ""},
		{"with one that can't", io.MultiReader(strings.NewReader("b")), "token-2", false, 1, 401, "its body can't be had again"},
		{"nothing newer", nil, "token-2", true, 1, 401, "no newer one"},
		{"refused again", nil, "token-9", false, 2, 401, ""},
	} {
		h, s := &house{life: time.Hour, stuck: c.stuck, count: 0}, newService(t)
		if c.stuck {
			h.count, h.born = 1, time.Now()
		}
		s.takes = c.takes
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, c.body)
		response, err := via(h.keeper(t), bearer).Do(r)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		_ = response.Body.Close()
		calls := s.calls()
		if len(calls) != c.calls || response.StatusCode != c.status || !strings.Contains(response.Header.Get(client.NoteHeader), c.note) {
			t.Errorf("%s: %d calls, %s, %q", c.name, len(calls), response.Status, response.Header.Get(client.NoteHeader))
		}
		if c.body != nil && calls[len(calls)-1].Body != "b" {
			t.Errorf("%s: the service got the body %q", c.name, calls[len(calls)-1].Body)
		}
	}
}

// TestTransportRefreshesOnceForAll holds that a hundred calls whose token is refused cause one refresh.
func TestTransportRefreshesOnceForAll(t *testing.T) {
	h, s := &house{life: time.Hour}, newService(t)
	s.takes = "token-2"
	service := via(h.keeper(t), bearer)
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			response, err := service.Post(s.URL, "text/plain", bytes.NewReader([]byte("b")))
			if err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("%v, %v", response, err)
				return
			}
			_ = response.Body.Close()
		})
	}
	wait.Wait()
	if h.count != 2 || h.requests(http.MethodGet) != 2 {
		t.Errorf("%d tokens in %d requests", h.count, h.requests(http.MethodGet))
	}
}

func TestTransportKeepsTheTokenFromOtherHosts(t *testing.T) {
	h, s, other := &house{life: time.Hour}, newService(t), newService(t)
	service := via(h.keeper(t), bearer)
	get := func(address string) {
		response, err := service.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	get(s.URL + "/?to=" + other.URL + "/%3Fto%3D" + other.URL + "/end")
	if calls := other.calls(); len(calls) != 2 || calls[0].Header.Get("Authorization")+calls[1].Header.Get("Authorization") != "" {
		t.Errorf("the other host got %v", calls)
	}
	get(s.URL + "/?to=/end")
	if calls := s.calls(); len(calls) != 3 || calls[2].URI != "/end" || calls[2].Header.Get("Authorization") != "Bearer token-1" {
		t.Errorf("the same host got %v", calls)
	}
}

type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

func TestTransportWithoutAToken(t *testing.T) {
	h, s := &house{away: true}, newService(t)
	b := &body{Reader: strings.NewReader("b")}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, b)
	_, err := via(h.keeper(t), nil).Do(r)
	if err == nil || !strings.Contains(err.Error(), "no token of acme; asking has failed since") || !b.closed || len(s.calls()) != 0 {
		t.Errorf("Do = %v, closed %v, %d calls", err, b.closed, len(s.calls()))
	}
}
