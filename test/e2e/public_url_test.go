package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/test/harness"
)

const callbackPath = "/data/core/activation/oauth/api/v1/callback"

// Under several public URLs a consent ends where it began: at the one that the API was called by, else at the first.
func TestSeveralPublicURLs(t *testing.T) {
	address := harness.FreeAddress(t)
	_, port, _ := strings.Cut(address, ":")
	first, second := "http://"+address, "http://localhost:"+port
	s := harness.Dev(t, "--listen", address, "--public-url", first+"/", "--public-url", second)
	stored := s.Must(http.StatusCreated, "POST", "/api/v1/definitions", document(t, "authorization-code.json", "bases")).JSON(t)
	if diff := cmp.Diff([]any{first + callbackPath, second + callbackPath}, stored["callback_urls"]); diff != "" {
		t.Errorf("callback_urls (-want +got):\n%s", diff)
	}
	begun := func(label, host string) string {
		return s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "bases", "label": label, "return_url": "/docs"}, "Host", host).JSON(t)["authorize_url"].(string)
	}
	for _, c := range []struct{ label, host, want string }{
		{"by-the-first", "", first}, {"by-the-second", "localhost:" + port, second}, {"by-another", "latchkey.internal:" + port, first},
	} {
		t.Run(c.label, func(t *testing.T) {
			link := begun(c.label, c.host)
			if !strings.HasPrefix(link, c.want+"/connect/") {
				t.Fatalf("the consent begins at %s, want under %s", link, c.want)
			}
			back, _ := begin(t, s.Client, link)
			if !strings.HasPrefix(back, c.want+callbackPath+"?") {
				t.Errorf("redirect_uri is %s, want under %s", back, c.want)
			}
			done, page := harness.Browse(t, link, nil)
			if got := done.Request.URL; done.StatusCode != http.StatusOK || !strings.HasPrefix(got.String(), c.want+"/docs") || got.Query().Get("status") != "ok" {
				t.Errorf("the browser ends at %s with %d\n%s", got, done.StatusCode, page)
			}
			me(t, s, "api.moviestar.com", token(t, s, c.label)["access_token"].(string))
		})
	}

	// Reauthorizing, and changing fields, begin at the caller's address too.
	again := s.Must(http.StatusOK, "POST", "/api/v1/connections/by-the-first/reauthorize", map[string]any{}, "Host", "localhost:"+port).JSON(t)
	if link := again["authorize_url"].(string); !strings.HasPrefix(link, second) {
		t.Errorf("reauthorizing by the second address begins at %s", link)
	}

	// The provider's answer to another address than it was given is not taken, even from the right browser.
	back, cookie := begin(t, s.Client, begun("crossed", ""))
	crossed := strings.Replace(back, first, second, 1)
	if status := visit(t, s.Client, crossed, cookie); status != http.StatusBadRequest {
		t.Errorf("a callback at another public URL answers %d, want 400", status)
	}
	s.Must(http.StatusConflict, "GET", "/api/v1/connections/crossed/token", nil)
}

// dev --tls: HTTPS by the data directory's own authority, for the API, the command line, and what is printed.
func TestDevTLS(t *testing.T) {
	s := harness.Dev(t, "--tls")
	if !strings.HasPrefix(s.URL, "https://127.0.0.1:") || s.CAFile == "" {
		t.Fatalf("the ready file says %s and ca_file %q", s.URL, s.CAFile)
	}
	authority, err := os.ReadFile(s.CAFile)
	check(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	s.Client = trusting(&tls.Config{RootCAs: pool})
	link := connect(t, s, document(t, "authorization-code.json", "over-tls"))["authorize_url"].(string)
	_, cookie := begin(t, s.Client, link)
	if !strings.HasPrefix(link, s.URL) || !cookie.Secure {
		t.Errorf("the consent begins at %s with %s", link, cookie)
	}
	localhost := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	if _, err := s.Client.Get(localhost + "/healthz"); err != nil {
		t.Errorf("by localhost: %v", err)
	}

	result := s.Run("token", "sample-client-credentials")
	if result.Code != 0 || len(strings.TrimSpace(result.Stdout)) < 10 {
		t.Errorf("the command line ends with %d\n%s", result.Code, result.Stderr)
	}
	curl := regexp.MustCompile(`(?m)^  (KEY=.*)\n  (curl .*)$`).FindStringSubmatch(s.Output())
	if curl == nil || !strings.Contains(curl[2], "--cacert") {
		t.Fatalf("no curl with --cacert is printed:\n%s", s.Output())
	}
	out, err := exec.Command("sh", "-c", curl[1]+"\n"+strings.Replace(curl[2], "curl ", "curl -sS ", 1)).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"access_token"`) {
		t.Errorf("the printed curl gives %v\n%s", err, out)
	}
	u, err := url.Parse(s.SignInURL)
	check(t, err)
	if u.Scheme != "https" {
		t.Errorf("sign_in_url is %s", u)
	}
}
