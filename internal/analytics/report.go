package analytics

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/finding"
)

// Query is what a report asks. Only Suite, Range and a metric are needed.
type Query struct {
	Suite string
	// Range is "<from>/<to>", both ISO 8601 without zone, or a formula: "td-7d/td".
	Range string
	// Metrics are ids, as "metrics/visits"; without a slash "metrics/" is put before.
	Metrics []string
	// Dimension is an id, as "variables/page"; "" gives the sums alone.
	Dimension string
	Segments  []string
	// Limit is how many rows a page has; 0 means 50. The vendor takes up to 50,000.
	Limit int
	// Page is the first page that is asked for, from 0.
	Page int
}

// The bounds of a report's page.
const (
	defaultRows = 50
	MaxRows     = 50_000
)

// Check tells what is wrong with a query before anything is sent.
func (q *Query) Check() error {
	var out finding.Problems
	if q.Suite == "" {
		out.Wrong("/suite", "a report is of a report suite", "name one by its id")
	}
	if from, to, ok := strings.Cut(q.Range, "/"); !ok || from == "" || to == "" {
		out.Wrong("/range", "a range is two moments with a slash between", `write "2026-01-01T00:00:00/2026-02-01T00:00:00", or a formula: "td-7d/td"`)
	}
	if len(q.Metrics) == 0 {
		out.Wrong("/metrics", "a report needs a metric", `name one: "visits"`)
	}
	if q.Limit < 0 || q.Limit > MaxRows {
		out.Wrong("/limit", fmt.Sprintf("a page has from 1 to %d rows", MaxRows), "ask for several pages")
	}
	if q.Page < 0 {
		out.Wrong("/page", "pages count from 0", "name one that there is")
	}
	return out.Errors()
}

// id puts the kind before a name that has none.
func id(kind, name string) string {
	if name == "" || strings.Contains(name, "/") {
		return name
	}
	return kind + "/" + name
}

// body writes a query as the API wants it.
func (q *Query) body() map[string]any {
	filters := []map[string]any{{"type": "dateRange", "dateRange": q.Range}}
	for _, segment := range q.Segments {
		filters = append(filters, map[string]any{"type": "segment", "segmentId": segment})
	}
	var metrics []map[string]any
	for i, name := range q.Metrics {
		metric := map[string]any{"columnId": strconv.Itoa(i), "id": id("metrics", name)}
		if i == 0 && q.Dimension != "" {
			metric["sort"] = "desc"
		}
		metrics = append(metrics, metric)
	}
	out := map[string]any{"rsid": q.Suite, "globalFilters": filters, "metricContainer": map[string]any{"metrics": metrics}}
	if q.Dimension != "" {
		out["dimension"] = id("variables", q.Dimension)
	}
	out["settings"] = map[string]any{"limit": cmp.Or(q.Limit, defaultRows), "page": q.Page, "countRepeatInstances": true}
	return out
}

// Page is one page of a report.
type Page struct {
	Number, TotalPages, Total int
	// Columns are the metrics, in the order of each row's values.
	Columns []string
	Rows    []Row
	// Totals are the sums of the columns over all rows.
	Totals []Value
	// Errors are the columns that the service left out (206): the report is good without them.
	Errors []ColumnError
	Last   bool
}

// Row is one item of the dimension.
type Row struct {
	ID     string  `json:"itemId"`
	Name   string  `json:"value"`
	Values []Value `json:"data"`
}

// ColumnError says why a column is missing.
type ColumnError struct {
	Column string `json:"columnId"`
	// Metric is the column's, as it was asked for.
	Metric      string `json:"-"`
	Code        string `json:"errorCode"`
	ID          string `json:"errorId"`
	Description string `json:"errorDescription"`
}

// Value is a number, in the service's own digits; "NaN" and "INF" where it has none.
type Value string

// UnmarshalJSON takes numbers, and the texts that stand for what is none.
func (v *Value) UnmarshalJSON(data []byte) error {
	text := string(data)
	if text == "null" {
		text = ""
	}
	*v = Value(strings.Trim(text, `"`))
	return nil
}

// MarshalJSON writes a number where it is one.
func (v Value) MarshalJSON() ([]byte, error) {
	if v == "" {
		return []byte("null"), nil
	}
	if json.Valid([]byte(v)) {
		return []byte(v), nil
	}
	return json.Marshal(string(v))
}

// reply is a page as the service writes it.
type reply struct {
	Number     int  `json:"number"`
	TotalPages int  `json:"totalPages"`
	Total      int  `json:"totalElements"`
	Last       bool `json:"lastPage"`
	Columns    struct {
		IDs    []string      `json:"columnIds"`
		Errors []ColumnError `json:"columnErrors"`
	} `json:"columns"`
	Rows    []Row `json:"rows"`
	Summary struct {
		Totals   []Value `json:"totals"`
		Filtered []Value `json:"filteredTotals"`
	} `json:"summaryData"`
}

// Report gives a report's pages from q.Page on, one held at a time. It ends with the last page, or the first error.
func (c *Client) Report(ctx context.Context, with Access, company string, q Query) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		if err := q.Check(); err != nil {
			yield(Page{}, err)
			return
		}
		for ; ; q.Page++ {
			got, err := c.report(ctx, with, company, &q)
			if err != nil {
				yield(Page{}, err)
				return
			}
			if !yield(got, nil) || got.Last {
				return
			}
		}
	}
}

func (c *Client) report(ctx context.Context, with Access, company string, q *Query) (Page, error) {
	var said reply
	partial, err := c.do(ctx, call{access: with, company: company, method: http.MethodPost, path: "reports", body: q.body()}, &said)
	if err != nil {
		return Page{}, err
	}
	out := Page{Number: said.Number, TotalPages: said.TotalPages, Total: said.Total, Rows: said.Rows, Totals: said.Summary.Totals, Last: said.Last}
	if len(out.Totals) == 0 {
		out.Totals = said.Summary.Filtered
	}
	metric := q.columns()
	ids := said.Columns.IDs
	if ids == nil { // a report without a dimension may not name them
		ids = slices.Sorted(maps.Keys(metric))
	}
	for _, column := range ids {
		out.Columns = append(out.Columns, cmp.Or(metric[column], column))
	}
	for _, failed := range said.Columns.Errors {
		failed.Metric = metric[failed.Column]
		failed.Code, failed.Description = finding.Bounded(failed.Code, 80), finding.Bounded(failed.Description, 300)
		out.Errors = append(out.Errors, failed)
	}
	if partial && len(out.Errors) == 0 {
		out.Errors = append(out.Errors, ColumnError{Description: "the service left something out, and does not say what"})
	}
	out.Last = out.Last || len(said.Rows) == 0 || said.TotalPages > 0 && q.Page+1 >= said.TotalPages
	return out, nil
}

// columns names the metric of each column.
func (q *Query) columns() map[string]string {
	out := map[string]string{}
	for i, name := range q.Metrics {
		out[strconv.Itoa(i)] = id("metrics", name)
	}
	return out
}
