package peers_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// TestOpenIDProviderPeople signs people in to a server in production by a certified provider, over TLS: discovery, PKCE, the user
// info endpoint, and the proof of before an act once more.
func TestOpenIDProviderPeople(t *testing.T) {
	i := harness.Install(t)
	pool := harness.Certificate(t, i.Dir, time.Now().Add(time.Hour))
	at := func(name string) string { return filepath.Join(i.Dir, name) }
	provider := peer(t, "openid.mjs", fmt.Sprintf(`["http://%s/sign-in/provider/callback"]`, i.Address), at("cert.pem"), at("key.pem"))
	if err := os.WriteFile(at("oidc.secret"), []byte("s3cret:0123456789/+&=%\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.Configure("egress: {allow: [127.0.0.1], ca_files: [$DIR/cert.pem]}",
		"oidc: {issuer: "+provider+", client_id: latch key, client_secret: \"@$DIR/oidc.secret\", name: Example Login}")
	i.Setup()
	s := i.Start()
	env := []string{"LATCHKEY_URL=" + s.URL, "LATCHKEY_KEY=" + i.Key()}
	for _, email := range []string{"ada@example.com", "unverified@example.com"} {
		if done := harness.CommandEnv(t, env, "user", "create", email, "--role", "viewer"); done.Code != 0 {
			t.Fatalf("inviting %s: %+v", email, done)
		}
	}
	browser := func() *http.Client {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	}
	walk := func(client *http.Client, path, login string) (int, string, string) {
		t.Helper()
		response, page, err := harness.WalkWith(client, s.URL+path, url.Values{"login": {login}, "password": {"x"}}, func(u *url.URL) bool { return u.Host == i.Address })
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.Request.URL.Path, page
	}
	ada := browser()
	status, path, page := walk(ada, "/sign-in/provider?back=/account", "ada@example.com")
	if status != http.StatusOK || path != "/account" || !strings.Contains(page, "Signs you in as ada@example.com") {
		t.Errorf("ada ends at %s with %d\n%s", path, status, page)
	}
	if status, path, page = walk(ada, "/account/prove?back=/account/app", "ada@example.com"); status != http.StatusOK || path != "/account/app" {
		t.Errorf("proving once more ends at %s with %d\n%s", path, status, page)
	}
	if status, path, page = walk(ada, "/account/prove?back=/account/app", "bob@example.com"); status != http.StatusForbidden || !strings.Contains(page, "Somebody else signed in") {
		t.Errorf("somebody else's proof ends at %s with %d\n%s", path, status, page)
	}
	for login, text := range map[string]string{"bob@example.com": "Nobody here has this e-mail address", "unverified@example.com": "Your e-mail address is not verified"} {
		if status, path, page := walk(browser(), "/sign-in/provider", login); status != http.StatusForbidden || !strings.Contains(page, text) {
			t.Errorf("%s ends at %s with %d\n%s", login, path, status, page)
		}
	}
	if strings.Contains(s.Output(), "s3cret") {
		t.Error("the log holds the secret")
	}
}
