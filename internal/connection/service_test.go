package connection_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
)

// TestService follows where calls go through revisions of the definition.
func TestService(t *testing.T) {
	const here = `,"options":{"proxy":{"baseUrl":"https://api.example.com/v1"}}}}`
	document := func(end string) string { return strings.TrimSuffix(credentialsDocument, "}}") + end }
	w := newWorld(t)
	caller := access.Caller{ID: "key_app", Organization: admin.Organization, Scopes: access.Scopes{access.ProxyCall}}
	ask := func(id string) error {
		_, _, err := w.keeper.Service(context.Background(), caller, id, connection.Want{})
		return err
	}
	old := w.connect("machine", "old")
	if moved, ok := errors.AsType[*connection.MovedError](ask(old.ID)); ok {
		t.Errorf("without a service: %v", moved)
	}
	w.definitions.publish("machine", document(here))
	w.clock.Advance(time.Minute)
	if _, ok := errors.AsType[*connection.MovedError](ask(old.ID)); !ok {
		t.Errorf("a connection of before the service was named is served: %v", ask(old.ID))
	}
	now := w.connect("machine", "now")
	if err := ask(now.ID); err != nil {
		t.Fatal(err)
	}
	finds := w.memory.Calls("Find")
	if err := ask("now"); err != nil || w.memory.Calls("Find") != finds {
		t.Errorf("the second call asks the store: %v", err)
	}
	if _, err := w.keeper.Token(context.Background(), caller, now.ID, connection.Want{}); err == nil {
		t.Error("who may call reads the token")
	}
	if _, _, err := w.keeper.Service(context.Background(), access.Caller{ID: "key_other", Organization: admin.Organization, Scopes: access.Scopes{access.TokensRead}}, now.ID, connection.Want{}); err == nil {
		t.Error("who may read tokens calls")
	}
	if _, _, err := w.keeper.Service(context.Background(), access.Caller{ID: "key_else", Organization: "other@AdobeOrg", Scopes: access.Scopes{access.Admin}}, now.ID, connection.Want{}); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another organization got %v", err)
	}
	w.definitions.publish("machine", document(`,"options":{"proxy":{"baseUrl":"https://evil.example.com/v1"}}}}`))
	w.clock.Advance(time.Minute)
	_, service, err := w.keeper.Service(context.Background(), caller, now.ID, connection.Want{})
	if err != nil || service.Base.Opaque != "https://api.example.com/v1" {
		t.Errorf("the address that it was authorized with is not kept: %v, %v", service, err)
	}
}
