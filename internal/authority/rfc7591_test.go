package authority_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/ident"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/store"
)

// office registers clients in a real developer console. Its tokens are "lk_write" and "lk_read".
type office struct {
	open        bool
	workspace   string
	credentials *project.Credentials
	clients     *project.Clients
	made        project.Credential
	down        bool
}

func (o *office) Caller(_ context.Context, token string) (access.Caller, error) {
	caller := access.Caller{ID: token, Organization: org}
	switch {
	case o.down:
		return caller, errors.New("the database is away")
	case token == "lk_write", token == "" && o.open:
		caller.Scopes = access.Scopes{access.RegistryWrite}
	case token == "lk_read":
		caller.Scopes = access.Scopes{access.RegistryRead}
	default:
		return caller, authority.ErrInitialToken
	}
	return caller, nil
}

func (o *office) Register(ctx context.Context, caller access.Caller, ask project.NewCredential) (made project.Credential, err error) {
	ask.Workspace = o.workspace
	ask.Name += " " + ident.New("n")[22:]
	o.made, err = o.credentials.Create(ctx, caller, ask)
	return o.made, err
}

// register is a world with a registration endpoint.
func register(t *testing.T, open bool, quota int) (*world, *office) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w, ctx, dir := newWorld(t), context.Background(), t.TempDir()
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	check(err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
	check(err)
	t.Cleanup(func() { _ = kept.Close() })
	operator := access.Caller{ID: "operator", Organization: org, Scopes: access.Scopes{access.Admin}}
	_, err = registry.NewDirectory(kept.Registry(), w.clock).CreateOrganization(ctx, access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, org, "Acme")
	check(err)
	o := &office{open: open, clients: project.OpenClients(project.ClientsConfig{Store: kept.Projects(), Hash: kept.Keyring().Hash, Clock: w.clock})}
	t.Cleanup(func() { _ = o.clients.Close(ctx) })
	config := project.Config{Store: kept.Projects(), Clients: o.clients, Hash: kept.Keyring().Hash, Clock: w.clock, Quotas: project.Quotas{Credentials: quota}}
	o.credentials = project.NewCredentials(config)
	_, workspaces, err := project.NewProjects(config).Create(ctx, operator, project.NewProject{Name: "Registered"})
	check(err)
	o.workspace = workspaces[0].ID
	w.registrar = o
	w.open(t)
	return w, o
}

// send registers a client.
func (w *world) send(t testing.TB, body string, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/ims/register", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(t, r)
}

const bearer = "Authorization"

// TestRFC7591_2_Defaults: what is left out has a value, what is not known is passed over, what can't be is left out of the answer.
func TestRFC7591_2_Defaults(t *testing.T) {
	w, o := register(t, true, 0)
	for _, c := range []struct {
		name, body string
		kind       project.Kind
		want       map[string]any
	}{
		{"ims-go's", `{"client_name":"App","redirect_uris":["https://app.example.com/back"]}`, project.OAuthWebApp, map[string]any{
			"token_endpoint_auth_method": "client_secret_basic", "grant_types": []any{"authorization_code"}, "response_types": []any{"code"},
			"scope": "openid AdobeID profile email address offline_access", "redirect_uris": []any{"https://app.example.com/back"}, "client_secret_expires_at": 0.0}},
		{"unknown members", `{"redirect_uris":["https://a.example/1","https://a.example/2?x=(y)"],"logo_uri":"x","client_name#de":"Anwendung","jwks":{"keys":[]},"software_statement":"eyJ","token_endpoint_auth_method":"client_secret_post"}`,
			project.OAuthWebApp, map[string]any{"token_endpoint_auth_method": "client_secret_post", "redirect_uris": []any{"https://a.example/1", "https://a.example/2?x=(y)"}, "logo_uri": nil, "jwks": nil}},
		{"single page", `{"redirect_uris":["https://spa.example/"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token","urn:other"],"scope":"openid analytics"}`,
			project.OAuthSinglePageApp, map[string]any{"grant_types": []any{"authorization_code"}, "client_secret": nil, "client_secret_expires_at": nil,
				"scope": "openid AdobeID profile email address"}},
		{"implicit", `{"redirect_uris":["https://spa.example/"],"token_endpoint_auth_method":"none","grant_types":["implicit"],"response_types":["id_token token"]}`,
			project.OAuthSinglePageApp, map[string]any{"grant_types": []any{"implicit"}, "response_types": []any{"id_token token"}}},
		{"native scheme", `{"redirect_uris":["com.example.app:/back"],"token_endpoint_auth_method":"none"}`, project.OAuthNativeApp, nil},
		{"native loopback", `{"redirect_uris":["http://127.0.0.1/back","http://[::1]/back"],"token_endpoint_auth_method":"none"}`, project.OAuthNativeApp, nil},
		{"native by its word", `{"redirect_uris":["https://app.example.com/claimed"],"token_endpoint_auth_method":"none","application_type":"native"}`, project.OAuthNativeApp, nil},
	} {
		got := w.send(t, c.body)
		if got.status != http.StatusCreated || o.made.Kind != c.kind {
			t.Errorf("%s: %d %s, of the kind %s, want %s", c.name, got.status, got.text, o.made.Kind, c.kind)
			continue
		}
		for member, want := range c.want {
			if fmt.Sprint(got.body[member]) != fmt.Sprint(want) {
				t.Errorf("%s: %s is %v, want %v", c.name, member, got.body[member], want)
			}
		}
	}
}

// TestRFC7591_2_1_Together: grant types and response types that do not belong together are refused.
func TestRFC7591_2_1_Together(t *testing.T) {
	w, _ := register(t, true, 0)
	for body, want := range map[string]string{
		`"grant_types":["implicit"],"response_types":["code"]`:                                                "do not belong together",
		`"grant_types":["authorization_code"],"response_types":["id_token"]`:                                  "do not belong together",
		`"grant_types":["authorization_code"],"response_types":["token"]`:                                     "None of the response_types",
		`"grant_types":["urn:ietf:params:oauth:grant-type:device_code"]`:                                      "None of the grant_types",
		`"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"`:                            "None of the grant_types",
		`"grant_types":["client_credentials","authorization_code"]`:                                           "register one for each",
		`"token_endpoint_auth_method":"private_key_jwt"`:                                                      "added in the developer console",
		`"application_type":"desktop"`:                                                                        "one of web and native",
		`"client_name":"a\u0000b"`:                                                                            "control character",
		`"grant_types":["authorization_code"],"token_endpoint_auth_method":"none","response_types":["magic"]`: "None of the response_types",
	} {
		got := w.send(t, `{"redirect_uris":["https://a.example/"],`+body+`}`)
		if got.status != http.StatusBadRequest || got.body["error"] != "invalid_client_metadata" || !strings.Contains(got.text, want) {
			t.Errorf("%s: %d %s, want %q", body, got.status, got.text, want)
		}
	}
}

// TestRFC7591_3_InitialToken: where a token is needed, only one with the right counts.
func TestRFC7591_3_InitialToken(t *testing.T) {
	w, o := register(t, false, 0)
	const body = `{"redirect_uris":["https://a.example/"]}`
	for token, want := range map[string]string{"": "401 invalid_token", "Bearer lk_wrong": "401 invalid_token", "Basic bGs6d3JpdGU=": "401 invalid_token", "Bearer lk_read": "403 insufficient_scope"} {
		got := w.send(t, body, bearer, token)
		if !strings.HasPrefix(got.error(), want) || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%q: %s, %q", token, got.error(), got.header.Get("WWW-Authenticate"))
		}
	}
	if got := w.send(t, body, bearer, "Bearer lk_write"); got.status != http.StatusCreated {
		t.Errorf("with the right: %d %s", got.status, got.text)
	}
	if got := w.send(t, `{"grant_types":["client_credentials"]}`, bearer, "Bearer lk_write"); got.status != http.StatusCreated || o.made.Kind != project.OAuthServerToServer || got.body["redirect_uris"] != nil {
		t.Errorf("a client that acts for itself: %d %s", got.status, got.text)
	}
	o.open = true
	if got := w.send(t, `{"grant_types":["client_credentials"]}`); got.status != http.StatusBadRequest || !strings.Contains(got.text, "needs an initial access token") {
		t.Errorf("without a token: %d %s", got.status, got.text)
	}
	o.down = true
	if got := w.send(t, body); got.status != http.StatusServiceUnavailable || got.body["error"] != "temporarily_unavailable" {
		t.Errorf("while nobody can be known: %d %s", got.status, got.text)
	}
}

// TestRFC7591_3_1_Request: the request is a POST of a JSON object, of bounded size.
func TestRFC7591_3_1_Request(t *testing.T) {
	w, _ := register(t, true, 0)
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for body, want := range map[string]string{
		``: "no JSON object", `[]`: "no JSON object", `"x"`: "no JSON object", `{"redirect_uris":"https://a.example/"}`: "lists of texts",
		`{"client_name":7}`: "the rest are texts", `{"redirect_uris":[7]}`: "lists of texts", `{}{}`: "no JSON object", `{"x":` + deep + `}`: "larger than",
		`{"x":"` + strings.Repeat("x", 40_000) + `"}`: "larger than", `{"x":` + deep[5000:10000]: "no JSON object",
	} {
		got := w.send(t, body)
		if got.status != http.StatusBadRequest || got.body["error"] != "invalid_client_metadata" || !strings.Contains(got.text, want) {
			t.Errorf("%.40s: %d %s, want %q", body, got.status, got.text, want)
		}
	}
	if got := w.send(t, `{"redirect_uris":["https://a.example/"]}`, "Content-Type", "text/plain"); got.status != http.StatusBadRequest {
		t.Errorf("as text/plain: %d %s", got.status, got.text)
	}
	if got := w.get(t, "/ims/register"); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d %v", got.status, got.header)
	}
}

// TestRFC7591_3_2_1_Answer: 201, not cached, with all that counts; and the client is one.
func TestRFC7591_3_2_1_Answer(t *testing.T) {
	w, o := register(t, false, 0)
	seen := map[any]bool{}
	for range 3 {
		got := w.send(t, `{"client_name":" Loyalty ","redirect_uris":["https://a.example/"]}`, bearer, "Bearer lk_write")
		id, _ := got.body["client_id"].(string)
		secret, _ := got.body["client_secret"].(string)
		if got.status != http.StatusCreated || got.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
			t.Errorf("%d %v", got.status, got.header)
		}
		if seen[id] || len(id) != 32 || !strings.HasPrefix(secret, "p8e-") || got.body["client_id_issued_at"] != float64(start.Unix()) {
			t.Errorf("answer %s", got.text)
		}
		seen[id] = true
		client, err := o.clients.Client(t.Context(), id)
		if err != nil || !client.Redirect.Allows("https://a.example/") || client.Redirect.Allows("https://a.example/x") || len(client.Services) != 0 {
			t.Errorf("the client is %+v, %v", client, err)
		}
		if !strings.HasPrefix(o.made.Name, "Loyalty ") || got.body["client_name"] != o.made.Name || o.made.CreatedBy != "lk_write" || !strings.Contains(o.made.Description, "127.0.0.1") {
			t.Errorf("made %+v", o.made)
		}
	}
}

// TestRFC7591_3_2_2_RedirectURIs: a redirect URI that leads anywhere is refused by its own code.
func TestRFC7591_3_2_2_RedirectURIs(t *testing.T) {
	w, _ := register(t, true, 0)
	for _, list := range []string{
		`[]`, `[""]`, `["http://a.example/"]`, `["https://a.example/#x"]`, `["https://*.a.example/"]`, `["javascript:alert(1)"]`, `["https://a@b.example/"]`,
		`["/back"]`, `["https://a.example/","http://b.example/"]`, `["https://a.example/ b"]`, `["https://a.example\\@b.example/"]`, `["https:///x"]`,
		`["http://localhost/"]`, `["` + strings.Repeat(`https://a.example/","`, 21) + `https://a.example/"]`, `["https://a.example/` + strings.Repeat("x", 300) + `"]`,
	} {
		got := w.send(t, `{"redirect_uris":`+list+`}`)
		if got.status != http.StatusBadRequest || got.body["error"] != "invalid_redirect_uri" || got.body["error_description"] == "" {
			t.Errorf("%.60s: %d %s", list, got.status, got.text)
		}
		w.clock.Advance(time.Minute)
	}
	if got := w.send(t, `{}`); got.body["error"] != "invalid_redirect_uri" {
		t.Errorf("none: %s", got.text)
	}
}

// TestRFC8252_7_3_AnyPort: a native client's loopback addresses may have any port, each of them.
func TestRFC8252_7_3_AnyPort(t *testing.T) {
	w, o := register(t, true, 0)
	got := w.send(t, `{"redirect_uris":["http://127.0.0.1/back","http://[::1]/back","https://app.example.com/claimed"],"token_endpoint_auth_method":"none"}`)
	id, _ := got.body["client_id"].(string)
	client, err := o.clients.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err, got.text)
	}
	for uri, want := range map[string]bool{
		"http://127.0.0.1:51004/back": true, "http://[::1]:51004/back": true, "http://127.0.0.1/back": true, "https://app.example.com/claimed": true,
		"http://127.0.0.1:51004/other": false, "http://10.0.0.1:51004/back": false, "https://app.example.com:51004/claimed": false, "https://127.0.0.1:51004/back": false,
	} {
		if client.Redirect.Allows(uri) != want {
			t.Errorf("%s is allowed: %v, want %v", uri, !want, want)
		}
	}
}

// TestRFC7591_5_Limits: whoever needs no token is limited by address, in number, and is no script of another's page.
func TestRFC7591_5_Limits(t *testing.T) {
	w, o := register(t, true, 5)
	const body = `{"redirect_uris":["https://a.example/"]}`
	for i := range 6 {
		got := w.send(t, body)
		if want := map[bool]int{true: http.StatusCreated, false: http.StatusForbidden}[i < 5]; got.status != want {
			t.Errorf("the client %d: %d %s, want %d", i+1, got.status, got.text, want)
		}
	}
	var last reply
	for range 20 {
		last = w.send(t, body)
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") != "3" || last.body["error"] != "temporarily_unavailable" {
		t.Errorf("too many: %d %v %s", last.status, last.header, last.text)
	}
	if got := w.send(t, body, bearer, "Bearer lk_write"); got.status != http.StatusForbidden {
		t.Errorf("with a token from there: %d %s", got.status, got.text)
	}
	w.clock.Advance(3 * time.Second)
	if got := w.send(t, body); got.status != http.StatusForbidden || got.body["error"] != "access_denied" {
		t.Errorf("later: %d %s", got.status, got.text)
	}
	w.clock.Advance(time.Minute)
	made := o.made.ID
	for origin, want := range map[string]int{"https://evil.example": http.StatusForbidden, "null": http.StatusForbidden} {
		if got := w.send(t, body, "Origin", origin); got.status != want || !strings.Contains(got.text, "another origin") {
			t.Errorf("from a page of %s: %d %s", origin, got.status, got.text)
		}
	}
	if o.made.ID != made {
		t.Error("a page has registered a client")
	}
}

// TestRegistrationOff: nothing is there, and discovery does not name it.
func TestRegistrationOff(t *testing.T) {
	w := newWorld(t)
	if got := w.send(t, `{"redirect_uris":["https://a.example/"]}`); got.status != http.StatusNotFound || !strings.Contains(got.text, "developer console") {
		t.Errorf("off: %d %s", got.status, got.text)
	}
	if got := w.get(t, "/.well-known/oauth-authorization-server"); got.body["registration_endpoint"] != nil {
		t.Errorf("discovery has %v", got.body["registration_endpoint"])
	}
	on, _ := register(t, true, 0)
	if got := on.get(t, "/ims/.well-known/openid-configuration"); got.body["registration_endpoint"] != issuer+"/ims/register" {
		t.Errorf("discovery has %v", got.body["registration_endpoint"])
	}
}

// TestRegisterOdd registers clients of odd names.
func TestRegisterOdd(t *testing.T) {
	w, _ := register(t, true, 0)
	for _, name := range []string{strings.Repeat("é", 200), "<script>", `"`, "  "} {
		encoded, _ := json.Marshal(name)
		if got := w.send(t, `{"client_name":`+string(encoded)+`,"redirect_uris":["https://a.example/"]}`); got.status != http.StatusCreated && got.status != http.StatusBadRequest {
			t.Errorf("%.20q: %d %s", name, got.status, got.text)
		}
	}
}
