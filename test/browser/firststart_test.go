package browser_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"latchkey/test/harness"
)

// Somebody starts a server on nothing, follows the link that it prints, and is signed in as its administrator.
func TestFirstStart(t *testing.T) {
	i := harness.Install(t)
	if made := harness.Command(t, "", "keys", "new", filepath.Join(i.Dir, "root.key")); made.Code != 0 {
		t.Fatalf("making the root key: %+v", made)
	}
	s := i.Start()
	link := regexp.MustCompile(`http://\S+/set-up\?token=\S+`).FindString(s.Output())
	b := open(t)
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
	b.clean(host(t, s))
}
