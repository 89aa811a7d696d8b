package project

import (
	"crypto/x509"
	"regexp"
	"slices"
)

// newClient resolves a credential to what an authorization server needs of it. A service or a certificate that is gone
// or can't be read is left out.
func newClient(c Credential, own []Service) *Client {
	client := &Client{
		ClientID: c.ClientID, Name: c.Name, Organization: c.Organization, Project: c.Project, Workspace: c.Workspace, Credential: c.ID,
		Kind: c.Kind, Enabled: c.Enabled, TechnicalAccount: c.TechnicalAccount, Migration: c.Migration.State,
		Redirect: NewClientRedirect(c.Kind, c.Redirect), Scopes: c.Kind.BaseScopes(),
	}
	for _, s := range c.Secrets {
		client.Secrets = append(client.Secrets, ClientSecret{s.UUID, s.Hash})
	}
	for _, b := range c.Bindings {
		if certificate, err := x509.ParseCertificate(b.Certificate); err == nil {
			client.Bindings = append(client.Bindings, ClientBinding{
				ID: b.ID, SHA1: b.SHA1, SHA256: b.SHA256, NotBefore: b.NotBefore, NotAfter: b.NotAfter,
				PublicKey: certificate.PublicKey, RequireJTI: b.RequireJTI,
			})
		}
	}
	for _, s := range c.Services {
		service, ok := lookup(own, s.Service)
		if !ok {
			continue
		}
		client.Services = append(client.Services, ClientService{service.Code, service.Scopes, service.Metascopes, s.Profiles})
		client.Scopes = union(client.Scopes, service.Scopes)
		if c.Kind == ServiceAccountJWT {
			client.Metascopes = union(client.Metascopes, service.Metascopes)
		}
	}
	return client
}

func union(all, more []string) []string {
	for _, one := range more {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// compilePattern makes an expression that has to match the whole of a URI.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}
