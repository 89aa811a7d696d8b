package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// device gives the browser an authenticator that asks for a finger, and always finds the right one.
func (b *tab) device() webauthn.AuthenticatorID {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	made, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true,
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return made.AuthenticatorID
}

// A person makes a passkey, signs in by it alone, shows it after the password, renames it and removes it; where a passkey can't
// work the page says why.
func TestPasskey(t *testing.T) {
	s := harness.Dev(t)
	_, link := invite(t, s, "grace@example.com")
	local := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	b := open(t)
	b.visit(strings.Replace(link, s.URL, local, 1))
	b.do(chromedp.SendKeys(chromedp.CSS("#password"), newPassword), chromedp.SendKeys(chromedp.CSS("#again"), newPassword))
	b.click("form.form button")
	b.leave("/invitation")
	device := b.device()
	b.press("Grace Hopper")
	b.press("Add a passkey")
	b.arrive("/account/passkeys/new")
	b.enter("Name", "Work laptop")
	b.shoot("passkey-new")
	b.press("Make the passkey")
	b.shows("Keep your recovery codes")
	b.press("I have kept them")
	b.shows("Work laptop")
	b.shoot("account-passkey")

	b.press("Sign out")
	b.visit(local + "/sign-in?back=/account")
	b.shoot("sign-in-passkey")
	b.press("Sign in with a passkey")
	b.arrive("/account")
	b.shows("used now")
	b.press("Rename")
	b.enter("Name", "Old laptop")
	b.press("Save")
	b.shows("Old laptop")

	// After the password it is the second proof; the wrong finger is none.
	b.press("Sign out")
	b.visit(local + "/sign-in?back=/account")
	b.do(chromedp.SendKeys(chromedp.CSS("#email"), "grace@example.com"), chromedp.SendKeys(chromedp.CSS("#password"), newPassword))
	b.click("form.form button")
	b.shows("Show one of your passkeys.")
	b.shoot("second-passkey")
	finger := func(right bool) {
		if _, err := chromedp.Call(b.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: device, IsUserVerified: right}); err != nil {
			t.Fatal(err)
		}
	}
	finger(false)
	b.click("passkey-button button")
	b.shows("The device gave no passkey")
	finger(true)
	b.press("Use a passkey")
	b.arrive("/account")
	b.shows("password and passkey")

	b.press("Remove")
	b.enter("Your password, or a code of your app", newPassword)
	b.shoot("passkey-remove")
	b.press("Remove the passkey")
	b.shows("The passkey Old laptop was removed.")
	b.press("Sign out")
	b.visit(local + "/sign-in")
	b.press("Sign in with a passkey")
	b.shows("This passkey is not known here")
	b.shoot("sign-in-passkey-gone")

	// At a bare address there is none, and a browser without passkeys says so.
	b.visit(s.SignInURL)
	b.visit(s.URL + "/account")
	b.shows("is a bare IP address, for which browsers make none. Open " + local)
	b.clean(host(t, s), strings.TrimPrefix(local, "http://"))
}
