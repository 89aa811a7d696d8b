package series

import (
	"sync/atomic"
	"time"
)

// cell counts for an organization, within the minute.
type cell struct {
	reads, renewed, failed, issued, refused atomic.Int64
	latency                                 [buckets]atomic.Uint32
	// lag is in milliseconds, one more than it is: 0 is not known.
	lag, behind atomic.Int64
	idle        int // minutes without a count, of whoever turns
}

// idleMost is after how many minutes without a count a cell goes. Who holds it and counts in it at that very moment is not
// heard; that is one count in an hour of silence.
const idleMost = 60

// of gives an organization's cell, nil when there are too many.
func (r *Recorder) of(organization string) *cell {
	if r == nil || organization == "" {
		return nil
	}
	if found, ok := r.cells.Load(organization); ok {
		return found.(*cell)
	}
	if r.known.Load() >= MostOrganizations {
		if r.full.CompareAndSwap(false, true) {
			r.config.Log.Warn("too many organizations at once: those that come now have no figures", "most", MostOrganizations)
		}
		return nil
	}
	found, there := r.cells.LoadOrStore(organization, &cell{})
	if !there {
		r.known.Add(1)
	}
	return found.(*cell)
}

// Read counts token reads.
func (r *Recorder) Read(organization string, n int64) {
	if c := r.of(organization); c != nil {
		c.reads.Add(n)
	}
}

// Renewed counts an exchange for a next token.
func (r *Recorder) Renewed(organization string, ok bool) {
	c := r.of(organization)
	switch {
	case c == nil:
	case ok:
		c.renewed.Add(1)
	default:
		c.failed.Add(1)
	}
}

// Issued counts a token that the authorization server gave, or one that it refused to give.
func (r *Recorder) Issued(organization string, ok bool) {
	c := r.of(organization)
	switch {
	case c == nil:
	case ok:
		c.issued.Add(1)
	default:
		c.refused.Add(1)
	}
}

// Answered counts how long a provider took to answer.
func (r *Recorder) Answered(organization string, took time.Duration) {
	if c := r.of(organization); c != nil {
		c.latency[bucketOf(took)].Add(1)
	}
}

// Lagging notes how old the oldest event is that a consumer has not finished, and how many it has not.
func (r *Recorder) Lagging(organization string, lag time.Duration, behind int64) {
	if c := r.of(organization); c != nil {
		raise(&c.lag, max(lag, 0).Milliseconds()+1)
		raise(&c.behind, behind)
	}
}

// raise makes a number at least n.
func raise(at *atomic.Int64, n int64) {
	for now := at.Load(); n > now && !at.CompareAndSwap(now, n); now = at.Load() {
	}
}

// take gives what was counted and begins anew.
func (c *cell) take() Counts {
	return c.counts(func(at *atomic.Int64) int64 { return at.Swap(0) }, func(at *atomic.Uint32) uint32 { return at.Swap(0) })
}

// look gives what was counted so far.
func (c *cell) look() Counts { return c.counts((*atomic.Int64).Load, (*atomic.Uint32).Load) }

func (c *cell) counts(number func(*atomic.Int64) int64, bucket func(*atomic.Uint32) uint32) Counts {
	out := Counts{
		Reads: number(&c.reads), Renewed: number(&c.renewed), Failed: number(&c.failed), Issued: number(&c.issued), Refused: number(&c.refused),
		Behind: number(&c.behind),
	}
	if lag := number(&c.lag); lag > 0 {
		out.Lagged, out.Lag = true, time.Duration(lag-1)*time.Millisecond
	}
	for i := range c.latency {
		out.Latency[i] = bucket(&c.latency[i])
	}
	return out
}
