package connection

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/event"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// Record is a connection as it is stored, secrets included.
type Record struct {
	ID, Organization     string
	Sandbox, SandboxID   string
	Definition           string
	DefinitionName       string // read only: the store looks it up
	Revision             int
	Configuration        int
	Label                string
	State                State
	Reason               string
	LastError            *LastError
	Fields               destination.Fields
	Tokens               *exchange.TokenSet // nil before the first
	Generation           int64              // counts token sets
	Version              int64              // counts writes of the row
	Renewable            bool
	Fingerprint          string    // of endpoint, client and method, as authorized
	RefreshAt            time.Time // when the next exchange is due; zero for never
	Setbacks             int       // failed exchanges in a row
	CreatedBy            string
	ReturnURL            string
	CreatedAt, UpdatedAt time.Time
	LastRefreshAt        time.Time
	// Pending is an exchange that was begun and has no end yet, nil when there is none.
	Pending *Pending
	// Past is what the history tells of its creation; for [Store.Create] alone.
	Past *Past
}

// Pending is what is known of an exchange that was begun and has no end yet.
type Pending struct {
	// Generation is the one that it was to replace. One of an older generation means nothing any more.
	Generation int64
	// First is when the refresh token was first presented, Count how often it was since; 0 when it was not.
	First time.Time
	Count int
	// FirstUp is First by the machine's uptime; none where that was not known.
	FirstUp clock.Uptime
	// Interrupted says that the process is gone that began it. Orphaned says that it has not come back on its machine
	// since, where it may have left what it got in the spill.
	Interrupted, Orphaned bool
	// Left is what the exchange brought and nobody could commit, because another had claimed the connection meanwhile.
	Left *exchange.TokenSet
}

// Selector names one connection: by ID alone, by organization and ID, or by organization, sandbox and label.
type Selector struct {
	Organization, ID string
	Sandbox, Label   string
}

// Selection picks connections of one organization, newest first.
type Selection struct {
	Organization string
	Sandbox      string
	Definition   string // id; "" for any
	State        State  // "" for any
	Text         string // part of the id or of the label, whatever the case
	Before       Position
	Limit        int
}

// Position is where a page ended: the creation time and id of its last connection. The zero value is the beginning.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// Change is what an owner changes without an exchange. Nil members stay.
type Change struct {
	Organization, ID string
	// Version is the row's, as it was read; another one there makes the change fail with [ErrConflict].
	Version   int64
	Label     *string
	ReturnURL *string
	State     *State
	Reason    string    // of State
	RefreshAt time.Time // of State
	At        time.Time
	// Past is kept with it.
	Past Past
}

// Store keeps connections. It MUST seal [Record.Fields] secrets and [Record.Tokens], bound to their row and generation.
// connectiontest.Run checks an implementation.
type Store interface {
	History
	// Create keeps a record and, when attempt is not nil, its first attempt; both or none. [ErrLabelTaken] when the
	// sandbox has the label, [ErrDefinitionNotFound] when the definition is gone.
	Create(ctx context.Context, record Record, attempt *Attempt) error
	// Find gives one, or [ErrNotFound].
	Find(ctx context.Context, selector Selector) (Record, error)
	// List gives up to Limit records.
	List(ctx context.Context, selection Selection) ([]Record, error)
	// Troubled counts an organization's connections in each state but [Active], by sandbox. It MUST use an index.
	Troubled(ctx context.Context, organization string) (map[string]map[State]int, error)
	// Change applies a change: [ErrNotFound], [ErrLabelTaken], [ErrConflict].
	Change(ctx context.Context, change Change) error
	// Delete removes a connection and its attempts and keeps its revocation, sealed, both or neither: [ErrNotFound],
	// [ErrConflict], and [*HeldError] while another process that lives is renewing the token.
	Delete(ctx context.Context, deletion Deletion) error
}

// Hash is a keyed hash of a random secret: what an attempt is looked up by.
type Hash [32]byte

// Attempt is one consent in a browser, from the link to the callback. Its secrets are kept as hashes or sealed.
type Attempt struct {
	// ID is `att_` and a ULID.
	ID           string
	Organization string
	Connection   string
	// Link and State are the hashes of the token in /connect/{attempt} and of the `state` parameter.
	Link, State Hash
	// Cookie is the hash of the browser's cookie, zero before it has begun.
	Cookie        Hash
	Definition    string
	Revision      int
	Configuration int
	RedirectURI   string
	ReturnURL     string
	Fields        destination.Fields
	// Verifier is the PKCE code verifier (RFC 7636 §4.1).
	Verifier secret.String
	// CreatedBy is the caller that asked for it: `userContext.client` of the exchange.
	CreatedBy            string
	CreatedAt, ExpiresAt time.Time
	// UsedAt is when it was used up, zero while it is open.
	UsedAt time.Time
	// Outcome is "" while open or under way, else [OutcomeDone] or the class or code of the failure.
	Outcome string
}

// OutcomeDone is the outcome of an attempt that ended in a token set.
const OutcomeDone = "done"

// AttemptStore keeps attempts. It MUST seal [Attempt.Fields] secrets and [Attempt.Verifier].
type AttemptStore interface {
	// OpenAttempt keeps an attempt; [ErrNotFound] when its connection is gone. Others of the connection stay open.
	OpenAttempt(ctx context.Context, attempt Attempt) error
	// AttemptByLink and AttemptByState find one by a hash: [ErrAttemptUnknown].
	AttemptByLink(ctx context.Context, link Hash) (Attempt, error)
	AttemptByState(ctx context.Context, state Hash) (Attempt, error)
	// BindAttempt sets the cookie of an open attempt: [ErrAttemptUsed].
	BindAttempt(ctx context.Context, id string, cookie Hash) error
	// UseAttempt uses an attempt up, with the outcome when it is known. Of any number of calls, at once or one after
	// the other, one succeeds; the others get [ErrAttemptUsed]. The attempt's secrets MAY be forgotten with it.
	UseAttempt(ctx context.Context, id, outcome string, at time.Time) error
	// FailAttempt notes how a used attempt ended, and keeps the failure as the last error of its connection, whose
	// state stays as it is: who waits for the consent sees there that it is over. [ErrAttemptUsed] for one that is not
	// there.
	FailAttempt(ctx context.Context, id, outcome string, failure LastError) error
}

// Commit replaces a connection's token set.
type Commit struct {
	Organization, ID string
	// Generation is the one that is replaced; the new one is one higher. Another one there, and nothing happens.
	Generation int64
	Tokens     *exchange.TokenSet
	Renewable  bool
	RefreshAt  time.Time
	At         time.Time
	// Account is set when the customer's account changes with it.
	Account *Account
	// Attempt is the id of the used attempt that ends with it.
	Attempt string
	// Fence is the claim's, "" for a commit that needs none: a consent. When another has claimed the connection since, the
	// token set is left beside that claim and nothing else happens.
	Fence string
	// Events are kept with it, and Past; the store puts generation, state and reason into that.
	Events []event.Event
	Past   *Past
}

// Account is who and what a connection is authorized with.
type Account struct {
	Fields                  destination.Fields
	Revision, Configuration int
	Fingerprint             string
}

// Setback notes a failed exchange.
type Setback struct {
	Organization, ID string
	// Generation is the one that could not be replaced. Another one there, and nothing happens.
	Generation int64
	State      State
	Reason     string
	LastError  *LastError
	Setbacks   int
	RefreshAt  time.Time
	At         time.Time
	// Tokens, when not nil, are kept in the place of the generation's: the provider gave out another refresh token
	// before it failed.
	Tokens *exchange.TokenSet
	// Fence is the claim's, "" when there is none. Another's claim there, and nothing happens, but that Tokens are kept.
	Fence string
	// Unanswered keeps the journal of the exchange open: nobody knows what became of the refresh token.
	Unanswered bool
	// Events are kept with it, and Past, if that is not nil.
	Events []event.Event
	Past   *Past
}

// Claim asks for the right to exchange a connection's token, as it was read.
type Claim struct {
	Organization, ID    string
	Version, Generation int64
	// Seen is the Count of the pending exchange that was read; 0 when there was none.
	Seen int
	// Presents says that a refresh token is about to be presented: that is written down before anything is sent.
	Presents bool
	At       time.Time
	// Up is At by the machine's uptime, if that is known.
	Up clock.Uptime
	// Lease is how long the claim holds, longer than the exchange can take. It ends sooner with the process.
	Lease time.Duration
}

// Claimed is a claim that was granted.
type Claimed struct {
	// Fence tells this claim from every other. It is "" where nothing had to be written down.
	Fence string
	// First, FirstUp and Count are those of [Pending], this presentation included.
	First   time.Time
	FirstUp clock.Uptime
	Count   int
}

// HeldError says that another process exchanges the connection's token.
type HeldError struct{ Until time.Time }

func (e *HeldError) Error() string { return "another process is renewing the token" }

// ErrFenced is given to the holder of a claim that another has taken over.
var ErrFenced = errors.New("another process has taken the renewal over")

// Standing is what a row came to by a write.
type Standing struct {
	Version int64
	State   State
}

// Due is a connection whose exchange is due at a time.
type Due struct {
	ID string
	At time.Time
}

// Ledger is the keeper's protocol with the store (spec/token-keeping.md, "Refresh transaction"): find, claim, send, then
// commit or set back. Every write is durable when it returns.
type Ledger interface {
	// Find gives one, or [ErrNotFound].
	Find(ctx context.Context, selector Selector) (Record, error)
	// Claim grants the exchange to one process at a time: [*HeldError] while another that lives holds it, [ErrConflict]
	// when the connection, or its pending exchange, is not as it was read, [ErrNotFound].
	Claim(ctx context.Context, claim Claim) (Claimed, error)
	// Again writes down that the refresh token is about to be presented once more: [ErrFenced].
	Again(ctx context.Context, id, fence string) error
	// Interrupted gives up to limit connections whose refresh token was presented by a process that is gone.
	Interrupted(ctx context.Context, limit int) ([]string, error)
	// Inherit ends the claims of the processes before this one on this machine, but those of the connections whose token
	// set lies in this machine's spill: they become this process's own, until a time, so that nobody presents a refresh
	// token again whose answer is here.
	Inherit(ctx context.Context, spilled []string, until time.Time) error
	// Previous gives the token set before a generation's, of the same account; nil when it is not kept.
	Previous(ctx context.Context, organization, id string, generation int64) (*exchange.TokenSet, error)
	// Commit replaces the token set, by compare-and-set on the generation, and ends the claim; false when another
	// generation is there, or nothing, or another's claim. The connection becomes active, unless it is disabled, and its
	// setbacks are forgotten. The refresh token of before is kept until the next commit.
	Commit(ctx context.Context, commit Commit) (Standing, bool, error)
	// SetBack notes a failed exchange, by compare-and-set on the generation, on a connection that is active or
	// degraded, and ends the claim; false when it is not, or another generation is there, or another's claim. Its
	// tokens are kept, whatever the state, if the generation is there.
	SetBack(ctx context.Context, setback Setback) (Standing, bool, error)
	// Due gives up to limit connections that are due before a time, the most urgent first. It MUST use an index.
	Due(ctx context.Context, before time.Time, limit int) ([]Due, error)
	// Sweep removes attempts that ended before a time, and pending connections made before a time that have no open
	// attempt; at most limit of each. It gives how many connections it removed.
	Sweep(ctx context.Context, attemptsBefore, pendingBefore time.Time, limit int) (int, error)
	// SweepHistory removes what happened before a time, of up to limit connections behind an id; next is the last of them, ""
	// when there are no more.
	SweepHistory(ctx context.Context, before time.Time, after string, limit int) (next string, err error)
}

// Unsaved is what a provider gave and the database did not take. Exactly one member is set.
type Unsaved struct {
	Commit  *Commit
	Setback *Setback
}

// Note counts presentations of a refresh token that could not be written down in the database.
type Note struct {
	ID         string
	Generation int64
	Count      int
}

// Spill keeps what the database does not take on this machine's disk, sealed, so that it outlives the process.
type Spill interface {
	// Put is durable when it returns. What was put for the connection before is replaced.
	Put(ctx context.Context, unsaved Unsaved) error
	// All gives everything that is kept.
	All(ctx context.Context) ([]Unsaved, error)
	// Note is durable when it returns. What was noted of the connection before is replaced.
	Note(note Note) error
	// Notes gives every note.
	Notes() ([]Note, error)
	// Drop forgets a connection's, its note included.
	Drop(id string) error
}
