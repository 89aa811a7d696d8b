package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Framework says what pages send to a product.
type Framework struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	// Kind is "target" or "analytics".
	Kind string `json:"kind"`
	// Pages are those that name it; pages below inherit it.
	Pages []string `json:"pages"`
	// Parameters are for Target, what follows for Analytics.
	Parameters           []FrameworkParameter `json:"parameters"`
	ReportSuites         []FrameworkSuite     `json:"report_suites"`
	TrackingServer       string               `json:"tracking_server"`
	SecureTrackingServer string               `json:"secure_tracking_server"`
	VisitorNamespace     string               `json:"visitor_namespace"`
	Mappings             []FrameworkMapping   `json:"mappings"`
	// PublishedAt is nil before the first time; Changed says that it was changed since.
	PublishedAt *time.Time `json:"published_at"`
	Changed     bool       `json:"changed"`
	// Problems are what is doubtful about the values of a change.
	Problems  []Problem `json:"problems"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	Answer
}

// FrameworkParameter is a parameter of a page's context: "profile/gender".
type FrameworkParameter struct {
	Name  string `json:"name"`
	Share bool   `json:"share"`
}

// FrameworkSuite is a report suite for the run mode "all", "author" or "publish".
type FrameworkSuite struct {
	ID      string `json:"id"`
	RunMode string `json:"run_mode,omitempty"`
}

// FrameworkMapping sends a component's variable to variables of Analytics.
type FrameworkMapping struct {
	Component string   `json:"component"`
	Variable  string   `json:"variable"`
	To        []string `json:"to"`
}

// FrameworkValues are what people enter. Nil members stay as they are.
type FrameworkValues struct {
	Title                *string               `json:"title,omitempty"`
	Pages                *[]string             `json:"pages,omitempty"`
	Parameters           *[]FrameworkParameter `json:"parameters,omitempty"`
	ReportSuites         *[]FrameworkSuite     `json:"report_suites,omitempty"`
	TrackingServer       *string               `json:"tracking_server,omitempty"`
	SecureTrackingServer *string               `json:"secure_tracking_server,omitempty"`
	VisitorNamespace     *string               `json:"visitor_namespace,omitempty"`
	Mappings             *[]FrameworkMapping   `json:"mappings,omitempty"`
}

// NewFramework is what a framework is made of.
type NewFramework struct {
	// Name is made of the title when it is "".
	Name string `json:"name,omitempty"`
	FrameworkValues
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// FrameworkExport is a framework as a page takes it; its JSON has all of it.
type FrameworkExport struct {
	Product string `json:"product"`

	Answer
}

// FrameworkSent is what Target gets of a page's context, and why it does not get the rest.
type FrameworkSent struct {
	Parameters map[string]string `json:"parameters"`
	LeftOut    map[string]string `json:"left_out"`

	Answer
}

func frameworkPath(service, name string) string {
	return "/cloud-services/" + segment(service) + "/frameworks/" + segment(name)
}

// Frameworks lists those of a cloud service, by name; with page, the one that this page has.
func (c *Client) Frameworks(ctx context.Context, service, page string) iter.Seq2[Framework, error] {
	return list[Framework](ctx, c, "/cloud-services/"+segment(service)+"/frameworks", url.Values{"page": {page}})
}

// Framework gives one by its id or name.
func (c *Client) Framework(ctx context.Context, service, name string) (Framework, error) {
	return get[Framework](ctx, c, frameworkPath(service, name))
}

// CreateFramework makes one.
func (c *Client) CreateFramework(ctx context.Context, service string, input NewFramework) (Framework, error) {
	return create[Framework](ctx, c, "/cloud-services/"+segment(service)+"/frameworks", input.IdempotencyKey, input)
}

// UpdateFramework changes one. Pages on publish have what was published before.
func (c *Client) UpdateFramework(ctx context.Context, service, name string, values FrameworkValues) (Framework, error) {
	return change[Framework](ctx, c, http.MethodPatch, frameworkPath(service, name), values)
}

// PublishFramework lets pages on publish have it as it is.
func (c *Client) PublishFramework(ctx context.Context, service, name string) (Framework, error) {
	return change[Framework](ctx, c, http.MethodPost, frameworkPath(service, name)+"/publish", nil)
}

// DeleteFramework deletes one.
func (c *Client) DeleteFramework(ctx context.Context, service, name string) error {
	return c.remove(ctx, frameworkPath(service, name))
}

// ExportFramework gives one as a page of the run mode "author" or "publish" takes it.
func (c *Client) ExportFramework(ctx context.Context, service, name, runMode string) (FrameworkExport, error) {
	var out FrameworkExport
	_, err := c.do(ctx, call{method: http.MethodGet, path: frameworkPath(service, name) + "/export", query: url.Values{"run_mode": {runMode}}}, &out)
	return out, err
}

// PreviewFramework says what Target gets of a page's context.
func (c *Client) PreviewFramework(ctx context.Context, service, name, runMode string, page json.RawMessage) (FrameworkSent, error) {
	var out FrameworkSent
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: frameworkPath(service, name) + "/preview", query: url.Values{"run_mode": {runMode}}, body: map[string]json.RawMessage{"context": page},
	}, &out)
	return out, err
}
