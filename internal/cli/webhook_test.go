package cli_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"latchkey/internal/clock"
)

const webhookAnswer = `{"id":"wh_1","url":"https://example.com/hook","types":["expiring"],"enabled":true,"sandbox":null,"failing_since":null`

func TestWebhooks(t *testing.T) {
	api := newFakeAPI(t).
		on("POST /webhooks", 201, webhookAnswer+`,"secret":"whsec_new"}`).
		on("GET /webhooks", 200, `{"items":[`+webhookAnswer+`},{"id":"wh_2","url":"https://b.example","types":[],"enabled":true,"failing_since":`+at(-time.Hour)+`},
			{"id":"wh_3","url":"https://c.example","types":[],"enabled":false,"sandbox":"stage"}]}`).
		on("GET /webhooks/wh_3", 200, `{"id":"wh_3","url":"https://c.example","types":[],"enabled":false,"reason":"The endpoint answered 410 Gone."}`).
		on("PATCH /webhooks/wh_1", 200, webhookAnswer+`}`).
		on("POST /webhooks/wh_1/rotate-secret", 200, webhookAnswer+`,"secret":"whsec_next","previous_secret_until":`+at(24*time.Hour)+`}`).
		on("POST /webhooks/wh_1/replay", 200, `{"deliveries":3}`).
		on("DELETE /webhooks/wh_1", 204, "")
	s := newShell(t, api)
	s.want(0, "whsec_new\n", "webhook wh_1; its secret is shown this once:\nsee whether it works: latchkey webhook test wh_1\n",
		"webhook", "create", "https://example.com/hook", "--type", "expiring", "--sandbox", "stage")
	if got := api.last(t, "POST /webhooks").Body; got != `{"url":"https://example.com/hook","types":["expiring"],"sandbox":"stage"}` {
		t.Errorf("sent %s", got)
	}
	s.want(0, `URL                       STATUS    TYPES                         SANDBOX  ID
https://example.com/hook  active    expiring                      -        wh_1
https://b.example         failing   all but connection.refreshed  -        wh_2
https://c.example         disabled  all but connection.refreshed  stage    wh_3
`, "", "webhook", "list")
	got := s.run("webhook", "show", "wh_3")
	contains(t, "stdout", got.out, "disabled", "The endpoint answered 410 Gone.")
	contains(t, "stderr", got.err, "latchkey webhook deliveries wh_3")
	s.want(0, "changed wh_1: active\n", "", "webhook", "update", "wh_1", "--all-types", "--enable")
	if got := api.last(t, "PATCH /webhooks/wh_1").Body; got != `{"types":[],"enabled":true}` {
		t.Errorf("sent %s", got)
	}
	s.want(0, "whsec_next\n", "the new secret of wh_1 is shown this once; the old one signs too until 2026-11-22T09:00:00Z:\n", "webhook", "rotate-secret", "wh_1")
	s.want(0, "3 to deliver\n", "", "webhook", "replay", "wh_1", "--since", "24h")
	if got := api.last(t, "POST /webhooks/wh_1/replay").Body; got != `{"since":"2026-11-20T09:00:00Z"}` {
		t.Errorf("sent %s", got)
	}
	s.want(0, "3 to deliver\n", "", "webhook", "replay", "wh_1", "evt_1")
	s.want(0, "deleted wh_1\n", "", "webhook", "delete", "wh_1", "--yes")
	for _, args := range [][]string{
		{"webhook", "update", "wh_1"}, {"webhook", "update", "wh_1", "--enable", "--disable"}, {"webhook", "replay", "wh_1"},
		{"webhook", "replay", "wh_1", "evt_1", "--since", "1d"}, {"webhook", "replay"}, {"webhook", "replay", "wh_1", "--since", "soon"},
	} {
		if got := s.run(args...); got.code != 2 {
			t.Errorf("%v = %d %s", args, got.code, got.err)
		}
	}
}

func TestWebhookTest(t *testing.T) {
	pending := `{"event":"evt_1","type":"webhook.test","subject":"wh_1","state":"pending","attempts":0}`
	api := newFakeAPI(t).
		on("POST /webhooks/wh_1/test", 200, `{"id":"evt_1"}`).
		on("GET /webhooks/wh_1/deliveries", 200, `{"items":[`+pending+`]}`,
			`{"items":[{"event":"evt_1","type":"webhook.test","subject":"wh_1","state":"delivered","attempts":1,"status":204,"latency_ms":12.4,"created_at":`+at(-time.Minute)+`}]}`).
		on("POST /webhooks/wh_2/test", 200, `{"id":"evt_1"}`).
		on("GET /webhooks/wh_2/deliveries", 200,
			`{"items":[{"event":"evt_1","state":"pending","attempts":1,"error":"timeout","next_attempt_at":`+at(6*time.Second)+`}]}`)
	s := newShell(t, api)
	if got := s.advanced(1, false, "webhook", "test", "wh_1"); got.code != 0 || got.out != "delivered evt_1: 204, after 12 ms\n" {
		t.Errorf("webhook test = %+v", got)
	}
	s.want(1, "", "latchkey: evt_1 was not delivered: timeout\nhint: it is tried again in 5 seconds; see latchkey webhook deliveries wh_2\n", "webhook", "test", "wh_2")
	s.want(0, `WHEN          TYPE          SUBJECT  STATE      ANSWER  TOOK   ATTEMPTS  NEXT  EVENT
1 minute ago  webhook.test  wh_1     delivered  204     12 ms  1         -     evt_1
`, "", "webhook", "deliveries", "wh_1")
}

// advanced runs a command whose pauses are passed by hand, and interrupts it after them.
func (s *shell) advanced(pauses int, interrupt bool, args ...string) result {
	s.t.Helper()
	hand := clock.NewManual(now)
	s.config.Clock = hand
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	s.ctx = ctx
	done := make(chan result)
	go func() { done <- s.run(args...) }()
	for range pauses {
		for hand.Waiting() == 0 {
			time.Sleep(time.Millisecond)
		}
		hand.Advance(s.config.PollEvery)
	}
	if interrupt {
		for hand.Waiting() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}
	got := <-done
	s.ctx = s.t.Context()
	return got
}

func TestEvents(t *testing.T) {
	first := `{"id":"evt_1","type":"connection.degraded","subject":"conn_1","timestamp":` + at(0) + `,"data":{"label":"acme","status":503}}`
	second := `{"id":"evt_2","type":"connection.recovered","subject":"conn_1","timestamp":` + at(0) + `,"data":{}}`
	api := newFakeAPI(t).
		on("GET /events?subject=conn_1&type=connection.degraded", 200, `{"items":[`+first+`],"next_cursor":"more"}`).
		on("GET /events?since=2026-11-21T09%3A00%3A00Z", 200, `{"items":[`+first+`]}`).
		on("GET /events?since=2026-11-21T08%3A59%3A30Z", 200, `{"items":[`+second+`,`+first+`]}`).
		on("GET /events?since=2026-11-14T09%3A00%3A00Z", 200, `{"items":[]}`)
	s := newShell(t, api)
	s.want(0, `WHEN  TYPE                 SUBJECT  WHAT                   ID
now   connection.degraded  conn_1   label=acme status=503  evt_1
`, "", "events", "list", "--type", "connection.degraded", "--subject", "conn_1", "--limit", "1")
	s.want(0, "", "no events; they come when something changes\n", "events", "list", "--since", "7d")
	got := s.advanced(1, true, "events", "list", "--follow")
	if got.code != 0 || strings.Count(got.out, "evt") != 0 || strings.Count(got.out, "\n") != 2 || !strings.Contains(got.out, "connection.recovered") {
		t.Errorf("followed %d %q %q", got.code, got.out, got.err)
	}
}
