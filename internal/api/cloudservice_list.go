package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/cloudservice"
)

// CloudServiceList is a list of Analytics that was synced.
type CloudServiceList struct {
	List     string    `json:"list" enum:"report-suites,segments,metrics,dimensions"`
	Suite    string    `json:"suite,omitempty" doc:"The report suite that metrics and dimensions are of." example:"acmeprod"`
	Company  string    `json:"company" example:"acme0"`
	Items    int       `json:"items" example:"42"`
	Removed  int       `json:"removed" doc:"How many the product had no more. Only in the answer to a sync."`
	SyncedAt time.Time `json:"synced_at"`
}

// CloudServiceItem is a report suite, a segment, a metric or a dimension.
type CloudServiceItem struct {
	ID          string `json:"id" example:"variables/evar1"`
	Name        string `json:"name" example:"Campaign"`
	Description string `json:"description,omitempty"`
	Suite       string `json:"suite,omitempty" doc:"A segment's report suite."`
	Type        string `json:"type,omitempty"`
}

// AnalyticsQuery asks for a page of a report.
type AnalyticsQuery struct {
	Suite     string   `json:"suite,omitempty" doc:"A report suite; without it, the service's first." example:"acmeprod"`
	Range     string   `json:"range" doc:"Two moments with a slash between, ISO 8601 without a zone, or a formula. Analytics 1.4 takes two days." example:"td-7d/td"`
	Metrics   []string `json:"metrics" nullable:"false" doc:"By their ids; without a slash, metrics/ is put before." example:"[\"visits\"]"`
	Dimension string   `json:"dimension,omitempty" doc:"By its id; without a slash, variables/ is put before. Without one, the sums alone are given." example:"page"`
	Segments  []string `json:"segments,omitempty" doc:"By their ids; without any, the service's."`
	Limit     int      `json:"limit,omitempty" minimum:"1" maximum:"50000" doc:"Rows of a page; 50 without it."`
	Page      int      `json:"page,omitempty" minimum:"0" doc:"Which page, from 0."`
}

// AnalyticsReport is a page of a report.
type AnalyticsReport struct {
	Columns    []string              `json:"columns" nullable:"false" doc:"The metrics, in the order of each row's values." example:"[\"metrics/visits\"]"`
	Rows       []AnalyticsRow        `json:"rows" nullable:"false"`
	Totals     []any                 `json:"totals" nullable:"false" doc:"The columns' sums over all pages."`
	Warnings   []AnalyticsColumnLoss `json:"warnings" nullable:"false" doc:"Columns that the product left out (206): the report is good without them."`
	Page       int                   `json:"page"`
	TotalPages int                   `json:"total_pages"`
	TotalRows  int                   `json:"total_rows"`
	Last       bool                  `json:"last" doc:"Whether no page is behind this one."`
}

// AnalyticsRow is one item of the dimension.
type AnalyticsRow struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Values []any  `json:"values" nullable:"false" doc:"Numbers; a text where there is none, as NaN."`
}

// AnalyticsColumnLoss is a column that is missing.
type AnalyticsColumnLoss struct {
	Metric  string `json:"metric"`
	Code    string `json:"code,omitempty" example:"unauthorized_metric"`
	Message string `json:"message"`
}

// AnalyticsListRef names a list of a service in a path.
type AnalyticsListRef struct {
	CloudServiceRef
	List  string `path:"list" enum:"report-suites,segments,metrics,dimensions"`
	Suite string `query:"suite" doc:"The report suite; for metrics and dimensions."`
}

type (
	analyticsItems struct {
		AnalyticsListRef
		Paging
		Search string `query:"search" doc:"A part of the id or the name."`
	}
	analyticsLists struct {
		CloudServiceRef
		Paging
	}
	analyticsReport struct {
		CloudServiceRef
		body[AnalyticsQuery]
	}
)

func (in *AnalyticsListRef) list() cloudservice.SyncList {
	return cloudservice.SyncList{Kind: cloudservice.ListKind(in.List), Suite: in.Suite}
}

func (s *server) analyticsRoutes(h huma.API) {
	const lists = cloudServiceOne + "/lists"
	listAnswer := `{"list": "dimensions", "suite": "acmeprod", "company": "acme0", "items": 42, "removed": 0, "synced_at": "2026-11-28T09:30:00Z"}`
	add(s, h, operation{id: "list-cloud-service-lists", method: http.MethodGet, path: lists, tag: cloudServiceTag,
		summary: "List what was synced of Analytics", description: "Of the company that the service uses now.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound}}, s.listAnalyticsLists)
	add(s, h, operation{id: "sync-cloud-service-list", method: http.MethodPost, path: lists + "/{list}/sync", tag: cloudServiceTag,
		summary: "Sync a list of Analytics", description: "Fetches it page by page, and removes here what the product has no more.",
		scope: access.ConnectionsWrite, answers: listAnswer, fails: []*Kind{kindNotFound, kindState, kindProduct}}, s.syncAnalyticsList)
	add(s, h, operation{id: "list-cloud-service-items", method: http.MethodGet, path: lists + "/{list}", tag: cloudServiceTag,
		summary: "Read a list of Analytics that was synced", description: "By id. It is empty when it was not synced.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound}}, s.listAnalyticsItems)
	add(s, h, operation{id: "report-cloud-service", method: http.MethodPost, path: cloudServiceOne + "/report", tag: cloudServiceTag,
		summary: "Ask Analytics for a page of a report", description: "Add one to page until last is true. Analytics takes 12 requests in 6 seconds of a credential: who comes too early waits.",
		scope: access.ConnectionsWrite, asks: `{"suite": "acmeprod", "range": "td-7d/td", "metrics": ["visits"], "dimension": "page"}`,
		answers: `{"columns": ["metrics/visits"], "rows": [{"id": "1", "name": "Home", "values": [12]}], "totals": [30], "warnings": [], "page": 0, "total_pages": 1, "total_rows": 1, "last": true}`,
		fails:   []*Kind{kindNotFound, kindState, kindProduct}}, s.reportAnalytics)
}

func (s *server) listAnalyticsLists(ctx context.Context, c call, in *analyticsLists) (*reply[Page[CloudServiceList]], error) {
	all, err := s.CloudServices.Lists(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownSynced), in.Paging, func(l CloudServiceList) string { return l.List + " " + l.Suite })
	return &reply[Page[CloudServiceList]]{out}, err
}

func (s *server) syncAnalyticsList(ctx context.Context, c call, in *AnalyticsListRef) (*reply[CloudServiceList], error) {
	done, err := s.CloudServices.SyncAnalytics(ctx, c.caller, in.in(c), in.list())
	if err != nil {
		return nil, err
	}
	return &reply[CloudServiceList]{shownSynced(done)}, nil
}

func (s *server) listAnalyticsItems(ctx context.Context, c call, in *analyticsItems) (*reply[Page[CloudServiceItem]], error) {
	after, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	if err != nil {
		return nil, badCursor()
	}
	all, err := s.CloudServices.Items(ctx, c.caller, in.in(c), in.list(), cloudservice.ItemQuery{After: string(after), Limit: in.Limit + 1, Search: in.Search})
	if err != nil {
		return nil, err
	}
	out := Page[CloudServiceItem]{Limit: in.Limit}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(all[in.Limit-1].ID))
	}
	out.Items = mapped(all, func(i cloudservice.Item) CloudServiceItem { return CloudServiceItem(i) })
	return &reply[Page[CloudServiceItem]]{out}, nil
}

func (s *server) reportAnalytics(ctx context.Context, c call, in *analyticsReport) (*reply[AnalyticsReport], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	got, err := s.CloudServices.ReportPage(ctx, c.caller, in.in(c), analytics.Query{
		Suite: ask.Suite, Range: ask.Range, Metrics: ask.Metrics, Dimension: ask.Dimension, Segments: ask.Segments, Limit: ask.Limit, Page: ask.Page,
	})
	if err != nil {
		return nil, err
	}
	return &reply[AnalyticsReport]{AnalyticsReport{
		Columns: listed(got.Columns), Totals: mapped(got.Totals, figure), Page: got.Number, TotalPages: got.TotalPages, TotalRows: got.Total, Last: got.Last,
		Rows: mapped(got.Rows, func(r analytics.Row) AnalyticsRow {
			return AnalyticsRow{r.ID, r.Name, mapped(r.Values, figure)}
		}),
		Warnings: mapped(got.Errors, func(e analytics.ColumnError) AnalyticsColumnLoss {
			return AnalyticsColumnLoss{e.Metric, e.Code, e.Means()}
		}),
	}}, nil
}

func shownSynced(s cloudservice.Synced) CloudServiceList {
	return CloudServiceList{List: string(s.Kind), Suite: s.Suite, Company: s.Company, Items: s.Items, Removed: s.Removed, SyncedAt: *stamp(s.At)}
}

// figure gives a number with its own digits, and a text for what is none.
func figure(v analytics.Value) any {
	switch {
	case v == "":
		return nil
	case json.Valid([]byte(v)):
		return json.Number(v)
	}
	return string(v)
}
