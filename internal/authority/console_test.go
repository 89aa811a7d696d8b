package authority_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/project"
)

// TestConsoleCaller tells what a token may do at the Developer Console's API, by its credential and its scopes.
func TestConsoleCaller(t *testing.T) {
	w := newWorld(t)
	client := *w.clients.byID[oauthID]
	client.ClientID = "console-client"
	client.Scopes = []string{"openid", "adobeio_api", "manage_client_secrets"}
	client.Services = []project.ClientService{
		{Code: project.IOManagementAPI, Scopes: []string{"adobeio_api", "manage_client_secrets"}}, {Code: project.Target, Profiles: []project.Attachment{{Profile: "4711"}}},
	}
	w.clients.byID[client.ClientID] = &client
	both := client
	both.ClientID, both.Scopes = "both-client", append(slices.Clone(client.Scopes), "tokens:read")
	both.Services = append(slices.Clone(client.Services), project.ClientService{Code: project.LatchkeyAPI, Scopes: []string{"tokens:read"}})
	w.clients.byID[both.ClientID] = &both
	for _, c := range []struct {
		client, scope string
		role          access.Role
		may           []access.Role
		err           error
	}{
		{"console-client", "openid", "", nil, authority.ErrNotSubscribed},
		{"console-client", "openid,adobeio_api", access.Viewer, []access.Role{access.Viewer}, nil},
		{"console-client", "openid,adobeio_api,manage_client_secrets", access.Developer, []access.Role{access.Viewer, access.Developer}, nil},
		{"both-client", "openid,adobeio_api", access.Viewer, []access.Role{access.Viewer}, nil},
		{"both-client", "openid,tokens:read,adobeio_api", "", nil, nil},
		{"both-client", "openid", "", nil, nil},
		{oauthID, "openid,tokens:read", "", nil, nil},
	} {
		form := credentialsForm(c.scope)
		form.Set("client_id", c.client)
		token, _ := w.post(t, "/ims/token/v3", form).body["access_token"].(string)
		caller, err := w.server.ConsoleCaller(context.Background(), token)
		if !errors.Is(err, c.err) || caller.Role != c.role {
			t.Errorf("%s, %s: %+v, %v, want the role %q, %v", c.client, c.scope, caller, err, c.role, c.err)
		}
		for _, role := range access.Roles() {
			if may := caller.RequireRole(role) == nil; may != slices.Contains(c.may, role) {
				t.Errorf("%s, %s: may act as %s: %v", c.client, c.scope, role, may)
			}
		}
		if c.role == access.Developer && (!caller.MayAttach("4711") || caller.MayAttach("4712")) {
			t.Errorf("it may attach %v", caller.Profiles)
		}
	}
	if _, err := w.server.Caller(context.Background(), w.post(t, "/ims/token/v3", credentialsForm("openid")).text); err == nil {
		t.Error("a text that is no token is taken")
	}
}
