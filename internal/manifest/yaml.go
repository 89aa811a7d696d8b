package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"latchkey/internal/jsontree"
)

// maxDepth bounds how deep values are nested, as jsontree does.
const maxDepth = 64

// tree makes JSON of a YAML value, and notes where each part of it stands. YAML's own inventions (anchors, merges, tags,
// numbers that JSON has not) are refused: what is read is what everybody reads.
type tree struct {
	file     string
	out      []byte
	places   map[string]Place
	problems Problems
}

func (t *tree) place(node ast.Node) Place {
	return tokenPlace(t.file, node.GetToken())
}

func tokenPlace(file string, at *token.Token) Place {
	if at == nil || at.Position == nil {
		return Place{File: file}
	}
	return Place{file, at.Position.Line, at.Position.Column}
}

func (t *tree) wrong(node ast.Node, pointer, message, fix string) {
	t.problems = append(t.problems, Problem{Place: t.place(node), Member: member(pointer), Message: message, Fix: fix})
	t.out = append(t.out, "null"...)
}

func (t *tree) value(node ast.Node, pointer string, depth int) {
	if node == nil {
		t.out = append(t.out, "null"...)
		return
	}
	if _, set := t.places[pointer]; !set {
		t.places[pointer] = t.place(node)
	}
	if depth > maxDepth {
		t.wrong(node, pointer, "it is nested too deeply", "")
		return
	}
	switch n := node.(type) {
	case *ast.NullNode, *ast.CommentGroupNode:
		t.out = append(t.out, "null"...)
	case *ast.BoolNode:
		t.boolean(n, pointer)
	case *ast.IntegerNode:
		t.number(n, pointer, n.Token.Value)
	case *ast.FloatNode:
		t.number(n, pointer, n.Token.Value)
	case *ast.StringNode:
		t.text(n.Value)
	case *ast.LiteralNode:
		t.text(n.Value.Value)
	case *ast.MappingNode:
		t.mapping(n.Values, pointer, depth)
	case *ast.MappingValueNode:
		t.mapping([]*ast.MappingValueNode{n}, pointer, depth)
	case *ast.SequenceNode:
		t.sequence(n, pointer, depth)
	case *ast.AnchorNode, *ast.AliasNode:
		t.wrong(node, pointer, "anchors and aliases are not read", "write the value out")
	default:
		t.wrong(node, pointer, "it is no value that JSON has", "write a text in quotes, a number, true, false, a list or members")
	}
}

// boolean refuses the words that older YAML took for one.
func (t *tree) boolean(n *ast.BoolNode, pointer string) {
	switch n.Token.Value {
	case "true", "false":
		t.out = append(t.out, n.Token.Value...)
	default:
		t.wrong(n, pointer, fmt.Sprintf("%.10q is not how a boolean is written", n.Token.Value), "write true or false")
	}
}

// number keeps a number's text, which JSON has to know.
func (t *tree) number(node ast.Node, pointer, text string) {
	if !json.Valid([]byte(text)) {
		t.wrong(node, pointer, "this is no number that JSON has", "write its decimal digits, or put it in quotes for a text")
		return
	}
	t.out = append(t.out, text...)
}

func (t *tree) text(text string) { t.out = append(t.out, quoted(text)...) }

// quoted writes a text as JSON does, without the escapes that are for browsers.
func quoted(text string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(err) // a text always encodes
	}
	return bytes.TrimRight(out.Bytes(), "\n")
}

func (t *tree) mapping(pairs []*ast.MappingValueNode, pointer string, depth int) {
	t.out = append(t.out, '{')
	seen := map[string]bool{}
	for i, pair := range pairs {
		if i > 0 {
			t.out = append(t.out, ',')
		}
		name := keyText(pair.Key)
		below := jsontree.Child(pointer, name)
		if _, merge := pair.Key.(*ast.MergeKeyNode); merge || seen[name] {
			message, fix := "the member stands here a second time", "leave one of them out"
			if merge {
				message, fix = "merge keys are not read", "write the members out"
			}
			t.problems = append(t.problems, Problem{Place: t.place(pair.Key), Member: member(below), Message: message, Fix: fix})
			name = fmt.Sprintf("%s (%d)", name, i) // so that the rest can be read
		}
		seen[name] = true
		t.places[below] = t.place(pair.Key)
		t.text(name)
		t.out = append(t.out, ':')
		t.value(pair.Value, below, depth+1)
	}
	t.out = append(t.out, '}')
}

func keyText(key ast.MapKeyNode) string {
	if text, ok := key.(*ast.StringNode); ok {
		return text.Value
	}
	if at := key.GetToken(); at != nil {
		return at.Value
	}
	return key.String()
}

func (t *tree) sequence(n *ast.SequenceNode, pointer string, depth int) {
	t.out = append(t.out, '[')
	for i, item := range n.Values {
		if i > 0 {
			t.out = append(t.out, ',')
		}
		t.value(item, jsontree.Element(pointer, i), depth+1)
	}
	t.out = append(t.out, ']')
}

// parse splits a file into its documents. What is wrong with one does not keep the others from being read.
func parse(file string, text []byte) ([]*Object, Problems) {
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	var objects []*Object
	var problems Problems
	for _, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		if _, empty := doc.Body.(*ast.CommentGroupNode); empty {
			continue
		}
		if _, empty := doc.Body.(*ast.NullNode); empty {
			continue
		}
		t := tree{file: file, places: map[string]Place{}}
		t.value(doc.Body, "", 0)
		if len(t.problems) > 0 {
			problems = append(problems, t.problems...)
			continue
		}
		object, found := t.object(doc.Body)
		problems = append(problems, found...)
		if object != nil {
			objects = append(objects, object)
		}
	}
	return objects, problems
}

// syntaxProblem tells what is no YAML. The library's message quotes lines of the file, which may hold a secret: its first
// line alone is told.
func syntaxProblem(file string, err error) Problem {
	out := Problem{Place: Place{File: file}, Message: "this is no YAML", Fix: "look at the indentation and the quotes there"}
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		out.Place = tokenPlace(file, syntax.Token)
		out.Message += ": " + syntax.Message
	}
	return out
}

// object takes a document apart.
func (t *tree) object(body ast.Node) (*Object, Problems) {
	at := t.place(body)
	if pair, ok := body.(*ast.MappingValueNode); ok {
		at = t.place(pair.Key)
	}
	if mapping, ok := body.(*ast.MappingNode); ok && len(mapping.Values) > 0 {
		at = t.place(mapping.Values[0].Key)
	}
	root, err := jsontree.Parse(t.out)
	if err != nil || root.Kind != jsontree.Object {
		return nil, Problems{{Place: at, Message: "a document begins with a kind and a name", Fix: "write kind: and name:, then spec:"}}
	}
	o := &Object{Kind: root.Get("kind").Str(), Name: root.Get("name").Str(), Spec: root.Get("spec"), Place: at, places: map[string]Place{}}
	var problems Problems
	for _, m := range root.Members() {
		if expected := documentMembers[m.Name]; expected == nil {
			problems = append(problems, Problem{Place: t.places[jsontree.Child("", m.Name)], Object: strings.TrimSpace(o.String()), Member: m.Name,
				Message: "a document has no such member", Fix: "its members are kind, name and spec"})
		} else if m.Value.Kind != *expected {
			problems = append(problems, Problem{Place: t.places[jsontree.Child("", m.Name)], Object: strings.TrimSpace(o.String()), Member: m.Name,
				Message: "expected " + expected.String() + ", found " + m.Value.Kind.String()})
		}
	}
	for pointer, place := range t.places {
		if below, ok := strings.CutPrefix(pointer, "/spec"); ok && (below == "" || below[0] == '/') {
			o.places[below] = place
		}
	}
	for _, name := range []string{"kind", "name"} {
		if root.Get(name) == nil || root.Get(name).Is(jsontree.String) && root.Get(name).Text == "" {
			problems = append(problems, Problem{Place: at, Object: strings.TrimSpace(o.String()), Member: name, Message: "it is missing", Fix: "write " + name + ": at the beginning of the document"})
		}
	}
	if o.Spec == nil {
		o.Spec, _ = jsontree.Parse([]byte("{}")) // always JSON
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return o, nil
}

var (
	isText, isObject = jsontree.String, jsontree.Object
	// documentMembers :: member of a document → the kind of its value.
	documentMembers = map[string]*jsontree.Kind{"kind": &isText, "name": &isText, "spec": &isObject}
)
