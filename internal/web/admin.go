package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// The Admin Console, as the vendor's has it: products here and in admin_product.go, a product profile with its API credentials and
// developers in admin_profile.go, all API credentials in admin_credential.go, people in admin_user.go, sandboxes in
// admin_sandbox.go. Whoever may look sees all of it; the acts take the role System Administrator.

func (p *Pages) adminRoutes() map[string]func(*visit) error {
	const product, profile, user = placeAdmin + "/products/{code}", placeAdmin + "/profiles/{id}", placeAdmin + "/users/{user}"
	return map[string]func(*visit) error{
		"GET " + placeAdmin:                             (*visit).adminProducts,
		"GET " + placeAdmin + "/products":               (*visit).adminProducts,
		"GET " + placeAdmin + "/new-product":            (*visit).adminNewProduct,
		"POST " + placeAdmin + "/new-product":           (*visit).adminNewProduct,
		"GET " + product:                                (*visit).adminProduct,
		"GET " + product + "/details":                   (*visit).adminProductDetails,
		"POST " + product + "/entitlement":              (*visit).adminEntitle,
		"GET " + product + "/end":                       (*visit).adminEndEntitlement,
		"POST " + product + "/end":                      (*visit).adminEndEntitlement,
		"GET " + product + "/edit":                      (*visit).adminEditProduct,
		"POST " + product + "/edit":                     (*visit).adminEditProduct,
		"GET " + product + "/delete":                    (*visit).adminDeleteProduct,
		"POST " + product + "/delete":                   (*visit).adminDeleteProduct,
		"GET " + product + "/new-profile":               (*visit).adminNewProfile,
		"POST " + product + "/new-profile":              (*visit).adminNewProfile,
		"GET " + profile:                                (*visit).adminProfile,
		"POST " + profile + "/role":                     (*visit).adminSetRole,
		"GET " + profile + "/developers":                (*visit).adminDevelopers,
		"POST " + profile + "/developers":               (*visit).adminChangeDevelopers,
		"GET " + profile + "/edit":                      (*visit).adminEditProfile,
		"POST " + profile + "/edit":                     (*visit).adminEditProfile,
		"GET " + profile + "/delete":                    (*visit).adminDeleteProfile,
		"POST " + profile + "/delete":                   (*visit).adminDeleteProfile,
		"GET " + placeAdmin + "/credentials":            (*visit).adminCredentials,
		"GET " + placeAdmin + "/users":                  (*visit).adminUsers,
		"GET " + placeAdmin + "/new-user":               (*visit).adminInvite,
		"POST " + placeAdmin + "/new-user":              (*visit).adminInvite,
		"GET " + user:                                   (*visit).adminUser,
		"POST " + user + "/status":                      (*visit).adminUserStatus,
		"POST " + user + "/consents":                    (*visit).adminWithdraw,
		"GET " + user + "/edit":                         (*visit).adminEditUser,
		"POST " + user + "/edit":                        (*visit).adminEditUser,
		"GET " + user + "/reset":                        (*visit).adminResetUser,
		"POST " + user + "/reset":                       (*visit).adminResetUser,
		"GET " + user + "/delete":                       (*visit).adminDeleteUser,
		"POST " + user + "/delete":                      (*visit).adminDeleteUser,
		"GET " + placeAdmin + "/sandboxes":              (*visit).adminSandboxes,
		"GET " + placeAdmin + "/new-sandbox":            (*visit).adminNewSandbox,
		"POST " + placeAdmin + "/new-sandbox":           (*visit).adminNewSandbox,
		"GET " + placeAdmin + "/sandboxes/{name}":       (*visit).adminSandbox,
		"GET " + placeAdmin + "/delete-sandbox/{name}":  (*visit).adminDeleteSandbox,
		"POST " + placeAdmin + "/delete-sandbox/{name}": (*visit).adminDeleteSandbox,
	}
}

// adminTabs are the parts of the Admin Console.
func adminTabs(here string) tabs {
	t := tabs{Label: "Parts of the Admin Console", Here: here}
	t.add("Products", placeAdmin)
	t.add("Users", placeAdmin+"/users")
	t.add("API Credentials", placeAdmin+"/credentials")
	t.add("Sandboxes", placeAdmin+"/sandboxes")
	t.add("Sign-in", placeAdmin+"/sign-in")
	return t
}

// administers tells whether the person may do the acts of the Admin Console.
func (v *visit) administers() bool { return v.caller.RequireRole(access.SystemAdministrator) == nil }

// lacksAdmin says in a sentence that the person may look alone; "" when it may do more.
func (v *visit) lacksAdmin(what string) string {
	if v.administers() {
		return ""
	}
	return "You are " + v.caller.Role.Words() + " here and may look. To " + what + " takes the role " + access.SystemAdministrator.Words() + "."
}

// productRow is a product as the list shows it: a service, and what the organization has of it.
type productRow struct {
	project.Offer
	Path, Says, Tone string
	// Count is how many product profiles there are; Waits tells that one is missing.
	Count   int
	Entitle *form
}

func productPath(code string) string { return placeAdmin + "/products/" + url.PathEscape(code) }

func profilePath(id string) string { return placeAdmin + "/profiles/" + url.PathEscape(id) }

func (v *visit) productRow(o project.Offer, profiles []project.Profile) productRow {
	row := productRow{Offer: o, Path: productPath(o.Code)}
	for _, p := range profiles {
		if p.Service == o.Code {
			row.Count++
		}
	}
	switch {
	case !o.Entitled && !o.Open:
		row.Says = "The organization is not entitled to it."
		row.Entitle = v.form(row.Path+"/entitlement", "Entitle").orElse(placeAdmin)
	case o.Service.Profiles && row.Count == 0:
		row.Says, row.Tone = "Needs a product profile before a credential can have it.", "warn"
	case o.Deprecated:
		row.Says, row.Tone = "Takes no new credentials.", "warn"
	case o.Open:
		row.Says, row.Tone = "Every organization has it.", "good"
	case o.Organization != "":
		row.Says, row.Tone = "The organization’s own.", "good"
	default:
		row.Says, row.Tone = "Entitled.", "good"
	}
	return row
}

func (v *visit) adminProducts() error {
	offers, err := v.Services.Services(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	profiles, err := v.Services.Profiles(v.r.Context(), v.caller, "")
	if err != nil {
		return err
	}
	view := struct {
		Rows         []productRow
		Search, Role string
		Tabs         tabs
		Has          int
		May          bool
	}{Search: v.r.URL.Query().Get("q"), Tabs: adminTabs("Products"), May: v.administers(), Role: v.lacksAdmin("change what the organization has")}
	for _, o := range offers {
		row := v.productRow(o, profiles)
		if row.Entitle == nil {
			view.Has++
		}
		if contains(view.Search, o.Code, o.Name, o.Description) {
			view.Rows = append(view.Rows, row)
		}
	}
	slices.SortStableFunc(view.Rows, func(a, b productRow) int { // what the organization has comes first
		return cmp.Or(cmp.Compare(rank(a.Entitle != nil), rank(b.Entitle != nil)), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	return v.show(http.StatusOK, "admin_products", "Products", &view)
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}
