package series

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/access"
)

// Window is how far a view looks back.
type Window string

// The windows.
const (
	Hour Window = "hour"
	Day  Window = "day"
	Week Window = "week"
)

// Windows lists all, the shortest first.
func Windows() []Window { return []Window{Hour, Day, Week} }

// step gives into how many spans a window is divided, and how long they are.
func (w Window) step() (n int, span time.Duration) {
	switch w {
	case Day:
		return 96, 15 * time.Minute
	case Week:
		return 168, time.Hour
	}
	return 60, time.Minute
}

// View is an organization's figures over a window, the oldest first. The last span is the one that is under way.
type View struct {
	Window Window
	// From is when the first span begins, Span how long each is.
	From   time.Time
	Span   time.Duration
	Points []Counts
	// Sum is all of them together.
	Sum Counts
}

// At is when a span begins.
func (v *View) At(i int) time.Time { return v.From.Add(time.Duration(i) * v.Span) }

// View gives the figures of the caller's organization. It needs connections:read, and no bond to a sandbox: figures are
// those of all sandboxes. What this node has counted since the minute began is in it; of other nodes it comes with the
// minute's end.
func (r *Recorder) View(ctx context.Context, caller access.Caller, window Window) (*View, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	if caller.Sandbox != "" {
		return nil, &access.DeniedError{Sandbox: "*", Caller: caller.ID}
	}
	n, span := window.step()
	now := r.config.Clock.Now().UTC()
	v := &View{Window: window, Span: span, From: now.Truncate(span).Add(-time.Duration(n-1) * span), Points: make([]Counts, n)}
	add := func(at time.Time, c *Counts) {
		if i := int(at.Sub(v.From) / span); !at.Before(v.From) && i < n {
			v.Points[i].Add(c)
		}
	}
	r.saving.RLock()
	defer r.saving.RUnlock()
	if err := r.config.Store.Series(ctx, caller.Organization, v.From, add); err != nil {
		return nil, fmt.Errorf("reading figures: %w", err)
	}
	r.mu.Lock()
	for i := range r.unsaved {
		if r.unsaved[i].Organization == caller.Organization {
			add(r.unsaved[i].At, &r.unsaved[i].Counts)
		}
	}
	if found, ok := r.cells.Load(caller.Organization); ok {
		counts := found.(*cell).look()
		add(r.minute, &counts)
	}
	r.mu.Unlock()
	for i := range v.Points {
		v.Sum.Add(&v.Points[i])
	}
	return v, nil
}
