package peers_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// TestIMSClients runs Adobe's own clients and a strict OAuth 2 client, unmodified, against the authority. Those whose host is
// written into them come here through the intercepting proxy.
func TestIMSClients(t *testing.T) {
	s := harness.Dev(t, "--intercept")
	command := exec.CommandContext(t.Context(), "node", "--no-deprecation", "ims.mjs", filepath.Join(s.Data, "sample"), s.URL)
	command.Env = s.Environment()
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("the clients: %v\n%s%s", err, out, stderr.String())
	}
	results := map[string]map[string]any{}
	for line := range strings.Lines(string(out)) {
		var result map[string]any
		if err := json.Unmarshal([]byte(line), &result); err != nil {
			continue // a client's own words
		}
		name, _ := result["name"].(string)
		results[name] = result
	}
	for name, want := range map[string]map[string]any{
		"@adobe/jwt-auth":          {"expires": 86399999.0, "life": "86400000", "type": "bearer"},
		"@adobe/auth-token":        {"expires": 86399.0, "scope": "openid,AdobeID,target_sdk"},
		"@adobe/aio-lib-core-auth": {"expires": 86399.0, "scope": "AdobeID,openid,target_sdk"}, // it sorts them
		"@adobe/aio-lib-ims":       {"valid": true, "after": false, "reason": "revoked_token", "invalidated": ""},
		"oauth4webapi":             {"issuer": s.URL, "expires": 86399.0, "active": true, "after": false, "scope": "openid tokens:read", "refused": "invalid_client"},
		"oauth4webapi, by the vendor's name": {
			"issuer": "https://ims-na1.adobelogin.com", "claimed": "https://ims-na1.adobelogin.com", "endpoint": "https://ims-na1.adobelogin.com/ims/token/v3", "called": 403.0,
		},
	} {
		got := results[name]
		if got == nil || got["message"] != nil {
			t.Errorf("%s: %v\n%s", name, got, stderr.String())
			continue
		}
		for member, value := range want {
			if got[member] != value {
				t.Errorf("%s: %s is %v, want %v", name, member, got[member], value)
			}
		}
	}
	refused, _ := results["@adobe/jwt-auth"]["refused"].(map[string]any)
	if refused["code"] != "invalid_scope" || refused["message"] != "The metascopes in the JWT are not a subset of the metascopes in the binding." {
		t.Errorf("a wrong metascope is told as %v", refused)
	}
}
