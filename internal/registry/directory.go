package registry

import (
	"context"
	"errors"

	"latchkey/internal/access"
	"latchkey/internal/clock"
)

// Directory holds the use cases of organizations and sandboxes.
type Directory struct {
	store Store
	clock clock.Clock
}

// NewDirectory makes a directory over a store.
func NewDirectory(store Store, clock clock.Clock) *Directory {
	return &Directory{store: store, clock: clock}
}

// CreateOrganization adds an organization, with its sandbox "prod". Only the operator can.
func (d *Directory) CreateOrganization(ctx context.Context, caller access.Caller, id, name string) (Organization, error) {
	return Organization{}, errors.ErrUnsupported
}

// Organizations lists those that the caller sees: its own; all, for the operator.
func (d *Directory) Organizations(ctx context.Context, caller access.Caller) ([]Organization, error) {
	return nil, errors.ErrUnsupported
}

// Organization gives one by its id.
func (d *Directory) Organization(ctx context.Context, caller access.Caller, id string) (Organization, error) {
	return Organization{}, errors.ErrUnsupported
}

// CreateSandbox adds a sandbox to the caller's organization. An empty title becomes the name.
func (d *Directory) CreateSandbox(ctx context.Context, caller access.Caller, name, title string) (Sandbox, error) {
	return Sandbox{}, errors.ErrUnsupported
}

// Sandboxes lists those of the caller's organization that the caller sees, in the order of their names.
func (d *Directory) Sandboxes(ctx context.Context, caller access.Caller) ([]Sandbox, error) {
	return nil, errors.ErrUnsupported
}

// Sandbox gives one by its id or its name.
func (d *Directory) Sandbox(ctx context.Context, caller access.Caller, ref string) (Sandbox, error) {
	return Sandbox{}, errors.ErrUnsupported
}

// DeleteSandbox removes one, by its id or its name, that nothing is in. "prod" stays.
func (d *Directory) DeleteSandbox(ctx context.Context, caller access.Caller, ref string) error {
	return errors.ErrUnsupported
}
