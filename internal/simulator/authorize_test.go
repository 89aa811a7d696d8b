package simulator_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"latchkey/internal/simulator"
)

func TestConsentPage(t *testing.T) {
	w := newWorld(t)
	for _, page := range []string{"https://www.moviestar.com/dialog/OAuth", "https://api.moviestar.com/OAuth/authorization"} {
		got := w.must(w.request(http.MethodGet, authorizeURL(page, "login_hint", "bo@example.com"), ""))
		if got.status != http.StatusOK {
			t.Fatalf("GET %s = %d %s", page, got.status, got.text)
		}
		for _, want := range []string{
			`id="allow"`, `id="deny"`, `value="bo@example.com"`, simulator.SampleClientID, "<code>read</code>", "<code>write</code>",
			"https://latchkey.example", "Moviestar <small>(simulated)</small>", `<html lang="en">`, `<label for="user">`,
		} {
			if !strings.Contains(got.text, want) {
				t.Errorf("the page of %s lacks %q", page, want)
			}
		}
		if strings.Contains(got.text, "<script") || strings.Contains(got.text, "carries no") {
			t.Error("the page has a script, or misses a state that is there")
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action http: https:") {
			t.Errorf("Content-Security-Policy = %q", policy)
		}
	}
	if css := w.must(w.request(http.MethodGet, "https://www.moviestar.com/assets/moviestar.css", "")); css.status != 200 || !strings.HasPrefix(css.header.Get("Content-Type"), "text/css") {
		t.Errorf("style sheet = %d %q", css.status, css.header.Get("Content-Type"))
	}
}

func TestDecision(t *testing.T) {
	for _, tt := range []struct {
		name   string
		url    string
		body   url.Values
		status int
		want   map[string]string // of the redirect
	}{
		{"deny", authorizeURL("https://www.moviestar.com/dialog/OAuth"), form("user", "ada", "decision", "deny"), 302, map[string]string{"error": "access_denied", "state": "s t&te"}},
		{"allow", authorizeURL("https://www.moviestar.com/dialog/OAuth"), form("user", "ada", "decision", "allow"), 302, map[string]string{"error": "", "state": "s t&te"}},
		{"callback with a query", authorizeURL("https://www.moviestar.com/dialog/OAuth", "redirect_uri", callback+"?a=1"), form("user", "ada", "decision", "allow"), 302, map[string]string{"a": "1"}},
		{"nobody", authorizeURL("https://www.moviestar.com/dialog/OAuth"), form("user", " ", "decision", "allow"), 400, nil},
		{"undecided", authorizeURL("https://www.moviestar.com/dialog/OAuth"), form("user", "ada"), 400, nil},
		{"at once", authorizeURL("https://www.moviestar.com/dialog/OAuth", "fault", "consent=temporarily_unavailable"), form("x", "y"), 302, map[string]string{"error": "temporarily_unavailable"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := newWorld(t).post(tt.url, tt.body)
			if got.status != tt.status {
				t.Fatalf("answer = %d %s, want %d", got.status, got.text, tt.status)
			}
			back, _ := url.Parse(got.header.Get("Location"))
			if tt.want != nil && !strings.HasPrefix(back.String(), callback) {
				t.Errorf("Location = %q, want the callback", back)
			}
			for name, want := range tt.want {
				if back.Query().Get(name) != want {
					t.Errorf("%s = %q, want %q", name, back.Query().Get(name), want)
				}
			}
		})
	}
}

func TestSampleCallbackTellsWhatCameBack(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]string{"?code=msc_x": "received a code", "?error=access_denied": "an error instead", "": "neither"} {
		got := w.must(w.request(http.MethodGet, "https://www.moviestar.com/callback"+query, ""))
		if got.status != 200 || !strings.Contains(got.text, want) || strings.Contains(got.text, "msc_x") {
			t.Errorf("callback%s = %d %s, want %q", query, got.status, got.text, want)
		}
	}
}

func TestDecisionOfAnotherSiteIsRefused(t *testing.T) {
	w := newWorld(t)
	r := w.request(http.MethodPost, authorizeURL("https://www.moviestar.com/dialog/OAuth"), form("user", "ada", "decision", "allow").Encode())
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := w.must(r); got.status != http.StatusBadRequest || got.header.Get("Location") != "" {
		t.Errorf("answer = %d to %q, want 400", got.status, got.header.Get("Location"))
	}
}

func TestAuthorizationRequestErrors(t *testing.T) {
	const page = "https://www.moviestar.com/dialog/OAuth"
	w := newWorld(t)
	for _, tt := range []struct {
		name, url, code string // code "": a page, without a redirect
	}{
		{"no client", authorizeURL(page, "client_id", ""), ""},
		{"no redirect URI", authorizeURL(page, "redirect_uri", ""), ""},
		{"relative redirect URI", authorizeURL(page, "redirect_uri", "/callback"), ""},
		{"script as redirect URI", authorizeURL(page, "redirect_uri", "javascript:alert(1)"), ""},
		{"fragment in the redirect URI", authorizeURL(page, "redirect_uri", callback+"#x"), ""},
		{"parameter twice", authorizeURL(page) + "&client_id=b", ""},
		{"no response type", authorizeURL(page, "response_type", ""), "invalid_request"},
		{"token as response type", authorizeURL(page, "response_type", "token"), "unsupported_response_type"},
		{"wrong scope", authorizeURL(page, "scope", "wrong"), "invalid_scope"},
		{"challenge method unknown", authorizeURL(page, "code_challenge", strings.Repeat("a", 43), "code_challenge_method", "S512"), "invalid_request"},
		{"challenge missing", authorizeURL(page, "code_challenge_method", "S256"), "invalid_request"},
		{"challenge too short", authorizeURL(page, "code_challenge", "abc"), "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := w.must(w.request(http.MethodGet, tt.url, ""))
			back, _ := url.Parse(got.header.Get("Location"))
			if tt.code == "" && (got.status != 400 || back.String() != "") || tt.code != "" && got.status != 302 || back.Query().Get("error") != tt.code {
				t.Errorf("answer = %d to %q, want the error %q", got.status, back, tt.code)
			}
		})
	}
}

func TestCodeGrant(t *testing.T) {
	verifier := strings.Repeat("v", 43)
	s256 := oauth2.S256ChallengeFromVerifier(verifier)
	for _, tt := range []struct {
		name      string
		authorize []string
		redeem    []string
		after     time.Duration
		status    int
		code      string
	}{
		{"right", nil, nil, 59 * time.Second, 200, ""},
		{"expired", nil, nil, time.Minute, 400, "invalid_grant"},
		{"other redirect URI", nil, []string{"redirect_uri", callback + "/"}, 0, 400, "invalid_grant"},
		{"no redirect URI", nil, []string{"redirect_uri", ""}, 0, 400, "invalid_grant"},
		{"other client", nil, []string{"client_id", "other"}, 0, 400, "invalid_grant"},
		{"wrong secret", nil, []string{"client_secret", "x"}, 0, 401, "invalid_client"},
		{"S256", []string{"code_challenge", s256, "code_challenge_method", "S256"}, []string{"code_verifier", verifier}, 0, 200, ""},
		{"S256 wrong", []string{"code_challenge", s256, "code_challenge_method", "S256"}, []string{"code_verifier", verifier + "x"}, 0, 400, "invalid_grant"},
		{"S256 missing", []string{"code_challenge", s256, "code_challenge_method", "S256"}, nil, 0, 400, "invalid_grant"},
		{"plain", []string{"code_challenge", verifier}, []string{"code_verifier", verifier}, 0, 200, ""},
		{"plain wrong", []string{"code_challenge", verifier, "code_challenge_method", "plain"}, []string{"code_verifier", s256}, 0, 400, "invalid_grant"},
		{"challenge taken out", nil, []string{"code_verifier", verifier}, 0, 400, "invalid_grant"},
		{"public with PKCE", []string{"client_id", "app", "code_challenge", s256, "code_challenge_method", "S256"}, []string{"client_id", "app", "client_secret", "", "code_verifier", verifier}, 0, 200, ""},
		{"public without PKCE", []string{"client_id", "app"}, []string{"client_id", "app", "client_secret", ""}, 0, 401, "invalid_client"},
		{"without its secret", []string{"code_challenge", s256, "code_challenge_method", "S256"}, []string{"client_secret", "", "code_verifier", verifier}, 0, 401, "invalid_client"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			code := w.code(tt.authorize...)
			w.clock.Advance(tt.after)
			got := w.redeem(code, tt.redeem...)
			w.wantError(got, tt.status, tt.code)
			if tt.status == 200 && w.me(got.str("access_token")).str("sub") != simulator.SampleUser {
				t.Error("the token is not the user's")
			}
		})
	}
}

func TestRFC6749_4_1_2_CodeUsedTwiceRevokesItsTokens(t *testing.T) {
	w := newWorld(t)
	code := w.code()
	first := w.redeem(code)
	next := w.refresh(tokenURL, first.str("refresh_token"))
	w.wantError(w.redeem(code), 400, "invalid_grant")
	w.wantError(w.me(first.str("access_token")), 401, "invalid_token")
	w.wantError(w.refresh(tokenURL, next.str("refresh_token")), 400, "invalid_grant")
}

func TestPublicClientRefreshesWithoutASecret(t *testing.T) {
	w := newWorld(t)
	verifier := oauth2.GenerateVerifier()
	code := w.code("client_id", "app", "code_challenge", oauth2.S256ChallengeFromVerifier(verifier), "code_challenge_method", "S256")
	first := w.redeem(code, "client_id", "app", "client_secret", "", "code_verifier", verifier)
	got := w.post(tokenURL, form("grant_type", "refresh_token", "refresh_token", first.str("refresh_token"), "client_id", "app"))
	w.wantError(got, 200, "")
}

// The field's common client walks the whole flow: what works for it works for most.
func TestXOAuth2_CodeGrant(t *testing.T) {
	w := newWorld(t)
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, w.client)
	config := oauth2.Config{
		ClientID: "my app@home", ClientSecret: "s+cr/t%", RedirectURL: callback, Scopes: []string{"read", "write"},
		Endpoint: oauth2.Endpoint{AuthURL: "https://www.moviestar.com/dialog/OAuth", TokenURL: tokenURL},
	}
	verifier := oauth2.GenerateVerifier()
	target := config.AuthCodeURL("state-1", oauth2.S256ChallengeOption(verifier))
	back, err := url.Parse(w.post(target, form("user", "ada", "decision", "allow")).header.Get("Location"))
	if err != nil || back.Query().Get("state") != "state-1" {
		t.Fatalf("redirect = %v, %v", back, err)
	}
	token, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	old := token.AccessToken
	token.Expiry = time.Now().Add(-time.Minute)
	source := config.TokenSource(ctx, token)
	fresh, err := source.Token()
	if err != nil || fresh.AccessToken == old || fresh.RefreshToken == "" {
		t.Fatalf("refresh: %v", err)
	}
	response, err := oauth2.NewClient(ctx, source).Get("https://api.moviestar.com/me")
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("/me: %v", err)
	}
	_ = response.Body.Close()
	_, err = config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); !ok || refused.ErrorCode != "invalid_grant" {
		t.Errorf("second exchange: %v, want invalid_grant", err)
	}
}

func TestXOAuth2_ClientCredentials(t *testing.T) {
	w := newWorld(t)
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, w.client)
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		config := clientcredentials.Config{
			ClientID: simulator.SampleClientID, ClientSecret: simulator.SampleClientSecret, TokenURL: tenantURL,
			Scopes: []string{"read"}, AuthStyle: style,
		}
		token, err := config.Token(ctx)
		if err != nil || w.me(token.AccessToken).str("tenant") != "acme" {
			t.Errorf("style %d: %v", style, err)
		}
	}
}

func TestNoSecretIsLoggedOrShown(t *testing.T) {
	w := newWorld(t)
	code := w.code()
	first := w.redeem(code)
	next := w.refresh(tokenURL, first.str("refresh_token"))
	r := w.request(http.MethodPost, tokenURL, "grant_type=client_credentials")
	r.SetBasicAuth("basic-client", "basic-secret-0815")
	w.must(r)
	w.post(tokenURL, sample("grant_type", "password", "username", "ada", "password", "pass-0815"))

	shown := w.log.String()
	for _, path := range []string{"/sim/", "/sim/_/requests", "/sim/_/faults"} {
		shown += w.browse(http.MethodGet, path, "").text
	}
	page := "<dd><code>" + simulator.SampleClientID + "</code> with the secret <code>" // where the page documents them
	if !strings.Contains(shown, page) {
		t.Fatal("the page does not document the sample client")
	}
	journal := w.browse(http.MethodGet, "/sim/_/requests", "").text + w.log.String()
	for what, secret := range map[string]string{
		"code": code, "access token": first.str("access_token"), "refresh token": first.str("refresh_token"),
		"next refresh token": next.str("refresh_token"), "Basic secret": "basic-secret-0815", "password": "pass-0815",
		"Basic header": base64.StdEncoding.EncodeToString([]byte("basic-client:basic-secret-0815")),
	} {
		if strings.Contains(shown, secret) {
			t.Errorf("the %s is shown", what)
		}
	}
	if strings.Contains(journal, simulator.SampleClientSecret) {
		t.Error("the journal has the client's secret")
	}
}
