package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"latchkey/internal/clock"
)

// clockPath is where the clock of `dev --fast-clock` is read and moved. Without that flag there is no such path.
const clockPath = "/dev/clock"

// mostAdvance bounds one move, and clockPatience how long it may take.
const (
	mostAdvance   = 10 * 365 * 24 * time.Hour
	clockPatience = 100 * time.Second // less than the listener's limit for an answer
)

// mover moves a server's clock.
type mover struct {
	clock *clock.Ahead
	// rest is [connection.Keeper.Rest].
	rest func(ctx context.Context, before time.Time) (time.Time, error)
	mu   sync.Mutex // one move at a time
}

// advance moves the clock by d. Each renewal that falls due on the way is made at its time, and all that fell due is done when
// it returns: a connection with tokens of an hour is as alive after a year as if the year had passed.
func (m *mover) advance(ctx context.Context, d time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for goal := m.clock.By() + d; ; {
		left := goal - m.clock.By()
		next, err := m.rest(ctx, m.clock.Now().Add(left))
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("moving the clock: renewals are still under way with %s to go: is a provider told to be slow?", left.Round(time.Second))
		case err != nil:
			return fmt.Errorf("moving the clock: %w", err)
		case left <= 0:
			return nil
		case !next.IsZero():
			left = min(left, max(1, next.Sub(m.clock.Now())))
		}
		m.clock.Advance(left)
	}
}

// clockReading is what the clock shows, and how far that is ahead of the machine's.
type clockReading struct {
	Now   time.Time `json:"now"`
	Ahead string    `json:"ahead"`
}

func (m *mover) read() clockReading { return clockReading{m.clock.Now().UTC(), m.clock.By().String()} }

// mount puts the clock's route on a mux. Browsers of other origins are kept out.
func (m *mover) mount(mux *http.ServeMux) {
	own := http.NewServeMux()
	own.HandleFunc("GET "+clockPath, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, m.read()) })
	own.HandleFunc("POST "+clockPath, m.post)
	mux.Handle(clockPath, http.NewCrossOriginProtection().Handler(own))
}

func (m *mover) post(w http.ResponseWriter, r *http.Request) {
	d, err := readAdvance(w, r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), clockPatience)
	defer cancel()
	if err := m.advance(ctx, d); err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	reply(w, http.StatusOK, m.read())
}

func readAdvance(w http.ResponseWriter, r *http.Request) (time.Duration, error) {
	var ask struct {
		Advance string `json:"advance"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&ask); err != nil {
		return 0, errors.New(`the body is not {"advance": "90m"}`)
	}
	d, err := time.ParseDuration(ask.Advance)
	if err != nil || d < 0 || d > mostAdvance {
		return 0, errors.New(`"advance" is not how long to move ahead: write it as "90m" or "48h", up to ten years; a clock does not go back`)
	}
	return d, nil
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}

// refuse answers a problem (RFC 9457).
func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": err.Error()})
}
