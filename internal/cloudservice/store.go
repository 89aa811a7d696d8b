package cloudservice

import (
	"context"

	"latchkey/internal/audit"
)

// Place is a sandbox of an organization.
type Place struct{ Organization, Sandbox string }

// Store keeps services. It MUST seal secrets, bound to their row. Entries are recorded with the change.
type Store interface {
	// Create keeps a service: [ErrNameTaken].
	Create(ctx context.Context, s Service, entry audit.Entry) error
	// Find gives one by its id or its name: [ErrNotFound].
	Find(ctx context.Context, place Place, ref string) (Service, error)
	// List gives those of a sandbox, by their names.
	List(ctx context.Context, place Place) ([]Service, error)
	// Change replaces one whose version is still the same: [ErrConflict].
	Change(ctx context.Context, s Service, entry audit.Entry) error
	// Delete removes one with all that belongs to it: [ErrNotFound].
	Delete(ctx context.Context, place Place, id string, entry audit.Entry) error
	ListStore
	FrameworkStore
}
