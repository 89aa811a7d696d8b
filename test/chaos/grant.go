package chaos

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// grant is one customer's consent at the provider, and all that was ever presented of it.
type grant struct {
	mu      sync.Mutex
	id      int
	tokens  []refreshToken // by serial; the last one is the one to use
	revoked time.Time
	// fatal is the serial of the token whose second use ended the grant.
	fatal int
}

type refreshToken struct {
	history
	used time.Time
}

// ledger is the provider's memory.
type ledger struct {
	grace  time.Duration
	life   time.Duration
	mild   bool   // a token that is used again too late is refused, and the grant lives
	secret string // part of every token of this run

	mu     sync.Mutex
	grants []*grant
	counts struct{ refreshes, presented int }
}

// found gives the grant that a token names, and the token's serial.
func (l *ledger) found(kind, text string) (g *grant, serial int, rest string) {
	parts := strings.Split(text, "-")
	if len(parts) != 5 || parts[0] != kind || parts[4] != l.secret {
		return nil, 0, ""
	}
	id, err := strconv.Atoi(parts[1])
	serial, err2 := strconv.Atoi(parts[2])
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil || err2 != nil || id >= len(l.grants) {
		return nil, 0, ""
	}
	return l.grants[id], serial, parts[3]
}

func (l *ledger) accessToken(g *grant, serial int, ends time.Time) string {
	return fmt.Sprintf("access-%d-%d-%d-%s", g.id, serial, ends.UnixMicro(), l.secret)
}

func (l *ledger) refreshToken(g *grant, serial int) string {
	return fmt.Sprintf("refresh-%d-%d-0-%s", g.id, serial, l.secret)
}

// pair is what a token answer holds.
type pair struct{ access, refresh string }

// consent makes a grant.
func (l *ledger) consent() *grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := &grant{id: len(l.grants)}
	l.grants = append(l.grants, g)
	return g
}

// mint adds a refresh token to a grant, whose lock is held.
func (g *grant) mint(now time.Time, life time.Duration) int {
	serial := len(g.tokens)
	g.tokens = append(g.tokens, refreshToken{history: history{
		token: fmt.Sprintf("grant %d, refresh token %d", g.id, serial), usable: now.Add(life),
	}})
	return serial
}

// begin gives a grant's first tokens.
func (l *ledger) begin(g *grant) pair {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	serial := g.mint(now, l.life)
	return pair{l.accessToken(g, serial, now.Add(l.life)), l.refreshToken(g, serial)}
}

// arrive writes a presentation down, and gives its place and how many there were since the first that had no whole reply,
// that one included.
func (l *ledger) arrive(g *grant, serial int, node string) (index, unanswered int) {
	l.mu.Lock()
	l.counts.presented++
	l.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &g.tokens[serial].history
	if first := h.firstOpen(); first >= 0 {
		unanswered = len(h.list) - first
	}
	h.list = append(h.list, presentation{node: node, at: time.Now()})
	return len(h.list) - 1, unanswered
}

// rotate uses a refresh token: for the first time, again within the grace, or once too often.
func (l *ledger) rotate(g *grant, serial, index int) (pair, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	t := &g.tokens[serial]
	next := serial + 1
	switch {
	case !g.revoked.IsZero():
		t.list[index].answer = dead
		return pair{}, false
	case t.used.IsZero():
		t.used = now
		t.list[index].answer = granted
		g.mint(now, l.life)
		l.mu.Lock()
		l.counts.refreshes++
		l.mu.Unlock()
	case now.Sub(t.used) <= l.grace && g.tokens[next].used.IsZero():
		g.tokens[serial].list[index].answer = repeated
		g.tokens[next].usable = now.Add(l.life)
	case l.mild:
		t.list[index].answer = dead
		return pair{}, false
	default:
		g.revoked, g.fatal = now, serial
		t.list[index].answer = dead
		return pair{}, false
	}
	return pair{l.accessToken(g, next, now.Add(l.life)), l.refreshToken(g, next)}, true
}

// refuse notes that a presentation is refused without using the token.
func (g *grant) refuse(serial, index int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens[serial].list[index].answer = refused
}

// over notes the end of a presentation.
func (g *grant) over(serial, index int, whole bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &g.tokens[serial].list[index]
	p.end, p.whole = time.Now(), whole
}

// sighting is what the provider says of an access token that a caller was given.
type sighting int

const (
	good sighting = iota
	expired
	endedInFlight // it was good when the caller asked
	ended         // its grant was revoked
	strange       // not of this provider
)

// seen checks an access token that was asked for and given in that time.
func (l *ledger) seen(token string, asked, given time.Time) sighting {
	g, serial, ends := l.found("access", token)
	micros, err := strconv.ParseInt(ends, 10, 64)
	if g == nil || err != nil {
		return strange
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if serial > 0 && serial < len(g.tokens) && g.tokens[serial-1].served.IsZero() {
		g.tokens[serial-1].served = given
	}
	end := time.UnixMicro(micros)
	switch {
	case !g.revoked.IsZero() && g.revoked.Before(asked):
		return ended
	case end.Before(asked):
		return expired
	case end.Before(given):
		return endedInFlight
	}
	return good
}

func (l *ledger) all() []*grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*grant(nil), l.grants...)
}

func (l *ledger) isRevoked(id int) bool {
	l.mu.Lock()
	g := l.grants[id]
	l.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.revoked.IsZero()
}

func (l *ledger) count() (refreshes, presented int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts.refreshes, l.counts.presented
}
