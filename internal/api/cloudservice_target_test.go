package api_test

import (
	"net/http"
	"testing"

	"latchkey/internal/access"
)

// What can be done of Target by HTTP; the room's own tests hold what becomes of it.
func TestTargetByHTTP(t *testing.T) {
	h := newHouse(t)
	h.must(http.StatusCreated, "POST", "/api/v1/cloud-services", `{"kind":"target","name":"acme","target":{"client_code":"acme"}}`).has(t, "the client code")
	h.must(http.StatusCreated, "POST", "/api/v1/cloud-services", `{"kind":"analytics","name":"reports"}`)
	const base = "/api/v1/cloud-services/acme"
	for _, call := range [][3]string{
		{"POST", "/audiences/sync", ""}, {"GET", "/activities", ""}, {"GET", "/mboxes", ""}, {"GET", "/properties", ""},
		{"PUT", "/offers/hero", `{"kind":"html","content":"x"}`}, {"DELETE", "/offers/hero", ""},
	} {
		h.must(http.StatusConflict, call[0], base+call[1], call[2]).has(t, "The cloud service acme is not connected; connect it: latchkey cloud-service connect acme.")
	}
	h.must(http.StatusNotFound, "GET", base+"/audiences/sync", "").has(t, "never synced")
	h.must(http.StatusOK, "GET", base+"/audiences?search=x&type=reusable&gone=true&limit=2", "").has(t, `"items":[]`)
	h.must(http.StatusBadRequest, "GET", base+"/audiences?cursor=eA", "").has(t, "cursor")
	h.must(http.StatusOK, "GET", base+"/offers", "").has(t, `"items":[]`)
	h.must(http.StatusBadRequest, "PUT", base+"/offers/hero", `{"kind":"xml","content":"x"}`).has(t, `"pointer":"/kind"`)
	h.must(http.StatusConflict, "GET", "/api/v1/cloud-services/reports/audiences", "").has(t, "is one of Analytics")

	h.must(http.StatusOK, "GET", base+"/snippet", "").has(t, `\"clientCode\":\"acme\"`)
	h.must(http.StatusNotFound, "GET", base+"/library", "").has(t, "No client library")
	h.must(http.StatusBadRequest, "PUT", base+"/library", `{"name":"x.exe","content":""}`).has(t, `"pointer":"/content"`)
	h.must(http.StatusOK, "PUT", base+"/library", `{"name":"at.js","content":"window.mine = 1"}`).has(t, `"bytes":15`)
	h.must(http.StatusOK, "GET", base+"/library", "").has(t, `"content":"window.mine = 1"`)
	h.must(http.StatusOK, "GET", base+"/snippet", "").has(t, "window.mine = 1")
	h.must(http.StatusNoContent, "DELETE", base+"/library", "")

	reader := h.key(access.ConnectionsRead)
	for _, call := range [][2]string{{"POST", "/audiences/sync"}, {"PUT", "/offers/hero"}, {"DELETE", "/offers/hero"}, {"PUT", "/library"}, {"DELETE", "/library"}} {
		body := map[string]string{"PUT /offers/hero": `{"kind":"html","content":"x"}`, "PUT /library": `{"name":"at.js","content":"x"}`}[call[0]+" "+call[1]]
		if got := h.callWith(reader, call[0], base+call[1], body); got.StatusCode != http.StatusForbidden {
			t.Errorf("a reader may %s %s: %d", call[0], call[1], got.StatusCode)
		}
	}
}
