package simulator

import (
	"time"

	"latchkey/internal/secret"
)

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
	key := digestOf(r.token)
	t, ok := l.refresh.get(key)
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
		return l.reuse(now, t, r)
	}
	m, problem := r.mint(t.family)
	if problem != nil {
		return issued{}, problem
	}
	if r.extend {
		return l.extend(now, t.family, m.accessTTL), nil
	}
	if r.rotation.mode == rotateOff || r.rotation.mode == rotateSame {
		m.refreshTTL = 0
	}
	out := newTokens(now, m)
	if !out.refresh.Empty() { // otherwise there is nothing to rotate to: the old one stays good
		t.rotated = true
		if r.rotation.mode == rotateGrace {
			t.successor, t.graceEnds = sealSuccessor(r.token, out), now.Add(r.rotation.grace)
		}
		l.noteRefresh(key, t) // before the new one, which may push it out of a full table
	}
	l.keep(now, m, out)
	if r.rotation.mode == rotateSame {
		out.refresh, out.refreshExpires = secret.New(r.token), t.expires
	}
	return out, nil
}

// reuse answers for a refresh token that has been rotated away. The caller holds mu.
func (l *ledger) reuse(now time.Time, t *refreshToken, r renewal) (issued, *oauthError) {
	if r.rotation.mode == rotateGrace && now.Before(t.graceEnds) {
		if out, ok := openSuccessor(r.token, t.successor); ok {
			return out, nil
		}
	}
	if r.rotation.mode == rotateFamily {
		l.kill(t.family)
		return issued{}, invalidGrant("The refresh token was used before; all tokens of its authorization have been revoked.")
	}
	return issued{}, invalidGrant("The refresh token was used before.")
}

// extend prolongs the live access tokens of a family. The caller holds mu.
func (l *ledger) extend(now time.Time, f *family, ttl time.Duration) issued {
	for key, t := range l.access.entries {
		if t.family == f && !t.dead {
			t.expires = now.Add(ttl)
			l.noteAccess(key, t)
		}
	}
	if len(l.line.Access) > 0 {
		l.commit()
	}
	return issued{accessExpires: now.Add(ttl)}
}
