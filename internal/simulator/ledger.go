package simulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"latchkey/internal/secret"
)

const (
	tokenLimit = 100_000          // access tokens and refresh tokens that are remembered, each
	codeLimit  = 10_000           // authorization codes that are remembered
	usedFor    = 10 * time.Minute // how long a code is remembered, so that its reuse is noticed
	pruneEvery = time.Minute
)

// digest is the SHA-256 of a code or token: the form in which the simulator remembers it.
type digest [sha256.Size]byte

func digestOf(text string) digest { return sha256.Sum256([]byte(text)) }

// prefix gives 12 hexadecimal digits, enough to tell tokens apart and useless to anyone who wants one.
func (d digest) prefix() string { return hex.EncodeToString(d[:6]) }

// MarshalText writes hexadecimal digits, the first of which are the journal's.
func (d digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (d *digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return errors.New("a digest has another length")
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// family is one authorization: what a user or a client agreed to, and all tokens that descend from it.
type family struct {
	id      uint64 // its number in the state file; 0: not written yet
	client  string
	subject string
	tenant  string
	scope   []string
	public  bool // the client has no secret: it proved itself by PKCE
	dead    bool
}

type code struct {
	family      *family
	redirectURI digest
	challenge   challenge
	issued      time.Time
	expires     time.Time
	used        bool
}

type accessToken struct {
	family  *family
	scope   []string
	issued  time.Time
	expires time.Time
	dead    bool
}

type refreshToken struct {
	family    *family
	issued    time.Time
	expires   time.Time
	rotated   bool
	successor []byte    // under the grace mode only: the answer, sealed with this token
	graceEnds time.Time // until then a reuse gets the successor
}

// issued is what a token request ends in. It holds tokens in clear and lives as long as the answer is written.
type issued struct {
	access         secret.String
	accessExpires  time.Time     // zero: the answer says nothing of it
	refresh        secret.String // empty when none
	refreshExpires time.Time
	scope          []string
}

// ledger remembers codes and tokens by their digests. Whoever changes something under mu notes it, and commits before
// letting go.
type ledger struct {
	mu       sync.Mutex
	codes    table[digest, *code]
	access   table[digest, *accessToken]
	refresh  table[digest, *refreshToken]
	pruned   time.Time
	state    *stateFile // nil: nothing outlives the process
	line     line       // what the critical section has changed so far
	families uint64     // the number of the last family
}

func newLedger() *ledger {
	return &ledger{
		codes:   newTable[digest, *code](codeLimit),
		access:  newTable[digest, *accessToken](tokenLimit),
		refresh: newTable[digest, *refreshToken](tokenLimit),
	}
}

func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	l.line.Reset = resetLedger
	l.commit()
}

func (l *ledger) clear() {
	l.codes.clear()
	l.access.clear()
	l.refresh.clear()
}

// prune forgets what has expired, once a minute. The caller holds mu, and commits.
func (l *ledger) prune(now time.Time) {
	if now.Sub(l.pruned) < pruneEvery {
		return
	}
	l.sweep(now)
	l.line.Pruned = now
}

// sweep forgets what has expired. The caller holds mu.
func (l *ledger) sweep(now time.Time) {
	l.pruned = now
	l.codes.keep(func(c *code) bool { return now.Sub(c.issued) < usedFor })
	l.access.keep(func(t *accessToken) bool { return now.Before(t.expires) && !t.family.dead })
	l.refresh.keep(func(t *refreshToken) bool {
		if t.successor != nil && !now.Before(t.graceEnds) {
			t.successor = nil
		}
		return now.Before(t.expires)
	})
}

// newCode issues an authorization code.
func (l *ledger) newCode(now time.Time, ttl time.Duration, c code) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prune(now)
	text := "msc_" + rand.Text()
	c.issued, c.expires = now, now.Add(ttl)
	l.codes.put(digestOf(text), &c)
	l.noteCode(digestOf(text), &c)
	l.commit()
	return text
}

// redeem uses a code up. A second use ends the tokens of the first (RFC 6749 §4.1.2).
func (l *ledger) redeem(now time.Time, text string, check func(*code) *oauthError) (*family, *oauthError) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := digestOf(text)
	c, ok := l.codes.get(key)
	if !ok {
		return nil, invalidGrant("The authorization code is unknown.")
	}
	if c.used {
		l.kill(c.family)
		return nil, invalidGrant("The authorization code was used before; its tokens have been revoked.")
	}
	if !now.Before(c.expires) {
		return nil, invalidGrant("The authorization code has expired.")
	}
	if c.family.dead {
		return nil, invalidGrant("The authorization code has been revoked.")
	}
	if problem := check(c); problem != nil {
		return nil, problem
	}
	c.used = true
	l.noteCode(key, c)
	l.commit()
	return c.family, nil
}

// kill ends a family. The caller holds mu.
func (l *ledger) kill(f *family) {
	if !f.dead {
		f.dead = true
		l.noteFamily(f)
		l.commit()
	}
}

// mint describes the tokens to issue.
type mint struct {
	family     *family
	scope      []string
	accessTTL  time.Duration
	refreshTTL time.Duration // 0: no refresh token
	issuer     string
	sign       func(m mint, issued, expires time.Time) string // nil: the access token is opaque
}

// issue makes and remembers tokens.
func (l *ledger) issue(now time.Time, m mint) issued {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := newTokens(now, m)
	l.keep(now, m, out)
	return out
}

// newTokens makes tokens that nobody knows of yet.
func newTokens(now time.Time, m mint) issued {
	out := issued{scope: m.scope, accessExpires: now.Add(m.accessTTL)}
	access := "mst_" + rand.Text()
	if m.sign != nil {
		access = m.sign(m, now, out.accessExpires)
	}
	out.access = secret.New(access)
	if m.refreshTTL > 0 {
		out.refresh, out.refreshExpires = secret.New("msr_"+rand.Text()+rand.Text()), now.Add(m.refreshTTL)
	}
	return out
}

// keep remembers new tokens, and commits. The caller holds mu.
func (l *ledger) keep(now time.Time, m mint, out issued) {
	l.prune(now)
	key, access := digestOf(out.access.Reveal()), &accessToken{family: m.family, scope: m.scope, issued: now, expires: out.accessExpires}
	l.access.put(key, access)
	l.noteAccess(key, access)
	if !out.refresh.Empty() {
		key, refresh := digestOf(out.refresh.Reveal()), &refreshToken{family: m.family, issued: now, expires: out.refreshExpires}
		l.refresh.put(key, refresh)
		l.noteRefresh(key, refresh)
	}
	l.commit()
}

// standing is what the ledger knows of an access or refresh token that is good now.
type standing struct {
	family  *family
	scope   []string
	issued  time.Time
	expires time.Time
	refresh bool
}

// lookUp finds a token that is good now.
func (l *ledger) lookUp(now time.Time, token string) (standing, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := digestOf(token)
	if t, ok := l.access.get(key); ok {
		good := !t.dead && !t.family.dead && now.Before(t.expires)
		return standing{family: t.family, scope: t.scope, issued: t.issued, expires: t.expires}, good
	}
	if t, ok := l.refresh.get(key); ok {
		good := !t.rotated && !t.family.dead && now.Before(t.expires)
		return standing{family: t.family, scope: t.family.scope, issued: t.issued, expires: t.expires, refresh: true}, good
	}
	return standing{}, false
}

// forget revokes one token: a refresh token takes its family with it (RFC 7009 §2.1).
func (l *ledger) forget(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := digestOf(token)
	if t, ok := l.access.get(key); ok {
		t.dead = true
		l.noteAccess(key, t)
		l.commit()
	}
	if t, ok := l.refresh.get(key); ok {
		l.kill(t.family)
	}
}

// revoke ends the families that match, and tells how many.
func (l *ledger) revoke(match func(*family) bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	end := func(f *family) {
		if !f.dead && match(f) {
			f.dead = true
			l.noteFamily(f)
			n++
		}
	}
	for _, c := range l.codes.entries {
		end(c.family)
	}
	for _, t := range l.access.entries {
		end(t.family)
	}
	for _, t := range l.refresh.entries {
		end(t.family)
	}
	if n > 0 {
		l.commit()
	}
	return n
}
