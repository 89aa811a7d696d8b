package adobesim_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"latchkey/internal/adobesim/adobesimtest"
	"latchkey/internal/clock"
)

const month = `"globalFilters":[{"type":"dateRange","dateRange":"2026-01-01T00:00:00.000/2026-02-01T00:00:00.000"}]`

// paced starts stand-ins whose clock a call moves by more than the rate wants.
func paced(t *testing.T) (*adobesimtest.House, func(ask) got) {
	t.Helper()
	manual := clock.NewManual(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	h := adobesimtest.Start(t, adobesimtest.Config{Now: manual.Now})
	return h, func(a ask) got {
		t.Helper()
		manual.Advance(time.Second)
		return do(t, h, a)
	}
}

func TestAnalyticsReads(t *testing.T) {
	_, call := paced(t)
	call(ask{url: discoveryURL}).want(t, 200, `"companies":[{"apiRateLimitPolicy":"aa_api_tier10_tp","companyName":"Sample Company","globalCompanyId":"sampleco0"}],"imsOrgId":"6C617463686B657900000001@AdobeOrg"`)
	for path, says := range map[string]string{
		"users/me":                               `"lastName":"techacct.adobe.com"`,
		"users?limit=1&page=1":                   `"fullName":"Ada Sample"`,
		"collections/suites":                     `"totalElements":3`,
		"collections/suites/sampleco0.prod":      `"name":"Production"`,
		"reportsuites/collections/suites":        `[{"collectionItemType":"reportsuite"`,
		"reportsuites":                           `[{"collectionItemType":"reportsuite"`,
		"collections/suites?rsidContains=vrs":    `"totalElements":1`,
		"segments":                               `"totalElements":4`,
		"segments?name=purch&expansion=modified": `"modified":"2026-01-05T09:00:00Z"`,
		"metrics?rsid=sampleco0.prod":            `"id":"metrics/visits"`,
		"metrics/visits?rsid=sampleco0.prod":     `"name":"Visits"`,
		"dimensions?rsid=sampleco0.prod":         `"id":"variables/evar1"`,
		"dimensions/evar2?rsid=sampleco0.prod":   `"name":"Campaign"`,
		"calculatedmetrics":                      `"lastPage":true`,
		"dateranges":                             `Last 30 days`,
		"dateranges/5f1f3a0b2c3d4e5f60718294":    `td-30d/td`,
		"auditlogs/usage?startDate=x&endDate=y":  `"totalPages":1`,
		"reports/topItems?rsid=sampleco0.prod":   `"totalElements":10`,
	} {
		call(ask{url: analyticsURL + path, header: map[string]string{"X-Proxy-Global-Company-Id": "sampleco0"}}).want(t, 200, says)
	}
	for path, c := range map[string]struct {
		status int
		says   string
	}{
		"metrics":                          {400, "rsid is missing"},
		"metrics?rsid=other":               {403, "report suite"},
		"nothing":                          {404, `"errorId":"`},
		"segments/none":                    {404, "no such segment"},
		"segments?limit=0":                 {400, "limit is a number"},
		"dimensions/x?rsid=sampleco0.prod": {404, "no such resource"},
	} {
		call(ask{url: analyticsURL + path}).want(t, c.status, c.says)
	}
	call(ask{method: "DELETE", url: analyticsURL + "users/me"}).want(t, 405, "")
	call(ask{url: analyticsURL + "users/me", header: map[string]string{"X-Proxy-Global-Company-Id": "other"}}).want(t, 400, "Cannot find proper global company ID")
	call(ask{url: "https://analytics.adobe.io/api/otherco/users/me"}).want(t, 404, "Could not find analytics user for globalCompanyId=otherco and imsUserId="+adobesimtest.User)
	call(ask{url: "https://analytics.adobe.io/x"}).want(t, 500, "Oops")
}

func TestAnalyticsReport(t *testing.T) {
	_, call := paced(t)
	type answer struct {
		TotalPages, NumberOfElements, Number, TotalElements int
		LastPage                                            bool
		Columns                                             struct {
			ColumnIDs    []string
			ColumnErrors []struct{ ColumnID, ErrorCode string }
		}
		Rows []struct {
			Value string
			Data  []*float64
		}
		SummaryData struct{ Totals []*float64 }
	}
	report := func(status int, rest string) (a answer) {
		t.Helper()
		g := call(ask{method: "POST", url: analyticsURL + "reports", body: `{"rsid":"sampleco0.prod",` + month + `,` + rest + `}`}).want(t, status, "")
		if err := json.Unmarshal(g.body, &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	const visits = `"metricContainer":{"metrics":[{"columnId":"0","id":"metrics/visits"}]}`
	if a := report(200, visits); a.Rows != nil || len(a.SummaryData.Totals) != 1 {
		t.Errorf("without a dimension there are %+v", a)
	}
	if a := report(200, visits+`,"dimension":"variables/page","settings":{"limit":50,"page":2}`); a.TotalPages != 3 || a.NumberOfElements != 20 || !a.LastPage || a.TotalElements != 120 || a.Rows[0].Value != "page 101" {
		t.Errorf("the last page is %+v", a)
	}
	a := report(206, `"metricContainer":{"metrics":[{"columnId":"0","id":"metrics/visits"},{"columnId":"1","id":"metrics/nothing"}]},"dimension":"variables/page"`)
	if len(a.Columns.ColumnErrors) != 1 || a.Columns.ColumnErrors[0].ColumnID != "1" || a.Rows[0].Data[0] == nil || a.Rows[0].Data[1] != nil {
		t.Errorf("with an unknown metric there are %+v", a)
	}
	report(400, `"metricContainer":{}`)
	report(400, visits+`,"dimension":"variables/nothing"`)
}

func TestAnalyticsSegments(t *testing.T) {
	_, call := paced(t)
	made := call(ask{method: "POST", url: analyticsURL + "segments", body: `{"name":"New","rsid":"sampleco0.dev","definition":{"func":"segment","version":[1,0,0]}}`}).want(t, 200, `"id":"s1001_`).object(t)
	path := analyticsURL + "segments/" + made["id"].(string)
	call(ask{method: "PUT", url: path, body: `{"name":"Renamed"}`}).want(t, 200, `"rsid":"sampleco0.dev"`)
	call(ask{url: path + "?expansion=definition"}).want(t, 200, `"func":"segment"`)
	call(ask{method: "DELETE", url: path}).want(t, 200, `{"status":"ok"}`)
	call(ask{url: path}).want(t, 404, "")
	call(ask{method: "POST", url: analyticsURL + "segments", body: `{"name":"x"}`}).want(t, 400, "")
	call(ask{method: "POST", url: analyticsURL + "segments/validate?rsid=sampleco0.prod", body: `{"definition":{"func":"segment"}}`}).want(t, 200, `"valid":true`)
}

// TestAnalyticsRate holds 12 requests in any 6 seconds, by user.
func TestAnalyticsRate(t *testing.T) {
	manual := clock.NewManual(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	h := adobesimtest.Start(t, adobesimtest.Config{Now: manual.Now})
	for range 12 {
		do(t, h, ask{url: discoveryURL}).want(t, 200, "")
		manual.Advance(100 * time.Millisecond)
	}
	if g := do(t, h, ask{url: discoveryURL}).want(t, http.StatusTooManyRequests, `{"error_code":"429050","message":"Too many requests"}`); g.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After is %q, want 5", g.header.Get("Retry-After"))
	}
	other := adobesimtest.Account()
	other.User = "somebody else"
	h.Let("other", other)
	do(t, h, ask{url: discoveryURL, header: map[string]string{"Authorization": "Bearer other"}}).want(t, 200, "")
	manual.Advance(5 * time.Second)
	do(t, h, ask{url: discoveryURL}).want(t, 200, "")
}
