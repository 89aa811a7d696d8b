package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/limit"
)

// guesses limits how often passwords are tried. Tries that succeed count, too: who knows the password needs few.
type guesses struct {
	// pair is by address and e-mail, email by e-mail from wherever, address by address for whoever.
	pair, email, address *limit.Limiter
}

func newGuesses(c clock.Clock) guesses {
	return guesses{
		pair:    limit.New(limit.Rate{Every: 30 * time.Second, Burst: 10}, c),
		email:   limit.New(limit.Rate{Every: 20 * time.Second, Burst: 40}, c),
		address: limit.New(limit.Rate{Every: 2 * time.Second, Burst: 60}, c),
	}
}

// wait counts a try at the e-mail's password, and gives how long to wait instead. An empty e-mail counts for the address
// alone.
func (g guesses) wait(r *http.Request, email string) time.Duration {
	from := limit.Address(r.RemoteAddr)
	if wait := g.address.Wait(from); wait > 0 || email == "" {
		return wait
	}
	key := strings.ToLower(email)
	if wait := g.pair.Wait(from + " " + key); wait > 0 {
		return wait
	}
	return g.email.Wait(key)
}

// tooMany says how long to wait, in the header and in words.
func tooMany(w http.ResponseWriter, wait time.Duration) string {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return "That was tried too often. Wait " + plural(seconds, "second") + " and try again."
}
