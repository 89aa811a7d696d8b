package pipelined

import (
	"context"
	"sync"

	"latchkey/internal/pipelined/credential"
	"latchkey/internal/secret"
)

// tokens says with which credential the broker is called: one is in use, and the one before it stands by until the new one
// has opened a stream.
type tokens struct {
	mu      sync.Mutex
	current *credential.Keeper
	// before is what the daemon goes back to, nil when there is nothing.
	before *credential.Keeper
	proven bool
}

func newTokens(k *credential.Keeper) *tokens { return &tokens{current: k} }

// held is a token and whose it is.
type held struct {
	token  secret.String
	keeper *credential.Keeper
}

func (h held) fingerprint() string { return h.keeper.Credential().Fingerprint() }

// take gives a token of the credential in use.
func (t *tokens) take(ctx context.Context) (held, error) {
	t.mu.Lock()
	k := t.current
	t.mu.Unlock()
	token, err := k.Token(ctx)
	return held{token, k}, err
}

// use replaces the credential in use. The one before stands by; when that was never proven, the one before it does.
func (t *tokens) use(k *credential.Keeper) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.proven || t.before == nil {
		t.before = t.current
	}
	t.current, t.proven = k, false
}

// prove notes that a credential has opened a stream.
func (t *tokens) prove(k *credential.Keeper) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k == t.current {
		t.proven = true
	}
}

// back returns to the credential that stands by; false when there is none, or another is in use by now. Unless forced, a
// credential that is proven stays: a refusal is the broker's trouble then.
func (t *tokens) back(k *credential.Keeper, forced bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k != t.current || t.before == nil || t.proven && !forced {
		return false
	}
	t.current, t.before, t.proven = t.before, nil, true
	return true
}

// forget lets go of the credential that stands by.
func (t *tokens) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.before = nil
}

// keeper gives that of the credential in use.
func (t *tokens) keeper() *credential.Keeper {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current
}

// inUse gives the credential in use.
func (t *tokens) inUse() credential.Credential {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current.Credential()
}
