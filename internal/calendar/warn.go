package calendar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/expiry"
)

// Warning is an ending that has crossed a threshold, and the event that tells of it.
type Warning struct {
	expiry.Ending
	// Days is the threshold.
	Days  int
	Event event.Event
}

// part is how many endings are looked at, and warned of in one transaction.
const part = 500

// merge orders what several sources gave.
func merge(all []expiry.Ending, limit int) []expiry.Ending {
	slices.SortFunc(all, func(a, b expiry.Ending) int { return a.Position().Compare(b.Position()) })
	return all[:min(len(all), limit)]
}

// Start begins to warn. [Calendar.Close] ends it.
func (c *Calendar) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.done = cancel, make(chan struct{})
	go c.run(ctx)
}

// Close ends the warning; what is under way is gone on with by whoever starts next.
func (c *Calendar) Close() {
	if c.cancel != nil {
		c.cancel()
		<-c.done
	}
}

func (c *Calendar) run(ctx context.Context) {
	defer close(c.done)
	timer := c.config.Clock.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		}
		if err := c.Look(ctx); err != nil && ctx.Err() == nil {
			c.config.Log.Warn("warning of what ends: trying again", "in", c.config.Every.String(), "error", err)
		}
		timer.Reset(c.config.Every)
	}
}

// Look warns of what has crossed a threshold, and measures when the next thing of each kind ends. What one source fails
// to tell keeps nobody from hearing of the rest.
func (c *Calendar) Look(ctx context.Context) error {
	organizations, err := c.config.Organizations(ctx)
	if err != nil {
		return fmt.Errorf("reading the organizations: %w", err)
	}
	now := c.config.Clock.Now()
	next := map[expiry.Kind]time.Time{}
	var errs []error
	for _, s := range c.config.Sources {
		whose := organizations
		if s.Installation {
			whose = []string{""}
		}
		for _, organization := range whose {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			errs = append(errs, c.lookAt(ctx, s, organization, now, next))
		}
	}
	c.meters.measure(next)
	errs = append(errs, c.config.Store.Forget(ctx, now.Add(-past)))
	return errors.Join(errs...)
}

func (c *Calendar) lookAt(ctx context.Context, s Listed, organization string, now time.Time, next map[expiry.Kind]time.Time) error {
	q := expiry.Query{
		Organization: organization, Attention: true, After: expiry.Position{Ends: now}, Before: now.Add(expiry.Horizon), Limit: part,
	}
	for {
		found, err := s.query(ctx, q)
		if err != nil {
			return err
		}
		var due []Warning
		for _, e := range found {
			if first, ok := next[e.Kind]; !ok || e.Ends.Before(first) {
				next[e.Kind] = e.Ends
			}
			if days, crossed := e.Threshold(now); crossed {
				due = append(due, warning(e, days, now))
			}
		}
		if err := c.warn(ctx, due); err != nil {
			return err
		}
		if len(found) < part {
			return nil
		}
		q.After = found[len(found)-1].Position()
	}
}

func (c *Calendar) warn(ctx context.Context, due []Warning) error {
	if len(due) == 0 {
		return nil
	}
	n, err := c.config.Store.Warn(ctx, due)
	if err != nil {
		return fmt.Errorf("warning of what ends: %w", err)
	}
	c.meters.warned(ctx, n)
	return nil
}

func warning(e expiry.Ending, days int, now time.Time) Warning {
	data := map[string]any{
		"kind": string(e.Kind), "name": cmp.Or(e.Name, e.Subject), "expires_at": e.Ends.UTC().Format(time.RFC3339), "days": days, "fix": e.Action,
	}
	return Warning{e, days, event.New(event.Expiring, e.Organization, e.Subject, now, data).In(e.Sandbox)}
}
