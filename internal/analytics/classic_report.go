package analytics

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// A report of the API 1.4 is queued, and fetched when it is ready.

// NotReady is the code of a report that is still being made.
const NotReady = "report_not_ready"

// ClassicQuery is what a report of the API 1.4 asks. From and To are days: "2026-01-31".
type ClassicQuery struct {
	Suite, From, To string
	// Metrics are ids as "pageviews"; Element is a dimension, "page"; "" gives the sums alone.
	Metrics []string
	Element string
	Segment string
	// Top is how many rows there are at most; 0 leaves it to the server.
	Top int
}

func (q *ClassicQuery) body() map[string]any {
	type named struct {
		ID  string `json:"id"`
		Top int    `json:"top,omitempty"`
	}
	var metrics []named
	for _, m := range q.Metrics {
		metrics = append(metrics, named{ID: strings.TrimPrefix(m, "metrics/")})
	}
	about := map[string]any{"reportSuiteID": q.Suite, "dateFrom": q.From, "dateTo": q.To, "metrics": metrics}
	if q.Element != "" {
		about["elements"] = []named{{ID: strings.TrimPrefix(q.Element, "variables/"), Top: q.Top}}
	}
	if q.Segment != "" {
		about["segment_id"] = q.Segment
	}
	return map[string]any{"reportDescription": about}
}

// Queue asks for a report, and gives its number.
func (c *Classic) Queue(ctx context.Context, center string, as *Login, q ClassicQuery) (json.Number, error) {
	var said struct {
		ID json.Number `json:"reportID"`
	}
	if err := c.signed(ctx, center, as, "Report.Queue", q.body(), &said); err != nil {
		return "", err
	}
	return said.ID, nil
}

// Fetch gives a queued report as it came; an [*Error] of the code [NotReady] while it is being made.
func (c *Classic) Fetch(ctx context.Context, center string, as *Login, id json.Number) (Page, error) {
	var said struct {
		Report struct {
			Metrics []struct {
				ID string `json:"id"`
			} `json:"metrics"`
			Data []struct {
				Name   string  `json:"name"`
				Counts []Value `json:"counts"`
			} `json:"data"`
			Totals []Value `json:"totals"`
		} `json:"report"`
	}
	if err := c.signed(ctx, center, as, "Report.Get", map[string]any{"reportID": id}, &said); err != nil {
		return Page{}, err
	}
	out := Page{Total: len(said.Report.Data), TotalPages: 1, Last: true, Totals: said.Report.Totals}
	for _, m := range said.Report.Metrics {
		out.Columns = append(out.Columns, m.ID)
	}
	for _, row := range said.Report.Data {
		out.Rows = append(out.Rows, Row{Name: row.Name, Values: row.Counts})
	}
	return out, nil
}

// The vendor wants nobody to look more than once a second, and reports are ready within seconds, or minutes.
const (
	firstLook = time.Second
	everyLook = 10 * time.Second
)

// Report queues a report and waits until it is there, or ctx is over.
func (c *Classic) Report(ctx context.Context, center string, as *Login, q ClassicQuery) (Page, error) {
	id, err := c.Queue(ctx, center, as, q)
	if err != nil {
		return Page{}, err
	}
	for wait := firstLook; ; wait = min(2*wait, everyLook) {
		if err := sleep(ctx, c.Clock, wait); err != nil {
			return Page{}, err
		}
		out, err := c.Fetch(ctx, center, as, id)
		if refused, ok := errors.AsType[*Error](err); ok && refused.Code == NotReady {
			continue
		}
		return out, err
	}
}
