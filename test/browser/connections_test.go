package browser_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// The path from a definition to a token, by form and by redirect, to its history and its end.
func TestConnections(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.press("Connections")
	b.shows("sample-password")
	b.shoot("connection-list")
	connectByForm(s, b)
	connectByRedirect(s, b)
	link := sendLink(s, b)
	b.clean(host(t, s))
	stranger(t, s, link)
	tryKey(t, s, b)
}

// sendLink makes a connect link, and gives its address.
func sendLink(s *harness.Server, b *tab) string {
	b.t.Helper()
	b.visit(s.URL + "/connections/brand")
	b.enter("Name", "Acme Portal")
	b.enter("Colour", "#0b5c4f")
	b.press("Save")
	b.shows("Your customers see it from now on.")
	b.shoot("connect-brand")
	b.visit(s.URL + "/connections/links/new?definition=sample-authorization-code")
	b.shoot("connect-link-new")
	b.enter("Your reference", "customer-4711")
	b.press("Make the link")
	b.shows("It is shown this once")
	b.shoot("connect-link-made")
	link := value(b, chromedp.Evaluate[string](`document.getElementById("link").textContent`))
	b.visit(s.URL + "/connections/links")
	b.shows("customer-4711")
	b.shoot("connect-links")
	return link
}

// stranger connects with the link, in a browser that nobody is signed in to; the second time it is used up.
func stranger(t *testing.T, s *harness.Server, link string) {
	t.Helper()
	b := open(t)
	b.visit(link)
	b.shows("Acme Portal asks you to connect your account")
	b.shoot("connect-page")
	for _, hidden := range []string{"customer-4711", "Sample Organization", "AdobeOrg", "conn_"} {
		if strings.Contains(b.text(), hidden) {
			t.Errorf("a stranger is told %q", hidden)
		}
	}
	b.press("Go on to sample-authorization-code")
	b.click("#allow")
	b.leave("/sim/")
	b.shows("is connected")
	b.shoot("connect-page-done")
	b.visit(link)
	b.shows("This link has been used")
	b.clean(host(t, s))
}

// tryKey pastes the private key of the sample credential: it works, and is nowhere afterwards.
func tryKey(t *testing.T, s *harness.Server, b *tab) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(s.Data, "sample", "private.key"))
	if err != nil {
		t.Fatal(err)
	}
	b.visit(s.URL + "/credentials/sample-jwt")
	b.press("JWT")
	b.enter("Private key", string(key))
	b.press("Try the key")
	b.shows("the authorization server gave a token")
	b.shoot("credential-try")
	b.press("Insights")
	b.shows("Why it was given no token")
	b.shoot("credential-insights")
	b.press("Events")
	b.shows("Topics that it can use")
	b.shoot("credential-events")
	line := strings.Split(string(key), "\n")[3]
	if strings.Contains(s.Output(), line) {
		t.Error("the key is in the log")
	}
	err = filepath.WalkDir(s.Data, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "private.key") {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(content), line) {
			t.Errorf("the key is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func connectByForm(s *harness.Server, b *tab) {
	b.t.Helper()
	b.press("Connect an account")
	b.shoot("connection-choose")
	b.visit(s.URL + "/connections/new?definition=sample-password")
	b.shoot("connection-new")
	b.enter("Username", "jane")
	b.enter("Password", "wrong")
	b.enter("Label", "bad/label")
	b.press("Connect")
	b.shows("One thing has to be mended")
	b.shoot("connection-new-problem")
	b.enter("Password", "hunter2")
	b.enter("Label", "browser-form")
	b.press("Connect")
	b.shows("Connected. Its token is kept fresh from now on.")
	b.shows("It gave a token")
	b.shoot("connection-made")
	s.Must(http.StatusOK, "GET", "/api/v1/connections/browser-form/token", nil)
	b.press("Renew now")
	b.shows("It has a new token.")
	b.shoot("connection-renewed")
	b.press("Edit")
	b.shoot("connection-edit")
	b.enter("Label", "browser-renamed")
	b.press("Save")
	b.shows("Renamed to browser-renamed")
	b.press("Switch off")
	b.shows("It was switched off")
	b.shoot("connection-off")
	b.press("Switch on")
	b.shows("It gives tokens again.")
}

func connectByRedirect(s *harness.Server, b *tab) {
	b.t.Helper()
	b.visit(s.URL + "/connections/new?definition=sample-authorization-code")
	b.enter("Label", "browser-consent")
	b.press("Go on to the provider")
	b.shows("The account’s owner agrees there")
	b.shoot("connection-onward")
	b.press("Go on to the provider")
	b.click("#allow")
	b.leave("/sim/")
	b.shows("Connected. Its token is kept fresh from now on.")
	b.shoot("connection-consented")
	answer := s.Must(http.StatusOK, "GET", "/api/v1/connections/browser-consent/token", nil).JSON(b.t)
	if text := b.text(); strings.Contains(text, answer["access_token"].(string)) {
		b.t.Error("the page shows the token")
	}
	b.press("Revoke and delete")
	b.shoot("connection-delete")
	b.enter("Type browser-consent to delete it", "browser-consent")
	b.press("Delete browser-consent")
	b.shows("The connection browser-consent was deleted.")
	b.shoot("connection-deleted")
}
