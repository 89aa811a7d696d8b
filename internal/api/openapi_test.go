package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"testing"

	"latchkey/internal/api"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestOpenAPI keeps the contract: a change of the document is a change of a file that is reviewed.
func TestOpenAPI(t *testing.T) {
	document, err := api.OpenAPI("dev")
	if err != nil {
		t.Fatalf("OpenAPI = %v", err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/openapi.json", append(pretty.Bytes(), '\n'))
}

// TestNulls checks that a member which an answer gives as null may be null by the document.
func TestNulls(t *testing.T) {
	document, err := api.OpenAPI("dev")
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					AnyOf []struct {
						Ref  string `json:"$ref"`
						Type string
					}
				}
			}
		}
	}
	if err := json.Unmarshal(document, &parsed); err != nil {
		t.Fatal(err)
	}
	for member, schema := range map[string]string{"token": "TokenState", "last_error": "LastError"} {
		either := parsed.Components.Schemas["Connection"].Properties[member].AnyOf
		if len(either) != 2 || either[0].Ref != "#/components/schemas/"+schema || either[1].Type != "null" {
			t.Errorf("a connection's %s is %+v, want a %s or null", member, either, schema)
		}
	}
}

// TestReference keeps the pages that are made from the code.
func TestReference(t *testing.T) {
	golden(t, "../../docs/reference/errors.md", []byte(api.ErrorsPage()))
	page, err := api.ReferencePage()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/reference/api.md", []byte(page))
}

// TestKinds checks that every kind is explained, once.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range api.Kinds() {
		if seen[kind.Slug] || kind.Slug == "" || kind.Title == "" || kind.Status < 400 || kind.Means == "" || kind.Do == "" {
			t.Errorf("the kind %+v is there twice, or not explained", kind)
		}
		seen[kind.Slug] = true
	}
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is made now; go test ./internal/api -update rewrites it", path)
	}
}

// TestPathParameters holds that each name in a path is one that the handler is given: of an embedded struct that is not exported
// none is filled in, and the handler sees "".
func TestPathParameters(t *testing.T) {
	document, err := api.OpenAPI("dev")
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(document, &parsed); err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\{([a-z_]+)\}`)
	for path, methods := range parsed.Paths {
		for method, operation := range methods {
			for _, name := range names.FindAllStringSubmatch(path, -1) {
				if !slices.ContainsFunc(operation.Parameters, func(p struct{ Name, In string }) bool { return p.In == "path" && p.Name == name[1] }) {
					t.Errorf("%s %s: the handler is not given %s", method, path, name[1])
				}
			}
		}
	}
}
