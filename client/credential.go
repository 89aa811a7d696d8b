package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Credential is what a system calls services with.
type Credential struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Description  string `json:"description"`
	Kind         string `json:"kind"`
	ClientID     string `json:"client_id"`
	Organization string `json:"organization"`
	Project      string `json:"project"`
	Workspace    string `json:"workspace"`
	Enabled      bool   `json:"enabled"`
	// TechnicalAccount is nil for kinds that act for a person.
	TechnicalAccount *TechnicalAccount `json:"technical_account"`
	// Redirect is nil for kinds without.
	Redirect     *Redirect            `json:"redirect"`
	Services     []Subscription       `json:"services"`
	Scopes       []string             `json:"scopes"`
	Metascopes   []string             `json:"metascopes"`
	Secrets      []CredentialSecret   `json:"secrets"`
	Certificates []CertificateBinding `json:"certificates"`
	Migration    struct {
		State string    `json:"state"`
		At    time.Time `json:"at"`
	} `json:"migration"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	Answer
}

// CreatedCredential is a credential with what is shown once; [Answer.JSON] holds it too.
type CreatedCredential struct {
	Credential
	ClientSecret Secret `json:"client_secret"`
}

// TechnicalAccount is whom a credential acts as.
type TechnicalAccount struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// Redirect is where a browser may come back to.
type Redirect struct {
	Default  string   `json:"default"`
	Patterns []string `json:"patterns,omitempty"`
}

// Subscription is a service that a credential may call.
type Subscription struct {
	Service  string `json:"service"`
	Profiles []struct {
		ID   string `json:"id"`
		Role string `json:"role"`
	} `json:"profiles"`
}

// SubscriptionRequest asks for a service.
type SubscriptionRequest struct {
	Service  string   `json:"service"`
	Profiles []string `json:"profiles,omitempty"`
}

// ProofUse is the last use of a secret or certificate from one place.
type ProofUse struct {
	Grant string    `json:"grant"`
	From  string    `json:"from"`
	At    time.Time `json:"at"`
}

// CredentialSecret is a client secret; its Value is empty but in the answers of CreateClientSecret and ClientSecretValues.
type CredentialSecret struct {
	UUID       string     `json:"uuid"`
	Value      Secret     `json:"client_secret"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt time.Time  `json:"last_used_at"`
	Uses       []ProofUse `json:"uses"`

	Answer
}

// CertificateBinding is a certificate whose key may sign for the credential.
type CertificateBinding struct {
	ID     string `json:"id"`
	SHA1   string `json:"sha1"`
	SHA256 string `json:"sha256"`
	PEM    string `json:"pem"`
	// Key is the kind of its key, PublicKey the SHA-256 of the public key: a private key that has the same belongs to it.
	Key        string     `json:"key"`
	PublicKey  string     `json:"public_key_sha256"`
	NotBefore  time.Time  `json:"not_before"`
	NotAfter   time.Time  `json:"not_after"`
	RequireJTI bool       `json:"require_jti"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt time.Time  `json:"last_used_at"`
	Uses       []ProofUse `json:"uses"`

	Answer
}

// NewCredential is what a credential is made of.
type NewCredential struct {
	Project     string                `json:"project,omitempty"`
	Workspace   string                `json:"workspace,omitempty"`
	Name        string                `json:"name"`
	Description string                `json:"description,omitempty"`
	Kind        string                `json:"kind"`
	Certificate string                `json:"certificate,omitempty"`
	RequireJTI  bool                  `json:"require_jti,omitempty"`
	Redirect    *Redirect             `json:"redirect,omitempty"`
	Services    []SubscriptionRequest `json:"services,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// CredentialPatch is what to change of a credential; nil members stay as they are.
type CredentialPatch struct {
	Name        *string   `json:"name,omitempty"`
	Description *string   `json:"description,omitempty"`
	Enabled     *bool     `json:"enabled,omitempty"`
	Redirect    *Redirect `json:"redirect,omitempty"`
}

// CredentialFilter narrows a list; the zero value lists all.
type CredentialFilter struct{ Project, Workspace, Kind, Service, Profile string }

// MigrationStatus says how far a credential is on its way from JWT to OAuth.
type MigrationStatus struct {
	State string    `json:"state"`
	At    time.Time `json:"at"`
	// JWT and OAuth are the last uses of each way, from each place.
	JWT   []ProofUse `json:"jwt"`
	OAuth []ProofUse `json:"oauth"`
	// Obstacle says why it can't be finished now.
	Obstacle string `json:"obstacle"`

	Answer
}

func credential(ref string, more ...string) string {
	path := "/credentials/" + segment(ref)
	for _, m := range more {
		path += "/" + m
	}
	return path
}

// Credentials lists credentials.
func (c *Client) Credentials(ctx context.Context, f CredentialFilter) iter.Seq2[Credential, error] {
	return list[Credential](ctx, c, "/credentials", url.Values{
		"project": {f.Project}, "workspace": {f.Workspace}, "kind": {f.Kind}, "service": {f.Service}, "profile": {f.Profile},
	})
}

// Credential gives one by its id, client id or name.
func (c *Client) Credential(ctx context.Context, ref string) (Credential, error) {
	return get[Credential](ctx, c, credential(ref))
}

// CreateCredential makes a credential.
func (c *Client) CreateCredential(ctx context.Context, input NewCredential) (CreatedCredential, error) {
	return create[CreatedCredential](ctx, c, "/credentials", input.IdempotencyKey, input)
}

// UpdateCredential changes a credential.
func (c *Client) UpdateCredential(ctx context.Context, ref string, patch CredentialPatch) (Credential, error) {
	return change[Credential](ctx, c, http.MethodPatch, credential(ref), patch)
}

// DeleteCredential deletes a credential.
func (c *Client) DeleteCredential(ctx context.Context, ref string) error {
	return c.remove(ctx, credential(ref))
}

// ClientSecrets lists a credential's secrets without their values, the oldest first.
func (c *Client) ClientSecrets(ctx context.Context, ref string) iter.Seq2[CredentialSecret, error] {
	return list[CredentialSecret](ctx, c, credential(ref, "secrets"), nil)
}

// Certificates lists a credential's certificates, the oldest first.
func (c *Client) Certificates(ctx context.Context, ref string) iter.Seq2[CertificateBinding, error] {
	return list[CertificateBinding](ctx, c, credential(ref, "certificates"), nil)
}

// CreateClientSecret adds a client secret; the value is in the answer.
func (c *Client) CreateClientSecret(ctx context.Context, ref string) (CredentialSecret, error) {
	return create[CredentialSecret](ctx, c, credential(ref, "secrets"), "", nil)
}

// ClientSecretValues gives a credential's secrets with their values. It is recorded who got them.
func (c *Client) ClientSecretValues(ctx context.Context, ref string) ([]CredentialSecret, error) {
	page, err := change[struct{ Items []CredentialSecret }](ctx, c, http.MethodPost, credential(ref, "secrets", "reveal"), nil)
	return page.Items, err
}

// DeleteClientSecret ends a client secret at once.
func (c *Client) DeleteClientSecret(ctx context.Context, ref, uuid string) error {
	return c.remove(ctx, credential(ref, "secrets", segment(uuid)))
}

// AddCertificate binds one more certificate.
func (c *Client) AddCertificate(ctx context.Context, ref, certificate string, requireJTI bool) (CertificateBinding, error) {
	return change[CertificateBinding](ctx, c, http.MethodPost, credential(ref, "certificates"),
		map[string]any{"certificate": certificate, "require_jti": requireJTI})
}

// DeleteCertificate ends a certificate, by its id or a fingerprint, at once.
func (c *Client) DeleteCertificate(ctx context.Context, ref, id string) error {
	return c.remove(ctx, credential(ref, "certificates", segment(id)))
}

// Subscribe adds a service to a credential, or gives a subscription other product profiles.
func (c *Client) Subscribe(ctx context.Context, ref string, ask SubscriptionRequest) (Credential, error) {
	return change[Credential](ctx, c, http.MethodPut, credential(ref, "services", segment(ask.Service)), map[string]any{"profiles": ask.Profiles})
}

// SetSubscriptions gives a credential exactly these services.
func (c *Client) SetSubscriptions(ctx context.Context, ref string, asks []SubscriptionRequest) (Credential, error) {
	if asks == nil {
		asks = []SubscriptionRequest{}
	}
	return change[Credential](ctx, c, http.MethodPut, credential(ref, "services"), map[string]any{"services": asks})
}

// AddedService is a credential that has the services that were added to a workspace.
type AddedService struct {
	// Created says that it was made for them.
	Created    bool              `json:"created"`
	Credential CreatedCredential `json:"credential"`

	Answer
}

// AddServices adds services to a workspace as the console does: its credential of the kind gets them. Only when there is none,
// one is made of the input, whose Project and Workspace are not used.
func (c *Client) AddServices(ctx context.Context, project, workspace string, input NewCredential) (AddedService, error) {
	input.Project, input.Workspace = "", ""
	return change[AddedService](ctx, c, http.MethodPost, "/projects/"+segment(project)+"/workspaces/"+segment(workspace)+"/services", input)
}

// Unsubscribe takes a service from a credential.
func (c *Client) Unsubscribe(ctx context.Context, ref, service string) error {
	return c.remove(ctx, credential(ref, "services", segment(service)))
}

// SetProductRole sets a credential's product role in a product profile; "" means all of the service.
func (c *Client) SetProductRole(ctx context.Context, ref, service, profile, role string) (Credential, error) {
	body := map[string]string{"role": role}
	if profile != "" {
		body["profile"] = profile
	}
	return change[Credential](ctx, c, http.MethodPut, credential(ref, "services", segment(service), "role"), body)
}

// Migration tells how far a credential's migration is.
func (c *Client) Migration(ctx context.Context, ref string) (MigrationStatus, error) {
	return get[MigrationStatus](ctx, c, credential(ref, "migration"))
}

// StartMigration lets a JWT credential take client credentials too.
func (c *Client) StartMigration(ctx context.Context, ref string) (MigrationStatus, error) {
	return change[MigrationStatus](ctx, c, http.MethodPost, credential(ref, "migration"), nil)
}

// FinishMigration ends a credential's certificates. It can't be undone.
func (c *Client) FinishMigration(ctx context.Context, ref string) (MigrationStatus, error) {
	return change[MigrationStatus](ctx, c, http.MethodPost, credential(ref, "migration", "finish"), nil)
}

// CancelMigration puts a credential back to JWT alone.
func (c *Client) CancelMigration(ctx context.Context, ref string) error {
	return c.remove(ctx, credential(ref, "migration"))
}

// RetireClientSecret ends a client secret that a newer one has taken the place of; else it fails, and names the places
// that still use it.
func (c *Client) RetireClientSecret(ctx context.Context, ref, uuid string) error {
	return c.retire(ctx, credential(ref, "secrets", segment(uuid)))
}

// RetireCertificate does the same with a certificate.
func (c *Client) RetireCertificate(ctx context.Context, ref, id string) error {
	return c.retire(ctx, credential(ref, "certificates", segment(id)))
}

func (c *Client) retire(ctx context.Context, path string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: path, query: url.Values{"retire": {"true"}}}, nil)
	return err
}
