package manifest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"latchkey/client"
	"latchkey/internal/ims"
	"latchkey/internal/jsontree"
)

type connectionSpec struct {
	Definition    string `json:"definition" doc:"The definition that it is made with." required:"true" refer:"Definition" fixed:"true"`
	Configuration int    `json:"configuration,omitempty" doc:"Which entry of the definition's configurations; the first is 0." fixed:"true"`
	Fields        *Free  `json:"fields,omitempty" doc:"The customer's values. Secrets are references; they are sent when the connection is made, and along with other changed fields."`
	ReturnURL     string `json:"return_url,omitempty" doc:"Where the customer's browser goes in the end."`
	Enabled       *bool  `json:"enabled,omitempty" doc:"False gives no token and renews none."`
}

func connectionKind() *kind {
	return &kind{
		name: "Connection", doc: "One account at a service. Its name is its label; connections without one are in no file. Tokens are never in a file.", spec: reflect.TypeFor[connectionSpec](),
		list: listConnections, create: createConnection, change: changeConnection, check: checkConnection,
		remove: func(ctx context.Context, c *client.Client, s *Step) error {
			_, err := c.DeleteConnection(ctx, s.id)
			return err
		},
		breaks: func(s *Step) []string {
			switch {
			case s.Act == Delete:
				return []string{"its tokens are deleted, and its grant is revoked where the definition says how"}
			case s.changesTo("enabled", "false"):
				return []string{"programs get no token of it any more"}
			case s.changes("fields"):
				return []string{"the account is connected anew with the changed fields; where that needs a browser, the old one serves until the consent"}
			}
			return nil
		},
	}
}

// checkConnection refuses masks, which an export of another kind may have left.
func checkConnection(o *Object, p *Problems) {
	fields := o.Spec.Get("fields")
	for _, m := range fields.Members() {
		at := jsontree.Child("/fields", m.Name)
		if m.Value.Masked() {
			p.add(o, at, "a mask stands where the secret was", "write a reference: "+referenceForms)
		}
		if text := m.Value.Str(); looksReferred(text) {
			if err := Reference(text).check(); err != nil {
				p.add(o, at, err.Error(), "write "+referenceForms)
			}
		}
	}
}

// looksReferred tells texts that are meant as references.
func looksReferred(text string) bool {
	scheme, _, ok := strings.Cut(text, ":")
	return ok && (scheme == "env" || scheme == "file" || scheme == "vault")
}

func listConnections(ctx context.Context, c *client.Client) ([]*current, error) {
	return collect(c.Connections(ctx, client.ConnectionFilter{}), nil, func(v client.Connection) (*current, error) {
		if v.Label == "" || ims.BuiltIn(v.Definition.Name) {
			return nil, nil
		}
		enabled := v.State != client.Disabled
		spec := connectionSpec{Definition: v.Definition.Name, Configuration: v.Definition.Configuration, ReturnURL: v.ReturnURL, Enabled: &enabled}
		out, err := newCurrent("Connection", v.Label, v.ID, spec, v)
		if err != nil || len(v.Fields) == 0 {
			return out, err
		}
		text, err := json.Marshal(v.Fields)
		if err != nil {
			return nil, fmt.Errorf("reading the fields of %q: %w", v.Label, err)
		}
		fields, err := jsontree.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("reading the fields of %q: %w", v.Label, err)
		}
		return out, out.put("fields", fields)
	})
}

func fieldsOf(s *Step) (map[string]any, error) {
	fields := map[string]any{}
	if n := s.want.Get("fields"); n != nil {
		if err := json.Unmarshal(n.Append(nil), &fields); err != nil {
			return nil, fmt.Errorf("reading the fields of %s: %w", s.Object, err)
		}
	}
	return fields, nil
}

func createConnection(ctx context.Context, c *client.Client, s *Step) (string, error) {
	fields, err := fieldsOf(s)
	if err != nil {
		return "", err
	}
	made, err := c.CreateConnection(ctx, client.NewConnection{
		Definition: s.want.Get("definition").Str(), Fields: fields, Label: s.Object.Name, ReturnURL: s.want.Get("return_url").Str(), Configuration: number(s.want.Get("configuration")),
	})
	if err != nil {
		return "", err
	}
	if n := s.want.Get("enabled"); n != nil && !n.Truth() {
		if _, err := c.DisableConnection(ctx, made.ID); err != nil {
			return "", err
		}
	}
	return consent(made), nil
}

func number(n *jsontree.Node) int {
	var out int
	if n != nil {
		_, _ = fmt.Sscan(n.Text, &out) // checked to be one
	}
	return out
}

func consent(made client.Connection) string {
	if made.AuthorizeURL == "" {
		return ""
	}
	return "its customer has to agree in a browser: " + made.AuthorizeURL
}

func changeConnection(ctx context.Context, c *client.Client, s *Step) (string, error) {
	var patch client.ConnectionPatch
	remark := ""
	if s.changes("fields") {
		fields, err := fieldsOf(s)
		if err != nil {
			return "", err
		}
		patch.Fields = fields
	}
	patch.ReturnURL = given(s, "return_url", s.want.Get("return_url").Str())
	if patch.Fields != nil || patch.ReturnURL != nil {
		changed, err := c.UpdateConnection(ctx, s.id, patch)
		if err != nil {
			return "", err
		}
		remark = consent(changed)
	}
	if !s.changes("enabled") {
		return remark, nil
	}
	act := c.DisableConnection
	if s.want.Get("enabled").Truth() {
		act = c.EnableConnection
	}
	_, err := act(ctx, s.id)
	return remark, err
}
