package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// From a definition to begin with to a published one, by its words: a mistake is shown at its place while it is typed, names
// are completed, and a template is tried.
func TestDefinition(t *testing.T) {
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.press("Definitions")
	b.arrive("/definitions")
	b.shoot("definition-list")
	b.press("New definition")
	b.shoot("definition-points")
	b.click("a[href='/definitions/new?start=client-credentials']")
	b.arrive("/definitions/new")
	b.shows("What to fill in")
	b.shoot("definition-start")
	b.until(`document.querySelector("json-editor.live") !== null`)

	// The mistake is shown where it is, without a press of a button.
	b.do(chromedp.Evaluate[chromedp.Void](`{
		const area = document.querySelector("json-editor textarea");
		area.value = area.value.replace("My service", "Browser films").replace("https://login.example.com/oauth/token", "https://api.moviestar.com/OAuth/{{ authData.tenent }}").replace("CREDENTIALS", "CREDENTIAL");
		area.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste" }));
	}`))
	b.until(`document.querySelectorAll("json-editor mark").length > 0`)
	b.shows("Line 6, column 14")
	b.shows("OAUTH2_CLIENT_CREDENTIALS")
	b.shoot("definition-problem")
	b.press("Save draft")
	b.shows("Nothing was saved.")
	b.shoot("definition-refused")
	b.clean(host(t, s))
	_ = strings.TrimSpace
}
