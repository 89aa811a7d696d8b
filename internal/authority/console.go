package authority

import (
	"context"
	"errors"
	"slices"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// The scopes of the I/O Management API, which the Developer Console's REST API asks for.
const (
	consoleScope = "adobeio_api"
	secretsScope = "manage_client_secrets"
)

// ConsoleCaller tells who calls the Developer Console's REST API with an access token. One for the Latchkey API counts there
// as it does on our own. One of a credential that is subscribed to the I/O Management API may look; with the scope
// manage_client_secrets it is a Developer of the product profiles that the credential has: of no more than whoever made
// it, for any developer may subscribe one. A person's token is good for what the person may do; one by which a service acts
// for another looks.
func (s *Server) ConsoleCaller(ctx context.Context, text string) (access.Caller, error) {
	own, refused := s.Caller(ctx, text)
	// Of a client that is subscribed to both, a token that was asked for with this API's scopes alone counts by those.
	if refused == nil && len(own.Scopes) > 0 || refused != nil && !errors.Is(refused, ErrNotSubscribed) {
		return own, refused
	}
	token, err := s.check(text)
	if err != nil {
		return access.Caller{}, err
	}
	client, err := s.config.Clients.Client(ctx, token.ClientID)
	if err != nil {
		return access.Caller{}, err
	}
	if client.Subscribed(project.IOManagementAPI) == nil || !slices.Contains(token.Scopes, consoleScope) {
		return own, refused
	}
	writes := slices.Contains(token.Scopes, secretsScope)
	if token.ofPerson() {
		scopes := access.Scopes{access.RegistryRead}
		if writes {
			scopes = access.Scopes{access.RegistryRead, access.RegistryWrite}
		}
		return s.person(ctx, token, scopes)
	}
	caller := access.Caller{
		ID: client.ClientID, Name: client.Name, Organization: client.Organization, User: token.UserID, Role: access.Viewer, Scopes: access.Scopes{access.RegistryRead},
	}
	if writes && token.UserID == client.TechnicalAccount.ID { // for another it looks: the profiles are this client's
		caller.Role, caller.Scopes = access.Developer, access.Scopes{access.RegistryWrite}
		for _, service := range client.Services {
			for _, attached := range service.Profiles {
				caller.Profiles = append(caller.Profiles, attached.Profile)
			}
		}
	}
	return caller, nil
}
