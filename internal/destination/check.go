package destination

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/jsontree"
	"latchkey/internal/secret"
	"latchkey/internal/suggest"
	"latchkey/pebble"
)

// Prompts gives what to ask a customer, in the order of the definition. What the grant implies comes first: username
// and password, or a token; a field of that name replaces it.
func (p *Plan) Prompts() []Prompt {
	var out []Prompt
	for _, implied := range p.implied() {
		if !slices.ContainsFunc(p.fields, func(f Field) bool { return f.Name == implied.Name }) {
			out = append(out, implied)
		}
	}
	for _, f := range p.fields {
		if f.Role == PromptRole {
			out = append(out, f.Prompt)
		}
	}
	return out
}

// implied gives the prompts that need no declaration (spec §1.2, §1.4).
func (p *Plan) implied() []Prompt {
	user := Prompt{Name: "username", Title: "Username", Type: StringType, Required: true}
	password := Prompt{Name: "password", Title: "Password", Type: StringType, Required: true, Secret: true}
	switch {
	case p.authType == Bearer:
		return []Prompt{{Name: "token", Title: "Bearer token", Type: StringType, Required: true, Secret: true}}
	case p.authType == Basic, p.grant == Password:
		return []Prompt{user, password}
	}
	return nil
}

// CheckFields checks what a customer entered against the prompts and gives it typed. Problems point to
// "/fields/NAME".
func (p *Plan) CheckFields(in map[string]any) (Fields, Problems) { return p.MergeFields(Fields{}, in) }

// MergeFields checks a change of fields: what it leaves out stays, [Mask] keeps a secret, null takes a value away.
func (p *Plan) MergeFields(previous Fields, in map[string]any) (Fields, Problems) {
	prompts := p.Prompts()
	c := fieldCheck{out: Fields{public: map[string]any{}, secrets: map[string]secret.String{}}}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !slices.ContainsFunc(prompts, func(p Prompt) bool { return p.Name == name }) {
			c.unknown(p, name, prompts)
		}
	}
	for _, prompt := range prompts {
		value, given := in[prompt.Name]
		old, had := previous.Value(prompt.Name)
		switch {
		case given && value == Mask && prompt.Secret && had, !given && had:
			c.keep(prompt, old)
		case given && value == Mask && prompt.Secret:
			c.add(prompt.Name, "this says "+Mask+", and there is no stored value that it could keep", "send the value itself")
			c.bad(prompt.Name)
		case given && value != nil:
			c.check(prompt, value)
		case prompt.Default != nil:
			c.keep(prompt, prompt.Default)
		}
	}
	for _, prompt := range prompts {
		c.complete(prompt)
	}
	return c.out, c.problems
}

// fieldCheck gathers checked fields.
type fieldCheck struct {
	out      Fields
	problems Problems
	failed   map[string]bool // names whose value is wrong, so that they don't count as missing too
}

func (c *fieldCheck) add(name, message, fix string) {
	c.problems = append(c.problems, Problem{Pointer: jsontree.Child("/fields", name), Message: message, Fix: fix, Severity: Refused})
}

func (c *fieldCheck) bad(name string) {
	if c.failed == nil {
		c.failed = map[string]bool{}
	}
	c.failed[name] = true
}

// unknown names the fields that there are.
func (c *fieldCheck) unknown(p *Plan, name string, prompts []Prompt) {
	names := make([]string, len(prompts))
	for i, prompt := range prompts {
		names[i] = prompt.Name
	}
	fix := "the definition asks for no fields"
	if len(names) > 0 {
		fix = "the fields are " + joinWords(names, " and ")
	}
	if meant, ok := suggest.Closest(name, names); ok {
		fix = "did you mean " + strconv.Quote(meant) + "? " + strings.ToUpper(fix[:1]) + fix[1:]
	}
	message := "there is no field " + shown(name)
	for _, f := range p.fields {
		if f.Name == name && f.Role == ConstantRole {
			message = "the definition gives " + shown(name) + " itself; it cannot be entered"
		}
		if f.Name == name && f.Role == OutputRole {
			message = shown(name) + " is read from the provider's answer; it cannot be entered"
		}
	}
	c.add(name, message, fix)
}

// keep takes a value that has been checked before.
func (c *fieldCheck) keep(prompt Prompt, value any) {
	s, hidden := value.(secret.String)
	switch {
	case prompt.Secret && !hidden:
		c.out.secrets[prompt.Name] = secret.New(textOf(value))
	case hidden:
		c.out.secrets[prompt.Name] = s
	default:
		c.out.public[prompt.Name] = value
	}
}

// maxField bounds a value, in bytes.
const maxField = 64 << 10

// check takes a value that somebody entered.
func (c *fieldCheck) check(prompt Prompt, value any) {
	typed, problem := typeField(prompt, value)
	if problem == "" {
		problem = prompt.mismatch(typed)
	}
	if problem != "" {
		c.add(prompt.Name, problem, "")
		c.bad(prompt.Name)
		return
	}
	if text := textOf(typed); text != "" {
		c.keep(prompt, typed)
	}
}

// typeField gives the value as the prompt's type wants it, or says why not. It never repeats the value.
func typeField(prompt Prompt, value any) (any, string) {
	text, k, ok := scalarOf(value)
	switch {
	case !ok && prompt.Type == ObjectType:
		typed, err := typedValue(value)
		if _, object := typed.(*pebble.Map); err != nil || !object {
			return nil, "this must be an object"
		}
		if len(textOf(typed)) > maxField {
			return nil, fmt.Sprintf("the value is longer than %d bytes", maxField)
		}
		return typed, ""
	case !ok:
		return nil, "this must be " + typeWords(prompt.Type)
	case len(text) > maxField:
		return nil, fmt.Sprintf("the value is longer than %d bytes", maxField)
	}
	typed, ok, exact := coerce(text, k, prompt.Type)
	if !ok || prompt.Type == StringType && !exact {
		return nil, "this must be " + typeWords(prompt.Type) + ", not " + k.String()
	}
	return typed, ""
}

// scalarOf gives a scalar's text and kind; ok is false for anything else. A float that is a whole number is one.
func scalarOf(value any) (text string, k jsontree.Kind, ok bool) {
	switch value := value.(type) {
	case string:
		return value, jsontree.String, true
	case bool:
		return strconv.FormatBool(value), jsontree.Bool, true
	case secret.String:
		return value.Reveal(), jsontree.String, true
	case float64:
		const exact = 1 << 53
		if value == math.Trunc(value) && math.Abs(value) < exact {
			return strconv.FormatInt(int64(value), 10), jsontree.Number, true
		}
		return strconv.FormatFloat(value, 'g', -1, 64), jsontree.Number, true
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return fmt.Sprint(value), jsontree.Number, true
	case json.Number:
		return string(value), jsontree.Number, true
	case pebble.Number:
		return string(value), jsontree.Number, true
	}
	return "", jsontree.Null, false
}

// textOf gives a typed value as text.
func textOf(value any) string {
	if text, _, ok := scalarOf(value); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil || value == nil {
		return ""
	}
	return string(text)
}

// mismatch says why a typed value is none of the prompt's; "" when it is one.
func (p Prompt) mismatch(value any) string {
	text := textOf(value)
	if len(p.Enum) > 0 {
		var allowed []string
		for _, choice := range p.Enum {
			if textOf(choice.Value) == text {
				return ""
			}
			allowed = append(allowed, textOf(choice.Value))
		}
		message := "this is none of the choices; use " + quoteList(allowed)
		if meant, ok := suggest.Closest(text, allowed); ok && !p.Secret {
			message = "this is none of the choices; did you mean " + strconv.Quote(meant) + "? Use " + quoteList(allowed)
		}
		return message
	}
	if p.Pattern == "" {
		return ""
	}
	if pattern, err := WholeMatch(p.Pattern); err == nil && !pattern.MatchString(text) {
		return "this doesn't have the form that the field wants: " + p.Pattern
	}
	return ""
}

// complete asks for what is required and missing. A field whose condition doesn't hold is not asked for.
func (c *fieldCheck) complete(prompt Prompt) {
	if _, have := c.out.Value(prompt.Name); have || !prompt.Required || c.failed[prompt.Name] {
		return
	}
	if on := prompt.Condition; on != nil {
		value, _ := c.out.Value(on.Field)
		if textOf(value) != textOf(on.Value) {
			return
		}
	}
	c.add(prompt.Name, prompt.Title+" is missing", `send "`+prompt.Name+`" in fields`)
}
