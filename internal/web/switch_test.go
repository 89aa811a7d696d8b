package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/project"
	"latchkey/internal/registry"
)

// TestSwitch goes from one organization to another of the same person, by its name and from a link to a thing of the other; the role is
// that of the organization, and what its account loses there, the session loses here.
func TestSwitch(t *testing.T) {
	h := newHouse(t)
	_, err := h.directory.CreateOrganization(t.Context(), access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, otherOrganization, "Other & Co")
	check(t, err)
	there := h.person(otherOrganization, registry.NewUser{Email: "Ada@example.com", Role: access.Viewer})
	made, _, err := h.projects.Create(t.Context(), h.caller, project.NewProject{Name: "Acme"})
	check(t, err)
	client := h.browser()
	choose := h.signIn(client, "/sign-in", "ada@example.com", password)
	expect(t, choose, http.StatusOK, "Choose an organization")
	form := fill(t, choose, nil)
	before, _, _ := strings.Cut(choose.text, otherOrganization)
	at := strings.LastIndex(before, `name="ticket" value="`) + len(`name="ticket" value="`)
	form.Set("ticket", before[at:at+strings.IndexByte(before[at:], '"')])
	expect(t, post(h, client, "/sign-in/organization", form), http.StatusOK, otherOrganization)

	// A link to something of the other organization says so, and leads there.
	deep := "/projects/" + made.ID
	page := h.get(client, h.url+deep)
	expect(t, page, http.StatusNotFound, "This belongs to Acme &amp; Söhne")
	expect(t, h.get(client, h.url+"/projects/none"), http.StatusNotFound, "There is no such project")
	go2 := url.Values{"csrf": {h.tokenOf(client)}, "to": {h.ada.ID}, "back": {deep}}
	expect(t, post(h, client, "/organization", url.Values{"to": {h.ada.ID}}), http.StatusForbidden, "did not come from here")
	h.hand.Advance(time.Hour)
	in := post(h, client, "/organization", go2)
	if in.Request.URL.Path != deep || !strings.Contains(in.text, "Organization: </span>Acme") || !strings.Contains(in.text, "System Administrator") {
		t.Errorf("after the switch the browser is at %s: %s", in.Request.URL, in.text)
	}
	expect(t, h.get(client, h.url+"/admin/new-product"), http.StatusOK, "")

	// Back again, with the role of there; the session is not longer than the proof is old.
	back := url.Values{"csrf": {h.tokenOf(client)}, "to": {there.ID}, "back": {"/"}}
	expect(t, post(h, client, "/organization", back), http.StatusOK, "Organization: </span>Other &amp; Co")
	expect(t, h.get(client, h.url+"/admin/new-product"), http.StatusForbidden, "This takes the role")
	back.Set("csrf", h.tokenOf(client))
	back.Set("to", "nobody@else")
	expect(t, post(h, client, "/organization", back), http.StatusNotFound, "There is no such user")

	// Another password over there, and the session here opens it no more.
	_, err = h.users.Reset(t.Context(), h.caller, h.ada.ID)
	check(t, err)
	back.Set("to", h.ada.ID)
	expect(t, post(h, client, "/organization", back), http.StatusNotFound, "There is no such user")
	if page := h.get(client, h.url+"/"); strings.Contains(page.text, `action="/organization"`) {
		t.Error("the organization is offered still")
	}
	for range 11 {
		h.hand.Advance(time.Hour)
		h.get(client, h.url+"/account")
	}
	if got := h.get(client, h.url+"/account"); got.Request.URL.Path != "/sign-in" {
		t.Errorf("twelve hours after the proof the browser sees %s", got.Request.URL)
	}
}
