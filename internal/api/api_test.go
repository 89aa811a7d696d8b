package api_test

import (
	"net/http"
	"testing"
)

// TestLife walks a definition and its connection from the first to the last request.
func TestLife(t *testing.T) {
	h := newHouse(t)
	made := h.must(http.StatusCreated, "POST", "/api/v1/definitions", `{"name":"moviestar","authentication":`+clientCreds+`}`)
	id, _ := made.json["id"].(string)
	if got := made.Header.Get("Location"); got != "/api/v1/definitions/"+id {
		t.Errorf("Location = %q", got)
	}
	if got := made.at("authentication", "clientSecret"); got != "********" {
		t.Errorf("clientSecret came back as %v, want the mask", got)
	}
	t.Log(made.text)
	t.Log(h.must(200, "POST", "/api/v1/definitions/moviestar/publish", "").text)
	conn := h.must(http.StatusCreated, "POST", "/api/v1/connections", `{"definition":"moviestar","label":"acme"}`)
	t.Log(conn.text)
	t.Log(h.must(200, "GET", "/api/v1/connections/acme/token", "").text)
	t.Log(h.must(200, "GET", "/api/v1/connections?q=ac", "").text)
	t.Log(h.must(200, "GET", "/api/v1/definitions/moviestar/revisions", "").text)
	t.Log(h.must(200, "POST", "/api/v1/explain", `{"definition":"moviestar"}`).text)
	t.Log(h.must(200, "GET", "/api/v1", "").text)
	t.Log(h.must(200, "GET", "/data/core/activation/authoring/destinations", "").text)
}
