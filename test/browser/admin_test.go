package browser_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// The Admin Console's procedure of the vendor's guides: Products, the product, Product Profiles, the profile, API Credentials, Editor
// instead of Observer. Then the people. All of it without script.
func TestAdminConsole(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.scripts(false)
	b.visit(s.SignInURL)
	b.press("Admin Console")
	b.arrive("/admin")
	b.shows("Adobe Target")
	b.press("Adobe Target")
	b.shows("Default Workspace")
	b.press("Default Workspace")
	b.shows("sample-oauth")
	value(b, chromedp.Evaluate[bool](`(document.querySelector("main select[name=role]").value = "approver", true)`))
	b.press("Set role")
	b.shows("is Approver in Default Workspace now")
	value(b, chromedp.Evaluate[bool](`(document.querySelector("main select[name=role]").value = "observer", true)`))
	b.press("Set role")
	b.shows("One API credential is Observer")
	b.shoot("admin-profile-observer")
	value(b, chromedp.Evaluate[bool](`(document.querySelector("main select[name=role]").value = "editor", true)`))
	b.press("Set role")
	b.shows("is Editor in Default Workspace now")
	b.press("Developers")
	adminUsers(b)
	b.press("Admin Console")
	b.press("Sandboxes")
	b.press("New sandbox")
	b.enter("Name", "stage")
	b.press("Create sandbox")
	b.shows("It is empty and can be deleted.")
	b.clean(host(t, s))
}

// adminUsers invites a person, makes a developer of him, and keeps him out.
func adminUsers(b *tab) {
	b.press("Admin Console")
	b.press("Users")
	b.press("Invite a person")
	b.enter("E-mail", "no address")
	b.press("Invite")
	b.shows("is not an e-mail address")
	b.enter("E-mail", "alan@example.com")
	b.enter("First name", "Alan")
	b.press("Invite")
	b.shows("Alan is invited.")
	b.shoot("admin-invited")
	b.press("To Alan")
	b.press("Change")
	b.tick("Developer")
	b.tick("Every product profile")
	b.press("Save")
	b.shows("Alan was saved.")
	b.press("Disable")
	b.shows("is kept out")
	b.press("Delete")
	b.enter("Type alan@example.com to delete it", "alan@example.com")
	b.press("Delete alan@example.com")
	b.shows("Alan was deleted.")
}

// A key, a webhook that gets its test event, and the record of it all, verified.
func TestSettings(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	var got atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("webhook-signature") != "" {
			got.Add(1)
		}
	}))
	t.Cleanup(receiver.Close)
	b := open(t)
	b.visit(s.SignInURL)
	b.press("Settings")
	b.arrive("/settings")
	b.press("API keys")
	b.press("New key")
	b.enter("Name", "billing")
	b.tick("Read access tokens of connections")
	b.press("Create key")
	b.shows("The key billing was made")
	key := value(b, chromedp.Evaluate[string](`document.querySelector("#value copy-text").childNodes[0].textContent`))
	s.Must(http.StatusOK, "GET", "/api/v1", nil, "Authorization", "Bearer "+key)
	b.shoot("settings-key-made")
	webhook(s, b, receiver.URL+"/hooks")
	if got.Load() == 0 {
		t.Error("the endpoint got no signed request")
	}
	b.press("Audit")
	b.arrive("/audit")
	b.shows("webhook.test")
	b.press("Verify")
	b.shows("was not verified yet")
	b.pressIn("main form", "Verify")
	b.shows("The record is whole")
	b.shoot("audit-verify")
	b.clean(host(t, s))
}

// webhook makes an endpoint and sends it a test event.
func webhook(s *harness.Server, b *tab, address string) {
	b.visit(s.URL + "/settings/webhooks")
	b.pressIn(".head", "New endpoint")
	b.enter("Address", "ftp://example.com")
	b.press("Create endpoint")
	b.shows("does not begin with https://")
	b.enter("Address", address)
	b.press("Create endpoint")
	b.shows("It is shown this once")
	b.press("To the endpoint")
	b.press("Send a test event")
	b.shows("200 OK")
	b.shoot("settings-webhook")
	b.press("Pause")
	b.shows("It is paused")
	b.shows("Resume")
}
