package destination

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/audit"
)

// Definition is how a service authenticates, under a name that is unique in its sandbox. What it says is in its
// revisions.
type Definition struct {
	// ID is "def_" and a ULID; InstanceID is the UUID by which the compatible authoring API knows it.
	ID, InstanceID string
	Organization   string
	Sandbox        string
	// Name, Description and Status are those of the newest revision's document.
	Name, Description, Status string
	// Draft is the number of the newest revision; Published that of the published one, 0 when there is none.
	Draft, Published int
	// Connections tells how many connections there are. The store counts them when it reads; it is never written.
	Connections          int
	CreatedAt, UpdatedAt time.Time
	CreatedBy            string
}

// The states of a definition.
const (
	StateDraft     = "draft"     // never published
	StatePublished = "published" // the newest revision is the published one
	StateChanged   = "changed"   // published, with a newer draft
)

// State tells whether the definition is published.
func (d Definition) State() string {
	switch d.Published {
	case 0:
		return StateDraft
	case d.Draft:
		return StatePublished
	}
	return StateChanged
}

// Revision is what a definition said at one time. Revisions count from 1 and never change, but for being published.
type Revision struct {
	Definition  string
	Number      int
	Document    *Document
	Published   bool
	PublishedAt time.Time
	CreatedAt   time.Time
	CreatedBy   string
	// Note says why it was made, "" for nothing.
	Note string
}

// Query asks for definitions of one sandbox, in the order of their ids.
type Query struct {
	Organization, Sandbox string
	// Search finds names and descriptions that contain it, whatever the case; "" finds all.
	Search string
	// After is the id of the last definition of the page before.
	After string
	// Limit bounds the answer; it is always positive.
	Limit int
}

// Pin is how many connections were made with a configuration of a revision.
type Pin struct{ Revision, Configuration, Connections int }

// Place is a sandbox of an organization.
type Place struct{ Organization, Sandbox string }

// Change is what one use case writes, all of it or nothing.
type Change struct {
	// Definition replaces the row of that id, or makes it when Expect is 0.
	Definition Definition
	// Revision is added, or replaces the one of that number when it is published; nil leaves revisions alone.
	// A published revision takes the mark from the one published before.
	Revision *Revision
	// Expect is the Draft number on which the change was based; 0 makes a new definition.
	Expect int
	// Entry is what the audit record says of it.
	Entry audit.Entry
}

// Store keeps definitions and their revisions. It MUST keep a document's secrets apart from it, sealed
// ([Document.Secrets], [ParseJSONSealed]). destinationtest.Run says in tests what each method promises.
type Store interface {
	// Save writes a change and its entry in one transaction. It MUST fail with [ErrNameTaken] when the sandbox has another
	// definition of that name, with [ErrConflict] when Draft is not what the change expects, and with
	// [ErrNotFound] when there is no definition to change.
	Save(ctx context.Context, change Change) error
	// Find gives the definition whose id, instance id or name is ref, looked for in that order. A zero place looks
	// for the id alone, in every organization. It fails with [ErrNotFound].
	Find(ctx context.Context, place Place, ref string) (Definition, error)
	// List gives one page.
	List(ctx context.Context, query Query) ([]Definition, error)
	// Revisions gives the revisions of those numbers, all of them when none is named, oldest first, documents
	// included. A number that does not exist is left out.
	Revisions(ctx context.Context, definition string, numbers ...int) ([]Revision, error)
	// Pins counts the connections of a definition by the revision and the configuration that they were made with.
	Pins(ctx context.Context, definition string) ([]Pin, error)
	// Delete forgets a definition and its revisions. It MUST fail with an [InUseError] while connections exist or grants wait
	// to be revoked,
	// and with [ErrNotFound] when there is no such definition.
	Delete(ctx context.Context, definition string, entry audit.Entry) error
}

// What can go wrong with definitions.
var (
	ErrNotFound = errors.New("there is no such definition")
	// ErrNoRevision is an [ErrNotFound] too.
	ErrNoRevision = fmt.Errorf("the definition has no such revision: %w", ErrNotFound)
	ErrNameTaken  = errors.New("the sandbox has a definition of that name")
	ErrConflict   = errors.New("the definition was changed by someone else meanwhile")
	// ErrInUse is what an [InUseError] is, for errors.Is.
	ErrInUse = errors.New("connections to the definition exist")
)

// InUseError keeps a definition from being deleted.
type InUseError struct {
	Connections int
	// Revocations counts the grants of deleted connections that wait to be revoked by it.
	Revocations int
}

func (e *InUseError) Error() string {
	if e.Connections == 0 {
		return fmt.Sprintf("%d grants of deleted connections wait to be revoked by the definition", e.Revocations)
	}
	if e.Connections == 1 {
		return "1 connection to the definition exists"
	}
	return fmt.Sprintf("%d connections to the definition exist", e.Connections)
}

// Is makes the error an [ErrInUse].
func (e *InUseError) Is(target error) bool { return target == ErrInUse }
