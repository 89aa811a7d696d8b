package peers_test

import (
	"path/filepath"
	"testing"

	"latchkey/test/harness"
)

// TestPeopleClients runs clients that sign people in, unmodified, from the browser's first step to the revocation: a strict one for
// OAuth 2 and OpenID Connect with a secret and without, and Adobe's own, one of them through the intercepting proxy.
func TestPeopleClients(t *testing.T) {
	s := harness.Dev(t, "--intercept")
	results := results(t, s.Environment(), "people.mjs", filepath.Join(s.Data, "sample"), s.URL, s.SignInURL)
	const person = "ada@sample.example"
	for name, want := range map[string]map[string]any{
		"oauth4webapi": {
			"issuer": s.URL, "iss": s.URL, "wrong": "invalid_grant", "subject": true, "email": person, "given": "Ada", "at_hash": true, "rotated": true, "successor": true,
			"before": "true,true", "after": "false,false,false", "ended": "invalid_grant", "replayed": "invalid_grant", "stolen": false, "denied": "invalid_scope",
			"hybrid": "bearer", "asked": 1.0,
		},
		"oauth4webapi, without a secret": {
			"unproven": "invalid_request", "refresh": "", "scope": "connections:read", "client": true, "listed": 200.0, "afterwards": 401.0,
			"challenge": `Bearer realm="latchkey", error="invalid_token"`,
		},
		"oauth4webapi, registered by itself": {
			"method": "client_secret_basic", "ends": 0.0, "second": "1", "token": "string", "refresh": "string", "open": "none", "secret": "", "refused": "invalid_redirect_uri",
		},
		"@adobe/aio-lib-ims": {
			"state": "a+/=", "valid": true, "refreshable": true, "user": true, "email": person, "payload": true, "lives": 336.0,
			"after": "revoked_token,revoked_token,revoked_token", "refused": true,
		},
		"passport-adobe-oauth2": {"user": true, "email": person, "display": "Ada Sample", "denied": true},
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
}
