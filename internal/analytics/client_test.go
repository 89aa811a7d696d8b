package analytics_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/analytics"
	"latchkey/internal/egress"
)

func collect[T any](t *testing.T, all iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for one, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	return out
}

func TestDiscoveryAndMe(t *testing.T) {
	s := serve(t, func(_ int, r got) (int, any) {
		if r.path == "/discovery/me" {
			return 200, m{"imsUserId": "T@techacct.adobe.com", "imsOrgs": []m{{"imsOrgId": "O@AdobeOrg", "companies": []m{
				{"globalCompanyId": "testco0", "companyName": "Test Co", "apiRateLimitPolicy": "aa_api_tier10_tp"}, {"globalCompanyId": "other1"},
			}}}}
		}
		return 200, m{"companyid": 7, "login": "T", "fullName": "Latchkey techacct.adobe.com", "imsUserId": "T@techacct.adobe.com"}
	})
	companies, err := s.client().Discover(t.Context(), with)
	if err != nil {
		t.Fatal(err)
	}
	want := []analytics.Company{{"testco0", "Test Co", "aa_api_tier10_tp", "O@AdobeOrg"}, {"other1", "", "", "O@AdobeOrg"}}
	if d := cmp.Diff(want, companies); d != "" {
		t.Errorf("companies (-want +got):\n%s", d)
	}
	if h := s.last().header; h.Get("Authorization") != "Bearer token-0123456789" || h.Get("X-Api-Key") != "client-1" || h.Get("X-Proxy-Global-Company-Id") != "" {
		t.Errorf("discovery is sent with %v", h)
	}
	me, err := s.client().Me(t.Context(), with, "testco0")
	if err != nil || me.IMSUserID != "T@techacct.adobe.com" {
		t.Errorf("Me = %+v, %v", me, err)
	}
	if r := s.last(); r.path != "/api/testco0/users/me" || r.header.Get("X-Proxy-Global-Company-Id") != "testco0" {
		t.Errorf("users/me is %s with %v", r.path, r.header)
	}
}

// TestLists holds that a list is read to its last page, whether it comes in pages or as a plain array.
func TestLists(t *testing.T) {
	const pages = 3
	s := serve(t, func(_ int, r got) (int, any) {
		query, _ := url.ParseQuery(r.query)
		if strings.HasSuffix(r.path, "/dimensions") {
			return 200, []m{{"id": "variables/evar1", "title": "Campaign"}, {"id": "variables/page"}}
		}
		var page int
		_, _ = fmt.Sscan(query.Get("page"), &page)
		content := []m{{"rsid": fmt.Sprint("suite", page, "a"), "id": fmt.Sprint("x", page), "name": "A"}, {"rsid": fmt.Sprint("suite", page, "b"), "id": fmt.Sprint("y", page)}}
		return 200, m{"content": content, "totalElements": 2 * pages, "totalPages": pages, "number": page, "lastPage": page == pages-1}
	})
	c := s.client()
	if got := collect(t, c.Suites(t.Context(), with, "co")); len(got) != 2*pages || got[5].ID != "suite2b" {
		t.Errorf("Suites = %v", got)
	}
	if s.count() != pages {
		t.Errorf("%d requests for %d pages", s.count(), pages)
	}
	if got := collect(t, c.Segments(t.Context(), with, "co", "suite1")); len(got) != 2*pages {
		t.Errorf("Segments = %v", got)
	}
	if q := s.last().query; !strings.Contains(q, "rsids=suite1") || !strings.Contains(q, "limit=200") {
		t.Errorf("segments asked with %s", q)
	}
	if got := collect(t, c.Metrics(t.Context(), with, "co", "suite1")); len(got) != 2*pages {
		t.Errorf("Metrics = %v", got)
	}
	if got := collect(t, c.Dimensions(t.Context(), with, "co", "suite1")); len(got) != 2 || got[0].Title != "Campaign" {
		t.Errorf("Dimensions = %v", got)
	}
	for range c.Suites(t.Context(), with, "co") { // a reader that stops asks for no more
		break
	}
}

// TestListWithoutEnd holds that a server that never says "last" ends a list with an empty page.
func TestListWithoutEnd(t *testing.T) {
	s := serve(t, func(n int, _ got) (int, any) {
		if n < 3 {
			return 200, m{"content": []m{{"rsid": "a"}}}
		}
		return 200, m{"content": []m{}}
	})
	if got := collect(t, s.client().Suites(t.Context(), with, "co")); len(got) != 2 {
		t.Errorf("%d suites, want 2", len(got))
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   any
		want   analytics.Error
	}{
		{"gateway", 403, m{"error_code": "403025", "message": "Profile is not valid"}, analytics.Error{Layer: analytics.Gateway, Code: "403025", Message: "Profile is not valid"}},
		{"service", 404, m{"errorCode": "not_found", "errorDescription": "Could not find analytics user for globalCompanyId=x", "errorId": "5f0b-77"},
			analytics.Error{Layer: analytics.Service, Code: "not_found", Message: "Could not find analytics user for globalCompanyId=x", ID: "5f0b-77"}},
		{"page of a proxy", 403, "<html>No</html>", analytics.Error{Layer: analytics.Foreign, Message: "Forbidden"}},
		{"gateway's timeout", 504, "", analytics.Error{Layer: analytics.Gateway, Message: "Gateway Timeout"}},
		{"echo of the token", 400, m{"errorCode": "bad", "errorDescription": "what is token-0123456789\n?"}, analytics.Error{Layer: analytics.Service, Code: "bad", Message: "what is *** ?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(int, got) (int, any) { return c.status, c.body })
			_, err := s.client().Discover(t.Context(), with)
			got, ok := errors.AsType[*analytics.Error](err)
			if !ok {
				t.Fatalf("error = %v, want an *Error", err)
			}
			c.want.Status = c.status
			if d := cmp.Diff(&c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if s.count() != 1 {
				t.Errorf("sent %d times, want once: it is the same the next time", s.count())
			}
		})
	}
}

// TestRetries holds what is sent again, and that nothing is sent for ever.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name       string
		status     int
		fail, want int
		ok         bool
	}{
		{"429 passes", 429, 2, 3, true}, {"503 passes", 503, 1, 2, true}, {"502 stays", 502, 99, 4, false}, {"500 is not repeated", 500, 1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(n int, _ got) (int, any) {
				if n <= c.fail {
					return c.status, m{"error_code": fmt.Sprint(c.status, "050"), "message": "no"}
				}
				return 200, m{"login": "x"}
			})
			_, err := s.client().Me(t.Context(), with, "co")
			if (err == nil) != c.ok || s.count() != c.want {
				t.Errorf("%d requests, %v; want %d, success %v", s.count(), err, c.want, c.ok)
			}
		})
	}
}

// TestLongRetryAfter holds that a server that wants to be left alone for long is named to the caller, who would wait in vain.
func TestLongRetryAfter(t *testing.T) {
	s := serve(t, func(int, got) (int, any) { return 429, m{"error_code": "429050", "message": "Too many requests"} })
	s.header.Set("Retry-After", "3600")
	_, err := s.client().Me(t.Context(), with, "co")
	if e, ok := errors.AsType[*analytics.Error](err); !ok || e.RetryAfter != time.Hour || s.count() != 1 {
		t.Errorf("%d requests, %v", s.count(), err)
	}
}

func TestBoundedReply(t *testing.T) {
	s := serve(t, func(int, got) (int, any) { return 200, m{"login": strings.Repeat("x", 100_000)} })
	c := analytics.New(analytics.Config{Sender: sender(t, egress.Config{MaxBody: 10_000}), Base: s.URL})
	_, err := c.Me(t.Context(), with, "co")
	if failed, ok := errors.AsType[*egress.Error](err); !ok || failed.Kind != egress.KindTooLarge {
		t.Errorf("error = %v", err)
	}
}

func TestReport(t *testing.T) {
	const pages = 3
	s := serve(t, func(n int, _ got) (int, any) {
		return 200, m{
			"totalPages": pages, "number": n - 1, "totalElements": 5, "lastPage": n == pages,
			"columns":     m{"dimension": m{"id": "variables/page"}, "columnIds": []string{"0", "1"}},
			"rows":        []m{{"itemId": fmt.Sprint(n), "value": "Home", "data": []any{12.5, "NaN"}}},
			"summaryData": m{"totals": []any{100, 3}},
		}
	})
	q := analytics.Query{Suite: "s1", Range: "td-7d/td", Metrics: []string{"visits", "metrics/orders"}, Dimension: "page", Segments: []string{"s_1"}, Limit: 2}
	got := collect(t, s.client().Report(t.Context(), with, "co", q))
	if len(got) != pages || s.count() != pages || !got[2].Last {
		t.Fatalf("%d pages by %d requests", len(got), s.count())
	}
	if d := cmp.Diff([]string{"metrics/visits", "metrics/orders"}, got[0].Columns); d != "" {
		t.Error(d)
	}
	row, _ := json.Marshal(got[0].Rows[0])
	if string(row) != `{"itemId":"1","value":"Home","data":[12.5,"NaN"]}` {
		t.Errorf("row = %s", row)
	}
	var sent m
	_ = json.Unmarshal([]byte(s.last().body), &sent)
	want := m{
		"rsid": "s1", "dimension": "variables/page",
		"globalFilters":   []any{m{"type": "dateRange", "dateRange": "td-7d/td"}, m{"type": "segment", "segmentId": "s_1"}},
		"metricContainer": m{"metrics": []any{m{"columnId": "0", "id": "metrics/visits", "sort": "desc"}, m{"columnId": "1", "id": "metrics/orders"}}},
		"settings":        m{"limit": 2.0, "page": 2.0, "countRepeatInstances": true},
	}
	if d := cmp.Diff(want, sent); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
}

// TestPartialReport holds that 206 is no failure: the columns that are missing are named.
func TestPartialReport(t *testing.T) {
	s := serve(t, func(int, got) (int, any) {
		return http.StatusPartialContent, m{
			"totalPages": 1, "lastPage": true, "summaryData": m{"filteredTotals": []any{7}},
			"columns": m{"columnIds": []string{"0"}, "columnErrors": []m{{"columnId": "1", "errorCode": "unauthorized_metric", "errorId": "e1", "errorDescription": "The metric was not authorized."}}},
		}
	})
	got := collect(t, s.client().Report(t.Context(), with, "co", analytics.Query{Suite: "s", Range: "td-1d/td", Metrics: []string{"visits", "revenue"}}))
	if len(got) != 1 || len(got[0].Errors) != 1 || got[0].Totals[0] != "7" {
		t.Fatalf("pages = %+v", got)
	}
	if e := got[0].Errors[0]; e.Metric != "metrics/revenue" || e.Means() != "the profile may not see that metric" {
		t.Errorf("column error = %+v, means %q", e, e.Means())
	}
}

func TestReportIsCheckedFirst(t *testing.T) {
	s := serve(t, func(int, got) (int, any) { return 500, "" })
	for _, q := range []analytics.Query{{}, {Suite: "s", Range: "2026", Metrics: []string{"x"}}, {Suite: "s", Range: "a/b"}, {Suite: "s", Range: "a/b", Metrics: []string{"x"}, Limit: 50_001}} {
		for _, err := range s.client().Report(t.Context(), with, "co", q) {
			if err == nil {
				t.Errorf("%+v is sent", q)
			}
		}
	}
	if s.count() != 0 {
		t.Errorf("%d requests", s.count())
	}
}
