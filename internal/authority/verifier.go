package authority

import (
	"context"
	"errors"
	"slices"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// ErrNotSubscribed says that a token is good, and its client not subscribed to the Latchkey API.
var ErrNotSubscribed = errors.New("the credential is not subscribed to the Latchkey API")

// wide is the scope that stands for reading, where a token names no other of ours.
const wide = "latchkey_api"

// Caller tells who calls our own API with an access token: its client must be there, enabled and subscribed to the Latchkey
// API, and the token for us where it names an audience. Its rights are the token's scopes that are ours; latchkey_api alone
// gives the right to read.
func (s *Server) Caller(ctx context.Context, text string) (access.Caller, error) {
	token, err := s.check(text)
	if err != nil {
		return access.Caller{}, err
	}
	if !s.forUs(token) {
		return access.Caller{}, errAudience
	}
	client, err := s.config.Clients.Client(ctx, token.ClientID)
	if err != nil {
		return access.Caller{}, err
	}
	if !client.Enabled {
		return access.Caller{}, errors.New("the client is disabled")
	}
	if client.Subscribed(project.LatchkeyAPI) == nil {
		return access.Caller{}, ErrNotSubscribed
	}
	var scopes access.Scopes
	for _, scope := range access.AllScopes() {
		if slices.Contains(token.Scopes, string(scope)) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 && slices.Contains(token.Scopes, wide) {
		scopes = access.Scopes{access.TokensRead, access.ConnectionsRead, access.DefinitionsRead, access.RegistryRead}
	}
	if token.ofPerson() {
		return s.person(ctx, token, scopes)
	}
	return access.Caller{
		ID: client.ClientID, Name: client.Name, Organization: client.Organization, Scopes: scopes, User: token.UserID,
	}, nil
}

// Holder tells whose access token one is, for whoever stands in for a service that takes tokens of this authority: the client that
// it was given to, which is there and enabled, and the account that it is for.
func (s *Server) Holder(ctx context.Context, text string) (client *project.Client, user string, err error) {
	token, err := s.check(text)
	if err != nil {
		return nil, "", err
	}
	if client, err = s.config.Clients.Client(ctx, token.ClientID); err != nil {
		return nil, "", err
	}
	if !client.Enabled {
		return nil, "", errors.New("the client is disabled")
	}
	return client, token.UserID, nil
}

// person tells who calls with a person's token: no more than the person may do, and than the token is for.
func (s *Server) person(ctx context.Context, token *Token, scopes access.Scopes) (access.Caller, error) {
	if s.config.People == nil {
		return access.Caller{}, ErrNoPerson
	}
	person, err := s.config.People(ctx, token.UserID)
	if err != nil {
		return access.Caller{}, err
	}
	caller := person.Rights
	caller.Scopes = slices.DeleteFunc(scopes, func(scope access.Scope) bool { return !person.Rights.Scopes.Has(scope) })
	return caller, nil
}
