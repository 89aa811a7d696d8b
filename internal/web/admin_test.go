package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/project"
	"latchkey/internal/registry"
)

// The procedure of the vendor's guide: Products, the product, Product Profiles, the profile, API Credentials, the role.
func TestAdminRoleOfAPICredential(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	atProfile, _ := h.furnishAdmin()
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	says(t, h.get(ada, h.url+"/admin"), http.StatusOK, "Adobe Target", "/admin/products/AdobeTargetSDK")
	says(t, h.get(ada, h.url+"/admin/products/AdobeTargetSDK"), http.StatusOK, "Default Workspace", "1 may only read: Observer", atProfile)
	page := h.get(ada, h.url+atProfile)
	says(t, page, http.StatusOK, "One API credential is Observer", "Select Editor as the product role, instead of Observer")
	credential, err := h.credentials.Find(context.Background(), h.caller, "granted")
	check(t, err)
	form := url.Values{"csrf": {h.tokenOf(ada)}, "credential": {credential.ID}, "role": {"editor"}}
	says(t, post(h, ada, atProfile+"/role", form), http.StatusOK, "granted is Editor in Default Workspace now")
	credential, err = h.credentials.Find(context.Background(), h.caller, "granted")
	check(t, err)
	if got := credential.Services[0].Profiles[0].Role; got != project.Editor {
		t.Errorf("the role is %q, want editor", got)
	}
	says(t, h.get(ada, h.url+"/admin/credentials?product=AdobeTargetSDK"), http.StatusOK, "granted", "Editor")
}

var shownLink = regexp.MustCompile(`/invitation\?token=[A-Za-z0-9_-]+`)

// A person is invited by a link that is shown once, becomes developer of a profile, and is kept out, reset and deleted.
func TestAdminUsers(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	atProfile, _ := h.furnishAdmin()
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	token := h.tokenOf(ada)
	says(t, post(h, ada, "/admin/new-user", url.Values{"csrf": {token}, "email": {"no address"}, "role": {"developer"}}), http.StatusUnprocessableEntity, "is not an e-mail address")
	// A box that stays ticked is no mistake of a viewer's.
	made := post(h, ada, "/admin/new-user", url.Values{"csrf": {token}, "email": {"alan@example.com"}, "first_name": {"Alan"}, "role": {"viewer"}, "profiles": {"*"}})
	says(t, made, http.StatusOK, "Alan is invited", "mailto:alan@example.com")
	link := shownLink.FindString(made.text)
	says(t, h.get(h.browser(), h.url+link), http.StatusOK, "Welcome, Alan")
	alan, err := h.users.Find(context.Background(), h.caller, "alan@example.com")
	check(t, err)
	at := "/admin/users/" + alan.ID
	if page := h.get(ada, h.url+at); strings.Contains(page.text, "token=") {
		t.Error("the link is shown again")
	}
	says(t, post(h, ada, at+"/edit", url.Values{"csrf": {token}, "first_name": {"Alan"}, "last_name": {"Turing"}, "role": {"developer"}}), http.StatusOK, "Alan Turing was saved", "No product profile yet")
	says(t, post(h, ada, atProfile+"/developers", url.Values{"csrf": {token}, "user": {alan.ID}, "do": {"add"}}), http.StatusOK, "Alan Turing is developer of Default Workspace now")
	says(t, h.get(ada, h.url+at), http.StatusOK, "Default Workspace")
	says(t, post(h, ada, atProfile+"/developers", url.Values{"csrf": {token}, "user": {alan.ID}, "do": {"remove"}}), http.StatusOK, "is not developer")
	says(t, post(h, ada, at+"/status", url.Values{"csrf": {token}, "do": {"disable"}}), http.StatusOK, "is kept out")
	says(t, post(h, ada, at+"/reset", url.Values{"csrf": {token}}), http.StatusUnprocessableEntity, "Enable the user first")
	says(t, post(h, ada, at+"/status", url.Values{"csrf": {token}, "do": {"enable"}}), http.StatusOK, "has no password yet")
	says(t, post(h, ada, at+"/reset", url.Values{"csrf": {token}}), http.StatusOK, "was reset", "token=")
	says(t, post(h, ada, at+"/delete", url.Values{"csrf": {token}, "confirm": {"alan"}}), http.StatusUnprocessableEntity, "nothing was deleted")
	says(t, post(h, ada, at+"/delete", url.Values{"csrf": {token}, "confirm": {"alan@example.com"}}), http.StatusOK, "Alan Turing was deleted")
	self := "/admin/users/" + h.ada.ID
	says(t, h.get(ada, h.url+self), http.StatusOK, "This is you")
	says(t, post(h, ada, self+"/status", url.Values{"csrf": {token}, "do": {"disable"}}), http.StatusConflict, "Nobody does that to himself or herself")
}

// A long list of people has pages, a search and a filter.
func TestAdminUserPages(t *testing.T) {
	h := newHouse(t)
	for n := range 60 {
		h.invite(organization, registry.NewUser{Email: "p" + string(rune('a'+n/26)) + string(rune('a'+n%26)) + "@example.com", Role: access.Viewer})
	}
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	first := h.get(ada, h.url+"/admin/users")
	says(t, first, http.StatusOK, "Next page", "ada@example.com")
	if strings.Contains(first.text, "pch@example.com") {
		t.Error("the first page has everybody")
	}
	says(t, h.get(ada, h.url+"/admin/users?after=pbv@example.com"), http.StatusOK, "pch@example.com", "First page")
	says(t, h.get(ada, h.url+"/admin/users?q=pch"), http.StatusOK, "pch@example.com")
	says(t, h.get(ada, h.url+"/admin/users?role=developer"), http.StatusOK, "Nobody fits")
}

// Products: what the organization is not entitled to is entitled, gets a profile, and a service of its own comes and goes.
func TestAdminProducts(t *testing.T) {
	h := newHouse(t)
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	token := h.tokenOf(ada)
	says(t, h.get(ada, h.url+"/admin?q=analytics"), http.StatusOK, "not entitled")
	says(t, post(h, ada, "/admin/products/AdobeAnalyticsSDK/entitlement", url.Values{"csrf": {token}}), http.StatusOK, "Make a product profile", "“Default Workspace”")
	says(t, post(h, ada, "/admin/products/AdobeAnalyticsSDK/new-profile", url.Values{"csrf": {token}, "name": {"Reports"}}), http.StatusOK, "The product profile Reports was created")
	says(t, post(h, ada, "/admin/products/AdobeAnalyticsSDK/new-profile", url.Values{"csrf": {token}, "name": {"Reports"}}), http.StatusUnprocessableEntity, "Choose another")
	own := url.Values{"csrf": {token}, "name": {"Billing"}, "code": {"billing"}, "scopes": {"billing:read\nbilling:write"}, "has_profiles": {"on"}, "product_roles": {"on"}, "kinds": {"oauth_server_to_server"}}
	says(t, post(h, ada, "/admin/new-product", own), http.StatusOK, "The service Billing was declared")
	says(t, h.get(ada, h.url+"/admin/products/billing/details"), http.StatusOK, "billing:read, billing:write", "Observer, Editor, Approver")
	own.Set("scopes", "billing:read")
	says(t, post(h, ada, "/admin/products/billing/edit", own), http.StatusOK, "was changed")
	says(t, post(h, ada, "/admin/products/billing/delete", url.Values{"csrf": {token}, "confirm": {"billing"}}), http.StatusOK, "was deleted")
	says(t, post(h, ada, "/admin/products/AdobeAnalyticsSDK/end", url.Values{"csrf": {token}, "confirm": {"AdobeAnalyticsSDK"}}), http.StatusOK, "not entitled to Adobe Analytics any more")
	says(t, post(h, ada, "/admin/new-sandbox", url.Values{"csrf": {token}, "name": {"Stage!"}}), http.StatusUnprocessableEntity, "not a sandbox")
	says(t, post(h, ada, "/admin/new-sandbox", url.Values{"csrf": {token}, "name": {"stage"}}), http.StatusOK, "The sandbox stage was created", "It is empty")
	says(t, post(h, ada, "/admin/delete-sandbox/stage", url.Values{"csrf": {token}, "confirm": {"stage"}}), http.StatusOK, "was deleted")
}
