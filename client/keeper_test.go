package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/client"
)

// house is a server within a bubble of fake time: it speaks HTTP without a socket.
type house struct {
	mu    sync.Mutex
	life  time.Duration // of a token; it is renewed when less than a tenth is left
	born  time.Time
	count int64
	stuck bool // there is no newer token
	away  bool // no answer
	slow  time.Duration
	says  int            // a status that is answered instead
	body  string         // with it
	asked map[string]int // :: method → requests
}

var errAway = errors.New("connection refused")

func (h *house) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	if h.asked == nil {
		h.asked = map[string]int{}
	}
	h.asked[r.Method]++
	slow := h.slow
	h.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.away:
		return nil, errAway
	case h.says != 0:
		return reply(r, h.says, h.body, ""), nil
	}
	left := h.born.Add(h.life).Sub(time.Now())
	least := h.life / 10
	if text := r.URL.Query().Get("min_ttl"); text != "" {
		seconds, _ := strconv.Atoi(text)
		least = max(least, min(time.Duration(seconds)*time.Second, h.life/2))
	}
	refused := strings.Trim(r.Header.Get("If-None-Match"), `"`) == client.Hash(h.token())
	if refused && h.stuck {
		return reply(r, http.StatusNotModified, "", ""), nil
	}
	if left < least && !h.stuck || refused {
		h.count++
		h.born, left = time.Now(), h.life
	}
	body := fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_at":%q,"expires_in":%d,"generation":%d,"connection":"conn_1"}`,
		h.token(), h.born.Add(h.life).UTC().Format(time.RFC3339), int(left/time.Second), h.count)
	return reply(r, http.StatusOK, body, client.Hash(h.token())), nil
}

func (h *house) token() string { return fmt.Sprintf("token-%d", h.count) }

func (h *house) set(change func(*house)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

func (h *house) requests(method string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[method]
}

// valid fails unless the token is one that the house has issued and that has not ended.
func (h *house) valid(t *testing.T, token client.Token) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if token.AccessToken == h.token() && time.Now().Before(h.born.Add(h.life)) {
		return
	}
	if !time.Now().Before(token.ExpiresAt) {
		t.Fatalf("at %s a token was given that ended at %s", time.Now().UTC(), token.ExpiresAt)
	}
}

func reply(r *http.Request, status int, body, tag string) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	if status >= 400 {
		header.Set("Content-Type", "application/problem+json")
	}
	if tag != "" {
		header.Set("ETag", `"`+tag+`"`)
	}
	if r.Method == http.MethodHead {
		body = ""
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// keeper gives a keeper of the house's tokens.
func (h *house) keeper(t testing.TB, edit ...func(*client.KeeperConfig)) *client.Keeper {
	t.Helper()
	c, err := client.New(client.Config{URL: "http://latchkey.test", Key: testKey, HTTPClient: &http.Client{Transport: h}})
	if err != nil {
		t.Fatal(err)
	}
	config := client.KeeperConfig{Client: c}
	for _, e := range edit {
		e(&config)
	}
	k, err := client.NewKeeper(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

const disabled = `{"type":"/docs/errors#connection_disabled","title":"The connection is disabled","status":409}`

// TestAbsence is ten minutes without a server, at each point of a token's life: what is valid is served, what has ended
// never, and when nothing is left the error says since when.
func TestAbsence(t *testing.T) {
	for _, at := range []time.Duration{0, 20 * time.Minute, 45 * time.Minute, 52 * time.Minute, 59 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			h := &house{life: time.Hour}
			k := h.keeper(t)
			begin := time.Now()
			for ; time.Since(begin) < at; time.Sleep(7 * time.Second) {
				token, err := k.Token(t.Context(), "acme", client.TokenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				h.valid(t, token)
			}
			token, err := k.Token(t.Context(), "acme", client.TokenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			ends := token.ExpiresAt
			h.set(func(h *house) { h.away = true })
			left := time.Now()
			for ; time.Since(left) < 10*time.Minute; time.Sleep(7 * time.Second) {
				asked := time.Now()
				token, err := k.Token(t.Context(), "acme", client.TokenOptions{})
				if err != nil {
					t.Fatalf("%s: after %s away: %v; the token lives until %s", at, time.Since(left), err, ends)
				}
				h.valid(t, token)
				if time.Since(asked) > 2500*time.Millisecond {
					t.Errorf("%s: a valid token took %s while the server was away", at, time.Since(asked))
				}
			}
			h.set(func(h *house) { h.away = false })
			time.Sleep(31 * time.Second)
			for range 600 {
				token, err := k.Token(t.Context(), "acme", client.TokenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				h.valid(t, token)
				time.Sleep(7 * time.Second)
			}
		})
	}
}

func TestAbsenceUntilNoneIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		k := h.keeper(t)
		token, err := k.Token(t.Context(), "acme", client.TokenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		h.set(func(h *house) { h.away = true })
		away := time.Now()
		var none *client.NoTokenError
		for {
			time.Sleep(500 * time.Millisecond)
			got, err := k.Token(t.Context(), "acme", client.TokenOptions{})
			if time.Now().Before(token.ExpiresAt) != (err == nil) {
				t.Fatalf("at %s, where the token ends at %s: %v, %v", time.Now().UTC(), token.ExpiresAt, got, err)
			}
			if errors.As(err, &none) {
				break
			}
		}
		if !none.Ended.Equal(token.ExpiresAt) || none.Since.Before(away) || none.Since.Sub(away) > 32*time.Second || none.TakenBack() ||
			!errors.Is(none, errAway) || !strings.Contains(none.Error(), "no token of acme since 2000-01-01T01:00:00Z, when the last one ended; asking has failed since 2000-01-01T00:30:") {
			t.Errorf("the error is %v: %+v", none, none)
		}
		h.set(func(h *house) { h.away = false })
		if token, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil || token.Generation != 2 {
			t.Errorf("after its return the server gives %v, %v", token, err)
		}
	})
}

func TestOneRequestForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour, slow: time.Second}
		k := h.keeper(t)
		var wait sync.WaitGroup
		ask := func(options client.TokenOptions, generation int64) {
			for range 1000 {
				wait.Go(func() {
					token, err := k.Token(t.Context(), "acme", options)
					if err != nil || token.Generation != generation {
						t.Errorf("Token = %v, %v; want generation %d", token, err, generation)
					}
				})
			}
			wait.Wait()
		}
		ask(client.TokenOptions{}, 1)
		ask(client.TokenOptions{Rejected: client.Hash("token-1")}, 2)
		ask(client.TokenOptions{Rejected: client.Hash("token-1")}, 2)
		if n := h.requests(http.MethodGet); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		h.set(func(h *house) { h.stuck = true })
		for range 3 {
			if _, err := k.Token(t.Context(), "acme", client.TokenOptions{Rejected: client.Hash("token-2")}); !errors.Is(err, client.ErrNotModified) {
				t.Errorf("a rejected token that is the newest: %v", err)
			}
		}
		if n := h.requests(http.MethodGet); n != 3 {
			t.Errorf("%d requests, want 3: a generation is refreshed once", n)
		}
		if token, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil || token.Generation != 2 {
			t.Errorf("Token = %v, %v", token, err)
		}
	})
}

func TestRenewedInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		k := h.keeper(t, func(c *client.KeeperConfig) { c.Watch = -1 })
		for range 24 * 6 {
			begin := time.Now()
			h.set(func(h *house) { h.slow = 0 })
			token, err := k.Token(t.Context(), "acme", client.TokenOptions{})
			if err != nil || token.ExpiresIn < 30*time.Second || time.Since(begin) != 0 {
				t.Fatalf("%v with %s left, %v, after %s", token, token.ExpiresIn, err, time.Since(begin))
			}
			h.set(func(h *house) { h.slow = time.Second })
			time.Sleep(10 * time.Minute)
		}
		if get, head := h.requests(http.MethodGet), h.requests(http.MethodHead); get > 36 || head != 0 {
			t.Errorf("%d reads and %d checks in a day of tokens that live an hour", get, head)
		}
	})
}

// TestShortTokens holds that tokens shorter than the margin are served, and not asked for at every call.
func TestShortTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: 20 * time.Second}
		k := h.keeper(t, func(c *client.KeeperConfig) { c.Watch = -1 })
		for range 6000 {
			token, err := k.Token(t.Context(), "acme", client.TokenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			h.valid(t, token)
			time.Sleep(100 * time.Millisecond)
		}
		if n := h.requests(http.MethodGet); n > 200 {
			t.Errorf("%d reads in ten minutes of tokens that live 20 seconds", n)
		}
	})
}

func TestRevocationIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		k := h.keeper(t)
		if _, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil {
			t.Fatal(err)
		}
		h.set(func(h *house) { h.says, h.body = 404, `<h1>404 from what stands before the server</h1>` })
		time.Sleep(time.Minute)
		if _, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil {
			t.Fatalf("a 404 that is not the server's took the token away: %v", err)
		}
		h.set(func(h *house) { h.says, h.body = 409, disabled })
		time.Sleep(31 * time.Second)
		_, err := k.Token(t.Context(), "acme", client.TokenOptions{})
		none, ok := errors.AsType[*client.NoTokenError](err)
		if !ok || !none.TakenBack() || none.Ended.IsZero() || time.Since(none.Ended) > 31*time.Second {
			t.Errorf("half a minute after the connection was disabled: %v", err)
		}
		h.set(func(h *house) { h.says = 0 })
		if _, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil {
			t.Errorf("when it is enabled again: %v", err)
		}
	})
}

func TestNewerTokensAreNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		k := h.keeper(t)
		_, _ = k.Token(t.Context(), "acme", client.TokenOptions{})
		h.set(func(h *house) { h.count, h.born = h.count+1, time.Now() })
		time.Sleep(31 * time.Second)
		h.set(func(h *house) { h.away = true })
		if token, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil || token.Generation != 2 {
			t.Errorf("half a minute after a renewal: %v, %v", token, err)
		}
	})
}

func TestIdleTokensAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		k := h.keeper(t, func(c *client.KeeperConfig) { c.Idle = time.Minute })
		_, _ = k.Token(t.Context(), "acme", client.TokenOptions{})
		time.Sleep(30 * time.Minute)
		if get, head := h.requests(http.MethodGet), h.requests(http.MethodHead); get != 1 || head > 3 {
			t.Errorf("%d reads, %d checks", get, head)
		}
		h.set(func(h *house) { h.away = true })
		if _, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil {
			t.Errorf("a token that nobody asked for, but is valid: %v", err)
		}
		time.Sleep(24 * time.Hour)
		h.set(func(h *house) { h.away = false })
		if token, err := k.Token(t.Context(), "acme", client.TokenOptions{}); err != nil || token.Generation != 2 {
			t.Errorf("a day later: %v, %v", token, err)
		}
	})
}

// TestSlowServer holds that a caller who has a valid token does not wait long for a better one, and that a caller's own end
// is heeded.
func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{life: time.Hour}
		k := h.keeper(t, func(c *client.KeeperConfig) { c.Watch = -1 })
		_, _ = k.Token(t.Context(), "acme", client.TokenOptions{})
		h.set(func(h *house) { h.slow = time.Hour })
		begin := time.Now()
		if _, err := k.Token(t.Context(), "acme", client.TokenOptions{MinTTL: 2 * time.Hour}); err != nil || time.Since(begin) != 2*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := k.Token(ctx, "other", client.TokenOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Token = %v", err)
		}
		k.Close()
		if _, err := k.Token(t.Context(), "acme", client.TokenOptions{}); !errors.Is(err, client.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}
