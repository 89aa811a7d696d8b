package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/destination"
)

// linkTo makes a connect link, and gives its path.
func (h *house) linkTo(ask connectlink.Ask) (connectlink.Made, string) {
	h.Helper()
	made, err := h.links.Create(h.Context(), h.caller, ask)
	check(h, err)
	return made, strings.TrimPrefix(made.URL, h.url)
}

// leaks are what a stranger's page must not have.
var leaks = []string{organization, "conn_", "key_", "def_", "lnk_", "Sandbox", "Lovelace", "hidden-tenant", "customer-4711"}

func (h *house) tight(t *testing.T, got answer) {
	t.Helper()
	for _, leak := range leaks {
		if strings.Contains(got.text, leak) {
			t.Errorf("%s tells a stranger %q", got.Request.URL.Path, leak)
		}
	}
	if got.Header.Get("Cross-Origin-Opener-Policy") != "" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("%s: headers %v", got.Request.URL.Path, got.Header)
	}
}

// TestConnectLinkByForm lets a stranger connect with what the application did not give, once.
func TestConnectLinkByForm(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-form", "")
	made, at := h.linkTo(connectlink.Ask{Definition: "moviestar-form", Label: "acme", Reference: "customer-4711", Fields: map[string]any{"username": "hidden-tenant", "region": "emea"}})
	client := h.browser()
	page := h.get(client, h.url+at)
	expect(t, page, http.StatusOK, "Acme &amp; Söhne asks you to connect your account at moviestar-form.")
	h.tight(t, page)
	if strings.Contains(page.text, "Region") || !strings.Contains(page.text, "Password") {
		t.Error("what the application gave is asked for, or what it did not is not")
	}
	expect(t, post(h, h.browser(), at, url.Values{"fields/password": {"hunter2"}}), http.StatusForbidden, "Connect moviestar-form")
	got := h.send(client, at, map[string]string{"fields/code": "lower"})
	expect(t, got, http.StatusUnprocessableEntity, `id="f-fields-password-problem"`)
	h.tight(t, got)
	got = h.send(client, at, map[string]string{"fields/password": "hunter2", "fields/username": "mallory", "fields/region": "apac"})
	expect(t, got, http.StatusOK, "<h1>Connected</h1>")
	h.tight(t, got)
	c, err := h.connector.Get(t.Context(), h.caller, connection.Ref{Name: "acme"})
	check(t, err)
	if c.State != connection.Active || c.Fields["username"] != "hidden-tenant" || c.Fields["region"] != "emea" {
		t.Errorf("the connection is %s with %v", c.State, c.Fields)
	}
	got = h.get(h.browser(), h.url+at)
	expect(t, got, http.StatusGone, "This link has been used")
	h.tight(t, got)
	found, err := h.links.Get(t.Context(), h.caller, made.ID)
	if err != nil || found.State(h.links.Now()) != connectlink.Used || found.Connection != c.ID || len(found.Fields.Secrets()) != 0 {
		t.Errorf("the link is %+v, %v", found, err)
	}
	if strings.Contains(h.log.String(), made.URL) || strings.Contains(h.log.String(), "hunter2") {
		t.Error("the link or the password is in the log")
	}
}

// TestConnectLinkByRedirect declines first, and tries again with the same link; then it is used up.
func TestConnectLinkByRedirect(t *testing.T) {
	h := newHouse(t)
	h.define("declines", "consent=deny", "", clientSecret)
	h.define("agrees", "consent=allow", "", clientSecret)
	client := h.browser()
	onward := func(at string) answer {
		got := h.send(client, at, nil)
		_, rest, _ := strings.Cut(got.text, `<a class="button primary" href="`)
		address, _, _ := strings.Cut(rest, `"`)
		return h.get(client, strings.ReplaceAll(address, "&amp;", "&"))
	}
	_, at := h.linkTo(connectlink.Ask{Definition: "declines"})
	for range 2 {
		got := onward(at)
		expect(t, got, http.StatusBadRequest, "You did not agree")
		expect(t, got, http.StatusBadRequest, `href="`+at+`">Try again`)
		h.tight(t, got)
	}
	made, at := h.linkTo(connectlink.Ask{Definition: "agrees"})
	got := onward(at)
	expect(t, got, http.StatusOK, "Your account at agrees is connected.")
	h.tight(t, got)
	expect(t, h.get(client, h.url+at), http.StatusGone, "This link has been used")
	found, err := h.links.Get(t.Context(), h.caller, made.ID)
	check(t, err)
	_, again := h.linkTo(connectlink.Ask{Connection: found.Connection, ReturnURL: "https://app.example.com/done", Reference: "customer 4711"})
	expect(t, h.get(client, h.url+again), http.StatusOK, "Connect agrees again")
	stopAt(client, "https://app.example.com")
	back := onward(again)
	want := "https://app.example.com/done?connection=" + found.Connection + "&reference=customer+4711&status=ok"
	if back.Header.Get("Location") != want {
		t.Errorf("the browser goes to %q, want %q", back.Header.Get("Location"), want)
	}
}

// TestConnectLinkOver opens links that lead nowhere any more.
func TestConnectLinkOver(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-form", "")
	made, revoked := h.linkTo(connectlink.Ask{Definition: "moviestar-form", ReturnURL: "/done"})
	check(t, h.links.Revoke(t.Context(), h.caller, made.ID))
	_, late := h.linkTo(connectlink.Ask{Definition: "moviestar-form", Life: time.Hour})
	_, gone := h.linkTo(connectlink.Ask{Definition: "moviestar-form"})
	h.hand.Advance(2 * time.Hour)
	check(t, h.catalogue.Delete(t.Context(), h.caller, destination.Ref{Name: "moviestar-form"}))
	for at, want := range map[string]string{
		revoked: "This link was withdrawn", late: "This link is too old", gone: "What this link was for is gone",
		"/connect/to/" + strings.Repeat("A", 43): "This link is not known", "/connect/to/x": "This link is not known",
	} {
		got := h.get(h.browser(), h.url+at)
		if got.StatusCode < 400 || !strings.Contains(got.text, want) {
			t.Errorf("%s = %d, want %q: %s", at, got.StatusCode, want, got.text)
		}
		h.tight(t, got)
	}
}

// TestConnectLinkRefused says which parts of a link are wrong.
func TestConnectLinkRefused(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-form", "")
	for name, c := range map[string]struct {
		ask  connectlink.Ask
		want string
	}{
		"nothing":  {connectlink.Ask{}, "/definition"},
		"return":   {connectlink.Ask{Definition: "moviestar-form", ReturnURL: "https://elsewhere.example.com"}, "/return_url"},
		"label":    {connectlink.Ask{Definition: "moviestar-form", Label: "a/b"}, "/label"},
		"life":     {connectlink.Ask{Definition: "moviestar-form", Life: 365 * 24 * time.Hour}, "/expires_in"},
		"field":    {connectlink.Ask{Definition: "moviestar-form", Fields: map[string]any{"region": "nowhere"}}, "/fields/region"},
		"no field": {connectlink.Ask{Definition: "moviestar-form", Fields: map[string]any{"other": "x"}}, "/fields/other"},
	} {
		_, err := h.links.Create(t.Context(), h.caller, c.ask)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a problem at %s", name, err, c.want)
		}
	}
}

// TestBrand keeps what customers see, and takes nothing but pixels.
func TestBrand(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-form", "")
	client := h.signed()
	picture := image.NewRGBA(image.Rect(0, 0, 8, 4))
	picture.Set(1, 1, color.RGBA{200, 30, 30, 255})
	var logo bytes.Buffer
	check(t, png.Encode(&logo, picture))
	save := func(values map[string]string, file []byte) answer {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		check(t, w.WriteField("csrf", h.tokenOf(client)))
		for name, value := range values {
			check(t, w.WriteField(name, value))
		}
		part, err := w.CreateFormFile("logo", "logo.png")
		check(t, err)
		_, err = part.Write(file)
		check(t, err)
		check(t, w.Close())
		response, err := client.Post(h.url+"/connections/brand", w.FormDataContentType(), &body)
		check(t, err)
		return read(t, response)
	}
	expect(t, save(map[string]string{"accent": "#ffff00"}, nil), http.StatusUnprocessableEntity, "Choose a darker one")
	expect(t, save(map[string]string{"accent": "red"}, nil), http.StatusUnprocessableEntity, "This is no colour")
	expect(t, save(map[string]string{"support": "javascript:alert(1)"}, nil), http.StatusUnprocessableEntity, "neither a web address")
	expect(t, save(nil, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)), http.StatusUnprocessableEntity, "The file is no PNG")
	expect(t, save(map[string]string{"name": "Acme <b>Bold", "lead": "Hello.", "accent": "#0B5C4F", "support": "help@acme.example"}, append(logo.Bytes(), "trailing secret"...)), http.StatusOK, "Your customers see it from now on.")
	_, at := h.linkTo(connectlink.Ask{Definition: "moviestar-form"})
	page := h.get(h.browser(), h.url+at)
	for _, want := range []string{"Acme &lt;b&gt;Bold asks you", "Hello.", `href="/connect/accent/0b5c4f.css"`, `href="mailto:help@acme.example"`, `<img src="/connect/logo/`} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page has no %s: %s", want, page.text)
		}
	}
	_, rest, _ := strings.Cut(page.text, `<img src="`)
	address, _, _ := strings.Cut(rest, `"`)
	got := h.get(h.browser(), h.url+address)
	if got.Header.Get("Content-Type") != "image/png" || strings.Contains(got.text, "trailing") {
		t.Errorf("the logo is %s", got.Header)
	}
	expect(t, h.get(h.browser(), h.url+"/connect/accent/0b5c4f.css"), http.StatusOK, "background: #0b5c4f; color: #ffffff")
	expect(t, h.get(h.browser(), h.url+"/connect/accent/}body{.css"), http.StatusNotFound, "There is no such page")
	if connectlink.Contrast("#ffffff", "#000000") != 21 || connectlink.Ink("#ffd400") != "#000000" {
		t.Error("contrast is counted wrong")
	}
}
