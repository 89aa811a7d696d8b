package peers_test

import (
	"path/filepath"
	"testing"

	"latchkey/test/harness"
)

// TestIMSClients runs Adobe's own clients and a strict OAuth 2 client, unmodified, against the authority. Those whose host is
// written into them come here through the intercepting proxy.
func TestIMSClients(t *testing.T) {
	s := harness.Dev(t, "--intercept")
	results := results(t, s.Environment(), "ims.mjs", filepath.Join(s.Data, "sample"), s.URL)
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
			t.Errorf("%s: %v", name, got)
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
