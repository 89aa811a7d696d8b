package simulator

import (
	"cmp"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	journalLimit = 1000
	counterLimit = 1000 // distinct host, path and grant; what comes later counts as "other"
	noteMax      = 128  // bytes of a caller's text in the journal
)

// Request is a line of the journal. It holds no secret, code or token.
type Request struct {
	Sequence int64     `json:"sequence"`
	Time     time.Time `json:"time"`
	Host     string    `json:"host"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Grant    string    `json:"grant_type,omitempty"`
	ClientID string    `json:"client_id,omitempty"`
	// RefreshToken is the first 12 hexadecimal digits of the SHA-256 of the refresh token that was presented.
	RefreshToken string   `json:"refresh_token_sha256,omitempty"`
	Status       int      `json:"status"`            // what was answered, or would have been
	Dropped      bool     `json:"dropped,omitempty"` // the connection was closed without a reply
	Faults       []string `json:"faults,omitempty"`  // names only
}

// Count is how often a URL was asked for a grant.
type Count struct {
	Host  string `json:"host"`
	Path  string `json:"path"`
	Grant string `json:"grant_type,omitempty"`
	Count int    `json:"count"`
}

type countKey struct{ host, path, grant string }

// journal keeps the last requests, and counts them all.
type journal struct {
	mu       sync.Mutex
	ring     [journalLimit]Request
	sequence int64 // of the last request; its place in the ring is sequence modulo the limit
	counters map[countKey]int
}

func newJournal() *journal { return &journal{counters: map[countKey]int{}} }

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ring, j.sequence = [journalLimit]Request{}, 0
	clear(j.counters)
}

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sequence++
	r.Sequence = j.sequence
	j.ring[r.Sequence%journalLimit] = r
	key := countKey{r.Host, r.Path, r.Grant}
	if _, ok := j.counters[key]; !ok && len(j.counters) >= counterLimit {
		key = countKey{"other", "other", ""}
	}
	j.counters[key]++
}

func (j *journal) list() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Request, 0, min(j.sequence, journalLimit))
	for n := max(1, j.sequence-journalLimit+1); n <= j.sequence; n++ {
		out = append(out, j.ring[n%journalLimit])
	}
	return out
}

func (j *journal) counts() []Count {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Count, 0, len(j.counters))
	for key, n := range j.counters {
		out = append(out, Count{key.host, key.path, key.grant, n})
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Grant, b.Grant))
	})
	return out
}

func (j *journal) count(path, grant string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	total := 0
	for key, n := range j.counters {
		if (path == "" || path == key.path) && (grant == "" || grant == key.grant) {
			total += n
		}
	}
	return total
}

// record notes a request and its answer.
func (s *Simulator) record(c *call, a answer) {
	r := Request{
		Time: s.now(), Host: c.place.host, Method: short(c.request.Method), Path: short(c.request.URL.Path),
		Grant: short(c.grant()), ClientID: short(c.clientID), Status: a.status, Dropped: a.dropped, Faults: c.faultSet,
	}
	if token := c.params.Get("refresh_token"); token != "" {
		r.RefreshToken = digestOf(token).prefix()
	}
	s.journal.add(r)
	s.log.LogAttrs(c.request.Context(), slog.LevelDebug, "simulator answered",
		slog.String("host", r.Host), slog.String("method", r.Method), slog.String("path", r.Path),
		slog.String("grant_type", r.Grant), slog.Int("status", r.Status), slog.Bool("dropped", r.Dropped))
}

// short cuts a caller's text, on a character's edge.
func short(text string) string {
	if len(text) <= noteMax {
		return text
	}
	return strings.ToValidUTF8(text[:noteMax], "") + "…"
}
