package api_test

import (
	"net/http"
	"testing"

	"latchkey/internal/access"
)

func TestFrameworks(t *testing.T) {
	h := newHouse(t)
	h.must(http.StatusCreated, "POST", "/api/v1/cloud-services", `{"kind":"analytics","name":"acme"}`)
	h.must(http.StatusCreated, "POST", "/api/v1/cloud-services", `{"kind":"target","name":"acme-target","target":{"client_code":"acmecode"}}`)
	const base, targets = "/api/v1/cloud-services/acme/frameworks", "/api/v1/cloud-services/acme-target/frameworks"
	made := h.must(http.StatusCreated, "POST", base, `{"title":"My Site","pages":["/content/site/"],"report_suites":[{"id":"s1"},{"id":"s2","run_mode":"author"}],
		"mappings":[{"component":"foundation/components/page","variable":"pagedata.title","to":["PROP1","evar3"]}]}`)
	made.has(t, `"name":"my-site"`, `"pages":["/content/site"]`, `"to":["prop1","eVar3"]`, `"run_mode":"all"`, `"changed":true`, `"published_at":null`, "were not checked")
	if got := made.Header.Get("Location"); got != base+"/my-site" {
		t.Errorf("Location = %q", got)
	}
	h.must(http.StatusConflict, "POST", base, `{"name":"my-site"}`).has(t, "Another framework of the cloud service")
	h.must(http.StatusConflict, "POST", base, `{"name":"two","pages":["/content/site"]}`).has(t, "on the page /content/site")
	h.must(http.StatusBadRequest, "POST", base, `{"name":"two","mappings":[{"component":"c","variable":"v","to":["evra3"]}]}`).has(t, `"pointer":"/mappings/0/to/0"`, "did you mean eVar3?")
	h.must(http.StatusOK, "GET", base+"?page=/content/site/en/shop", "").has(t, `"name":"my-site"`)
	h.must(http.StatusNotFound, "GET", base+"?page=/content/other", "")
	h.must(http.StatusConflict, "GET", base+"/my-site/export", "")
	h.must(http.StatusOK, "POST", base+"/my-site/publish", "").has(t, `"changed":false`)
	h.must(http.StatusOK, "PATCH", base+"/my-site", `{"visitor_namespace":"acme"}`).has(t, `"changed":true`, `"visitor_namespace":"acme"`)
	h.must(http.StatusOK, "GET", base+"/my-site/export", "").has(t, `"report_suites":["s1"]`, `"visitor_namespace":""`, `"app_measurement":true`)
	h.must(http.StatusOK, "GET", base+"/my-site/export?run_mode=author", "").has(t, `"report_suites":["s1","s2"]`, `"visitor_namespace":"acme"`)
	h.must(http.StatusConflict, "POST", base+"/my-site/preview?run_mode=author", `{"context":{}}`)

	h.must(http.StatusCreated, "POST", targets, `{"name":"site","pages":["/content/site"],"parameters":[{"name":"profile.gender","share":true},{"name":"profile/interests","share":true}]}`)
	h.must(http.StatusOK, "GET", targets+"/site/export?run_mode=author", "").has(t, `"client_code":"acmecode"`, `"profile/gender"`)
	h.must(http.StatusOK, "POST", targets+"/site/preview?run_mode=author", `{"context":{"profile":{"gender":"f","interests":["a"]}}}`).
		has(t, `"parameters":{"profile/gender":"f"}`, `"profile/interests":"it is a list`)
	h.must(http.StatusNoContent, "DELETE", base+"/my-site", "")
	h.must(http.StatusNotFound, "GET", base+"/my-site", "").has(t, "no framework")
	if got := h.callWith(h.key(access.ConnectionsRead), "POST", base, `{"name":"x"}`); got.StatusCode != http.StatusForbidden {
		t.Errorf("a reader creates: %d", got.StatusCode)
	}
}

// TestAnalyticsBeforeConnect holds what is said of lists and reports of a service that was not connected.
func TestAnalyticsBeforeConnect(t *testing.T) {
	h := newHouse(t)
	h.must(http.StatusCreated, "POST", "/api/v1/cloud-services", `{"kind":"analytics","name":"acme"}`)
	const base = "/api/v1/cloud-services/acme"
	h.must(http.StatusOK, "GET", base+"/lists", "").has(t, `"items":[]`)
	h.must(http.StatusOK, "GET", base+"/lists/dimensions?suite=s1", "").has(t, `"items":[]`)
	h.must(http.StatusBadRequest, "GET", base+"/lists/dimensions", "").has(t, "are of a report suite")
	h.must(http.StatusConflict, "POST", base+"/lists/segments/sync", "")
	h.must(http.StatusConflict, "POST", base+"/report", `{"suite":"s","range":"td-1d/td","metrics":["visits"]}`)
	if got := h.callWith(h.key(access.ConnectionsRead), "POST", base+"/report", `{"suite":"s","range":"td-1d/td","metrics":["visits"]}`); got.StatusCode != http.StatusForbidden {
		t.Errorf("a reader asks for a report: %d", got.StatusCode)
	}
	h.must(http.StatusBadRequest, "POST", "/api/v1/cloud-services", `{"kind":"analytics","name":"x","authentication":"credentials","analytics":{"data_center":"http://169.254.169.254/"}}`).
		has(t, `"pointer":"/analytics/data_center"`, "an address is not taken")
}
