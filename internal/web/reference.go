package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// reference is the OpenAPI document as /docs shows it. It is read once.
type reference struct {
	Description []string
	Groups      []group
	Shapes      []shape
	Everywhere  []string
	Problems    []problemKind
	Base        string
}

// group is the operations of one tag.
type group struct {
	Name, Anchor, Description string
	Operations                []operation
}

type operation struct {
	ID, Method, Path, Summary string
	Group                     string // its anchor
	Description               []string
	Parameters                []parameter
	Body                      []member
	Example, Answer           string
	Status, Shape             string
	Failures                  []failureRow
	Curl                      string
}

// shape is a body that several operations answer with, shown once.
type shape struct {
	Name    string
	Members []member
}

type parameter struct {
	Name, In, Description, Example string
	Required                       bool
}

// member is one member of a body.
type member struct {
	Name, Type, Description string
	Required                bool
}

type failureRow struct {
	Status string
	Kinds  []string
}

// problemKind is a type of problem: the document's x-problems.
type problemKind struct {
	Slug   string `json:"slug"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Means  string `json:"means"`
	Do     string `json:"do"`
}

// document is the part of OpenAPI 3.1 that is shown.
type document struct {
	Info       struct{ Description string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]documentOperation
	Components struct{ Schemas map[string]schema }
	Problems   []problemKind `json:"x-problems"`
}

type documentOperation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Parameters                        []struct {
		Name, In, Description string
		Required              bool
		Example               json.RawMessage
	}
	RequestBody *struct{ Content map[string]media }
	Responses   map[string]struct {
		Description string
		Content     map[string]media
	}
}

type media struct {
	Schema  schema
	Example json.RawMessage
}

type schema struct {
	Ref         string `json:"$ref"`
	Type        any
	Format      string
	Description string
	Properties  map[string]schema
	Items       *schema
	Required    []string
	Enum        []any
}

func readReference(raw []byte) (reference, error) {
	var out reference
	if len(raw) == 0 {
		return out, nil
	}
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		return out, err
	}
	out.Description = paragraphs(doc.Info.Description)
	out.Problems, out.Everywhere = doc.Problems, everywhere
	for _, tag := range doc.Tags {
		g := group{Name: tag.Name, Anchor: strings.ReplaceAll(strings.ToLower(tag.Name), " ", "-"), Description: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			for _, method := range []string{"get", "post", "put", "patch", "delete"} {
				if o, ok := doc.Paths[path][method]; ok && slices.Contains(o.Tags, tag.Name) {
					shown := doc.operation(method, path, o)
					shown.Group = g.Anchor
					g.Operations = append(g.Operations, shown)
				}
			}
		}
		out.Groups = append(out.Groups, g)
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		out.Shapes = append(out.Shapes, shape{name, doc.members(doc.Components.Schemas[name])})
	}
	return out, nil
}

func (d *document) operation(method, path string, o documentOperation) operation {
	out := operation{
		ID: o.OperationID, Method: strings.ToUpper(method), Path: path, Summary: o.Summary, Description: paragraphs(o.Description),
	}
	for _, p := range o.Parameters {
		if p.Name == "sandbox" && p.In == "query" {
			continue // every operation takes it
		}
		out.Parameters = append(out.Parameters, parameter{p.Name, p.In, p.Description, strings.Trim(string(p.Example), `"`), p.Required})
	}
	if o.RequestBody != nil {
		body := o.RequestBody.Content["application/json"]
		out.Body, out.Example = d.members(body.Schema), indent(body.Example)
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		response := o.Responses[status]
		if status < "300" {
			answer := response.Content["application/json"]
			out.Status, out.Answer, out.Shape = status+" "+response.Description, indent(answer.Example), nameOf(answer.Schema)
			continue
		}
		kinds := slices.DeleteFunc(slugs.FindAllString(response.Description, -1), func(slug string) bool {
			return slices.Contains(everywhere, strings.Trim(slug, "`"))
		})
		if len(kinds) > 0 || status == "304" {
			out.Failures = append(out.Failures, failureRow{status, kinds})
		}
	}
	out.Curl = curl(out)
	return out
}

// everywhere are the kinds of problem that every operation may answer with; the page names them once.
var everywhere = []string{
	"invalid_request", "malformed_json", "unauthenticated", "missing_scope", "other_sandbox", "too_large", "unsupported_media_type",
	"rate_limited", "server_error",
}

// slugs finds the kinds of problem in a response's description: `not_found`.
var slugs = regexp.MustCompile("`[a-z_]+`")

// members lists what a schema holds, one level deep.
func (d *document) members(s schema) []member {
	s = d.resolve(s)
	var out []member
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name]
		out = append(out, member{
			Name: name, Type: d.typeOf(property), Required: slices.Contains(s.Required, name),
			Description: cmp.Or(property.Description, d.resolve(property).Description),
		})
	}
	return out
}

func (d *document) resolve(s schema) schema {
	if name := nameOf(s); name != "" {
		return d.Components.Schemas[name]
	}
	return s
}

// nameOf gives the name of the shape that a schema refers to, "" for one that stands for itself.
func nameOf(s schema) string {
	name, _ := strings.CutPrefix(s.Ref, "#/components/schemas/")
	return name
}

// typeOf names a schema's type in words: "text or null", "list of Connection".
func (d *document) typeOf(s schema) string {
	if name := nameOf(s); name != "" {
		return name
	}
	var names []string
	switch t := s.Type.(type) {
	case string:
		names = []string{t}
	case []any:
		for _, one := range t {
			names = append(names, fmt.Sprint(one))
		}
	default:
		return "any JSON"
	}
	for i, name := range names {
		switch {
		case name == "string" && s.Format == "date-time":
			names[i] = "time"
		case name == "string":
			names[i] = "text"
		case name == "array" && s.Items != nil:
			names[i] = "list of " + d.typeOf(*s.Items)
		}
	}
	if len(s.Enum) > 0 {
		return strings.Trim(fmt.Sprint(s.Enum), "[]")
	}
	return strings.Join(names, " or ")
}

// curl writes a call that can be pasted: names in braces are filled with the examples.
func curl(o operation) string {
	path := o.Path
	for _, p := range o.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", cmp.Or(p.Example, "ID"))
		}
	}
	var b strings.Builder
	b.WriteString(`curl -H "Authorization: Bearer $LATCHKEY_KEY"`)
	if o.Method != http.MethodGet {
		b.WriteString(" -X " + o.Method)
	}
	b.WriteString(` "$LATCHKEY_URL` + path + `"`)
	if o.Example != "" {
		b.WriteString(" \\\n  -H 'Content-Type: application/json' -d '" + strings.ReplaceAll(o.Example, "'", `'\''`) + "'")
	}
	return b.String()
}

func indent(raw json.RawMessage) string {
	var b bytes.Buffer
	if len(raw) == 0 || json.Indent(&b, raw, "", "  ") != nil {
		return ""
	}
	return b.String()
}

func paragraphs(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n\n")
}

// spans finds `code` in a text.
var spans = regexp.MustCompile("`([^`]+)`")

// inline shows a text of ours with its `code` spans; everything is escaped first.
func inline(text string) template.HTML {
	return template.HTML(spans.ReplaceAllString(template.HTMLEscapeString(text), "<code>$1</code>")) //nolint:gosec // escaped above
}

// slugLink leads to the entry of a kind of problem.
func slugLink(slug string) template.HTML {
	escaped := template.HTMLEscapeString(slug)
	return template.HTML(`<a class="link" href="/docs/errors#` + escaped + `"><code>` + escaped + `</code></a>`) //nolint:gosec // escaped above
}

// readReference reads the document that was configured. One that can't be read shows nothing, and is told.
func (p *Pages) readReference() reference {
	if p.Document == nil {
		return reference{}
	}
	document, err := p.Document()
	var out reference
	if err == nil {
		out, err = readReference(document)
	}
	if err != nil {
		p.Log.Error("reading the OpenAPI document", "error", err)
	}
	return out
}

func (p *Pages) docs(w http.ResponseWriter, r *http.Request) {
	view := p.reference()
	view.Base = p.base()
	w.Header().Set("Cache-Control", "no-cache")
	p.render(w, r, http.StatusOK, "docs", page{Title: "API reference", Here: "/docs", Body: view})
}

// docsGroup shows the operations of one group: all on one page would be too many.
func (p *Pages) docsGroup(w http.ResponseWriter, r *http.Request) {
	all := p.reference()
	i := slices.IndexFunc(all.Groups, func(g group) bool { return g.Anchor == r.PathValue("group") })
	if i < 0 {
		p.message(w, r, messageMissing)
		return
	}
	view := struct {
		Groups []group
		Group  group
	}{all.Groups, all.Groups[i]}
	w.Header().Set("Cache-Control", "no-cache")
	p.render(w, r, http.StatusOK, "docs_group", page{Title: "API reference: " + view.Group.Name, Here: "/docs", Body: view})
}

// shapesPage lists the shapes, or shows one.
type shapesPage struct {
	Shapes []shape
	Shape  *shape // nil for the list
}

func (p *Pages) docsShapes(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	p.render(w, r, http.StatusOK, "docs_shapes", page{Title: "API reference: shapes", Here: "/docs", Body: shapesPage{Shapes: p.reference().Shapes}})
}

// docsShape shows one shape: all on one page would be too many.
func (p *Pages) docsShape(w http.ResponseWriter, r *http.Request) {
	all := p.reference()
	i := slices.IndexFunc(all.Shapes, func(s shape) bool { return s.Name == r.PathValue("name") })
	if i < 0 {
		p.message(w, r, messageMissing)
		return
	}
	found := &all.Shapes[i]
	w.Header().Set("Cache-Control", "no-cache")
	p.render(w, r, http.StatusOK, "docs_shapes", page{Title: "API reference: " + found.Name, Here: "/docs", Body: shapesPage{all.Shapes, found}})
}

func (p *Pages) docsErrors(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	p.render(w, r, http.StatusOK, "errors", page{Title: "Errors", Here: "/docs/errors", Body: p.reference()})
}
