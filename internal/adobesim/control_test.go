package adobesim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestControl steers the stand-ins by HTTP, and reaches a host below the prefix.
func TestControl(t *testing.T) {
	h := start(t)
	server := httptest.NewServer(h.Browser("/sim"))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PUT", "/sim/_adobe/faults", `{"host":"mc.adobe.io","fault":"observer"}`, 200, `"fault":"observer"`},
		{"GET", "/sim/_adobe/faults", "", 200, `{"name":"observer","where":"credential","does":`},
		{"DELETE", "/sim/_adobe/faults?host=analytics.adobe.io", "", 200, `{"cleared":0}`},
		{"DELETE", "/sim/_adobe/faults?host=mc.adobe.io", "", 200, `{"cleared":1}`},
		{"PUT", "/sim/_adobe/faults", `{"fault":"nothing"}`, 400, "unknown fault"},
		{"PUT", "/sim/_adobe/faults", `{"faults":"drop"}`, 400, "not the JSON object"},
		{"PUT", "/sim/_adobe/audiences", `{"count":20}`, 204, ""},
		{"POST", "/sim/_adobe/audiences/change", `{"from":3,"count":1}`, 204, ""},
		{"POST", "/sim/_adobe/audiences/delete", `{"tenant":"sampletenant","from":0,"count":2}`, 204, ""},
		{"POST", "/sim/_adobe/audiences/delete", `{"tenant":"other","count":2}`, 400, "no tenant"},
		{"PUT", "/sim/_adobe/audiences", `{"count":2000000}`, 400, "count is a number"},
		{"GET", "/sim/mc.adobe.io/sampletenant/target/audiences", "", 401, "401010"},
		{"GET", "/sim/_adobe/requests", "", 200, `"path":"/sampletenant/target/audiences"`},
		{"GET", "/sim/_adobe/nothing", "", 404, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader(c.body))
		check(t, err)
		response, err := server.Client().Do(request)
		check(t, err)
		text, err := io.ReadAll(response.Body)
		check(t, err)
		_ = response.Body.Close()
		if response.StatusCode != c.status || !strings.Contains(string(text), c.says) {
			t.Errorf("%s %s: %d %.300s, want %d with %q", c.method, c.path, response.StatusCode, text, c.status, c.says)
		}
	}
	do(t, h, ask{url: targetURL + "audiences?limit=1&sortBy=-modifiedAt"}).want(t, 200, `"id":1000003`).want(t, 200, `"total":18`)
	check(t, h.ChangeAudiences("sampletenant", 5, 1))

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/sim/_adobe/reset", nil)
	check(t, err)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := server.Client().Do(request)
	check(t, err)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("another site's page is answered %d", response.StatusCode)
	}
	request.Header.Del("Sec-Fetch-Site")
	response, err = server.Client().Do(request)
	check(t, err)
	_ = response.Body.Close()
	do(t, h, ask{url: targetURL + "audiences?limit=0"}).want(t, 200, `"total":12`)
	server.Client().CloseIdleConnections()
}
