package pipelined_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// broker is a small server of the vendor's wire (spec/campaign-and-pipeline.md §2.4), with the faults that a real one is not
// told to make.
type broker struct {
	*httptest.Server
	mu         sync.Mutex
	changed    chan struct{}
	partitions map[int][]json.RawMessage // messages, by offset
	groups     map[string]map[int]int    // group → partition → next offset
	streams    int
	open       map[*http.Request]func()
	// refuse tells which tokens are refused, and how.
	refuse func(token string) int
	after  string // Retry-After of refusals
	// garbage is sent on the next stream; cut closes each stream after that many envelopes of data; mute sends no pings.
	garbage string
	cut     int
	mute    bool
	older   bool
	tokens  map[string]int // token → calls
	syncs   int
}

func newBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{changed: make(chan struct{}), partitions: map[int][]json.RawMessage{}, groups: map[string]map[int]int{}, open: map[*http.Request]func(){}, tokens: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/endpoints", b.guarded(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"endpoints":[{"url":%q}]}`, b.URL)
	}))
	mux.HandleFunc("GET /pipeline/topics/{topic}/messages", b.guarded(b.consume))
	mux.HandleFunc("POST /pipeline/consumers/{group}/sync", b.guarded(b.sync))
	b.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		b.drop()
		b.CloseClientConnections()
		b.Close()
	})
	return b
}

func (b *broker) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		b.mu.Lock()
		b.tokens[token]++
		refuse := b.refuse
		b.mu.Unlock()
		if refuse != nil {
			if status := refuse(token); status != 0 {
				w.Header().Set("WWW-Authenticate", `Bearer realm="Adobe Analytics"`)
				if b.after != "" {
					w.Header().Set("Retry-After", b.after)
				}
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, `{"status":%d,"title":"No","report":{"errors":[{"id":"1","code":"x","message":"not this one"}]}}`, status)
				return
			}
		}
		next(w, r)
	}
}

func (b *broker) tell() { // under mu
	close(b.changed)
	b.changed = make(chan struct{})
}

// produce appends messages to a partition.
func (b *broker) produce(partition int, messages ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range messages {
		b.partitions[partition] = append(b.partitions[partition], json.RawMessage(m))
	}
	b.tell()
}

// drop cuts every stream.
func (b *broker) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, cut := range b.open {
		cut()
	}
}

func (b *broker) committed(group string, partition int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.groups[group][partition]
}

func (b *broker) sync(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	var place map[int]int
	if json.Unmarshal(text, &place) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.syncs++
	group := b.groups[r.PathValue("group")]
	if group == nil {
		group = map[int]int{}
		b.groups[r.PathValue("group")] = group
	}
	for partition, next := range place {
		group[partition] = max(group[partition], next)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (b *broker) consume(w http.ResponseWriter, r *http.Request) {
	group := r.URL.Query().Get("group")
	control := http.NewResponseController(w)
	over := make(chan struct{})
	var once sync.Once
	b.mu.Lock()
	b.streams++
	b.open[r] = func() { once.Do(func() { close(over) }) }
	place := map[int]int{}
	for partition, next := range b.groups[group] {
		place[partition] = next
	}
	garbage := b.garbage
	b.garbage = ""
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.open, r)
		b.mu.Unlock()
	}()
	if !b.mute {
		_, _ = io.WriteString(w, `{"envelopeType":"PING"}`)
	}
	_, _ = io.WriteString(w, garbage)
	_ = control.Flush()
	sent := 0
	for {
		b.mu.Lock()
		changed, cut := b.changed, b.cut
		var out strings.Builder
		for partition, messages := range b.partitions {
			for offset := place[partition]; offset < len(messages); offset++ {
				key := "pipelineMessage"
				if b.older {
					key = "com.adobe.mcloud.pipeline.pipelineMessage"
				}
				fmt.Fprintf(&out, `{"envelopeType":"DATA","partition":%d,"offset":%d,"topic":%q,"createTime":%d,%q:%s}`,
					partition, offset, r.PathValue("topic"), time.Now().UnixMilli(), key, messages[offset])
				place[partition] = offset + 1
				if sent++; cut > 0 && sent%cut == 0 {
					break
				}
			}
		}
		b.mu.Unlock()
		text, _ := json.Marshal(place)
		if out.Len() > 0 {
			marker, _ := json.Marshal(string(text))
			fmt.Fprintf(&out, "\n"+`{"envelopeType":"SYNC","syncMarker":%s}`, marker)
			if _, err := io.WriteString(w, out.String()); err != nil {
				return
			}
			_ = control.Flush()
		}
		if cut > 0 && sent > 0 && sent%cut == 0 {
			return
		}
		select {
		case <-changed:
		case <-over:
			return
		case <-r.Context().Done():
			return
		}
	}
}
