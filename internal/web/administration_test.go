package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/adobesim"
	"latchkey/internal/authority"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/simulator"
	"latchkey/internal/store"
	"latchkey/internal/web"
	"latchkey/internal/webhook"
	"latchkey/internal/workflow"
)

// administration puts the rooms of the Admin Console and the settings on the store.
func (h *house) administration(kept *store.Store, sim *simulator.Simulator) web.Administration {
	const day = 24 * time.Hour
	return web.Administration{
		Tenants: h.directory, Agreements: &authority.Consents{Store: kept.Authority(), Clock: h.hand}, Simulator: sim, Stage: adobesim.New(adobesim.Config{}),
		SigningKeys: &authority.SigningKeys{Store: kept.Authority(), Clock: h.hand, AccessLife: day, KeyLife: 90 * day, Soak: day},
		Backups:     &workflow.Backups{Store: snapshot{kept, kept.Audit()}, Clock: h.hand}, Checks: []web.Check{{Name: "Database", Ready: kept.Ping}},
		Settings: []web.Setting{{Name: "public_url", Value: markup, Set: true}, {Name: "mail.host", About: "SMTP server"}},
	}
}

// snapshot is the store as a backup needs it.
type snapshot struct {
	*store.Store
	store.Audit
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

// furnishSettings puts a key and a webhook endpoint into the house, and gives their paths.
func (h *house) furnishSettings() (keyAt, hookAt string) {
	h.Helper()
	ctx := context.Background()
	key, err := h.keys.Create(ctx, h.caller, registry.NewKey{Name: markup, Scopes: access.Scopes{access.TokensRead}})
	check(h, err)
	hook, err := h.webhooks.Create(ctx, h.caller, webhook.Create{URL: "https://example.com/hooks", Description: markup})
	check(h, err)
	return "/settings/keys/" + key.ID, "/settings/webhooks/" + hook.ID
}
