package peers_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// consoleCall is what one call of aio-lib-console came to.
type consoleCall struct {
	Call    string          `json:"call"`
	Status  int             `json:"status"`
	Body    json.RawMessage `json:"body"`
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Left    []string        `json:"left"`
}

// refusedCalls are those that can't work, and what is told: what the vendor's App Builder has, and what the client itself
// gets wrong in 5.8.0.
var refusedCalls = map[string]string{
	"uploadAndBindCertificate":            "[object FormData] instead, which is a fault of its own",
	"createEnterpriseIntegration":         "[object FormData] instead, which is a fault of its own",
	"createIMSOrg":                        "post_console_organizations is not a function",
	"getAtlasQuotaUsage":                  "Required parameter sdkCode is not provided",
	"getAtlasApplicationPolicy":           "There are no quotas of services here",
	"createRuntimeNamespace":              "There is no runtime here",
	"getWorkspaceInfoForRuntimeNamespace": "There is no runtime here",
	"updateEndPointsInWorkspace":          "There are no extensions of applications here",
	"getProjectInstallConfig":             "There are no applications to install here",
}

// TestConsoleClient runs every call of Adobe's client of the Developer Console, unmodified, through the intercepting proxy: it
// has the vendor's host built in. Its token is one of the sample credential's.
func TestConsoleClient(t *testing.T) {
	s := harness.Dev(t, "--intercept")
	lines := node(t, append(s.Environment(), "LOG_LEVEL=error"), "console.mjs", filepath.Join(s.Data, "sample"))
	calls := map[string][]consoleCall{}
	done := false
	for _, line := range lines {
		var c consoleCall
		if err := json.Unmarshal(line, &c); err != nil {
			continue // the client's own words
		}
		if c.Call == "" {
			done = true
			if len(c.Left) > 0 {
				t.Errorf("these calls of the client are not tried: %v", c.Left)
			}
			continue
		}
		calls[c.Call] = append(calls[c.Call], c)
		if want, refused := refusedCalls[c.Call]; refused {
			if !strings.Contains(c.Message, want) {
				t.Errorf("%s: %d %s, want it refused with %q", c.Call, c.Status, c.Message, want)
			}
		} else if c.Status < 200 || c.Status > 299 {
			t.Errorf("%s: %s %s", c.Call, c.Code, c.Message)
		}
	}
	if !done || t.Failed() {
		t.Fatalf("%d calls were made", len(calls))
	}
	body := func(call string, into any) {
		if err := json.Unmarshal(calls[call][0].Body, into); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
	if calls["createProject"][0].Status != 201 || calls["createOAuthServerToServerCredential"][0].Status != 200 {
		t.Error("the statuses of what is made are not the vendor's")
	}
	var secrets struct {
		Secrets []struct {
			Value string `json:"client_secret"`
		} `json:"client_secrets"`
	}
	body("getIntegrationSecrets", &secrets)
	var bindings []map[string]any
	body("getBindingsForIntegration", &bindings)
	if len(secrets.Secrets) != 1 || !strings.HasPrefix(secrets.Secrets[0].Value, "p8e-") || len(bindings) != 1 {
		t.Errorf("secrets %+v, bindings %v", len(secrets.Secrets), bindings)
	}
	var file workspaceFile
	body("downloadWorkspaceJson", &file)
	file.check(t)
}

// workspaceFile is what of a workspace's file the schema has rules about; more is tested beside the code.
type workspaceFile struct {
	Project struct {
		Name      string
		Workspace struct {
			Details struct {
				Credentials []map[string]any
				Services    []struct{ Code string }
			}
		}
	}
}

func (f *workspaceFile) check(t *testing.T) {
	t.Helper()
	var kinds []string
	for _, c := range f.Project.Workspace.Details.Credentials {
		kind, _ := c["integration_type"].(string)
		kinds = append(kinds, kind)
		if oauth, ok := c["oauth2"].(map[string]any); ok {
			if _, has := oauth["client_secret"]; has != (kind != "oauthsinglepageapp") {
				t.Errorf("a client_secret of an %s: %v", kind, has)
			}
		}
		if len(c) != 4 { // id, name, integration_type and one block
			t.Errorf("an %s has the members %v", kind, c)
		}
	}
	want := []string{"service", "oauth_server_to_server", "oauthwebapp", "oauthsinglepageapp", "oauthnativeapp", "apikey"}
	if services := f.Project.Workspace.Details.Services; f.Project.Name != "Peers" || !slices.Equal(kinds, want) || len(services) != 1 {
		t.Errorf("the file of %q has credentials %v and services %v", f.Project.Name, kinds, services)
	}
}
