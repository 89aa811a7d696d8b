package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"

	"latchkey/internal/manifest"
)

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// validate holds each document of a text against the schema, by another reader of YAML.
func validate(t fataler, text string) {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(manifest.Schema(), &schema); err != nil {
		t.Fatalf("the schema is no JSON: %v", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	for {
		var document any
		if err := decoder.Decode(&document); err != nil {
			break
		}
		written, err := json.Marshal(document)
		if err != nil {
			t.Fatalf("a document is no JSON: %v", err)
		}
		var value any
		_ = json.Unmarshal(written, &value)
		if wrong := fits(schema, value, ""); wrong != "" {
			t.Fatalf("the schema refuses %s: %s", written, wrong)
		}
	}
}

// fits tells what keeps a value from a schema, of the keywords that ours has; "" for nothing.
func fits(schema map[string]any, value any, at string) string {
	if of, ok := schema["oneOf"].([]any); ok {
		var last []string
		for _, one := range of {
			wrong := fits(one.(map[string]any), value, at)
			if wrong == "" {
				return ""
			}
			last = append(last, wrong)
		}
		return fmt.Sprint("none of them: ", last)
	}
	if want, ok := schema["const"]; ok && want != value {
		return fmt.Sprintf("%s is not %v", at, want)
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, value) {
		return fmt.Sprintf("%s is none of %v", at, enum)
	}
	switch v := value.(type) {
	case map[string]any:
		if schema["type"] != "object" {
			return at + " is an object"
		}
		return fitsObject(schema, v, at)
	case []any:
		for i, item := range v {
			items, ok := schema["items"].(map[string]any)
			if !ok {
				return at + " is a list"
			}
			if wrong := fits(items, item, fmt.Sprintf("%s/%d", at, i)); wrong != "" {
				return wrong
			}
		}
	case string:
		if pattern, ok := schema["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(v) {
			return at + " does not match " + pattern
		}
		if kind, ok := schema["type"]; ok && kind != "string" {
			return at + " is a string"
		}
	case bool:
		if schema["type"] != "boolean" {
			return at + " is a boolean"
		}
	case float64:
		if schema["type"] != "integer" {
			return at + " is a number"
		}
	}
	return ""
}

func fitsObject(schema, value map[string]any, at string) string {
	properties, _ := schema["properties"].(map[string]any)
	for name, member := range value {
		known, ok := properties[name].(map[string]any)
		if !ok && schema["additionalProperties"] == false {
			return at + "/" + name + " is unknown"
		}
		if ok {
			if wrong := fits(known, member, at+"/"+name); wrong != "" {
				return wrong
			}
		}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := value[name.(string)]; !ok {
			return fmt.Sprintf("%s lacks %v", at, name)
		}
	}
	return ""
}

func TestSchema(t *testing.T) {
	validate(t, sample)
	var schema map[string]any
	check(t, json.Unmarshal(manifest.Schema(), &schema))
	for _, bad := range []string{`{"kind":"Topik","name":"a"}`, `{"kind":"Topic","name":"a","spec":{"partition":1}}`, `{"kind":"Project"}`,
		`{"kind":"IMSConfiguration","name":"a","spec":{"client_secret":"plain"}}`, `{"kind":"Webhook","name":"a"}`} {
		var value any
		check(t, json.Unmarshal([]byte(bad), &value))
		if fits(schema, value, "") == "" {
			t.Errorf("the schema takes %s", bad)
		}
	}
}
