package authority_test

import (
	"errors"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/authority"
)

// TestConsents holds who may look after consents, and that one that is withdrawn ends what came of it at once.
func TestConsents(t *testing.T) {
	w := newWorld(t)
	tokens := w.tokens(t, webID)
	consents := w.server.Consents()
	admin := access.Caller{ID: "key_1", Organization: org, Scopes: access.Scopes{access.Admin}}
	self := people()[ada].Rights
	viewer := access.Caller{ID: bob, User: bob, Organization: org, Role: access.Viewer, Scopes: access.Scopes{access.RegistryRead}}
	for name, caller := range map[string]access.Caller{"an administrator": admin, "the person": self, "a viewer": viewer} {
		if got, err := consents.List(t.Context(), caller, ada); err != nil || len(got) != 1 || got[0].ClientID != webID {
			t.Errorf("%s sees %+v, %v", name, got, err)
		}
	}
	foreign := admin
	foreign.Organization = otherOrg
	if got, err := consents.List(t.Context(), foreign, ada); err != nil || len(got) > 0 {
		t.Errorf("another organization sees %+v, %v", got, err)
	}
	if err := consents.Withdraw(t.Context(), foreign, ada, webID); !errors.Is(err, authority.ErrNoConsent) {
		t.Errorf("another organization withdraws: %v", err)
	}
	if err := consents.Withdraw(t.Context(), viewer, ada, webID); !errors.As(err, new(*access.DeniedError)) {
		t.Errorf("a viewer withdraws: %v", err)
	}
	if got := w.validates(t, tokens.token("access_token")); got != "true" {
		t.Fatalf("the access token's validity is %s before", got)
	}
	if err := consents.Withdraw(t.Context(), self, ada, webID); err != nil {
		t.Fatal(err)
	}
	if got := w.validates(t, tokens.token("access_token")); got != "false revoked_token" {
		t.Errorf("the access token's validity is %s after", got)
	}
	if got := w.post(t, "/ims/token/v3", refreshing(tokens.token("refresh_token"))); got.error() != "400 invalid_grant: The refresh_token was revoked." {
		t.Errorf("the refresh token: %s", got.error())
	}
	if got := w.ask(t, ada, asking(webID)); got.header.Get("Test-Page") != "consent" {
		t.Errorf("the person is not asked again: %d %s", got.status, got.text)
	}
}
