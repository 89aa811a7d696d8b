package pipelined_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/pipelined"
	"latchkey/internal/telemetry"
)

// The keys of the vendor's status, where its page shows them or names them (spec/campaign-and-pipeline.md §3.1).
var (
	vendorListener = []string{
		"consumer", "http-request/last-alive-ms-ago", "http-request/last-failed-cnx-ms-ago", "http-request/pipeline-host", "name",
		"pointer/current-offsets", "pointer/last-flush-ms-ago", "pointer/next-offsets-flush", "pointer/processed-since-last-flush",
		"routing/aliases", "routing/triggers",
		"stats/average-pointer-flush-time-ms", "stats/average-push-id-processing-time-ms", "stats/average-trigger-processing-time-ms", "stats/bytes-read",
		"stats/current-messages", "stats/current-retries", "stats/peak-messages", "stats/pending-release-messages", "stats/ping-received",
		"stats/pointer-flush-errors", "stats/pointer-flushes", "stats/profile-received", "stats/push-id-discarded", "stats/push-id-processed", "stats/push-id-received",
		"stats/routing-JS-custom", "stats/trigger-discarded", "stats/trigger-failures", "stats/trigger-processed", "stats/trigger-received",
	}
	ownListener = []string{
		"topic", "unrouted", "stats/trigger-duplicates", "stats/trigger-malformed", "stats/trigger-unrouted", "stats/streams-opened", "stats/journal-held", "stats/envelopes-unknown",
	}
	vendorThread = []string{
		"name", "stats/average-trigger-processing-time-ms", "stats/is-JS-processor", "stats/trigger-discarded", "stats/trigger-failures", "stats/trigger-received",
	}
	vendorSettings = []string{
		"name", "settings/flush-pointer-msg-count", "settings/flush-pointer-period-ms", "settings/processing-threads-JS", "settings/retry-period-ms", "settings/retry-validity-duration-ms",
	}
	ownSettings = []string{"settings/processing-threads"}
)

// leaves lists a document's keys, those of objects of objects as a/b, and what is below two levels not at all.
func leaves(object map[string]any) (all []string) {
	for key, value := range object {
		inner, isObject := value.(map[string]any)
		if !isObject || key == "unrouted" {
			all = append(all, key)
			continue
		}
		for name := range inner {
			all = append(all, key+"/"+name)
		}
	}
	slices.Sort(all)
	return all
}

func sorted(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return all
}

// ordered tells whether the keys of every object of a document stand in the order of the alphabet.
func ordered(t *testing.T, text []byte) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	var object func()
	object = func() {
		token, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for is := token == json.Delim('{'); decoder.More() && (is || token == json.Delim('[')); {
			if is {
				key, _ := decoder.Token()
				if name, _ := key.(string); name < last {
					t.Errorf("%s stands behind %s", name, last)
				} else {
					last = name
				}
			}
			object()
		}
		if token == json.Delim('{') || token == json.Delim('[') {
			_, _ = decoder.Token()
		}
	}
	object()
}

type agents struct{ Agents []map[string]any }

func (a agents) named(name string) []map[string]any {
	return slices.DeleteFunc(slices.Clone(a.Agents), func(one map[string]any) bool { return !strings.HasPrefix(one["name"].(string), name) })
}

// TestStatus holds the document to the vendor's keys, order and units, over HTTP and in pipelined.json, and the metrics beside it.
func TestStatus(t *testing.T) {
	h := newHouse(t, `{"topics": [{"name": "triggers", "consumer": "dev", "triggers": [{"name": "e2a3", "jsConnector": "cus:triggers.js"}]},
		{"name": "aliases", "consumer": "dev", "triggers": [{"name": "*"}]}]}`, toFile)
	h.options.DumpState, h.options.PointerFlushCount = time.Second, 20
	metrics, err := telemetry.NewMetrics("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = metrics.Close(t.Context()) })
	config := h.config()
	config.Meter = metrics.Meter("pipelined")
	d, err := pipelined.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	h.daemon = d
	d.Start(t.Context())
	t.Cleanup(h.stop)
	l, err := d.Serve(t.Context(), "127.0.0.1:0", metrics.Handler())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	h.broker.produce(0, many(0, 3)...)
	h.broker.produce(1, `{"value":{"triggerId":"stranger","triggerTimestamp":1,"mcId":"1"}}`)
	h.until("the pointers", func() bool { return h.broker.committed("dev", 0) == 3 && h.broker.committed("dev", 1) == 1 })
	get := func(address string) []byte {
		t.Helper()
		reply, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = reply.Body.Close() }()
		text, err := io.ReadAll(reply.Body)
		if err != nil || reply.StatusCode != http.StatusOK {
			t.Fatalf("%s = %d %s", address, reply.StatusCode, text)
		}
		return text
	}
	text := get(l.Address.StatusURL)
	ordered(t, text)
	var status agents
	if err := json.Unmarshal(text, &status); err != nil {
		t.Fatal(err)
	}
	listeners, threads, settings := status.named("listener"), status.named("processing"), status.named("settings")
	if len(listeners) != 2 || len(threads) != 8 || len(settings) != 1 {
		t.Fatalf("the agents are %d listeners, %d threads, %d settings", len(listeners), len(threads), len(settings))
	}
	for _, c := range []struct{ got, want []string }{
		{leaves(listeners[0]), sorted(vendorListener, ownListener)}, {leaves(threads[0]), sorted(vendorThread)}, {leaves(settings[0]), sorted(vendorSettings, ownSettings)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Error(diff)
		}
	}
	scripts := 0
	for _, thread := range threads {
		if thread["stats"].(map[string]any)["is-JS-processor"] == "1" {
			scripts++
		}
	}
	triggers := listeners[0]
	request, pointer, routing := triggers["http-request"].(map[string]any), triggers["pointer"].(map[string]any), triggers["routing"].(map[string]any)
	alive, _ := request["last-alive-ms-ago"].(float64)
	if scripts != 4 || pointer["current-offsets"] != "0:3,1:1" || pointer["next-offsets-flush"] != 20.0 || request["last-failed-cnx-ms-ago"] != -1.0 || alive < 0 || alive > 60_000 ||
		request["pipeline-host"] != h.broker.URL || routing["triggers"].(map[string]any)["e2a3"] != "cus:triggers.js" || len(routing["aliases"].(map[string]any)) != 0 ||
		listeners[1]["routing"].(map[string]any)["aliases"].(map[string]any)["*"] != "" {
		t.Errorf("the status is %s", text)
	}
	if set := settings[0]["settings"].(map[string]any); set["flush-pointer-period-ms"] != 10.0 || set["retry-validity-duration-ms"] != 200.0 || set["flush-pointer-msg-count"] != 20.0 {
		t.Errorf("the settings are %v", set)
	}
	if named := triggers["unrouted"].(map[string]any); named["stranger"] != 1.0 || !strings.Contains(h.log.String(), `No route names the trigger`) {
		t.Errorf("unrouted = %v", named)
	}
	_ = get(l.Address.StatusURL + "/") // as it is relayed
	if text := get(strings.Replace(l.Address.StatusURL, "pipelined/status", "healthz", 1)); string(text) != "ok\n" {
		t.Errorf("healthz says %s", text)
	}
	if text := string(get(strings.Replace(l.Address.StatusURL, "pipelined/status", "metrics", 1))); !strings.Contains(text, "pipelined_received_total{") || !strings.Contains(text, `topic="aliases"`) || !strings.Contains(text, "pipelined_dead_letters") {
		t.Errorf("the metrics are %s", text)
	}
	h.until("pipelined.json", func() bool {
		text, err := os.ReadFile(filepath.Join(h.dir, "pipelined.json"))
		var dumped agents
		return err == nil && json.Unmarshal(text, &dumped) == nil && len(dumped.Agents) == 11
	})
}
