package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/access"
)

// TestWebhooks goes through an endpoint's life.
func TestWebhooks(t *testing.T) {
	h := newHouse(t)
	made := h.must(http.StatusCreated, "POST", "/api/v1/webhooks", `{"url":"https://example.com/hook?k=1","types":["connection.degraded"],"description":"ours"}`)
	id, _ := made.json["id"].(string)
	if secret, _ := made.json["secret"].(string); !strings.HasPrefix(secret, "whsec_") || made.Header.Get("Location") != "/api/v1/webhooks/"+id {
		t.Errorf("made %s", made.text)
	}
	at := "/api/v1/webhooks/" + id
	got := h.must(http.StatusOK, "GET", at, "")
	if got.json["secret"] != nil || got.json["url"] != "https://example.com/hook?k=1" || got.json["enabled"] != true || got.json["sandbox"] != nil {
		t.Errorf("read %s", got.text)
	}
	rotated := h.must(http.StatusOK, "POST", at+"/rotate-secret", "")
	if rotated.json["secret"] == made.json["secret"] || rotated.json["previous_secret_until"] == nil {
		t.Errorf("rotated %s", rotated.text)
	}
	changed := h.must(http.StatusOK, "PATCH", at, `{"types":[],"enabled":false}`)
	if fmt.Sprint(changed.json["types"]) != "[]" || changed.json["enabled"] != false || changed.json["secret"] != nil {
		t.Errorf("changed %s", changed.text)
	}
	if got := h.call("POST", at+"/test", ""); got.StatusCode != http.StatusConflict || got.slug() != "state_conflict" {
		t.Errorf("a test of a disabled endpoint = %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusOK, "PATCH", at, `{"enabled":true}`)
	sent := h.must(http.StatusOK, "POST", at+"/test", "")
	log := h.must(http.StatusOK, "GET", at+"/deliveries?state=pending", "")
	items, _ := log.json["items"].([]any)
	if len(items) != 1 || items[0].(map[string]any)["event"] != sent.json["id"] {
		t.Errorf("the log is %s", log.text)
	}
	if got := h.must(http.StatusOK, "POST", at+"/replay", fmt.Sprintf(`{"event":%q}`, sent.json["id"])); got.json["deliveries"] != 1.0 {
		t.Errorf("replayed %s", got.text)
	}
	events := h.must(http.StatusOK, "GET", "/api/v1/events?type=webhook.test&subject="+id, "")
	if items, _ := events.json["items"].([]any); len(items) != 1 {
		t.Errorf("the events are %s", events.text)
	}
	list := h.must(http.StatusOK, "GET", "/api/v1/webhooks?limit=1", "")
	if items, _ := list.json["items"].([]any); len(items) != 1 {
		t.Errorf("the list is %s", list.text)
	}
	h.must(http.StatusNoContent, "DELETE", at, "")
	h.must(http.StatusNotFound, "GET", at, "")
}

// TestWebhookRefusals tries what must not work.
func TestWebhookRefusals(t *testing.T) {
	h := newHouse(t)
	h.must(http.StatusCreated, "POST", "/api/v1/sandboxes", `{"name":"stage"}`)
	made := h.must(http.StatusCreated, "POST", "/api/v1/webhooks", `{"url":"https://example.com/hook"}`)
	id, _ := made.json["id"].(string)
	staged, reader := h.keyIn("stage", access.Admin), h.key(access.RegistryRead)
	for _, c := range []struct {
		key, method, path, body string
		status                  int
		pointer                 any
	}{
		{h.admin, "POST", "/webhooks", `{"url":"http://example.com/hook"}`, 400, "/url"},
		{h.admin, "POST", "/webhooks", `{"url":"https://user:pass@example.com/hook"}`, 400, "/url"},
		{h.admin, "POST", "/webhooks", `{"url":"example.com"}`, 400, "/url"},
		{h.admin, "POST", "/webhooks", `{"url":"https://example.com","types":["connection.degarded"]}`, 400, "/types/0"},
		{h.admin, "POST", "/webhooks", `{"url":"https://example.com","sandbox":"none"}`, 404, nil},
		{h.admin, "POST", "/webhooks/" + id + "/replay", `{}`, 400, "/event"},
		{h.admin, "POST", "/webhooks/" + id + "/replay", `{"event":"evt_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"}`, 404, nil},
		{h.admin, "GET", "/events?type=connection.degarded", "", 400, "/type"},
		{h.admin, "GET", "/events?cursor=x", "", 400, nil},
		{reader, "POST", "/webhooks", `{"url":"https://example.com/hook"}`, 403, nil},
		{reader, "GET", "/webhooks/" + id, "", 200, nil},
		{reader, "GET", "/events", "", 403, nil},
		{staged, "GET", "/webhooks/" + id, "", 404, nil},
		{staged, "POST", "/webhooks", `{"url":"https://example.com","sandbox":"prod"}`, 404, nil},
		{staged, "POST", "/webhooks", `{"url":"https://example.com"}`, 201, nil},
	} {
		got := h.callWith(c.key, c.method, "/api/v1"+c.path, c.body)
		if got.StatusCode != c.status || c.pointer != nil && got.first("pointer") != c.pointer {
			t.Errorf("%s %s %s = %d, want %d at %v: %s", c.method, c.path, c.body, got.StatusCode, c.status, c.pointer, got.text)
		}
	}
}
