package api

import (
	"time"

	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// Credential is what a system calls services with.
type Credential struct {
	ID               string               `json:"id" doc:"19 digits." example:"4566206088344958807"`
	Name             string               `json:"name" doc:"Unique in the organization." example:"moviestar-target"`
	Description      string               `json:"description"`
	Kind             string               `json:"kind" enum:"service_account_jwt,oauth_server_to_server,oauth_web_app,oauth_single_page_app,oauth_native_app,api_key" example:"oauth_server_to_server"`
	ClientID         string               `json:"client_id" doc:"The API key." example:"e053e1a87cf74c68a6ec8e71d4a82662"`
	Organization     string               `json:"organization" example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Project          string               `json:"project" example:"4566206088344958295"`
	Workspace        string               `json:"workspace" example:"4566206088344958551"`
	Enabled          bool                 `json:"enabled" doc:"False while it gets no tokens."`
	TechnicalAccount *TechnicalAccount    `json:"technical_account" doc:"Whom it acts as; null for kinds that act for a person."`
	Redirect         *Redirect            `json:"redirect" doc:"Where browsers come back to; null for kinds without."`
	Services         []Subscription       `json:"services" nullable:"false"`
	Scopes           []string             `json:"scopes" nullable:"false" doc:"All that it may ask for by OAuth."`
	Metascopes       []string             `json:"metascopes" nullable:"false" doc:"All that it may ask for in a JWT."`
	Secrets          []ClientSecret       `json:"secrets" nullable:"false" doc:"At most two, the oldest first; their values are had by /secrets/reveal."`
	Certificates     []CertificateBinding `json:"certificates" nullable:"false" doc:"The oldest first."`
	Migration        CredentialMigration  `json:"migration"`
	CreatedBy        string               `json:"created_by"`
	CreatedAt        time.Time            `json:"created_at"`
	UpdatedBy        string               `json:"updated_by"`
	UpdatedAt        time.Time            `json:"updated_at"`
}

// TechnicalAccount is whom an enterprise credential acts as.
type TechnicalAccount struct {
	ID    string `json:"id" example:"D8E157165FC0EAE10A495E8C@techacct.adobe.com"`
	Email string `json:"email" example:"c9adf360-3840-41b2-ade3-efc09df14811@techacct.adobe.com"`
}

// Redirect is where a browser may come back to.
type Redirect struct {
	Default  string   `json:"default" doc:"The URI for requests that name none." example:"https://www.example.com/callback"`
	Patterns []string `json:"patterns,omitempty" doc:"Regular expressions, of which one has to match the whole URI." example:"[\"https://www\\\\.example\\\\.com/.*\"]"`
}

// Subscription is a service that a credential may call.
type Subscription struct {
	Service  string            `json:"service" doc:"Its code." example:"AdobeTargetSDK"`
	Profiles []AttachedProfile `json:"profiles" nullable:"false"`
}

// AttachedProfile is a product profile on a credential.
type AttachedProfile struct {
	ID   string  `json:"id" example:"419584532"`
	Role *string `json:"role" doc:"The credential's product role in it; null where the service has none." example:"observer"`
}

// ClientSecret is a client secret without its value.
type ClientSecret struct {
	UUID       string     `json:"uuid" doc:"32 hexadecimal digits." example:"11ede8ab42f138f3abe335d886a407fb"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"Exact to some seconds."`
	Uses       []ProofUse `json:"uses" nullable:"false" doc:"The last use from each place, the latest first."`
}

// ClientSecretValue is a client secret with its value.
type ClientSecretValue struct {
	UUID      string    `json:"uuid" example:"11ede8ab42f138f3abe335d886a407fb"`
	Value     string    `json:"client_secret" example:"p8e-…"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

// CertificateBinding is a certificate whose key may sign for the credential.
type CertificateBinding struct {
	ID         string     `json:"id" doc:"32 hexadecimal digits." example:"9f0c6d5b4a3928170f1e2d3c4b5a6978"`
	SHA1       string     `json:"sha1" doc:"The fingerprint, as the vendor's console writes it." example:"d71ab3fb6bba0c2f5de0ff2b1f0f4fb7e0d7b39a"`
	SHA256     string     `json:"sha256"`
	PEM        string     `json:"pem" doc:"The certificate itself."`
	Key        string     `json:"key" doc:"The kind of its key." example:"RSA 2048"`
	PublicKey  string     `json:"public_key_sha256" doc:"SHA-256 of its public key (SubjectPublicKeyInfo): tells whether a private key belongs to it." example:"9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de"`
	NotBefore  time.Time  `json:"not_before"`
	NotAfter   time.Time  `json:"not_after"`
	RequireJTI bool       `json:"require_jti" doc:"Assertions need a jti, each a new one."`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"Exact to some seconds."`
	Uses       []ProofUse `json:"uses" nullable:"false" doc:"The last use from each place, the latest first."`
}

// ProofUse is the last use of a secret or certificate from one place.
type ProofUse struct {
	Grant string    `json:"grant" doc:"exchange_jwt, or a grant type of OAuth." example:"client_credentials"`
	From  string    `json:"from" doc:"An address, and what its program calls itself." example:"192.0.2.7 curl/8.9.1"`
	At    time.Time `json:"at"`
}

// CredentialMigration is a credential's way from JWT to OAuth.
type CredentialMigration struct {
	State string     `json:"state" enum:"none,not_started,started,completed" example:"none"`
	At    *time.Time `json:"at"`
}

// own gives the organization's own services, which scopes come from.
func own(offers []project.Offer) []project.Service {
	var out []project.Service
	for _, o := range offers {
		if o.Organization != "" {
			out = append(out, o.Service)
		}
	}
	return out
}

func shownCredential(c project.Credential, services []project.Service) Credential {
	scopes, metascopes := c.Scopes(services)
	out := Credential{
		ID: c.ID, Name: c.Name, Description: c.Description, Kind: string(c.Kind), ClientID: c.ClientID, Organization: c.Organization,
		Project: c.Project, Workspace: c.Workspace, Enabled: c.Enabled, Services: mapped(c.Services, shownSubscription),
		Scopes: append([]string{}, scopes...), Metascopes: append([]string{}, metascopes...),
		Secrets: mapped(c.Secrets, shownSecret), Certificates: mapped(c.Bindings, shownBinding),
		Migration: CredentialMigration{string(c.Migration.State), stamp(c.Migration.At)},
		CreatedBy: c.CreatedBy, CreatedAt: *stamp(c.CreatedAt), UpdatedBy: c.UpdatedBy, UpdatedAt: *stamp(c.UpdatedAt),
	}
	if c.Kind.Enterprise() {
		out.TechnicalAccount = &TechnicalAccount{c.TechnicalAccount.ID, c.TechnicalAccount.Email}
	}
	if c.Kind.Redirects() {
		out.Redirect = &Redirect{c.Redirect.Default, append([]string{}, c.Redirect.Patterns...)}
	}
	return out
}

func shownSubscription(s project.Subscription) Subscription {
	return Subscription{s.Service, mapped(s.Profiles, func(a project.Attachment) AttachedProfile {
		return AttachedProfile{a.Profile, optional(string(a.Role))}
	})}
}

func shownSecret(s project.Secret) ClientSecret {
	return ClientSecret{UUID: s.UUID, CreatedBy: s.CreatedBy, CreatedAt: *stamp(s.CreatedAt), LastUsedAt: lastUse(s.Uses), Uses: mapped(s.Uses, shownUse)}
}

func shownSecretValue(s project.Secret) ClientSecretValue {
	return ClientSecretValue{s.UUID, s.Value.Reveal(), s.CreatedBy, *stamp(s.CreatedAt)}
}

func shownBinding(b project.Binding) CertificateBinding {
	kind, public, pem := "", "", ""
	if c, err := keypair.ParseCertificate(b.Certificate); err == nil {
		kind, public, pem = c.Kind, c.PublicHash(), string(c.PEM())
	}
	return CertificateBinding{
		Key: kind, PublicKey: public, PEM: pem, ID: b.ID, SHA1: b.SHA1, SHA256: b.SHA256, NotBefore: *stamp(b.NotBefore), NotAfter: *stamp(b.NotAfter), RequireJTI: b.RequireJTI,
		CreatedBy: b.CreatedBy, CreatedAt: *stamp(b.CreatedAt), LastUsedAt: lastUse(b.Uses), Uses: mapped(b.Uses, shownUse),
	}
}

func shownUse(u project.Usage) ProofUse {
	return ProofUse{u.Grant, u.From, u.At.UTC().Truncate(time.Millisecond)}
}

func lastUse(uses []project.Usage) *time.Time {
	var last time.Time
	for _, u := range uses {
		if u.At.After(last) {
			last = u.At
		}
	}
	return stamp(last)
}
