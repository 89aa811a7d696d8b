package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/project"
	"latchkey/internal/registry"
)

func (v *visit) adminNewProfile() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	offer, err := v.Services.Service(v.r.Context(), v.caller, v.r.PathValue("code"))
	if err != nil {
		return err
	}
	path := productPath(offer.Code)
	f := v.form(path+"/new-profile", "Create product profile", text("name", "Name", "", "As in the vendor’s Admin Console: “Default Workspace”.").needed(),
		text("description", "Description", "", "").of(areaInput).maybe()).orElse(path)
	view := formView{"New product profile of " + offer.Name, "Which part of the product its developers and API credentials may use.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	made, err := v.Services.CreateProfile(v.r.Context(), v.caller, project.NewProfile{Service: offer.Code, Name: v.value("name"), Description: v.value("description")})
	return v.adminSaved(view, err, profilePath(made.ID), "The product profile "+made.Name+" was created.")
}

// profileView is what every part of a product profile's page has.
type profileView struct {
	project.Profile
	Path, Role, ProductPath string
	Of                      project.Offer
	May                     bool
	Parts                   tabs
}

func (v *visit) profileAt(part string) (*profileView, error) {
	p, err := v.Services.Profile(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	view := &profileView{Profile: p, Path: profilePath(p.ID), ProductPath: productPath(p.Service), May: v.administers(), Role: v.lacksAdmin("change roles and developers")}
	if view.Of, err = v.Services.Service(v.r.Context(), v.caller, p.Service); err != nil {
		return nil, err
	}
	view.Parts = tabs{Label: "Parts of the product profile", Here: part}
	view.Parts.add("API Credentials", view.Path)
	view.Parts.add("Developers", view.Path+"/developers")
	return view, nil
}

// holderRow is an API credential in a product profile.
type holderRow struct {
	project.Credential
	Path, KindTitle string
	Has             project.ProductRole
	// Set changes the role; nil where there is none, or where the person may not.
	Set *form
}

const adminPage = 50

// adminProfile shows the API credentials of a product profile with their product roles.
func (v *visit) adminProfile() error {
	view, err := v.profileAt("API Credentials")
	if err != nil {
		return err
	}
	all, err := v.Credentials.List(v.r.Context(), v.caller, project.Selection{Service: view.Service, Profile: view.ID, Page: project.Page{After: v.cursor(), Limit: adminPage + 1}})
	if err != nil {
		return err
	}
	page := struct {
		*profileView
		Rows      []holderRow
		Pager     pager
		Observers int
		First     project.ProductRole
	}{profileView: view}
	if len(view.Of.Roles) > 0 {
		page.First = view.Of.Roles[0]
	}
	next := ""
	if len(all) > adminPage {
		all = all[:adminPage]
		next = all[adminPage-1].ID
	}
	for _, c := range all {
		row := holderRow{Credential: c, Path: credentialPath(&c), KindTitle: kindTitle(c.Kind), Has: roleIn(&c, view.Service, view.ID)}
		if row.Has == project.Observer {
			page.Observers++
		}
		if view.May && row.Has != "" {
			row.Set = v.form(view.Path+"/role", "Set role").hide("credential", c.ID)
		}
		page.Rows = append(page.Rows, row)
	}
	page.Pager = v.pager(next)
	return v.show(http.StatusOK, "admin_profile", view.Name, &page)
}

// roleIn gives a credential's product role in a product profile.
func roleIn(c *project.Credential, service, profile string) project.ProductRole {
	for _, s := range c.Services {
		for _, a := range s.Profiles {
			if s.Service == service && a.Profile == profile {
				return a.Role
			}
		}
	}
	return ""
}

func (v *visit) adminSetRole() error {
	view, err := v.profileAt("API Credentials")
	if err != nil {
		return err
	}
	role := project.ProductRole(v.value("role"))
	c, err := v.Credentials.SetRole(v.r.Context(), v.caller, v.value("credential"), view.Service, view.ID, role)
	if err != nil {
		return err
	}
	return v.done(view.Path, c.Name+" is "+roleTitle(role)+" in "+view.Name+" now. It counts at its next call.")
}

// developerRow is somebody who may attach the product profile.
type developerRow struct {
	registry.User
	Path string
	// Why says where the right comes from, when it is not from this profile; then there is nothing to take away here.
	Why    string
	Remove *form
}

func (v *visit) adminDevelopers() error {
	view, err := v.profileAt("Developers")
	if err != nil {
		return err
	}
	users, err := v.Users.List(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	page := struct {
		*profileView
		Rows []developerRow
		Add  *form
	}{profileView: view}
	person := options("user", "User", "Developers of the organization who are not developers of this profile.", "", choiceOption{Value: "", Label: "Choose somebody"})
	for _, u := range users {
		row := developerRow{User: u, Path: userPath(u.ID)}
		switch {
		case u.Role == access.SystemAdministrator:
			row.Why = "as System Administrator"
		case u.Role != access.Developer:
			continue
		case slices.Contains(u.Profiles, access.AllProfiles):
			row.Why = "developer of every product profile"
		case slices.Contains(u.Profiles, view.ID):
			if view.May {
				row.Remove = v.form(view.Path+"/developers", "Remove").hide("do", "remove").hide("user", u.ID).orElse(view.Path)
			}
		default:
			person.Options = append(person.Options, choiceOption{Value: u.ID, Label: u.Name() + " (" + u.Email + ")"})
			continue
		}
		page.Rows = append(page.Rows, row)
	}
	if view.May && len(person.Options) > 1 {
		page.Add = v.form(view.Path+"/developers", "Add developer", person.needed()).hide("do", "add")
	}
	return v.show(http.StatusOK, "admin_developers", view.Name, &page)
}

func (v *visit) adminChangeDevelopers() error {
	view, err := v.profileAt("Developers")
	if err != nil {
		return err
	}
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	user, err := v.Users.Find(v.r.Context(), v.caller, v.value("user"))
	if err != nil {
		return err
	}
	there, err := v.Services.Profiles(v.r.Context(), v.caller, "")
	if err != nil {
		return err
	}
	profiles := slices.DeleteFunc(slices.Clone(user.Profiles), func(id string) bool { // and those that were deleted meanwhile
		return id == view.ID || id != access.AllProfiles && !slices.ContainsFunc(there, func(p project.Profile) bool { return p.ID == id })
	})
	said := " is not developer of " + view.Name + " any more."
	if v.value("do") == "add" {
		profiles, said = append(profiles, view.ID), " is developer of "+view.Name+" now."
	}
	if _, err := v.Users.Change(v.r.Context(), v.caller, user.ID, registry.UserEdit{Profiles: &profiles}); err != nil {
		return err
	}
	return v.done(view.Path+"/developers", user.Name()+said)
}

func (v *visit) adminEditProfile() error {
	view, err := v.profileAt("")
	if err != nil {
		return err
	}
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	f := v.form(view.Path+"/edit", "Save", text("name", "Name", view.Name, "").needed(), text("description", "Description", view.Description, "").of(areaInput).maybe()).orElse(view.Path)
	page := formView{"Change the product profile " + view.Name, "", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", page.Heading, &page)
	}
	v.refill(f.Inputs)
	changed, err := v.Services.ChangeProfile(v.r.Context(), v.caller, view.ID, project.Edit{Name: new(v.value("name")), Description: new(v.value("description"))})
	return v.adminSaved(page, err, view.Path, "The product profile "+changed.Name+" was saved.")
}

func (v *visit) adminDeleteProfile() error {
	view, err := v.profileAt("")
	if err != nil {
		return err
	}
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	if !v.confirmed(view.Name) {
		return v.confirm(confirmation{What: "the product profile", Name: view.Name, Goes: "the profile, and that people are developers of it. It is refused while a credential has it.",
			Stays: "the people, and the other profiles of " + cmp.Or(view.Of.Name, view.Service) + "."}, view.Path+"/delete", view.Path)
	}
	if err := v.Services.DeleteProfile(v.r.Context(), v.caller, view.ID); err != nil {
		return err
	}
	return v.done(view.ProductPath, "The product profile "+view.Name+" was deleted.")
}

// placementRow is an API credential with all that it has: the list of the tab API Credentials.
type placementRow struct {
	project.Credential
	Path, KindTitle string
	Places          []placement
}

// placement is a service of a credential, with the product profile and the role where there are such.
type placement struct {
	Service, Profile, Path string
	Role                   project.ProductRole
}

func (v *visit) adminCredentials() error {
	query := v.r.URL.Query()
	selection := project.Selection{Service: query.Get("product"), Page: project.Page{After: v.cursor(), Limit: adminPage + 1}}
	all, err := v.Credentials.List(v.r.Context(), v.caller, selection)
	if err != nil {
		return err
	}
	names, err := v.serviceNames()
	if err != nil {
		return err
	}
	profiles, err := v.Services.Profiles(v.r.Context(), v.caller, "")
	if err != nil {
		return err
	}
	called := map[string]string{}
	for _, p := range profiles {
		called[p.ID] = p.Name
	}
	page := struct {
		Rows    []placementRow
		Pager   pager
		Tabs    tabs
		Product *input
		Chosen  string
	}{Tabs: adminTabs("API Credentials"), Chosen: selection.Service}
	next := ""
	if len(all) > adminPage {
		all = all[:adminPage]
		next = all[adminPage-1].ID
	}
	for _, c := range all {
		row := placementRow{Credential: c, Path: credentialPath(&c), KindTitle: kindTitle(c.Kind)}
		for _, s := range c.Services {
			if len(s.Profiles) == 0 {
				row.Places = append(row.Places, placement{Service: cmp.Or(names[s.Service], s.Service), Path: productPath(s.Service)})
			}
			for _, a := range s.Profiles {
				row.Places = append(row.Places, placement{cmp.Or(names[s.Service], s.Service), cmp.Or(called[a.Profile], a.Profile), profilePath(a.Profile), a.Role})
			}
		}
		page.Rows = append(page.Rows, row)
	}
	page.Pager = v.pager(next)
	page.Product = options("product", "Product", "", selection.Service, choiceOption{Value: "", Label: "Every product"})
	var codes []string
	for code := range names {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int { return strings.Compare(names[a], names[b]) })
	for _, code := range codes {
		page.Product.Options = append(page.Product.Options, choiceOption{Value: code, Label: names[code], Chosen: code == selection.Service})
	}
	return v.show(http.StatusOK, "admin_credentials", "API Credentials", &page)
}
