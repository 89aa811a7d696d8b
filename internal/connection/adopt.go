package connection

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// Held are tokens that were got for the account elsewhere, so that its customer need not agree once more.
type Held struct {
	AccessToken, RefreshToken secret.String
	// TokenType is Bearer when it is "".
	TokenType, Scope string
	// ExpiresAt is zero where it is not known.
	ExpiresAt time.Time
}

// maxHeld bounds a token that is handed in, in bytes.
const maxHeld = 64 << 10

func (h *Held) check() destination.Problems {
	var problems destination.Problems
	refuse := func(pointer, message, fix string) {
		problems = append(problems, destination.Problem{Pointer: pointer, Message: message, Fix: fix, Severity: destination.Refused})
	}
	odd := func(s secret.String) bool {
		text := s.Reveal()
		return len(text) > maxHeld || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == ' ' })
	}
	if h.AccessToken.Empty() {
		refuse("/tokens/access_token", "the access token is missing", "give the one that was issued last; it may have ended when there is a refresh token")
	}
	if odd(h.AccessToken) {
		refuse("/tokens/access_token", "this can't be a token", "give it as it was issued, without Bearer before it")
	}
	if odd(h.RefreshToken) {
		refuse("/tokens/refresh_token", "this can't be a token", "give it as it was issued")
	}
	return problems
}

// createHeld stores a connection with tokens that were got elsewhere. Nothing is sent: what they are worth shows at the first
// renewal. From now on nobody else may present the refresh token, where the provider rotates it.
func (c *Connector) createHeld(ctx context.Context, caller access.Caller, record Record, plan *destination.Plan, held *Held) (Created, error) {
	tokens := &exchange.TokenSet{
		AccessToken: held.AccessToken, RefreshToken: held.RefreshToken, TokenType: cmp.Or(held.TokenType, "Bearer"), Scope: held.Scope,
		IssuedAt: record.CreatedAt, ExpiresAt: held.ExpiresAt.UTC(),
	}
	if !held.ExpiresAt.IsZero() {
		tokens.ExpirySource = exchange.ExpiryAbsolute
	}
	if tokens.ExpiresAt.Before(tokens.IssuedAt) && !tokens.ExpiresAt.IsZero() {
		tokens.IssuedAt = tokens.ExpiresAt // it was issued before that, and it is due now
	}
	return c.createWith(ctx, caller, record, plan, tokens, record.CreatedAt)
}
