package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/project"
	"latchkey/internal/registry"
)

// productView is what every part of a product's page has.
type productView struct {
	productRow
	Role      string
	May, Own  bool
	Mine      []project.Profile
	Parts     tabs
	EndPath   string
	CanEnd    bool
	MayHandle bool
}

func (v *visit) productAt(part string) (*productView, error) {
	offer, err := v.Services.Service(v.r.Context(), v.caller, v.r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	view := &productView{May: v.administers(), Own: offer.Organization != "", Role: v.lacksAdmin("change it")}
	if offer.Service.Profiles {
		if view.Mine, err = v.Services.Profiles(v.r.Context(), v.caller, offer.Code); err != nil {
			return nil, err
		}
	}
	view.productRow = v.productRow(offer, view.Mine)
	view.CanEnd = offer.Entitled && !offer.Open && !view.Own
	view.Parts = tabs{Label: "Parts of the product", Here: part}
	if offer.Service.Profiles {
		view.Parts.add("Product Profiles", view.Path)
	}
	view.Parts.add("Details", view.Path+"/details")
	return view, nil
}

// shelfRow is a product profile as its product's page shows it.
type shelfRow struct {
	project.Profile
	Path string
	// Developers are those who were made developer of this one or of all; Credentials have it, Observers of them with that role.
	Developers, Credentials, Observers int
}

// adminProduct shows the product profiles; of a product without any, its details.
func (v *visit) adminProduct() error {
	view, err := v.productAt("Product Profiles")
	if err != nil {
		return err
	}
	if !view.Service.Profiles {
		return v.to(view.Path + "/details")
	}
	uses, err := v.Services.Uses(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	users, err := v.Users.List(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	page := struct {
		*productView
		Search string
		Rows   []shelfRow
		Quota  int
	}{productView: view, Search: v.r.URL.Query().Get("q"), Quota: v.Services.Quotas().Profiles}
	for _, p := range view.Mine {
		if !contains(page.Search, p.ID, p.Name, p.Description) {
			continue
		}
		row := shelfRow{Profile: p, Path: profilePath(p.ID)}
		for _, u := range uses {
			if u.Profile == p.ID {
				row.Credentials += u.Credentials
				if u.Role == project.Observer {
					row.Observers += u.Credentials
				}
			}
		}
		row.Developers = len(developersOf(users, p.ID))
		page.Rows = append(page.Rows, row)
	}
	slices.SortFunc(page.Rows, func(a, b shelfRow) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return v.show(http.StatusOK, "admin_product", view.Name, &page)
}

// developersOf gives those who may attach a product profile because they were made developers of it.
func developersOf(users []registry.User, profile string) []registry.User {
	var out []registry.User
	for _, u := range users {
		if u.Role == access.Developer && (slices.Contains(u.Profiles, profile) || slices.Contains(u.Profiles, access.AllProfiles)) {
			out = append(out, u)
		}
	}
	return out
}

func (v *visit) adminProductDetails() error {
	view, err := v.productAt("Details")
	if err != nil {
		return err
	}
	entitlements, err := v.Services.Entitlements(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	page := struct {
		*productView
		Facts []fact
	}{productView: view, Facts: []fact{{"Code", view.Code, true}, {"Description", view.Description, false}}}
	add := func(name, value string, code bool) {
		if value != "" {
			page.Facts = append(page.Facts, fact{name, value, code})
		}
	}
	for _, e := range entitlements {
		if e.Service == view.Code {
			add("Licence", e.Product, true)
		}
	}
	var titles, roles []string
	for _, k := range view.Kinds {
		titles = append(titles, kindTitle(k))
	}
	for _, r := range view.Roles {
		roles = append(roles, roleTitle(r))
	}
	add("Scopes", strings.Join(view.Scopes, ", "), false)
	add("Metascopes", strings.Join(view.Metascopes, ", "), false)
	add("Credentials that can have it", strings.Join(titles, ", "), false)
	add("Product roles", strings.Join(roles, ", "), false)
	if view.Service.Profiles {
		add("Product profiles", fmt.Sprintf("%d of at most %d", view.Count, v.Services.Quotas().Profiles), false)
	}
	if view.AdminOnly {
		add("Added by", "System Administrators alone", false)
	}
	add("Documentation", view.DocsURL, false)
	return v.show(http.StatusOK, "admin_product_details", view.Name, &page)
}

// roleTitle names a product role as the Admin Console does.
func roleTitle(r project.ProductRole) string {
	if r == "" {
		return ""
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

func (v *visit) adminEntitle() error {
	e, err := v.Services.Entitle(v.r.Context(), v.caller, v.r.PathValue("code"))
	if err != nil {
		return err
	}
	offer, err := v.Services.Service(v.r.Context(), v.caller, e.Service)
	if err != nil {
		return err
	}
	said := "The organization may use " + offer.Name + " now."
	if offer.Service.Profiles {
		said += " Make a product profile: a credential needs one."
	}
	return v.done(productPath(e.Service), said)
}

func (v *visit) adminEndEntitlement() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	offer, err := v.Services.Service(v.r.Context(), v.caller, v.r.PathValue("code"))
	if err != nil {
		return err
	}
	path := productPath(offer.Code)
	if !v.confirmed(offer.Code) {
		return v.confirm(confirmation{What: "the entitlement to", Name: offer.Code, Goes: "the organization’s right to " + offer.Name + ". No credential may have it any more then.",
			Stays: "its product profiles, for when the organization is entitled again."}, path+"/end", path)
	}
	if err := v.Services.EndEntitlement(v.r.Context(), v.caller, offer.Code); err != nil {
		return err
	}
	return v.done(placeAdmin, "The organization is not entitled to "+offer.Name+" any more.")
}

// productInputs are what a service of the organization's own is asked for.
func productInputs(s project.Service) []*input {
	code := text("code", "Code", s.Code, "What programs call it: a letter, then letters, digits, dots, dashes and underscores.").needed()
	if s.Code != "" {
		code = text("code", "Code", s.Code, "It stays: credentials name it.").of(readonlyInput)
	}
	kinds := &input{Name: "kinds", Label: "Credentials that can have it", Hint: "None ticked: all but API keys.", Kind: checksInput}
	for _, k := range project.Kinds() {
		kinds.Options = append(kinds.Options, choiceOption{Value: string(k), Label: kindTitle(k), Chosen: slices.Contains(s.Kinds, k)})
	}
	return []*input{
		text("name", "Name", s.Name, "What people read.").needed(), code,
		text("description", "Description", s.Description, "").of(areaInput).maybe(),
		text("scopes", "Scopes", strings.Join(s.Scopes, "\n"), "One a line: what tokens for it say, as billing:read.").of(areaInput),
		text("metascopes", "Metascopes", strings.Join(s.Metascopes, "\n"), "One a line: what a JWT may ask for.").of(areaInput).maybe(),
		check("has_profiles", "It has product profiles", "A credential then has one at least, which says what it may do.", s.Profiles),
		check("product_roles", "Credentials are Observer, Editor or Approver in a product profile", "", len(s.Roles) > 0),
		kinds,
		check("admin_only", "Only System Administrators add it to credentials", "", s.AdminOnly),
		check("deprecated", "It takes no new credentials", "", s.Deprecated),
		text("docs_url", "Documentation", s.DocsURL, "The address of a page, as https://….").maybe(),
	}
}

func (v *visit) productAsked(code string) project.NewService {
	ask := project.NewService{
		Code: code, Name: v.value("name"), Description: v.value("description"), Scopes: strings.Fields(v.value("scopes")), Metascopes: strings.Fields(v.value("metascopes")),
		Profiles: v.r.PostForm.Has("has_profiles"), ProductRoles: v.r.PostForm.Has("product_roles"), AdminOnly: v.r.PostForm.Has("admin_only"),
		Deprecated: v.r.PostForm.Has("deprecated"), DocsURL: v.value("docs_url"),
	}
	for _, k := range v.r.PostForm["kinds"] {
		ask.Kinds = append(ask.Kinds, project.Kind(k))
	}
	return ask
}

func (v *visit) adminNewProduct() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	f := v.form(placeAdmin+"/new-product", "Declare service", productInputs(project.Service{})...).orElse(placeAdmin)
	view := formView{"Declare a service of your own", "Credentials subscribe to it as to any other, and Latchkey issues their tokens; your API checks them with /ims/keys.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	made, err := v.Services.Declare(v.r.Context(), v.caller, v.productAsked(v.value("code")))
	return v.adminSaved(view, err, productPath(made.Code), "The service "+made.Name+" was declared, and the organization is entitled to it.")
}

// adminSaved leads on from a form, or shows it again with what is wrong.
func (v *visit) adminSaved(view formView, err error, to, said string) error {
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "admin_form", view.Heading, &view)
	}
	if err != nil {
		return err
	}
	return v.done(to, said)
}

func (v *visit) adminEditProduct() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	offer, err := v.Services.Service(v.r.Context(), v.caller, v.r.PathValue("code"))
	if err != nil {
		return err
	}
	path := productPath(offer.Code)
	f := v.form(path+"/edit", "Save", productInputs(offer.Service)...).orElse(path)
	view := formView{"Change " + offer.Name, "What its credentials may ask for changes with it, at once.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	_, err = v.Services.Redeclare(v.r.Context(), v.caller, v.productAsked(offer.Code))
	return v.adminSaved(view, err, path, "The service was changed.")
}

func (v *visit) adminDeleteProduct() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	offer, err := v.Services.Service(v.r.Context(), v.caller, v.r.PathValue("code"))
	if err != nil {
		return err
	}
	path := productPath(offer.Code)
	if !v.confirmed(offer.Code) {
		return v.confirm(confirmation{What: "the service", Name: offer.Code, Goes: "the service with its product profiles. It is refused while a credential has it.",
			Stays: "tokens that were issued, until they end."}, path+"/delete", path)
	}
	if err := v.Services.Withdraw(v.r.Context(), v.caller, offer.Code); err != nil {
		return err
	}
	return v.done(placeAdmin, "The service "+offer.Name+" was deleted.")
}
