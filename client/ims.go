package client

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// IMSConfiguration is an IMS configuration, as AEM has them.
type IMSConfiguration struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Solution string `json:"solution"`
	// Type is "jwt" or "oauth"; State "draft", "ready" or "connected".
	Type  string `json:"type"`
	State string `json:"state"`
	// Missing are the values that a draft lacks.
	Missing []string `json:"missing"`
	Server  string   `json:"authorization_server"`
	APIKey  string   `json:"api_key"`
	// ClientSecret is a mask; "" where there is none.
	ClientSecret     string   `json:"client_secret"`
	OrganizationID   string   `json:"organization_id"`
	TechnicalAccount string   `json:"technical_account"`
	Metascopes       []string `json:"metascopes"`
	Scopes           []string `json:"scopes"`
	KeyAlias         string   `json:"key_alias"`
	Sandbox          string   `json:"sandbox"`
	// Connection holds its token; "" before the first.
	Connection string `json:"connection"`
	// Migration is one to OAuth that is not through; nil without one.
	Migration *IMSMigration `json:"migration"`
	// Retired says since when the vendor does not serve the type any more; "" when it does.
	Retired string `json:"retired"`
	// Requires says which product versions can use it.
	Requires []string `json:"requires"`
	// Problems are what was noted or is doubtful about the values of a change.
	Problems  []Problem `json:"problems"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	Answer
}

// IMSMigration is a migration from JWT to OAuth under way.
type IMSMigration struct {
	Scopes []string  `json:"scopes"`
	Since  time.Time `json:"since"`
}

// IMSValues are what people enter of a configuration. Nil members stay as they are.
type IMSValues struct {
	Title        *string `json:"title,omitempty"`
	Solution     *string `json:"solution,omitempty"`
	Type         *string `json:"type,omitempty"`
	Server       *string `json:"authorization_server,omitempty"`
	APIKey       *string `json:"api_key,omitempty"`
	ClientSecret *string `json:"client_secret,omitempty"`
	// Payload is the JSON of claims as it was pasted.
	Payload          *string   `json:"payload,omitempty"`
	OrganizationID   *string   `json:"organization_id,omitempty"`
	TechnicalAccount *string   `json:"technical_account,omitempty"`
	Metascopes       *[]string `json:"metascopes,omitempty"`
	Scopes           *[]string `json:"scopes,omitempty"`
	KeyAlias         *string   `json:"key_alias,omitempty"`
}

// NewIMSConfiguration is what a configuration is made of.
type NewIMSConfiguration struct {
	// Name is made of the title when it is "".
	Name string `json:"name,omitempty"`
	IMSValues
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// IMSHealth is what Check Health has found.
type IMSHealth struct {
	Configuration string        `json:"configuration"`
	Healthy       bool          `json:"healthy"`
	Layers        []HealthLayer `json:"layers"`
	Notes         []string      `json:"notes"`
	Requires      []string      `json:"requires"`
	CheckedAt     time.Time     `json:"checked_at"`

	Answer
}

// HealthLayer is one layer: "certificate", "token", "profile" or "product".
type HealthLayer struct {
	Layer string `json:"layer"`
	// Status is "ok", "failed", "not_needed", "unchecked" or "skipped".
	Status  string `json:"status"`
	Message string `json:"message"`
	// Code, Description and HTTPStatus are the server's own words, where one answered.
	Code        string         `json:"code"`
	Description string         `json:"description"`
	HTTPStatus  int            `json:"http_status"`
	Advice      []HealthAdvice `json:"advice"`
	Warnings    []string       `json:"warnings"`
}

// HealthAdvice is a change and its place.
type HealthAdvice struct {
	Do    string `json:"do"`
	Where string `json:"where"`
}

// IMSMigrate is what a migration goes to; empty members are those that are known.
type IMSMigrate struct {
	ClientSecret string   `json:"client_secret,omitempty"`
	Scopes       []string `json:"scopes,omitempty"`
}

// IMSMigrated is how far a migration has come.
type IMSMigrated struct {
	Done bool `json:"done"`
	// Refused says why there was no token; nil when there was one.
	Refused       *HealthLayer     `json:"refused"`
	Configuration IMSConfiguration `json:"configuration"`

	Answer
}

// IMSFile is a file that is imported or exported.
type IMSFile struct {
	Name   string `json:"name"`
	Text   string `json:"text"`
	Secret bool   `json:"secret,omitempty"`
}

// IMSImport is what configurations are imported from.
type IMSImport struct {
	Files       []IMSFile `json:"files"`
	Credential  string    `json:"credential,omitempty"`
	Name        string    `json:"name,omitempty"`
	Title       string    `json:"title,omitempty"`
	Solution    string    `json:"solution,omitempty"`
	Server      string    `json:"authorization_server,omitempty"`
	KeyAlias    string    `json:"key_alias,omitempty"`
	PrivateKey  string    `json:"private_key,omitempty"`
	Passphrase  string    `json:"passphrase,omitempty"`
	Certificate string    `json:"certificate,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// IMSImported are the configurations that an import made.
type IMSImported struct {
	Items []IMSConfiguration `json:"items"`

	Answer
}

// IMSExport is a configuration as files.
type IMSExport struct {
	Files    []IMSFile `json:"files"`
	Requires []string  `json:"requires"`

	Answer
}

// IMSCertificate is one version of a key pair that IMS configurations sign with.
type IMSCertificate struct {
	ID        string    `json:"id"`
	Alias     string    `json:"alias"`
	Version   int       `json:"version"`
	Current   bool      `json:"current"`
	Subject   string    `json:"subject"`
	SHA1      string    `json:"sha1"`
	SHA256    string    `json:"sha256"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// DaysLeft is nil for a key that was imported without its certificate.
	DaysLeft  *int      `json:"days_left"`
	PEM       string    `json:"pem"`
	CreatedAt time.Time `json:"created_at"`

	Answer
}

// IMSCertificates are the versions of an alias.
type IMSCertificates struct {
	Alias    string           `json:"alias"`
	Versions []IMSCertificate `json:"versions"`

	Answer
}

// NewIMSCertificate is what a key pair is made of, or the pair itself.
type NewIMSCertificate struct {
	Alias       string `json:"alias,omitempty"`
	Days        int    `json:"days,omitempty"`
	PrivateKey  string `json:"private_key,omitempty"`
	Passphrase  string `json:"passphrase,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// IMSConfigurations lists those of a sandbox, by name.
func (c *Client) IMSConfigurations(ctx context.Context) iter.Seq2[IMSConfiguration, error] {
	return list[IMSConfiguration](ctx, c, "/ims-configurations", nil)
}

// IMSConfiguration gives one by its id or name.
func (c *Client) IMSConfiguration(ctx context.Context, ref string) (IMSConfiguration, error) {
	return get[IMSConfiguration](ctx, c, "/ims-configurations/"+segment(ref))
}

// CreateIMSConfiguration makes one. Nothing is sent to the authorization server.
func (c *Client) CreateIMSConfiguration(ctx context.Context, input NewIMSConfiguration) (IMSConfiguration, error) {
	return create[IMSConfiguration](ctx, c, "/ims-configurations", input.IdempotencyKey, input)
}

// UpdateIMSConfiguration changes one.
func (c *Client) UpdateIMSConfiguration(ctx context.Context, ref string, values IMSValues) (IMSConfiguration, error) {
	return change[IMSConfiguration](ctx, c, http.MethodPatch, "/ims-configurations/"+segment(ref), values)
}

// DeleteIMSConfiguration deletes one, with its connection.
func (c *Client) DeleteIMSConfiguration(ctx context.Context, ref string) error {
	return c.remove(ctx, "/ims-configurations/"+segment(ref))
}

// CheckIMSConfiguration is Check Health. A layer that fails is no error.
func (c *Client) CheckIMSConfiguration(ctx context.Context, ref string) (IMSHealth, error) {
	return change[IMSHealth](ctx, c, http.MethodPost, "/ims-configurations/"+segment(ref)+"/check", nil)
}

// MigrateIMSConfiguration goes from JWT to OAuth, or tries again.
func (c *Client) MigrateIMSConfiguration(ctx context.Context, ref string, input IMSMigrate) (IMSMigrated, error) {
	return change[IMSMigrated](ctx, c, http.MethodPost, "/ims-configurations/"+segment(ref)+"/migrate", input)
}

// CancelIMSMigration forgets a migration that is not through.
func (c *Client) CancelIMSMigration(ctx context.Context, ref string) (IMSConfiguration, error) {
	return change[IMSConfiguration](ctx, c, http.MethodDelete, "/ims-configurations/"+segment(ref)+"/migrate", nil)
}

// ImportIMSConfigurations makes configurations of files.
func (c *Client) ImportIMSConfigurations(ctx context.Context, input IMSImport) (IMSImported, error) {
	return create[IMSImported](ctx, c, "/ims-configurations/import", input.IdempotencyKey, input)
}

// ExportIMSConfiguration writes one as "aem", "service-credentials" or "workspace".
func (c *Client) ExportIMSConfiguration(ctx context.Context, ref, format string, secrets bool) (IMSExport, error) {
	order := struct {
		Format  string `json:"format"`
		Secrets bool   `json:"secrets,omitempty"`
	}{format, secrets}
	return change[IMSExport](ctx, c, http.MethodPost, "/ims-configurations/"+segment(ref)+"/export", order)
}

// IMSCertificates lists every version of every alias.
func (c *Client) IMSCertificates(ctx context.Context) iter.Seq2[IMSCertificate, error] {
	return list[IMSCertificate](ctx, c, "/ims-certificates", nil)
}

// IMSCertificate gives the versions of an alias.
func (c *Client) IMSCertificate(ctx context.Context, alias string) (IMSCertificates, error) {
	return get[IMSCertificates](ctx, c, "/ims-certificates/"+segment(alias))
}

// CreateIMSCertificate makes a pair under a new alias, or keeps the one that is given.
func (c *Client) CreateIMSCertificate(ctx context.Context, input NewIMSCertificate) (IMSCertificate, error) {
	return create[IMSCertificate](ctx, c, "/ims-certificates", input.IdempotencyKey, input)
}

// RotateIMSCertificate puts the next pair beside an alias's current one.
func (c *Client) RotateIMSCertificate(ctx context.Context, input NewIMSCertificate) (IMSCertificate, error) {
	alias := input.Alias
	input.Alias = ""
	return change[IMSCertificate](ctx, c, http.MethodPost, "/ims-certificates/"+segment(alias)+"/rotate", input)
}

// SwitchIMSCertificate lets a version sign, the newest with 0.
func (c *Client) SwitchIMSCertificate(ctx context.Context, alias string, version int) (IMSCertificate, error) {
	order := struct {
		Version int `json:"version,omitempty"`
	}{version}
	return change[IMSCertificate](ctx, c, http.MethodPost, "/ims-certificates/"+segment(alias)+"/switch", order)
}

// DeleteIMSCertificate removes a version, or with 0 an alias.
func (c *Client) DeleteIMSCertificate(ctx context.Context, alias string, version int) error {
	path := "/ims-certificates/" + segment(alias)
	if version != 0 {
		path += "/versions/" + strconv.Itoa(version)
	}
	return c.remove(ctx, path)
}
