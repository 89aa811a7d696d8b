package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/decision"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// str gives a member of an answer that is a text.
func (a answer) str(names ...string) string {
	text, _ := a.at(names...).(string)
	return text
}

// quoted writes a text as JSON does.
func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// certificate makes one, in PEM.
func certificate(t *testing.T, name string) string {
	t.Helper()
	pair, err := keypair.Generate(keypair.Order{EC: true, Subject: pkix.Name{CommonName: name}, Now: time.Now()})
	check(t, err)
	return string(pair.Certificate.PEM())
}

// TestProjects walks a project from its making to its end.
func TestProjects(t *testing.T) {
	h := newHouse(t)
	made := h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar","title":"Loyalty","type":"jaeger"}`, "Idempotency-Key: one")
	again := h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar","title":"Loyalty","type":"jaeger"}`, "Idempotency-Key: one")
	if again.Header.Get("Idempotent-Replayed") != "true" || again.str("id") != made.str("id") || len(made.str("id")) != 19 {
		t.Errorf("made %s, again %s", made.text, again.text)
	}
	if made.Header.Get("Location") != "/api/v1/projects/"+made.str("id") || len(made.at("workspaces").([]any)) != 2 {
		t.Errorf("made = %v %s", made.Header, made.text)
	}
	if got := h.must(200, "PATCH", "/api/v1/projects/Moviestar", `{"title":"Loyalty programme"}`); got.str("title") != "Loyalty programme" || got.str("name") != "Moviestar" {
		t.Errorf("changed = %s", got.text)
	}
	h.must(201, "POST", "/api/v1/projects", `{"name":"Second"}`)
	first := h.must(200, "GET", "/api/v1/projects?limit=1", "")
	second := h.must(200, "GET", "/api/v1/projects?limit=1&cursor="+first.str("next_cursor"), "")
	if !strings.Contains(first.text, `"Moviestar"`) || !strings.Contains(second.text, `"Second"`) || second.str("next_cursor") != "" {
		t.Errorf("pages = %s, %s", first.text, second.text)
	}
	workspace := h.must(201, "POST", "/api/v1/projects/Moviestar/workspaces", `{"name":"Test"}`)
	h.must(200, "PATCH", "/api/v1/projects/Moviestar/workspaces/Test", `{"description":"for CI"}`)
	if got := h.must(200, "GET", "/api/v1/projects/Moviestar/workspaces/"+workspace.str("id"), ""); got.str("description") != "for CI" {
		t.Errorf("workspace = %s", got.text)
	}
	if got := h.must(200, "GET", "/api/v1/projects/Moviestar/workspaces", ""); len(got.at("items").([]any)) != 3 {
		t.Errorf("workspaces = %s", got.text)
	}
	h.must(201, "POST", "/api/v1/credentials", `{"project":"Moviestar","workspace":"Stage","name":"ci","kind":"oauth_server_to_server"}`)
	file := h.must(200, "GET", "/api/v1/projects/Moviestar/workspaces/Stage/download", "")
	if file.at("project", "org", "id") != "25591412" || !strings.Contains(file.text, `"client_secrets":["p8e-`) {
		t.Errorf("download = %s", file.text)
	}
	reader := h.key(access.RegistryRead)
	if got := h.callWith(reader, "GET", "/api/v1/projects/Moviestar/workspaces/Stage/download", ""); got.StatusCode != 200 || strings.Contains(got.text, "p8e-") {
		t.Errorf("a viewer's download = %d %s", got.StatusCode, got.text)
	}
	h.must(204, "DELETE", "/api/v1/projects/Moviestar/workspaces/Test", "")
	h.must(204, "DELETE", "/api/v1/projects/Moviestar", "")
	h.must(404, "GET", "/api/v1/credentials/ci", "")
}

// offered entitles the organization to Target, and gives it a product profile.
func (h *house) offered() string {
	h.Helper()
	h.must(200, "PUT", "/api/v1/services/AdobeTargetSDK/entitlement", "")
	return h.must(201, "POST", "/api/v1/profiles", `{"service":"AdobeTargetSDK","name":"Default Workspace"}`).str("id")
}

// TestCredentials makes a credential of every kind, and tries what can be done with each.
func TestCredentials(t *testing.T) {
	h := newHouse(t)
	h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar"}`)
	profile := h.offered()
	for kind, more := range map[string]string{
		"service_account_jwt":    `,"certificate":` + quoted(certificate(t, "one")) + `,"require_jti":true`,
		"oauth_server_to_server": `,"services":[{"service":"AdobeTargetSDK","profiles":["default workspace"]}]`,
		"oauth_web_app":          `,"redirect":{"default":"https://www.example.com/back","patterns":["https://www\\.example\\.com/.*"]}`,
		"oauth_single_page_app":  `,"redirect":{"default":"https://www.example.com/back"}`,
		"oauth_native_app":       `,"redirect":{"default":"com.example.app://back"}`,
		"api_key":                ``,
	} {
		made := h.must(201, "POST", "/api/v1/credentials", `{"project":"Moviestar","name":"`+kind+`","kind":"`+kind+`"`+more+`}`)
		confidential := project.Kind(kind).Confidential()
		if strings.HasPrefix(made.str("client_secret"), "p8e-") != confidential || len(made.str("client_id")) != 32 || made.str("kind") != kind {
			t.Errorf("%s = %s", kind, made.text)
		}
		if got := h.must(200, "GET", "/api/v1/credentials/"+made.str("client_id"), ""); got.str("id") != made.str("id") || strings.Contains(got.text, "p8e-") {
			t.Errorf("read %s = %s", kind, got.text)
		}
		if got := h.must(200, "GET", "/api/v1/credentials?kind="+kind, ""); len(got.at("items").([]any)) != 1 {
			t.Errorf("list of %s = %s", kind, got.text)
		}
	}
	const s2s = "/api/v1/credentials/oauth_server_to_server"
	if got := h.must(200, "GET", "/api/v1/credentials?profile="+profile, ""); len(got.at("items").([]any)) != 1 {
		t.Errorf("by profile = %s", got.text)
	}
	if got := h.must(200, "PUT", s2s+"/services/AdobeTargetSDK/role", `{"role":"editor"}`); !strings.Contains(got.text, `"role":"editor"`) {
		t.Errorf("role = %s", got.text)
	}
	h.must(200, "PUT", s2s+"/services/AdobeIOManagementAPISDK", "")
	h.must(204, "DELETE", s2s+"/services/AdobeIOManagementAPISDK", "")
	if got := h.must(200, "PATCH", s2s, `{"enabled":false,"description":"away"}`); got.at("enabled") != false || got.str("description") != "away" {
		t.Errorf("changed = %s", got.text)
	}
	reused := h.must(200, "POST", "/api/v1/projects/Moviestar/workspaces/Production/services", `{"kind":"oauth_server_to_server","name":"x","services":[{"service":"AdobeIOManagementAPISDK"}]}`)
	if reused.at("created") != false || reused.at("credential", "name") != "oauth_server_to_server" {
		t.Errorf("reused = %s", reused.text)
	}
	h.must(204, "DELETE", s2s, "")
	h.must(404, "GET", s2s, "")
}

// TestProofs adds, reads, reveals and ends secrets and certificates.
func TestProofs(t *testing.T) {
	h := newHouse(t)
	h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar"}`)
	h.must(201, "POST", "/api/v1/credentials", `{"project":"Moviestar","name":"jwt","kind":"service_account_jwt","certificate":`+quoted(certificate(t, "one"))+`}`)
	const base = "/api/v1/credentials/jwt"
	second := h.must(201, "POST", base+"/secrets", "")
	if got := h.must(409, "POST", base+"/secrets", ""); got.slug() != "quota_reached" {
		t.Errorf("a third secret = %s", got.text)
	}
	revealed := h.must(200, "POST", base+"/secrets/reveal", "")
	if !strings.Contains(revealed.text, second.str("client_secret")) || len(revealed.at("items").([]any)) != 2 {
		t.Errorf("revealed = %s", revealed.text)
	}
	if got := h.callWith(h.key(access.RegistryRead), "POST", base+"/secrets/reveal", ""); got.StatusCode != 403 {
		t.Errorf("a viewer reveals = %d %s", got.StatusCode, got.text)
	}
	if got := h.must(200, "GET", base+"/secrets", ""); strings.Contains(got.text, "p8e-") || len(got.at("items").([]any)) != 2 {
		t.Errorf("listed = %s", got.text)
	}
	old := revealed.at("items").([]any)[0].(map[string]any)["uuid"].(string)
	if got := h.must(409, "DELETE", base+"/secrets/"+old+"?retire=true", ""); got.slug() != "in_use" || !strings.Contains(got.text, "no newer one was used yet") && !strings.Contains(got.text, "No newer one was used yet") {
		t.Errorf("retired = %s", got.text)
	}
	client, err := h.clients.Client(t.Context(), h.must(200, "GET", base, "").str("client_id"))
	check(t, err)
	h.clients.Used(client, project.Use{Grant: project.GrantClientCredentials, From: "192.0.2.7"}, second.str("uuid"), time.Now())
	h.must(204, "DELETE", base+"/secrets/"+old+"?retire=true", "")

	added := h.must(201, "POST", base+"/certificates", `{"certificate":`+quoted(certificate(t, "two"))+`}`)
	if got := h.must(200, "GET", base+"/certificates", ""); len(got.at("items").([]any)) != 2 {
		t.Errorf("certificates = %s", got.text)
	}
	h.must(204, "DELETE", base+"/certificates/"+added.str("sha1"), "")
	generated := h.must(201, "POST", base+"/certificates", `{"generate_key_pair":true}`)
	archive, err := base64.StdEncoding.DecodeString(generated.str("config_zip"))
	check(t, err)
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	check(t, err)
	if len(files.File) != 2 || files.File[0].Name != "private.key" || files.File[1].Name != "certificate_pub.crt" {
		t.Errorf("config.zip has %v", files.File)
	}
}

// TestPrivateKeyIsNotKept repeats a request whose answer held a private key: it is not given twice.
func TestPrivateKeyIsNotKept(t *testing.T) {
	h := newHouse(t)
	h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar"}`)
	const body = `{"project":"Moviestar","name":"jwt","kind":"service_account_jwt","generate_key_pair":true}`
	made := h.must(201, "POST", "/api/v1/credentials", body, "Idempotency-Key: one")
	if made.str("config_zip") == "" {
		t.Errorf("made = %s", made.text)
	}
	if got := h.call("POST", "/api/v1/credentials", body, "Idempotency-Key: one"); got.StatusCode != 409 || got.slug() != "name_taken" || strings.Contains(got.text, "config_zip") {
		t.Errorf("repeated = %d %s", got.StatusCode, got.text)
	}
}

// TestMigrate walks a credential from JWT to OAuth.
func TestMigrate(t *testing.T) {
	h := newHouse(t)
	h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar"}`)
	made := h.must(201, "POST", "/api/v1/credentials", `{"project":"Moviestar","name":"jwt","kind":"service_account_jwt","certificate":`+quoted(certificate(t, "one"))+`}`)
	const base = "/api/v1/credentials/jwt"
	if got := h.must(200, "GET", base+"/migration", ""); got.str("state") != "not_started" || got.at("obstacle") != nil {
		t.Errorf("before = %s", got.text)
	}
	if got := h.must(200, "POST", base+"/migration", ""); got.str("state") != "started" || got.str("obstacle") == "" {
		t.Errorf("started = %s", got.text)
	}
	if got := h.must(409, "POST", base+"/secrets", ""); got.slug() != "state_conflict" {
		t.Errorf("a secret meanwhile = %s", got.text)
	}
	if got := h.must(409, "POST", base+"/migration/finish", ""); got.slug() != "state_conflict" || !strings.Contains(got.text, "client credentials") {
		t.Errorf("finished too early = %s", got.text)
	}
	h.must(204, "DELETE", base+"/migration", "")
	h.must(200, "POST", base+"/migration", "")
	client, err := h.clients.Client(t.Context(), made.str("client_id"))
	check(t, err)
	h.clients.Used(client, project.Use{Grant: project.GrantClientCredentials, From: "192.0.2.7"}, client.Secrets[0].UUID, time.Now())
	if got := h.must(200, "POST", base+"/migration/finish", ""); got.str("state") != "completed" {
		t.Errorf("finished = %s", got.text)
	}
	if got := h.must(200, "GET", base, ""); got.str("kind") != "oauth_server_to_server" || len(got.at("certificates").([]any)) != 0 {
		t.Errorf("after = %s", got.text)
	}
}

// TestServices declares a service, changes it, and takes it away.
func TestServices(t *testing.T) {
	h := newHouse(t)
	target := h.must(200, "GET", "/api/v1/services/adobetargetsdk", "")
	if target.at("available") != false || !strings.Contains(target.text, "ORG_NOT_ALLOWLISTED") {
		t.Errorf("before the entitlement = %s", target.text)
	}
	profile := h.offered()
	if got := h.must(200, "GET", "/api/v1/services/AdobeTargetSDK", ""); got.at("available") != true || !strings.Contains(got.text, profile) {
		t.Errorf("after = %s", got.text)
	}
	h.must(201, "POST", "/api/v1/services", `{"code":"billing","name":"Billing","scopes":["billing:read"]}`)
	if got := h.must(200, "PUT", "/api/v1/services/billing", `{"name":"Bills","scopes":["billing:read","billing:write"]}`); got.str("name") != "Bills" || got.at("own") != true {
		t.Errorf("redeclared = %s", got.text)
	}
	if got := h.must(200, "GET", "/api/v1/services", ""); len(got.at("items").([]any)) != 8 {
		t.Errorf("services = %s", got.text)
	}
	if got := h.must(200, "PATCH", "/api/v1/profiles/"+profile, `{"name":"Europe"}`); got.str("name") != "Europe" {
		t.Errorf("profile = %s", got.text)
	}
	h.must(200, "GET", "/api/v1/profiles?service=AdobeTargetSDK", "")
	h.must(204, "DELETE", "/api/v1/profiles/"+profile, "")
	h.must(204, "DELETE", "/api/v1/services/AdobeTargetSDK/entitlement", "")
	h.must(204, "DELETE", "/api/v1/services/billing", "")
	h.must(404, "GET", "/api/v1/services/billing", "")
}

// TestUsers walks a person from the invitation to the end.
func TestUsers(t *testing.T) {
	h := newHouse(t)
	made := h.must(201, "POST", "/api/v1/users", `{"email":"Ada@example.com","first_name":"Ada","role":"developer","profiles":["*"]}`)
	if made.str("status") != "invited" || !strings.HasPrefix(made.str("link"), h.url+"/invitation?token=") {
		t.Errorf("invited = %s", made.text)
	}
	const one = "/api/v1/users/ada@example.com"
	if got := h.must(200, "PATCH", one, `{"role":"viewer","profiles":[]}`); got.str("role") != "viewer" {
		t.Errorf("changed = %s", got.text)
	}
	if got := h.must(200, "POST", one+"/disable", ""); got.str("status") != "disabled" {
		t.Errorf("disabled = %s", got.text)
	}
	h.must(200, "POST", one+"/enable", "")
	if got := h.must(200, "POST", one+"/reset", ""); got.str("link") == "" || got.str("link") == made.str("link") {
		t.Errorf("reset = %s", got.text)
	}
	if got := h.must(200, "GET", "/api/v1/users", ""); len(got.at("items").([]any)) != 1 || strings.Contains(got.text, "link") {
		t.Errorf("users = %s", got.text)
	}
	h.must(204, "DELETE", one, "")
	h.must(404, "GET", one, "")
}

// TestOrganization reads an organization by either id.
func TestOrganization(t *testing.T) {
	h := newHouse(t)
	byID := h.must(200, "GET", "/api/v1/organizations/"+organization, "")
	if got := h.must(200, "GET", "/api/v1/organizations/"+byID.str("number"), ""); got.str("id") != organization {
		t.Errorf("by number = %s", got.text)
	}
	h.must(200, "GET", "/api/v1/organizations", "")
	h.must(404, "GET", "/api/v1/organizations/1", "")
}

// TestConsoleBadInput sends what the developer console refuses.
func TestConsoleBadInput(t *testing.T) {
	h := newHouse(t)
	h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar"}`)
	h.must(201, "POST", "/api/v1/projects", `{"name":"Two","type":"jaeger"}`)
	h.must(201, "POST", "/api/v1/credentials", `{"project":"Moviestar","name":"s2s","kind":"oauth_server_to_server"}`)
	key := "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		slug, pointer, message   string
	}{
		{"project's name", "POST", "/projects", `{"name":"not ok!"}`, 400, "invalid_request", "/name", "name"},
		{"project's type", "POST", "/projects", `{"name":"x","type":"app"}`, 400, "invalid_request", "/type", "type"},
		{"workspace in a project", "POST", "/projects", `{"name":"x","workspaces":[{"name":""}]}`, 400, "invalid_request", "/workspaces/0/name", "characters"},
		{"project taken", "POST", "/projects", `{"name":"Moviestar"}`, 409, "name_taken", "", ""},
		{"no such project", "GET", "/projects/nobody", ``, 404, "not_found", "", ""},
		{"last workspace", "DELETE", "/projects/Moviestar/workspaces/Production", ``, 409, "in_use", "", ""},
		{"no workspace", "POST", "/credentials", `{"name":"x","kind":"api_key"}`, 400, "invalid_request", "/workspace", "missing"},
		{"which workspace", "POST", "/credentials", `{"project":"Two","name":"x","kind":"api_key"}`, 400, "invalid_request", "/workspace", "2 workspaces"},
		{"kind", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"jwt"}`, 400, "invalid_request", "/kind", "kind"},
		{"no certificate", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"service_account_jwt"}`, 400, "invalid_request", "/certificate", "key pair"},
		{"private key uploaded", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"service_account_jwt","certificate":` + quoted(key) + `}`,
			400, "invalid_request", "/certificate", "this is a private key, not a certificate; it was not kept"},
		{"pair for another kind", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"api_key","generate_key_pair":true}`, 400, "invalid_request", "/generate_key_pair", "api_key"},
		{"pair and certificate", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"service_account_jwt","certificate":"x","generate_key_pair":true}`, 400, "invalid_request", "/generate_key_pair", "too"},
		{"no redirect", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"oauth_web_app"}`, 400, "invalid_request", "/redirect/default", "missing"},
		{"open pattern", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"oauth_web_app","redirect":{"default":"https://a.example/","patterns":["https://.*"]}}`, 400, "invalid_request", "/redirect/patterns/0", "open"},
		{"unknown service", "POST", "/credentials", `{"project":"Moviestar","name":"x","kind":"oauth_server_to_server","services":[{"service":"x"}]}`, 400, "invalid_request", "/services/0/service", "no service"},
		{"service not entitled", "PUT", "/credentials/s2s/services/AdobeTargetSDK", ``, 409, "service_not_offered", "", "ORG_NOT_ALLOWLISTED"},
		{"certificate on s2s", "POST", "/credentials/s2s/certificates", `{"certificate":"x"}`, 400, "invalid_request", "/certificate", "not a certificate"},
		{"last secret", "DELETE", "/credentials/s2s/secrets/x", ``, 404, "not_found", "", ""},
		{"migrate s2s", "POST", "/credentials/s2s/migration", ``, 409, "state_conflict", "", ""},
		{"credential taken", "POST", "/credentials", `{"project":"Moviestar","name":"s2s","kind":"api_key"}`, 409, "name_taken", "", ""},
		{"listed kind", "GET", "/credentials?kind=x", ``, 400, "invalid_request", "", ""},
		{"unknown member", "POST", "/credentials", `{"projekt":"x"}`, 400, "invalid_request", "/projekt", "unknown member"},
		{"service's code", "POST", "/services", `{"code":"1","name":"x","scopes":["a"]}`, 400, "invalid_request", "/code", "code"},
		{"built-in service", "PUT", "/services/AdobeTargetSDK", `{"name":"x","scopes":["a"]}`, 400, "invalid_request", "/code", "built in"},
		{"profile without entitlement", "POST", "/profiles", `{"service":"AdobeTargetSDK","name":"x"}`, 400, "invalid_request", "/service", "entitled"},
		{"address", "POST", "/users", `{"email":"nobody","role":"viewer"}`, 400, "invalid_request", "/email", ""},
		{"role", "POST", "/users", `{"email":"a@example.com","role":"king"}`, 400, "invalid_request", "/role", ""},
		{"cursor", "GET", "/projects?cursor=*", ``, 400, "invalid_request", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.call(c.method, "/api/v1"+c.path, c.body)
			if got.StatusCode != c.status || got.slug() != c.slug {
				t.Fatalf("got %d %s, want %d %s: %s", got.StatusCode, got.slug(), c.status, c.slug, got.text)
			}
			pointer, _ := got.first("pointer").(string)
			message, _ := got.first("message").(string)
			if pointer != c.pointer || !strings.Contains(message, c.message) {
				t.Errorf("error = %q %q, want %q %q", pointer, message, c.pointer, c.message)
			}
			if strings.Contains(got.text, "MIIEvg") {
				t.Errorf("the answer repeats the key: %s", got.text)
			}
		})
	}
	viewer := h.key(access.RegistryRead)
	for _, path := range []string{"/api/v1/projects", "/api/v1/credentials", "/api/v1/services", "/api/v1/profiles", "/api/v1/users"} {
		if got := h.callWith(viewer, "GET", path, ""); got.StatusCode != http.StatusOK {
			t.Errorf("a reader's GET %s = %d %s", path, got.StatusCode, got.text)
		}
		if got := h.callWith(viewer, "POST", path, `{"name":"x"}`); got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusBadRequest {
			t.Errorf("a reader's POST %s = %d %s", path, got.StatusCode, got.text)
		}
	}
}

// TestDecisions reads why tokens were refused, by credential and by the answer's debug id.
func TestDecisions(t *testing.T) {
	h := newHouse(t)
	h.must(201, "POST", "/api/v1/projects", `{"name":"Moviestar"}`)
	made := h.must(201, "POST", "/api/v1/credentials", `{"project":"Moviestar","name":"ci","kind":"oauth_server_to_server"}`)
	refuse := func(place, debug string) {
		h.refusals.Refused(t.Context(), decision.Decision{
			Organization: organization, Credential: made.str("id"), ClientID: made.str("client_id"), Grant: "client_credentials", Path: "/ims/token/v3",
			Code: "invalid_scope", Says: "No.", Reasons: decision.Reasons([]any{"allowed", []string{"openid", "AdobeID"}}), Place: place, Agent: "curl/8", DebugIDs: []string{debug},
		})
	}
	for range 3 {
		refuse("192.0.2.1", "one")
	}
	refuse("192.0.2.2", "two")
	got := h.must(200, "GET", "/api/v1/credentials/ci/decisions?limit=1", "")
	items := got.at("items").([]any)
	latest := items[0].(map[string]any)
	if len(items) != 1 || latest["from"] != "192.0.2.2" || latest["count"] != 1.0 || latest["credential"] != made.str("id") {
		t.Errorf("the latest = %s", got.text)
	}
	second := h.must(200, "GET", "/api/v1/decisions?limit=1&cursor="+got.str("next_cursor"), "")
	if !strings.Contains(second.text, `"count":3`) || second.str("next_cursor") != "" {
		t.Errorf("before it = %s", second.text)
	}
	explained := h.must(200, "GET", "/api/v1/decisions?debug_id=one", "")
	for _, want := range []string{`"reasons":[{"name":"allowed","value":"openid, AdobeID"}]`, `"advice":"Ask for scopes`, `"debug_ids":["one"]`, `"error":"invalid_scope"`} {
		if !strings.Contains(explained.text, want) {
			t.Errorf("%s is not in %s", want, explained.text)
		}
	}
	if got := h.must(200, "GET", "/api/v1/decisions?debug_id=unknown", ""); len(got.at("items").([]any)) != 0 {
		t.Errorf("of an unknown one = %s", got.text)
	}
	h.must(404, "GET", "/api/v1/credentials/nobody/decisions", "")
	if got := h.callWith(h.key(access.RegistryRead), "GET", "/api/v1/credentials/ci/decisions", ""); got.StatusCode != 403 {
		t.Errorf("a key that reads gets %d %s", got.StatusCode, got.text)
	}
}
