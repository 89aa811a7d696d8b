package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// sampleOAuth gives the sample project's OAuth server-to-server credential: its API key and its secret.
func sampleOAuth(t *testing.T, s *harness.Server) (clientID, clientSecret string) {
	t.Helper()
	var workspace struct {
		Project struct {
			Workspace struct {
				Details struct {
					Credentials []struct {
						OAuth struct {
							ClientID string   `json:"client_id"`
							Secrets  []string `json:"client_secrets"`
						} `json:"oauth_server_to_server"`
					}
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(s.Data, "sample", "workspace.json"))
	if err == nil {
		err = json.Unmarshal(text, &workspace)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range workspace.Project.Workspace.Details.Credentials {
		if c.OAuth.ClientID != "" {
			return c.OAuth.ClientID, c.OAuth.Secrets[0]
		}
	}
	t.Fatal("the sample project has no OAuth server-to-server credential")
	return "", ""
}

// imsToken asks the authority for a token as a system would; it gives "" and the answer where there is none.
func imsToken(t *testing.T, s *harness.Server, clientID, clientSecret string) (token string, reply harness.Reply) {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {clientSecret},
		"scope": {"openid,AdobeID,read_organizations,additional_info.projectedProductContext"},
	}
	reply = s.Call("POST", "/ims/token/v3", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
	if reply.Status == http.StatusOK {
		token, _ = reply.JSON(t)["access_token"].(string)
	}
	return token, reply
}

// TestStandIns takes a token of our own authority to the products that dev stands in for, and turns the switches of credentials: what
// the authority says, the profile and the products agree.
func TestStandIns(t *testing.T) {
	s := harness.Dev(t)
	clientID, clientSecret := sampleOAuth(t, s)
	token, _ := imsToken(t, s, clientID, clientSecret)
	call := func(method, path string, body any) harness.Reply {
		return s.Call(method, path, body, "Authorization", "Bearer "+token, "X-Api-Key", clientID)
	}
	want := func(reply harness.Reply, status int, says string) {
		t.Helper()
		if reply.Status != status || !strings.Contains(string(reply.Body), says) {
			t.Errorf("got %d %.300s, want %d with %q", reply.Status, reply.Body, status, says)
		}
	}
	const audiences, suites = "/sim/mc.adobe.io/sampletenant/target/audiences", "/sim/analytics.adobe.io/api/sampleco0/collections/suites"
	const offers = "/sim/mc.adobe.io/sampletenant/target/offers/content"
	s.Must(http.StatusNoContent, "POST", "/sim/_adobe/reset", nil) // the server's own samples have asked Analytics as the same user
	want(call("GET", audiences, nil), 200, "New Visitors")
	want(call("GET", "/sim/analytics.adobe.io/discovery/me", nil), 200, `"globalCompanyId":"sampleco0"`)
	want(call("GET", suites, nil), 200, `"sampleco0.prod"`)
	want(call("POST", offers, `{"name":"Hero","content":"<b>hi</b>"}`), 201, "Hero")
	want(s.Call("GET", audiences, nil, "X-Api-Key", clientID), 401, "401013") // the administrator's key is no token of IMS's

	fault := func(rule map[string]any) {
		t.Helper()
		s.Must(http.StatusOK, "DELETE", "/sim/_adobe/faults", nil)
		s.Must(http.StatusOK, "PUT", "/sim/_adobe/faults", rule)
	}
	profile := func() harness.Reply { return s.Call("GET", "/ims/profile/v1", nil, "Authorization", "Bearer "+token) }
	fault(map[string]any{"fault": "revoked_profile", "client_id": clientID})
	want(call("GET", audiences, nil), 403, `"403025"`)
	want(call("GET", suites, nil), 403, `"403025"`)
	want(profile(), 200, `"projectedProductContext":[]`)
	fault(map[string]any{"fault": "bad_profile", "host": "mc.adobe.io"})
	want(call("GET", audiences, nil), 403, `"403025"`)
	want(call("GET", suites, nil), 200, "")
	want(profile(), 200, `"dma_tartan"`)
	fault(map[string]any{"fault": "not_subscribed"})
	want(call("GET", audiences, nil), 403, `"403003"`)
	fault(map[string]any{"fault": "observer"})
	want(call("GET", audiences, nil), 200, "")
	want(call("POST", offers, `{"name":"Hero","content":"<b>hi</b>"}`), 403, `"httpStatus":403`)
	fault(map[string]any{"fault": "wrong_secret"})
	_, reply := imsToken(t, s, clientID, clientSecret)
	want(reply, 401, "invalid_client")
	fault(map[string]any{"fault": "no_scopes"})
	_, reply = imsToken(t, s, clientID, clientSecret)
	want(reply, 400, "invalid_scope")
	s.Must(http.StatusOK, "DELETE", "/sim/_adobe/faults", nil)
	if again, _ := imsToken(t, s, clientID, clientSecret); again == "" {
		t.Error("with the faults cleared there is no token")
	}
	want(s.Call("PUT", "/sim/_adobe/faults", map[string]any{"fault": "no_such"}), 400, "the faults are")
	want(s.Call("GET", "/sim/_adobe/requests", nil), 200, `"faults":["observer"]`)
}

// TestSwitchesOfTheAuthority turns those switches that lie with the credential and with the authority, and looks at the sample IMS
// configurations, of which one signs with a certificate.
func TestSwitchesOfTheAuthority(t *testing.T) {
	s := harness.Dev(t)
	for _, c := range []struct{ fault, host, name, says string }{
		{"expired_certificate", "", "sample-target", "Could not match JWT signature to any of the bindings"},
		{"wrong_key", "", "sample-target", "Could not match JWT signature to any of the bindings"},
		{"no_scopes", "", "sample-target", "not a subset of the metascopes"},
		{"wrong_secret", "", "sample-target", "invalid_client"},
		{"wrong_secret", "", "sample-analytics", "invalid_client"},
		{"no_scopes", "", "sample-analytics", "invalid_scope"},
		{"disabled", "", "sample-analytics", "invalid_client"},
		{"revoked_profile", "ims", "sample-analytics", "no product profile"},
		{"clock_skew=10m", "ims", "sample-target", "behind the server's"},
		{"drop", "ims", "sample-target", "FAILED  token"},
		{"html", "ims", "sample-analytics", "FAILED  token"},
	} {
		t.Run(c.fault+" "+c.name, func(t *testing.T) {
			s.Must(http.StatusOK, "PUT", "/sim/_adobe/faults", map[string]any{"fault": c.fault, "host": c.host})
			result := s.Run("ims", "check", c.name)
			if result.Code != 1 || !strings.Contains(result.Stdout, c.says) {
				t.Errorf("exit %d, want 1 with %q:\n%s%s", result.Code, c.says, result.Stdout, result.Stderr)
			}
			s.Must(http.StatusOK, "DELETE", "/sim/_adobe/faults", nil)
		})
	}
	clientID, clientSecret := sampleOAuth(t, s)
	for unit, want := range map[string]float64{"ms": 86_399_000, "s": 86_399} {
		s.Must(http.StatusOK, "PUT", "/sim/_adobe/faults", map[string]any{"fault": "expires_in=" + unit, "host": "ims"})
		token, reply := imsToken(t, s, clientID, clientSecret)
		if life := reply.JSON(t)["expires_in"]; token == "" || life != want {
			t.Errorf("told in %s, expires_in is %v, want %v", unit, life, want)
		}
		for _, name := range []string{"sample-target", "sample-analytics"} {
			if result := s.Run("ims", "check", name); result.Code != 0 { // it asks for a new token
				t.Errorf("%s, told in %s:\n%s", name, unit, result.Stdout)
			}
			var told struct {
				Left float64 `json:"expires_in"`
			}
			if result := s.Run("token", name, "--json"); json.Unmarshal([]byte(result.Stdout), &told) != nil || told.Left < 86_000 || told.Left > 86_400 {
				t.Errorf("%s, told in %s: expires_in is %v, want a day", name, unit, told.Left)
			}
		}
	}
	s.Must(http.StatusOK, "DELETE", "/sim/_adobe/faults", nil)
	if result := s.Run("ims", "check", "sample-target"); result.Code != 0 {
		t.Errorf("with the faults cleared:\n%s", result.Stdout)
	}
}
