package client

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// redacted stands where a token would have been printed.
const redacted = "[redacted]"

// Token is an access token, ready to use. Whatever prints it (fmt, log/slog, encoding/json) gets all but the token:
// that is read from AccessToken, or from Header, on purpose.
type Token struct {
	// AccessToken is the token itself, a secret.
	AccessToken string
	// TokenType is mostly "Bearer".
	TokenType string
	Scope     string
	// ExpiresAt is the end of the token's life; zero when the provider does not tell.
	ExpiresAt time.Time
	// ExpiresIn is what was left of it when the server answered, which holds where clocks differ; 0 for unknown.
	ExpiresIn time.Duration
	// Generation counts the connection's tokens.
	Generation int64
	// Connection is the connection's id.
	Connection string
	// Hash names the token without showing it, for [TokenOptions].
	Hash string

	Answer
}

var (
	_ fmt.Formatter  = Token{}
	_ json.Marshaler = Token{}
	_ slog.LogValuer = Token{}
)

// Header gives the value of an Authorization header: "Bearer …".
func (t Token) Header() string {
	kind := t.TokenType
	if kind == "" || strings.EqualFold(kind, "bearer") {
		kind = "Bearer"
	}
	return kind + " " + t.AccessToken
}

// String describes the token without showing it.
func (t Token) String() string {
	out := fmt.Sprintf("%s token %s of %s, generation %d", t.TokenType, redacted, t.Connection, t.Generation)
	if t.ExpiresAt.IsZero() {
		return out
	}
	return out + ", until " + t.ExpiresAt.UTC().Format(time.RFC3339)
}

// Format prints as String does, whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue gives slog what String prints.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON writes the answer's members with the token redacted; [Answer.JSON] has it.
func (t Token) MarshalJSON() ([]byte, error) {
	wire := tokenAnswer{
		AccessToken: redacted, TokenType: t.TokenType, Scope: t.Scope, ExpiresAt: t.ExpiresAt,
		ExpiresIn: int64(t.ExpiresIn / time.Second), Generation: t.Generation, Connection: t.Connection,
	}
	return json.Marshal(wire)
}

// tokenAnswer is a token as the API writes it.
type tokenAnswer struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	Scope       string    `json:"scope,omitempty"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	ExpiresIn   int64     `json:"expires_in,omitzero"`
	Generation  int64     `json:"generation"`
	Connection  string    `json:"connection"`

	Answer `json:"-"`
}

// TokenOptions says what the token is needed for; the zero value takes any that is valid.
type TokenOptions struct {
	// MinTTL is how long the token has to live at least. One longer than the token's whole life gets the freshest.
	MinTTL time.Duration
	// Rejected is the hash of a token that the service refused: a newer one is wanted. See [Hash].
	Rejected string
}

// Hash names a token without showing it: base64url of its SHA-256.
func Hash(accessToken string) string {
	sum := sha256.Sum256([]byte(accessToken))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Token gives a valid token of a connection, refreshed when it has to be. It is [ErrNotModified] when Rejected names
// the newest token that can be had. Of the errors, status 409 means that the customer has to consent again or that the
// connection is pending or disabled, 424 that the provider failed.
func (c *Client) Token(ctx context.Context, ref string, options TokenOptions) (Token, error) {
	call := call{method: http.MethodGet, path: "/connections/" + segment(ref) + "/token"}
	if options.MinTTL > 0 {
		seconds := int64((options.MinTTL + time.Second - 1) / time.Second)
		call.query = url.Values{"min_ttl": {strconv.FormatInt(seconds, 10)}}
	}
	if options.Rejected != "" {
		call.header = http.Header{"If-None-Match": {`"` + strings.Trim(options.Rejected, `"`) + `"`}}
	}
	var wire tokenAnswer
	answer, err := c.do(ctx, call, &wire)
	if err != nil {
		return Token{}, err
	}
	if answer.status == http.StatusNotModified {
		return Token{}, ErrNotModified
	}
	return Token{
		AccessToken: wire.AccessToken, TokenType: wire.TokenType, Scope: wire.Scope, ExpiresAt: wire.ExpiresAt,
		ExpiresIn: time.Duration(wire.ExpiresIn) * time.Second, Generation: wire.Generation,
		Connection: wire.Connection, Hash: strings.Trim(answer.header.Get("ETag"), `"`), Answer: wire.Answer,
	}, nil
}
