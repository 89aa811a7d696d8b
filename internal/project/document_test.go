package project_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// TestDocument holds the workspace file against the rules of its published schema (spec/ims-and-console.md §3.3).
func TestDocument(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	profile := c.profile(t, project.Target, "Default Workspace")
	for _, kind := range project.Kinds() {
		var wishes []project.Wish
		if kind.Enterprise() {
			wishes = []project.Wish{{Service: project.Target, Profiles: []string{profile}}, {Service: project.IOManagementAPI}}
		}
		c.create(t, admin, string(kind), kind, wishes...)
	}
	migrating := c.create(t, admin, "migrating", project.ServiceAccountJWT)
	if _, err := c.credentials.StartMigration(ctx, admin, migrating.ID); err != nil {
		t.Fatal(err)
	}
	text := " two\nlines "
	if _, err := c.projects.Change(ctx, admin, "Moviestar", project.Edit{Description: &text}); err != nil {
		t.Fatal(err)
	}
	document, err := c.projects.Download(ctx, admin, "Moviestar", project.FirstWorkspace)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Project map[string]any }
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	p := got.Project
	org, workspace := p["org"].(map[string]any), p["workspace"].(map[string]any)
	for what, rule := range map[string]struct {
		value   any
		pattern string
	}{
		"project.id": {p["id"], `^[0-9]+$`}, "project.name": {p["name"], `^[A-Za-z0-9À-ÿ]{1,20}$`}, "project.title": {p["title"], `^\S(.{0,43}\S)?$`},
		"project.description": {p["description"], `^two lines$`}, "org.id": {org["id"], `^[0-9]+$`}, "org.name": {org["name"], `^\S(.{0,253}\S)?$`},
		"org.ims_org_id": {org["ims_org_id"], `^\w+@\w+$`}, "workspace.id": {workspace["id"], `^[0-9]+$`}, "workspace.name": {workspace["name"], `^[A-Za-z0-9À-ÿ]{1,20}$`},
		"workspace.action_url": {workspace["action_url"], `^https://[a-z0-9.-]+$`}, "workspace.app_url": {workspace["app_url"], `^https://[a-z0-9.-]+$`},
	} {
		if value, ok := rule.value.(string); !ok || !regexp.MustCompile(rule.pattern).MatchString(value) {
			t.Errorf("%s is %v, which %s does not match", what, rule.value, rule.pattern)
		}
	}
	details := workspace["details"].(map[string]any)
	if services := details["services"].([]any); len(services) != 2 || services[0].(map[string]any)["code"] != project.IOManagementAPI {
		t.Errorf("the services are %v", services)
	}
	if runtime := details["runtime"].(map[string]any); len(runtime["namespaces"].([]any)) != 0 {
		t.Errorf("runtime is %v", runtime)
	}
	testBlocks(t, details["credentials"].([]any))
	testSecretless(t, c)
}

// testBlocks holds each credential against the block of its type.
func testBlocks(t *testing.T, credentials []any) {
	blocks := []string{"jwt", "oauth_server_to_server", "oauth2", "api_key"}
	want := map[string][]string{ // integration type → blocks
		"service": {"jwt"}, "oauth_server_to_server": {"oauth_server_to_server"}, "oauth_server_to_server_migrate": {"jwt", "oauth_server_to_server"},
		"oauthwebapp": {"oauth2"}, "oauthsinglepageapp": {"oauth2"}, "oauthnativeapp": {"oauth2"}, "apikey": {"api_key"},
	}
	for _, one := range credentials {
		credential := one.(map[string]any)
		kind := credential["integration_type"].(string)
		var found []string
		for _, block := range blocks {
			if credential[block] != nil {
				found = append(found, block)
			}
		}
		if strings.Join(found, " ") != strings.Join(want[kind], " ") || want[kind] == nil {
			t.Errorf("%s has the blocks %v, want %v", kind, found, want[kind])
		}
		if jwt, ok := credential["jwt"].(map[string]any); ok {
			if secret := jwt["client_secret"].(string); !strings.HasPrefix(secret, "p8e-") || jwt["meta_scopes"] == nil {
				t.Errorf("the block jwt is %v", jwt)
			}
		}
		if server, ok := credential["oauth_server_to_server"].(map[string]any); ok {
			if len(server["client_secrets"].([]any)) != 1 || server["scopes"].([]any)[0] != "openid" {
				t.Errorf("the block oauth_server_to_server is %v", server)
			}
		}
		if oauth, ok := credential["oauth2"].(map[string]any); ok {
			// The schema requires the member of every one but a single-page app, a native app's too.
			if _, has := oauth["client_secret"]; has != (kind != "oauthsinglepageapp") || oauth["redirect_uri"] == nil || oauth["defaultRedirectUri"] == "" {
				t.Errorf("the block oauth2 of %s is %v", kind, oauth)
			}
		}
	}
	if len(credentials) != 7 {
		t.Errorf("there are %d credentials, want 7", len(credentials))
	}
}

// testSecretless holds that who may not see a secret gets a file without. A developer sees those of credentials that have
// no product profile: the web app's, and the one's that migrates, which is in both its blocks.
func testSecretless(t *testing.T, c *console) {
	for _, test := range []struct {
		caller access.Caller
		want   int
	}{{viewer, 0}, {developer("1"), 3}} {
		document, err := c.projects.Download(t.Context(), test.caller, "", c.workspace.ID)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(encoded), "p8e-"); n != test.want {
			t.Errorf("the file for %s has %d secrets, want %d", test.caller.ID, n, test.want)
		}
	}
}
