package api_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/api"
	"latchkey/internal/clock"
	"latchkey/internal/eventlog"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/workflow"
)

// piped gives the house a broker on an embedded log.
func piped(t *testing.T) *house {
	t.Helper()
	return newHouse(t, func(c *api.Config) {
		kept := c.Backups.(*workflow.Backups).Store.(snapshot).Store
		log, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: filepath.Join(t.TempDir(), "events.db"), Clock: clock.System(), Relaxed: true})
		check(t, err)
		c.Pipeline, err = pipeline.New(pipeline.Config{Store: kept.Topics(), Log: log, Clock: clock.System()})
		check(t, err)
		t.Cleanup(func() { c.Pipeline.Close(); _ = log.Close() })
		c.Fleet = fleet.New(kept.Daemons(), workflow.HandOver{Credentials: c.Credentials, Clock: clock.System()}, clock.System())
	})
}

// TestTopics makes topics, looks at them and their events, changes what they keep, and deletes them.
func TestTopics(t *testing.T) {
	h := piped(t)
	const at = "/api/v1/topics"
	made := h.must(http.StatusCreated, "POST", at, `{"name":"triggers","description":"Carts","partitions":2,"retention_seconds":3600}`)
	if made.json["partitions"] != 2.0 || made.json["retention_seconds"] != 3600.0 || made.Header.Get("Location") != at+"/triggers" || made.json["organization"] != organization {
		t.Errorf("POST = %s, at %s", made.text, made.Header.Get("Location"))
	}
	h.must(http.StatusCreated, "POST", at, `{"name":"carts"}`)
	for _, bad := range []struct {
		body, pointer string
		status        int
	}{
		{`{"name":"triggers"}`, "", http.StatusConflict}, {`{"name":"a b"}`, "/name", http.StatusBadRequest}, {`{}`, "/name", http.StatusBadRequest},
		{`{"name":"x","partitions":129}`, "/partitions", http.StatusBadRequest}, {`{"name":"x","retention_seconds":1}`, "/retention_seconds", http.StatusBadRequest},
		{`{"name":"x","retention_bytes":1}`, "/retention_bytes", http.StatusBadRequest}, {`{"name":"x","colour":1}`, "/colour", http.StatusBadRequest},
	} {
		got := h.call("POST", at, bad.body)
		if pointer, _ := got.first("pointer").(string); got.StatusCode != bad.status || pointer != bad.pointer {
			t.Errorf("POST %s = %d at %q: %s", bad.body, got.StatusCode, pointer, got.text)
		}
	}
	if list := h.must(http.StatusOK, "GET", at+"?limit=1", ""); !strings.Contains(list.text, `"carts"`) || strings.Contains(list.text, `"triggers"`) || list.json["next_cursor"] == nil {
		t.Errorf("GET = %s, want the first by name", list.text)
	}
	caller := access.Caller{ID: "test", Organization: organization, Scopes: access.Scopes{access.Admin}}
	_, err := h.config.Pipeline.Produce(t.Context(), caller, "triggers", []pipeline.Message{{Key: "ada", Text: []byte(`{"value":1}`)}, {Key: "ada", Text: []byte(`{"value":2}`)}})
	check(t, err)
	events, full := 0.0, 0
	parts := h.must(http.StatusOK, "GET", at+"/triggers/partitions", "")
	for _, one := range parts.json["items"].([]any) {
		n, _ := one.(map[string]any)["events"].(float64)
		if events += n; n > 0 {
			full++
		}
	}
	if events != 2 || full != 1 {
		t.Errorf("the partitions have %s, want two events of one key in one", parts.text)
	}
	kept := h.must(http.StatusOK, "PATCH", at+"/triggers", `{"retention_seconds":7200,"retention_bytes":1048576,"description":""}`)
	if kept.json["retention_seconds"] != 7200.0 || kept.json["retention_bytes"] != 1048576.0 || kept.json["description"] != "" || kept.json["partitions"] != 2.0 {
		t.Errorf("PATCH = %s", kept.text)
	}
	if bad := h.call("PATCH", at+"/triggers", `{"retention_seconds":59}`); bad.StatusCode != http.StatusBadRequest || bad.first("pointer") != "/retention_seconds" {
		t.Errorf("PATCH of 59 s = %d %s", bad.StatusCode, bad.text)
	}
	h.must(http.StatusOK, "GET", at+"/triggers/consumers", "")
	h.must(http.StatusNotFound, "GET", at+"/triggers/consumers/nobody", "")
	h.must(http.StatusNotFound, "POST", at+"/triggers/consumers/nobody/reset", `{"to":"earliest"}`)
	h.must(http.StatusNotFound, "GET", at+"/none", "")
	h.must(http.StatusNoContent, "DELETE", at+"/carts", "")
	h.must(http.StatusNotFound, "DELETE", at+"/carts", "")
}

// TestTopicRights holds that looking takes pipeline:consume or registry:read, and changing registry:write.
func TestTopicRights(t *testing.T) {
	h := piped(t)
	h.must(http.StatusCreated, "POST", "/api/v1/topics", `{"name":"triggers"}`)
	keys := map[access.Scope]string{}
	for _, scope := range []access.Scope{access.PipelineConsume, access.PipelineProduce, access.RegistryRead, access.RegistryWrite, access.TokensRead} {
		keys[scope] = h.key(scope)
	}
	look := []access.Scope{access.PipelineConsume, access.RegistryRead, access.RegistryWrite}
	write := []access.Scope{access.RegistryWrite}
	for _, act := range []struct {
		method, path, body string
		may                []access.Scope
	}{
		{"GET", "", "", look}, {"GET", "/triggers", "", look},
		{"POST", "", `{"name":"more"}`, write}, {"PATCH", "/triggers", `{"description":"x"}`, write}, {"POST", "/triggers/consumers/g/reset", `{"to":"latest"}`, write},
		{"DELETE", "/triggers/consumers/g", "", write}, {"DELETE", "/more", "", write},
	} {
		for _, scope := range []access.Scope{access.PipelineConsume, access.PipelineProduce, access.RegistryRead, access.TokensRead, access.RegistryWrite} {
			may := false
			for _, one := range act.may {
				may = may || one == scope
			}
			got := h.callWith(keys[scope], act.method, "/api/v1/topics"+act.path, act.body)
			if denied := got.StatusCode == http.StatusForbidden && got.slug() == "missing_scope"; denied == may {
				t.Errorf("%s %s with %s = %d %s", act.method, act.path, scope, got.StatusCode, got.text)
			}
		}
	}
	if got := h.callWith("", "GET", "/api/v1/topics", ""); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a key: %d", got.StatusCode)
	}
}

// TestHandOver hands a credential over to an instance's daemons, and to nobody else.
func TestHandOver(t *testing.T) {
	h := piped(t)
	h.must(http.StatusCreated, "POST", "/api/v1/projects", `{"name":"campaign","title":"Campaign"}`)
	made := h.must(http.StatusCreated, "POST", "/api/v1/credentials", `{"project":"campaign","name":"campaign-oauth","kind":"oauth_server_to_server"}`)
	value, _ := made.json["client_secret"].(string)
	daemon, late, consumer, other := h.key(access.PipelineConsume, access.PipelineRun), h.key(access.PipelineConsume, access.PipelineRun), h.key(access.PipelineConsume), h.key(access.PipelineConsume, access.PipelineRun)
	tell := func(key, instance, host, more string) answer {
		t.Helper()
		got := h.callWith(key, "PUT", "/api/v1/instances/"+instance+"/daemons/"+host, `{"credential":"JWT","fingerprint":"f1","started_at":"2026-11-28T09:00:00Z"`+more+`}`)
		if got.StatusCode != http.StatusOK {
			t.Fatalf("telling = %d %s", got.StatusCode, got.text)
		}
		return got
	}
	const orders = "/api/v1/instances/prod/orders"
	refused := func(body, pointer, says string) {
		t.Helper()
		got := h.call("POST", orders, body)
		if got.StatusCode != http.StatusBadRequest || got.first("pointer") != pointer || !strings.Contains(got.text, says) {
			t.Errorf("%s = %d %s, want a problem at %s that says %q", body, got.StatusCode, got.text, pointer, says)
		}
	}
	const order = `{"action":"migrate","credential":"campaign-oauth"}`
	refused(order, "/credential", "no daemon of prod has told of itself")
	tell(consumer, "prod", "one", "")
	refused(order, "/credential", "lacks the scope pipeline:run")
	tell(daemon, "prod", "one", "")
	tell(daemon, "stage", "one", "")
	refused(order, "/credential", "serves the instance stage too")
	h.must(http.StatusNoContent, "DELETE", "/api/v1/instances/stage/daemons/one", "")
	refused(`{"action":"migrate","credential":"none"}`, "/credential", "no such credential")
	refused(`{"action":"finish","credential":"campaign-oauth"}`, "/credential", "with the order to migrate")
	refused(`{"action":"migrate","private_key":"x"}`, "/private_key", "goes with a credential")
	refused(`{"action":"migrate","credential":"campaign-oauth","private_key":"x"}`, "/private_key", "has no private key")
	if got := h.callWith(h.key(access.RegistryRead, access.PipelineRun), "POST", orders, order); got.StatusCode != http.StatusForbidden {
		t.Errorf("an order with registry:read = %d", got.StatusCode)
	}
	given := h.must(http.StatusOK, "POST", orders, order)
	hand, _ := given.at("hand", "id").(string)
	if hand == "" || strings.Contains(given.text, value) || given.at("hand", "mode") != "oauth" {
		t.Fatalf("the order is %s", given.text)
	}
	if got := tell(daemon, "prod", "one", ""); got.at("hand", "id") != hand || strings.Contains(got.text, value) {
		t.Errorf("the daemon is told %s", got.text)
	}
	take := func(key, host string) answer {
		return h.callWith(key, "POST", "/api/v1/instances/prod/daemons/"+host+"/credential", `{"hand":"`+hand+`"}`)
	}
	tell(late, "prod", "two", "") // a stranger who came after the order
	for name, got := range map[string]answer{"a stranger": take(late, "two"), "a stranger under another's name": take(late, "one"), "a key that told of nothing": take(other, "one")} {
		if got.StatusCode != http.StatusNotFound || strings.Contains(got.text, value) {
			t.Errorf("%s takes it: %d %s", name, got.StatusCode, got.text)
		}
	}
	for _, key := range []string{consumer, h.key(access.RegistryWrite)} {
		if got := take(key, "one"); got.StatusCode != http.StatusForbidden || strings.Contains(got.text, value) {
			t.Errorf("without pipeline:run: %d %s", got.StatusCode, got.text)
		}
	}
	if got := take(daemon, "one"); got.StatusCode != http.StatusOK || got.at("client_secret") != value || got.at("client_id") != made.at("client_id") {
		t.Errorf("the daemon takes %d %s", got.StatusCode, got.text)
	}
	tell(daemon, "prod", "three", "") // joins later, with the instance's own key
	if got := take(daemon, "three"); got.StatusCode != http.StatusOK {
		t.Errorf("one that joined takes %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusNoContent, "DELETE", "/api/v1/instances/prod/daemons/two", "")
	tell(daemon, "prod", "one", `,"carried_out":1`)
	if got := take(daemon, "three"); got.StatusCode != http.StatusOK {
		t.Errorf("while one is waited for: %d %s", got.StatusCode, got.text)
	}
	tell(daemon, "prod", "three", `,"carried_out":1`)
	if got := take(daemon, "one"); got.StatusCode != http.StatusNotFound {
		t.Errorf("when all have it: %d %s", got.StatusCode, got.text)
	}
	record := h.must(http.StatusOK, "GET", "/api/v1/audit?limit=100", "").text
	for _, action := range []string{"pipelined.migrate", "credential.read_secrets", "pipelined.credential.take", "pipelined.credential.delete"} {
		if !strings.Contains(record, `"`+action+`"`) {
			t.Errorf("the record lacks %s", action)
		}
	}
	if strings.Contains(record, value) || strings.Contains(h.log.String(), value) {
		t.Error("the record or the log has the secret")
	}
	hand = h.must(http.StatusOK, "POST", orders, order).at("hand", "id").(string)
	h.must(http.StatusOK, "POST", orders, `{"action":"rollback"}`)
	if got := take(daemon, "one"); got.StatusCode != http.StatusNotFound {
		t.Errorf("after a rollback: %d %s", got.StatusCode, got.text)
	}
}
