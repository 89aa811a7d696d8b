package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/connection"
)

// TestConsent walks through a consent to the last page, and reads the token.
func TestConsent(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	made := h.begin(connection.Create{Definition: "moviestar", Label: "acme"})
	got := h.get(h.browser(), made.AuthorizeURL)
	if got.StatusCode != http.StatusOK || !strings.Contains(got.text, "<h1>Connected</h1>") || !strings.Contains(got.text, "“acme”") || !strings.Contains(got.text, made.Connection.ID) {
		t.Errorf("the last page = %d %s", got.StatusCode, got.text)
	}
	token, err := h.keeper.Token(context.Background(), h.caller, "acme", connection.Want{})
	if err != nil || token.AccessToken.Empty() {
		t.Errorf("Token = %v, %v", token, err)
	}
	if strings.Contains(got.text, token.AccessToken.Reveal()) || strings.Contains(h.log.String(), token.AccessToken.Reveal()) {
		t.Error("the token is shown")
	}
}

// TestConsentReturns sends the browser back to the program that began.
func TestConsentReturns(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	made := h.begin(connection.Create{Definition: "moviestar", ReturnURL: "https://app.example.com/done?x=1"})
	got := h.get(stopAt(h.browser(), "https://app.example.com"), made.AuthorizeURL)
	want := "https://app.example.com/done?connection=" + made.Connection.ID + "&status=ok&x=1"
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != want {
		t.Errorf("the last answer = %d to %q, want 303 to %q", got.StatusCode, got.Header.Get("Location"), want)
	}
}

// TestConsentUnderSecondURL begins and ends under another public URL than the first.
func TestConsentUnderSecondURL(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	made := h.begin(connection.Create{Definition: "moviestar", BaseURL: h.other})
	if !strings.HasPrefix(made.AuthorizeURL, h.other) {
		t.Errorf("AuthorizeURL = %q, want it under %q", made.AuthorizeURL, h.other)
	}
	got := h.get(h.browser(), made.AuthorizeURL)
	if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Request.URL.String(), h.other+connection.CallbackPath) {
		t.Errorf("ended at %s with %d", got.Request.URL, got.StatusCode)
	}
}

// TestConsentFails reads the page of each way in which a consent fails.
func TestConsentFails(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, authorize, token, secret string
		status                         int
		texts                          []string
	}{
		{"declined", "consent=deny", "", clientSecret, 400, []string{"You did not agree", "access_denied"}},
		{"provider's error", "consent=temporarily_unavailable", "", clientSecret, 400, []string{"The provider said no", "temporarily_unavailable"}},
		{"markup", "consent=" + url.QueryEscape("<script>alert(1)</script>"), "", clientSecret, 0, nil},
		{"secret", "consent=allow", "", "wrong-secret", 502, []string{"The provider does not know this client", "invalid_client"}},
		{"down", "consent=allow", "status=503", clientSecret, 502, []string{"The provider did not answer"}},
		{"html", "consent=allow", "html", clientSecret, 502, []string{"can’t be used"}},
		{"grant", "consent=allow", "error=invalid_grant", clientSecret, 400, []string{"did not accept the consent", "invalid_grant"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.define(c.name, c.authorize, c.token, c.secret)
			made := h.begin(connection.Create{Definition: c.name})
			got := h.get(h.browser(), made.AuthorizeURL)
			if c.status != 0 && got.StatusCode != c.status {
				t.Errorf("status = %d, want %d: %s", got.StatusCode, c.status, got.text)
			}
			for _, text := range c.texts {
				if !strings.Contains(unquote(got.text), text) {
					t.Errorf("%q is not in %s", text, got.text)
				}
			}
			if strings.Contains(got.text, "<script>alert") || strings.Contains(got.text, c.secret) {
				t.Errorf("the page shows markup or the secret: %s", got.text)
			}
			if found, err := h.connector.Get(t.Context(), h.caller, connection.Ref{Name: made.Connection.ID}); err != nil || found.State != connection.PendingAuthorization {
				t.Errorf("the connection is %s, %v", found.State, err)
			}
		})
	}
}

// unquote makes the apostrophes of a page the ones that tests write.
func unquote(text string) string {
	return strings.ReplaceAll(text, "&#39;", "’")
}

// TestConsentReturnsFailure leads back from the page of a failure.
func TestConsentReturnsFailure(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=deny", "", clientSecret)
	made := h.begin(connection.Create{Definition: "moviestar", ReturnURL: "https://app.example.com/done"})
	got := h.get(h.browser(), made.AuthorizeURL)
	want := `href="https://app.example.com/done?connection=` + made.Connection.ID + `&amp;error=access_denied&amp;status=failed"`
	if got.StatusCode != http.StatusBadRequest || !strings.Contains(got.text, want) {
		t.Errorf("the page = %d %s, want %s in it", got.StatusCode, got.text, want)
	}
}

// TestConsentMisused comes back with a wrong, a used, a late state, and in another browser.
func TestConsentMisused(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	callback := func(h *house, client *http.Client) string {
		made := h.begin(connection.Create{Definition: "moviestar"})
		got := h.get(stopAt(client, h.url+connection.CallbackPath), made.AuthorizeURL)
		return got.Header.Get("Location")
	}
	t.Run("unknown state", func(t *testing.T) {
		got := h.get(h.browser(), h.url+connection.CallbackPath+"?code=x&state="+strings.Repeat("A", 43))
		expect(t, got, http.StatusBadRequest, "This link is not known")
	})
	t.Run("no state", func(t *testing.T) {
		expect(t, h.get(h.browser(), h.url+connection.CallbackPath+"?code=x"), http.StatusBadRequest, "This link is not known")
	})
	t.Run("other browser", func(t *testing.T) {
		expect(t, h.get(h.browser(), callback(h, h.browser())), http.StatusBadRequest, "begun in another browser")
	})
	t.Run("used state", func(t *testing.T) {
		client := h.browser()
		address := callback(h, client)
		expect(t, h.get(client, address), http.StatusOK, "Connected")
		expect(t, h.get(client, address), http.StatusGone, "This link has been used")
	})
	t.Run("changed code", func(t *testing.T) {
		client := h.browser()
		address, _ := url.Parse(callback(h, client))
		query := address.Query()
		query.Set("code", "<b>guessed</b>")
		address.RawQuery = query.Encode()
		got := h.get(client, address.String())
		expect(t, got, http.StatusBadRequest, "did not accept the consent")
		if strings.Contains(got.text, "guessed") {
			t.Errorf("the code is shown: %s", got.text)
		}
	})
	late := newHouse(t)
	late.define("moviestar", "consent=allow", "", clientSecret)
	t.Run("late", func(t *testing.T) {
		client := late.browser()
		made := late.begin(connection.Create{Definition: "moviestar"})
		address := late.get(stopAt(client, late.url+connection.CallbackPath), made.AuthorizeURL).Header.Get("Location")
		late.hand.Advance(10*time.Minute + time.Second)
		jar := client.Jar
		expect(t, late.get(&http.Client{Jar: jar}, address), http.StatusGone, "This link is too old")
		expect(t, late.get(client, made.AuthorizeURL), http.StatusGone, "This link is too old")
	})
}

func expect(t *testing.T, got answer, status int, text string) {
	t.Helper()
	if got.StatusCode != status || !strings.Contains(got.text, text) {
		t.Errorf("got %d %s, want %d with %q", got.StatusCode, got.text, status, text)
	}
}

// TestConnect opens links that lead nowhere, and reads the cookie that binds the browser.
func TestConnect(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	expect(t, h.get(h.browser(), h.url+"/connect/nobody"), http.StatusNotFound, "This link is not known")
	made := h.begin(connection.Create{Definition: "moviestar"})
	head, err := http.Head(made.AuthorizeURL)
	check(t, err)
	if _ = head.Body.Close(); len(head.Cookies()) != 0 {
		t.Errorf("HEAD binds a browser: %v", head.Cookies())
	}
	got := h.get(stopAt(h.browser(), h.url), made.AuthorizeURL)
	if got.StatusCode != http.StatusFound || !strings.HasPrefix(got.Header.Get("Location"), "/sim/www.moviestar.com/dialog/OAuth?") {
		t.Errorf("connect = %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	cookies := got.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies = %v, want one", cookies)
	}
	cookie := cookies[0]
	if !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/data/core/activation/oauth/" || cookie.MaxAge < 590 || cookie.MaxAge > 600 {
		t.Errorf("cookie = %v", cookie)
	}
}
