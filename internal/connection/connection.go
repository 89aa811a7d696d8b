// Package connection keeps customers' accounts: their connections, and the tokens that stay fresh.
//
// [Connector] holds the use cases (create, consent in a browser, reauthorize, change fields, delete), [Keeper]
// serves tokens and decides when one is exchanged for the next. Nothing outside this room starts an exchange for a
// connection.
//
// What it guarantees: a fresh token is served from memory, without lock, database or network. However many callers and
// processes wait for a token, one request goes out for a connection at a time, and it outlives the caller that asked first.
// A refresh token is written down before it leaves, and an answer that is lost is asked for again, by this process or the
// next, within what its provider bears. What the database does not take is on this machine's disk before it is used.
// What a provider gave is committed before anyone sees it, by compare-and-set on the generation: whoever comes second
// adopts what is there. A token that is still valid is served whatever else fails. A grant is given up only when the
// provider says that it is dead, never for an outage. A consent belongs to one browser and its state is used once.
//
// What it trusts: the store's transactions, the exchange's classification of failures, the clock. The algorithm is
// spec/token-keeping.md; the flows are spec/destination-sdk.md §3.
package connection

import (
	"time"

	"latchkey/internal/exchange"
)

// State is where a connection stands. See [State.To] for the edges.
type State string

// The states of a connection.
const (
	// PendingAuthorization waits for its first consent: there has been no token.
	PendingAuthorization State = "pending_authorization"
	// Active has a token, and the last exchange worked.
	Active State = "active"
	// Degraded has had a token; the last exchange failed in a way that may pass. The old token is served while valid.
	Degraded State = "degraded"
	// NeedsReauthorization has a grant that the provider calls dead. Nothing is sent until someone consents anew.
	NeedsReauthorization State = "needs_reauthorization"
	// Disabled was switched off by its owner: no token, no refresh.
	Disabled State = "disabled"
)

// States lists every state.
func States() []State {
	return []State{PendingAuthorization, Active, Degraded, NeedsReauthorization, Disabled}
}

// Connection is one customer's account at one revision of a definition, without its secrets.
type Connection struct {
	// ID is `conn_` and a ULID.
	ID           string
	Organization string
	// Sandbox and SandboxID are the partition that it belongs to, by name and by UUID.
	Sandbox, SandboxID string
	DefinitionID       string
	DefinitionName     string
	// Revision and Configuration are pinned when the account is authorized (U18, U14).
	Revision, Configuration int
	// Label is its unique name in the sandbox, or "".
	Label string
	State State
	// StateReason says in words why it is in that state; never a secret.
	StateReason string
	// LastError is the last exchange's failure, nil after one that worked.
	LastError *LastError
	// Fields are what the customer entered, secrets masked.
	Fields map[string]any
	// Outputs are the custom outputs of the exchange that are not secret.
	Outputs map[string]any
	// CreatedBy is the key that made it; `userContext.client` of every refresh in the background.
	CreatedBy string
	// ReturnURL is where the browser goes after a consent, "" for our own page.
	ReturnURL string

	CreatedAt, UpdatedAt time.Time
	// LastRefreshAt is when the token set was last replaced; zero when there has been none.
	LastRefreshAt time.Time
	// ExpiresAt and RefreshExpiresAt are zero when unknown.
	ExpiresAt, RefreshExpiresAt time.Time
	// NextRefreshAt is when the next exchange is due, zero for never.
	NextRefreshAt time.Time
	// Generation counts token sets: 0 before the first.
	Generation int64
	TokenType  string
	Scope      string
	// Renewable tells whether there is a way to a next token without the customer.
	Renewable bool
	// Note is what its owner should know about the token's life: that it is assumed, that it can't be renewed.
	Note string
}

// LastError is a failure as it is shown: its class and the provider's own code, never a text that may hold secrets.
type LastError struct {
	Kind     exchange.Kind
	Code     string
	Status   int
	Endpoint string
	// Description is the provider's, cleaned and bounded by the exchange.
	Description string
	// Validation names the definition's check that failed.
	Validation string
	At         time.Time
	// NotBefore is when the provider asked to be called again, zero when it did not say.
	NotBefore time.Time
}

// Ref names a connection: its id or its label, in a sandbox ("" is the caller's own).
type Ref struct{ Sandbox, Name string }

// Identity tells in an error which connection it is about.
type Identity struct{ ID, Label string }
