package simulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
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

// family is one authorization: what a user or a client agreed to, and all tokens that descend from it.
type family struct {
	client  string
	subject string
	tenant  string
	scope   []string
	public  bool // the client has no secret: it proved itself by PKCE
	dead    bool
}

type code struct {
	family      *family
	redirectURI string
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
	successor *issued   // under the grace mode only
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

// ledger remembers codes and tokens by their digests.
type ledger struct {
	mu      sync.Mutex
	codes   table[digest, *code]
	access  table[digest, *accessToken]
	refresh table[digest, *refreshToken]
	pruned  time.Time
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
	l.codes.clear()
	l.access.clear()
	l.refresh.clear()
}

// prune forgets what has expired, once a minute. The caller holds mu.
func (l *ledger) prune(now time.Time) {
	if now.Sub(l.pruned) < pruneEvery {
		return
	}
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
	return text
}

// redeem uses a code up. A second use ends the tokens of the first (RFC 6749 §4.1.2).
func (l *ledger) redeem(now time.Time, text string, check func(*code) *oauthError) (*family, *oauthError) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.codes.get(digestOf(text))
	if !ok {
		return nil, invalidGrant("The authorization code is unknown.")
	}
	if c.used {
		c.family.dead = true
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
	return c.family, nil
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
	return l.issueLocked(now, m)
}

func (l *ledger) issueLocked(now time.Time, m mint) issued {
	l.prune(now)
	out := issued{scope: m.scope, accessExpires: now.Add(m.accessTTL)}
	access := "mst_" + rand.Text()
	if m.sign != nil {
		access = m.sign(m, now, out.accessExpires)
	}
	out.access = secret.New(access)
	l.access.put(digestOf(access), &accessToken{family: m.family, scope: m.scope, issued: now, expires: out.accessExpires})
	if m.refreshTTL > 0 {
		refresh := "msr_" + rand.Text() + rand.Text()
		out.refresh, out.refreshExpires = secret.New(refresh), now.Add(m.refreshTTL)
		l.refresh.put(digestOf(refresh), &refreshToken{family: m.family, issued: now, expires: out.refreshExpires})
	}
	return out
}

// rotation is what happens to a refresh token that is used.
type rotation struct {
	mode  rotationMode
	grace time.Duration
}

type rotationMode int

const (
	rotateOn     rotationMode = iota // a new one each time; the old one is invalid_grant
	rotateOff                        // none is returned; the old one stays good
	rotateSame                       // the same one is returned
	rotateFamily                     // a new one each time; reuse of the old one ends the whole family
	rotateGrace                      // a new one each time; reuse within the grace gets the same successor
)

// renewal is a refresh request, after the client has been authenticated.
type renewal struct {
	token    string
	rotation rotation
	extend   bool // prolong the access tokens that exist, issue none (spec/destination-sdk.md §5.4, quirk 61)
	check    func(*family) *oauthError
	mint     func(*family) (mint, *oauthError)
}

// renew answers a refresh request; all in one critical section, so that of two users of one token only one wins.
func (l *ledger) renew(now time.Time, r renewal) (issued, *oauthError) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.refresh.get(digestOf(r.token))
	if !ok {
		return issued{}, invalidGrant("The refresh token is unknown.")
	}
	if problem := r.check(t.family); problem != nil {
		return issued{}, problem
	}
	if t.family.dead {
		return issued{}, invalidGrant("The refresh token has been revoked.")
	}
	if !now.Before(t.expires) {
		return issued{}, invalidGrant("The refresh token has expired.")
	}
	if t.rotated {
		return l.reuse(now, t, r.rotation)
	}
	m, problem := r.mint(t.family)
	if problem != nil {
		return issued{}, problem
	}
	if r.extend {
		return l.extend(now, t.family, m.accessTTL), nil
	}
	switch r.rotation.mode {
	case rotateOff:
		m.refreshTTL = 0
		return l.issueLocked(now, m), nil
	case rotateSame:
		m.refreshTTL = 0
		out := l.issueLocked(now, m)
		out.refresh, out.refreshExpires = secret.New(r.token), t.expires
		return out, nil
	}
	out := l.issueLocked(now, m)
	if m.refreshTTL == 0 {
		return out, nil // nothing to rotate to: the old one stays good
	}
	t.rotated = true
	if r.rotation.mode == rotateGrace {
		t.successor, t.graceEnds = &out, now.Add(r.rotation.grace)
	}
	return out, nil
}

// reuse answers for a refresh token that has been rotated away. The caller holds mu.
func (l *ledger) reuse(now time.Time, t *refreshToken, how rotation) (issued, *oauthError) {
	if how.mode == rotateGrace && t.successor != nil && now.Before(t.graceEnds) {
		return *t.successor, nil
	}
	if how.mode == rotateFamily {
		t.family.dead = true
		return issued{}, invalidGrant("The refresh token was used before; all tokens of its authorization have been revoked.")
	}
	return issued{}, invalidGrant("The refresh token was used before.")
}

// extend prolongs the live access tokens of a family. The caller holds mu.
func (l *ledger) extend(now time.Time, f *family, ttl time.Duration) issued {
	for _, t := range l.access.entries {
		if t.family == f && !t.dead {
			t.expires = now.Add(ttl)
		}
	}
	return issued{accessExpires: now.Add(ttl)}
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
	}
	if t, ok := l.refresh.get(key); ok {
		t.family.dead = true
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
	return n
}

// within tells whether every scope asked for was granted.
func within(asked, granted []string) bool {
	return !slices.ContainsFunc(asked, func(s string) bool { return !slices.Contains(granted, s) })
}

// parseScope splits a scope and checks its characters (RFC 6749 §3.3). What begins with "wrong" is refused.
func parseScope(text string) ([]string, *oauthError) {
	scope := strings.Fields(text)
	if len(text) > 2048 {
		return nil, invalidScope("The scope is too long.")
	}
	for _, s := range scope {
		if strings.HasPrefix(s, "wrong") {
			return nil, invalidScope("The scope is unknown.")
		}
		for _, b := range []byte(s) {
			if b <= ' ' || b == '"' || b == '\\' || b >= 0x7f {
				return nil, invalidScope("The scope has a character that RFC 6749 section 3.3 forbids.")
			}
		}
	}
	if len(scope) == 0 {
		return []string{"read"}, nil
	}
	return slices.Compact(scope), nil
}
