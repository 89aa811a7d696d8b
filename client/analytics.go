package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// CloudServiceList is a list of Analytics that was synced. List is "report-suites", "segments", "metrics" or "dimensions".
type CloudServiceList struct {
	List     string    `json:"list"`
	Suite    string    `json:"suite"`
	Company  string    `json:"company"`
	Items    int       `json:"items"`
	Removed  int       `json:"removed"`
	SyncedAt time.Time `json:"synced_at"`

	Answer
}

// CloudServiceItem is a report suite, a segment, a metric or a dimension.
type CloudServiceItem struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Suite       string `json:"suite"`
	Type        string `json:"type"`

	Answer
}

// AnalyticsQuery asks for a page of a report. What is left out is the service's.
type AnalyticsQuery struct {
	Suite string `json:"suite,omitempty"`
	// Range is two moments with a slash between, or a formula: "td-7d/td".
	Range     string   `json:"range"`
	Metrics   []string `json:"metrics"`
	Dimension string   `json:"dimension,omitempty"`
	Segments  []string `json:"segments,omitempty"`
	Limit     int      `json:"limit,omitempty"`
	Page      int      `json:"page,omitempty"`
}

// AnalyticsReport is a page of a report. Values are numbers, or texts where there is none.
type AnalyticsReport struct {
	Columns []string `json:"columns"`
	Rows    []struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Values []any  `json:"values"`
	} `json:"rows"`
	Totals []any `json:"totals"`
	// Warnings are of columns that the product left out.
	Warnings []struct {
		Metric  string `json:"metric"`
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"warnings"`
	Page       int  `json:"page"`
	TotalPages int  `json:"total_pages"`
	TotalRows  int  `json:"total_rows"`
	Last       bool `json:"last"`

	Answer
}

func suiteQuery(suite string) url.Values { return url.Values{"suite": {suite}} }

// CloudServiceLists lists what was synced of Analytics.
func (c *Client) CloudServiceLists(ctx context.Context, ref string) iter.Seq2[CloudServiceList, error] {
	return list[CloudServiceList](ctx, c, "/cloud-services/"+segment(ref)+"/lists", nil)
}

// SyncCloudServiceList fetches a list of Analytics anew. suite is for metrics and dimensions.
func (c *Client) SyncCloudServiceList(ctx context.Context, ref, name, suite string) (CloudServiceList, error) {
	path := "/cloud-services/" + segment(ref) + "/lists/" + segment(name) + "/sync"
	var out CloudServiceList
	_, err := c.do(ctx, call{method: http.MethodPost, path: path, query: cloneQuery(suiteQuery(suite))}, &out)
	return out, err
}

// CloudServiceItems lists what is in a list that was synced, as far as id or name contain search.
func (c *Client) CloudServiceItems(ctx context.Context, ref, name, suite, search string) iter.Seq2[CloudServiceItem, error] {
	query := suiteQuery(suite)
	query.Set("search", search)
	return list[CloudServiceItem](ctx, c, "/cloud-services/"+segment(ref)+"/lists/"+segment(name), query)
}

// ReportCloudService asks Analytics for a page of a report.
func (c *Client) ReportCloudService(ctx context.Context, ref string, query AnalyticsQuery) (AnalyticsReport, error) {
	return change[AnalyticsReport](ctx, c, http.MethodPost, "/cloud-services/"+segment(ref)+"/report", query)
}
