package connection

import (
	"errors"
	"fmt"
	"time"

	"latchkey/internal/exchange"
)

// The errors of this room, beside [*access.DeniedError] and [destination.Problems].
var (
	// ErrNotFound is given for what does not exist, or not for this caller.
	ErrNotFound = errors.New("no such connection")
	// ErrLabelTaken is given for a label that another connection of the sandbox has.
	ErrLabelTaken = errors.New("the label is taken")
	// ErrDefinitionNotFound is given for a definition that does not exist, or not for this caller.
	ErrDefinitionNotFound = errors.New("no such definition")
	// ErrNotModified is given when the caller's token was rejected and nothing newer can be had.
	ErrNotModified = errors.New("nothing newer than the rejected token")
	// ErrConflict is given when someone else changed the connection meanwhile.
	ErrConflict = errors.New("the connection was changed by someone else meanwhile")
	// ErrClosed is given after [Keeper.Close].
	ErrClosed = errors.New("the keeper is closed")
)

// The errors of a consent in the browser. Each has its own page.
var (
	// ErrAttemptUnknown is given for an attempt or a state that was never made, or was swept away.
	ErrAttemptUnknown = errors.New("this link is not known")
	// ErrAttemptUsed is given when the consent was completed, or failed, before.
	ErrAttemptUsed = errors.New("this link has been used")
	// ErrAttemptExpired is given when the consent came too late.
	ErrAttemptExpired = errors.New("this link has expired")
	// ErrOtherBrowser is given when the browser that came back is not the one that left.
	ErrOtherBrowser = errors.New("the consent was begun in another browser")
)

// NeedsReauthorizationError says that the grant is dead until someone consents anew.
type NeedsReauthorizationError struct {
	Identity
	Reason string
	// LastError is nil when no exchange failed (the token ended and there is no way to renew it).
	LastError *LastError
}

func (e *NeedsReauthorizationError) Error() string {
	return fmt.Sprintf("connection %s needs reauthorization: %s", e.ID, e.Reason)
}

// PendingError says that the first consent has not happened.
type PendingError struct{ Identity }

func (e *PendingError) Error() string {
	return fmt.Sprintf("connection %s waits for its first authorization", e.ID)
}

// DisabledError says that the connection's owner switched it off.
type DisabledError struct{ Identity }

func (e *DisabledError) Error() string { return fmt.Sprintf("connection %s is disabled", e.ID) }

// ProviderError says that an exchange failed and there is no valid token to serve in its place.
type ProviderError struct {
	// Identity is empty when the connection was not made because of it.
	Identity
	// Failure is the exchange's; for one that is remembered it has class, code and status alone.
	Failure *exchange.Failure
	// RetryAt is when the keeper tries again; zero when it does not.
	RetryAt time.Time
}

func (e *ProviderError) Error() string { return "exchanging a token: " + e.Failure.Error() }

func (e *ProviderError) Unwrap() error { return e.Failure }

// Refused tells whether the provider was reached and said no (422), rather than not reached (424).
func (e *ProviderError) Refused() bool { return e.Failure.Kind != exchange.ProviderDown }

// StateError says that an act does not fit the connection's state.
type StateError struct {
	Identity
	State State
	// Act is what was asked for: "enable".
	Act string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("connection %s is %s: can't %s it", e.ID, e.State, e.Act)
}
