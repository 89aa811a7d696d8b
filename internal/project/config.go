package project

import (
	"cmp"
	"context"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/event"
)

// Config is what the use cases work with.
type Config struct {
	Store Store
	// Clients are told of every change, and asked to write the last uses before those decide something.
	Clients *Clients
	// Organization gives what there is to know of a tenant, or [ErrNotFound].
	Organization func(ctx context.Context, id string) (Organization, error)
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
	// Quotas bound what an organization may have; a zero is the default.
	Quotas Quotas
	// Loopback lets redirect URIs of a person's own machine do without TLS, for every kind. Native apps always may.
	Loopback bool
}

// Quotas bound what an organization may have.
type Quotas struct {
	// Projects is of an organization: 1,000.
	Projects int
	// Workspaces is of a project: 50.
	Workspaces int
	// Credentials is of a workspace: 100.
	Credentials int
	// Bindings is of a credential: 10.
	Bindings int
	// Profiles is of a service: 200. Services is how many of its own an organization declares: 100.
	Profiles, Services int
}

func (c Config) complete() Config {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	q := &c.Quotas
	q.Projects, q.Workspaces = cmp.Or(q.Projects, 1000), cmp.Or(q.Workspaces, 50)
	q.Credentials, q.Bindings = cmp.Or(q.Credentials, 100), cmp.Or(q.Bindings, 10)
	q.Profiles, q.Services = cmp.Or(q.Profiles, 200), cmp.Or(q.Services, 100)
	return c
}

func (c Config) now() time.Time { return c.Clock.Now().UTC().Truncate(time.Microsecond) }

// note says for the record what the caller did to a subject.
func note(caller access.Caller, action, subject string, version int64, at time.Time, detail map[string]string, events ...event.Event) Note {
	return Note{
		Entry: audit.Entry{
			At: at, Organization: caller.Organization, Actor: cmp.Or(caller.User, caller.ID), Action: action, Subject: subject,
			Generation: version, Detail: detail,
		},
		Events: events,
	}
}
