package manifest

import (
	"fmt"
	"reflect"
	"strings"

	"latchkey/internal/jsontree"
	"latchkey/internal/suggest"
)

// A spec is a struct whose fields say all there is to say of its members, in their tags:
//
//	json      the name
//	doc       what it is, for people and for the schema
//	required  "true" when an object can't be without it
//	enum      the only values there are, with commas
//	refer     the kind of object that it names
//	key       of a list: the member by which its entries are told apart, else they are a set
//	fixed     "true" when it can't be changed once the object is there
//
// The check, the JSON Schema and the comparison are made of them.

// Free is any value: what is in it is not this package's to check.
type Free = jsontree.Node

// shape is a member's type, read from a struct.
type shape struct {
	kind     jsontree.Kind
	free     bool // any value of the kind Object
	secret   bool // a reference to a secret
	members  []shapeMember
	item     *shape // of a list
	key      string
	integral bool
}

// shapeMember is a named member of an object.
type shapeMember struct {
	name, doc       string
	enum            []string
	refer           string
	required, fixed bool
	shape           *shape
}

func (s *shape) member(name string) *shapeMember {
	for i := range s.members {
		if s.members[i].name == name {
			return &s.members[i]
		}
	}
	return nil
}

var (
	freeType   = reflect.TypeFor[Free]()
	secretType = reflect.TypeFor[Reference]()
)

// shapeOf reads a type. A type that it can't read is a fault of this package.
func shapeOf(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case freeType:
		return &shape{kind: jsontree.Object, free: true}
	case secretType:
		return &shape{kind: jsontree.String, secret: true}
	}
	switch t.Kind() {
	case reflect.String:
		return &shape{kind: jsontree.String}
	case reflect.Bool:
		return &shape{kind: jsontree.Bool}
	case reflect.Int, reflect.Int64:
		return &shape{kind: jsontree.Number, integral: true}
	case reflect.Slice:
		return &shape{kind: jsontree.Array, item: shapeOf(t.Elem())}
	case reflect.Struct:
		out := &shape{kind: jsontree.Object}
		for i := range t.NumField() {
			out.members = append(out.members, memberOf(t.Field(i)))
		}
		return out
	}
	panic(fmt.Sprintf("a spec has a member of the type %v", t))
}

func memberOf(f reflect.StructField) shapeMember {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	m := shapeMember{
		name: name, doc: f.Tag.Get("doc"), refer: f.Tag.Get("refer"),
		required: f.Tag.Get("required") == "true", fixed: f.Tag.Get("fixed") == "true", shape: shapeOf(f.Type),
	}
	if enum := f.Tag.Get("enum"); enum != "" {
		m.enum = strings.Split(enum, ",")
	}
	m.shape.key = f.Tag.Get("key")
	return m
}

// checker holds a spec against its shape.
type checker struct {
	object   *Object
	problems Problems
}

func (c *checker) check(s *shape, n *jsontree.Node, pointer string) {
	switch {
	case n.Kind == jsontree.Null:
		c.problems.add(c.object, pointer, "expected "+s.expected()+", found nothing", "leave the member out, or give it a value")
		return
	case n.Kind != s.kind:
		c.problems.add(c.object, pointer, "expected "+s.expected()+", found "+yamlKind(n.Kind), quoteHint(s, n))
		return
	case s.secret:
		c.reference(n, pointer)
	case s.integral && strings.ContainsAny(n.Text, ".eE"):
		c.problems.add(c.object, pointer, "expected a whole number", "")
	case s.item != nil:
		c.list(s, n, pointer)
	case s.kind == jsontree.Object && !s.free:
		c.members(s, n, pointer)
	}
}

// reference refuses a secret that stands there itself. It is not repeated.
func (c *checker) reference(n *jsontree.Node, pointer string) {
	if err := Reference(n.Text).check(); err != nil {
		c.problems.add(c.object, pointer, err.Error(), referenceFix)
	}
}

func (c *checker) list(s *shape, n *jsontree.Node, pointer string) {
	seen := map[string]bool{}
	for i, item := range n.Items() {
		at := jsontree.Element(pointer, i)
		c.check(s.item, item, at)
		name := item.Str()
		if s.key != "" {
			name = item.Get(s.key).Str()
		}
		if name != "" && seen[name] {
			c.problems.add(c.object, at, fmt.Sprintf("%q stands in the list a second time", name), "leave one of them out")
		}
		seen[name] = true
	}
}

func (c *checker) members(s *shape, n *jsontree.Node, pointer string) {
	for _, m := range n.Members() {
		at := jsontree.Child(pointer, m.Name)
		known := s.member(m.Name)
		if known == nil {
			c.unknown(s, m.Name, at)
			continue
		}
		c.check(known.shape, m.Value, at)
		if len(known.enum) > 0 {
			c.enumerated(known, m.Value, at)
		}
	}
	for _, m := range s.members {
		if m.required && n.Get(m.name) == nil {
			c.problems.add(c.object, pointer, fmt.Sprintf("the member %s is missing", m.name), "give it: "+m.doc)
		}
	}
}

func (c *checker) unknown(s *shape, name, at string) {
	names := make([]string, 0, len(s.members))
	for _, m := range s.members {
		names = append(names, m.name)
	}
	fix := "its members are " + strings.Join(names, ", ")
	if len(names) == 0 {
		fix = "it has none"
	} else if near, ok := suggest.Closest(name, names); ok {
		fix = "did you mean " + near + "?"
	}
	c.problems.add(c.object, at, "there is no such member", fix)
}

func (c *checker) enumerated(m *shapeMember, n *jsontree.Node, at string) {
	values := []*jsontree.Node{n}
	if n.Is(jsontree.Array) {
		values = n.Items()
	}
	for i, value := range values {
		if !value.Is(jsontree.String) || contains(m.enum, value.Text) {
			continue
		}
		place := at
		if n.Is(jsontree.Array) {
			place = jsontree.Element(at, i)
		}
		fix := "use one of " + strings.Join(m.enum, ", ")
		if near, ok := suggest.Closest(value.Text, m.enum); ok {
			fix = "did you mean " + near + "? There are " + strings.Join(m.enum, ", ")
		}
		c.problems.add(c.object, place, fmt.Sprintf("%.40q is no value of it", value.Text), fix)
	}
}

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}

// expected names what a member takes.
func (s *shape) expected() string {
	switch {
	case s.secret:
		return "a reference to a secret (" + referenceForms + ")"
	case s.item != nil:
		return "a list"
	case s.integral:
		return "a whole number"
	}
	return yamlKind(s.kind)
}

func yamlKind(k jsontree.Kind) string {
	switch k {
	case jsontree.Null:
		return "nothing"
	case jsontree.Bool:
		return "true or false"
	case jsontree.Number:
		return "a number"
	case jsontree.String:
		return "a text"
	case jsontree.Array:
		return "a list"
	}
	return "members"
}

// quoteHint tells how a text is written that YAML takes for something else.
func quoteHint(s *shape, n *jsontree.Node) string {
	if s.kind == jsontree.String && !s.secret && (n.Kind == jsontree.Number || n.Kind == jsontree.Bool) {
		return "put it in quotes"
	}
	if s.item != nil && n.Kind == jsontree.String {
		return "write one entry a line, each after a dash"
	}
	return ""
}
