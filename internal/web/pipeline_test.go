package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/eventlog"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
)

// furnishPipeline puts a topic with an event and a group into the house, and an instance with a daemon.
func (h *house) furnishPipeline() {
	h.Helper()
	ctx := context.Background()
	_, err := h.broker.Create(ctx, h.caller, pipeline.Create{Name: "triggers", Description: markup, Partitions: 1})
	check(h, err)
	h.produce(`{"messageId":"m-1","key":"<b>key","source":"console","value":{"triggerId":"cart","note":` + quoted(markup) + `}}`)
	topic, err := h.broker.Topic(ctx, h.caller, "triggers")
	check(h, err)
	_, err = h.events.OpenGroup(ctx, eventlog.Topic{ID: topic.ID, Partitions: 1}, "campaign", func([]eventlog.Span) map[int]int64 { return map[int]int64{0: 0} })
	check(h, err)
	h.daemon("one", "JWT credential abc", "f1", 0, "")
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

func (h *house) produce(message string) {
	h.Helper()
	messages, err := pipeline.ReadMessages([]byte(`{"messages":[` + message + `]}`))
	check(h, err)
	_, err = h.broker.Produce(context.Background(), h.caller, "triggers", messages)
	check(h, err)
}

// daemon tells of one, as a daemon does.
func (h *house) daemon(host, credential, fingerprint string, done int64, report string) {
	h.Helper()
	d := fleet.Daemon{Instance: "prod", Host: host, Version: "test", Credential: credential, Fingerprint: fingerprint, CarriedOut: done}
	if report != "" {
		d.Report = []byte(report)
	}
	_, err := h.fleet.Tell(context.Background(), h.caller, d)
	check(h, err)
}

// TestPipelinePages makes a topic, sends an event by form, finds it, and follows its path; what producers sent is shown as text.
func TestPipelinePages(t *testing.T) {
	h := newHouse(t)
	h.furnishPipeline()
	client := h.browser()
	h.get(client, h.link(h.ada))
	send := func(path string, values url.Values) answer {
		values.Set("csrf", h.tokenOf(client))
		return post(h, client, path, values)
	}
	tells(t, h.get(client, h.url+"/topics"), http.StatusOK, "campaign: 1 behind", "nobody reads", "&lt;script&gt;")
	tells(t, send("/new-topic", url.Values{"name": {"no blanks"}, "partitions": {"3"}, "retention_seconds": {"a week"}}), http.StatusUnprocessableEntity, "This is no time span")
	tells(t, send("/new-topic", url.Values{"name": {"clicks"}, "partitions": {"3"}, "retention_seconds": {"36h"}, "retention_bytes": {"1.5GiB"}}), http.StatusOK, "The topic clicks was made.", "It keeps 36 hours, 1.5 GiB at most")
	tells(t, h.get(client, h.url+"/topics/clicks/edit"), http.StatusOK, `value="36h"`, `value="1536MiB"`)
	tells(t, send("/topics/clicks/edit", url.Values{"retention_seconds": {""}, "retention_bytes": {""}}), http.StatusOK, "It keeps for ever, without a limit")
	tells(t, send("/topics/clicks/delete", url.Values{"confirm": {"clicks"}}), http.StatusOK, "The topic clicks was deleted.")
	tells(t, send("/topics/triggers/produce", url.Values{"value": {"{"}}), http.StatusUnprocessableEntity, "This is no JSON")
	sent := send("/topics/triggers/produce", url.Values{"value": {`{"triggerId":"test-trigger"}`}, "key": {"k"}, "messageId": {"m-2"}})
	tells(t, sent, http.StatusOK, "The event is stored: partition 0, offset 1.", "The trigger test-trigger.", "1 of this partition come before", "groups/campaign")
	tells(t, send("/topics/triggers/produce", url.Values{"value": {`1`}, "messageId": {"m-2"}}), http.StatusOK, "was not kept twice")
	for q, path := range map[string]string{"m-2": "/topics/triggers/events/0/1", "0:0": "/topics/triggers/events/0/0"} {
		if found := h.get(client, h.url+"/topics/triggers/find?q="+q); found.Request.URL.Path != path {
			t.Errorf("%q leads to %s, want %s", q, found.Request.URL, path)
		}
	}
	expect(t, h.get(client, h.url+"/topics/triggers/find?q=nobody"), http.StatusOK, "The topic holds no event with the message id")
	tail := h.get(client, h.url+"/topics/triggers/tail")
	tells(t, tail, http.StatusOK, "test-trigger", "key &lt;b&gt;key", "&lt;script&gt;", `data-src="/topics/triggers/live?"`)
	if !strings.Contains(tail.Header.Get("Content-Security-Policy"), "connect-src 'self'") || strings.Contains(tail.text, "<script>alert") {
		t.Errorf("policy %q; %s", tail.Header.Get("Content-Security-Policy"), tail.text)
	}
	if only := h.get(client, h.url+"/topics/triggers/tail?trigger=cart"); strings.Contains(only.text, "test-trigger</b>") {
		t.Errorf("the filter lets others through: %s", only.text)
	}
	tells(t, h.get(client, h.url+"/topics/triggers"), http.StatusOK, "2 in all", `role="img"`, "<svg class=\"bars\"")
	tells(t, send("/topics/triggers/groups/campaign/reset", url.Values{"to": {"at"}, "at": {"soon"}}), http.StatusUnprocessableEntity, "This is no instant")
	tells(t, send("/topics/triggers/groups/campaign/reset", url.Values{"to": {"offset"}, "partition": {"0"}, "offset": {"7"}}), http.StatusUnprocessableEntity, "has no offset 7")
	tells(t, send("/topics/triggers/groups/campaign/reset", url.Values{"to": {"latest"}}), http.StatusOK, "The pointers of campaign were set.")
	tells(t, h.get(client, h.url+"/topics/triggers/events/0/1"), http.StatusOK, "passed")
	tells(t, send("/topics/triggers/groups/campaign/delete", url.Values{"confirm": {"campaign"}}), http.StatusOK, "The consumer group campaign was deleted.")
}

// TestLiveTail hears an event that comes while somebody looks, with its filter, and ends when the server stops.
func TestLiveTail(t *testing.T) {
	h := newHouse(t)
	h.furnishPipeline()
	client := h.browser()
	h.get(client, h.link(h.ada))
	response, err := client.Get(h.url + "/topics/triggers/live?trigger=wanted")
	check(t, err)
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	lines.Scan() // it is open: what comes from here on is heard
	h.produce(`{"value":{"triggerId":"other"}}`)
	h.produce(`{"key":"a","value":{"triggerId":"wanted","note":` + quoted(markup) + `}}`)
	heard := ""
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
		h.hand.Advance(time.Second)
	}
	heard = lines.Text()
	if !strings.Contains(heard, `"trigger":"wanted"`) || !strings.Contains(heard, `"offset":2`) || strings.Contains(heard, "<script>") {
		t.Errorf("heard %q", heard)
	}
	h.pages.Drain()
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data:") {
			t.Errorf("heard more: %q", lines.Text())
		}
	}
}

// TestMigrationWizard walks through a migration as it goes on at two hosts.
func TestMigrationWizard(t *testing.T) {
	h := newHouse(t)
	h.furnishPipeline()
	h.daemon("two", "JWT credential abc", "f1", 0, "")
	client := h.browser()
	h.get(client, h.link(h.ada))
	order := func(do, fingerprint string) answer {
		return post(h, client, "/instances/prod/order", url.Values{"csrf": {h.tokenOf(client)}, "do": {do}, "fingerprint": {fingerprint}})
	}
	const at = "/instances/prod/migration"
	tells(t, h.get(client, h.url+"/instances"), http.StatusOK, "2 daemons told of themselves within the minute")
	tells(t, h.get(client, h.url+at), http.StatusOK, "No migration is under way.", "Tell them to move")
	tells(t, order("migrate", "f2"), http.StatusOK, "Under way: one, two have not carried it out yet.", `data-src="/instances/prod/progress"`)
	const report = `{"from":"JWT","to":"OAuth","started_at":"2026-11-28T09:00:00Z","received":7,"lost":0,"suppressed":1}`
	h.daemon("one", "OAuth credential", "f2", 1, report)
	tells(t, h.get(client, h.url+at), http.StatusOK, "Under way: two has not carried it out yet.")
	tells(t, h.get(client, h.url+"/instances/prod"), http.StatusOK, "They hold different credentials", "7 received, 1 duplicates suppressed")
	h.daemon("two", "OAuth credential", "f2", 1, report)
	tells(t, h.get(client, h.url+at), http.StatusOK, "All have moved: 14 received, 0 lost, 2 duplicates suppressed.", "Finish: let go of the old credential", "Go back to the old credential")
	tells(t, h.get(client, h.url+"/instances/prod/progress"), http.StatusOK, "event: done")
	tells(t, order("finish", ""), http.StatusOK, "The daemons are told to let go")
	h.daemon("one", "OAuth credential", "f2", 2, "")
	h.daemon("two", "OAuth credential", "f2", 2, "")
	tells(t, h.get(client, h.url+at), http.StatusOK, "The last migration was finished")
	h.hand.Advance(2 * time.Minute)
	h.daemon("one", "OAuth credential", "f2", 2, "")
	tells(t, h.get(client, h.url+"/instances/prod"), http.StatusOK, "tells nothing since 2 minutes ago", "Take it off the list")
	tells(t, post(h, client, "/instances/prod/forget", url.Values{"csrf": {h.tokenOf(client)}, "host": {"two"}}), http.StatusOK, "is off the list")
}
