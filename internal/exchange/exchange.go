// Package exchange runs plans: it is the only place that sends a token request.
//
// A [Runner] takes a compiled definition and what a connection holds, renders the requests (spec/destination-sdk.md
// §2.7), sends each of them once, reads the answer by its content type, checks the validations, maps the outputs
// (§3.7), computes the expiry (§3.6), and gives a [TokenSet] or a [*Failure]. All requests of a round count together
// or not at all. What a failure says has no secret in it: the provider's words are cleaned, bounded, and cut where
// they repeat something that was sent.
//
// It decides nothing about when: that is the keeper's. It stores nothing. It trusts neither the definition (values in
// URLs and headers are checked) nor the provider.
package exchange

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// Runner runs plans. It is safe for concurrent use.
type Runner struct {
	client *egress.Client
	clock  clock.Clock
	log    *slog.Logger
	tracer trace.Tracer
}

// Config says what a runner works with.
type Config struct {
	Client *egress.Client
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log is silent when nil.
	Log *slog.Logger
	// Tracer makes spans of rounds and of their requests; nil means none.
	Tracer trace.Tracer
}

// New makes a runner.
func New(config Config) *Runner {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Tracer == nil {
		config.Tracer = noop.NewTracerProvider().Tracer("exchange")
	}
	return &Runner{client: config.Client, clock: config.Clock, log: config.Log, tracer: config.Tracer}
}

// UserContext says for whom a round runs: the `userContext` of templates (U17).
type UserContext struct{ SandboxName, SandboxID, IMSOrgID, Client string }

// Input is what a connection brings to a round.
type Input struct {
	Fields destination.Fields
	// Tokens is the previous token set, nil at first.
	Tokens *TokenSet
	User   UserContext
	// Code is what came back from the consent; authorization code, first round only.
	Code *CodeGrant
	// Limit bounds each request that presents a refresh token, beside the client's own bound; 0 means no other.
	Limit time.Duration
	// Before, when not nil, is called once when a request that presents a refresh token is about to leave: a connection is
	// at hand, and no byte was written. When it fails, nothing is sent.
	Before func(context.Context) error
}

// CodeGrant is what a consent brought back.
type CodeGrant struct {
	Code         secret.String
	RedirectURI  string
	State        string
	CodeVerifier secret.String
	// Captured are the callback's parameters that options.callback.capture names, by their authData name. They become
	// outputs of the token set.
	Captured map[string]string
}

// Attempt is what a redirect to the provider carries.
type Attempt struct {
	State        secret.String
	RedirectURI  string
	CodeVerifier secret.String // empty without PKCE
}

// TokenSet is what a round ends in.
type TokenSet struct {
	AccessToken, RefreshToken secret.String
	TokenType, Scope          string
	// IssuedAt is when the request was sent: the token can't be older, and a slow answer does not lengthen its life. The
	// others are zero where the life is unknown.
	IssuedAt, ExpiresAt, RefreshExpiresAt time.Time
	// ExpirySource tells how ExpiresAt is known: one of the Expiry constants.
	ExpirySource string
	// Outputs are the custom ones, by name. A round that leaves one out keeps that of the round before.
	Outputs map[string]Output
	// Status is the HTTP status of the answer that brought it. It is not kept with the tokens.
	Status int
}

// Where an expiry comes from.
const (
	ExpiryUnknown  = ""           // nothing tells it
	ExpiryAbsolute = "expires_at" // the output expiresAt
	ExpiryLifetime = "expires_in" // the output expiresIn, as the response has it
	ExpiryJWT      = "jwt"        // exp of the access token
	ExpiryConstant = "constant"   // a constant expiresIn of the definition
	ExpiryDefault  = "default"    // options.expiry.defaultSeconds
)

// Output is a custom output. A secret one is not printed by fmt and slog; encoding/json writes it as it is, for the
// store to seal.
type Output struct {
	Value any // a string, a bool, a pebble.Number, a list or a *pebble.Map
	// Secret says that it must be sealed and never shown.
	Secret bool
}

var (
	_ fmt.Formatter  = Output{}
	_ slog.LogValuer = Output{}
)

// Format prints [secret.Redacted] for a secret.
func (o Output) Format(f fmt.State, _ rune) {
	if o.Secret {
		o.Value = secret.Redacted
	}
	_, _ = fmt.Fprint(f, o.Value)
}

// LogValue gives [secret.Redacted] for a secret.
func (o Output) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(o)) }
