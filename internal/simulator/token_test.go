package simulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/simulator"
)

func TestEveryTokenURLOfTheSeedAnswersItsGrants(t *testing.T) {
	w := newWorld(t)
	first := w.login(tokenURL)
	for _, tt := range []struct {
		name, url string
		body      url.Values
		refresh   bool
	}{
		{"password", tokenURL, sample("grant_type", "password", "username", "bo", "password", "x", "scope", "read write"), true},
		{"client credentials", tokenURL, sample("grant_type", "client_credentials", "scope", "read write"), false},
		{"client credentials asked for refresh", tokenURL + "?fault=issue_refresh=1", sample("grant_type", "client_credentials"), true},
		{"refresh at refresh_token", "https://api.moviestar.com/OAuth/refresh_token", sample("grant_type", "refresh_token", "refresh_token", first.str("refresh_token")), true},
		{"client credentials at accessToken", "https://api.moviestar.com/OAuth/accessToken", sample("grant_type", "client_credentials"), false},
		{"tenant", tenantURL, form("grant_type", "client_credentials", "client_id", "acme-client", "client_secret", "acme-secret"), false},
		{"tenant password", tenantURL, sample("grant_type", "password", "username", "bo", "password", "x"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := w.post(tt.url, tt.body)
			if got.status != http.StatusOK || got.str("access_token") == "" || got.str("token_type") != "Bearer" {
				t.Fatalf("answer = %d %s", got.status, got.text)
			}
			if got.json["expires_in"] != 3600.0 {
				t.Errorf("expires_in = %v, want 3600", got.json["expires_in"])
			}
			if has := got.str("refresh_token") != ""; has != tt.refresh || has != (got.json["refresh_token_expires_in"] == 2592000.0) {
				t.Errorf("refresh token %v with life %v, want %v", has, got.json["refresh_token_expires_in"], tt.refresh)
			}
			if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Server") != "moviestar" || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("header = %v", got.header)
			}
			if me := w.me(got.str("access_token")); me.status != http.StatusOK {
				t.Errorf("/me = %d %s, want 200", me.status, me.text)
			}
		})
	}
}

func TestMeTellsWhoseTokenItIs(t *testing.T) {
	w := newWorld(t)
	got := w.post(tenantURL, form("grant_type", "client_credentials", "client_id", "c", "client_secret", "s", "scope", "read delete"))
	r := w.request(http.MethodGet, "https://acme.yourdestination.com/me", "")
	r.Header.Set("Authorization", "Bearer "+got.str("access_token"))
	want := map[string]any{"sub": "c", "client_id": "c", "scope": "read delete", "tenant": "acme", "expires_at": "2026-11-21T10:00:00Z"}
	if diff := cmp.Diff(want, w.must(r).json); diff != "" {
		t.Errorf("/me (-want +got):\n%s", diff)
	}
	w.clock.Advance(time.Hour)
	expired := w.must(r)
	w.wantError(expired, http.StatusUnauthorized, "invalid_token")
	if !strings.Contains(expired.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("WWW-Authenticate = %q", expired.header.Get("WWW-Authenticate"))
	}
	bare := w.must(w.request(http.MethodGet, "https://api.moviestar.com/me", ""))
	if bare.status != http.StatusUnauthorized || bare.header.Get("WWW-Authenticate") != `Bearer realm="moviestar"` {
		t.Errorf("without a token: %d %q", bare.status, bare.header.Get("WWW-Authenticate"))
	}
}

func TestClientAuthentication(t *testing.T) {
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	odd := "s+cr/t%&:é"
	for _, tt := range []struct {
		name, fault, authorization string
		body                       url.Values
		status                     int
		code                       string
	}{
		{"body", "", "", sample(), 200, ""},
		{"secret of Example 1", "", "", form("client_id", simulator.SampleClientID, "client_secret", simulator.SampleSecretOfEx1), 200, ""},
		{"basic", "", basic(simulator.SampleClientID + ":" + simulator.SampleClientSecret), form(), 200, ""},
		{"basic, id in the body too", "", basic(simulator.SampleClientID + ":" + simulator.SampleClientSecret), form("client_id", simulator.SampleClientID), 200, ""},
		{"basic raw", "", basic("odd:" + odd), form(), 200, ""},
		{"basic form-encoded", "", basic("odd:" + url.QueryEscape(odd)), form(), 200, ""},
		{"basic and body", "", basic("a:b"), form("client_id", "a", "client_secret", "b"), 400, "invalid_request"},
		{"basic, other id in the body", "", basic("a:b"), form("client_id", "c"), 400, "invalid_request"},
		{"basic malformed", "", "Basic !!!", form(), 401, "invalid_client"},
		{"wrong secret", "", "", form("client_id", simulator.SampleClientID, "client_secret", "other"), 401, "invalid_client"},
		{"wrong secret, basic", "", basic(simulator.SampleClientID + ":other"), form(), 401, "invalid_client"},
		{"unknown client whose secret begins with wrong", "", "", form("client_id", "new", "client_secret", "wrong-1"), 401, "invalid_client"},
		{"no secret", "", "", form("client_id", "new"), 401, "invalid_client"},
		{"nobody", "", "", form(), 401, "invalid_client"},
		{"basic only, in the body", "auth=basic", "", sample(), 401, "invalid_client"},
		{"basic only", "auth=basic", basic(simulator.SampleClientID + ":" + simulator.SampleClientSecret), form(), 200, ""},
		{"body only, in the header", "auth=body", basic("a:b"), form(), 401, "invalid_client"},
		{"none needed", "auth=none", "", form(), 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.post(tokenURL, form("grant_type", "client_credentials", "client_id", "odd", "client_secret", odd))
			tt.body.Set("grant_type", "client_credentials")
			r := w.request(http.MethodPost, tokenURL, tt.body.Encode())
			if tt.authorization != "" {
				r.Header.Set("Authorization", tt.authorization)
			}
			if tt.fault != "" {
				r.Header.Set("X-Sim-Fault", tt.fault)
			}
			got := w.must(r)
			w.wantError(got, tt.status, tt.code)
			if asks := got.header.Get("WWW-Authenticate") != ""; asks != (tt.status == 401 && (tt.authorization != "" || tt.fault == "auth=basic")) {
				t.Errorf("WWW-Authenticate = %q", got.header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestUnknownClientIsHeldToItsFirstSecret(t *testing.T) {
	w := newWorld(t)
	try := func(target, secret string) result {
		return w.post(target, form("grant_type", "client_credentials", "client_id", "new", "client_secret", secret))
	}
	w.wantError(try(tokenURL, "one"), 200, "")
	w.wantError(try(tokenURL, "two"), 401, "invalid_client")
	w.wantError(try(tokenURL, "one"), 200, "")
	w.wantError(try(tenantURL, "two"), 200, "") // a tenant's clients are its own
}

func TestTokenRequestErrors(t *testing.T) {
	w := newWorld(t)
	token := w.login(tokenURL).str("refresh_token")
	for _, tt := range []struct {
		name   string
		body   url.Values
		status int
		code   string
	}{
		{"no grant type", sample(), 400, "invalid_request"},
		{"unknown grant type", sample("grant_type", "magic"), 400, "unsupported_grant_type"},
		{"twice", sample("grant_type", "client_credentials", "scope", "a", "scope", "b"), 400, "invalid_request"},
		{"wrong scope", sample("grant_type", "client_credentials", "scope", "read wrong-one"), 400, "invalid_scope"},
		{"bad scope", sample("grant_type", "client_credentials", "scope", `re"ad`), 400, "invalid_scope"},
		{"no password", sample("grant_type", "password", "username", "ada"), 400, "invalid_request"},
		{"wrong password", sample("grant_type", "password", "username", "ada", "password", "wrong"), 400, "invalid_grant"},
		{"no code", sample("grant_type", "authorization_code"), 400, "invalid_request"},
		{"unknown code", sample("grant_type", "authorization_code", "code", "x"), 400, "invalid_grant"},
		{"no refresh token", sample("grant_type", "refresh_token"), 400, "invalid_request"},
		{"unknown refresh token", sample("grant_type", "refresh_token", "refresh_token", "x"), 400, "invalid_grant"},
		{"wider scope", sample("grant_type", "refresh_token", "refresh_token", token, "scope", "read admin"), 400, "invalid_scope"},
		{"another's refresh token", form("grant_type", "refresh_token", "refresh_token", token, "client_id", "other", "client_secret", "s"), 400, "invalid_grant"},
		{"refresh without the secret", form("grant_type", "refresh_token", "refresh_token", token, "client_id", simulator.SampleClientID), 401, "invalid_client"},
	} {
		t.Run(tt.name, func(t *testing.T) { w.wantError(w.post(tokenURL, tt.body), tt.status, tt.code) })
	}
	w.wantError(w.refresh(tenantURL, token), 400, "invalid_grant")
	w.wantError(w.refresh(tokenURL, token), 200, "") // none of the above has used it up
}

func TestTokenRequestBodies(t *testing.T) {
	w := newWorld(t)
	object, _ := json.Marshal(map[string]any{"grant_type": "client_credentials", "client_id": "j", "client_secret": "s", "n": 1})
	for _, tt := range []struct {
		name, kind, body string
		status           int
	}{
		{"JSON", "application/json; charset=utf-8", string(object), 200},
		{"JSON that is none", "application/json", "[1]", 400},
		{"text", "text/plain", "grant_type=client_credentials", 400},
		{"form that is none", "application/x-www-form-urlencoded", "a=%zz", 400},
		{"too long", "application/x-www-form-urlencoded", "a=" + strings.Repeat("x", 65<<10), 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := w.request(http.MethodPost, tokenURL, tt.body)
			r.Header.Set("Content-Type", tt.kind)
			if got := w.must(r); got.status != tt.status {
				t.Errorf("status = %d %s, want %d", got.status, got.text, tt.status)
			}
		})
	}
	query := "?grant_type=client_credentials&client_id=j&client_secret=s"
	got := w.must(w.request(http.MethodGet, tokenURL+query, ""))
	if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET = %d, Allow %q, want 405, POST", got.status, got.header.Get("Allow"))
	}
	w.wantError(w.must(w.request(http.MethodPost, tokenURL+query, "")), 400, "invalid_request")
	w.wantError(w.must(w.request(http.MethodGet, tokenURL+query+"&fault=get", "")), 200, "")
	w.wantError(w.must(w.request(http.MethodPost, tokenURL+query+"&fault=get", "")), 200, "")
}

func TestRotation(t *testing.T) {
	for _, tt := range []struct {
		mode  string
		first string // what the first refresh returns: new, same, none
		reuse int    // status of the reuse of the old one
		alive bool   // whether the access token of the first refresh survives the reuse
	}{
		{"", "new", 400, true},
		{"rotate=on", "new", 400, true},
		{"rotate=off", "none", 200, true},
		{"rotate=same", "same", 200, true},
		{"rotate=revoke_family", "new", 400, false},
		{"rotate=grace=30", "new", 200, true},
		{"grace=30", "new", 200, true},
		{"no_refresh_token", "none", 200, true},
	} {
		t.Run(tt.mode, func(t *testing.T) {
			w := newWorld(t)
			old := w.login(tokenURL).str("refresh_token")
			target := tokenURL + "?fault=" + url.QueryEscape(tt.mode)
			got := w.refresh(target, old)
			w.wantError(got, 200, "")
			next := got.str("refresh_token")
			if kind := map[bool]string{true: "same", false: "new"}[next == old]; next == "" && tt.first != "none" || next != "" && kind != tt.first {
				t.Errorf("the refresh token is not %s", tt.first)
			}
			again := w.refresh(target, old)
			if again.status != tt.reuse {
				t.Errorf("reuse = %d %s, want %d", again.status, again.text, tt.reuse)
			}
			if alive := w.me(got.str("access_token")).status == 200; alive != tt.alive {
				t.Errorf("after reuse the access token is good: %v, want %v", alive, tt.alive)
			}
			if tt.first == "new" {
				want := map[bool]int{true: 200, false: 400}[tt.alive]
				if last := w.refresh(target, next); last.status != want {
					t.Errorf("after reuse the successor answers %d, want %d", last.status, want)
				}
			}
		})
	}
}

func TestGraceGivesTheSameSuccessorUntilItEnds(t *testing.T) {
	w := newWorld(t)
	old := w.login(tokenURL).str("refresh_token")
	target := tokenURL + "?fault=grace=30"
	first := w.refresh(target, old)
	w.clock.Advance(29 * time.Second)
	second := w.refresh(target, old)
	if first.str("access_token") != second.str("access_token") || first.str("refresh_token") != second.str("refresh_token") {
		t.Error("a reuse within the grace has other tokens")
	}
	if second.json["expires_in"] != 3571.0 {
		t.Errorf("expires_in = %v, want 3571", second.json["expires_in"])
	}
	w.clock.Advance(time.Second)
	w.wantError(w.refresh(target, old), 400, "invalid_grant")
}

func TestRefreshNarrowsScopeAndExpires(t *testing.T) {
	w := newWorld(t)
	first := w.post(tokenURL, sample("grant_type", "password", "username", "a", "password", "b", "scope", "read write"))
	narrow := w.post(tokenURL, sample("grant_type", "refresh_token", "refresh_token", first.str("refresh_token"), "scope", "read"))
	if narrow.str("scope") != "read" {
		t.Errorf("scope = %q, want read", narrow.str("scope"))
	}
	wide := w.refresh(tokenURL, narrow.str("refresh_token"))
	if wide.str("scope") != "read write" {
		t.Errorf("scope = %q, want what was granted", wide.str("scope"))
	}
	w.clock.Advance(30 * 24 * time.Hour)
	w.wantError(w.refresh(tokenURL, wide.str("refresh_token")), 400, "invalid_grant")
}

func TestOnlyOneOfManyConcurrentRefreshesWins(t *testing.T) {
	w := newWorld(t)
	old := w.login(tokenURL).str("refresh_token")
	const callers = 16
	statuses := make(chan int, callers)
	for range callers {
		go func() {
			got, err := w.send(w.request(http.MethodPost, tokenURL, sample("grant_type", "refresh_token", "refresh_token", old).Encode()))
			if err != nil {
				t.Error(err)
			}
			statuses <- got.status
		}()
	}
	won := 0
	for range callers {
		if <-statuses == 200 {
			won++
		}
	}
	if won != 1 || w.sim.Count("/OAuth/access_token", "refresh_token") != callers {
		t.Errorf("%d of %d refreshes won, want 1", won, w.sim.Count("/OAuth/access_token", "refresh_token"))
	}
}

func TestSpecialRefreshTokenOfExample2(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		got := w.refresh("https://api.moviestar.com/OAuth/refresh_token", simulator.SpecialRefreshToken)
		w.wantError(got, 200, "")
		_, tells := got.json["expires_in"]
		if got.str("access_token") == "" || got.str("refresh_token") != "" || tells {
			t.Errorf("answer has the fields %v, want no expires_in and no refresh_token", got.json)
		}
		w.clock.Advance(365 * 24 * time.Hour)
	}
}

func TestExchangeOfShortLivedToken(t *testing.T) {
	w := newWorld(t)
	short := w.login(tokenURL).str("access_token")
	long := w.must(w.request(http.MethodGet, "https://api.moviestar.com/OAuth/access_token?fault=get&grant_type=ig_exchange_token&access_token="+short, ""))
	if long.json["expires_in"] != 5184000.0 || long.str("refresh_token") != "" {
		t.Fatalf("exchange = %d %v, want 60 days and no refresh token", long.status, long.json["expires_in"])
	}
	w.clock.Advance(2 * time.Hour)
	again := w.post(tokenURL, sample("grant_type", "fb_exchange_token", "fb_exchange_token", long.str("access_token")))
	w.wantError(again, 200, "")
	w.wantError(w.post(tokenURL, sample("grant_type", "fb_exchange_token", "fb_exchange_token", short)), 400, "invalid_grant")
}

func TestSessionOnTopOfOAuth(t *testing.T) {
	w := newWorld(t)
	token := w.login(tokenURL).str("access_token")
	got := w.must(w.request(http.MethodGet, "https://api.moviestar.com/session?access_token="+token, ""))
	r := w.request(http.MethodGet, "https://api.moviestar.com/me", "")
	r.Header.Set("BhRestToken", got.str("BhRestToken"))
	if me := w.must(r); me.str("sub") != simulator.SampleUser {
		t.Errorf("/me = %d %s", me.status, me.text)
	}
	w.wantError(w.must(w.request(http.MethodGet, "https://api.moviestar.com/session?access_token=x", "")), 401, "invalid_token")
}

func TestRFC7009_Revocation(t *testing.T) {
	const revoke = "https://api.moviestar.com/OAuth/revoke"
	w := newWorld(t)
	tokens := w.login(tokenURL)
	w.wantError(w.post(revoke, form("token", tokens.str("access_token"))), 401, "invalid_client")
	w.wantError(w.post(revoke, form("token", tokens.str("access_token"), "client_id", "x", "client_secret", "y")), 400, "unauthorized_client")
	w.wantError(w.post(revoke, sample()), 400, "invalid_request")
	w.wantError(w.post(revoke, sample("token", "unknown")), 200, "")
	w.wantError(w.post(revoke, sample("token", tokens.str("access_token"))), 200, "")
	w.wantError(w.me(tokens.str("access_token")), 401, "invalid_token")
	next := w.refresh(tokenURL, tokens.str("refresh_token")) // the refresh token has survived
	w.wantError(next, 200, "")
	w.wantError(w.post(revoke, sample("token", next.str("refresh_token"))), 200, "")
	w.wantError(w.me(next.str("access_token")), 401, "invalid_token") // and takes its family with it
}

func TestRFC7662_Introspection(t *testing.T) {
	const introspect = "https://api.moviestar.com/OAuth/introspect"
	w := newWorld(t)
	tokens := w.login(tokenURL)
	got := w.post(introspect, sample("token", tokens.str("access_token")))
	want := map[string]any{
		"active": true, "scope": "read", "client_id": simulator.SampleClientID, "sub": simulator.SampleUser,
		"username": simulator.SampleUser, "iss": "https://api.moviestar.com", "token_type": "Bearer",
		"iat": float64(w.clock.Now().Unix()), "exp": float64(w.clock.Now().Add(time.Hour).Unix()),
	}
	if diff := cmp.Diff(want, got.json); diff != "" {
		t.Errorf("introspection (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"active": false}, w.post(introspect, sample("token", "x")).json); diff != "" {
		t.Errorf("of an unknown token (-want +got):\n%s", diff)
	}
	w.wantError(w.post(introspect, form("token", "x")), 401, "invalid_client")
}

func TestUnknownHostsAndPaths(t *testing.T) {
	w := newWorld(t)
	for target, want := range map[string]string{
		"https://moviestar.com/me":                              "no such host",
		"https://example.com/me":                                "no such host",
		"https://api.moviestar.com.evil.example/me":             "no such host",
		"https://api.moviestar.com/nothing":                     "no such path",
		"https://acme.yourdestination.com/OAuth/access_token":   "no such path",
		"https://www.moviestar.com:8443/identity/oauth/token":   "no such path",
		"https://www.moviestar.com/OAuth/access_token/anything": "no such path",
	} {
		if got := w.must(w.request(http.MethodGet, target, "")); got.status != http.StatusNotFound || !strings.Contains(got.text, want) {
			t.Errorf("GET %s = %d %s, want 404 that says %q", target, got.status, got.text, want)
		}
	}
}
