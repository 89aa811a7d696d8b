package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Service is an API that credentials subscribe to, as it stands for the key.
type Service struct {
	Code        string `json:"code"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Own says that the organization declared it.
	Own      bool `json:"own"`
	Entitled bool `json:"entitled"`
	// Open says that every organization may use it, without an entitlement of its own.
	Open bool `json:"open"`
	// Available says that it can be added to a credential; Reasons say why it can't.
	Available bool `json:"available"`
	Reasons   []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"reasons"`
	Scopes     []string `json:"scopes"`
	Metascopes []string `json:"metascopes"`
	Kinds      []string `json:"kinds"`
	Profiles   []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"profiles"`
	HasProfiles  bool     `json:"has_profiles"`
	ProductRoles []string `json:"product_roles"`
	AdminOnly    bool     `json:"admin_only"`
	Deprecated   bool     `json:"deprecated"`
	DocsURL      string   `json:"docs_url"`

	Answer
}

// NewService declares a service of the organization's own.
type NewService struct {
	Code         string   `json:"code"`
	Name         string   `json:"name"`
	Description  string   `json:"description,omitempty"`
	Scopes       []string `json:"scopes,omitempty"`
	Metascopes   []string `json:"metascopes,omitempty"`
	HasProfiles  bool     `json:"has_profiles,omitempty"`
	ProductRoles bool     `json:"product_roles,omitempty"`
	Kinds        []string `json:"kinds,omitempty"`
	AdminOnly    bool     `json:"admin_only,omitempty"`
	Deprecated   bool     `json:"deprecated,omitempty"`
	DocsURL      string   `json:"docs_url,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// Profile is a product profile.
type Profile struct {
	ID          string    `json:"id"`
	Service     string    `json:"service"`
	ProductID   string    `json:"product_id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"created_at"`

	Answer
}

// NewProfile is what a product profile is made of.
type NewProfile struct {
	Service     string `json:"service"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// ProfilePatch is what to change of a product profile; nil members stay as they are.
type ProfilePatch struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

// Services lists services, those too that can't be added.
func (c *Client) Services(ctx context.Context) iter.Seq2[Service, error] {
	return list[Service](ctx, c, "/services", nil)
}

// Service gives one by its code.
func (c *Client) Service(ctx context.Context, code string) (Service, error) {
	return get[Service](ctx, c, "/services/"+segment(code))
}

// DeclareService adds a service of the organization's own.
func (c *Client) DeclareService(ctx context.Context, input NewService) (Service, error) {
	return create[Service](ctx, c, "/services", input.IdempotencyKey, input)
}

// RedeclareService replaces one.
func (c *Client) RedeclareService(ctx context.Context, input NewService) (Service, error) {
	return change[Service](ctx, c, http.MethodPut, "/services/"+segment(input.Code), input)
}

// WithdrawService deletes a service of the organization's own.
func (c *Client) WithdrawService(ctx context.Context, code string) error {
	return c.remove(ctx, "/services/"+segment(code))
}

// Entitle lets the organization use a service.
func (c *Client) Entitle(ctx context.Context, code string) (Service, error) {
	return change[Service](ctx, c, http.MethodPut, "/services/"+segment(code)+"/entitlement", nil)
}

// EndEntitlement takes a service from the organization.
func (c *Client) EndEntitlement(ctx context.Context, code string) error {
	return c.remove(ctx, "/services/"+segment(code)+"/entitlement")
}

// Profiles lists product profiles, of one service when it is not "".
func (c *Client) Profiles(ctx context.Context, service string) iter.Seq2[Profile, error] {
	return list[Profile](ctx, c, "/profiles", url.Values{"service": {service}})
}

// Profile gives one by its id.
func (c *Client) Profile(ctx context.Context, id string) (Profile, error) {
	return get[Profile](ctx, c, "/profiles/"+segment(id))
}

// CreateProfile makes a product profile.
func (c *Client) CreateProfile(ctx context.Context, input NewProfile) (Profile, error) {
	return create[Profile](ctx, c, "/profiles", input.IdempotencyKey, input)
}

// UpdateProfile changes a product profile.
func (c *Client) UpdateProfile(ctx context.Context, id string, patch ProfilePatch) (Profile, error) {
	return change[Profile](ctx, c, http.MethodPatch, "/profiles/"+segment(id), patch)
}

// DeleteProfile deletes a product profile that no credential has.
func (c *Client) DeleteProfile(ctx context.Context, id string) error {
	return c.remove(ctx, "/profiles/"+segment(id))
}
