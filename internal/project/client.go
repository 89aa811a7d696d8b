package project

import (
	"crypto"
	"regexp"
	"slices"
	"time"
)

// Client is a credential as an authorization server uses it. It is shared, and MUST NOT be changed.
type Client struct {
	ClientID, Name                               string
	Organization, Project, Workspace, Credential string
	Kind                                         Kind
	// Enabled is false for a client that gets no tokens.
	Enabled          bool
	TechnicalAccount TechnicalAccount
	Secrets          []ClientSecret
	Bindings         []ClientBinding
	Services         []ClientService
	// Scopes and Metascopes are those of all its services; Scopes have the kind's base scopes before them.
	Scopes, Metascopes []string
	Redirect           ClientRedirect
	Migration          MigrationState
}

// ClientSecret is a secret that can be checked, by [Clients.CheckSecret].
type ClientSecret struct {
	UUID string
	hash [32]byte
}

// ClientBinding is a certificate whose key may sign assertions.
type ClientBinding struct {
	ID           string
	SHA1, SHA256 string
	// An assertion signed before NotBefore or after NotAfter counts for nothing.
	NotBefore, NotAfter time.Time
	PublicKey           crypto.PublicKey
	RequireJTI          bool
}

// ClientService is a service that the client may call.
type ClientService struct {
	Code               string
	Scopes, Metascopes []string
	Profiles           []Attachment
}

// ClientRedirect is where a browser may come back to.
type ClientRedirect struct {
	Default  string
	patterns []*regexp.Regexp
}

// Allows tells whether a redirect URI is the default, or matches a pattern from its first character to its last.
func (r ClientRedirect) Allows(uri string) bool {
	return uri != "" && (uri == r.Default || slices.ContainsFunc(r.patterns, func(p *regexp.Regexp) bool { return p.MatchString(uri) }))
}

// ExchangesJWT tells whether the client may exchange signed assertions: of its kind, until a migration is finished.
func (c *Client) ExchangesJWT() bool { return c.Kind == ServiceAccountJWT }

// GrantsCredentials tells whether the client may use the client_credentials grant: of its kind, or while it migrates.
func (c *Client) GrantsCredentials() bool {
	return c.Kind == OAuthServerToServer || c.Kind == ServiceAccountJWT && c.Migration == MigrationStarted
}

// Subscribed gives the client's subscription to a service, nil when it has none.
func (c *Client) Subscribed(service string) *ClientService {
	i := slices.IndexFunc(c.Services, func(s ClientService) bool { return s.Code == service })
	if i < 0 {
		return nil
	}
	return &c.Services[i]
}
