package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// CloudService is a configured use of Adobe Target or Adobe Analytics.
type CloudService struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	// Kind is "target" or "analytics".
	Kind string `json:"kind"`
	// Authentication is "ims" or "credentials"; Status "draft", "ready" or "connected".
	Authentication string `json:"authentication"`
	Status         string `json:"status"`
	// Missing are the values that a draft lacks.
	Missing []string `json:"missing"`
	// Configuration is the name of the IMS configuration whose token it calls with.
	Configuration string `json:"ims_configuration"`
	// Secret is a mask; "" where there is none.
	Secret string `json:"secret"`
	// Target is there for a service of Target, Analytics for one of Analytics.
	Target    *CloudServiceTarget    `json:"target"`
	Analytics *CloudServiceAnalytics `json:"analytics"`
	// ConnectedAt is when Connect went well last; nil before.
	ConnectedAt *time.Time `json:"connected_at"`
	Notes       []string   `json:"notes"`
	// Requires says which versions of AEM can have its mode.
	Requires []string `json:"requires"`
	Sandbox  string   `json:"sandbox"`
	// Problems are what was noted or is doubtful about the values of a change.
	Problems  []Problem `json:"problems"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	Answer
}

// CloudServiceTarget are the settings of a service of Target.
type CloudServiceTarget struct {
	TenantID          string `json:"tenant_id"`
	ClientCode        string `json:"client_code"`
	Email             string `json:"email"`
	APIType           string `json:"api_type"`
	Workspace         string `json:"workspace"`
	A4T               string `json:"a4t_configuration"`
	AccurateTargeting bool   `json:"accurate_targeting"`
	SyncAudiences     bool   `json:"sync_audiences"`
	Library           string `json:"library"`
	LibraryURL        string `json:"library_url"`
	// Premium and Workspaces are there once it is connected.
	Premium    *bool                   `json:"premium"`
	Workspaces []CloudServiceWorkspace `json:"workspaces"`
}

// CloudServiceWorkspace is a workspace of Target.
type CloudServiceWorkspace struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"default"`
}

// CloudServiceAnalytics are the settings of a service of Analytics.
type CloudServiceAnalytics struct {
	Company      string   `json:"company"`
	Username     string   `json:"username"`
	DataCenter   string   `json:"data_center"`
	ReportSuites []string `json:"report_suites"`
	Segment      string   `json:"segment"`
	A4T          bool     `json:"a4t"`
	// Digest is how a request to Analytics 1.4 is signed: "" and "sha256" are the same.
	Digest   string               `json:"digest"`
	Tracking CloudServiceTracking `json:"tracking"`
	// Connected, User and Companies are there once it is connected.
	Connected string                `json:"connected_company"`
	User      string                `json:"user"`
	Companies []CloudServiceCompany `json:"companies"`
}

// CloudServiceTracking are the switches of a service of Analytics for its pages.
type CloudServiceTracking struct {
	NoTag             bool `json:"no_tracking_tag"`
	NoPageLoad        bool `json:"no_page_load_event"`
	AppMeasurement    bool `json:"app_measurement"`
	ClientContext     bool `json:"client_context"`
	AdditionalContext bool `json:"additional_context_data"`
}

// CloudServiceCompany is a company of Analytics.
type CloudServiceCompany struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// CloudServiceValues are what people enter of a service. Nil members stay as they are.
type CloudServiceValues struct {
	Title          *string                      `json:"title,omitempty"`
	Authentication *string                      `json:"authentication,omitempty"`
	Configuration  *string                      `json:"ims_configuration,omitempty"`
	Secret         *string                      `json:"secret,omitempty"`
	Target         *CloudServiceTargetValues    `json:"target,omitempty"`
	Analytics      *CloudServiceAnalyticsValues `json:"analytics,omitempty"`
}

// CloudServiceTargetValues are what people enter of a service of Target.
type CloudServiceTargetValues struct {
	TenantID          *string `json:"tenant_id,omitempty"`
	ClientCode        *string `json:"client_code,omitempty"`
	Email             *string `json:"email,omitempty"`
	APIType           *string `json:"api_type,omitempty"`
	Workspace         *string `json:"workspace,omitempty"`
	A4T               *string `json:"a4t_configuration,omitempty"`
	AccurateTargeting *bool   `json:"accurate_targeting,omitempty"`
	SyncAudiences     *bool   `json:"sync_audiences,omitempty"`
	Library           *string `json:"library,omitempty"`
	LibraryURL        *string `json:"library_url,omitempty"`
}

// CloudServiceAnalyticsValues are what people enter of a service of Analytics.
type CloudServiceAnalyticsValues struct {
	Company      *string   `json:"company,omitempty"`
	Username     *string   `json:"username,omitempty"`
	DataCenter   *string   `json:"data_center,omitempty"`
	ReportSuites *[]string `json:"report_suites,omitempty"`
	Segment      *string   `json:"segment,omitempty"`
	A4T          *bool     `json:"a4t,omitempty"`
	Digest       *string   `json:"digest,omitempty"`
	// Password is traded for the shared secret of Analytics 1.4, and kept nowhere.
	Password *string `json:"password,omitempty"`

	NoTag             *bool `json:"no_tracking_tag,omitempty"`
	NoPageLoad        *bool `json:"no_page_load_event,omitempty"`
	AppMeasurement    *bool `json:"app_measurement,omitempty"`
	ClientContext     *bool `json:"client_context,omitempty"`
	AdditionalContext *bool `json:"additional_context_data,omitempty"`
}

// NewCloudService is what a service is made of.
type NewCloudService struct {
	Kind string `json:"kind"`
	// Name is made of the title when it is "".
	Name string `json:"name,omitempty"`
	CloudServiceValues
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// CloudServiceConnection is what Connect has found.
type CloudServiceConnection struct {
	Connected bool          `json:"connected"`
	Message   string        `json:"message"`
	Layers    []HealthLayer `json:"layers"`
	Notes     []string      `json:"notes"`
	Service   CloudService  `json:"cloud_service"`
	CheckedAt time.Time     `json:"checked_at"`

	Answer
}

// CloudServices lists those of a sandbox, by name.
func (c *Client) CloudServices(ctx context.Context) iter.Seq2[CloudService, error] {
	return list[CloudService](ctx, c, "/cloud-services", nil)
}

// CloudService gives one by its id or name.
func (c *Client) CloudService(ctx context.Context, ref string) (CloudService, error) {
	return get[CloudService](ctx, c, "/cloud-services/"+segment(ref))
}

// CreateCloudService makes one. Nothing is sent to the product.
func (c *Client) CreateCloudService(ctx context.Context, input NewCloudService) (CloudService, error) {
	return create[CloudService](ctx, c, "/cloud-services", input.IdempotencyKey, input)
}

// UpdateCloudService changes one.
func (c *Client) UpdateCloudService(ctx context.Context, ref string, values CloudServiceValues) (CloudService, error) {
	return change[CloudService](ctx, c, http.MethodPatch, "/cloud-services/"+segment(ref), values)
}

// DeleteCloudService deletes one. In the product nothing is removed.
func (c *Client) DeleteCloudService(ctx context.Context, ref string) error {
	return c.remove(ctx, "/cloud-services/"+segment(ref))
}

// ConnectCloudService calls the product. A layer that fails is no error.
func (c *Client) ConnectCloudService(ctx context.Context, ref string) (CloudServiceConnection, error) {
	return change[CloudServiceConnection](ctx, c, http.MethodPost, "/cloud-services/"+segment(ref)+"/connect", nil)
}

// CloudServiceProvisioned is what provisioning has made or changed.
type CloudServiceProvisioned struct {
	// Executed is false when the values were checked alone.
	Executed bool                      `json:"executed"`
	Items    []ProvisionedCloudService `json:"items"`
	Problems []Problem                 `json:"problems"`

	Answer
}

// ProvisionedCloudService is a service that was made, or changed.
type ProvisionedCloudService struct {
	Created bool         `json:"created"`
	Service CloudService `json:"cloud_service"`
}

// ProvisionCloudServices makes or changes services as AEM's provisioning does, of the keys of its form or of marketingcloud.properties.
func (c *Client) ProvisionCloudServices(ctx context.Context, values url.Values) (CloudServiceProvisioned, error) {
	order := struct {
		Values url.Values `json:"values"`
	}{values}
	return change[CloudServiceProvisioned](ctx, c, http.MethodPost, "/cloud-services/provision", order)
}
