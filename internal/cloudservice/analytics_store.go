package cloudservice

import (
	"context"
	"time"

	"latchkey/internal/audit"
)

// ListKind is a kind of things of Analytics that are synced.
type ListKind string

// The kinds. Metrics and dimensions are of a report suite.
const (
	ReportSuites ListKind = "report-suites"
	Segments     ListKind = "segments"
	Metrics      ListKind = "metrics"
	Dimensions   ListKind = "dimensions"
)

// SyncList is a list of Analytics. Suite is "" for kinds that are of none.
type SyncList struct {
	Kind  ListKind
	Suite string
}

// Item is a thing of a list.
type Item struct {
	// ID is "vrs_acme_1", "s1001_5f…", "metrics/visits" or "variables/evar1".
	ID, Name    string
	Description string
	// Suite is a segment's report suite.
	Suite string
	// Type is a suite's, a metric's or a dimension's.
	Type string
}

// Synced tells of a list that was synced.
type Synced struct {
	SyncList
	// Company is the one that it is of.
	Company string
	Items   int
	// Removed are those that the product had no more; known when the sync ends.
	Removed int
	At      time.Time
}

// ItemQuery asks for a part of a list.
type ItemQuery struct {
	// After is the id behind which it begins; Limit is how many there are at most.
	After string
	Limit int
	// Search is a part of the id or the name, whatever the case; "" takes all.
	Search string
}

// ListStore keeps what is synced of Analytics.
type ListStore interface {
	// KeepItems adds items to a list, in place of those of the same ids. round marks them.
	KeepItems(ctx context.Context, service string, l SyncList, round int64, items []Item) error
	// EndRound removes from a list what earlier rounds have marked, and notes that it was synced.
	EndRound(ctx context.Context, service string, done Synced, round int64, entry audit.Entry) (Synced, error)
	// SyncedLists gives the lists of a service, by kind and suite.
	SyncedLists(ctx context.Context, service string) ([]Synced, error)
	// Items gives a part of a list, by id.
	Items(ctx context.Context, service string, l SyncList, q ItemQuery) ([]Item, error)
	// HasItem tells whether a list has an item of that id.
	HasItem(ctx context.Context, service string, l SyncList, id string) (bool, error)
}
