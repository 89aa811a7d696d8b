package pipelined_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// batches is a receiver of arrays that refuses every one with a certain event in it.
type batches struct {
	*httptest.Server
	mu      sync.Mutex
	status  int
	taken   []int // offsets, in the order in which they came
	largest int
}

func newBatches(t *testing.T, bad string, status int) *batches {
	t.Helper()
	r := &batches{status: status}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodGet {
			_, _ = io.WriteString(w, q.URL.Query().Get("challenge"))
			return
		}
		body, _ := io.ReadAll(q.Body)
		var events []delivered
		r.mu.Lock()
		defer r.mu.Unlock()
		if json.Unmarshal(body, &events) != nil || bytes.Contains(body, []byte(`"`+bad+`"`)) {
			w.WriteHeader(r.status)
			return
		}
		r.largest = max(r.largest, len(events))
		for _, e := range events {
			r.taken = append(r.taken, e.Event.Offset)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *batches) settings() string {
	return fmt.Sprintf("connectors:\n  \"cus:triggers.js\": {http: {url: %q, batch: 20}}\n", r.URL)
}

// One event that the receiver refuses, for good or until the retry window is over, is found out among those that came with
// it: it alone is given up, and the others come once and in their order.
func TestBatchWithOneBadEvent(t *testing.T) {
	for name, status := range map[string]int{"for good": http.StatusUnprocessableEntity, "each time": http.StatusInternalServerError} {
		t.Run(name, func(t *testing.T) {
			r := newBatches(t, "m-37", status)
			h := newHouse(t, plainRoutes, r.settings())
			h.broker.produce(0, many(0, 90)...)
			h.start()
			h.until("the end", func() bool { s := h.stats(); return s["trigger-processed"] == 89 && s["trigger-discarded"] == 1 })
			r.mu.Lock()
			defer r.mu.Unlock()
			var want []int
			for offset := range 90 {
				if offset != 37 {
					want = append(want, offset)
				}
			}
			if !slices.Equal(r.taken, want) || r.largest < 5 || r.largest > 20 {
				t.Errorf("%d at once at most; in the order %v", r.largest, r.taken)
			}
			if list := letters(t, h); len(list) != 1 || list[0].Message != "m-37" || !strings.Contains(list[0].Error, fmt.Sprint(status)) {
				t.Errorf("dead letters = %+v", list)
			}
		})
	}
}

// What comes twice within a batch is handed on once, and what is no trigger, or has no route, keeps its place.
func TestBatchOfAllKinds(t *testing.T) {
	r := newBatches(t, "nobody", http.StatusInternalServerError)
	routes := `{"topics": [{"name": "triggers", "consumer": "dev", "triggers": [{"name": "e2a3", "jsConnector": "cus:triggers.js"}]}]}`
	h := newHouse(t, routes, r.settings())
	h.broker.produce(0, b("a"), b("b"), `{"value":7}`, b("a"), b("c"), `{"messageId":"x","value":{"triggerId":"other"}}`, b("c"), b("d"))
	h.start()
	h.until("all", func() bool { return h.stats()["trigger-processed"] == 4 && h.broker.committed("dev", 0) == 8 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := h.stats(); !slices.Equal(r.taken, []int{0, 1, 4, 7}) || s["trigger-duplicates"] != 2 || s["trigger-malformed"] != 1 || s["trigger-unrouted"] != 1 || s["trigger-discarded"] != 1 {
		t.Errorf("taken %v, stats %v", r.taken, s)
	}
}

// A receiver that asks for a pause gets it, whatever the settings say.
func TestRetryAfter(t *testing.T) {
	var mu sync.Mutex
	var times []time.Time
	r := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodGet {
			_, _ = io.WriteString(w, q.URL.Query().Get("challenge"))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if times = append(times, time.Now()); len(times) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	h := newHouse(t, plainRoutes, fmt.Sprintf("connectors:\n  \"cus:triggers.js\": {http: {url: %q}}\n", r.URL))
	h.options.RetryValidity = time.Minute
	h.broker.produce(0, b("a"))
	h.start()
	h.until("the delivery", func() bool { return h.stats()["trigger-processed"] == 1 })
	mu.Lock()
	defer mu.Unlock()
	if pause := times[1].Sub(times[0]); len(times) != 2 || pause < time.Second {
		t.Errorf("%d attempts, the second after %s", len(times), pause)
	}
}

// A receiver that opens the address itself, before it has answered to it, gets what waited at once as well.
func TestValidationAddressOpenedEarly(t *testing.T) {
	r := newReceiver(t)
	r.greeting = func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a page") }
	r.seen = func(body []byte) {
		var asked struct{ ValidationURL string }
		if json.Unmarshal(body, &asked) != nil || asked.ValidationURL == "" {
			return
		}
		if reply, err := http.Get(asked.ValidationURL); err != nil {
			t.Error(err)
		} else {
			_ = reply.Body.Close()
		}
	}
	h := newHouse(t, plainRoutes, fmt.Sprintf("connectors:\n  \"cus:triggers.js\": {http: {url: %q, challenge: require}}\n", r.URL))
	h.options.RetryPeriod, h.options.RetryValidity = time.Hour, 2*time.Hour
	d := h.start()
	l, err := d.Serve(t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	h.broker.produce(0, b("a"))
	h.until("the delivery", func() bool { return h.stats()["trigger-processed"] == 1 })
}

// A receiver that has its owner open an address gets what waited as soon as that is done.
func TestValidationAddress(t *testing.T) {
	addresses := make(chan string, 1)
	r := newReceiver(t)
	r.greeting = func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a page") }
	r.seen = func(body []byte) {
		var asked struct{ ValidationURL string }
		if json.Unmarshal(body, &asked) == nil && asked.ValidationURL != "" {
			addresses <- asked.ValidationURL
		}
	}
	h := newHouse(t, plainRoutes, fmt.Sprintf("connectors:\n  \"cus:triggers.js\": {http: {url: %q, challenge: require}}\n", r.URL))
	h.options.RetryPeriod, h.options.RetryValidity = time.Hour, 2*time.Hour
	d := h.start()
	l, err := d.Serve(t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	h.broker.produce(0, b("a"))
	address := <-addresses
	for _, want := range []int{http.StatusOK, http.StatusNotFound} {
		reply, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if reply.StatusCode != want {
			t.Errorf("%s = %d, want %d", address, reply.StatusCode, want)
		}
	}
	h.until("the delivery", func() bool { return h.stats()["trigger-processed"] == 1 })
}
