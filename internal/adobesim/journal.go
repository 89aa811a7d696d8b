package adobesim

import (
	"strings"
	"sync"
	"time"
)

const (
	journalLimit = 1000
	noteMax      = 128 // bytes of a caller's text in the journal
)

// Request is a line of the journal. It holds no token, secret or content.
type Request struct {
	Sequence int64     `json:"sequence"`
	Time     time.Time `json:"time"`
	Host     string    `json:"host"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	// Method14 is the method of Analytics 1.4, which stands in the query.
	Method14 string   `json:"api_method,omitempty"`
	ClientID string   `json:"client_id,omitempty"`
	Status   int      `json:"status"`
	Dropped  bool     `json:"dropped,omitempty"`
	Faults   []string `json:"faults,omitempty"` // names only
}

// journal keeps the last requests.
type journal struct {
	mu       sync.Mutex
	ring     [journalLimit]Request
	sequence int64
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ring, j.sequence = [journalLimit]Request{}, 0
}

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sequence++
	r.Sequence = j.sequence
	j.ring[r.Sequence%journalLimit] = r
}

// Requests gives the last requests, oldest first; 1,000 at most.
func (s *Sim) Requests() []Request {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Request, 0, min(j.sequence, journalLimit))
	for n := max(1, j.sequence-journalLimit+1); n <= j.sequence; n++ {
		out = append(out, j.ring[n%journalLimit])
	}
	return out
}

// short cuts a caller's text, on a character's edge.
func short(text string) string {
	if len(text) <= noteMax {
		return text
	}
	return strings.ToValidUTF8(text[:noteMax], "") + "…"
}
