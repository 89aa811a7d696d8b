package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"latchkey/client"
	"latchkey/internal/destination"
	"latchkey/internal/ims"
	"latchkey/internal/jsontree"
)

type definitionSpec struct {
	Published      *bool  `json:"published,omitempty" doc:"Whether new connections can use it. What was published once stays so."`
	Description    string `json:"description,omitempty" doc:"For people."`
	Authentication *Free  `json:"authentication,omitempty" doc:"How the service authenticates: one entry of Destination SDK's customerAuthenticationConfigurations. Its secrets are references."`
	Destination    *Free  `json:"destination,omitempty" doc:"A whole Destination SDK document instead of authentication."`
}

func definitionKind() *kind {
	return &kind{
		name: "Definition", doc: "How a service authenticates.", spec: reflect.TypeFor[definitionSpec](),
		list: listDefinitions, create: createDefinition, change: changeDefinition, compare: compareDefinition, breaks: breaksDefinition, check: checkDefinition,
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteDefinition(ctx, s.id) },
	}
}

// body names the member of a spec that holds the document: "authentication", or "destination" for a whole one.
func body(spec *jsontree.Node) string {
	if spec.Get("destination") != nil {
		return "destination"
	}
	return "authentication"
}

func checkDefinition(o *Object, p *Problems) {
	one, whole := o.Spec.Get("authentication"), o.Spec.Get("destination")
	switch {
	case one != nil && whole != nil:
		p.add(o, "/destination", "authentication is given too", "give one of the two")
		return
	case one == nil && whole == nil:
		p.add(o, "", "it does not say how the service authenticates", "give authentication: one entry of customerAuthenticationConfigurations")
		return
	case whole != nil && whole.Get("name").Str() != "" && whole.Get("name").Str() != o.Name:
		p.add(o, "/destination/name", "the document has another name than the object", "leave it out, or write "+o.Name)
	}
	for _, m := range secretsOf(o) {
		node := o.Spec.Find(m)
		if err := Reference(node.Str()).check(); err != nil {
			p.add(o, m, err.Error(), referenceFix)
		}
	}
}

// secretsOf gives the pointers of a definition's secrets in its spec.
func secretsOf(o *Object) []string {
	name := body(o.Spec)
	at := o.Spec.Get(name)
	if at == nil {
		return nil
	}
	var out []string
	for _, n := range markedSecrets(at) {
		out = append(out, "/"+name+n)
	}
	return out
}

// markedSecrets gives the pointers of what package destination takes for secrets.
func markedSecrets(n *jsontree.Node) []string {
	document, err := destination.ParseDocument(n.Append(nil))
	if err != nil {
		return nil // what is no document is refused with its own words
	}
	tree, err := jsontree.Parse(document.JSON())
	if err != nil {
		return nil
	}
	var out []string
	tree.Walk("", func(pointer string, at *jsontree.Node) {
		if at.Masked() {
			out = append(out, pointer)
		}
	})
	return out
}

func listDefinitions(ctx context.Context, c *client.Client) ([]*current, error) {
	configured := func(v client.Definition) bool { return !ims.BuiltIn(v.Name) } // the others come with IMS configurations
	return collect(c.Definitions(ctx, client.DefinitionFilter{}), configured, func(v client.Definition) (*current, error) {
		var remarks []string
		if v.Status == "changed" {
			published, err := c.DefinitionRevision(ctx, v.ID, v.PublishedRevision)
			if err != nil {
				return nil, err
			}
			remarks = append(remarks, fmt.Sprintf("revision %d is a draft; what is written is the published revision %d", v.Revision, v.PublishedRevision))
			published.Status, published.PublishedRevision, published.Connections = v.Status, v.PublishedRevision, v.Connections
			v = published
		}
		published := v.PublishedRevision != 0
		spec, name, text := definitionSpec{Published: &published}, "authentication", v.Authentication
		if len(v.Destination) > 0 {
			name, text = "destination", v.Destination
		} else {
			spec.Description = v.Description
		}
		out, err := newCurrent("Definition", v.Name, v.ID, spec, v)
		if err != nil {
			return nil, err
		}
		out.remarks = remarks
		document, err := jsontree.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("reading the definition %q: %w", v.Name, err)
		}
		return out, out.put(name, document)
	})
}

// put adds a member to the spec.
func (c *current) put(name string, value *jsontree.Node) error {
	text := bytes.TrimSuffix(c.Spec.Append(nil), []byte("}"))
	if len(text) > 1 {
		text = append(text, ',')
	}
	text = append(text, `"`+name+`":`...)
	text = append(value.Append(text), '}')
	var err error
	c.Spec, err = jsontree.Parse(text)
	return err
}

// document makes what the API takes of a wanted spec.
func (s *Step) document() []byte {
	at := s.want.Get(body(s.want))
	name := string(quoted(s.Object.Name))
	if body(s.want) == "destination" {
		text := at.Append(nil)
		if at.Get("name") == nil {
			rest := bytes.TrimPrefix(text, []byte("{"))
			comma := ","
			if len(at.Members()) == 0 {
				comma = ""
			}
			text = append([]byte(`{"name":`+name+comma), rest...)
		}
		return text
	}
	out := `{"name":` + name
	if description := s.want.Get("description"); description != nil {
		out += `,"description":` + string(description.Append(nil))
	}
	return append([]byte(out+`,"authentication":`), append(at.Append(nil), '}')...)
}

func createDefinition(ctx context.Context, c *client.Client, s *Step) (string, error) {
	made, err := c.CreateDefinition(ctx, s.document())
	if err != nil {
		return "", err
	}
	return publish(ctx, c, s, made)
}

func changeDefinition(ctx context.Context, c *client.Client, s *Step) (string, error) {
	changed, err := c.UpdateDefinition(ctx, s.id, s.document())
	if err != nil {
		return "", err
	}
	return publish(ctx, c, s, changed)
}

func publish(ctx context.Context, c *client.Client, s *Step, made client.Definition) (string, error) {
	if !s.want.Get("published").Truth() {
		return fmt.Sprintf("revision %d is a draft", made.Revision), nil
	}
	if made.PublishedRevision != made.Revision {
		var err error
		if made, err = c.PublishDefinition(ctx, made.ID); err != nil {
			return "", fmt.Errorf("publishing revision %d: %w", made.Revision, err)
		}
	}
	remark := fmt.Sprintf("revision %d is published", made.PublishedRevision)
	if len(made.CallbackURLs) > 0 {
		remark += "; register this callback with the provider: " + strings.Join(made.CallbackURLs, ", ")
	}
	return remark, nil
}

// compareDefinition has the server compare the documents: it alone knows the secrets.
func compareDefinition(ctx context.Context, c *client.Client, s *Step) ([]Difference, error) {
	before, ok := s.thing.(client.Definition)
	if !ok {
		return nil, errors.New("comparing a definition that is not there")
	}
	compared, err := c.CompareDefinition(ctx, before.ID, before.Revision, s.document())
	if err != nil {
		return nil, err
	}
	var out []Difference
	for _, d := range compared.Differences {
		path := strings.TrimPrefix(d.Pointer, "/")
		if body(s.want) == "destination" {
			path = "destination/" + path
		} else if path == "name" {
			continue // a document that was stored without one
		}
		out = append(out, Difference{Path: path, Before: d.Before, After: d.After, Secret: d.Secret})
	}
	return out, nil
}

func breaksDefinition(s *Step) []string {
	before, ok := s.thing.(client.Definition)
	if !ok || before.Connections == 0 {
		return nil
	}
	many := fmt.Sprintf("%d connections use it", before.Connections)
	if before.Connections == 1 {
		many = "1 connection uses it"
	}
	switch {
	case s.Act == Delete:
		return []string{many + ": it can't be deleted before they are"}
	case s.want.Get("published").Truth():
		return []string{many + ": they renew by the new revision from now on, and those whose endpoint or client changes need a new consent"}
	}
	return []string{many + ": they stay with the published revision until this one is published"}
}

// put makes a value a text; how it was written is forgotten.
func put(n *jsontree.Node, text string) { *n = jsontree.Node{Kind: jsontree.String, Text: text} }
