package webhook

import (
	"context"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/event"
)

// EndpointStore keeps endpoints. What is changed and what is recorded of it are committed together.
type EndpointStore interface {
	CreateEndpoint(ctx context.Context, e Endpoint, record audit.Entry) error
	// Endpoint gives one of the organization, or [ErrNotFound].
	Endpoint(ctx context.Context, organization, id string) (Endpoint, error)
	// Endpoints gives those of the organization, without their secrets, in the order of their ids.
	Endpoints(ctx context.Context, organization string) ([]Endpoint, error)
	// ChangeEndpoint replaces what is kept, if its version is still e.Version, with a version more; else [ErrConflict].
	// FailingSince is forgotten when it is enabled anew.
	ChangeEndpoint(ctx context.Context, e Endpoint, record audit.Entry) error
	// DeleteEndpoint removes it with its deliveries.
	DeleteEndpoint(ctx context.Context, organization, id string, record audit.Entry) error
}

// LogStore reads what was and is delivered, and begins deliveries anew.
type LogStore interface {
	// Events gives events of one organization, newest first.
	Events(ctx context.Context, s EventSelection) ([]event.Event, error)
	// Deliveries gives those of one endpoint, newest first.
	Deliveries(ctx context.Context, s DeliverySelection) ([]Delivery, error)
	// Replay makes deliveries due at once, as if they had never been tried: that of one event, or those of every event
	// that the endpoint wants, that happened since and that it has not got. It gives how many; [ErrEventNotFound] when
	// one is named that is not the organization's.
	Replay(ctx context.Context, e Endpoint, r Replay, record audit.Entry) (int, error)
	// Enqueue keeps an event that goes to this endpoint alone.
	Enqueue(ctx context.Context, endpoint string, e event.Event, record audit.Entry) error
}

// EventSelection says which events to list.
type EventSelection struct {
	Organization string
	// Sandbox "" is every event, those of none too.
	Sandbox string
	Type    event.Type
	Subject string
	Since   time.Time
	// Before is the last that was given.
	Before Position
	Limit  int
}

// Position is a place in a list that is ordered by time and id.
type Position struct {
	At time.Time
	ID string
}

// DeliverySelection says which deliveries to list.
type DeliverySelection struct {
	Endpoint string
	State    State
	Before   Position // CreatedAt and Event
	Limit    int
}

// Replay says what to deliver once more: one event, or all since a time that were not delivered.
type Replay struct {
	Event string
	Since time.Time
	At    time.Time
}

// Queue is what a [Dispatcher] works off.
type Queue interface {
	// Spread makes deliveries of events that were emitted, in their order, and tells of how many events. An event becomes
	// one delivery for each endpoint that wants it, once, however many dispatchers there are.
	Spread(ctx context.Context, now time.Time, limit int) (int, error)
	// Due gives the enabled endpoints of which a delivery is due and not claimed, with their secrets, and when the next
	// will be of any; zero for never. An endpoint that can't be read MUST NOT keep the others from being given.
	Due(ctx context.Context, now time.Time) ([]Endpoint, time.Time, error)
	// Claim takes deliveries of an endpoint that are due, at most limit. Nobody else gets them before until, unless this
	// process ends.
	Claim(ctx context.Context, endpoint string, now, until time.Time, limit int) ([]Job, error)
	// Finish keeps how an attempt ended and gives the claim back. It tells whether that disabled the endpoint. An attempt
	// whose claim was lost is not kept.
	Finish(ctx context.Context, o Outcome) (disabled bool, err error)
	// Prune removes events that happened before a time with their deliveries, at most limit, and gives how many.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
}

// Job is one attempt to make.
type Job struct {
	Event event.Event
	// Attempt is its number, from 1.
	Attempt int
	// DueAt is when it was due, for measuring.
	DueAt time.Time
}

// Outcome is how an attempt ended.
type Outcome struct {
	Endpoint     Endpoint
	Event        string
	Attempt      int
	State        State
	DueAt        time.Time // of the next attempt
	Status       int
	Error        string
	Latency      time.Duration
	At           time.Time // when it ended
	DisableWhy   string    // not "" when it is to disable the endpoint
	FailingSince time.Time // of the endpoint, where disabling depends on it: one that has succeeded since is not disabled
}
