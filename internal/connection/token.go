package connection

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// Want is what a caller asks of a token beyond that it be valid.
type Want struct {
	// MinTTL is how long the token must live from now. Longer than a token's whole life means the freshest one.
	MinTTL time.Duration
	// Rejected is the base64url SHA-256 of a token that the service refused ("If-None-Match"): the caller wants
	// another. It forces at most one exchange a generation.
	Rejected string
	// Sandbox is where ref is looked for; "" is the caller's own.
	Sandbox string
}

// Token is an access token as it is handed out. What it points to is shared and never changes.
type Token struct {
	AccessToken secret.String
	TokenType   string
	Scope       string
	// ExpiresAt is zero when the provider did not tell.
	ExpiresAt    time.Time
	Generation   int64
	ConnectionID string
	// ETag is the base64url SHA-256 of the access token, without quotes.
	ETag string
}

// HashOf gives what an ETag holds of an access token.
func HashOf(token secret.String) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// newToken makes the token that is handed out of a token set.
func newToken(id string, generation int64, tokens *exchange.TokenSet, shared *words) *Token {
	return &Token{
		AccessToken: tokens.AccessToken, TokenType: shared.one(tokens.TokenType), Scope: shared.one(tokens.Scope),
		ExpiresAt: tokens.ExpiresAt, Generation: generation, ConnectionID: id, ETag: HashOf(tokens.AccessToken),
	}
}
