// Package registry knows who there is: organizations, their sandboxes, their people, and the API keys of their machines.
//
// [Directory] holds the use cases of organizations and sandboxes, [Users] those of people, [Sessions] those of browsers at
// which people signed in, [Keyring] those of keys. Every use case of what an organization has takes the [access.Caller] and checks it before anything else; what belongs to another organization is not found, and a
// caller bound to a sandbox sees no other. A caller without an organization is the operator (the first start, the
// command line on the machine), and only the operator makes organizations.
//
// A key's value is shown once, when it is made. What is kept is its keyed hash, as of a session's name, so neither the
// database nor a backup lets anybody in. Authentication works from memory.
package registry

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/audit"
)

// Organization is a tenant: all else belongs to one.
type Organization struct {
	// ID is the IMS organization id, `<24 HEX>@AdobeOrg`.
	ID string
	// Number is the developer console's own id of it: digits, unique.
	Number    string
	Name      string
	CreatedAt time.Time
}

// Sandbox is a named partition of an organization. Each organization has [access.DefaultSandbox].
type Sandbox struct {
	// ID is a UUID, as in Experience Platform.
	ID           string
	Organization string
	// Name is unique in the organization: `[a-z0-9-]{1,256}`.
	Name string
	// Title is what people read.
	Title     string
	CreatedAt time.Time
}

// The errors of this room, beside [*access.DeniedError] and [*InvalidError].
var (
	// ErrNotFound is given for what does not exist, or not for this caller.
	ErrNotFound = errors.New("not found")
	// ErrNameTaken is given for a name or an id that is in use.
	ErrNameTaken = errors.New("the name is taken")
	// ErrNumberTaken is given for an organization's number that another has.
	ErrNumberTaken = errors.New("the number is taken")
	// ErrInUse is given for a sandbox that holds connections or definitions.
	ErrInUse = errors.New("still in use")
)

// InvalidError says what is wrong with what was asked for.
type InvalidError struct {
	// Pointer is the JSON pointer (RFC 6901) of the wrong member.
	Pointer string
	// Message says what is wrong.
	Message string
	// Fix says what to do.
	Fix string
}

func (e *InvalidError) Error() string { return e.Message }

// Store keeps organizations and sandboxes. registrytest.TestStore checks an implementation. Times MUST keep their
// milliseconds, here and in [KeyStore]. What changes something takes the entry of the audit record, and MUST keep it in
// the same transaction.
type Store interface {
	// CreateOrganization adds the organization and its first sandbox together; [ErrNameTaken] when the id exists,
	// [ErrNumberTaken] when another has its number.
	CreateOrganization(ctx context.Context, organization Organization, first Sandbox, entry audit.Entry) error
	// Organizations gives all, in the order of their ids.
	Organizations(ctx context.Context) ([]Organization, error)
	// CreateSandbox adds a sandbox: [ErrNameTaken] when the organization has that name, [ErrNotFound] when there is
	// no such organization.
	CreateSandbox(ctx context.Context, sandbox Sandbox, entry audit.Entry) error
	// Sandboxes gives the organization's, in the order of their names.
	Sandboxes(ctx context.Context, organization string) ([]Sandbox, error)
	// DeleteSandbox removes one by its id: [ErrNotFound] when the organization has none such, [ErrInUse] while a
	// connection or a definition is in it.
	DeleteSandbox(ctx context.Context, organization, id string, entry audit.Entry) error
}
