package project_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/project"
)

// The forms of spec/ims-and-console.md §4.
var forms = map[string]*regexp.Regexp{
	"id":        regexp.MustCompile(`\A[0-9]{19}\z`),
	"client id": regexp.MustCompile(`\A[0-9a-f]{32}\z`),
	"account":   regexp.MustCompile(`\A[0-9A-F]{24}@techacct\.adobe\.com\z`),
	"e-mail":    regexp.MustCompile(`\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@techacct\.adobe\.com\z`),
	"secret":    regexp.MustCompile(`\A[0-9a-f]{32}\z`),
}

// TestKinds makes a credential of each kind.
func TestKinds(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	last := ""
	for _, kind := range project.Kinds() {
		made := c.create(t, admin, "a "+string(kind), kind)
		got := c.find(t, made.Name)
		if got.Kind != kind || got.ClientID != made.ClientID || !got.Enabled {
			t.Errorf("%s: Find() = %+v", kind, got)
		}
		if made.ID <= last {
			t.Errorf("the id %s does not come behind %s", made.ID, last)
		}
		last = made.ID
		texts := map[string]string{"id": made.ID, "client id": made.ClientID}
		if kind.Enterprise() {
			texts["account"], texts["e-mail"] = made.TechnicalAccount.ID, made.TechnicalAccount.Email
		}
		if kind.Confidential() != (len(made.Secrets) == 1) {
			t.Errorf("%s: there are %d secrets", kind, len(made.Secrets))
		}
		if len(made.Secrets) > 0 {
			texts["secret"] = made.Secrets[0].UUID
			if value := made.Secrets[0].Value.Reveal(); !strings.HasPrefix(value, "p8e-") || len(value) != 47 {
				t.Errorf("%s: the secret has %d characters", kind, len(value))
			}
		}
		for form, text := range texts {
			if !forms[form].MatchString(text) {
				t.Errorf("%s: the %s is %q", kind, form, text)
			}
		}
		c.hand.Advance(time.Microsecond)
	}
}

// TestCredentialsRefused holds what can't be asked for.
func TestCredentialsRefused(t *testing.T) {
	c := newConsole(t, project.Quotas{Credentials: 2})
	for name, test := range map[string]struct {
		ask           project.NewCredential
		pointer, text string
	}{
		"no kind":                        {project.NewCredential{Name: "x"}, "/kind", "service_account_jwt"},
		"no name":                        {project.NewCredential{Kind: project.APIKey}, "/name", "missing"},
		"a long name":                    {project.NewCredential{Name: strings.Repeat("x", 46), Kind: project.APIKey}, "/name", "46 characters"},
		"two lines":                      {project.NewCredential{Name: "a\nb", Kind: project.APIKey}, "/name", "one line"},
		"a JWT credential without key":   {project.NewCredential{Name: "x", Kind: project.ServiceAccountJWT}, "/certificate", "key pair"},
		"a key for a public client":      {project.NewCredential{Name: "x", Kind: project.APIKey, Certificate: []byte("x")}, "/certificate", "no certificate"},
		"no key for OAuth":               {project.NewCredential{Name: "x", Kind: project.OAuthServerToServer, Certificate: []byte("x")}, "/certificate", "not a certificate"},
		"a web app without redirect":     {project.NewCredential{Name: "x", Kind: project.OAuthWebApp}, "/redirect/default", "missing"},
		"a redirect where there is none": {project.NewCredential{Name: "x", Kind: project.APIKey, Redirect: project.Redirect{Default: "https://a.example"}}, "/redirect", "leave it out"},
		"an unknown service":             {project.NewCredential{Name: "x", Kind: project.APIKey, Services: []project.Wish{{Service: "NoSDK"}}}, "/services/0/service", "no service"},
		"a service of other kinds":       {project.NewCredential{Name: "x", Kind: project.APIKey, Services: []project.Wish{{Service: project.IOManagementAPI}}}, "/services/0", "service_account_jwt"},
		"a service twice":                {project.NewCredential{Name: "x", Kind: project.OAuthServerToServer, Services: []project.Wish{{Service: project.IOManagementAPI}, {Service: "adobeiomanagementapisdk"}}}, "/services/1", "twice"},
	} {
		test.ask.Workspace = c.workspace.ID
		_, err := c.credentials.Create(t.Context(), admin, test.ask)
		wantInvalid(t, name, err, test.pointer, test.text)
	}
	if _, err := c.credentials.Create(t.Context(), admin, project.NewCredential{Workspace: "1", Name: "x", Kind: project.APIKey}); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Create() in no workspace = %v", err)
	}
	for i := range 3 {
		_, err := c.credentials.Create(t.Context(), admin, project.NewCredential{Workspace: c.workspace.ID, Name: fmt.Sprint("key ", i), Kind: project.APIKey})
		if quota, ok := errors.AsType[*project.QuotaError](err); ok != (i == 2) || ok && quota.Limit != 2 {
			t.Errorf("Create() of %d of at most 2 = %v", i+1, err)
		}
	}
}

// TestSecrets rotates a client secret: two at most, the old goes when the new was used later.
func TestSecrets(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	made := c.create(t, admin, "oauth", project.OAuthServerToServer)
	first := made.Secrets[0]
	wantInUse(t, "DeleteSecret() of the only one", c.credentials.DeleteSecret(ctx, admin, made.ID, first.UUID), "only secret")
	wantInUse(t, "Retire() of the only one", c.credentials.Retire(ctx, admin, made.ID, first.UUID), "no newer one")
	c.hand.Advance(time.Second)
	second, err := c.credentials.AddSecret(ctx, admin, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.credentials.AddSecret(ctx, admin, made.ID); err == nil || !strings.Contains(err.Error(), "2 client secrets") {
		t.Errorf("AddSecret() of a third = %v", err)
	}
	client, err := c.clients.Client(ctx, made.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []project.Secret{first, second} {
		if uuid, ok := c.clients.CheckSecret(client, s.Value); !ok || uuid != s.UUID {
			t.Errorf("CheckSecret() = %q, %v", uuid, ok)
		}
	}
	wantInUse(t, "Retire() before the new one was used", c.credentials.Retire(ctx, admin, made.ID, first.UUID), "no newer one was used yet")
	c.use(t, made, project.GrantClientCredentials, "10.0.0.9 curl/8.0", second.UUID)
	c.hand.Advance(time.Second)
	c.use(t, made, project.GrantClientCredentials, "10.0.0.7 python-requests/2.31", first.UUID)
	wantInUse(t, "Retire() of one that is still used", c.credentials.Retire(ctx, admin, made.ID, first.UUID), "10.0.0.7 python-requests/2.31")
	c.hand.Advance(time.Second)
	c.use(t, made, project.GrantClientCredentials, "10.0.0.9 curl/8.0", second.UUID)
	if err := c.credentials.Retire(ctx, admin, made.ID, first.UUID); err != nil {
		t.Errorf("Retire() = %v", err)
	}
	if client, err = c.clients.Client(ctx, made.ClientID); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.clients.CheckSecret(client, first.Value); ok {
		t.Error("a secret that was retired is taken")
	}
	if got, err := c.credentials.Secrets(ctx, admin, made.ID); err != nil || len(got) != 1 || !got[0].Value.Equal(second.Value) {
		t.Errorf("Secrets() = %+v, %v", got, err)
	}
	if err := c.credentials.DeleteSecret(ctx, admin, made.ID, first.UUID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("DeleteSecret() of one that is gone = %v", err)
	}
	other := c.create(t, admin, "other", project.OAuthServerToServer)
	if of, err := c.clients.Client(ctx, other.ClientID); err != nil {
		t.Error(err)
	} else if _, ok := c.clients.CheckSecret(of, second.Value); ok {
		t.Error("a secret opens another client")
	}
}

// TestRenewCertificate puts a certificate beside the old one, and takes the old one away once the new one was used.
func TestRenewCertificate(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	made := c.create(t, admin, "jwt", project.ServiceAccountJWT)
	c.use(t, made, project.GrantJWT, "10.0.0.7 AEM", made.Bindings[0].ID)
	c.hand.Advance(time.Second)
	next, err := c.credentials.AddBinding(ctx, admin, made.ID, certificate(t, anRSA(), start, start.AddDate(2, 0, 0)), false)
	if err != nil {
		t.Fatal(err)
	}
	wantInUse(t, "Retire() too early", c.credentials.Retire(ctx, admin, made.ID, made.Bindings[0].SHA1), "no newer one was used yet")
	c.use(t, made, project.GrantJWT, "10.0.0.7 AEM", next.ID)
	if err := c.credentials.Retire(ctx, admin, made.ID, made.Bindings[0].ID); err != nil {
		t.Errorf("Retire() = %v", err)
	}
	if got := c.find(t, made.ID).Bindings; len(got) != 1 || got[0].ID != next.ID {
		t.Errorf("the credential has the certificates %+v", got)
	}
}

// TestDisabled holds that a disabled client is told apart from none, and that renaming keeps it.
func TestDisabled(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	made := c.create(t, admin, "oauth", project.OAuthServerToServer)
	off, name := false, "renamed"
	if _, err := c.credentials.Change(t.Context(), admin, made.ID, project.CredentialEdit{Enabled: &off, Name: &name}); err != nil {
		t.Fatal(err)
	}
	if client, err := c.clients.Client(t.Context(), made.ClientID); err != nil || client.Enabled || client.Name != name {
		t.Errorf("Client() = %+v, %v", client, err)
	}
	if err := c.credentials.Delete(t.Context(), admin, name); err != nil {
		t.Fatal(err)
	}
	if _, err := c.clients.Client(t.Context(), made.ClientID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Client() of a deleted one = %v", err)
	}
}

// TestAddService adds APIs as the console does: a project's credential of the kind is used again.
func TestAddService(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	profile := c.profile(t, project.Analytics, "Analytics - Moviestar")
	ask := project.NewCredential{
		Workspace: c.workspace.ID, Name: "jwt", Kind: project.ServiceAccountJWT, Services: []project.Wish{{Service: project.IOManagementAPI}},
	}
	_, err := c.credentials.AddService(ctx, admin, ask)
	wantInvalid(t, "AddService() without a key pair", err, "/certificate", "key pair")
	ask.Certificate = certificate(t, anRSA(), start, start.AddDate(1, 0, 0))
	first, err := c.credentials.AddService(ctx, admin, ask)
	if err != nil || !first.Created {
		t.Fatalf("AddService() = %+v, %v", first, err)
	}
	ask.Certificate, ask.Services = nil, []project.Wish{{Service: project.Analytics, Profiles: []string{profile}}}
	second, err := c.credentials.AddService(ctx, admin, ask)
	if err != nil || second.Created || second.Credential.ID != first.Credential.ID || len(second.Credential.Services) != 2 {
		t.Errorf("AddService() of another = %+v, %v", second, err)
	}
	ask.Kind, ask.Name = project.OAuthServerToServer, "oauth"
	third, err := c.credentials.AddService(ctx, admin, ask)
	if err != nil || !third.Created {
		t.Errorf("AddService() of another kind = %+v, %v", third, err)
	}
}
