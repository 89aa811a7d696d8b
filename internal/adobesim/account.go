package adobesim

import (
	"context"
	"slices"

	"latchkey/internal/project"
)

// Verifier tells whose access token a text is.
type Verifier func(ctx context.Context, token string) (Account, error)

// Account is whose token one is, with what its client is subscribed to.
type Account struct {
	// ClientID is the API key, User the subject, Organization the IMS id.
	ClientID, User, Organization string
	// Name and Email are shown in Analytics.
	Name, Email string
	Services    []project.ClientService
}

// AccountOf makes an account of a credential; user is whom the token is for.
func AccountOf(client *project.Client, user string) Account {
	return Account{
		ClientID: client.ClientID, User: user, Organization: client.Organization, Name: client.Name, Email: client.TechnicalAccount.Email,
		Services: client.Services,
	}
}

// service gives a subscription; nil without.
func (a *Account) service(code string) *project.ClientService {
	i := slices.IndexFunc(a.Services, func(s project.ClientService) bool { return s.Code == code })
	if i < 0 {
		return nil
	}
	return &a.Services[i]
}

// sees tells whether a workspace is one of the account's product profiles of Target. "" is the Default Workspace, which everybody has.
func (a *Account) sees(workspace string) bool {
	return workspace == "" || slices.ContainsFunc(a.profiles(), func(p project.Attachment) bool { return p.Profile == workspace })
}

// writes tells whether the account may write to a workspace: as Editor or Approver there, or anywhere for the default one.
func (a *Account) writes(workspace string) bool {
	return slices.ContainsFunc(a.profiles(), func(p project.Attachment) bool {
		return (workspace == "" || p.Profile == workspace) && (p.Role == project.Editor || p.Role == project.Approver)
	})
}

func (a *Account) profiles() []project.Attachment {
	if s := a.service(project.Target); s != nil {
		return s.Profiles
	}
	return nil
}
