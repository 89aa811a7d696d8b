package exchange

import (
	"context"
	"crypto/sha256"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
)

// Target is where the main request of a round would go, and as whom: what the caps and the incidents of a provider are
// kept by. Nothing is sent for it.
type Target struct {
	// URL is the request's, "" when it can't be made.
	URL      string
	ClientID string
	// Credential is a hash of all by which the client proves itself; another secret gives another one. It is not keyed:
	// it is for comparison in memory.
	Credential [sha256.Size]byte
}

// Target tells where [Runner.Renew] would send the main request, or [Runner.Acquire] when there are no tokens. A plan that
// asks nobody has none.
func (r *Runner) Target(ctx context.Context, plan *destination.Plan, in Input) Target {
	if plan.AuthType() != destination.OAuth2 {
		return Target{}
	}
	request := plan.Acquire()
	if in.Tokens != nil {
		way := renewal(plan, in.Tokens)
		if way == nil {
			return Target{}
		}
		request = way.Request
	}
	if request == nil {
		return Target{}
	}
	return r.targetOf(ctx, request, r.newRound(plan, in))
}

func (r *Runner) targetOf(ctx context.Context, request *destination.Request, x *round) Target {
	target := Target{ClientID: reveal(x.data["clientId"]), Credential: x.credential(ctx, request)}
	if url, err := x.renderURL(ctx, request, x.vars(map[string]any{})); err == nil {
		target.URL = url
	}
	return target
}

// credential hashes what the client proves itself by: its secret, the constants of the definition that are secret, the key
// of its assertion. What belongs to the account, its password and its tokens, is no part of it.
func (x *round) credential(ctx context.Context, request *destination.Request) [sha256.Size]byte {
	hash := sha256.New()
	add := func(name, value string) { _, _ = hash.Write([]byte(name + "\x00" + value + "\x00")) }
	add("clientId", reveal(x.data["clientId"]))
	add("clientSecret", reveal(x.data["clientSecret"]))
	for _, f := range x.plan.Fields() {
		if value, ok := f.Constant.(secret.String); ok && f.Role == destination.ConstantRole {
			add(f.Name, value.Reveal())
		}
	}
	for _, h := range request.Headers {
		if h.Text != nil {
			add(h.Name, h.Text.Sealed().Reveal())
		}
	}
	if a := x.plan.Assertion(); a != nil && request.Mentions("authData.assertion") {
		if key, err := x.text(ctx, a.Key, x.vars(map[string]any{})); err == nil {
			add("assertion", key)
		}
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
