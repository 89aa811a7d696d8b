package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Definition is how a service authenticates.
type Definition struct {
	ID          string `json:"id"`
	InstanceID  string `json:"instance_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Sandbox     string `json:"sandbox"`
	// Status is "draft", "published", or "changed": published, with a newer draft.
	Status string `json:"status"`
	// Revision is the one shown; PublishedRevision the last published one, 0 for none.
	Revision          int    `json:"revision"`
	PublishedRevision int    `json:"published_revision"`
	AuthType          string `json:"auth_type"`
	Grant             string `json:"grant"`
	// Authentication is the first configuration, Destination the whole document when one was given. Secrets in them
	// are masked; a mask that is sent back keeps the stored secret.
	Authentication json.RawMessage `json:"authentication"`
	Destination    json.RawMessage `json:"destination"`
	// CallbackURLs are the redirect URIs to register with the provider (authorization code only).
	CallbackURLs []string  `json:"callback_urls"`
	Problems     []Problem `json:"problems"`
	// Connections counts those that use the definition.
	Connections int       `json:"connections"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`

	Answer
}

// Lint is the answer of a check.
type Lint struct {
	Publishable bool      `json:"publishable"`
	Problems    []Problem `json:"problems"`

	Answer
}

// Revision is one numbered state of a definition.
type Revision struct {
	Number      int       `json:"revision"`
	Published   bool      `json:"published"`
	PublishedAt time.Time `json:"published_at"`
	CreatedAt   time.Time `json:"created_at"`
	CreatedBy   string    `json:"created_by"`

	Answer
}

// Prompts is what to ask a customer who connects.
type Prompts struct {
	Items        []Prompt `json:"items"`
	AuthType     string   `json:"auth_type"`
	Grant        string   `json:"grant"`
	NeedsBrowser bool     `json:"needs_browser"`

	Answer
}

// Prompt is one field to ask for.
type Prompt struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	// Type is "string", "boolean", "integer" or "object".
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Secret   bool   `json:"secret"`
	// Enum lists the only values there are; empty for any.
	Enum    []Choice `json:"enum"`
	Pattern string   `json:"pattern"`
	// Default is used when nothing is given; nil for none.
	Default any `json:"default"`
	// Hidden and ReadOnly fields are not asked for: their default stands.
	Hidden   bool `json:"hidden"`
	ReadOnly bool `json:"read_only"`
	// Condition says when to ask; nil for always.
	Condition *Condition `json:"condition"`
}

// Condition makes a prompt depend on another one: it is asked only when Field has Value.
type Condition struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// Choice is one value of an enumeration, and what people call it.
type Choice struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// DefinitionFilter narrows a list; the zero value lists all.
type DefinitionFilter struct {
	// Query is searched for in names and descriptions.
	Query string
}

// Definitions lists definitions.
func (c *Client) Definitions(ctx context.Context, filter DefinitionFilter) iter.Seq2[Definition, error] {
	return list[Definition](ctx, c, "/definitions", url.Values{"q": {filter.Query}})
}

// Definition gives a definition at its newest revision.
func (c *Client) Definition(ctx context.Context, ref string) (Definition, error) {
	return c.DefinitionRevision(ctx, ref, 0)
}

// DefinitionRevision gives a definition at a revision; 0 is the newest.
func (c *Client) DefinitionRevision(ctx context.Context, ref string, revision int) (Definition, error) {
	query := url.Values{}
	if revision > 0 {
		query.Set("revision", strconv.Itoa(revision))
	}
	var out Definition
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/definitions/" + segment(ref), query: query}, &out)
	return out, err
}

// CreateDefinition stores a draft. The document is {"name","description","authentication":{…}} or a whole Destination
// SDK destination; it is sent as it is.
func (c *Client) CreateDefinition(ctx context.Context, document []byte) (Definition, error) {
	var out Definition
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/definitions",
		header: idempotent(""), body: json.RawMessage(document),
	}, &out)
	return out, err
}

// UpdateDefinition makes a new draft revision of a definition. A document that is already stored changes nothing.
func (c *Client) UpdateDefinition(ctx context.Context, ref string, document []byte) (Definition, error) {
	var out Definition
	_, err := c.do(ctx, call{
		method: http.MethodPut, path: "/definitions/" + segment(ref), body: json.RawMessage(document),
	}, &out)
	return out, err
}

// PublishDefinition publishes the draft, if nothing is wrong with it.
func (c *Client) PublishDefinition(ctx context.Context, ref string) (Definition, error) {
	var out Definition
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/definitions/" + segment(ref) + "/publish"}, &out)
	return out, err
}

// DeleteDefinition deletes a definition that no connection uses.
func (c *Client) DeleteDefinition(ctx context.Context, ref string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/definitions/" + segment(ref)}, nil)
	return err
}

// LintDefinition checks a stored definition.
func (c *Client) LintDefinition(ctx context.Context, ref string) (Lint, error) {
	var out Lint
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/definitions/" + segment(ref) + "/lint"}, &out)
	return out, err
}

// LintDocument checks a document; nothing is stored.
func (c *Client) LintDocument(ctx context.Context, document []byte) (Lint, error) {
	var out Lint
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/definitions/lint", body: json.RawMessage(document),
	}, &out)
	return out, err
}

// Revisions lists the revisions of a definition.
func (c *Client) Revisions(ctx context.Context, ref string) iter.Seq2[Revision, error] {
	return list[Revision](ctx, c, "/definitions/"+segment(ref)+"/revisions", nil)
}

// Prompts gives what to ask a customer for one configuration of a definition; the first is 0.
func (c *Client) Prompts(ctx context.Context, ref string, configuration int) (Prompts, error) {
	query := url.Values{}
	if configuration > 0 {
		query.Set("configuration", strconv.Itoa(configuration))
	}
	var out Prompts
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: "/definitions/" + segment(ref) + "/prompts", query: query,
	}, &out)
	return out, err
}
