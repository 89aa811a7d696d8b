package web_test

import (
	"context"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// administration puts the rooms of the Admin Console and the settings on the store.
func (h *house) administration(kept *store.Store) web.Administration {
	return web.Administration{Tenants: h.directory, Agreements: &authority.Consents{Store: kept.Authority(), Clock: h.hand}}
}

// furnishAdmin puts one of each thing of the Admin Console into the house, and gives the paths of a product profile and of a person.
func (h *house) furnishAdmin() (profileAt, userAt string) {
	h.Helper()
	ctx := context.Background()
	_, err := h.offers.Entitle(ctx, h.caller, project.Target)
	check(h, err)
	_, err = h.offers.Declare(ctx, h.caller, project.NewService{Code: "billing", Name: markup, Scopes: []string{"billing:read"}})
	check(h, err)
	profile, err := h.offers.CreateProfile(ctx, h.caller, project.NewProfile{Service: project.Target, Name: "Default Workspace", Description: markup})
	check(h, err)
	_, workspaces, err := h.projects.Create(ctx, h.caller, project.NewProject{Name: "Granted"}) // no developer's, who has not the profile
	check(h, err)
	_, err = h.credentials.Create(ctx, h.caller, project.NewCredential{Workspace: workspaces[0].ID, Name: "granted", Kind: project.OAuthServerToServer, Services: []project.Wish{{Service: project.Target, Profiles: []string{profile.ID}}}})
	check(h, err)
	_, err = h.directory.CreateSandbox(ctx, h.caller, "stage", markup)
	check(h, err)
	user := h.person(organization, registry.NewUser{Email: "grace@example.com", FirstName: "Grace", LastName: markup, Role: access.Developer, Profiles: []string{profile.ID}})
	return "/admin/profiles/" + profile.ID, "/admin/users/" + user.ID
}

// says holds an answer's status and several of its words.
func says(t *testing.T, got answer, status int, texts ...string) {
	t.Helper()
	if got.StatusCode != status {
		t.Errorf("got %d %s, want %d", got.StatusCode, got.text, status)
	}
	for _, text := range texts {
		if !strings.Contains(got.text, text) {
			_, main, _ := strings.Cut(got.text, "<main")
			t.Errorf("got %s, want %q in it", strings.Join(strings.Fields(main), " "), text)
		}
	}
}
