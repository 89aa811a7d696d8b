package authority

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// identify finds the client that a request names.
func (x *exchange) identify(f form) (*project.Client, *fault) {
	id := f.clientID()
	x.client = id
	if id == "" {
		return nil, &fault{status: http.StatusBadRequest, code: "invalid_client", says: "The client_id is missing."}
	}
	client, err := x.config.Clients.Client(x.r.Context(), id)
	if errors.Is(err, project.ErrNotFound) {
		return nil, &fault{status: http.StatusBadRequest, code: "invalid_client", says: "The client_id does not exist."}
	}
	if err != nil {
		x.config.Log.ErrorContext(x.r.Context(), "reading a client", "debug_id", x.debug, "error", err)
		return nil, &fault{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", says: "Clients can't be read at present; try again."}
	}
	x.share(client)
	x.known = client
	if !client.Enabled {
		return nil, (&fault{status: http.StatusBadRequest, code: "invalid_client", says: "The client is disabled."}).because("credential", client.Credential)
	}
	return client, nil
}

// authenticate finds the client and checks its proof: a secret, or an assertion. It gives the secret's id, or the binding's.
func (x *exchange) authenticate(f form) (*project.Client, string, *fault) {
	client, refused := x.identify(f)
	if refused != nil {
		return nil, "", refused
	}
	place := x.place(client)
	if !x.tries.allowed(place) {
		// 400 rather than 429, at which aio-lib-ims hangs for good (spec §6.3).
		return nil, "", &fault{status: http.StatusBadRequest, code: "invalid_client", says: "Too many wrong secrets came from there; wait a minute."}
	}
	if f.asserts() {
		binding, refused := x.assertionOf(client, f)
		if refused != nil {
			return nil, "", refused
		}
		return client, binding, nil
	}
	presented := f.get("client_secret")
	if presented == "" {
		return nil, "", &fault{status: http.StatusUnauthorized, code: "invalid_client", says: "The client_secret is missing."}
	}
	uuid, ok := x.config.Clients.CheckSecret(client, secret.New(presented))
	if !ok {
		x.tries.failed(place)
		return nil, "", (&fault{status: http.StatusUnauthorized, code: "invalid_client", says: "The client_id and client_secret do not match."}).
			because(x.triedSecrets(client, presented)...)
	}
	return client, uuid, nil
}

// place names who guesses: a client, from an address.
func (x *exchange) place(client *project.Client) string {
	return client.ClientID + " " + x.r.RemoteAddr[:max(0, lastColon(x.r.RemoteAddr))]
}

func lastColon(address string) int {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ':' {
			return i
		}
	}
	return len(address)
}

// tries limits guesses at a secret, by client and address: twenty at once, and one more every three seconds.
type tries struct {
	clock clock.Clock
	mu    sync.Mutex
	known map[string]*guesses
}

type guesses struct {
	left float64
	at   time.Time
}

const (
	guessesAtOnce = 20
	guessEvery    = 3 * time.Second
	maxGuessers   = 10_000
)

func newTries(clock clock.Clock) *tries { return &tries{clock: clock, known: map[string]*guesses{}} }

// allowed tells whether a guess may be made. Who never failed is not known, and costs nothing.
func (t *tries) allowed(place string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.known[place]
	if g == nil {
		return true
	}
	g.refill(t.clock.Now())
	return g.left >= 1
}

func (g *guesses) refill(now time.Time) {
	passed := max(0, now.Sub(g.at)) // a clock that was set back takes nobody's guesses away
	g.left = min(guessesAtOnce, g.left+passed.Seconds()/guessEvery.Seconds())
	g.at = now
}

func (t *tries) failed(place string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	g := t.known[place]
	if g == nil {
		if len(t.known) >= maxGuessers {
			t.forget(now)
		}
		g = &guesses{left: guessesAtOnce, at: now}
		t.known[place] = g
	}
	g.refill(now)
	g.left--
}

// forget lets go of those who may guess freely again, or of all where that is not enough.
func (t *tries) forget(now time.Time) {
	for place, g := range t.known {
		if g.refill(now); g.left >= guessesAtOnce {
			delete(t.known, place)
		}
	}
	if len(t.known) >= maxGuessers {
		clear(t.known)
	}
}
