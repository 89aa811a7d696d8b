package manifest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"latchkey/client"
	"latchkey/internal/manifest"
)

// secrets are what references lead to in these tests.
type secrets map[string]string

func (s secrets) Getenv(name string) string {
	if value, ok := s[name]; ok {
		return value
	}
	if strings.HasSuffix(name, "_SECRET") || strings.HasSuffix(name, "_TOKEN") {
		return "hush-hush"
	}
	return ""
}

func config(c *client.Client, folder string, known secrets) manifest.Config {
	return manifest.Config{Client: c, Sources: manifest.Sources{Getenv: known.Getenv, Folder: folder}}
}

func parse(t testing.TB, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse([]manifest.File{{Name: "a.yaml", Text: []byte(text)}})
	check(t, err)
	return objects
}

func export(t testing.TB, c *client.Client) string {
	t.Helper()
	exported, err := manifest.Export(context.Background(), c, nil)
	check(t, err)
	return string(manifest.AppendFile(nil, exported.Objects))
}

// apply plans and does it, and gives the plan's words.
func apply(t testing.TB, config manifest.Config, text string) string {
	t.Helper()
	plan, err := manifest.Make(context.Background(), config, parse(t, text))
	check(t, err)
	check(t, manifest.Apply(context.Background(), config.Client, plan, func(*manifest.Step, string) {}))
	return words(plan)
}

func words(plan *manifest.Plan) string {
	var out strings.Builder
	plan.Write(&out)
	return out.String()
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

const sample = `
kind: Service
name: billing
spec:
  title: Billing
  scopes: ["billing:read", "billing:write"]
---
kind: Entitlement
name: AdobeTargetSDK
---
kind: ProductProfile
name: Default Workspace
spec:
  service: AdobeTargetSDK
---
kind: Project
name: Moviestar
spec:
  title: Moviestar loyalty
  workspaces:
    - name: Production
    - name: Stage
---
kind: Credential
name: moviestar-target
spec:
  project: Moviestar
  workspace: Stage
  kind: oauth_server_to_server
  services:
    - service: billing
    - service: AdobeTargetSDK
      profiles:
        - name: Default Workspace
          role: editor
---
kind: Definition
name: moviestar
spec:
  published: true
  description: Films
  authentication:
    authType: OAUTH2
    grant: OAUTH2_CLIENT_CREDENTIALS
    accessTokenUrl: https://api.moviestar.com/OAuth/access_token
    clientId: Experience-Platform-client-id
    clientSecret: env:MOVIESTAR_CLIENT_SECRET
    scope: [read, write]
---
kind: Connection
name: acme
spec:
  definition: moviestar
---
kind: IMSConfiguration
name: acme-target
spec:
  title: Acme Target
  type: oauth
  solution: target
  authorization_server: https://ims-na1.adobelogin.com
  api_key: e053e1a87cf74c68a6ec8e71d4a82662
  client_secret: env:ACME_SECRET
  organization_id: 6096892F54B5819E0A4C98A2@AdobeOrg
  scopes: [openid, AdobeID, target_sdk]
---
kind: CloudService
name: target
spec:
  kind: target
  ims_configuration: acme-target
  target:
    tenant_id: acme
    a4t_configuration: analytics
---
kind: CloudService
name: analytics
spec:
  kind: analytics
  ims_configuration: acme-target
  analytics:
    company: acme
    a4t: true
---
kind: Topic
name: triggers
spec:
  partitions: 2
  retention_seconds: 3600
---
kind: Webhook
name: operations
spec:
  url: https://example.com/hooks/latchkey
  types: [connection.degraded]
`

var known = secrets{"MOVIESTAR_CLIENT_SECRET": "Experience-Platform-client-secret"}

func TestApplyTwice(t *testing.T) {
	h := newHouse(t)
	c := h.empty(t)
	first := apply(t, config(c, "", known), sample)
	contains(t, "the first plan", first, "+ Project Moviestar: create", "12 to create, 0 to change, 0 to delete, 0 unchanged.")
	if second := apply(t, config(c, "", known), sample); second != "Nothing to change: 12 as they are in the files.\n" {
		t.Errorf("the second plan is\n%s", second)
	}
	text := export(t, c)
	contains(t, "the export", text, "clientSecret: env:MOVIESTAR_CLIENT_SECRET", "role: editor", "a4t_configuration: analytics", "retention_seconds: 3600")
	if strings.Contains(text, "hush") || strings.Contains(text, "client-secret") {
		t.Error("a secret is in the export")
	}
	again := secrets{"MOVIESTAR_CLIENT_SECRET": known["MOVIESTAR_CLIENT_SECRET"], "ACME_TARGET_CLIENT_SECRET": "hush-hush"}
	if plan := apply(t, config(c, "", again), text); !strings.HasPrefix(plan, "Nothing to change") {
		t.Errorf("the plan of the export is\n%s", plan)
	}
	other := h.empty(t)
	apply(t, config(other, "", again), text)
	if got := export(t, other); got != text {
		t.Errorf("applied to an empty server, the export is\n%s\nwant\n%s", got, text)
	}
}

func TestChanges(t *testing.T) {
	h := newHouse(t)
	c := h.empty(t)
	apply(t, config(c, "", known), sample)
	changed := strings.NewReplacer("title: Moviestar loyalty", "title: Moviestar", "    - service: billing\n", "", "role: editor", "role: approver",
		"scope: [read, write]", "scope: [read]", "retention_seconds: 3600", "retention_seconds: 60", "types: [connection.degraded]", "types: [connection.degraded]\n  enabled: false",
		"tenant_id: acme", "tenant_id: acme2").Replace(sample)
	more := secrets{"MOVIESTAR_CLIENT_SECRET": known["MOVIESTAR_CLIENT_SECRET"], "ACME_SECRET": "another-one"}
	plan := apply(t, config(c, "", more), changed)
	contains(t, "the plan", plan,
		`title: "Moviestar loyalty" → "Moviestar"`, `services/billing: {"service":"billing"} (removed)`, "tokens for billing are no longer given; those that were issued work until they end",
		`services/AdobeTargetSDK/profiles/Default Workspace/role: "editor" → "approver"`, `authentication/scope/1: "write" (removed)`, "1 connection uses it: they renew by the new revision",
		"client_secret: (changed)", "events that are older", "its receiver gets no events until it is enabled again", `target/tenant_id: "acme" → "acme2"`, "0 to create, 7 to change")
	if strings.Contains(plan, "another-one") || strings.Contains(plan, "hush") {
		t.Errorf("a secret is in the plan:\n%s", plan)
	}
	if second := apply(t, config(c, "", more), changed); !strings.HasPrefix(second, "Nothing to change") {
		t.Errorf("the second plan is\n%s", second)
	}
}

func TestPrune(t *testing.T) {
	h := newHouse(t)
	c := h.empty(t)
	apply(t, config(c, "", known), sample)
	const less = "kind: Topic\nname: other\n---\nkind: Project\nname: Moviestar\nspec:\n  title: Moviestar\n"
	keep := config(c, "", known)
	contains(t, "the plan", apply(t, keep, less), "In no file, and left alone (--prune would delete it): Topic triggers", "1 to create, 1 to change, 0 to delete")
	keep.Prune = true
	contains(t, "the plan", apply(t, keep, less), "- Topic triggers: delete", "! its events and its consumer groups are deleted with it", "0 to create, 0 to change, 1 to delete")
	contains(t, "the export", export(t, c), "kind: Webhook", "kind: Credential", "name: Stage") // kinds and entries that the files don't name stay
	all, err := manifest.Make(t.Context(), keep, parse(t, "kind: Definition\nname: other\nspec:\n  authentication:\n    authType: BASIC\n---\nkind: Connection\nname: x\nspec:\n  definition: other\n"))
	check(t, err)
	if text := words(all); strings.Index(text, "- Connection acme") > strings.Index(text, "- Definition moviestar") || !strings.Contains(text, "- Definition moviestar") {
		t.Errorf("a definition goes before its connections:\n%s", text)
	}
}

func TestKeepSecrets(t *testing.T) {
	h := newHouse(t)
	c := h.empty(t)
	apply(t, config(c, "", known), sample)
	text := strings.NewReplacer("env:MOVIESTAR_CLIENT_SECRET", "env:NOT_SET", "env:ACME_SECRET", "file:nowhere").Replace(sample)
	plain := config(c, t.TempDir(), known)
	_, err := manifest.Make(t.Context(), plain, parse(t, text))
	contains(t, "the error", errorText(err), "a.yaml:47:5: Definition moviestar: authentication.clientSecret: the variable NOT_SET is not set", "--keep-secrets", "client_secret: the file can't be read: no such file or directory")
	plain.KeepSecrets = true
	if plan := apply(t, plain, text); !strings.HasPrefix(plan, "Nothing to change") {
		t.Errorf("the plan is\n%s", plan)
	}
}

func errorText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// TestBroken holds what is said of files that are wrong, and that they change nothing.
func TestBroken(t *testing.T) {
	h := newHouse(t)
	c := h.empty(t)
	apply(t, config(c, "", known), sample)
	before := export(t, c)
	for _, b := range []struct{ from, to, want string }{
		{"title: Moviestar loyalty", "titel: x", "a.yaml:19:3: Project Moviestar: titel: there is no such member (did you mean title?)"},
		{"title: Moviestar loyalty", "title: [a]", "a.yaml:19:3: Project Moviestar: title: expected a text, found a list"},
		{"title: Moviestar loyalty", "title: 12", "expected a text, found a number (put it in quotes)"},
		{"title: Moviestar loyalty", "title: a\n  title: b", "title"},
		{"title: Moviestar loyalty", "title: &a x", "anchors and aliases are not read"},
		{"partitions: 2", "partitions: 2.5", "expected a whole number"},
		{"kind: Topic", "kind: Topik", "there is no kind \"Topik\" (did you mean Topic?)"},
		{"kind: Topic", "kynd: Topic", "kynd: a document has no such member"},
		{"name: Stage\n---", "name: Stage\n    - name: Stage\n---", `"Stage" stands in the list a second time`},
		{"kind: Topic\nname: triggers", "kind: Project\nname: Moviestar", "another document has the same kind and name, at a.yaml:16:1"},
		{"  definition: moviestar", "  definition: moviestare", `Connection acme: definition: there is no Definition "moviestare", in the files or on the server (did you mean moviestar?)`},
		{"workspace: Stage", "workspace: Stag", "did you mean Stage?"},
		{"role: editor", "role: writer", `"writer" is no value of it (use one of observer, editor, approver)`},
		{"env:MOVIESTAR_CLIENT_SECRET", "in-plain-text", "a secret stands here in plain text"},
		{"env:ACME_SECRET", "in-plain-text", "a secret stands here in plain text"},
		{"env:ACME_SECRET", "vault:secret", "written vault:MOUNT/PATH#FIELD"},
		{"grant: OAUTH2_CLIENT_CREDENTIALS", "grant: OAUTH2_CLIENT", "a.yaml:44:5: Definition moviestar: authentication.grant"},
		{"partitions: 2", "partitions: 3", "this can't be changed once it is there"},
		{"published: true", "published: false", "what was published stays so"},
		{"kind: oauth_server_to_server", "kind: service_account_jwt", "no certificate is given"},
		{"  title: Moviestar loyalty", "\ttitle: x", "a.yaml"},
	} {
		text := strings.Replace(sample, b.from, b.to, 1) + "---\nkind: Topic\nname: more\n"
		if text == sample {
			t.Fatalf("%q is not in the sample", b.from)
		}
		objects, err := manifest.Parse([]manifest.File{{Name: "a.yaml", Text: []byte(text)}})
		if err == nil {
			_, err = manifest.Make(t.Context(), config(c, "", known), objects)
		}
		if _, ok := errors.AsType[manifest.Problems](err); !ok {
			t.Errorf("%s: the error is %v", b.to, err)
			continue
		}
		contains(t, b.to, err.Error(), b.want)
		if strings.Contains(err.Error(), "in-plain-text") {
			t.Errorf("a secret is repeated: %v", err)
		}
	}
	if after := export(t, c); after != before {
		t.Errorf("the broken files changed\n%s\nto\n%s", before, after)
	}
}

// TestStopped: what the server alone can refuse stops the plan there; the error says where, and what was done stays.
func TestStopped(t *testing.T) {
	h := newHouse(t)
	c := h.empty(t)
	text := strings.Replace(sample, "retention_seconds: 3600", "retention_seconds: 1", 1)
	plan, err := manifest.Make(t.Context(), config(c, "", known), parse(t, text))
	check(t, err)
	err = manifest.Apply(t.Context(), c, plan, func(*manifest.Step, string) {})
	stopped, ok := errors.AsType[*manifest.StoppedError](err)
	if !ok || stopped.Step.Name != "triggers" || stopped.Undone != 1 {
		t.Fatalf("the error is %v", err)
	}
	contains(t, "the error", err.Error(), "creating Topic triggers", "a.yaml:89:3: /retention_seconds", "10 of 12 changes were made before it")
	contains(t, "the plan", apply(t, config(c, "", known), sample), "2 to create, 0 to change, 0 to delete, 10 unchanged")
}
