package triggers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// source produces triggers, and remembers those that were acknowledged. What was not is sent again with the same id.
type source struct {
	url, key   string
	mu         sync.Mutex
	made       []string
	partitions map[string]bool
}

// visitors is how many keys there are, so that every partition has some.
const visitors = 60

func (s *source) run(rate int, stop <-chan struct{}) {
	const batches = 20 // a second
	client := &http.Client{Timeout: 5 * time.Second}
	tick := time.NewTicker(time.Second / batches)
	defer tick.Stop()
	number := 0
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		var ids []string
		var messages []json.RawMessage
		for range rate / batches {
			number++
			id := fmt.Sprintf("t-%d", number)
			ids = append(ids, id)
			messages = append(messages, json.RawMessage(fmt.Sprintf(
				`{"key":"v%d","messageId":%q,"source":"triggers","value":{"triggerId":"e2a3","triggerTimestamp":%d,"mcId":"%d","enrichments":{"analyticsHitSummary":{"dimensions":{},"products":{}}}}}`,
				number%visitors, id, time.Now().UnixMilli(), number%visitors)))
		}
		body, _ := json.Marshal(map[string]any{"messages": messages})
		for !s.send(client, body) {
			time.Sleep(100 * time.Millisecond)
		}
		s.mu.Lock()
		s.made = append(s.made, ids...)
		s.mu.Unlock()
	}
}

// send tells whether a batch was acknowledged.
func (s *source) send(client *http.Client, body []byte) bool {
	r, err := http.NewRequest(http.MethodPost, s.url+"/pipeline/topics/triggers/messages", bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/vnd.pipe.json.v1+json")
	reply, err := client.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = reply.Body.Close() }()
	_, err = io.Copy(io.Discard, reply.Body)
	return err == nil && reply.StatusCode == http.StatusOK
}

func (s *source) acknowledged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.made)
}

func (s *source) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.made...)
}

// sink receives triggers over HTTP.
type sink struct {
	server   *httptest.Server
	refusing atomic.Bool
	mu       sync.Mutex
	times    map[string]int // id → how often it came
	last     map[int]int64  // partition → its highest offset
	late     int
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{times: map[string]int{}, last: map[int]int64{}}
	s.server = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.server.Close)
	return s
}

func (s *sink) take(w http.ResponseWriter, r *http.Request) {
	var got struct {
		ID    string `json:"event_id"`
		Event struct {
			Partition int   `json:"partition"`
			Offset    int64 `json:"offset"`
		} `json:"event"`
	}
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("challenge"))
		return
	}
	if s.refusing.Load() || json.NewDecoder(r.Body).Decode(&got) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[got.ID]++
	last, known := s.last[got.Event.Partition]
	switch {
	case s.times[got.ID] > 1:
	case known && got.Event.Offset <= last:
		s.late++
	}
	s.last[got.Event.Partition] = max(last, got.Event.Offset)
}

func (s *sink) refuse(yes bool) { s.refusing.Store(yes) }

func (s *sink) distinct() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// count compares what arrived with what was acknowledged.
func (s *sink) count(ids []string) (got, lost, duplicates, overtaken int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.times[id] == 0 {
			lost++
		}
	}
	for _, times := range s.times {
		got++
		duplicates += times - 1
	}
	return got, lost, duplicates, s.late
}
