package ims_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// same compares what a configuration says, not which row it is.
var same = cmp.Options{
	cmpopts.IgnoreFields(ims.Configuration{}, "ID", "Name", "Title", "Connection", "Version", "CreatedAt", "UpdatedAt", "Alias"),
	cmpopts.EquateEmpty(), cmp.Comparer(func(a, b secret.String) bool { return a.Equal(b) }),
}

// What is exported with its secrets can be imported again, and works.
func TestExportAndImport(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	jwt := h.make().Configuration
	saved, err := h.configs.Create(h.ctx, h.admin, ims.Create{Values: h.oauthValues()})
	check(t, err)
	oauth := saved.Configuration
	private, certificate := pairOf(0)
	for i, test := range []struct {
		of     ims.Configuration
		format ims.Format
		pair   bool // is given beside the files
	}{{jwt, ims.AEM, true}, {jwt, ims.ServiceCredentials, false}, {jwt, ims.Workspace, true}, {oauth, ims.AEM, false}, {oauth, ims.Workspace, false}} {
		t.Run(string(test.of.Type)+"-"+string(test.format), func(t *testing.T) {
			out, err := h.configs.Export(h.ctx, h.admin, ims.Ref{Name: test.of.Name}, test.format, true)
			check(t, err)
			ask := ims.Import{Name: fmt.Sprintf("again-%d", i), Solution: "target"}
			if test.format != ims.AEM {
				ask.Server = h.server.URL // these formats hold no port, or no server at all
			}
			for _, f := range out.Files {
				if strings.HasSuffix(f.Name, ".config") || strings.HasSuffix(f.Name, ".json") {
					ask.Files = append(ask.Files, f)
				}
			}
			if test.pair {
				ask.Private, ask.Certificate, ask.Alias = secret.New(private), certificate, fmt.Sprintf("pair-%d", i)
			}
			made, err := h.configs.Import(h.ctx, h.admin, ask)
			if err != nil || len(made) != 1 {
				t.Fatalf("importing %d: %v", len(made), err)
			}
			got := made[0].Configuration
			if test.of.Type == ims.OAuth {
				got.TechnicalAccount = ""
			}
			if diff := cmp.Diff(test.of, got, same); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if r := h.check(got.Name); !r.Healthy {
				t.Errorf("it is not healthy: %+v", r.Failed())
			}
		})
	}
}

// Without secrets there is a mask; with them an administrator is asked for, and it is recorded.
func TestExportHoldsSecretsBack(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("acme", 0)
	h.make()
	reader := access.Caller{ID: "key_2", Organization: organization, Scopes: access.Scopes{access.ConnectionsRead}}
	ref := ims.Ref{Name: "acme-target"}
	for _, format := range ims.Formats() {
		out, err := h.configs.Export(h.ctx, reader, ref, format, false)
		check(t, err)
		for _, f := range out.Files {
			if strings.Contains(f.Text, h.jwtSecret.Reveal()) || strings.Contains(f.Text, "PRIVATE KEY") {
				t.Errorf("%s holds a secret", f.Name)
			}
		}
		if len(out.Requires) == 0 {
			t.Errorf("%s does not say which version takes it", format)
		}
	}
	if _, err := h.configs.Export(h.ctx, reader, ref, ims.AEM, true); !errors.As(err, new(*access.DeniedError)) {
		t.Errorf("with secrets, a reader gets %v", err)
	}
	if _, err := h.configs.Export(h.ctx, reader, ref, "yaml", false); !errors.As(err, new(finding.Problems)) {
		t.Errorf("another format: %v", err)
	}
	_, err := h.configs.Export(h.ctx, h.admin, ref, ims.AEM, true)
	check(t, err)
	records, err := h.store.Audit().Records(h.ctx, audit.Selection{Organization: organization, Action: "ims_configuration.export", Limit: 10})
	if err != nil || len(records) != 1 || records[0].Detail["format"] != "aem" {
		t.Errorf("the record has %+v, %v", records, err)
	}
}

// AEM's files as they are found: escaped in Felix's way, with claims as fragments, or as JSON.
func TestImportOfAEMsFiles(t *testing.T) {
	h := newHouse(t, 0, nil)
	h.importPair("other", 0)
	provider := `# written by AEM
name="Target"
auth.token.provider.title="Adobe\ Target"
auth.token.provider.client.id="e053e1a87cf74c68a6ec8e71d4a82662"
auth.access.token.request="https://ims-na1.adobelogin.com/ims/exchange/jwt"
auth.token.provider.keypair.alias="acme"
auth.token.provider.conn.timeout=I"5000"
auth.token.provider.reuse.access.token=B"true"
auth.token.provider.default.claims=[ \
  "\"iss\"\ :\ \"6096892F54B5819E0A4C98A2@AdobeOrg\"", \
  "\"sub\"\ :\ \"D8E157165FC0EAE10A495E8C@techacct.adobe.com\"", \
  "\"https://ims-na1.adobelogin.com/s/ent_marketing_sdk\"\ :\ true", \
  "\"aud\"\ :\ \"https://ims-na1.adobelogin.com/c/e053e1a87cf74c68a6ec8e71d4a82662\"", \
  ]
`
	keeper := "auth.ims.client.secret=\"p8e\\=x\"\r\ncustomizer.type=\"1\"\r\n"
	want := ims.Configuration{
		Organization: organization, Sandbox: "prod", Solution: ims.Target, Type: ims.JWT, Server: ims.DefaultServer, ClientID: "e053e1a87cf74c68a6ec8e71d4a82662",
		Secret: secret.New("p8e=x"), IMSOrganization: organization, TechnicalAccount: "D8E157165FC0EAE10A495E8C@techacct.adobe.com",
		Metascopes: []string{"ent_marketing_sdk"}, CreatedBy: "key_1",
	}
	made, err := h.configs.Import(h.ctx, h.admin, ims.Import{Files: []ims.File{{Name: "provider.config", Text: provider}, {Name: "secret.config", Text: keeper}}})
	check(t, err)
	if c := made[0].Configuration; c.Name != "target" || c.State() != ims.Draft || c.Alias != "" {
		t.Errorf("imported without its key: %+v", c)
	}
	if diff := cmp.Diff(want, made[0].Configuration, same); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	json := `{"auth.token.provider.title": "OAuth", "auth.token.provider.client.id": "c", "auth.token.provider.authorization.grants": "client_credentials",
		"auth.access.token.request": "https://ims-na1.adobelogin.com/ims/token/v3", "auth.token.provider.orgId": "` + organization + `",
		"auth.token.provider.scope": "openid, AdobeID", "auth.token.provider.conn.timeout:Integer": 5000}`
	made, err = h.configs.Import(h.ctx, h.admin, ims.Import{Name: "json", Files: []ims.File{{Name: "x.cfg.json", Text: json}}})
	check(t, err)
	if c := made[0].Configuration; c.Type != ims.OAuth || len(c.Scopes) != 2 || c.IMSOrganization != organization || c.Server != ims.DefaultServer {
		t.Errorf("imported of JSON: %+v", c)
	}
}

// A workspace has several credentials: all are imported, or the one that is named.
func TestImportOfAWorkspace(t *testing.T) {
	h := newHouse(t, 0, nil)
	workspace := `{"project": {"org": {"ims_org_id": "` + organization + `"}, "workspace": {"details": {"credentials": [
		{"id": "1", "name": "Acme JWT", "integration_type": "service", "jwt": {"client_id": "a", "client_secret": "s", "technical_account_id": "` + h.jwt.TechnicalAccount.ID + `", "meta_scopes": ["ent_marketing_sdk", "ent_user_sdk"]}},
		{"id": "2", "name": "Acme OAuth", "integration_type": "oauth_server_to_server", "oauth_server_to_server": {"client_id": "b", "client_secrets": ["old", "new"], "scopes": ["openid"]}},
		{"id": "3", "name": "Key", "integration_type": "apikey", "api_key": {"client_id": "c"}}]}}}}`
	files := []ims.File{{Name: "workspace.json", Text: workspace}}
	made, err := h.configs.Import(h.ctx, h.admin, ims.Import{Files: files})
	check(t, err)
	if len(made) != 2 || made[0].Configuration.Name != "acme-jwt" || made[0].Configuration.Solution != ims.Target || made[1].Configuration.Secret.Reveal() != "new" {
		t.Errorf("imported %+v", made)
	}
	if _, err := h.configs.Import(h.ctx, h.admin, ims.Import{Files: files, Name: "x"}); !errors.As(err, new(finding.Problems)) || !strings.Contains(err.Error(), "Acme JWT, Acme OAuth") {
		t.Errorf("two with one name: %v", err)
	}
	private, _ := pairOf(0)
	made, err = h.configs.Import(h.ctx, h.admin, ims.Import{Files: files, Credential: "Acme JWT", Name: "one", Private: secret.New(private)})
	check(t, err)
	if len(made) != 1 || made[0].Configuration.State() != ims.Ready || made[0].Configuration.Alias != "one" {
		t.Errorf("imported one: %+v", made)
	}
	for name, file := range map[string]string{
		"nothing": `{"project": {}}`, "other JSON": `{"x": 1}`, "unfinished": `name="x`, "no value": "name=\n", "no name": "x", "broken JSON": `{"project": `,
		"list": `a=["x"`, "nobody's": `{"integration": {}}`,
	} {
		if _, err := h.configs.Import(h.ctx, h.admin, ims.Import{Name: "never", Files: []ims.File{{Name: "f", Text: file}}}); err == nil && name != "nobody's" {
			t.Errorf("%s is imported", name)
		}
	}
}

// The table of refusals has an explanation, advice and a place for every text that is documented or was observed.
func TestEveryTextIsExplained(t *testing.T) {
	for _, r := range []ims.Refusal{
		{HTTP: 400, Code: "invalid_client", Description: "client_id does not exist"},
		{HTTP: 401, Code: "invalid_client", Description: "invalid client_id or client_secret"},
		{HTTP: 400, Code: "invalid_token", Description: "JWT token is incorrectly formatted, and can not be decoded."},
		{HTTP: 400, Code: "invalid_token", Description: "Could not match JWT signature to any of the bindings"},
		{HTTP: 400, Code: "invalid_token", Description: "JWT has expired"},
		{HTTP: 400, Code: "invalid_token", Description: "exp is not an integer"},
		{HTTP: 400, Code: "invalid_signature"},
		{HTTP: 400, Code: "invalid_scope", Description: "The metascopes in the JWT are not a subset of the metascopes in the binding."},
		{HTTP: 400, Code: "invalid_scope"}, {HTTP: 400, Code: "bad_request"}, {HTTP: 400, Code: "invalid_jti"}, {HTTP: 400, Code: "unauthorized_client"},
		{HTTP: 500, Code: "internal_error", Description: "Please try again later", Down: true},
		{HTTP: 401, Code: "401013", Description: "Oauth token is not valid"}, {HTTP: 403, Code: "403000", Description: "Api Key is invalid"},
		{HTTP: 403, Code: "403003", Description: "Api Key is invalid"}, {HTTP: 403, Code: "403023", Description: "Profile is not valid"},
		{HTTP: 403, Code: "403025", Description: "Profile is not valid"}, {HTTP: 429, Code: "429050", Description: "Too many requests"},
		{HTTP: 429}, {Down: true}, {HTTP: 404}, {HTTP: 401, Profile: true},
	} {
		got := ims.Explain(r)
		if got.Means == "" || strings.Contains(got.Means, "not known here") || len(got.Advice) == 0 {
			t.Errorf("%+v is explained as %+v", r, got)
		}
		for _, a := range got.Advice {
			if a.Do == "" || a.Where == "" {
				t.Errorf("%+v has the advice %+v", r, a)
			}
		}
	}
}
