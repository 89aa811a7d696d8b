package pipelined_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/journal"
)

// The ways in which events get lost elsewhere (spec/campaign-and-pipeline.md §3.3), each answered.

// receiver is an HTTP receiver that can be told to refuse.
type receiver struct {
	*httptest.Server
	status   atomic.Int64 // 0 is 200
	mu       sync.Mutex
	bodies   [][]byte
	heads    []http.Header
	greeting func(http.ResponseWriter) // answers the challenge; nil does so rightly
	seen     func(body []byte)
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodGet {
			if r.greeting != nil {
				r.greeting(w)
				return
			}
			_, _ = io.WriteString(w, q.URL.Query().Get("challenge"))
			return
		}
		body, _ := io.ReadAll(q.Body)
		if r.seen != nil {
			r.seen(body)
		}
		if status := r.status.Load(); status != 0 {
			w.WriteHeader(int(status))
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies, r.heads = append(r.bodies, body), append(r.heads, q.Header)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

func toHTTP(r *receiver) string {
	return "connectors:\n  \"cus:triggers.js\": {http: {url: \"" + r.URL + "/in\", secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}}\n"
}

// 1. A connector that fails for longer than the retry window: the message is kept, counted as discarded, and replayed.
func TestDeadLetter(t *testing.T) {
	receiver := newReceiver(t)
	receiver.status.Store(http.StatusServiceUnavailable)
	h := newHouse(t, plainRoutes, toHTTP(receiver))
	h.broker.produce(0, b("first"))
	d := h.start()
	h.until("a dead letter", func() bool { return h.stats()["trigger-discarded"] == 1 })
	if s := h.stats(); s["trigger-failures"] < 3 || s["trigger-processed"] != 0 {
		t.Errorf("stats = %v, want several failures", s)
	}
	h.until("the pointer past it", func() bool { return h.broker.committed("dev", 0) == 1 })
	letters := letters(t, h)
	if len(letters) != 1 || letters[0].Message != "first" || letters[0].Attempts < 3 || !strings.Contains(letters[0].Error, "503") || letters[0].Connector != "cus:triggers.js" {
		t.Fatalf("dead letters = %+v", letters)
	}
	if err := d.Replay(t.Context(), letters[0].ID); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("Replay() = %v while the receiver refuses", err)
	}
	receiver.status.Store(0)
	if err := d.Replay(t.Context(), letters[0].ID); err != nil {
		t.Errorf("Replay() = %v", err)
	}
	if receiver.got() != 1 || receiver.heads[0].Get("Webhook-Id") != "first" || receiver.heads[0].Get("X-Adobe-Event-Id") != "first" ||
		!strings.HasPrefix(receiver.heads[0].Get("Webhook-Signature"), "v1,") || !bytes.Contains(receiver.bodies[0], []byte(`"event_id":"first"`)) {
		t.Errorf("the receiver got %d, %v", receiver.got(), receiver.heads)
	}
	if err := d.Replay(t.Context(), letters[0].ID); !errors.Is(err, journal.ErrNoLetter) {
		t.Errorf("Replay() again = %v, want ErrNoLetter", err)
	}
}

func letters(t *testing.T, h *house) []*journal.Letter {
	t.Helper()
	j, err := journal.Look(t.Context(), h.dir, clock.System())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	list, err := j.Letters(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// 1. An outage of the connector that is shorter: nothing is given up, nothing overtakes.
func TestOutageKeepsOrder(t *testing.T) {
	receiver := newReceiver(t)
	receiver.status.Store(http.StatusInternalServerError)
	h := newHouse(t, plainRoutes, toHTTP(receiver))
	h.options.RetryValidity = time.Minute
	h.broker.produce(0, many(0, 20)...)
	h.broker.produce(1, many(100, 20)...)
	h.start()
	h.until("retries", func() bool { return h.stats()["trigger-failures"] >= 6 })
	if s := h.stats(); s["current-retries"] > 2 || s["trigger-discarded"] != 0 {
		t.Errorf("stats = %v, want one message of each partition at work", s)
	}
	if got := h.broker.committed("dev", 0); got != 0 {
		t.Errorf("the pointer is at %d while nothing is finished", got)
	}
	receiver.status.Store(0)
	h.until("all", func() bool { return receiver.got() == 40 })
	last := map[int]int{0: -1, 1: -1}
	for _, body := range receiver.bodies {
		var d delivered
		if err := json.Unmarshal(body, &d); err != nil {
			t.Fatal(err)
		}
		if d.Event.Offset != last[d.Event.Partition]+1 {
			t.Errorf("partition %d: %d after %d", d.Event.Partition, d.Event.Offset, last[d.Event.Partition])
		}
		last[d.Event.Partition] = d.Event.Offset
	}
}

// What a receiver refuses for good goes to the dead letters at once, and what is behind it goes on.
func TestPermanentRefusal(t *testing.T) {
	receiver := newReceiver(t)
	receiver.status.Store(http.StatusUnprocessableEntity)
	h := newHouse(t, plainRoutes, toHTTP(receiver))
	h.options.RetryValidity = time.Hour
	h.broker.produce(0, b("bad"))
	h.start()
	h.until("a dead letter", func() bool { return h.stats()["trigger-discarded"] == 1 })
	if s := h.stats(); s["trigger-failures"] != 1 {
		t.Errorf("stats = %v, want one attempt", s)
	}
}

// 3. A trigger without a route is counted; one whose script is not mapped is kept. What is no trigger is kept too.
func TestUnroutedUnmappedMalformed(t *testing.T) {
	h := newHouse(t, `{"topics": [{"name": "triggers", "consumer": "dev", "triggers": [
		{"name": "known", "jsConnector": "cus:triggers.js"}, {"name": "unmapped", "jsConnector": "cus:other.js"}]}]}`, toFile)
	h.broker.produce(0,
		`{"value":{"triggerId":"known","triggerTimestamp":1,"mcId":"1"}}`, `{"value":{"triggerId":"stranger","triggerTimestamp":1,"mcId":"1"}}`,
		`{"value":{"triggerId":"unmapped","triggerTimestamp":1,"mcId":"1"}}`, `{"value":"no JSON <"}`, `{"value":{"name":"no trigger"}}`, `null`, `[1]`)
	d := h.start()
	h.until("the end of the partition", func() bool { return h.broker.committed("dev", 0) == 7 })
	if s := h.stats(); s["trigger-processed"] != 1 || s["trigger-unrouted"] != 1 || s["trigger-malformed"] != 4 || s["trigger-discarded"] != 5 {
		t.Errorf("stats = %v", s)
	}
	all := letters(t, h)
	if len(all) != 5 || !strings.Contains(all[0].Error, `map "cus:other.js" in `) || !strings.Contains(all[1].Error, "no trigger") {
		t.Fatalf("dead letters = %+v", all)
	}
	// Once it is mapped, the letter is replayed.
	h.write("pipelined-sample.yaml", toFile+"  \"cus:other.js\": {file: {path: out.jsonl}}\n")
	if err := d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Replay(t.Context(), all[0].ID); err != nil {
		t.Errorf("Replay() = %v", err)
	}
	if n := len(h.lines()); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
}

// 4, 7. What is sent again, because the daemon or the stream died before the pointer was stored, is known, whichever
// shape it has and whether it has an id.
func TestDuplicates(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.options.PointerFlushPeriod = time.Hour // never, while it runs
	h.broker.produce(0, append(many(0, 30), `{"value":{"triggerId":"e2a3","triggerTimestamp":7,"mcId":"1"}}`, `{"value":{"triggerId":"e2a3"}}`)...)
	h.start()
	h.until("32 triggers", func() bool { return len(h.lines()) == 32 && h.stats()["current-messages"] == 0 })
	h.broker.drop()
	h.until("the second delivery", func() bool { return h.stats()["trigger-duplicates"] == 32 })
	h.crash()
	h.broker.produce(0, b("new"))
	h.start()
	h.until("33 lines", func() bool { return len(h.lines()) == 33 && h.stats()["current-messages"] == 0 })
	if s := h.stats(); s["trigger-duplicates"] != 32 || s["trigger-processed"] != 1 {
		t.Errorf("stats = %v", s)
	}
}

// crash ends the daemon as kill -9 would, as far as the disk goes: what it writes while it ends is thrown away.
func (h *house) crash() {
	h.t.Helper()
	kept := map[string][]byte{}
	for _, name := range []string{"pipelined.db", "pipelined.db-wal", "out.jsonl"} {
		text, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil {
			h.t.Fatal(err)
		}
		kept[name] = text
	}
	groups := h.broker.groups
	h.broker.mu.Lock()
	h.broker.refuse = func(string) int { return http.StatusBadGateway }
	h.broker.mu.Unlock()
	h.stop()
	for name, text := range kept {
		if err := os.WriteFile(filepath.Join(h.dir, name), text, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	_ = os.Remove(filepath.Join(h.dir, "pipelined.db-shm"))
	h.broker.mu.Lock()
	h.broker.refuse, h.broker.groups = nil, groups
	h.broker.mu.Unlock()
}

// 4. A stop in order: what is at the connector is finished, what waits for another attempt is not passed over.
func TestStopHoldsThePointerBack(t *testing.T) {
	receiver := newReceiver(t)
	h := newHouse(t, `{"topics": [{"name": "triggers", "consumer": "dev", "triggers": [
		{"name": "e2a3", "jsConnector": "cus:triggers.js"}, {"name": "bad", "jsConnector": "cus:bad.js"}]}]}`,
		toHTTP(receiver)+"  \"cus:bad.js\": {exec: {command: [\"false\"]}}\n")
	h.options.RetryValidity, h.options.RetryPeriod = time.Hour, time.Hour
	h.broker.produce(0, b("a"), `{"value":{"triggerId":"bad","triggerTimestamp":9,"mcId":"1"}}`, b("c"))
	h.broker.produce(1, b("d"), b("e"))
	h.start()
	h.until("a retry", func() bool { return h.stats()["current-retries"] == 1 })
	h.until("what is not behind it", func() bool { return receiver.got() == 3 })
	h.stop()
	if at := h.broker.committed("dev", 0); at > 1 {
		t.Errorf("the pointer is at %d, past what was not finished", at)
	}
	h.write("pipelined-sample.yaml", toHTTP(receiver)+"  \"cus:bad.js\": {file: {path: out.jsonl}}\n")
	h.start()
	h.until("the rest", func() bool { return receiver.got() == 4 && len(h.lines()) == 1 })
}

// A stream that is cut within an envelope, that turns to garbage, that falls silent: the next one goes on at the pointer.
func TestBrokenStreams(t *testing.T) {
	for name, test := range map[string]struct {
		broken func(*broker)
		says   string
	}{
		"garbage":        {func(b *broker) { b.garbage = "\x00<html>" }, "invalid character"},
		"truncated":      {func(b *broker) { b.garbage = `{"envelopeType":"DATA","partition":0,"off` }, "Connection seems to have been lost. Attempting to reconnect."},
		"unknown kind":   {func(b *broker) { b.garbage = `{"envelopeType":"GREETING"}` }, "Connected"},
		"end in order":   {func(b *broker) { b.garbage = `{"envelopeType":"END_OF_STREAM"}` }, "ended the stream in order"},
		"every third":    {func(b *broker) { b.cut = 3 }, "Attempting to reconnect."},
		"the older form": {func(b *broker) { b.older = true }, "Connected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plainRoutes, toFile)
			test.broken(h.broker)
			h.broker.produce(0, many(0, 20)...)
			h.start()
			h.until("20 lines", func() bool { return len(h.lines()) == 20 })
			h.until("the log", func() bool { return strings.Contains(h.log.String(), test.says) })
		})
	}
}

// A broker that sends no pings is left.
func TestSilence(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.broker.mute = true
	config := h.config()
	config.Pace.Silence = 20 * time.Millisecond
	d, err := pipelined.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	h.daemon = d
	d.Start(t.Context())
	t.Cleanup(h.stop)
	h.until("three streams", func() bool { return h.stats()["streams-opened"] >= 3 })
	if !strings.Contains(h.log.String(), "No ping came for 20ms") {
		t.Errorf("the log does not say why:\n%s", h.log)
	}
}

// A message of 10 MiB goes through whole.
func TestLargeMessage(t *testing.T) {
	receiver := newReceiver(t)
	h := newHouse(t, plainRoutes, toHTTP(receiver))
	large := fmt.Sprintf(`{"value":{"triggerId":"e2a3","triggerTimestamp":1,"mcId":"1","enrichments":{"x":%q}}}`, strings.Repeat("a", 10<<20))
	h.broker.produce(0, large, b("after"))
	h.start()
	h.until("both", func() bool { return receiver.got() == 2 })
	if n := len(receiver.bodies[0]); n < 10<<20 {
		t.Errorf("the receiver got %d bytes", n)
	}
}

// Two daemons on one instance: the second one does not begin.
func TestTwoDaemons(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.start()
	_, err := pipelined.Open(t.Context(), h.config())
	inUse, ok := errors.AsType[*journal.InUseError](err)
	if !ok || inUse.PID != os.Getpid() {
		t.Errorf("Open() = %v, want a second daemon refused with the first one's id", err)
	}
}
