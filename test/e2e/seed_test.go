// Package e2e_test drives the real binary from outside: its API, its command line, its data directory.
package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/test/harness"
)

const mask = "********"

// example is a published configuration and what its secrets are.
type example struct {
	file    string
	secrets []string // JSON pointers into the file
}

var examples = []example{
	{"authorization-code.json", []string{"/customerAuthenticationConfigurations/0/clientSecret"}},
	{"password.json", []string{"/customerAuthenticationConfigurations/0/clientSecret"}},
	{"client-credentials.json", []string{"/customerAuthenticationConfigurations/0/clientSecret"}},
	{"example-1-response-field.json", []string{"/customerAuthenticationConfigurations/0/clientSecret"}},
	{"example-3-customer-credentials.json", nil},
	{"refresh-with-validations.json", nil},
}

// document reads an example and gives it a name.
func document(t *testing.T, file, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "destination", file))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if name != "" {
		out["name"] = name
	}
	return out
}

// masked puts the mask at the pointers.
func masked(t *testing.T, doc map[string]any, pointers []string) map[string]any {
	t.Helper()
	for _, pointer := range pointers {
		parts := strings.Split(pointer, "/")[1:]
		var at any = doc
		for _, part := range parts[:len(parts)-1] {
			switch node := at.(type) {
			case map[string]any:
				at = node[part]
			case []any:
				at = node[int(part[0]-'0')]
			}
		}
		at.(map[string]any)[parts[len(parts)-1]] = mask
	}
	return doc
}

func TestSeedIsStoredAsItIs(t *testing.T) {
	s := harness.First(t)
	for _, e := range examples {
		t.Run(e.file, func(t *testing.T) {
			name := "stored-" + strings.TrimSuffix(e.file, ".json")
			want := masked(t, document(t, e.file, name), e.secrets)

			got := s.Must(http.StatusCreated, "POST", "/api/v1/definitions", document(t, e.file, name)).JSON(t)
			if diff := cmp.Diff(want, got["destination"]); diff != "" {
				t.Errorf("a definition comes back changed (-sent +got):\n%s", diff)
			}
			again := s.Must(http.StatusOK, "PUT", "/api/v1/definitions/"+name, got["destination"]).JSON(t)
			if again["revision"] != 1.0 {
				t.Errorf("sending back what was answered makes revision %v, want still 1", again["revision"])
			}

			api := "/data/core/activation/authoring/destinations"
			want["name"] = name + "-authored"
			stored := s.Must(http.StatusOK, "POST", api, document(t, e.file, name+"-authored")).JSON(t)
			items := s.Must(http.StatusOK, "GET", api+"/"+stored["instanceId"].(string), nil).JSON(t)["items"].([]any)
			if len(items) != 1 {
				t.Fatalf("GET by instance id gives %d items", len(items))
			}
			answer := items[0].(map[string]any)
			for _, assigned := range []string{"instanceId", "createdDate", "lastModifiedDate", "imsOrg", "sandboxName", "sandboxId", "destConfigId"} {
				if answer[assigned] == nil {
					t.Errorf("the authoring API does not assign %s", assigned)
				}
				delete(answer, assigned)
			}
			if diff := cmp.Diff(want, answer); diff != "" {
				t.Errorf("the authoring API changes a destination (-sent +got):\n%s", diff)
			}
		})
	}
}

// The fragment of Example 2 stands alone in the seed; as a draft it can be stored, and says what it lacks.
func TestSeedFragmentIsADraft(t *testing.T) {
	s := harness.Dev(t)
	fragment := document(t, "example-2-special-refresh-token.json", "")
	got := s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": "fragment", "authentication": fragment})
	if strings.Contains(string(got.Body), "special_refresh_token") {
		t.Error("the constant refresh token is not masked")
	}
	fields := got.JSON(t)["authentication"].(map[string]any)["authenticationDataFields"].([]any)
	if fields[0].(map[string]any)["value"] != mask || fields[1].(map[string]any)["value"] != 3600.0 {
		t.Errorf("authenticationDataFields = %v, want the refresh token masked and expiresIn the number 3600", fields)
	}
	problem := s.Must(http.StatusUnprocessableEntity, "POST", "/api/v1/definitions/fragment/publish", nil)
	if body := string(problem.Body); !strings.Contains(body, "authType") {
		t.Errorf("publishing a fragment answers %s, want that authType is missing", body)
	}
}

// me asks the simulated provider who a token belongs to.
func me(t *testing.T, s *harness.Server, host, token string) map[string]any {
	t.Helper()
	return s.Must(http.StatusOK, "GET", "/sim/"+host+"/me", nil, "Authorization", "Bearer "+token).JSON(t)
}

// token reads a connection's token.
func token(t *testing.T, s *harness.Server, connection string) map[string]any {
	t.Helper()
	return s.Must(http.StatusOK, "GET", "/api/v1/connections/"+connection+"/token", nil).JSON(t)
}

// created publishes a document and connects to it.
func created(t *testing.T, s *harness.Server, doc map[string]any, fields map[string]any) map[string]any {
	t.Helper()
	name := doc["name"].(string)
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", doc)
	s.Must(http.StatusOK, "POST", "/api/v1/definitions/"+name+"/publish", nil)
	return s.Must(http.StatusCreated, "POST", "/api/v1/connections",
		map[string]any{"definition": name, "label": name, "fields": fields}).JSON(t)
}

func TestSeedRuns(t *testing.T) {
	s := harness.Dev(t)
	entry := func(doc map[string]any) map[string]any {
		return doc["customerAuthenticationConfigurations"].([]any)[0].(map[string]any)
	}
	for _, c := range []struct {
		file, host string
		fields     map[string]any
		complete   func(entry map[string]any)
	}{
		{file: "authorization-code.json", host: "api.moviestar.com"},
		{file: "password.json", host: "api.moviestar.com", fields: map[string]any{"username": "ada@example.com", "password": "moviestar"}},
		{file: "client-credentials.json", host: "api.moviestar.com"},
		{file: "example-1-response-field.json", host: "api.moviestar.com", complete: func(e map[string]any) {
			e["clientId"] = "Experience-Platform-client-id"
		}},
		{file: "example-3-customer-credentials.json", host: "movie-42.yourdestination.com",
			fields: map[string]any{"clientId": "acme", "clientSecret": "acme-secret-1", "moviestarId": "movie-42"}},
		{file: "refresh-with-validations.json", host: "acme.yourdestination.com",
			fields: map[string]any{"clientId": "acme", "clientSecret": "acme-secret-1", "customerId": "acme"},
			complete: func(e map[string]any) {
				field := func(name string) map[string]any {
					return map[string]any{"name": name, "type": "string", "isRequired": true, "source": "CUSTOMER"}
				}
				secret := field("clientSecret")
				secret["format"] = "password"
				e["authenticationDataFields"] = []any{field("clientId"), secret, field("customerId")}
			}},
	} {
		t.Run(c.file, func(t *testing.T) {
			name := "run-" + strings.TrimSuffix(c.file, ".json")
			doc := document(t, c.file, name)
			if c.complete != nil {
				s.Must(http.StatusCreated, "POST", "/api/v1/definitions", document(t, c.file, name+"-as-published"))
				s.Must(http.StatusUnprocessableEntity, "POST", "/api/v1/definitions/"+name+"-as-published/publish", nil)
				c.complete(entry(doc))
			}
			connection := created(t, s, doc, c.fields)
			if link, ok := connection["authorize_url"].(string); ok {
				consent(t, link)
			}
			first := token(t, s, name)
			who := me(t, s, c.host, first["access_token"].(string))
			t.Logf("%s is %v", name, who)
			s.Must(http.StatusOK, "POST", "/api/v1/connections/"+name+"/refresh", nil)
			second := token(t, s, name)
			if second["generation"] != 2.0 || second["access_token"] == first["access_token"] {
				t.Errorf("a refresh gives generation %v and the same token: %v", second["generation"], second["access_token"] == first["access_token"])
			}
			me(t, s, c.host, second["access_token"].(string))
		})
	}
}

// consent walks the browser's part of an authorization code.
func consent(t *testing.T, link string) {
	t.Helper()
	response, page := harness.Browse(t, link, nil)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the browser ended at %s with %d\n%s", response.Request.URL.Path, response.StatusCode, page)
	}
}
