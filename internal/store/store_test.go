package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/destination/destinationtest"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/registry/registrytest"
	"latchkey/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const document = `{"name":"x","authentication":{"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS",
	"accessTokenUrl":"https://id.example.com/token","clientId":"c","clientSecret":"the definition's secret"}}`

// deletion is what a deletion records.
var deletion = audit.Entry{Organization: connectiontest.Organization, Actor: "key_1", Action: "definition.delete"}

// addDefinition stores a definition in an organization's sandbox.
func addDefinition(t testing.TB, s *store.Store, organization, sandbox, name string) string {
	t.Helper()
	doc, err := destination.ParseDocument([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	id := ident.New("def")
	err = s.Definitions().Save(context.Background(), destination.Change{
		Definition: destination.Definition{
			ID: id, InstanceID: ident.UUID(), Organization: organization, Sandbox: sandbox, Name: name, Draft: 1, Published: 1,
			CreatedAt: now, UpdatedAt: now, CreatedBy: "key_1",
		},
		Revision: &destination.Revision{Definition: id, Number: 1, Document: doc, Published: true, PublishedAt: now, CreatedAt: now},
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// remove deletes a connection as it is now, without a revocation.
func remove(s *store.Store, organization, id string) error {
	ctx := context.Background()
	r, err := s.Connections().Find(ctx, connection.Selector{Organization: organization, ID: id})
	if err != nil {
		return err
	}
	return s.Connections().Delete(ctx, connection.Deletion{Organization: organization, ID: id, Version: r.Version, At: time.Now()})
}

func TestConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		connectiontest.Run(t, func(t *testing.T) connectiontest.Subject {
			s := fresh(t).open(t)
			c := s.Connections()
			return connectiontest.Subject{
				Store: c, Attempts: c, Ledger: c,
				AddDefinition: func(t *testing.T, name string) string {
					return addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, name)
				},
			}
		})
	})
}

func TestRegistry(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		open := func(t *testing.T) registrytest.Subject {
			s := fresh(t).open(t)
			return registrytest.Subject{
				Store: s.Registry(), Keys: s.Registry(),
				Occupy: func(t *testing.T, sandbox registry.Sandbox) {
					addDefinition(t, s, sandbox.Organization, sandbox.Name, "occupant")
				},
			}
		}
		registrytest.TestStore(t, open)
		registrytest.TestKeyStore(t, open)
		t.Run("users", func(t *testing.T) {
			registrytest.TestUserStore(t, func(t *testing.T) (registry.Store, registry.UserStore) {
				r := fresh(t).open(t).Registry()
				return r, r
			})
		})
		t.Run("first start", func(t *testing.T) {
			registrytest.TestFirstStartStore(t, func(t *testing.T) registrytest.FirstStartStore { return fresh(t).open(t).Registry() })
		})
		t.Run("identities", func(t *testing.T) {
			registrytest.TestIdentityStore(t, func(t *testing.T) registrytest.IdentityStore { return fresh(t).open(t).Registry() })
		})
		t.Run("sessions", func(t *testing.T) {
			registrytest.TestSessionStore(t, func(t *testing.T) (registry.Store, registrytest.PeopleStore) {
				r := fresh(t).open(t).Registry()
				return r, r
			})
		})
	})
}

func TestDefinitions(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		destinationtest.Run(t, func(t *testing.T) destination.Store { return fresh(t).open(t).Definitions() })
	})
}

func TestDefinitionInUse(t *testing.T) { onBoth(t, testDefinitionInUse) }

func testDefinitionInUse(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	s := fresh(t).open(t)
	id := addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	var last connection.Record
	for range 2 {
		last = newRecord(t, id, "x")
		if err := s.Connections().Create(ctx, last, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{2, 1, 0} {
		d, err := s.Definitions().Find(ctx, destination.Place{}, id)
		if err != nil || d.Connections != want {
			t.Errorf("Find() tells of %d connections, %v, want %d", d.Connections, err, want)
		}
		if want == 0 {
			break
		}
		err = s.Definitions().Delete(ctx, id, deletion)
		if used, ok := errors.AsType[*destination.InUseError](err); !ok || used.Connections != want {
			t.Errorf("Delete() while %d connections exist = %v", want, err)
		}
		page, err := s.Connections().List(ctx, connection.Selection{
			Organization: connectiontest.Organization, Sandbox: connectiontest.Sandbox, Limit: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := remove(s, connectiontest.Organization, page[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Definitions().Delete(ctx, id, deletion); err != nil {
		t.Errorf("Delete() = %v", err)
	}
}
