package browser_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// appCode is what an authenticator app shows at a time.
func appCode(t *testing.T, key string, at time.Time) string {
	t.Helper()
	plain, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(key, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, plain)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// A person adds an authenticator app, is asked for a code at another browser, sees both there and ends the other; an administrator asks
// everybody for a second factor.
func TestAccount(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	_, link := invite(t, s, "grace@example.com")
	b := open(t)
	b.visit(link)
	b.do(chromedp.SendKeys(chromedp.CSS("#password"), newPassword), chromedp.SendKeys(chromedp.CSS("#again"), newPassword))
	b.click("form.form button")
	b.leave("/invitation")
	b.press("Grace Hopper")
	b.arrive("/account")
	b.shows("With one, your password alone lets nobody in.")
	b.shoot("account")
	b.press("Add an authenticator app")
	b.arrive("/account/app")
	b.shoot("account-app-begin")
	b.press("Go on")
	b.shows("Let the app read the picture")
	b.shoot("account-app")
	key := value(b, chromedp.Evaluate[string](`document.querySelector("code.shown").textContent`))
	b.enter("The code that the app shows now", appCode(t, key, time.Now()))
	b.press("Confirm")
	b.shows("Keep your recovery codes")
	b.shoot("account-recovery")
	recovery := value(b, chromedp.Evaluate[string](`document.querySelector("ul.codes code").textContent`))
	b.press("I have kept them")
	b.shows("8 codes left")
	b.shoot("account-with-app")
	b.press("Remove")
	b.arrive("/account/app/remove")
	b.shoot("account-app-remove")
	b.visit(s.URL + "/account/recovery")
	b.shoot("account-recovery-again")
	b.visit(s.URL + "/account/name")
	b.shoot("account-name")

	other := open(t)
	other.visit(s.URL + "/sign-in?back=/account")
	signIn := func(b *tab) {
		b.do(chromedp.SendKeys(chromedp.CSS("#email"), "grace@example.com"), chromedp.SendKeys(chromedp.CSS("#password"), newPassword))
		b.click("form.form button")
	}
	signIn(other)
	other.shows("One more proof")
	other.shoot("second")
	other.enter("Code", "000000")
	other.press("Go on")
	other.shows("This code is not right")
	other.shoot("second-problem")
	other.enter("Code", recovery)
	other.press("Go on")
	other.arrive("/account")
	other.shows("password and recovery code")
	other.press("End all others")
	other.shows("1 other session ended")
	b.visit(s.URL + "/account")
	b.arrive("/sign-in")

	// What is asked of everybody: an administrator says so, and the next who comes adds an app before anything is shown.
	_, link = invite(t, s, "linus@example.com")
	s.Must(http.StatusOK, "PUT", "/api/v1/sign-in-rules", map[string]any{"second_factor": true})
	b.visit(link)
	b.do(chromedp.SendKeys(chromedp.CSS("#password"), newPassword), chromedp.SendKeys(chromedp.CSS("#again"), newPassword))
	b.click("form.form button")
	b.shows("Add a second factor")
	b.shoot("enrol")
	key = value(b, chromedp.Evaluate[string](`document.querySelector("code.shown").textContent`))
	b.enter("Code", appCode(t, key, time.Now()))
	b.press("Go on")
	b.shows("Keep your recovery codes")
	b.shoot("enrol-recovery")
	b.press("I have kept them")
	b.shows("Sample Organization")

	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.visit(s.URL + "/admin/sign-in")
	b.shoot("admin-sign-in")
	b.visit(s.URL + "/admin/users/grace@example.com/sign-in")
	b.shows("An authenticator app, since")
	b.shoot("admin-user-sign-in")
	b.press("Take the second factors away")
	b.arrive("/admin/users/")
	b.shows("Make sure that it is Grace Hopper who asks.")
	b.shoot("admin-user-factors")
	b.press("Take them away")
	b.shows("The second factors of Grace Hopper were taken away.")
}
