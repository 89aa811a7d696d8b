package sidecar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2/google"

	"latchkey/client"
	"latchkey/internal/secret"
	"latchkey/internal/sidecar"
)

// upstream stands for the server: it gives token N of a connection, or what refuses.
type upstream struct {
	generation atomic.Int64
	refusal    atomic.Pointer[string] // problem details, with their status before them
	away       atomic.Bool
	asked      atomic.Int64
	proxied    atomic.Pointer[http.Request]
}

func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	if u.away.Load() {
		return nil, io.ErrUnexpectedEOF
	}
	say := func(status int, body, etag string) *http.Response {
		header := http.Header{"Content-Type": {"application/json"}, "Etag": {etag}}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1}
	}
	if text := u.refusal.Load(); text != nil {
		var status int
		_, _ = fmt.Sscan(*text, &status)
		return say(status, (*text)[4:], ""), nil
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/behind/api/v1/proxy/"):
		body, _ := io.ReadAll(r.Body)
		seen := r.Clone(context.Background())
		seen.Body = io.NopCloser(strings.NewReader(string(body)))
		u.proxied.Store(seen)
		return say(http.StatusAccepted, "from the service", ""), nil
	case strings.HasSuffix(r.URL.Path, "/placement"):
		return say(200, `{"header":"X-Auth","prefix":"Token "}`, ""), nil
	}
	u.asked.Add(1)
	token := fmt.Sprintf("token-%d", u.generation.Load())
	if r.Header.Get("If-None-Match") == `"`+client.Hash(token)+`"` {
		return say(http.StatusNotModified, "", ""), nil
	}
	ends := time.Now().Add(time.Hour)
	return say(200, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_at":%q,"expires_in":3600,"scope":"read","generation":%d,"connection":"conn_1"}`,
		token, ends.UTC().Format(time.RFC3339), u.generation.Load()), `"`+client.Hash(token)+`"`), nil
}

func handler(t *testing.T, u *upstream, key string) http.Handler {
	t.Helper()
	c, err := client.New(client.Config{URL: "http://latchkey.test/behind", Key: "lk_the-servers", Sandbox: "stage", HTTPClient: &http.Client{Transport: u}, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := client.NewKeeper(client.KeeperConfig{Client: c, Watch: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keeper.Close)
	return sidecar.New(sidecar.Config{Client: c, Keeper: keeper, Connections: []string{"acme", "other"}, Key: secret.New(key)})
}

// ask sends a request given as "METHOD path", with headers as "Name: value".
func ask(h http.Handler, line string, headers ...string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, path, nil)
	r.Host = "127.0.0.1:8378"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	acme     = "GET /api/v1/connections/acme/token"
	asked    = "Latchkey-Request: true"
	account  = "GET /computeMetadata/v1/instance/service-accounts/"
	flavored = "Metadata-Flavor: Google"
	azure    = "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource="
	azureOK  = "Metadata: true"
)

// TestWhoMayAsk holds that a page, a rebound name, a proxy and a program that fetches what it is told get no token, in any shape.
func TestWhoMayAsk(t *testing.T) {
	open, keyed := handler(t, &upstream{}, ""), handler(t, &upstream{}, "local-key")
	for name, c := range map[string]struct {
		handler http.Handler
		line    string
		headers []string
		status  int
	}{
		"with the header":              {open, acme, []string{asked}, 200},
		"a client of the server":       {open, acme, []string{"Authorization: Bearer whatever"}, 200},
		"no header":                    {open, acme, nil, 401},
		"of a page":                    {open, acme, []string{asked, "Origin: https://evil.example"}, 403},
		"of a page of no origin":       {open, acme, []string{asked, "Origin: null"}, 403},
		"of an image":                  {open, account + "default/token", []string{flavored, "Sec-Fetch-Site: cross-site"}, 403},
		"a rebound name":               {open, acme, []string{asked, "Host: evil.example:8378"}, 403},
		"a rebound name, Google":       {open, account + "default/token", []string{flavored, "Host: evil.example"}, 403},
		"a rebound name, Azure":        {open, azure + "acme", []string{azureOK, "Host: evil.example"}, 403},
		"by localhost":                 {open, acme, []string{asked, "Host: localhost:8378"}, 200},
		"by ::1":                       {open, acme, []string{asked, "Host: [::1]:8378"}, 200},
		"by another machine's address": {open, acme, []string{asked, "Host: 10.0.0.7:8378"}, 403},
		"through a proxy":              {open, acme, []string{asked, "X-Forwarded-For: 10.0.0.7"}, 403},
		"the key":                      {keyed, acme, []string{"Authorization: Bearer local-key"}, 200},
		"another key":                  {keyed, acme, []string{"Authorization: Bearer local-kez"}, 401},
		"the header instead of a key":  {keyed, acme, []string{asked}, 401},
		"Google, where a key is":       {keyed, account + "default/token", []string{flavored}, 403},
		"Azure, where a key is":        {keyed, azure + "acme", []string{azureOK}, 403},
		"the key, as Azure sends it":   {keyed, "GET /msi/token?resource=acme", []string{"X-IDENTITY-HEADER: local-key"}, 200},
		"another key, Azure":           {keyed, "GET /msi/token?resource=acme", []string{"X-IDENTITY-HEADER: x"}, 401},
		"no key, Azure":                {open, "GET /msi/token?resource=acme", nil, 401},
		"Google":                       {open, account + "default/token", []string{flavored}, 200},
		"Google without its header":    {open, account + "default/token", nil, 403},
		"Google's, by its name":        {open, account + "other/token", []string{flavored, "Host: metadata.google.internal"}, 200},
		"Azure":                        {open, azure + "acme", []string{azureOK}, 200},
		"Azure without its header":     {open, azure + "acme", nil, 400},
		"not served":                   {open, "GET /api/v1/connections/third/token", []string{asked}, 404},
		"not served, Google":           {open, account + "third/token", []string{flavored}, 404},
		"not served, Azure":            {open, azure + "third", []string{azureOK}, 400},
		"not served, proxy":            {open, "GET /api/v1/proxy/third/me", []string{asked}, 404},
		"the proxy without the header": {open, "GET /api/v1/proxy/acme/me", nil, 401},
		"another route of the server":  {open, "GET /api/v1/connections", []string{asked}, 404},
		"another way to the server":    {open, "GET /api/v1/proxy/acme/../../connections", []string{asked}, 307},
		"health":                       {keyed, "GET /healthz", nil, 200},
	} {
		got := ask(c.handler, c.line, c.headers...)
		if got.Code != c.status {
			t.Errorf("%s: status %d, want %d: %s", name, got.Code, c.status, got.Body)
		}
		if got.Code != 200 && strings.Contains(got.Body.String(), "token-") {
			t.Errorf("%s: the refusal holds a token: %s", name, got.Body)
		}
	}
}

// TestAsTheServer uses a client of the server against the sidecar: tokens, conditions, placement and refusals are the server's.
func TestAsTheServer(t *testing.T) {
	u := &upstream{}
	u.generation.Store(1)
	s := httptest.NewServer(handler(t, u, "local-key"))
	defer s.Close()
	c, err := client.New(client.Config{URL: s.URL, Key: "local-key", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	first, err := c.Token(t.Context(), "acme", client.TokenOptions{MinTTL: time.Minute})
	if err != nil || first.AccessToken != "token-1" || first.Hash != client.Hash("token-1") || first.ExpiresIn < 59*time.Minute || first.Generation != 1 {
		t.Fatalf("token = %v, %v", first, err)
	}
	if again, err := c.Token(t.Context(), "acme", client.TokenOptions{}); err != nil || again.AccessToken != "token-1" || u.asked.Load() != 1 {
		t.Errorf("again = %v, %v; the server was asked %d times", again, err, u.asked.Load())
	}
	if _, err := c.Token(t.Context(), "acme", client.TokenOptions{Rejected: first.Hash}); err != client.ErrNotModified { //nolint:errorlint // as documented
		t.Errorf("a rejected token without a newer one: %v", err)
	}
	u.generation.Store(2)
	if newer, err := c.Token(t.Context(), "acme", client.TokenOptions{Rejected: client.Hash("token-0")}); err != nil || newer.AccessToken == "token-0" {
		t.Errorf("newer = %v, %v", newer, err)
	}
	if placement, err := c.Placement(t.Context(), "acme"); err != nil || placement.Header != "X-Auth" || placement.Prefix != "Token " {
		t.Errorf("placement = %+v, %v", placement, err)
	}
	gone := `409 {"type":"/docs/errors#needs_reauthorization","title":"The account's owner has to consent again","status":409,"detail":"since yesterday"}`
	u.refusal.Store(&gone)
	_, err = c.Token(t.Context(), "other", client.TokenOptions{})
	if said, ok := err.(*client.Error); !ok || said.Status != 409 || said.Detail != "since yesterday" { //nolint:errorlint // as documented
		t.Errorf("a refusal of the server comes as %v", err)
	}
	plain := ask(handler(t, &upstream{}, ""), acme, asked, "Accept: text/plain")
	if plain.Body.String() != "token-0\n" || plain.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("for a shell: %q, %v", plain.Body, plain.Header())
	}
}

// TestProxyThroughTheSidecar holds that the server gets its own key, and not the program's, and the service's path as it is.
func TestProxyThroughTheSidecar(t *testing.T) {
	u := &upstream{}
	s := httptest.NewServer(handler(t, u, "local-key"))
	defer s.Close()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/proxy/acme/v1/a%2Fb?q=1", strings.NewReader("a body"))
	r.Header.Set("Authorization", "Bearer local-key")
	r.Header.Set("X-Sandbox-Name", "prod")
	r.Header.Set("Cookie", "a=b")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	got := u.proxied.Load()
	if answer.StatusCode != 202 || string(text) != "from the service" || got == nil {
		t.Fatalf("answer %d %q", answer.StatusCode, text)
	}
	body, _ := io.ReadAll(got.Body)
	if got.URL.String() != "http://latchkey.test/behind/api/v1/proxy/acme/v1/a%2Fb?q=1" || string(body) != "a body" ||
		got.Header.Get("Authorization") != "Bearer lk_the-servers" || got.Header.Get("X-Sandbox-Name") != "stage" || got.Header.Get("Cookie") != "" || got.Header.Get("X-Forwarded-For") != "" {
		t.Errorf("the server got %s %q with %v", got.URL, body, got.Header)
	}
	u.away.Store(true)
	r, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/proxy/acme/me", nil)
	r.Header.Set("Authorization", "Bearer local-key")
	answer, err = http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _ = io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusBadGateway || !strings.Contains(string(text), "no answer from http://latchkey.test") || strings.Contains(string(text), "lk_") {
		t.Errorf("without a server: %d %s", answer.StatusCode, text)
	}
}

// TestServesThroughAnAbsence runs in fake time: the server goes away, each shape gives the valid token to its end, and none after.
func TestServesThroughAnAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &upstream{}
		h := handler(t, u, "")
		shapes := [][]string{{acme, asked}, {account + "acme/token", flavored}, {azure + "acme", azureOK}, {"GET /msi/token?resource=acme", "X-IDENTITY-HEADER: x"}}
		status := func(shape []string) int { return ask(h, shape[0], shape[1:]...).Code }
		if got := status(shapes[0]); got != 200 {
			t.Fatalf("status %d", got)
		}
		u.away.Store(true)
		time.Sleep(59 * time.Minute)
		for _, shape := range shapes {
			if got := status(shape); got != 200 {
				t.Errorf("%s, a minute before the end: status %d", shape[0], got)
			}
		}
		time.Sleep(2 * time.Minute)
		for _, shape := range shapes {
			if got := status(shape); got != 503 {
				t.Errorf("%s, after the end: status %d, want 503", shape[0], got)
			}
		}
		u.away.Store(false)
		time.Sleep(31 * time.Second)
		for _, shape := range shapes {
			if got := status(shape); got != 200 {
				t.Errorf("%s, with the server back: status %d", shape[0], got)
			}
		}
	})
}

// TestGoogleClient has Google's own library find a token here.
func TestGoogleClient(t *testing.T) {
	u := &upstream{}
	s := httptest.NewServer(handler(t, u, ""))
	defer s.Close()
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(s.URL, "http://"))
	for _, name := range []string{"", "other"} {
		token, err := google.ComputeTokenSource(name, "https://www.googleapis.com/auth/cloud-platform").Token()
		if err != nil || token.AccessToken != "token-0" || time.Until(token.Expiry) < 59*time.Minute || token.TokenType != "Bearer" {
			t.Errorf("account %q: %v, %v", name, token, err)
		}
	}
	if _, err := google.ComputeTokenSource("third").Token(); err == nil || !strings.Contains(err.Error(), "not defined") {
		t.Errorf("an account that is not served: %v", err)
	}
	everything := ask(handler(t, u, ""), account+"?recursive=true", flavored)
	var accounts map[string]struct {
		Email   string
		Aliases []string
	}
	if err := json.Unmarshal(everything.Body.Bytes(), &accounts); err != nil || accounts["default"].Email != "acme" || len(accounts) != 3 {
		t.Errorf("accounts = %s", everything.Body)
	}
}
