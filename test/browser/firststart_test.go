package browser_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/test/harness"
)

// Somebody starts a server on nothing, follows the link that it prints, and is signed in as its administrator; the next time by the
// provider that the operator has set.
func TestFirstStart(t *testing.T) {
	i := harness.Install(t)
	harness.Certificate(t, i.Dir, time.Now().Add(time.Hour))
	provider := newLoginProvider(t, i.Dir, "ada@example.com")
	if err := os.WriteFile(filepath.Join(i.Dir, "oidc.secret"), []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.Configure("egress: {allow: [127.0.0.1], ca_files: [$DIR/cert.pem]}",
		"oidc: {issuer: "+provider.URL+", client_id: latchkey, client_secret: \"@$DIR/oidc.secret\", name: Example Login}")
	if made := harness.Command(t, "", "keys", "new", filepath.Join(i.Dir, "root.key")); made.Code != 0 {
		t.Fatalf("making the root key: %+v", made)
	}
	s := i.Start()
	link := regexp.MustCompile(`http://\S+/set-up\?token=\S+`).FindString(s.Output())
	b := open(t)
	if _, err := chromedp.Call(b.ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil { // the provider's
		t.Fatal(err)
	}
	b.visit(s.URL + "/")
	b.shows("This Latchkey is not set up yet")
	b.shoot("set-up-waiting")
	b.visit(link)
	b.enter("Name of the organization", "Moviestar")
	b.enter("First name", "Ada")
	b.enter("E-mail address", "ada@example.com")
	b.enter("Password", newPassword)
	b.enter("The same password again", "another password")
	b.press("Set up and sign in")
	b.shows("The two passwords differ.")
	b.shoot("set-up")
	b.enter("Password", newPassword)
	b.enter("The same password again", newPassword)
	b.press("Set up and sign in")
	b.arrive("/")
	b.shows("Nothing is connected yet")
	b.shows("Moviestar")
	b.shoot("set-up-done")
	b.visit(link)
	b.shows("This Latchkey is set up")
	b.visit(s.URL + "/")
	b.press("Sign out")
	b.press("Sign in")
	b.shoot("sign-in-provider")
	b.press("Sign in with Example Login")
	b.press("Sign in as ada@example.com")
	b.arrive("/")
	b.press("Ada")
	b.shows("Signs you in as ada@example.com")
	b.shoot("account-identity")
	s.Stop()
	secondOrganization(t, i)
	s = i.Start()
	b.visit(s.URL + "/account")
	b.press("Sign out")
	b.visit(s.URL + "/sign-in?back=/projects")
	b.do(chromedp.SendKeys(chromedp.CSS("#email"), "ada@example.com"), chromedp.SendKeys(chromedp.CSS("#password"), newPassword))
	b.click("form.form button")
	b.shows("Choose an organization")
	b.shoot("sign-in-organizations")
	b.click("button.option")
	b.arrive("/projects")
	before := value(b, chromedp.Evaluate[string](organizationShown))
	b.click("details.switch summary")
	b.shoot("organization-switch")
	b.click("details.switch button")
	b.until(`(` + organizationShown + `) !== "` + before + `"`)
	b.arrive("/projects") // the same place, over there
	b.clean(host(t, s), strings.TrimPrefix(provider.URL, "https://"))
}

// organizationShown is the name above every page.
const organizationShown = `document.querySelector("details.switch summary") ? document.querySelector("details.switch summary").innerText.replace(/\s+/g, " ") : "none"`

// secondOrganization makes the person a viewer of another one, in the database of a server that does not run.
func secondOrganization(t *testing.T, i *harness.Installation) {
	t.Helper()
	failed := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	root, err := seal.FileRoot(filepath.Join(i.Dir, "root.key"))
	failed(err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(i.Dir, "data", "latchkey.db"), Root: root})
	failed(err)
	defer func() { failed(kept.Close()) }()
	operator := access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}
	other, err := registry.NewDirectory(kept.Registry(), clock.System()).CreateOrganization(ctx, operator, ident.NewIMSOrg(), "Skyline Cinemas")
	failed(err)
	operator.Organization = other.ID
	users := registry.NewUsers(registry.UsersConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: clock.System()})
	invited, err := users.Invite(ctx, operator, registry.NewUser{Email: "ada@example.com", FirstName: "Ada", Role: access.Viewer})
	failed(err)
	_, err = users.Accept(ctx, invited.Token, secret.New(newPassword))
	failed(err)
}
