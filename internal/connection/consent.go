package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// consentTimeout bounds what follows a callback, from the exchange to the commit. The browser may leave meanwhile:
// the code can be exchanged only once.
const consentTimeout = time.Minute

// Begun is how a browser goes on from /connect/{attempt}.
type Begun struct {
	// RedirectURL is the provider's authorization page.
	RedirectURL string
	// CookieName and CookieValue bind the browser. The cookie MUST be HttpOnly and SameSite=Lax, Secure over TLS, and
	// sent on the callback's path.
	CookieName  string
	CookieValue string
	ExpiresAt   time.Time
}

// Begin binds the browser that opened /connect/{attempt} and gives the provider's page. It needs no caller: who
// holds the link may consent. Opening it again is allowed until the consent is completed; the browser that opened it
// last counts.
func (c *Connector) Begin(ctx context.Context, link string) (Begun, error) {
	if len(link) != secretLength {
		return Begun{}, ErrAttemptUnknown
	}
	attempt, err := c.config.Attempts.AttemptByLink(ctx, c.config.Hash(purposeLink, []byte(link)))
	if err != nil {
		return Begun{}, fmt.Errorf("finding the attempt: %w", err)
	}
	if err := c.open(&attempt); err != nil {
		return Begun{}, err
	}
	record, plan, err := c.subject(ctx, &attempt)
	if err != nil {
		return Begun{}, err
	}
	state := stateOf(link)
	redirect, err := c.config.Exchanger.AuthorizeURL(ctx, plan,
		exchange.Input{Fields: attempt.Fields, User: userOf(record, attempt.CreatedBy)},
		exchange.Attempt{State: secret.New(state), RedirectURI: attempt.RedirectURI, CodeVerifier: attempt.Verifier})
	if err != nil {
		return Begun{}, &ProviderError{Identity: record.identity(), Failure: failureOf(err)}
	}
	cookie := randomSecret()
	if err := c.config.Attempts.BindAttempt(ctx, attempt.ID, c.config.Hash(purposeCookie, []byte(cookie))); err != nil {
		return Begun{}, fmt.Errorf("binding the browser: %w", err)
	}
	return Begun{redirect, cookieName(state), cookie, attempt.ExpiresAt}, nil
}

// open fails unless the attempt can still be completed.
func (c *Connector) open(attempt *Attempt) error {
	switch {
	case !attempt.UsedAt.IsZero():
		return ErrAttemptUsed
	case !c.now().Before(attempt.ExpiresAt):
		return ErrAttemptExpired
	}
	return nil
}

// subject gives an attempt's connection and plan.
func (c *Connector) subject(ctx context.Context, attempt *Attempt) (*Record, *destination.Plan, error) {
	record, err := c.config.Store.Find(ctx, Selector{Organization: attempt.Organization, ID: attempt.Connection})
	if errors.Is(err, ErrNotFound) {
		return nil, nil, ErrAttemptUnknown // deleted meanwhile
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the attempt's connection: %w", err)
	}
	plan, err := c.config.Definitions.Plan(ctx, attempt.Definition, attempt.Revision, attempt.Configuration)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the attempt's definition: %w", err)
	}
	return &record, plan, nil
}
