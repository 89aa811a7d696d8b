package console_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/console"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

const organization = "6096892F54B5819E0A4C98A2@AdobeOrg"

// house is the API over the real rooms and a real database, behind a real socket.
type house struct {
	testing.TB
	url, org, key string
	credentials   *project.Credentials
	clients       *project.Clients
	profile       string
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tokens are those of the authority that the tests stand in for.
var tokens = map[string]access.Caller{
	"admin-token":  {ID: "u1", User: "U1@x", Organization: organization, Role: access.SystemAdministrator, Scopes: access.Scopes{access.Admin}},
	"viewer-token": {ID: "u2", User: "U2@x", Organization: organization, Role: access.Viewer, Scopes: access.Scopes{access.RegistryRead}},
	"dev-token":    {ID: "u3", User: "U3@x", Organization: organization, Role: access.Developer, Scopes: access.Scopes{access.RegistryWrite}},
}

func newHouse(t testing.TB) *house {
	t.Helper()
	ctx, dir := context.Background(), storetest.Folder(t)
	h := &house{TB: t}
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	check(t, err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
	check(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	keyring, err := registry.OpenKeyring(ctx, registry.KeyringConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: clock.System()})
	check(t, err)
	t.Cleanup(func() { _ = keyring.Close(ctx) })
	directory := registry.NewDirectory(kept.Registry(), clock.System())
	made, err := directory.CreateOrganization(ctx, access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, organization, "Acme Retail")
	check(t, err)
	h.org = made.Number
	admin := access.Caller{ID: "test", Organization: organization, Scopes: access.Scopes{access.Admin}}
	key, err := keyring.Create(ctx, admin, registry.NewKey{Name: "test", Scopes: access.Scopes{access.RegistryWrite}})
	check(t, err)
	h.key = key.Value.Reveal()
	h.clients = project.OpenClients(project.ClientsConfig{Store: kept.Projects(), Hash: kept.Keyring().Hash, Clock: clock.System()})
	t.Cleanup(func() { _ = h.clients.Close(ctx) })
	config := project.Config{
		Store: kept.Projects(), Clients: h.clients, Hash: kept.Keyring().Hash, Clock: clock.System(),
		Organization: func(context.Context, string) (project.Organization, error) {
			return project.Organization{ID: organization, Number: h.org, Name: "Acme Retail"}, nil
		},
	}
	h.credentials = project.NewCredentials(config)
	services := project.NewCatalogue(config)
	_, err = services.Entitle(ctx, admin, project.Target)
	check(t, err)
	profile, err := services.CreateProfile(ctx, admin, project.NewProfile{Service: project.Target, Name: "Default Workspace"})
	check(t, err)
	h.profile = profile.ID
	handler, err := console.New(console.Config{
		Directory: directory, Projects: project.NewProjects(config), Services: services, Credentials: h.credentials, Key: keyring.Authenticate,
		Token: func(_ context.Context, token string) (access.Caller, error) {
			if caller, ok := tokens[token]; ok {
				return caller, nil
			}
			return access.Caller{}, errors.New("unknown")
		},
	})
	check(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

type answer struct {
	*http.Response
	text []byte
	json any
}

// at gives what stands at a path of member names and list places.
func (a answer) at(path ...any) any {
	value := a.json
	for _, p := range path {
		switch p := p.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[p]
		case int:
			list, _ := value.([]any)
			if p >= len(list) {
				return nil
			}
			value = list[p]
		}
	}
	return value
}

func (a answer) str(path ...any) string {
	text, _ := a.at(path...).(string)
	return text
}

// send calls a path below /console/organizations/{org}; one that begins with /console is whole.
func (h *house) send(method, path, kind string, body io.Reader, headers ...string) answer {
	h.Helper()
	if !strings.HasPrefix(path, "/console") {
		path = "/console/organizations/" + h.org + path
	}
	r, err := http.NewRequest(method, h.url+path, body)
	check(h, err)
	r.Header.Set("Authorization", "Bearer "+h.key)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	check(h, err)
	defer func() { _ = response.Body.Close() }()
	out := answer{Response: response}
	out.text, err = io.ReadAll(response.Body)
	check(h, err)
	_ = json.Unmarshal(out.text, &out.json)
	return out
}

func (h *house) must(status int, method, path, body string, headers ...string) answer {
	h.Helper()
	got := h.send(method, path, "application/json", strings.NewReader(body), headers...)
	if got.StatusCode != status {
		h.Fatalf("%s %s = %d, want %d: %s", method, path, got.StatusCode, status, got.text)
	}
	return got
}

// form sends a certificate as the vendor's client does: a file, and fields beside it.
func (h *house) form(path string, certificate []byte, fields map[string]string) answer {
	h.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("certificate", "certificate")
	check(h, err)
	_, err = part.Write(certificate)
	check(h, err)
	for name, value := range fields {
		check(h, w.WriteField(name, value))
	}
	check(h, w.Close())
	return h.send("POST", path, w.FormDataContentType(), &body)
}

func certificate(t *testing.T) *keypair.Pair {
	t.Helper()
	pair, err := keypair.Generate(keypair.Order{EC: true, Subject: pkix.Name{CommonName: "test"}, Now: time.Now()})
	check(t, err)
	return pair
}

// project makes one, and gives the path of its workspace.
func (h *house) project(name string) (path string) {
	h.Helper()
	made := h.must(201, "POST", "/projects", `{"name":"`+name+`","title":"T","description":"","who_created":"x","type":"default"}`)
	return "/projects/" + made.str("projectId") + "/workspaces/" + made.str("workspaceId")
}

func TestOrganizations(t *testing.T) {
	h := newHouse(t)
	got := h.must(200, "GET", "/console/organizations", "")
	if got.str(0, "code") != organization || got.str(0, "id") != h.org || got.str(0, "type") != "entp" || got.str(0, "role") != "ADMIN" {
		t.Errorf("organizations = %s", got.text)
	}
	if got := h.must(200, "GET", "/console/services/ims/organizations/"+h.org+"/terms", ""); got.at("accepted") != true || got.at("current") != true {
		t.Errorf("terms = %s", got.text)
	}
	h.must(200, "POST", "/console/services/ims/organizations/"+h.org+"/terms", "")
	h.must(200, "GET", "/console/services/ims/terms", "")
}

func TestProjectsAndWorkspaces(t *testing.T) {
	h := newHouse(t)
	both := h.must(201, "POST", "/projects_workspaces", `{"project":{"name":"Shop","title":"Shop","type":"jaeger"},"workspaces":[{"name":"Production"},{"name":"Stage"}]}`)
	id := both.str("projectId")
	if both.str("projectType") != "jaeger" || both.str("workspaces", 1, "workspaceId") == "" {
		t.Errorf("both = %s", both.text)
	}
	h.project("Second")
	if got := h.must(200, "GET", "/projects?page=1&size=1&sortField=name", ""); got.str(0, "name") != "Shop" || got.at(1) != nil {
		t.Errorf("the second page = %s", got.text)
	}
	if got := h.must(200, "GET", "/projects/"+id, ""); got.str("org_id") != h.org || got.at("enabled") != 1.0 || got.str("date_created") == "" {
		t.Errorf("project = %s", got.text)
	}
	h.must(200, "PATCH", "/projects/"+id, `{"title":"Web shop"}`)
	made := h.must(201, "POST", "/projects/"+id+"/workspaces", `{"name":"Test","title":"","description":""}`)
	one := "/projects/" + id + "/workspaces/" + made.str("workspaceId")
	h.must(200, "PATCH", one, `{"name":"Testing"}`)
	if got := h.must(200, "GET", one+"/", ""); got.str("name") != "Testing" {
		t.Errorf("workspace = %s", got.text)
	}
	if got := h.must(200, "GET", "/projects_workspaces/workspaces/"+made.str("workspaceId"), ""); got.str(0, "projectId") != id {
		t.Errorf("look-up = %s", got.text)
	}
	h.must(200, "DELETE", one, "")
	if got := h.must(200, "POST", "/projects/"+id+"/can-delete", ""); len(got.at("errors").([]any)) != 0 {
		t.Errorf("can-delete = %s", got.text)
	}
	h.must(200, "DELETE", "/projects/"+id, "")
	h.must(404, "GET", "/projects/"+id, "")
}

// TestEnterprise makes a credential of an uploaded certificate, and changes what it has.
func TestEnterprise(t *testing.T) {
	h := newHouse(t)
	workspace := h.project("Moviestar")
	first := certificate(t)
	made := h.form(workspace+"/credentials/entp", first.Certificate.PEM(), map[string]string{"name": "jwt", "description": "d"})
	if made.StatusCode != 200 || len(made.str("apiKey")) != 32 || made.str("orgId") != h.org || !strings.HasSuffix(made.str("technicalAccountId"), "@techacct.adobe.com") {
		t.Fatalf("made = %d %s", made.StatusCode, made.text)
	}
	id := made.str("id")
	if got := h.must(200, "GET", workspace+"/credentials", ""); got.str(0, "id_integration") != id || got.str(0, "flow_type") != "entp" || got.str(0, "integration_type") != "service" {
		t.Errorf("credentials = %s", got.text)
	}
	alone := h.form("/integrations/entp?name=alone&description=d", first.Certificate.PEM(), nil)
	if alone.StatusCode != 200 || alone.str("projectId") == "" {
		t.Errorf("an integration = %d %s", alone.StatusCode, alone.text)
	}
	h.must(204, "DELETE", "/integrations/"+alone.str("id"), "")
	bindings := h.must(200, "GET", "/integrations/entp/"+id+"/bindings", "")
	if bindings.str(0, "certificateFingerprint") != first.Certificate.SHA1 || bindings.at(0, "notAfter") != float64(first.Certificate.NotAfter.UnixMilli()) {
		t.Errorf("bindings = %s", bindings.text)
	}
	added := h.form("/integrations/entp/"+id+"/bindings", certificate(t).Certificate.DER, nil)
	h.must(200, "DELETE", "/integrations/entp/"+id+"/bindings/"+added.str(0, "bindingId"), "")
	archive := h.must(200, "POST", workspace+"/credentials/entp/"+id+"/certificate/generateAndAssign", "")
	files, err := zip.NewReader(bytes.NewReader(archive.text), int64(len(archive.text)))
	if err != nil || len(files.File) != 2 || archive.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("archive = %v %v", err, archive.Header)
	}
	services := `[{"sdkCode":"AdobeTargetSDK","atlasPlanCode":"","licenseConfigs":[{"op":"add","id":"` + h.profile + `","productId":"x"}],"roles":null}]`
	if got := h.must(200, "PUT", workspace+"/credentials/entp/"+id+"/services", services); got.str("sdkList", 0) != "AdobeTargetSDK" {
		t.Errorf("services = %s", got.text)
	}
	if got := h.must(200, "GET", "/integrations/entp/"+id+"/service/AdobeTargetSDK/properties", ""); got.at("licenseConfigs", 0, "selected") != true {
		t.Errorf("properties = %s", got.text)
	}
	view := h.must(200, "GET", "/integrations/"+id, "")
	if view.str("apikey") != made.str("apiKey") || view.str("status") != "ENABLED" || view.str("serviceProperties", 0, "licenseConfigs", 0, "id") != h.profile || view.at("createdDate").(float64) < 1e12 {
		t.Errorf("integration = %s", view.text)
	}
	if got := h.must(200, "POST", "/integrations/entp/"+id+"/service/unsubscribe", `{"sdkCode":"AdobeTargetSDK"}`); len(got.at("sdkList").([]any)) != 0 {
		t.Errorf("unsubscribed = %s", got.text)
	}
	if got := h.must(200, "GET", workspace+"/download", ""); got.str("project", "workspace", "details", "credentials", 0, "jwt", "client_id") != made.str("apiKey") {
		t.Errorf("download = %s", got.text)
	}
	if got := h.must(200, "GET", "/integrations?page=0&size=20", ""); got.at("total") != 1.0 || got.str("content", 0, "id") != id {
		t.Errorf("integrations = %s", got.text)
	}
	h.must(200, "DELETE", workspace+"/credentials/"+id, "")
	h.must(404, "GET", "/integrations/"+id, "")
}

// TestServerToServer makes credentials of OAuth, with their secrets.
func TestServerToServer(t *testing.T) {
	h := newHouse(t)
	workspace := h.project("Moviestar")
	made := h.must(200, "POST", workspace+"/credentials/oauth-server-to-server", `{"name":"s2s","description":"d"}`)
	id := made.str("id")
	secret := h.must(201, "POST", "/credentials/"+id+"/secrets", "")
	listed := h.must(200, "GET", "/credentials/"+id+"/secrets", "")
	if listed.str("client_secrets", 1, "uuid") != secret.str("uuid") || listed.str("client_secrets", 1, "expires_at") != "PERMANENT" || listed.str("client_secrets", 1, "client_secret") != "" {
		t.Errorf("secrets = %s", listed.text)
	}
	if got := h.must(200, "GET", "/integrations/"+id+"/secrets", ""); got.str("client_secrets", 1, "client_secret") != secret.str("client_secret") {
		t.Errorf("values = %s", got.text)
	}
	if got := h.must(403, "POST", "/credentials/"+id+"/secrets", ""); got.str("error_code") != "ERR_MSG_QUOTA_EXCEEDED" {
		t.Errorf("a third = %s", got.text)
	}
	h.must(204, "DELETE", "/credentials/"+id+"/secrets/"+secret.str("uuid"), "")
	if got := h.must(200, "GET", "/console/clients/"+made.str("apiKey")+"/credential", ""); got.str("credential_id") != id || got.str("org_code") != organization {
		t.Errorf("by client = %s", got.text)
	}
	alone := h.must(201, "POST", "/credentials/oauth-server-to-server", `{"name":"alone","description":"d","services":[{"sdkCode":"AdobeIOManagementAPISDK"}]}`)
	if alone.str("projectId") == "" || alone.str("subscriptionResult", "sdkList", 0) != "AdobeIOManagementAPISDK" {
		t.Errorf("alone = %s", alone.text)
	}
	one := "/credentials/oauth-server-to-server/" + alone.str("id")
	h.must(200, "PATCH", one+"/service/subscribe", `{"sdkCode":"AdobeTargetSDK","licenseConfigs":[{"id":"`+h.profile+`"}]}`)
	h.must(200, "PATCH", one+"/service/unsubscribe", `{"sdkCode":"AdobeTargetSDK"}`)
	if got := h.must(200, "PUT", one, `{"name":"renamed","description":"d"}`); got.str("name") != "renamed" {
		t.Errorf("changed = %s", got.text)
	}
	if got := h.must(200, "GET", one+"/status", ""); got.str("migrationStatus") != "NONE" {
		t.Errorf("status = %s", got.text)
	}
	h.must(409, "PATCH", one+"/finalize", "")
	h.must(200, "GET", one+"/binding", "")
	h.must(409, "DELETE", one+"/binding", "")
	if got := h.must(409, "POST", "/credentials/oauth-server-to-server", `{"name":"renamed"}`); got.str("error_code") != "ERR_MSG_DUPLICATE_NAME" {
		t.Errorf("taken = %s", got.text)
	}
	if got := h.must(200, "GET", "/projects", ""); len(got.json.([]any)) != 2 {
		t.Errorf("the project of a credential that was not made is there: %s", got.text)
	}
	h.must(204, "DELETE", "/integrations/"+alone.str("id"), "")
}

func TestPersonal(t *testing.T) {
	h := newHouse(t)
	workspace := h.project("Moviestar")
	for platform, kind := range map[string]string{"WebApp": "oauthwebapp", "SinglePageApp": "oauthsinglepageapp", "NativeApp": "oauthnativeapp", "apiKey": "apikey"} {
		made := h.must(200, "POST", workspace+"/credentials/adobeId", `{"name":"`+platform+`","description":"","platform":"`+platform+`","redirectUriList":["https://www\\.example\\.com/.*"],"defaultRedirectUri":"https://www.example.com/back"}`)
		if got := h.must(200, "GET", "/console/clients/"+made.str("apiKey")+"/credential", ""); got.str("credential_type") != kind || got.str("flow_type") != "adobeid" {
			t.Errorf("%s = %s", platform, got.text)
		}
		if platform == "WebApp" {
			if got := h.must(200, "PUT", "/integrations/adobeid/"+made.str("id"), `{"defaultRedirectUri":"https://www.example.com/other"}`); got.str("defaultRedirectUri") != "https://www.example.com/other" || got.str("platform") != "WebApp" {
				t.Errorf("changed = %s", got.text)
			}
		}
	}
}

func TestServices(t *testing.T) {
	h := newHouse(t)
	got := h.must(200, "GET", "/services?sdkCodes=AdobeTargetSDK,AdobeAnalyticsSDK", "")
	if got.str(0, "code") != "AdobeAnalyticsSDK" || got.str(0, "disabledReasons", 0) != "ORG_NOT_ALLOWLISTED" || got.at(0, "enabled") != false {
		t.Errorf("Analytics = %s", got.text)
	}
	if got.at(1, "enabled") != true || got.str(1, "properties", "licenseConfigs", 0, "id") != h.profile || got.str(1, "properties", "roles", 0, "code") != "ent_marketing_sdk" {
		t.Errorf("Target = %s", got.text)
	}
	v2 := h.must(200, "GET", "/console/organizations/"+organization+"/services/v2?sdkCodes=AdobeTargetSDK", "")
	if v2.str("orgCode") != organization || v2.str("services", 0, "code") != "AdobeTargetSDK" {
		t.Errorf("v2 = %s", v2.text)
	}
}

// TestRefusals has what the console refuses: who may not, what is not there, what can't be read.
func TestRefusals(t *testing.T) {
	h := newHouse(t)
	workspace := h.project("Moviestar")
	made := h.must(200, "POST", workspace+"/credentials/oauth-server-to-server", `{"name":"s2s","services":[{"sdkCode":"AdobeTargetSDK","licenseConfigs":[{"id":"`+h.profile+`"}]}]}`)
	base := "/console/organizations/" + h.org
	for _, c := range []struct {
		name, method, path, token, apiKey, body string
		status                                  int
		code                                    string
	}{
		{"no token", "GET", base + "/projects", "", "x", "", 401, "401010"},
		{"wrong key", "GET", base + "/projects", "lk_wrong", "", "", 401, "401013"},
		{"wrong token", "GET", base + "/projects", "nobody", "x", "", 401, "401013"},
		{"no api key", "GET", base + "/projects", "admin-token", "", "", 403, "403000"},
		{"token", "GET", base + "/projects", "admin-token", "x", "", 200, ""},
		{"another organization", "GET", "/console/organizations/1/projects", "admin-token", "x", "", 404, "ERR_MSG_NOT_FOUND"},
		{"viewer creates", "POST", base + "/projects", "viewer-token", "x", `{"name":"x"}`, 403, "ERR_MSG_FORBIDDEN"},
		{"viewer reads values", "GET", base + "/integrations/" + made.str("id") + "/secrets", "viewer-token", "x", "", 403, "ERR_MSG_FORBIDDEN"},
		{"developer without the profile", "POST", base + "/credentials/" + made.str("id") + "/secrets", "dev-token", "x", "", 403, "403023"},
		{"bad JSON", "POST", base + "/projects", h.key, "", `{"name":`, 400, "ERR_MSG_INVALID_REQUEST"},
		{"bad name", "POST", base + "/projects", h.key, "", `{"name":"not ok"}`, 400, "ERR_MSG_INVALID_REQUEST"},
		{"name taken", "POST", base + "/projects", h.key, "", `{"name":"Moviestar"}`, 409, "ERR_MSG_DUPLICATE_NAME"},
		{"last workspace", "DELETE", base + workspace, h.key, "", "", 409, "ERR_MSG_CONFLICT"},
		{"text in the place of a form", "POST", base + workspace + "/credentials/entp", h.key, "", "[object FormData]", 400, "ERR_MSG_INVALID_REQUEST"},
		{"platform", "POST", base + workspace + "/credentials/adobeId", h.key, "", `{"name":"x","platform":"toaster"}`, 400, "ERR_MSG_INVALID_REQUEST"},
		{"service without entitlement", "PUT", base + workspace + "/credentials/x/" + made.str("id") + "/services", h.key, "", `[{"sdkCode":"AdobeAnalyticsSDK"}]`, 403, "ORG_NOT_ALLOWLISTED"},
		{"page", "GET", base + "/projects?page=-1", h.key, "", "", 400, "ERR_MSG_INVALID_REQUEST"},
		{"no route", "GET", "/console/nowhere", h.key, "", "", 404, "404"},
		{"too large", "POST", base + "/projects", h.key, "", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "413"},
	} {
		t.Run(c.name, func(t *testing.T) {
			headers := []string{"Authorization: Bearer " + c.token}
			if c.token == "" {
				headers = []string{"Authorization: "}
			}
			if c.apiKey != "" {
				headers = append(headers, "x-api-key: "+c.apiKey)
			}
			got := h.send(c.method, c.path, "application/json", strings.NewReader(c.body), headers...)
			if got.StatusCode != c.status || got.str("error_code") != c.code || c.code != "" && got.str("message") == "" {
				t.Errorf("got %d %s, want %d %s", got.StatusCode, got.text, c.status, c.code)
			}
			if got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("the answer may be cached")
			}
		})
	}
	key := certificate(t)
	if got := h.form(workspace+"/credentials/entp", key.PrivateKey(), map[string]string{"name": "x"}); got.StatusCode != 400 || !strings.Contains(got.str("message"), "private key") || strings.Contains(string(got.text), "BEGIN") {
		t.Errorf("a private key = %d %s", got.StatusCode, got.text)
	}
}
