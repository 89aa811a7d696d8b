package credential_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/secret"
)

// exchanger gives tokens "1", "2", … that live for a while, or refuses.
type exchanger struct {
	clock   clock.Clock
	mu      sync.Mutex
	calls   int
	life    time.Duration
	refusal error
}

func (e *exchanger) Acquire(context.Context, *destination.Plan, exchange.Input) (*exchange.TokenSet, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	if e.refusal != nil {
		return nil, e.refusal
	}
	set := &exchange.TokenSet{AccessToken: secret.New(strings.Repeat("t", e.calls)), IssuedAt: e.clock.Now()}
	if e.life > 0 {
		set.ExpiresAt = set.IssuedAt.Add(e.life)
	}
	return set, nil
}

func oauth() credential.Credential {
	return credential.Credential{Mode: credential.OAuth, Server: "https://ims.example.com", Organization: "A@AdobeOrg", Client: "c", Secret: secret.New("s")}
}

// A token is asked for once, by however many at once, again before it ends, and at once when the broker did not take it; a server
// that refuses is left alone for longer each time.
func TestKeeper(t *testing.T) {
	hand := clock.NewManual(time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC))
	e := &exchanger{clock: hand, life: time.Hour}
	k, err := credential.NewKeeper(oauth(), e, hand)
	if err != nil {
		t.Fatal(err)
	}
	asked := func(want int, after time.Duration) {
		t.Helper()
		hand.Advance(after)
		var many sync.WaitGroup
		for range 8 {
			many.Go(func() { _, _ = k.Token(t.Context()) })
		}
		many.Wait()
		if e.calls != want {
			t.Errorf("the server was asked %d times, want %d", e.calls, want)
		}
	}
	asked(1, 0)
	asked(1, 54*time.Minute)
	asked(2, time.Minute) // five minutes before it ends
	token, err := k.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.Reject(secret.New("another"))
	asked(2, 0)
	k.Reject(token)
	asked(3, 0)
	e.life = 10 * time.Second // four fifths of a short one
	k.Reject(secret.New("ttt"))
	asked(4, 0)
	asked(4, 7*time.Second)
	asked(5, time.Second)
	e.refusal = &exchange.Failure{Kind: exchange.ProviderDown}
	asked(6, 8*time.Second)
	asked(6, 900*time.Millisecond)
	asked(7, 100*time.Millisecond)
	asked(7, time.Second)
	asked(8, time.Second)
	e.refusal = &exchange.Failure{Kind: exchange.ProviderDown, RetryAfter: 30 * time.Second}
	asked(9, 4*time.Second)
	asked(9, 29*time.Second)
	e.refusal = nil
	asked(10, time.Second)
	if _, err := k.Token(t.Context()); err != nil {
		t.Error(err)
	}
}

// Fingerprints tell credentials apart, show none, and don't depend on how a key was pasted; a mode that is none is refused.
func TestFingerprint(t *testing.T) {
	one := oauth()
	seen := map[string]bool{one.Fingerprint(): true}
	for _, change := range []func(*credential.Credential){
		func(c *credential.Credential) { c.Client = "d" }, func(c *credential.Credential) { c.Secret = secret.New("other") },
		func(c *credential.Credential) { c.Organization = "B@AdobeOrg" }, func(c *credential.Credential) { c.Server = "https://other.example.com" },
		func(c *credential.Credential) { c.Mode = credential.JWT },
	} {
		c := oauth()
		change(&c)
		if f := c.Fingerprint(); len(f) != 16 || seen[f] {
			t.Errorf("%+v has the fingerprint %s", c, f)
		}
		seen[c.Fingerprint()] = true
	}
	if f := (credential.Credential{Mode: credential.None}).Fingerprint(); f != "" {
		t.Errorf("none has the fingerprint %s", f)
	}
	c := oauth()
	c.Mode = "telepathy"
	if _, ok := errors.AsType[*credential.Problem](c.Check()); !ok {
		t.Errorf("Check() = %v", c.Check())
	}
}
