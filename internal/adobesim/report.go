package adobesim

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"time"
)

// reportItems is how many rows a report by a dimension has.
const reportItems = 120

// reportRequest is what of POST /reports counts here.
type reportRequest struct {
	RSID          string
	GlobalFilters []struct {
		Type, DateRange, SegmentID string
	}
	MetricContainer struct {
		Metrics []struct{ ColumnID, ID, Sort string }
	}
	Dimension string
	Settings  struct {
		Limit, Page int
	}
}

// columnError tells of a metric that can't be reported.
type columnError struct {
	ColumnID    string `json:"columnId"`
	Code        string `json:"errorCode"`
	ID          string `json:"errorId"`
	Description string `json:"errorDescription"`
}

// report answers 200, or 206 where some of the metrics may not be seen.
func (s *Sim) report(c *analyticsCall) answer {
	var ask reportRequest
	if !c.decode(&ask) {
		return c.fail(http.StatusBadRequest, "invalid_data", "The body is no report")
	}
	if !slices.Contains(suiteIDs(c.of), ask.RSID) {
		return c.noSuite()
	}
	dated := false
	for _, filter := range ask.GlobalFilters {
		dated = dated || filter.Type == "dateRange" && filter.DateRange != ""
	}
	if !dated || len(ask.MetricContainer.Metrics) == 0 {
		return c.fail(http.StatusBadRequest, "invalid_data", "A report has a dateRange among its globalFilters, and metrics")
	}
	return c.tell(ask)
}

func (c *analyticsCall) tell(ask reportRequest) answer {
	columns, errors, metrics := []string{}, []columnError{}, []string{}
	for i, metric := range ask.MetricContainer.Metrics {
		id := metric.ColumnID
		if id == "" {
			id = fmt.Sprint(i)
		}
		columns = append(columns, id)
		metrics = append(metrics, metric.ID)
		known := slices.ContainsFunc(sampleMetrics(), func(m component) bool { return m.id == metric.ID })
		switch last := i == len(ask.MetricContainer.Metrics)-1; {
		case !known:
			errors = append(errors, columnError{id, "not_enabled_metric", newID(), "The metric is not enabled in the report suite"})
		case last && c.faults.partial:
			errors = append(errors, columnError{id, "unauthorized_metric", newID(), "The metric may not be seen"})
		}
	}
	known := ask.Dimension == "" || slices.ContainsFunc(sampleDimensions(), func(d component) bool { return d.id == ask.Dimension })
	if !known {
		return c.fail(http.StatusBadRequest, "invalid_data", "The dimension is not there")
	}
	status := http.StatusOK
	if len(errors) > 0 {
		status = http.StatusPartialContent
	}
	return jsonAnswer(status, c.rows(ask, columns, metrics, errors))
}

func (c *analyticsCall) rows(ask reportRequest, columns, metrics []string, errors []columnError) map[string]any {
	shown := map[string]any{"columnIds": columns}
	if len(errors) > 0 {
		shown["columnErrors"] = errors
	}
	failed := func(column string) bool {
		return slices.ContainsFunc(errors, func(e columnError) bool { return e.ColumnID == column })
	}
	values := func(seed string) []any {
		out := make([]any, len(columns))
		for i, metric := range metrics {
			if out[i] = any(nil); !failed(columns[i]) {
				out[i] = figure(ask.RSID + metric + seed)
			}
		}
		return out
	}
	out := map[string]any{"columns": shown, "summaryData": map[string]any{"filteredTotals": values("total"), "totals": values("total")}}
	if ask.Dimension == "" {
		return out
	}
	limit, page := ask.Settings.Limit, max(ask.Settings.Page, 0)
	if limit < 1 || limit > 50_000 {
		limit = 50
	}
	shown["dimension"] = map[string]string{"id": ask.Dimension, "type": "string"}
	first := min(page*limit, reportItems)
	rows := []map[string]any{}
	for n := first; n < min(first+limit, reportItems); n++ {
		rows = append(rows, map[string]any{"itemId": fmt.Sprint(4_000_000_000 + n), "value": item(ask.Dimension, n), "data": values(fmt.Sprint(n))})
	}
	pages := (reportItems + limit - 1) / limit
	for name, value := range map[string]any{
		"rows": rows, "totalPages": pages, "totalElements": reportItems, "numberOfElements": len(rows), "number": page, "firstPage": page == 0, "lastPage": page >= pages-1,
	} {
		out[name] = value
	}
	return out
}

// item names a row.
func item(dimension string, n int) string {
	if dimension == "variables/daterangeday" {
		return begun.Add(time.Duration(n) * 24 * time.Hour).Format("Jan 2, 2006")
	}
	return fmt.Sprintf("%s %d", dimension[len("variables/"):], n+1)
}

// figure is a number that is always the same for a text.
func figure(text string) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return float64(h.Sum32() % 100_000)
}

func (s *Sim) topItems(c *analyticsCall) answer {
	if refused, ok := c.suiteNamed(); !ok {
		return refused
	}
	rows := []map[string]any{}
	for n := range 10 {
		rows = append(rows, map[string]any{"itemId": fmt.Sprint(4_000_000_000 + n), "value": fmt.Sprintf("item %d", n+1)})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"totalPages": 1, "firstPage": true, "lastPage": true, "numberOfElements": len(rows), "number": 0, "totalElements": len(rows), "rows": rows})
}
