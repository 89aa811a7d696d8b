package manifest

import (
	"encoding/json"

	"latchkey/internal/jsontree"
)

// node is a part of a JSON Schema, with its members in the order in which people read them.
type node struct {
	Schema      string           `json:"$schema,omitempty"`
	Title       string           `json:"title,omitempty"`
	Description string           `json:"description,omitempty"`
	Type        string           `json:"type,omitempty"`
	Const       string           `json:"const,omitempty"`
	Enum        []string         `json:"enum,omitempty"`
	Pattern     string           `json:"pattern,omitempty"`
	OneOf       []*node          `json:"oneOf,omitempty"`
	Properties  map[string]*node `json:"properties,omitempty"`
	Required    []string         `json:"required,omitempty"`
	Items       *node            `json:"items,omitempty"`
	Additional  *bool            `json:"additionalProperties,omitempty"`
	MinLength   int              `json:"minLength,omitempty"`
}

// Schema gives the JSON Schema of one document of a file.
func Schema() []byte {
	closed := false
	root := &node{
		Schema: "https://json-schema.org/draft/2020-12/schema", Title: "Latchkey's configuration as code",
		Description: "One document of a file that `latchkey apply` reads.",
	}
	for _, k := range kinds() {
		spec := k.shape.schema()
		one := &node{
			Title: k.name, Description: k.doc, Type: "object", Additional: &closed, Required: []string{"kind", "name"},
			Properties: map[string]*node{
				"kind": {Const: k.name}, "name": {Type: "string", MinLength: 1, Description: "What it is called."}, "spec": spec,
			},
		}
		if len(spec.Required) > 0 {
			one.Required = append(one.Required, "spec")
		}
		root.OneOf = append(root.OneOf, one)
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // texts and lists always encode
	}
	return append(text, '\n')
}

func (s *shape) schema() *node {
	closed := false
	switch {
	case s.secret:
		return &node{Type: "string", Pattern: `^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|vault:.+/.+#.+)$`}
	case s.free:
		return &node{Type: "object"}
	case s.item != nil:
		return &node{Type: "array", Items: s.item.schema()}
	case s.integral:
		return &node{Type: "integer"}
	case s.kind == jsontree.Bool:
		return &node{Type: "boolean"}
	case s.kind == jsontree.String:
		return &node{Type: "string"}
	}
	out := &node{Type: "object", Additional: &closed, Properties: map[string]*node{}}
	for _, m := range s.members {
		one := m.shape.schema()
		one.Description = m.doc
		if len(m.enum) > 0 && one.Items != nil {
			one.Items.Enum = m.enum
		} else {
			one.Enum = m.enum
		}
		out.Properties[m.name] = one
		if m.required {
			out.Required = append(out.Required, m.name)
		}
	}
	return out
}
