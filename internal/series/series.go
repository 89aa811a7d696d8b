// Package series keeps what the process counts, over time: token reads, renewals, tokens issued and refused, how fast
// providers answered, how far consumers of the pipeline are behind. It is what the console's charts are drawn from.
//
// Rooms tell a [Recorder] through functions that whoever composes them hands over; a count costs an atomic addition, and
// token reads not even that, for they are told of in the batches in which the audit record has them. At the end of each
// minute the counts of an organization become one row, which never changes; what several nodes counted is added up when it
// is read. After [MinutesKept] the minutes of an hour become a row of that hour, which is kept for [HoursKept].
//
// Figures are an organization's own: who asks gets those of its own alone, and nobody who is bound to a sandbox gets any.
// What is in memory is bounded: by [MostOrganizations], and by what waits for a database that is away. A crash loses the
// minute that it falls into.
package series

import (
	"context"
	"time"
)

const (
	// MinutesKept is for how long minutes are told apart.
	MinutesKept = 25 * time.Hour
	// HoursKept is for how long hours are.
	HoursKept = 15 * 24 * time.Hour
	// MostOrganizations is of how many one node counts; what others do is not counted.
	MostOrganizations = 10_000
)

// Row is what one node counted of an organization in a minute, or what came of such rows for an hour.
type Row struct {
	// ID is "row_" and a ULID: a row that is sent again is there already.
	ID           string
	Organization string
	// At is the beginning; Hour says that it is of an hour, else of a minute.
	At     time.Time
	Hour   bool
	Counts Counts
}

// Store keeps rows.
type Store interface {
	// KeepSeries adds rows, but for those whose id is there, and those of organizations that are gone.
	KeepSeries(ctx context.Context, rows []Row) error
	// Series calls each with an organization's rows that begin at a time or later, of minutes and of hours.
	Series(ctx context.Context, organization string, from time.Time, each func(at time.Time, c *Counts)) error
	// FoldSeries makes rows of hours of some of the minutes before a time, drops hours before another, and tells whether
	// there is more to do. Of several nodes that do so at once, one takes a row.
	FoldSeries(ctx context.Context, minutesBefore, hoursBefore time.Time) (more bool, err error)
}
