package credential

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// Exchanger runs a plan. It is the house's exchange, for nothing else sends a token request.
type Exchanger interface {
	Acquire(ctx context.Context, plan *destination.Plan, in exchange.Input) (*exchange.TokenSet, error)
}

const (
	// early is how long before its end a token is replaced, at most; a short one is used for four fifths of its life.
	early = 5 * time.Minute
	// unknownLife is taken for a token that does not say when it ends.
	unknownLife = 10 * time.Minute
	// firstPause and lastPause bound how long a server that refused is left alone.
	firstPause, lastPause = time.Second, time.Minute
)

// Keeper holds the token of one credential. It is safe for concurrent use.
type Keeper struct {
	credential Credential
	exchanger  Exchanger
	clock      clock.Clock
	plan       *destination.Plan
	fields     destination.Fields

	mu      sync.Mutex
	token   secret.String
	renewAt time.Time
	// failed is why the last round gave nothing, and until when nobody is asked again.
	failed  error
	pause   time.Duration
	againAt time.Time
}

// NewKeeper prepares for a credential. Nobody is asked yet.
func NewKeeper(c Credential, exchanger Exchanger, clk clock.Clock) (*Keeper, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	k := &Keeper{credential: c, exchanger: exchanger, clock: clk}
	if c.Mode == None {
		return k, nil
	}
	var err error
	k.plan, k.fields, err = c.plan()
	return k, err
}

// Credential gives whose token this is.
func (k *Keeper) Credential() Credential { return k.credential }

// Token gives a token that is good for a while; an empty one without authentication. Callers that come while it is being
// fetched wait for the same answer.
func (k *Keeper) Token(ctx context.Context) (secret.String, error) {
	if k.plan == nil {
		return secret.String{}, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.clock.Now()
	if !k.token.Empty() && now.Before(k.renewAt) {
		return k.token, nil
	}
	if k.failed != nil && now.Before(k.againAt) {
		return secret.String{}, k.failed
	}
	set, err := k.exchanger.Acquire(ctx, k.plan, exchange.Input{Fields: k.fields, User: exchange.UserContext{IMSOrgID: k.credential.Organization, Client: "pipelined"}})
	if err != nil {
		if ctx.Err() == nil {
			k.rest(err)
		}
		return secret.String{}, fmt.Errorf("getting a token (%s): %w", k.credential.Describe(), err)
	}
	k.token, k.failed, k.pause = set.AccessToken, nil, 0
	life := unknownLife
	if !set.ExpiresAt.IsZero() {
		life = set.ExpiresAt.Sub(set.IssuedAt)
	}
	k.renewAt = set.IssuedAt.Add(max(life-early, life*4/5))
	return k.token, nil
}

// rest notes a refusal, so that the next callers don't ask again at once.
func (k *Keeper) rest(err error) {
	k.pause = min(max(firstPause, 2*k.pause), lastPause)
	if failure, ok := errors.AsType[*exchange.Failure](err); ok {
		k.pause = max(k.pause, min(failure.RetryAfter, lastPause))
	}
	k.failed = fmt.Errorf("getting a token (%s): %w", k.credential.Describe(), err)
	k.againAt = k.clock.Now().Add(k.pause)
}

// Reject tells that the broker did not take a token: the next caller gets another.
func (k *Keeper) Reject(token secret.String) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if token.Equal(k.token) {
		k.token = secret.String{}
	}
}
