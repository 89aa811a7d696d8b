package api_test

import (
	"net/http"
	"sync"
	"testing"
)

// TestIdempotency sends requests again.
func TestIdempotency(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", clientCreds)
	const body = `{"definition":"moviestar","label":"acme"}`
	first := h.must(http.StatusCreated, "POST", "/api/v1/connections", body, "Idempotency-Key: one")
	again := h.must(http.StatusCreated, "POST", "/api/v1/connections", body, "Idempotency-Key: one")
	if again.text != first.text || again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("Content-Type") != "application/json" {
		t.Errorf("again = %v %s\nfirst = %s", again.Header, again.text, first.text)
	}
	if first.Header.Get("Idempotent-Replayed") != "" || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("Idempotent-Replayed = %q, then %q", first.Header.Get("Idempotent-Replayed"), again.Header.Get("Idempotent-Replayed"))
	}
	if got := h.call("POST", "/api/v1/connections", `{"definition":"moviestar","label":"other"}`, "Idempotency-Key: one"); got.StatusCode != 422 || got.slug() != "idempotency_mismatch" {
		t.Errorf("with another body = %d %s", got.StatusCode, got.text)
	}
	if got := h.call("POST", "/api/v1/connections", body, "Idempotency-Key: two"); got.StatusCode != 409 || got.slug() != "name_taken" {
		t.Errorf("with another key = %d %s", got.StatusCode, got.text)
	}
	// A refusal is kept, too: it would be the same.
	if got := h.call("POST", "/api/v1/connections", body, "Idempotency-Key: two"); got.Header.Get("Idempotent-Replayed") != "true" || got.StatusCode != 409 {
		t.Errorf("the refusal again = %d %s", got.StatusCode, got.text)
	}
	key := h.must(http.StatusCreated, "POST", "/api/v1/keys", `{"name":"k","scopes":["tokens:read"]}`, "Idempotency-Key: one")
	same := h.must(http.StatusCreated, "POST", "/api/v1/keys", `{"name":"k","scopes":["tokens:read"]}`, "Idempotency-Key: one")
	if key.at("key") == nil || key.at("key") != same.at("key") {
		t.Errorf("the key again = %v, want %v", same.at("key"), key.at("key"))
	}
}

// TestIdempotencyRace sends one request many times at once: one is carried out.
func TestIdempotencyRace(t *testing.T) {
	h := newHouse(t)
	var all sync.WaitGroup
	statuses := make([]int, 12)
	for i := range statuses {
		all.Go(func() {
			statuses[i] = h.call("POST", "/api/v1/sandboxes", `{"name":"stage"}`, "Idempotency-Key: race").StatusCode
		})
	}
	all.Wait()
	made := 0
	for _, status := range statuses {
		switch status {
		case http.StatusCreated:
			made++
		case http.StatusConflict:
		default:
			t.Errorf("status = %d", status)
		}
	}
	if made == 0 {
		t.Errorf("none was carried out: %v", statuses)
	}
}
