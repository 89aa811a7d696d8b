package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// The path from a definition to a token, by form and by redirect, to its history and its end.
func TestConnections(t *testing.T) {
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.press("Connections")
	b.shows("sample-password")
	b.shoot("connection-list")
	connectByForm(s, b)
	connectByRedirect(s, b)
	b.clean(host(t, s))
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
