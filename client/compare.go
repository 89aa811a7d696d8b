package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// DefinitionComparison is what a document would change of a definition.
type DefinitionComparison struct {
	// Revision is the one that it was compared with.
	Revision    int          `json:"revision"`
	Differences []Difference `json:"differences"`

	Answer
}

// Difference is one value that two documents have differently.
type Difference struct {
	// Pointer is its JSON pointer in both.
	Pointer string `json:"pointer"`
	// Before and After are the values as JSON, masked; "" where one of them has none.
	Before string `json:"before"`
	After  string `json:"after"`
	// Secret tells that a secret is another one, which the masks don't show.
	Secret bool `json:"secret"`
}

// SecretComparison tells whether a secret is the one that the server has.
type SecretComparison struct {
	Same bool `json:"same"`

	Answer
}

// CompareDefinition tells what a document would change of a definition's revision, 0 for the newest. Nothing is stored.
func (c *Client) CompareDefinition(ctx context.Context, ref string, revision int, document []byte) (DefinitionComparison, error) {
	query := url.Values{}
	if revision > 0 {
		query.Set("revision", strconv.Itoa(revision))
	}
	var out DefinitionComparison
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/definitions/" + segment(ref) + "/compare", query: query, body: json.RawMessage(document)}, &out)
	return out, err
}

// CompareRevisions tells what changed from one revision of a definition to another.
func (c *Client) CompareRevisions(ctx context.Context, ref string, from, to int) (DefinitionComparison, error) {
	var out DefinitionComparison
	query := url.Values{"from": {strconv.Itoa(from)}, "to": {strconv.Itoa(to)}}
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/definitions/" + segment(ref) + "/compare", query: query}, &out)
	return out, err
}

// CompareIMSConfiguration tells whether a client secret is the one that a configuration has.
func (c *Client) CompareIMSConfiguration(ctx context.Context, ref, secret string) (SecretComparison, error) {
	return change[SecretComparison](ctx, c, http.MethodPost, "/ims-configurations/"+segment(ref)+"/compare", map[string]string{"client_secret": secret})
}

// CompareCloudService tells whether a secret is the one that a service has.
func (c *Client) CompareCloudService(ctx context.Context, ref, secret string) (SecretComparison, error) {
	return change[SecretComparison](ctx, c, http.MethodPost, "/cloud-services/"+segment(ref)+"/compare", map[string]string{"secret": secret})
}
