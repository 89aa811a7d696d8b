package project

import (
	"crypto"
	"net/url"
	"regexp"
	"slices"
	"strings"
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
	// origins are those of the default and of the patterns.
	origins []string
	// anyPort are those of a native client on the person's own machine: it listens at whatever port is free (RFC 8252 §7.3).
	anyPort []string
}

// NewClientRedirect makes one of a default and patterns that [Projects] took; one that is no expression matches nothing.
func NewClientRedirect(kind Kind, r Redirect) ClientRedirect {
	out := ClientRedirect{Default: r.Default}
	beginnings := []string{r.Default}
	for _, pattern := range r.Patterns {
		if expression, err := compilePattern(pattern); err == nil {
			out.patterns = append(out.patterns, expression)
			beginning, whole, _ := plainBeginning(pattern)
			beginnings = append(beginnings, beginning)
			if whole && kind == OAuthNativeApp {
				out.anyPort = append(out.anyPort, beginning)
			}
		}
	}
	if kind == OAuthNativeApp {
		out.anyPort = append(out.anyPort, r.Default)
	}
	for _, beginning := range beginnings {
		if u, err := url.Parse(beginning); err == nil && u.Host != "" {
			out.origins = union(out.origins, []string{u.Scheme + "://" + u.Host})
		}
	}
	return out
}

// Allows tells whether a redirect URI is the default, or matches a pattern from its first character to its last. None has a
// fragment (RFC 6749 §3.1.2), nor what browsers read otherwise than we do.
func (r ClientRedirect) Allows(uri string) bool {
	if uri == "" || strings.ContainsAny(uri, "#\\") || strings.ContainsFunc(uri, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return false
	}
	if u, err := url.Parse(uri); err != nil || u.User != nil {
		return false
	}
	return uri == r.Default || slices.ContainsFunc(r.anyPort, func(known string) bool { return sameButPort(uri, known) }) ||
		slices.ContainsFunc(r.patterns, func(p *regexp.Regexp) bool { return p.MatchString(uri) })
}

// AllowsOrigin tells whether scripts of an origin belong to the client.
func (r ClientRedirect) AllowsOrigin(origin string) bool {
	return origin != "" && slices.Contains(r.origins, origin)
}

// sameButPort compares addresses on the person's own machine.
func sameButPort(uri, with string) bool {
	a, err := url.Parse(uri)
	b, err2 := url.Parse(with)
	if err != nil || err2 != nil || a.Scheme != "http" || !isLoopback(a.Hostname()) || a.Hostname() != b.Hostname() {
		return false
	}
	a.Host, b.Host = "", ""
	return a.String() == b.String()
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

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
