package destination

import (
	"regexp"
	"slices"
	"strconv"

	"latchkey/internal/jsontree"
	"latchkey/internal/secret"
	"latchkey/internal/suggest"
	"latchkey/pebble"
)

// fieldMembers are those of authenticationDataFields (spec §1.5).
var fieldMembers = set("name", "title", "description", "type", "isRequired", "format", "source", "fieldType", "value",
	"authenticationResponsePath", "enum", "namedEnum", "default", "pattern", "hidden", "readOnly", "unique",
	"conditional", "properties", "dynamicEnum")

// fields reads authenticationDataFields.
func (c *compiler) fields() {
	n, at := c.entry.Get("authenticationDataFields"), jsontree.Child(c.pointer, "authenticationDataFields")
	if n.Absent() {
		return
	}
	var items []*jsontree.Node
	if n.Kind == jsontree.Object { // the OpenAPI document types it so by mistake (I11)
		c.warn(at, "authenticationDataFields should be an array", "put [ ] around it")
		items = []*jsontree.Node{n}
	} else {
		items = c.items(n, at)
	}
	seen := map[string]bool{}
	for i, item := range items {
		here := jsontree.Element(at, i)
		if n.Kind == jsontree.Object {
			here = at
		}
		if !c.kind(item, here, jsontree.Object) {
			continue
		}
		f, ok := c.field(item, here)
		if ok && seen[f.Name] { // U8
			c.refuse(jsontree.Child(here, "name"), "there are two fields "+shown(f.Name), "keep one of them")
			continue
		}
		if ok {
			seen[f.Name] = true
			c.plan.fields = append(c.plan.fields, f)
			c.names[f.Name] = c.names[f.Name] || f.Secret
		}
	}
	if len(items) > 0 {
		c.conditions(at, n)
	}
}

// field reads one field.
func (c *compiler) field(n *jsontree.Node, at string) (Field, bool) {
	c.misspelt(n, at, fieldMembers)
	f := Field{Prompt: Prompt{
		Name: c.text(n, at, "name"), Title: c.text(n, at, "title"), Description: c.text(n, at, "description"),
		Required: c.truth(n, at, "isRequired"), Hidden: c.truth(n, at, "hidden"), ReadOnly: c.truth(n, at, "readOnly"),
		Pattern: c.text(n, at, "pattern"),
	}}
	if f.Name == "" {
		c.refuse(jsontree.Child(at, "name"), "the field has no name", `add "name": "…"`)
		return f, false
	}
	if f.Title == "" {
		f.Title = f.Name
	}
	kind, _ := c.enum(n.Get("type"), jsontree.Child(at, "type"), "the type",
		string(StringType), string(BooleanType), string(IntegerType), string(ObjectType))
	f.Type = FieldType(kind)
	format := c.text(n, at, "format")
	if format != "" && format != "password" {
		c.warn(jsontree.Child(at, "format"), "nothing reads the format "+shown(format), `the one format is "password"`)
	}
	f.Secret = format == "password" || secretName(f.Name)
	if _, err := WholeMatch(f.Pattern); err != nil {
		c.refuse(jsontree.Child(at, "pattern"), "the pattern is no regular expression (RE2): "+err.Error(), "")
		f.Pattern = ""
	}
	f.Enum = c.choices(n, at)
	c.roleOf(&f, n, at)
	f.Default = c.typed(n.Get("default"), jsontree.Child(at, "default"), f)
	return f, true
}

// roleOf decides what the field is for (spec §1.5, in its order), and reads its constant and its path.
func (c *compiler) roleOf(f *Field, n *jsontree.Node, at string) {
	source := c.sourceOf(n, at)
	f.Path = c.path(n, at, "authenticationResponsePath")
	f.Constant = c.typed(n.Get("value"), jsontree.Child(at, "value"), *f)
	switch {
	case !f.Path.Empty():
		f.Role = OutputRole
		if source == "CUSTOMER" { // I2
			c.warn(jsontree.Child(at, "source"), "the field is read from the response; nobody will be asked for it", `write "source": "PARTNER"`)
		}
	case !n.Get("value").Absent():
		f.Role = ConstantRole
		if source == "CUSTOMER" {
			c.warn(jsontree.Child(at, "source"), "the field has a value; nobody will be asked for it", `write "source": "PARTNER", or take "value" away`)
		}
	case source == "PARTNER":
		c.refuse(at, "a PARTNER field needs a value or an authenticationResponsePath",
			`add one of them, or write "source": "CUSTOMER"`)
	case source == "":
		c.warn(at, "the field doesn't say who gives its value; the customer will be asked", `add "source": "CUSTOMER"`)
	}
}

// sourceOf reads who gives the value, under either of the member's names (I1).
func (c *compiler) sourceOf(n *jsontree.Node, at string) string {
	source, _ := c.enum(n.Get("source"), jsontree.Child(at, "source"), "the source", "CUSTOMER", "PARTNER")
	old, _ := c.enum(n.Get("fieldType"), jsontree.Child(at, "fieldType"), "the fieldType", "CUSTOMER", "PARTNER")
	switch {
	case old == "":
		return source
	case source != "" && source != old:
		c.refuse(jsontree.Child(at, "fieldType"), "source and fieldType say different things", `keep "source" alone`)
	default:
		c.warn(jsontree.Child(at, "fieldType"), "fieldType is an older name of source", `write "source": "`+old+`"`)
	}
	return old
}

// typed reads a constant and checks it against the declared type; nil when there is none. A secret is sealed.
func (c *compiler) typed(n *jsontree.Node, at string, f Field) any {
	if n.Absent() {
		return nil
	}
	text, k, hidden := n.Reveal()
	if n.Masked() && !hidden {
		return nil // the mask without a secret is a problem of its own
	}
	value, ok, exact := coerce(text, k, f.Type)
	switch {
	case k == jsontree.Object || k == jsontree.Array:
		if f.Type != ObjectType && !(k == jsontree.Array && f.Type == "") {
			c.refuse(at, "this must be "+typeWords(f.Type)+", not "+k.String(), "")
			return nil
		}
		value, _ = pebble.FromJSON(n.Append(nil))
		return value
	case !ok:
		c.refuse(at, "this must be "+typeWords(f.Type)+", as the field's type says", "")
		return nil
	case !exact:
		c.warn(at, "this is written as "+k.String()+", and the field's type says "+string(f.Type), "")
	}
	if hidden {
		return secret.New(text)
	}
	return value
}

// coerce gives a scalar as the type wants it; exact tells that it was written so.
func coerce(text string, k jsontree.Kind, want FieldType) (value any, ok, exact bool) {
	switch want {
	case "":
		switch k {
		case jsontree.Bool:
			return text == "true", true, true
		case jsontree.Number:
			return pebble.Number(text), true, true
		}
		return text, true, true
	case StringType:
		return text, true, k == jsontree.String
	case BooleanType:
		return text == "true", text == "true" || text == "false", k == jsontree.Bool
	case IntegerType:
		return pebble.Number(text), isInteger(text), k == jsontree.Number
	}
	return nil, false, false
}

var integerText = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,18})$`)

func isInteger(text string) bool { return integerText.MatchString(text) }

// typeWords names a type with its article.
func typeWords(t FieldType) string {
	switch t {
	case BooleanType:
		return "true or false"
	case IntegerType:
		return "an integer"
	case ObjectType:
		return "an object"
	case StringType:
		return "a string"
	}
	return "a string, a number or a boolean"
}

// choices reads enum or namedEnum.
func (c *compiler) choices(n *jsontree.Node, at string) []Choice {
	var out []Choice
	for i, item := range c.items(n.Get("enum"), jsontree.Child(at, "enum")) {
		if !item.Scalar() {
			c.refuse(jsontree.Element(jsontree.Child(at, "enum"), i), "a choice must be a string, a number or a boolean", "")
			continue
		}
		value, _, _ := coerce(item.Text, item.Kind, "")
		out = append(out, Choice{item.Text, value})
	}
	for i, item := range c.items(n.Get("namedEnum"), jsontree.Child(at, "namedEnum")) {
		here := jsontree.Element(jsontree.Child(at, "namedEnum"), i)
		value := item.Get("value")
		if !c.kind(item, here, jsontree.Object) || !value.Scalar() {
			c.refuse(here, "a choice must have a name and a value", `write {"name": "…", "value": "…"}`)
			continue
		}
		name := c.text(item, here, "name")
		if name == "" {
			name = value.Text
		}
		typed, _, _ := coerce(value.Text, value.Kind, "")
		out = append(out, Choice{name, typed})
	}
	return out
}

// conditions reads what makes fields depend on each other, once all are known.
func (c *compiler) conditions(at string, list *jsontree.Node) {
	for i, item := range elements(list) {
		n := item.Get("conditional")
		here := jsontree.Child(jsontree.Element(at, i), "conditional")
		if n.Absent() || !c.kind(n, here, jsontree.Object) {
			continue
		}
		if !n.Get("operator").Absent() {
			c.enum(n.Get("operator"), jsontree.Child(here, "operator"), "the operator", "EQUALS")
		}
		on, value := c.text(n, here, "field"), n.Get("value")
		var asked []string
		for _, f := range c.plan.fields {
			if f.Role == PromptRole {
				asked = append(asked, f.Name)
			}
		}
		if !slices.Contains(asked, on) {
			fix := ""
			if meant, ok := suggest.Closest(on, asked); ok {
				fix = "did you mean " + strconv.Quote(meant) + "?"
			}
			c.unpublishable(jsontree.Child(here, "field"), "the condition depends on "+shown(on)+", which the customer is not asked for", fix)
			continue
		}
		if !value.Scalar() {
			c.unpublishable(jsontree.Child(here, "value"), "the condition has no value to compare with", "")
			continue
		}
		typed, _, _ := coerce(value.Text, value.Kind, "")
		for j := range c.plan.fields {
			if c.plan.fields[j].Name == item.Get("name").Str() {
				c.plan.fields[j].Condition = &Condition{on, typed}
			}
		}
	}
}
