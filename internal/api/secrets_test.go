package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestNoSecretShown makes, breaks and reads everything, and looks for each secret in every answer and in the log.
func TestNoSecretShown(t *testing.T) {
	h := newHouse(t)
	const userPassword, wrongSecret, pasted = "correct-horse-battery", "wrong-staple-7731", "lk_pasted-by-mistake-0042"
	secrets := []string{clientSecret, userPassword, wrongSecret, pasted}
	body := `{"name":"login","authentication":` + password + `}`
	for _, c := range [][3]string{
		{"POST", "/api/v1/definitions", body},
		{"POST", "/api/v1/definitions", strings.Replace(body, `"clientSecret":`, `"clientSecret":7,"clientSecret":`, 1)},
		{"POST", "/api/v1/definitions", body[:len(body)-3]},
		{"POST", "/api/v1/definitions/login/publish", ""},
		{"GET", "/api/v1/definitions/login", ""},
		{"GET", "/api/v1/definitions", ""},
		{"POST", "/api/v1/definitions/lint", body},
		{"POST", "/api/v1/explain", `{"definition":"login","fields":{"username":"ada","password":"` + userPassword + `"}}`},
		{"POST", "/api/v1/connections", `{"definition":"login","label":"acme","fields":{"username":"ada","password":"` + userPassword + `"}}`},
		{"POST", "/api/v1/connections", `{"definition":"login","fields":{"username":"ada","password":"` + wrongSecret + `"}}`},
		{"POST", "/api/v1/connections", `{"definition":"login","fields":{"username":"ada","password":{"x":"` + userPassword + `"}}}`},
		{"POST", "/api/v1/connections", `{"definition":"login","fields":{"username":"ada","password":"` + userPassword + `"}`},
		{"POST", "/api/v1/connections", `{"definition":"login","` + pasted + `":"` + userPassword + `"`},
		{"POST", "/api/v1/connections?limit=" + wrongSecret, `"` + userPassword + `"`},
		{"GET", "/api/v1/connections?limit=" + wrongSecret, ""},
		{"PATCH", "/api/v1/connections/acme", `{"fields":{"password":"` + wrongSecret + `"}}`},
		{"GET", "/api/v1/connections/acme", ""},
		{"POST", "/api/v1/connections/acme/refresh", ""},
		{"GET", "/api/v1/connections/" + pasted, ""},
		{"GET", "/api/v1/connections/acme/token?min_ttl=" + pasted, ""},
		{"POST", authoringBase + "/destinations", strings.Replace(body, "login", "other", 1)},
		{"GET", authoringBase + "/destinations", ""},
		{"POST", "/api/v1/keys", `{"name":"x","scopes":["` + wrongSecret + `"]}`},
	} {
		got := h.call(c[0], c[1], c[2])
		for _, secret := range secrets {
			if strings.Contains(got.text, secret) {
				t.Errorf("%s %s with %.60s… shows %q: %s", c[0], c[1], c[2], secret, got.text)
			}
		}
	}
	if got := h.callWith(pasted, "GET", "/api/v1", ""); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong key = %d", got.StatusCode)
	}
	token, _ := h.must(http.StatusOK, "GET", "/api/v1/connections/acme/token", "").at("access_token").(string)
	for _, secret := range append(secrets, token, h.admin) {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
}
