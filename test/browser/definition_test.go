package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// From a definition to begin with to a published one that was tried, by its words: a mistake is shown at its place while it is
// typed, names are completed, and what changes is looked at before it is published.
func TestDefinition(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.press("Definitions")
	b.arrive("/definitions")
	b.press("New definition")
	b.shows("Which of these is the service like?")
	b.click("a[href='/definitions/new?start=client-credentials']")
	b.arrive("/definitions/new")
	b.shows("What to fill in")
	b.shoot("definition-new")
	writeDefinition(b)
	b.press("Save draft")
	b.shows("Draft revision 1 of Browser films was saved.")
	b.shoot("definition-item")
	b.press("/authentication/accessTokenUrl")
	b.shows("Template playground")
	b.shows("https://api.moviestar.com/OAuth/access_sample-part")
	b.do(chromedp.SendKeys("#f-template", "{{ x | uper }}"))
	b.shows("Did you mean \"upper\"?")
	b.shoot("definition-playground")
	b.visit(s.URL + "/definitions/Browser%20films")
	b.press("Publish")
	b.shows("Revision 1 is the first that is published.")
	b.shoot("definition-publish")
	b.press("Publish revision 1")
	b.shows("Revision 1 of Browser films is published.")
	b.press("Explain")
	b.shows("client_secret=********")
	b.shoot("definition-explain")
	b.press("Try it")
	b.pick("What the provider does wrong", "it is down: 503")
	b.enter("Part", "token")
	b.press("Run it")
	b.shows("The provider answered 503")
	b.shows("The last token is given while it lives")
	b.shoot("definition-try")
	changeDefinition(s, b)
	b.clean(host(t, s))
}

// writeDefinition makes a mistake, and mends it with what the editor offers.
func writeDefinition(b *tab) {
	b.t.Helper()
	b.until(`document.querySelector("json-editor.live") !== null`)
	typed := func(from, to string) {
		b.t.Helper()
		value(b, chromedp.Evaluate[bool](`(() => {
			const area = document.querySelector("json-editor textarea");
			area.value = area.value.replace(`+from+`, `+to+`);
			area.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste" }));
			return true;
		})()`))
	}
	typed(`"My service"`, `"Browser films"`)
	typed(`"https://login.example.com/oauth/token"`, `"https://api.moviestar.com/OAuth/access_{{ authData.part }}"`)
	typed(`"CREDENTIALS"`, `"CREDENTIAL"`)
	b.until(`document.querySelectorAll("json-editor mark.bad").length > 0`)
	b.shows("Line 6, column 14")
	b.shoot("definition-problem")
	b.press("Save draft")
	b.shows("Nothing was saved.")
	b.until(`document.querySelector("json-editor.live") !== null && document.querySelectorAll("json-editor mark.bad").length > 0`)
	// Names and values are offered where they can stand, and taken by the keyboard.
	value(b, chromedp.Evaluate[bool](`(() => {
		const area = document.querySelector("json-editor textarea");
		const at = area.value.indexOf("OAUTH2_CLIENT_CREDENTIAL") + "OAUTH2_CLIENT_CREDENTIAL".length;
		area.focus();
		area.setSelectionRange(at, at);
		return true;
	})()`))
	b.do(chromedp.KeyEvent("S"))
	typed(`'"scope":'`, `'"authenticationDataFields": [{"name": "part", "title": "Part", "type": "string", "isRequired": true, "source": "CUST"}],\n    "scope":'`)
	value(b, chromedp.Evaluate[bool](`(() => {
		const area = document.querySelector("json-editor textarea");
		const at = area.value.indexOf('"CUST') + 5;
		area.setSelectionRange(at, at);
		return true;
	})()`))
	b.do(chromedp.KeyEvent("O"))
	b.until(`document.querySelector(".offers:not([hidden]) [aria-selected=true]")?.textContent === "CUSTOMER"`)
	b.shoot("definition-offers")
	b.click(".offers [aria-selected=true]")
	b.until(`document.querySelector("json-editor textarea").value.includes('"CUSTOMER"')`)
	b.shows("No problems.")
}

// changeDefinition makes a second revision, compares it, and deletes the definition.
func changeDefinition(s *harness.Server, b *tab) {
	b.t.Helper()
	b.visit(s.URL + "/definitions/Browser%20films/edit")
	b.until(`document.querySelector("json-editor.live") !== null`)
	value(b, chromedp.Evaluate[bool](`(document.querySelector("json-editor textarea").value = document.querySelector("json-editor textarea").value.replace('"write"', '"list"'), true)`))
	b.enter("What this change is for", "Reads alone")
	b.press("Save, and look at publishing")
	b.shows("/authentication/scope/1")
	b.shoot("definition-publish-changes")
	b.visit(s.URL + "/definitions/Browser%20films/revisions")
	b.shows("Reads alone")
	b.shoot("definition-revisions")
	b.press("Compare with the one before")
	b.shows("Line by line")
	b.shoot("definition-changes")
	b.visit(s.URL + "/definitions/Browser%20films/delete")
	b.enter("Type Browser films to delete it", "Browser films")
	b.press("Delete Browser films")
	b.shows("The definition Browser films was deleted.")
}
