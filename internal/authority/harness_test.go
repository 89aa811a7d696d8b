package authority_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/authority"
	"latchkey/internal/clock"
	"latchkey/internal/decision"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	org    = "1111111111AAAAAAAAAA1111@AdobeOrg"
	issuer = "https://latchkey.example.com"
	ims    = "https://ims-na1.adobelogin.com"
	// The clients: one of each kind that there are grants for.
	jwtID, oauthID, webID, offID = "aabbccddeeff00112233445566778899", "00112233445566778899aabbccddeeff", "web-app", "disabled"
	techID                       = "89ABCDEF0123ABCD01234567@techacct.adobe.com"
	password                     = "p8e-SECRET_va+lue="
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// pairs are made once: an RSA key takes a good part of a second.
var pairs = sync.OnceValue(func() []*rsa.PrivateKey {
	var out []*rsa.PrivateKey
	for range 3 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		out = append(out, key)
	}
	return out
})

// bound is a binding of a key.
func bound(id string, key *rsa.PrivateKey, from, to time.Time) project.ClientBinding {
	return project.ClientBinding{ID: id, SHA1: "sha1-of-" + id, NotBefore: from, NotAfter: to, PublicKey: &key.PublicKey}
}

// clients are the credentials of the tests.
type clients struct {
	mu   sync.Mutex
	byID map[string]*project.Client
	used []string
	down bool
}

func newClients() *clients {
	keys := pairs()
	year := 365 * 24 * time.Hour
	technical := project.TechnicalAccount{ID: techID, Email: "c9adf360-3840-41b2-ade3-efc09df14811@techacct.adobe.com"}
	services := []project.ClientService{
		{Code: project.Target, Scopes: []string{"target_sdk"}, Metascopes: []string{"ent_marketing_sdk"}, Profiles: []project.Attachment{{Profile: "4711"}}},
		{Code: project.LatchkeyAPI, Scopes: []string{"latchkey_api", "tokens:read", "connections:read"}, Metascopes: []string{"ent_latchkey_sdk"}},
	}
	scopes := []string{"openid", "AdobeID", "target_sdk", "latchkey_api", "tokens:read", "connections:read"}
	meta := []string{"ent_marketing_sdk", "ent_latchkey_sdk"}
	strict := bound("strict", keys[2], start.Add(-time.Hour), start.Add(year))
	strict.RequireJTI = true
	c := &clients{byID: map[string]*project.Client{}}
	for _, client := range []*project.Client{
		{ClientID: jwtID, Name: "Sample", Kind: project.ServiceAccountJWT, Enabled: true, TechnicalAccount: technical, Services: services, Scopes: scopes, Metascopes: meta,
			Bindings: []project.ClientBinding{bound("old", keys[0], start.Add(-year), start.Add(-time.Hour)), bound("new", keys[1], start.Add(-time.Hour), start.Add(year)), strict}},
		{ClientID: oauthID, Name: "Sample", Kind: project.OAuthServerToServer, Enabled: true, TechnicalAccount: technical, Services: services, Scopes: scopes},
		{ClientID: offID, Name: "Off", Kind: project.OAuthServerToServer, TechnicalAccount: technical, Services: services, Scopes: scopes},
	} {
		c.add(client)
	}
	for _, client := range browserClients() {
		c.add(client)
	}
	return c
}

func (c *clients) add(client *project.Client) {
	client.Organization, client.Credential = org, "cred-"+client.ClientID
	c.byID[client.ClientID] = client
}

func (c *clients) Client(_ context.Context, id string) (*project.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return nil, context.DeadlineExceeded
	}
	if client := c.byID[id]; client != nil {
		return client, nil
	}
	return nil, fmt.Errorf("the client: %w", project.ErrNotFound)
}

func (c *clients) CheckSecret(_ *project.Client, presented secret.String) (string, bool) {
	return "uuid-1", presented.Reveal() == password
}

func (c *clients) Used(client *project.Client, what project.Use, id string, _ time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used = append(c.used, client.ClientID+" "+what.Grant+" "+id)
}

// memory is a store in memory.
type memory struct {
	families
	mu      sync.Mutex
	keys    []authority.StoredKey
	revoked []authority.Revoked
	jtis    map[string]int64
	used    map[string]time.Time
	away    bool
}

func (m *memory) Keys(context.Context) ([]authority.StoredKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]authority.StoredKey(nil), m.keys...), nil
}

func (m *memory) AddKey(_ context.Context, key authority.StoredKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = append(m.keys, key)
	return nil
}

func (m *memory) Revoke(_ context.Context, r authority.Revoked) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revoked = append(m.revoked, r)
	return nil
}

func (m *memory) Revoked(context.Context, time.Time, time.Time) ([]authority.Revoked, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]authority.Revoked(nil), m.revoked...), nil
}

func (m *memory) UseJTI(_ context.Context, binding string, jti int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last, ok := m.jtis[binding]; ok && jti <= last {
		return false, nil
	}
	m.jtis[binding] = jti
	return true, nil
}

// world is a server on a socket.
type world struct {
	*httptest.Server
	server  *authority.Server
	clients *clients
	store   *memory
	clock   *clock.Manual
	log     *bytes.Buffer
	// signedIn is when the person at the browser signed in, and gone who is disabled.
	signedIn time.Time
	gone     map[string]bool
	// decisions is nil where a test does not look at them.
	decisions *decision.Log
	registrar authority.Registrar
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{clients: newClients(), store: &memory{jtis: map[string]int64{}, keys: firstKeys()}, clock: clock.NewManual(start), log: &bytes.Buffer{}}
	w.signedIn, w.gone = start.Add(-time.Minute), map[string]bool{}
	w.open(t)
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.server.ServeHTTP(rw, r) }))
	t.Cleanup(w.Close)
	return w
}

// firstKeys are those that a server makes at the start, made once.
var firstKeys = sync.OnceValue(func() []authority.StoredKey {
	store := &memory{}
	_, err := authority.New(context.Background(), authority.Config{
		Clients: newClients(), Store: store, Issuers: []string{issuer}, Clock: clock.NewManual(start),
		Organizations: func(context.Context, string) (authority.Organization, error) { return authority.Organization{}, nil },
	})
	if err != nil {
		panic(err)
	}
	return store.keys[:len(store.keys):len(store.keys)]
})

func (w *world) open(t testing.TB) {
	t.Helper()
	var err error
	w.server, err = authority.New(context.Background(), authority.Config{
		Clients: w.clients, Store: w.store, Issuers: []string{issuer, ims, issuer + ":8443"}, Clock: w.clock, Decisions: w.decisions, Registrar: w.registrar,
		Log:    slog.New(slog.NewTextHandler(w.log, nil)),
		People: knownPeople(&w.gone), Administrators: func(context.Context, string) ([]authority.Person, error) {
			return []authority.Person{people()[ada]}, nil
		},
		Organizations: func(_ context.Context, id string) (authority.Organization, error) {
			return authority.Organization{ID: id, Number: "23294", Name: "Acme"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.server.Show(pages{w})
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (r reply) error() string {
	code, _ := r.body["error"].(string)
	says, _ := r.body["error_description"].(string)
	if says == "" && code != "" {
		says = "NO DESCRIPTION"
	}
	return fmt.Sprint(r.status, " ", code, ": ", says)
}

func (w *world) do(t testing.TB, request *http.Request) reply {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	out := reply{status: response.StatusCode, header: response.Header, text: text.String()}
	_ = json.Unmarshal(text.Bytes(), &out.body)
	return out
}

// post sends a form.
func (w *world) post(t testing.TB, path string, form url.Values, headers ...string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return w.do(t, request)
}

func (w *world) get(t testing.TB, path string, headers ...string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, w.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return w.do(t, request)
}

// claims are those of a good assertion, with changes; nil takes one away.
func claims(changes map[string]any) map[string]any {
	out := map[string]any{
		"exp": start.Add(5 * time.Minute).Unix(), "iat": start.Unix(), "iss": org, "sub": techID, "aud": ims + "/c/" + jwtID, ims + "/s/ent_marketing_sdk": true,
	}
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, value any) bool { return value == nil })
	return out
}

// sign makes an assertion.
func sign(key *rsa.PrivateKey, header, claims any) string {
	b64 := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := b64(header) + "." + b64(claims)
	hash := crypto.SHA256.New()
	hash.Write([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash.Sum(nil))
	if err != nil {
		panic(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

var rs256 = map[string]string{"alg": "RS256", "typ": "JWT"}

// good is an assertion that is taken, but for the changes.
func good(changes map[string]any) string { return sign(pairs()[1], rs256, claims(changes)) }

func jwtForm(token string) url.Values {
	return url.Values{"client_id": {jwtID}, "client_secret": {password}, "jwt_token": {token}}
}

func credentialsForm(scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {oauthID}, "client_secret": {password}, "scope": {scope}}
}

// payload reads a JWT's claims without looking at its signature.
func payload(t testing.TB, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts in a token", len(parts))
	}
	for i, to := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, to); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}
