package connection

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"latchkey/internal/exchange"
)

// The rules of when a token is renewed (spec/token-keeping.md, "Decide"). All of this file is pure.
const (
	// shortLife is below what a token is renewed at half of its life.
	shortLife = 2 * time.Minute
	// safety is how long before its end a token is renewed at the latest.
	safety = time.Minute
	// brokenLife is the life taken for a token that was dead on arrival.
	brokenLife = 10 * time.Second

	backoffBase  = 5 * time.Second
	backoffCap   = 15 * time.Minute
	backoffFloor = time.Second
	// callerPatience is how long after a failure, at most, a caller who is left with nothing may have the provider asked
	// again. In the background the backoff goes on: the longer an outage, the longer it would outlive it.
	callerPatience = 30 * time.Second
	// storePatience is the same after a failure of the store, which costs no provider anything.
	storePatience = 200 * time.Millisecond
	// retryAfterCap bounds what a provider can ask for.
	retryAfterCap = 24 * time.Hour
)

// lifetime is what is known or assumed of a token set's life.
type lifetime struct {
	issued time.Time
	// ends is when the access token ends; when assumed, it is our guess.
	ends    time.Time
	assumed bool
	// refreshEnds is when the refresh token ends, zero when unknown or when there is none.
	refreshEnds time.Time
}

// lifeOf reads the life of a token set. A renewable one of unknown life is assumed to live fallback; one that can't be
// renewed is kept as long as nobody rejects it, and has no end.
func lifeOf(tokens *exchange.TokenSet, renewable bool, fallback time.Duration) lifetime {
	l := lifetime{issued: tokens.IssuedAt, ends: tokens.ExpiresAt}
	if !tokens.RefreshToken.Empty() {
		l.refreshEnds = tokens.RefreshExpiresAt
	}
	if l.ends.IsZero() && renewable {
		l.ends, l.assumed = l.issued.Add(fallback), true
	}
	return l
}

// refreshAt says when the token should be renewed: at 70 to 85 % of its life, spread says where between (0 to 1); at
// half of a short one; leeway before its end when the definition has one. Never later than a minute before the end,
// and earlier when the refresh token ends sooner. Zero means never.
func (l lifetime) refreshAt(renewable bool, leeway time.Duration, spread float64) time.Time {
	if !renewable || l.ends.IsZero() {
		return l.ends // the connection then needs a consent, and says so
	}
	life := l.ends.Sub(l.issued)
	var at time.Time
	switch {
	case life < brokenLife/2:
		at = l.issued.Add(max(life/2, brokenLife/2))
	case leeway > 0 && leeway < life:
		at = l.ends.Add(-leeway)
	case life < shortLife || leeway > 0:
		at = l.issued.Add(life / 2)
	default:
		at = l.issued.Add(time.Duration(float64(life) * (0.70 + 0.15*spread)))
		at = earlier(at, l.ends.Add(-safety))
	}
	return earlier(at, l.beforeRefreshEnds())
}

// beforeRefreshEnds keeps an idle connection alive: the refresh token is used at 90 % of what is left of its life. One
// that has under two minutes left can't be helped by haste.
func (l lifetime) beforeRefreshEnds() time.Time {
	left := l.refreshEnds.Sub(l.issued)
	if l.refreshEnds.IsZero() || left < shortLife {
		return time.Time{}
	}
	return l.refreshEnds.Add(-max(left/10, safety))
}

// earlier gives the first of two instants, of which b may be absent.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// spread gives a number in [0, 1) that belongs to a connection and a generation: it differs between connections, so
// that they don't come due together, and is the same on every node.
func spread(id string, generation int64) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	var n [8]byte
	for i := range n {
		n[i] = byte(generation >> (8 * i))
	}
	_, _ = h.Write(n[:])
	// FNV leaves the high bits poorly mixed for inputs that differ at the end.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// patience says until when a caller with no valid token is refused after a failure, given when the background tries
// again. Only an outage passes by itself, and what the provider asked for holds for everyone.
func patience(last *LastError, setbacks int, next time.Time) time.Time {
	if last == nil || last.Kind != exchange.ProviderDown {
		return next
	}
	until := last.At.Add(min(callerPatience, backoffFloor<<min(setbacks, 5)))
	if until.Before(last.NotBefore) {
		until = last.NotBefore
	}
	return earlier(until, next)
}

// inTime moves the next try forward that would come when the token has ended, to a moment before that, if there is one: a
// failure is rarely the last word, and who waits until the token is gone leaves callers with nothing. What the provider
// asked for holds, and a person's matter is left to the person.
func inTime(at, now, ends time.Time, life time.Duration, failure *exchange.Failure) time.Time {
	if ends.IsZero() || failure.Kind != exchange.ProviderDown && failure.Kind != exchange.BadResponse {
		return at
	}
	margin := min(life/8, safety)
	last := ends.Add(-margin - rand.N(margin+1))
	if !at.After(last) || last.Before(now.Add(max(backoffFloor, failure.RetryAfter))) {
		return at
	}
	return last
}

// backoff says how long to wait after the setbacks-th failure in a row: full jitter under a ceiling that doubles, and
// no less than the provider asked for. What is denied, and
// a client that is refused waits for a person, unless the provider's health says when to ask again for it.
func backoff(setbacks int, failure *exchange.Failure, paced bool) time.Duration {
	ceiling := backoffCap
	if shift := setbacks - 1; shift < 10 {
		ceiling = min(backoffCap, backoffBase<<max(shift, 0))
	}
	wait := max(backoffFloor, rand.N(ceiling))
	if failure.Kind == exchange.ClientDead && !paced || failure.Kind == exchange.Denied { // a person must mend it; the grant lives
		wait = backoffCap/2 + rand.N(backoffCap/2)
	}
	return max(wait, min(failure.RetryAfter, retryAfterCap))
}
