package pipeline

import (
	"context"

	"latchkey/internal/audit"
	"latchkey/internal/event"
)

// Store keeps topics. What is changed and what is recorded of it are committed together.
type Store interface {
	// CreateTopic adds one, or gives [ErrTaken].
	CreateTopic(ctx context.Context, t Topic, record audit.Entry) error
	// Topic gives one of the organization by its id or name, or [ErrNotFound].
	Topic(ctx context.Context, organization, ref string) (Topic, error)
	// Topics gives those of the organization by name; of every one when it is "".
	Topics(ctx context.Context, organization string) ([]Topic, error)
	// ChangeTopic replaces what is kept, if its version is still t.Version, with a version more; else [ErrConflict].
	ChangeTopic(ctx context.Context, t Topic, record audit.Entry) error
	DeleteTopic(ctx context.Context, organization, id string, record audit.Entry) error
	// Note keeps what happened to a topic that changes no row of it: in the log, or to a group.
	Note(ctx context.Context, records []audit.Entry, events []event.Event) error
}
