package project_test

import (
	"errors"
	"slices"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/ident"
	"latchkey/internal/project"
)

// TestDevelopers holds that a developer reaches no further than the product profiles that he or she was granted.
func TestDevelopers(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	mine, other := c.profile(t, project.Analytics, "Mine"), c.profile(t, project.Target, "Theirs")
	wish := func(service string, profiles ...string) project.Wish {
		return project.Wish{Service: service, Profiles: profiles}
	}
	dev := developer(mine)
	own := c.create(t, dev, "own", project.OAuthServerToServer, wish(project.Analytics, mine))
	foreign := c.create(t, admin, "foreign", project.OAuthServerToServer, wish(project.Target, other))
	powerful := c.create(t, admin, "powerful", project.OAuthServerToServer, wish(project.LatchkeyAPI))
	if own.CreatedBy != dev.User {
		t.Errorf("the credential was created by %q", own.CreatedBy)
	}
	_, err := c.credentials.Subscribe(ctx, dev, own.ID, wish(project.Target, other))
	if unavailable, ok := errors.AsType[*project.UnavailableError](err); !ok || !slices.Equal(unavailable.Reasons, []project.Reason{project.UserMissingProductProfiles}) {
		t.Errorf("Subscribe() to a service without a profile of one's own = %v", err)
	}
	_, err = c.credentials.Subscribe(ctx, developer(mine, c.profile(t, project.Target, "Also mine")), own.ID, wish(project.Target, other))
	wantDenied(t, "Subscribe() with another's profile", err)
	_, err = c.credentials.Subscribe(ctx, dev, own.ID, wish(project.LatchkeyAPI))
	if unavailable, ok := errors.AsType[*project.UnavailableError](err); !ok || !slices.Equal(unavailable.Reasons, []project.Reason{project.UserMissingAdminRole}) {
		t.Errorf("Subscribe() to an administrators' service = %v", err)
	}
	for _, credential := range []project.Credential{foreign, powerful} {
		if _, err := c.credentials.Find(ctx, dev, credential.ID); err != nil {
			t.Errorf("Find() of %s = %v", credential.Name, err)
		}
		for what, act := range map[string]func() error{
			"Secrets":     func() error { _, err := c.credentials.Secrets(ctx, dev, credential.ID); return err },
			"AddSecret":   func() error { _, err := c.credentials.AddSecret(ctx, dev, credential.ID); return err },
			"SetServices": func() error { _, err := c.credentials.SetServices(ctx, dev, credential.ID, nil); return err },
			"Change": func() error {
				_, err := c.credentials.Change(ctx, dev, credential.ID, project.CredentialEdit{})
				return err
			},
			"Delete":      func() error { return c.credentials.Delete(ctx, dev, credential.ID) },
			"the project": func() error { return c.projects.Delete(ctx, dev, "Moviestar") },
		} {
			wantDenied(t, what+" of "+credential.Name, act())
		}
	}
	if _, err := c.credentials.Subscribe(ctx, developer(access.AllProfiles), own.ID, wish(project.Target, "theirs")); err != nil {
		t.Errorf("Subscribe() by a developer of all profiles, by the profile's name = %v", err)
	}
	_, err = c.credentials.SetRole(ctx, developer(access.AllProfiles), own.ID, project.Target, "", project.Editor)
	wantDenied(t, "SetRole() by a developer", err)
}

// TestProductRoles sets the role of an API credential, which begins as Observer.
func TestProductRoles(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	a, b := c.profile(t, project.Target, "A"), c.profile(t, project.Target, "B")
	made := c.create(t, admin, "target", project.ServiceAccountJWT, project.Wish{Service: project.Target, Profiles: []string{a}})
	roles := func() (out []project.ProductRole) {
		for _, p := range c.find(t, made.ID).Services[0].Profiles {
			out = append(out, p.Role)
		}
		return out
	}
	if got := roles(); !slices.Equal(got, []project.ProductRole{project.Observer}) {
		t.Errorf("a new credential has the roles %v", got)
	}
	if _, err := c.credentials.SetRole(ctx, admin, made.ID, project.Target, a, project.Editor); err != nil {
		t.Fatal(err)
	}
	// Another profile begins as Observer, and the first stays what it was made.
	if _, err := c.credentials.Subscribe(ctx, admin, made.ID, project.Wish{Service: project.Target, Profiles: []string{a, b}}); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.find(t, made.ID).Services[0].Profiles {
		if want := map[string]project.ProductRole{a: project.Editor, b: project.Observer}[p.Profile]; p.Role != want {
			t.Errorf("in the profile %s the credential is %s, want %s", p.Profile, p.Role, want)
		}
	}
	if _, err := c.credentials.SetRole(ctx, admin, made.ID, project.Target, "", project.Approver); err != nil || roles()[1] != project.Approver {
		t.Errorf("SetRole() in all profiles = %v, %v", roles(), err)
	}
	_, err := c.credentials.SetRole(ctx, admin, made.ID, project.Target, "", "owner")
	wantInvalid(t, "SetRole() to none", err, "/role", "observer, editor, approver")
	_, err = c.credentials.SetRole(ctx, admin, made.ID, project.Triggers, "", project.Editor)
	wantInvalid(t, "SetRole() where there are none", err, "/role", "no product role")
	_, err = c.credentials.SetRole(ctx, admin, made.ID, project.Target, "1", project.Editor)
	wantInvalid(t, "SetRole() in a profile that it has not", err, "/profile", "attach it first")
}

// TestOffers says why a service can't be added, in the words of the console's API (spec/ims-and-console.md §3.2).
func TestOffers(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	target := c.profile(t, project.Target, "Default Workspace")
	if _, err := c.catalogue.Entitle(ctx, admin, project.Analytics); err != nil {
		t.Fatal(err)
	}
	if _, err := c.catalogue.Declare(ctx, admin, project.NewService{Code: "OldSDK", Name: "Old", Scopes: []string{"old"}, Deprecated: true}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		who     string
		caller  access.Caller
		service string
		want    []project.Reason
	}{
		{"an administrator", admin, project.Target, nil},
		{"an administrator", admin, project.IOManagementAPI, nil},
		{"an administrator", admin, project.LatchkeyAPI, nil},
		{"an administrator", admin, project.Analytics, []project.Reason{project.OrgMissingProductProfiles}},
		{"an administrator", admin, project.ExperiencePlatform, []project.Reason{project.OrgNotAllowlisted, project.OrgMissingProductProfiles}},
		{"an administrator", admin, project.UserManagement, []project.Reason{project.OrgNotAllowlisted}},
		{"an administrator", admin, "OldSDK", []project.Reason{project.Deprecated}},
		{"a developer", developer(target), project.Target, nil},
		{"a developer of all", developer("*"), project.Target, nil},
		{"a developer of none", developer(), project.Target, []project.Reason{project.UserMissingProductProfiles}},
		{"a developer", developer("*"), project.LatchkeyAPI, []project.Reason{project.UserMissingAdminRole}},
		{"a viewer", viewer, project.Target, []project.Reason{project.UserMissingAdminOrDeveloperRole}},
	} {
		offer, err := c.catalogue.Service(ctx, test.caller, test.service)
		if err != nil || !slices.Equal(offer.Reasons, test.want) {
			t.Errorf("%s is offered %s but for %v, %v, want %v", test.who, test.service, offer.Reasons, err, test.want)
		}
		for _, r := range offer.Reasons {
			if r.Words() == string(r) {
				t.Errorf("%s has no words", r)
			}
		}
	}
	if _, err := c.catalogue.Service(ctx, admin, "NoSDK"); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Service() of none = %v", err)
	}
}

// TestCallers holds who may do what, whatever it is about.
func TestCallers(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	made := c.create(t, admin, "oauth", project.OAuthServerToServer)
	bound := admin
	bound.Sandbox = "stage"
	reader := access.Caller{ID: "key_reader", Organization: organization, Scopes: access.Scopes{access.RegistryRead}}
	for name, caller := range map[string]access.Caller{"a viewer": viewer, "a key that reads": reader, "a key bound to a sandbox": bound} {
		if _, err := c.projects.List(ctx, caller, project.Page{}); err != nil {
			t.Errorf("List() by %s = %v", name, err)
		}
		_, _, err := c.projects.Create(ctx, caller, project.NewProject{Name: "X"})
		wantDenied(t, "Create() of a project by "+name, err)
		_, err = c.projects.Change(ctx, caller, "Moviestar", project.Edit{})
		wantDenied(t, "Change() of a project by "+name, err)
		_, err = c.credentials.Create(ctx, caller, project.NewCredential{Workspace: c.workspace.ID, Name: "x", Kind: project.APIKey})
		wantDenied(t, "Create() by "+name, err)
		_, err = c.credentials.Secrets(ctx, caller, made.ID)
		wantDenied(t, "Secrets() by "+name, err)
		_, err = c.credentials.StartMigration(ctx, caller, made.ID)
		wantDenied(t, "StartMigration() by "+name, err)
	}
	for name, caller := range map[string]access.Caller{"a developer": developer("*"), "a viewer": viewer, "a key that reads": reader} {
		_, err := c.catalogue.Entitle(ctx, caller, project.Target)
		wantDenied(t, "Entitle() by "+name, err)
		_, err = c.catalogue.CreateProfile(ctx, caller, project.NewProfile{Service: project.Target, Name: "x"})
		wantDenied(t, "CreateProfile() by "+name, err)
		_, err = c.catalogue.Declare(ctx, caller, project.NewService{Code: "XSDK", Name: "x", Scopes: []string{"x"}})
		wantDenied(t, "Declare() by "+name, err)
	}
	_, err := c.projects.List(ctx, access.Caller{Organization: organization}, project.Page{})
	wantDenied(t, "List() by nobody", err)
	other := admin
	other.Organization = ident.NewIMSOrg()
	if _, err := c.credentials.Secrets(ctx, other, made.ClientID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Secrets() by another organization = %v", err)
	}
	if _, err := c.projects.Workspace(ctx, other, "", c.workspace.ID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Workspace() by another organization = %v", err)
	}
}
