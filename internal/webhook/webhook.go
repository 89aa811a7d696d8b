// Package webhook delivers events to the endpoints that ask for them.
//
// [Subscriptions] holds the use cases of endpoints, their delivery logs and the list of events; [Dispatcher] sends.
// Requests are those of Standard Webhooks 1.0.0: a POST of the event's JSON with webhook-id (the event's id, the same at
// every attempt), webhook-timestamp (the attempt's) and webhook-signature (HMAC-SHA256 with the endpoint's secret, and
// with the secret before for a day after a rotation).
//
// An event is delivered at least once, or its endpoint's log says that it was not. A 2xx is success; anything else is
// tried again on a fixed schedule of eight attempts, 0 s to 10 h apart. A 410 disables an endpoint at once, and five
// days without one success do. Order is not promised. Several dispatchers may work on one store: each attempt is claimed
// first, and what a dead one had claimed comes free.
//
// Requests leave through egress, so an endpoint's address can't lead inside. A secret is kept sealed and shown once.
// What a receiver answers is not kept beyond its status.
package webhook

import (
	"errors"
	"slices"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/secret"
)

// Endpoint is an address that wants to know of events.
type Endpoint struct {
	// ID is "wh_" and a ULID.
	ID           string
	Organization string
	// Sandbox is the only one whose events it gets; "" is every event of the organization.
	Sandbox     string
	URL         string
	Description string
	// Types are those it gets; none are all but the frequent ones.
	Types   []event.Type
	Enabled bool
	// Reason says why it was disabled, when it was not its owner who did it.
	Reason string
	Secret Secret
	// FailingSince is when the first attempt failed since the last that did not.
	FailingSince time.Time
	// Version counts changes, from 1.
	Version   int64
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Secret is what an endpoint's deliveries are signed with.
type Secret struct {
	// Current is "whsec_" and 32 random bytes in base64.
	Current secret.String
	// Previous signs too until PreviousUntil, so that a receiver can change over at leisure.
	Previous      secret.String
	PreviousUntil time.Time
	// Generation counts rotations, from 1.
	Generation int64
}

// signing gives the secrets that sign at an instant, the current one first.
func (s Secret) signing(now time.Time) []secret.String {
	if !s.Previous.Empty() && now.Before(s.PreviousUntil) {
		return []secret.String{s.Current, s.Previous}
	}
	return []secret.String{s.Current}
}

// Wants tells whether the endpoint gets events of a type.
func (e Endpoint) Wants(t event.Type) bool {
	if len(e.Types) == 0 {
		return !t.Frequent()
	}
	return slices.Contains(e.Types, t)
}

// State is where a delivery stands.
type State string

// The states of a delivery.
const (
	// Pending: an attempt is due, or under way.
	Pending State = "pending"
	// Delivered: the endpoint said 2xx.
	Delivered State = "delivered"
	// Failed: the schedule has ended; a replay begins it anew.
	Failed State = "failed"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	Event   string
	Type    event.Type
	Subject string
	State   State
	// Attempts counts those since the delivery began, or was replayed.
	Attempts int
	// DueAt is when the next attempt is; zero for none.
	DueAt time.Time
	// Status is the last attempt's HTTP status, 0 when there was none; Error is its class then, as egress.Kind has it.
	Status  int
	Error   string
	Latency time.Duration
	// CreatedAt is when the delivery began, AttemptedAt when the last attempt did.
	CreatedAt   time.Time
	AttemptedAt time.Time
}

// The errors of this room, beside [*access.DeniedError] and [*InvalidError].
var (
	// ErrNotFound is given for an endpoint that does not exist, or not for this caller.
	ErrNotFound = errors.New("no such webhook endpoint")
	// ErrEventNotFound is given for an event that does not exist, or not for this caller, or not for this endpoint.
	ErrEventNotFound = errors.New("no such event")
	// ErrConflict says that somebody else changed the endpoint at the same time.
	ErrConflict = errors.New("the webhook endpoint was changed at the same time")
	// ErrDisabled is given when something is to be sent to an endpoint that is disabled.
	ErrDisabled = errors.New("the webhook endpoint is disabled")
)

// InvalidError says what is wrong with what was asked for.
type InvalidError struct {
	// Pointer is the JSON pointer (RFC 6901) of the wrong member.
	Pointer string
	// Message says what is wrong, Fix what to do.
	Message, Fix string
}

func (e *InvalidError) Error() string { return e.Message }
