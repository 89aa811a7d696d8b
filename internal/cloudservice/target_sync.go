package cloudservice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/finding"
	"latchkey/internal/target"
)

// Audiences are walked in the order of their ids, a page at a time. Since ids grow, what vanished between two of them is seen by its
// absence, page by page, and only what has changed is written: modifiedAt tells. A page and the place behind it are committed
// together, so that whoever takes a walk up again goes on where the last page ended.

// SyncState says how a sync stands.
type SyncState string

// The states.
const (
	SyncWaiting SyncState = "waiting"
	SyncRunning SyncState = "running"
	SyncDone    SyncState = "done"
	// SyncFailed is one that is tried again, from where it has come to.
	SyncFailed SyncState = "failed"
)

// Sync is the sync of a service's audiences.
type Sync struct {
	// Service is its id.
	Service string
	Place   Place
	State   SyncState
	// DueAt is when it is taken up next.
	DueAt time.Time
	// Claim is grown by each who takes it up.
	Claim int64
	Walk  Walk
}

// Walk is how far a sync has come.
type Walk struct {
	Tenant string `json:"tenant"`
	// Offset is how many audiences of Target's list are behind; LastID the id of the last one.
	Offset int   `json:"offset"`
	LastID int64 `json:"last_id"`
	// Total is how many there are, as Target says; -1 when it does not.
	Total int `json:"total"`
	// Added, Changed and Removed count what was new here.
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
	// Unordered tells that Target does not list in the order of ids: then nothing is seen to have vanished.
	Unordered bool `json:"unordered,omitempty"`
	// Limit is how many are asked for at once; less than usual where audiences are large.
	Limit     int       `json:"limit,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	// Failures counts those in a row; Failed says what the last one was.
	Failures int            `json:"failures,omitempty"`
	Failed   *finding.Layer `json:"failed,omitempty"`
}

// Percent gives how much is done, from 0 to 100; -1 when nobody knows.
func (s *Sync) Percent() int {
	switch {
	case s.State == SyncDone:
		return 100
	case s.Walk.StartedAt.IsZero():
		return 0
	case s.Walk.Total < 0:
		return -1
	case s.Walk.Total == 0:
		return 0
	}
	return min(99, s.Walk.Offset*100/s.Walk.Total)
}

// AudiencePage is a page of Target's audiences, on its way into the store.
type AudiencePage struct {
	Audiences []target.Audience
	// Behind and UpTo bound the ids of which this page has all: kept ones between them that it lacks have vanished. UpTo 0 is no
	// such bound.
	Behind, UpTo int64
	// Next is how far the walk has come behind it, without what this page counts.
	Next Walk
}

// walker walks one service's audiences.
type walker struct {
	*Services
	of   Service
	held Sync
	got  Access
	// since is when the token was got.
	since time.Time
}

// tokenFor is how long a walk uses a token before it asks for the fresh one.
const tokenFor = 5 * time.Minute

// Whoever works on a sync holds it for a while, and again with each page; pageLimit is shorter, so that nobody else begins meanwhile.
const (
	holdFor   = 90 * time.Second
	pageLimit = time.Minute
)

// step asks for the next page and keeps it. It tells when that was the last.
func (w *walker) step(ctx context.Context) (last bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageLimit)
	defer cancel()
	if err := w.renew(ctx); err != nil {
		return false, err
	}
	walk := w.held.Walk
	query := target.Query{Limit: walk.Limit, Offset: walk.Offset, SortBy: "id"}
	overlap := !walk.Unordered && walk.Offset > 0
	if overlap {
		query.Offset-- // to see that nothing before it has gone
	}
	var all []target.Audience
	page, err := w.target.Audiences(ctx, w.of.account(w.got), query, func(a target.Audience) error {
		all = append(all, a)
		return nil
	})
	if err != nil {
		return false, err
	}
	walk.Total, walk.Limit = page.Total, page.Limit
	ascending := slices.IsSortedFunc(all, func(a, b target.Audience) int { return cmp.Compare(a.ID, b.ID) })
	switch {
	case walk.Unordered:
		all = distinct(all)
	case !ascending:
		// From the beginning, in the server's own order.
		walk.Unordered, walk.Offset, walk.LastID = true, 0, 0
		return false, w.keep(ctx, AudiencePage{Next: walk})
	case overlap && (len(all) == 0 || all[0].ID > walk.LastID):
		// The list has become shorter before this place. A page back, what is known already is passed over.
		walk.Offset = max(0, min(walk.Offset-page.Limit, page.Total))
		return false, w.keep(ctx, AudiencePage{Next: walk})
	}
	return page.Last(query.Offset), w.keep(ctx, w.page(walk, query, page, all))
}

// page cuts off what is known, and says which ids the rest covers.
func (w *walker) page(walk Walk, query target.Query, page target.Page, all []target.Audience) AudiencePage {
	out := AudiencePage{Behind: walk.LastID, Next: walk}
	out.Next.Offset = query.Offset + page.Items
	if walk.Unordered {
		out.Audiences = all
		return out
	}
	first, _ := slices.BinarySearchFunc(all, walk.LastID+1, func(a target.Audience, id int64) int { return cmp.Compare(a.ID, id) })
	out.Audiences = slices.CompactFunc(all[first:], func(a, b target.Audience) bool { return a.ID == b.ID })
	if n := len(out.Audiences); n > 0 {
		out.Next.LastID = out.Audiences[n-1].ID
	}
	out.UpTo = out.Next.LastID
	if page.Last(query.Offset) {
		out.UpTo = maxID
	}
	return out
}

// maxID is past every id.
const maxID = 1<<63 - 1

// distinct leaves the last of each id.
func distinct(all []target.Audience) []target.Audience {
	byID := map[int64]target.Audience{}
	for _, a := range all {
		byID[a.ID] = a
	}
	return slices.Collect(maps.Values(byID))
}

func (w *walker) keep(ctx context.Context, page AudiencePage) error {
	now := w.now()
	walk, err := w.config.Targets.KeepPage(ctx, w.held, page, now, now.Add(holdFor))
	if err == nil {
		w.held.Walk = walk
	}
	return err
}

// renew gets the token, or the fresh one after a while.
func (w *walker) renew(ctx context.Context) (err error) {
	if now := w.now(); w.since.IsZero() || now.Sub(w.since) > tokenFor {
		w.got, err = w.config.Tokens.Access(ctx, w.caller(), w.of.place(), w.of.Configuration)
		w.since = now
	}
	if err != nil {
		return &tokenError{err}
	}
	return nil
}

// tokenError is given where a walk gets no token.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return "there is no token: " + e.err.Error() }

func (e *tokenError) Unwrap() error { return e.err }

// caller is who walks, for the record of who read the token.
func (w *walker) caller() access.Caller {
	return access.Caller{ID: syncActor, Organization: w.of.Organization, Scopes: access.Scopes{access.TokensRead, access.ConnectionsRead}}
}

const syncActor = "audience-sync"

// end keeps how it went, and gives when to try again.
func (w *walker) end(ctx context.Context, failure error) error {
	now := w.now()
	held := w.held
	held.Walk.EndedAt = now
	entry := audit.Entry{
		At: now, Organization: w.of.Organization, Actor: syncActor, Action: "cloud_service.synced", Subject: w.of.ID, Generation: w.of.Version,
		Detail: map[string]string{"name": w.of.Name, "added": fmt.Sprint(held.Walk.Added), "changed": fmt.Sprint(held.Walk.Changed), "removed": fmt.Sprint(held.Walk.Removed)},
	}
	if failure == nil {
		held.State, held.DueAt = SyncDone, now.Add(w.config.SyncEvery)
		held.Walk.Failures, held.Walk.Failed = 0, nil
		return w.config.Targets.EndSync(ctx, held, entry)
	}
	held.Walk.Failures++
	held.State, held.DueAt = SyncFailed, now.Add(again(held.Walk.Failures, w.config.SyncEvery))
	if errors.Is(failure, ErrState) {
		held.DueAt = time.Time{} // until it is connected
	}
	layer := w.failed(failure)
	held.Walk.Failed = &layer
	return w.config.Targets.EndSync(ctx, held)
}

// again is how long a sync that failed waits: longer with each time, and never longer than one that went well.
func again(failures int, most time.Duration) time.Duration {
	return min(time.Minute<<min(failures-1, 10), most)
}

// failed says what a failure means.
func (w *walker) failed(err error) finding.Layer {
	if e, ok := errors.AsType[*target.Error](err); ok {
		out := w.of.targetRefused(e)
		out.Name = LayerProduct
		return out
	}
	out := finding.Layer{Name: LayerProduct, Status: finding.Failed, Message: "the sync could not go on: " + err.Error()}
	if _, ok := errors.AsType[*tokenError](err); ok {
		out.Name, out.Message = "token", err.Error()
		out.Advice = []finding.Advice{finding.Change("look at the IMS configuration: latchkey ims check "+w.of.Configuration, "here")}
	}
	return out
}
