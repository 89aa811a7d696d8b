package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHeldTokens goes on with tokens that were got elsewhere, without a consent and without a call.
func TestHeldTokens(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", codeGrant)
	ends := time.Now().Add(time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
	const at = "/api/v1/connections"
	made := h.must(http.StatusCreated, "POST", at, `{"definition":"moviestar","label":"acme","tokens":{"access_token":"held-access","refresh_token":"held-refresh","scope":"read","expires_at":"`+ends+`"}}`)
	if made.at("state") != "active" || made.at("token", "expires_at") != ends || made.at("token", "renewable") != true || strings.Contains(made.text, "held-") {
		t.Errorf("POST = %s", made.text)
	}
	if token := h.must(http.StatusOK, "GET", at+"/acme/token", ""); token.at("access_token") != "held-access" || token.at("token_type") != "Bearer" || token.at("scope") != "read" {
		t.Errorf("the token is %s", token.text)
	}
	h.must(http.StatusConflict, "POST", at, `{"definition":"moviestar","label":"acme","tokens":{"access_token":"held-access"}}`)
	for _, bad := range []struct{ tokens, pointer string }{
		{`{"access_token":""}`, "/tokens/access_token"}, {`{"access_token":"Bearer held-access"}`, "/tokens/access_token"}, {`{"access_token":"a","refresh_token":"held\nrefresh"}`, "/tokens/refresh_token"},
	} {
		got := h.call("POST", at, `{"definition":"moviestar","tokens":`+bad.tokens+`}`)
		if got.StatusCode/100 != 4 || got.first("pointer") != bad.pointer || strings.Contains(got.text, "held") {
			t.Errorf("POST %s = %d %s", bad.tokens, got.StatusCode, got.text)
		}
	}
	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	h.must(http.StatusCreated, "POST", at, `{"definition":"moviestar","label":"ended","tokens":{"access_token":"held-access","expires_at":"`+past+`"}}`)
	if got := h.call("GET", at+"/ended/token", ""); got.StatusCode != http.StatusConflict || got.slug() != "needs_reauthorization" {
		t.Errorf("a token that has ended = %d %s", got.StatusCode, got.text)
	}
}
