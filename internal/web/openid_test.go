package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/access"
	"latchkey/internal/egress"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/web"
)

const (
	providerClient = "latch key"
	providerSecret = "s3cret/+&=%"
)

// openIDProvider is an OpenID provider that says what a test wants. It agrees at once.
type openIDProvider struct {
	*httptest.Server
	t          *testing.T
	key, wrong *ecdsa.PrivateKey
	now        func() time.Time
	// who is what the ID token says beside the rest, info what the user info endpoint says, document what discovery says.
	who, info, document map[string]any
	// forged signs with a key that is not published, refuse is the token endpoint's error, deny that of the authorization.
	forged       bool
	refuse, deny string
	nonce        string // "" is the one that was asked for
	asked        url.Values
}

func newProvider(t *testing.T, now func() time.Time) *openIDProvider {
	t.Helper()
	p := &openIDProvider{t: t, now: now}
	for _, key := range []**ecdsa.PrivateKey{&p.key, &p.wrong} {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		check(t, err)
		*key = made
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer access" {
			t.Errorf("the user info is asked for with %q", r.Header.Get("Authorization"))
		}
		answerJSON(w, http.StatusOK, p.info)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (p *openIDProvider) discovery(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"userinfo_endpoint": p.URL + "/me", "id_token_signing_alg_values_supported": []string{"ES256"},
	}
	maps.Copy(document, p.document)
	answerJSON(w, http.StatusOK, document)
}

func (p *openIDProvider) authorize(w http.ResponseWriter, r *http.Request) {
	p.asked = r.URL.Query()
	back := url.Values{"state": {p.asked.Get("state")}, "code": {"code"}}
	if p.deny != "" {
		back = url.Values{"state": {p.asked.Get("state")}, "error": {p.deny}, "error_description": {"<b>no</b>"}}
	}
	http.Redirect(w, r, p.asked.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

// token checks what a provider has to check, and answers.
func (p *openIDProvider) token(w http.ResponseWriter, r *http.Request) {
	id, password, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	password, _ = url.QueryUnescape(password)
	if id != providerClient || password != providerSecret {
		p.t.Errorf("the client shows itself as %q with %q", id, password)
	}
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if p.asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || p.asked.Get("code_challenge_method") != "S256" {
		p.t.Errorf("the verifier is not that of the challenge: %v", r.PostForm)
	}
	if r.PostFormValue("redirect_uri") != p.asked.Get("redirect_uri") || r.PostFormValue("code") != "code" {
		p.t.Errorf("the exchange is of %v", r.PostForm)
	}
	if p.refuse != "" {
		answerJSON(w, http.StatusBadRequest, map[string]any{"error": p.refuse, "error_description": "<b>no</b>"})
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": p.idToken()})
}

func (p *openIDProvider) idToken() string {
	claims := map[string]any{
		"iss": p.URL, "aud": providerClient, "sub": "7", "nonce": p.asked.Get("nonce"), "iat": p.now().Unix(), "exp": p.now().Add(time.Hour).Unix(),
		"auth_time": p.now().Unix(),
	}
	if p.nonce != "" {
		claims["nonce"] = p.nonce
	}
	maps.Copy(claims, p.who)
	key := p.key
	if p.forged {
		key = p.wrong
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	check(p.t, err)
	text, err := json.Marshal(claims)
	check(p.t, err)
	signed, err := signer.Sign(text)
	check(p.t, err)
	out, err := signed.CompactSerialize()
	check(p.t, err)
	return out
}

// withProvider is a house whose people can sign in by a provider.
func withProvider(t *testing.T) (*house, *openIDProvider) {
	t.Helper()
	h := newHouse(t)
	p := newProvider(t, h.hand.Now)
	client, err := egress.New(egress.Config{AllowLoopback: true})
	check(t, err)
	t.Cleanup(client.Close)
	beside := &house{TB: t, hand: h.hand, kept: h.kept, log: h.log, users: h.users, caller: h.caller, ada: h.ada, factors: h.factors, directory: h.directory}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	config := h.config
	config.PublicURLs = []string{server.URL}
	config.OpenID = &web.OpenID{
		Issuer: p.URL, ClientID: providerClient, ClientSecret: secret.New(providerSecret), Name: "Example Login", Sender: client, Hash: h.kept.Keyring().Hash,
		Identities: registry.NewIdentities(registry.IdentitiesConfig{Store: h.kept.Registry(), Users: h.users, Clock: h.hand}),
	}
	beside.pages, err = web.New(config)
	check(t, err)
	mux.Handle("/", beside.pages)
	beside.url, beside.config = server.URL, config
	return beside, p
}

func verified(email string) map[string]any {
	return map[string]any{"email": email, "email_verified": true}
}

// as is what the provider says of another subject.
func as(subject string, claims map[string]any) map[string]any {
	claims["sub"] = subject
	return claims
}

// TestOpenID signs in by the provider: the first time by the address, from then on by who it is there.
func TestOpenID(t *testing.T) {
	h, p := withProvider(t)
	says(t, h.get(h.browser(), h.url+"/sign-in?back=/docs/errors"), http.StatusOK, "Sign in with Example Login", `href="/sign-in/provider?back=%2fdocs%2ferrors"`)
	in := func(who map[string]any) answer {
		t.Helper()
		p.who = who
		return h.get(h.browser(), h.url+"/sign-in/provider?back=/docs/errors")
	}
	got := in(verified("ADA@example.com"))
	says(t, got, http.StatusOK, "Ada &lt;b&gt;Lovelace")
	if got.Request.URL.Path != "/docs/errors" {
		t.Errorf("it leads to %s", got.Request.URL)
	}
	for name, want := range map[string]string{"scope": "openid email profile", "response_type": "code", "redirect_uri": h.url + "/sign-in/provider/callback", "prompt": ""} {
		if p.asked.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, p.asked.Get(name), want)
		}
	}
	hinted := h.get(stopAt(h.browser(), p.URL), h.url+"/sign-in/provider?back="+url.QueryEscape("/ims/authorize/v2?login_hint=ada@example.com"))
	if at := hinted.Header.Get("Location"); !strings.Contains(at, "login_hint=ada%40example.com") {
		t.Errorf("the hint of an application gets lost: %s", at)
	}
	// Whatever the address is then, verified or not, and without one.
	says(t, in(map[string]any{"email": "ada@married.example"}), http.StatusOK, "Ada &lt;b&gt;Lovelace")
	p.info = map[string]any{"sub": "7"}
	says(t, in(nil), http.StatusOK, "Ada &lt;b&gt;Lovelace")
	// The address of somebody who has left goes to somebody else.
	says(t, in(as("8", verified("ada@example.com"))), http.StatusForbidden, "This account belongs to another identity")
	_, err := h.factors.Reset(t.Context(), h.caller, h.ada.ID)
	check(t, err)
	says(t, in(as("8", verified("ada@example.com"))), http.StatusOK, "Ada &lt;b&gt;Lovelace")
	if text := h.log.String(); strings.Contains(text, providerSecret) || strings.Contains(text, p.asked.Get("state")) {
		t.Error("the log holds the secret or a state")
	}
}

// TestOpenIDWho lets in whom it should.
func TestOpenIDWho(t *testing.T) {
	h, p := withProvider(t)
	link := h.invite(organization, registry.NewUser{Email: "grace@example.com", FirstName: "Grace", Role: access.Viewer}).Token
	eve := h.person(organization, registry.NewUser{Email: "eve@example.com", Role: access.Viewer})
	_, err := h.users.Disable(t.Context(), h.caller, eve.ID)
	check(t, err)
	for i, c := range []struct {
		who, info map[string]any
		status    int
		text      string
	}{
		{map[string]any{"email": "ada@example.com"}, nil, http.StatusForbidden, "Your e-mail address is not verified"},
		{map[string]any{"email": "ada@example.com", "email_verified": false}, nil, http.StatusForbidden, "the claim email_verified"},
		{map[string]any{"email": "ada@example.com", "email_verified": "false"}, nil, http.StatusForbidden, "is not verified"},
		{verified("nobody@<b>example.com"), nil, http.StatusForbidden, "“nobody@&lt;b&gt;example.com”. No account of that address was made or invited."},
		{verified("eve@example.com"), nil, http.StatusForbidden, "Your account is not active"},
		{nil, map[string]any{"sub": "7"}, http.StatusForbidden, "did not say who you are"},
		{nil, map[string]any{"sub": "8", "email": "ada@example.com", "email_verified": true}, http.StatusBadGateway, "somebody else&#39;s"},
		{as("9", map[string]any{"email": "ada@example.com", "email_verified": "true"}), nil, http.StatusOK, "Ada &lt;b&gt;"},
		{as("10", map[string]any{}), map[string]any{"sub": "10", "email": "grace@example.com", "email_verified": true}, http.StatusOK, "Grace"},
	} {
		p.who, p.info = c.who, c.info
		got := h.get(h.browser(), h.url+"/sign-in/provider")
		if got.StatusCode != c.status || !strings.Contains(got.text, c.text) {
			t.Errorf("%d: got %d %s, want %d with %q", i, got.StatusCode, got.text, c.status, c.text)
		}
	}
	says(t, h.get(h.browser(), h.url+"/invitation?token="+link.Reveal()), http.StatusGone, "This link sets no password any more")
}

// TestOpenIDProvider says what is wrong with the provider, and with what it says.
func TestOpenIDProvider(t *testing.T) {
	h, p := withProvider(t)
	usual := *p
	at := func(from time.Duration) int64 { return h.hand.Now().Add(from).Unix() }
	for name, c := range map[string]struct {
		change func(p *openIDProvider)
		status int
		texts  []string
	}{
		"audience":      {func(p *openIDProvider) { p.who["aud"] = "other" }, http.StatusBadGateway, []string{"can’t be believed", "expected audience"}},
		"two audiences": {func(p *openIDProvider) { p.who["aud"] = []string{"other", providerClient} }, http.StatusBadGateway, []string{"for another client"}},
		"party":         {func(p *openIDProvider) { p.who["azp"] = "other" }, http.StatusBadGateway, []string{"for another client"}},
		"issuer":        {func(p *openIDProvider) { p.who["iss"] = "https://other.example.com" }, http.StatusBadGateway, []string{"can’t be believed", "https://other.example.com"}},
		"nonce":         {func(p *openIDProvider) { p.nonce = "other" }, http.StatusBadGateway, []string{"its nonce is not ours"}},
		"signature":     {func(p *openIDProvider) { p.forged = true }, http.StatusBadGateway, []string{"can’t be believed", "verify"}},
		"nobody":        {func(p *openIDProvider) { p.who["sub"] = "" }, http.StatusBadGateway, []string{"names nobody"}},
		"ended":         {func(p *openIDProvider) { p.who["exp"] = at(-61 * time.Second) }, http.StatusBadGateway, []string{"The clocks differ", "UTC here"}},
		"late":          {func(p *openIDProvider) { p.who["exp"] = at(-50 * time.Second) }, http.StatusOK, []string{"Lovelace"}},
		"early":         {func(p *openIDProvider) { p.who["iat"] = at(50 * time.Second) }, http.StatusOK, []string{"Lovelace"}},
		"tomorrow":      {func(p *openIDProvider) { p.who["iat"] = at(2 * time.Minute) }, http.StatusBadGateway, []string{"The clocks differ"}},
		"client":        {func(p *openIDProvider) { p.refuse = "invalid_client" }, http.StatusBadGateway, []string{"does not know this server", "oidc.client_secret", "&lt;b&gt;no&lt;/b&gt;"}},
		"grant":         {func(p *openIDProvider) { p.refuse = "invalid_grant" }, http.StatusBadGateway, []string{"registers the redirect URI below", h.url + "/sign-in/provider/callback"}},
		"other":         {func(p *openIDProvider) { p.refuse = "slow_down" }, http.StatusBadGateway, []string{"can’t be used", "slow_down"}},
		"denied":        {func(p *openIDProvider) { p.deny = "access_denied" }, http.StatusForbidden, []string{"did not sign you in", "You did not agree", "&lt;b&gt;no&lt;/b&gt;"}},
		"refused":       {func(p *openIDProvider) { p.deny = "server_error" }, http.StatusForbidden, []string{"did not sign you in", "server_error"}},
		"no iss": {func(p *openIDProvider) {
			p.document = map[string]any{"authorization_response_iss_parameter_supported": true}
		}, http.StatusBadGateway, []string{"can’t be believed"}},
		"mismatch":  {func(p *openIDProvider) { p.document = map[string]any{"issuer": p.URL + "/"} }, http.StatusBadGateway, []string{"The issuer is another one", "oidc.issuer", p.URL + "/”"}},
		"no issuer": {func(p *openIDProvider) { p.document = map[string]any{"token_endpoint": ""} }, http.StatusBadGateway, []string{"This is no OpenID provider"}},
		"no algorithm": {func(p *openIDProvider) {
			p.document = map[string]any{"id_token_signing_alg_values_supported": []string{"RS256"}}
		}, http.StatusBadGateway, []string{"can’t be believed"}},
	} {
		t.Run(name, func(t *testing.T) {
			h.hand.Advance(2 * time.Hour) // so that the document is read anew
			*p = usual
			p.who = verified("ada@example.com")
			c.change(p)
			says(t, h.get(h.browser(), h.url+"/sign-in/provider"), c.status, c.texts...)
		})
	}
	*p = usual
	p.Close()
	h.hand.Advance(2 * time.Hour)
	says(t, h.get(h.browser(), h.url+"/sign-in/provider"), http.StatusBadGateway, "Example Login can’t be reached", "egress.allow")
}

// TestOpenIDBrowser takes an answer once, in the browser that began, and in time.
func TestOpenIDBrowser(t *testing.T) {
	h, p := withProvider(t)
	p.who = verified("ada@example.com")
	begun := func() (*http.Client, string) {
		t.Helper()
		client := stopAt(h.browser(), h.url+"/sign-in/provider/callback")
		got := h.get(client, h.url+"/sign-in/provider?back=//evil.example.com/")
		client.CheckRedirect = nil
		return client, got.Header.Get("Location")
	}
	const refused = "This sign-in was not begun here"
	client, callback := begun()
	says(t, h.get(h.browser(), callback), http.StatusBadRequest, refused)
	got := h.get(client, callback)
	says(t, got, http.StatusOK, "Lovelace")
	if got.Request.URL.String() != h.url+"/" {
		t.Errorf("it leads to %s", got.Request.URL)
	}
	says(t, h.get(client, callback), http.StatusBadRequest, refused)

	client, callback = begun()
	h.hand.Advance(10 * time.Minute)
	says(t, h.get(client, callback), http.StatusBadRequest, refused)

	client, callback = begun()
	at, err := url.Parse(h.url)
	check(t, err)
	for _, c := range client.Jar.Cookies(at) {
		if c.Name == "latchkey-provider" {
			body, mark, _ := strings.Cut(c.Value, ".")
			text, err := base64.RawURLEncoding.DecodeString(body)
			check(t, err)
			c.Value = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), `"back":"/"`, `"back":"/x"`, 1))) + "." + mark
			client.Jar.SetCookies(at, []*http.Cookie{c})
		}
	}
	says(t, h.get(client, callback), http.StatusBadRequest, refused)
	says(t, h.get(h.browser(), h.url+"/sign-in/provider/callback?state=&code=x"), http.StatusBadRequest, refused)
	none := newHouse(t)
	says(t, none.get(none.browser(), none.url+"/sign-in/provider"), http.StatusNotFound, "There is no such page")
	says(t, none.get(none.browser(), none.url+"/sign-in/provider/callback"), http.StatusNotFound, "There is no such page")
}

// TestOpenIDOrganizations asks for one of several, which the same address opens.
func TestOpenIDOrganizations(t *testing.T) {
	h, p := withProvider(t)
	_, err := h.directory.CreateOrganization(t.Context(), access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, otherOrganization, "Initech")
	check(t, err)
	h.invite(otherOrganization, registry.NewUser{Email: "ada@example.com", Role: access.Viewer})
	p.who = verified("ada@example.com")
	page := h.get(h.browser(), h.url+"/sign-in/provider")
	says(t, page, http.StatusOK, "Choose an organization", "Initech", "Acme &amp; Söhne")
}

// TestOpenIDProof asks the provider once more, where there is no password to ask for.
func TestOpenIDProof(t *testing.T) {
	h, p := withProvider(t)
	h.invite(organization, registry.NewUser{Email: "grace@example.com", FirstName: "Grace", Role: access.Viewer})
	p.who = as("9", verified("grace@example.com"))
	client := h.browser()
	says(t, h.get(client, h.url+"/sign-in/provider"), http.StatusOK, "Grace")
	says(t, h.get(client, h.url+"/account"), http.StatusOK, "Identity provider", p.URL, "Signs you in as grace@example.com")
	h.hand.Advance(11 * time.Minute)
	page := h.get(client, h.url+"/account/app")
	says(t, page, http.StatusOK, "Confirm with Example Login", `href="/account/prove?back=%2Faccount%2Fapp"`)
	says(t, post(h, client, "/account/app", fill(t, page, nil)), http.StatusUnprocessableEntity, "It is not confirmed yet that it is you.")

	prove := h.url + "/account/prove?back=/account/app"
	p.who["auth_time"] = h.hand.Now().Add(-5 * time.Minute).Unix()
	says(t, h.get(client, prove), http.StatusForbidden, "did not ask you again")
	delete(p.who, "auth_time")
	p.who["sub"] = "10"
	says(t, h.get(client, prove), http.StatusForbidden, "Somebody else signed in")
	says(t, h.get(client, h.url+"/account/app"), http.StatusOK, "Confirm with Example Login")
	p.who["sub"] = "9"
	page = h.get(client, prove)
	says(t, page, http.StatusOK, "Add an authenticator app")
	if strings.Contains(page.text, "Confirm with") || p.asked.Get("prompt") != "login" || p.asked.Get("max_age") != "0" {
		t.Errorf("asked with %v, and it says %s", p.asked, page.text)
	}
	says(t, post(h, client, "/account/app", fill(t, page, nil)), http.StatusOK, "Confirm", "Add an authenticator app")
	says(t, h.get(client, h.url+"/account/password"), http.StatusOK, "You have no password")
	h.hand.Advance(11 * time.Minute)
	says(t, h.get(client, h.url+"/account/recovery"), http.StatusOK, "Confirm with Example Login")
}
