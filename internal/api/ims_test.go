package api_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/access"
)

// The whole way by HTTP; the room's own tests hold what the layers say.
func TestIMSConfigurations(t *testing.T) {
	h := newHouse(t)
	const base = "/api/v1/ims-configurations"
	certificate := h.must(http.StatusCreated, "POST", "/api/v1/ims-certificates", `{"alias":"acme","days":20}`)
	if strings.Contains(certificate.text, "PRIVATE") || !strings.Contains(certificate.text, "BEGIN CERTIFICATE") || !strings.Contains(certificate.text, `"days_left":19`) &&
		!strings.Contains(certificate.text, `"days_left":20`) {
		t.Errorf("the certificate is %s", certificate.text)
	}
	made := h.must(http.StatusCreated, "POST", base, `{"title":"Acme Target","solution":"Adobe Target","key_alias":"acme","client_secret":"p8e-hush"}`)
	for _, want := range []string{`"state":"draft"`, `"name":"acme-target"`, `"client_secret":"********"`, `"severity":"warning"`, "AEM 6.5"} {
		if !strings.Contains(made.text, want) {
			t.Errorf("the draft has no %s: %s", want, made.text)
		}
	}
	if strings.Contains(made.text, "p8e-hush") {
		t.Error("the secret is in the answer")
	}
	wrong := h.must(http.StatusBadRequest, "PATCH", base+"/acme-target", `{"payload":"{\n  \"iss\": 1,,"}`)
	if !strings.Contains(wrong.text, `"pointer":"/payload"`) || !strings.Contains(wrong.text, `"line":2`) {
		t.Errorf("a broken payload: %s", wrong.text)
	}
	health := h.must(http.StatusOK, "POST", base+"/acme-target/check", "")
	if !strings.Contains(health.text, `"healthy":false`) || !strings.Contains(health.text, "lacks authorization_server") {
		t.Errorf("the draft's health: %s", health.text)
	}
	h.must(http.StatusConflict, "POST", base, `{"name":"acme-target"}`)
	h.must(http.StatusConflict, "POST", base+"/acme-target/export", `{"format":"aem"}`)
	h.must(http.StatusConflict, "DELETE", base+"/acme-target/migrate", "")
	h.must(http.StatusConflict, "DELETE", "/api/v1/ims-certificates/acme", "")
	h.must(http.StatusCreated, "POST", "/api/v1/ims-certificates/acme/rotate", "")
	h.must(http.StatusConflict, "POST", "/api/v1/ims-certificates/acme/rotate", "")
	h.must(http.StatusOK, "POST", "/api/v1/ims-certificates/acme/switch", "")
	h.must(http.StatusNoContent, "DELETE", "/api/v1/ims-certificates/acme/versions/1", "")
	if all := h.must(http.StatusOK, "GET", "/api/v1/ims-certificates/acme", ""); !strings.Contains(all.text, `"version":2,"current":true`) {
		t.Errorf("the versions: %s", all.text)
	}
	h.must(http.StatusOK, "GET", "/api/v1/ims-certificates?limit=1", "")
	if all := h.must(http.StatusOK, "GET", base+"?limit=1", ""); !strings.Contains(all.text, "acme-target") {
		t.Errorf("the list: %s", all.text)
	}
	h.must(http.StatusBadRequest, "POST", base+"/import", `{"files":[{"name":"x","text":"{}"}]}`)
	h.must(http.StatusNoContent, "DELETE", base+"/acme-target", "")
	h.must(http.StatusNotFound, "GET", base+"/acme-target", "")
	reader := h.key(access.ConnectionsRead)
	if got := h.callWith(reader, "POST", base, `{"name":"x"}`); got.StatusCode != http.StatusForbidden {
		t.Errorf("a reader creates: %d", got.StatusCode)
	}
}
