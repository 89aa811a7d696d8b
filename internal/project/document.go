package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/access"
)

// Document is the file that the developer console lets download of a workspace, and that Adobe's command line tools read
// (spec/ims-and-console.md §3.3). [Projects.Download] makes it; encoding/json writes it.
type Document struct {
	Project documentProject `json:"project"`
}

type documentProject struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	Org         documentOrg       `json:"org"`
	Workspace   documentWorkspace `json:"workspace"`
}

type documentOrg struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	IMSOrgID string `json:"ims_org_id"`
}

type documentWorkspace struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Title       string          `json:"title,omitempty"`
	Description string          `json:"description,omitempty"`
	ActionURL   string          `json:"action_url"`
	AppURL      string          `json:"app_url"`
	Details     documentDetails `json:"details"`
}

type documentDetails struct {
	Credentials []documentCredential `json:"credentials"`
	Services    []documentService    `json:"services"`
	Runtime     documentRuntime      `json:"runtime"`
}

type documentService struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

type documentRuntime struct {
	Namespaces []struct{} `json:"namespaces"`
}

// documentCredential has one block, but a credential that migrates has two.
type documentCredential struct {
	ID              string          `json:"id"`
	Name            string          `json:"name"`
	IntegrationType string          `json:"integration_type"`
	JWT             *documentJWT    `json:"jwt,omitempty"`
	ServerToServer  *documentServer `json:"oauth_server_to_server,omitempty"`
	OAuth2          *documentOAuth2 `json:"oauth2,omitempty"`
	APIKey          *documentKey    `json:"api_key,omitempty"`
}

type documentJWT struct {
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Email        string   `json:"technical_account_email"`
	ID           string   `json:"technical_account_id"`
	MetaScopes   []string `json:"meta_scopes"`
}

type documentServer struct {
	ClientID      string   `json:"client_id"`
	ClientSecrets []string `json:"client_secrets"`
	Email         string   `json:"technical_account_email"`
	ID            string   `json:"technical_account_id"`
	Scopes        []string `json:"scopes"`
}

type documentOAuth2 struct {
	ClientID           string   `json:"client_id"`
	ClientSecret       *string  `json:"client_secret,omitempty"` // public clients have none
	RedirectURI        []string `json:"redirect_uri"`
	DefaultRedirectURI string   `json:"defaultRedirectUri"`
}

type documentKey struct {
	ClientID string `json:"client_id"`
}

// Download gives a workspace's file. It has the secrets of the credentials that the caller may change, which is recorded,
// and of the others none: their client_secret is empty.
func (p *Projects) Download(ctx context.Context, caller access.Caller, project, workspace string) (Document, error) {
	w, err := p.Workspace(ctx, caller, project, workspace)
	if err != nil {
		return Document{}, err
	}
	of, err := p.Find(ctx, caller, w.Project)
	if err != nil {
		return Document{}, err
	}
	organization, err := p.config.Organization(ctx, caller.Organization)
	if err != nil {
		return Document{}, err
	}
	own, err := p.config.Store.OwnServices(ctx, caller.Organization)
	if err != nil {
		return Document{}, err
	}
	details, err := p.details(ctx, caller, w, own)
	if err != nil {
		return Document{}, err
	}
	// The schema asks for the addresses of an app at the vendor's. There is none.
	host := organization.Number + "-" + w.ID
	return Document{documentProject{
		ID: of.ID, Name: of.Name, Title: line(of.Title), Description: line(of.Description),
		Org: documentOrg{organization.Number, line(organization.Name), organization.ID},
		Workspace: documentWorkspace{
			ID: w.ID, Name: w.Name, Title: line(w.Title), Description: line(w.Description),
			ActionURL: "https://" + host + ".adobeioruntime.net", AppURL: "https://" + host + ".adobeio-static.net", Details: details,
		},
	}}, nil
}

// line makes one line of a text: the schema's patterns take no more.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

func (p *Projects) details(ctx context.Context, caller access.Caller, w Workspace, own []Service) (documentDetails, error) {
	details := documentDetails{Credentials: []documentCredential{}, Services: []documentService{}, Runtime: documentRuntime{Namespaces: []struct{}{}}}
	all, err := p.config.Store.Credentials(ctx, Selection{Organization: caller.Organization, Workspace: w.ID})
	if err != nil {
		return details, err
	}
	for _, c := range all {
		if c.Kind.Confidential() && p.config.mayChange(caller, &c, own) == nil {
			detail := map[string]string{"credential": c.Name, "client_id": c.ClientID, "for": "a workspace file"}
			c.Secrets, err = p.config.Store.ReadSecrets(ctx, caller.Organization, c.ID,
				note(caller, "credential.read_secrets", c.ID, c.Version, p.config.now(), detail))
			if err != nil {
				return details, fmt.Errorf("reading the secrets of %q: %w", c.Name, err)
			}
		}
		details.Credentials = append(details.Credentials, c.document(own))
		for _, s := range c.Services {
			if service, ok := lookup(own, s.Service); ok && !slices.Contains(details.Services, documentService{service.Code, line(service.Name)}) {
				details.Services = append(details.Services, documentService{service.Code, line(service.Name)})
			}
		}
	}
	slices.SortFunc(details.Services, func(a, b documentService) int { return strings.Compare(a.Code, b.Code) })
	return details, nil
}

// integrationTypes are the schema's names of the kinds.
var integrationTypes = map[Kind]string{
	ServiceAccountJWT: "service", OAuthServerToServer: "oauth_server_to_server", OAuthWebApp: "oauthwebapp",
	OAuthSinglePageApp: "oauthsinglepageapp", OAuthNativeApp: "oauthnativeapp", APIKey: "apikey",
}

// IntegrationType gives the console's name of what a credential is: its kind, or that it migrates.
func (c *Credential) IntegrationType() string {
	if c.Migration.State == MigrationStarted {
		return "oauth_server_to_server_migrate"
	}
	return integrationTypes[c.Kind]
}

func (c *Credential) document(own []Service) documentCredential {
	d := documentCredential{ID: c.ID, Name: line(c.Name), IntegrationType: c.IntegrationType()}
	secrets, last := make([]string, 0, len(c.Secrets)), ""
	for _, s := range c.Secrets {
		last = s.Value.Reveal()
		secrets = append(secrets, last)
	}
	scopes, metascopes := c.Scopes(own)
	if c.Kind == ServiceAccountJWT {
		d.JWT = &documentJWT{c.ClientID, last, c.TechnicalAccount.Email, c.TechnicalAccount.ID, metascopes}
	}
	switch {
	case c.Kind == OAuthServerToServer || c.Migration.State == MigrationStarted:
		d.ServerToServer = &documentServer{c.ClientID, secrets, c.TechnicalAccount.Email, c.TechnicalAccount.ID, scopes}
	case c.Kind == APIKey:
		d.APIKey = &documentKey{c.ClientID}
	case c.Kind.Redirects():
		d.OAuth2 = &documentOAuth2{ClientID: c.ClientID, RedirectURI: c.Redirect.Patterns, DefaultRedirectURI: c.Redirect.Default}
		if d.OAuth2.RedirectURI == nil {
			d.OAuth2.RedirectURI = []string{}
		}
		if c.Kind != OAuthSinglePageApp { // the schema asks a native app for one, which is public and has none
			d.OAuth2.ClientSecret = &last
		}
	}
	return d
}

// Scopes gives the scopes and metascopes of all services that the credential is subscribed to, the kind's base scopes
// first. own are the organization's own services.
func (c *Credential) Scopes(own []Service) (scopes, metascopes []string) {
	scopes, metascopes = c.Kind.BaseScopes(), []string{}
	for _, s := range c.Services {
		if service, ok := lookup(own, s.Service); ok {
			scopes, metascopes = union(scopes, service.Scopes), union(metascopes, service.Metascopes)
		}
	}
	return scopes, metascopes
}
