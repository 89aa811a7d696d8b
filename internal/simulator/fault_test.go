package simulator_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/simulator"
)

// loginWith asks for a token with faults in the header.
func (w *world) loginWith(fault string) (result, error) {
	w.Helper()
	r := w.request(http.MethodPost, tokenURL, sample("grant_type", "password", "username", "ada", "password", "x").Encode())
	r.Header.Set("X-Sim-Fault", fault)
	return w.send(r)
}

func TestFaultsOfTheTokenResponse(t *testing.T) {
	fields := func(names ...string) []string { return slices.Sorted(slices.Values(names)) }
	usual := fields("access_token", "token_type", "expires_in", "refresh_token", "refresh_token_expires_in", "scope")
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(usual), func(n string) bool { return slices.Contains(names, n) })
	}
	for _, tt := range []struct {
		fault  string
		status int
		names  []string       // the fields of the answer
		some   map[string]any // some of their values
	}{
		{"", 200, usual, map[string]any{"expires_in": 3600.0}},
		{"expires_in=none", 200, without("expires_in"), nil},
		{"expires_in=string", 200, usual, map[string]any{"expires_in": "3600"}},
		{"expires_in=ms", 200, usual, map[string]any{"expires_in": 3600000.0}},
		{"expires_in=wrong", 200, usual, map[string]any{"expires_in": 36000.0}},
		{"expires_in=absolute", 200, fields(append(without("expires_in"), "expires_at")...), map[string]any{"expires_at": 1795255200.0}},
		{"expires_in=iso", 200, fields(append(without("expires_in"), "expires_at")...), map[string]any{"expires_at": "2026-11-21T10:00:00Z"}},
		{"expires_in=-5", 200, usual, map[string]any{"expires_in": -5.0}},
		{"expires_in=1.5E10", 200, usual, map[string]any{"expires_in": 1.5e10}},
		{"expires_in=15m", 200, usual, map[string]any{"expires_in": "15m"}},
		{"token_ttl=5,refresh_ttl=9", 200, usual, map[string]any{"expires_in": 5.0, "refresh_token_expires_in": 9.0}},
		{"no_refresh_token", 200, without("refresh_token", "refresh_token_expires_in"), nil},
		{"renamed", 200, fields("accessToken", "tokenType", "expiresIn", "refreshToken", "refreshTokenExpiresIn", "scope"), nil},
		{"nested", 200, fields("data"), nil},
		{"status201", 201, usual, nil},
		{"huge", 200, fields(append(usual, "padding")...), nil},
		{"error200", 200, fields("ok", "error"), map[string]any{"ok": false, "error": "invalid_auth"}},
		{"error200=ratelimited", 200, fields("ok", "error"), map[string]any{"error": "ratelimited"}},
		{"status=500", 500, fields("error", "error_description"), map[string]any{"error": "server_error"}},
		{"status=503", 503, fields("error", "error_description"), map[string]any{"error": "temporarily_unavailable"}},
		{"status=204", 204, nil, nil},
		{"error=invalid_grant", 400, fields("error", "error_description"), map[string]any{"error": "invalid_grant"}},
		{"error=invalid_client", 401, fields("error", "error_description"), map[string]any{"error": "invalid_client"}},
		{"error=invalid_grant,status=403", 403, fields("error", "error_description"), map[string]any{"error": "invalid_grant"}},
		{"slow=1ms, slow_before=1ms", 200, usual, nil},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			got, err := newWorld(t).loginWith(tt.fault)
			if err != nil {
				t.Fatal(err)
			}
			names := make([]string, 0, len(got.json))
			for name := range got.json {
				names = append(names, name)
			}
			slices.Sort(names)
			if got.status != tt.status || !slices.Equal(names, tt.names) {
				t.Errorf("answer = %d with %v, want %d with %v", got.status, names, tt.status, tt.names)
			}
			for name, want := range tt.some {
				if got.json[name] != want {
					t.Errorf("%s = %v, want %v", name, got.json[name], want)
				}
			}
			if tt.fault == "huge" && len(got.text) < 2<<20 {
				t.Errorf("the body has %d bytes, want 2 MiB", len(got.text))
			}
		})
	}
}

func TestFaultsOfTheBody(t *testing.T) {
	w := newWorld(t)
	nested, _ := w.loginWith("nested")
	data, _ := nested.json["data"].(map[string]any)
	inner, _ := data["token"].(map[string]any)
	if token, _ := inner["access_token"].(string); w.me(token).status != 200 {
		t.Errorf("nested: no good token at data.token.access_token in %d", nested.status)
	}
	encoded, _ := w.loginWith("form")
	values, err := url.ParseQuery(encoded.text)
	if err != nil || encoded.header.Get("Content-Type") != "application/x-www-form-urlencoded" || w.me(values.Get("access_token")).status != 200 || values.Get("expires_in") != "3600" {
		t.Errorf("form: %v, type %q, fields %d", err, encoded.header.Get("Content-Type"), len(values))
	}
	bare, _ := w.loginWith("bare")
	if !strings.HasPrefix(bare.header.Get("Content-Type"), "text/plain") || w.me(bare.text).status != 200 {
		t.Errorf("bare: the body is no good token")
	}
	html, _ := w.loginWith("html")
	if html.status != 200 || !strings.HasPrefix(html.header.Get("Content-Type"), "text/html") {
		t.Errorf("html: %d %q", html.status, html.header.Get("Content-Type"))
	}
	cut, _ := w.loginWith("truncated")
	if cut.status != 200 || cut.json != nil || cut.text == "" || json.Valid([]byte(cut.text)) {
		t.Errorf("truncated: %d, %d bytes", cut.status, len(cut.text))
	}
	limited, _ := w.loginWith("rate_limit=17")
	if limited.status != 429 || limited.header.Get("Retry-After") != "17" {
		t.Errorf("rate_limit: %d, Retry-After %q", limited.status, limited.header.Get("Retry-After"))
	}
	away, _ := w.loginWith("redirect=http://169.254.169.254/latest")
	if away.status != http.StatusTemporaryRedirect || away.header.Get("Location") != "http://169.254.169.254/latest" {
		t.Errorf("redirect of a POST: %d %q", away.status, away.header.Get("Location"))
	}
	away = w.must(w.request(http.MethodGet, "https://api.moviestar.com/me?fault=redirect=http://10.0.0.1/", ""))
	if away.status != http.StatusFound || away.header.Get("Location") != "http://10.0.0.1/" {
		t.Errorf("redirect of a GET: %d %q", away.status, away.header.Get("Location"))
	}
}

func TestDroppedAnswerHasIssuedItsToken(t *testing.T) {
	w := newWorld(t)
	old := w.login(tokenURL).str("refresh_token")
	if _, err := w.send(w.request(http.MethodPost, tokenURL+"?fault=drop_before", sample("grant_type", "refresh_token", "refresh_token", old).Encode())); err == nil {
		t.Error("drop_before answered")
	}
	if _, err := w.send(w.request(http.MethodPost, tokenURL+"?fault=drop", sample("grant_type", "refresh_token", "refresh_token", old).Encode())); err == nil {
		t.Error("drop answered")
	}
	w.wantError(w.refresh(tokenURL, old), 400, "invalid_grant") // drop has used it up, drop_before has not
	var seen []string
	for _, r := range w.sim.Requests() {
		if r.Dropped {
			seen = append(seen, r.Faults[0])
		}
	}
	if diff := cmp.Diff([]string{"drop_before", "drop"}, seen); diff != "" {
		t.Errorf("dropped requests in the journal (-want +got):\n%s", diff)
	}
}

func TestSlowAnswerIsProcessedWhileItsCallerGoes(t *testing.T) {
	w := newWorld(t)
	old := w.login(tokenURL).str("refresh_token")
	w.client.Timeout = 500 * time.Millisecond
	for _, fault := range []string{"slow_before=1m", "slow=1m"} {
		if _, err := w.send(w.request(http.MethodPost, tokenURL+"?fault="+fault, sample("grant_type", "refresh_token", "refresh_token", old).Encode())); err == nil {
			t.Errorf("%s answered in time", fault)
		}
	}
	w.client.Timeout = 20 * time.Second
	w.wantError(w.refresh(tokenURL, old), 400, "invalid_grant")
}

func TestExtendProlongsTheAccessToken(t *testing.T) {
	w := newWorld(t)
	tokens := w.login(tokenURL)
	w.clock.Advance(59 * time.Minute)
	got := w.refresh(tokenURL+"?fault=extend", tokens.str("refresh_token"))
	if got.status != 200 || got.str("result") != "0000" || got.str("access_token") != "" {
		t.Errorf("extend = %d %v", got.status, got.json)
	}
	w.clock.Advance(59 * time.Minute)
	w.wantError(w.me(tokens.str("access_token")), 200, "")
}

func TestJWTAccessTokenVerifies(t *testing.T) {
	w := newWorld(t)
	got := w.post(tenantURL+"?fault=jwt,expires_in=none", form("grant_type", "client_credentials", "client_id", "c", "client_secret", "s"))
	parts := strings.Split(got.str("access_token"), ".")
	if len(parts) != 3 {
		t.Fatalf("the access token has %d parts, want 3", len(parts))
	}
	decode := func(text string) []byte {
		out, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	var claims map[string]any
	if err := json.Unmarshal(decode(parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	if claims["exp"] != float64(w.clock.Now().Add(time.Hour).Unix()) || claims["tenant"] != "acme" || claims["iss"] != "https://acme.yourdestination.com" {
		t.Errorf("claims = %v", claims)
	}
	var set struct {
		Keys []struct{ X, Y string }
	}
	if err := json.Unmarshal([]byte(w.must(w.request(http.MethodGet, "https://acme.yourdestination.com/.well-known/jwks.json", "")).text), &set); err != nil {
		t.Fatal(err)
	}
	point := slices.Concat([]byte{4}, decode(set.Keys[0].X), decode(set.Keys[0].Y)) // SEC 1: uncompressed
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	sum, signature := sha256.Sum256([]byte(parts[0]+"."+parts[1])), decode(parts[2])
	if !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature does not verify")
	}
	w.wantError(w.me(got.str("access_token")), 200, "")
}

func TestFaultNamesThatAreUnknownOrMalformed(t *testing.T) {
	w := newWorld(t)
	for _, fault := range []string{
		"nonsense-0815", "slow", "slow=1h", "drop=maybe", "status=99", "error=No!", "rate_limit=x", "redirect=/here", "error200=No!",
		"expires_in=", "expires_in=<b>", "token_ttl=0", "rotate=round", "rotate=grace=0", "grace=-1", "auth=some", "consent=!",
	} {
		got, err := w.loginWith(fault)
		if err != nil {
			t.Fatal(err)
		}
		w.wantError(got, 400, "invalid_request")
		if strings.Contains(got.text, "0815") {
			t.Errorf("fault %q: the answer repeats it", fault)
		}
	}
	got, _ := w.loginWith("nonsense")
	for _, f := range simulator.Faults() {
		if !strings.Contains(got.str("error_description"), f.Name) {
			t.Errorf("the answer does not name the fault %s", f.Name)
		}
	}
}

func FuzzSetFault(f *testing.F) {
	for _, fault := range simulator.Faults() {
		f.Add(fault.Name + "=" + fault.Value)
	}
	f.Add("slow=2s,rotate=grace=30,expires_in=1.5E3")
	f.Fuzz(func(t *testing.T, text string) {
		s := simulator.New(simulator.Config{})
		if s.SetFault(simulator.Rule{Fault: text}) != nil {
			return
		}
		if len(s.Rules()) != 1 {
			t.Fatalf("SetFault(%q) = nil, and no rule is in force", text)
		}
	})
}

func TestRulesPutFaultsOnRequests(t *testing.T) {
	w := newWorld(t)
	set := func(rule simulator.Rule) {
		t.Helper()
		if err := w.sim.SetFault(rule); err != nil {
			t.Fatal(err)
		}
	}
	set(simulator.Rule{Host: "api.moviestar.com", Path: "/OAuth/access_token", Fault: "status=503", Times: 2})
	set(simulator.Rule{Grant: "refresh_token", Fault: "error=invalid_grant"})
	login := sample("grant_type", "client_credentials")
	var statuses []int
	for range 3 {
		statuses = append(statuses, w.post(tokenURL, login).status)
	}
	if diff := cmp.Diff([]int{503, 503, 200}, statuses); diff != "" {
		t.Errorf("with times 2 (-want +got):\n%s", diff)
	}
	w.wantError(w.refresh(tokenURL, simulator.SpecialRefreshToken), 400, "invalid_grant")
	w.wantError(w.refresh(tokenURL+"?fault=error=invalid_scope", simulator.SpecialRefreshToken), 400, "invalid_scope") // the request's own wins
	set(simulator.Rule{Host: "www.moviestar.com", Fault: "status=500", Times: 1})
	w.wantError(w.must(w.request(http.MethodGet, "https://www.moviestar.com/assets/moviestar.css", "")), 200, "")
	w.wantError(w.must(w.request(http.MethodGet, "https://www.moviestar.com/me", "")), 500, "server_error")
	if n := w.sim.ClearFaults(simulator.Rule{Host: "www.moviestar.com"}); n != 0 {
		t.Errorf("clearing another host took %d rules", n)
	}
	if n := w.sim.ClearFaults(simulator.Rule{}); n != 1 || len(w.sim.Rules()) != 0 {
		t.Errorf("clearing all took %d rules and left %d", n, len(w.sim.Rules()))
	}
	for _, bad := range []simulator.Rule{{}, {Fault: "nonsense"}, {Fault: "drop", Times: -1}, {Fault: "drop", Host: "example.com"}} {
		if err := w.sim.SetFault(bad); err == nil {
			t.Errorf("SetFault(%+v) = nil, want an error", bad)
		}
	}
}
