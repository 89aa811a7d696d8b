package cloudservice_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/analytics"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

const suite = "sampleco0.prod"

// synced is a connected service whose lists are there.
func (h *reports) synced() {
	h.Helper()
	h.connected()
	for _, l := range []cloudservice.SyncList{
		{Kind: cloudservice.ReportSuites}, {Kind: cloudservice.Segments}, {Kind: cloudservice.Metrics, Suite: suite}, {Kind: cloudservice.Dimensions, Suite: suite},
	} {
		_, err := h.SyncAnalytics(h.Context(), h.admin, named("acme-analytics"), l)
		noError(h, err)
	}
}

func TestSyncAnalytics(t *testing.T) {
	h := newReports(t)
	h.synced()
	ref := named("acme-analytics")
	lists, err := h.Lists(t.Context(), h.admin, ref)
	noError(t, err)
	var said []string
	for _, l := range lists {
		said = append(said, fmt.Sprintf("%s %s %d", l.Kind, l.Suite, l.Items))
	}
	if len(lists) != 4 || said[0] != "dimensions "+suite+" 11" || !slices.Contains(said, "report-suites  3") {
		t.Errorf("lists = %q", said)
	}
	items, err := h.Items(t.Context(), h.admin, ref, cloudservice.SyncList{Kind: cloudservice.Dimensions, Suite: suite}, cloudservice.ItemQuery{Limit: 50, Search: "evar"})
	if err != nil || len(items) != 3 || items[1].Name != "Campaign" {
		t.Errorf("items = %v, %v", items, err)
	}
	for _, l := range []cloudservice.SyncList{{Kind: "x"}, {Kind: cloudservice.Metrics}, {Kind: cloudservice.Segments, Suite: "s"}} {
		if _, err := h.SyncAnalytics(t.Context(), h.admin, ref, l); !errors.As(err, new(finding.Problems)) {
			t.Errorf("%+v: error = %v", l, err)
		}
	}
	h.fault("no_permissions")
	_, err = h.SyncAnalytics(t.Context(), h.admin, ref, cloudservice.SyncList{Kind: cloudservice.Metrics, Suite: suite})
	if e, ok := errors.AsType[*cloudservice.RefusedError](err); !ok || e.Layer.HTTP != 403 || len(e.Layer.Advice) == 0 {
		t.Errorf("error = %v", err)
	}
	// Another company's lists are none of it.
	_, err = h.Edit(t.Context(), h.admin, ref, cloudservice.Values{Analytics: &cloudservice.AnalyticsValues{Company: is("other0")}})
	noError(t, err)
	if lists, err := h.Lists(t.Context(), h.admin, ref); err != nil || len(lists) != 0 {
		t.Errorf("lists of another company = %v, %v", lists, err)
	}
}

func TestReportPages(t *testing.T) {
	h := newReports(t)
	h.connected()
	q := analytics.Query{Suite: suite, Range: "td-7d/td", Metrics: []string{"visits", "orders"}, Dimension: "page", Limit: 50}
	rows, last := 0, false
	for ; !last; q.Page++ {
		page, err := h.ReportPage(t.Context(), h.admin, named("acme-analytics"), q)
		noError(t, err)
		rows += len(page.Rows)
		if last = page.Last; page.Number != q.Page || len(page.Rows[0].Values) != 2 {
			t.Fatalf("page %d is %+v", q.Page, page)
		}
	}
	if rows != 120 || q.Page != 3 {
		t.Errorf("%d rows on %d pages", rows, q.Page)
	}
	h.fault("partial")
	q.Page = 0
	page, err := h.ReportPage(t.Context(), h.admin, named("acme-analytics"), q)
	if err != nil || len(page.Errors) != 1 {
		t.Errorf("a partial report: %v, %v", page.Errors, err)
	}
}

// TestFrameworkMappings holds what is said of mappings, against lists that were synced.
func TestFrameworkMappings(t *testing.T) {
	h := newReports(t)
	h.synced()
	uses := []cloudservice.SuiteUse{{ID: suite}}
	maps := func(to ...string) *[]cloudservice.Mapping {
		return &[]cloudservice.Mapping{{Component: "foundation/components/page", Variable: "pagedata.title", To: to}}
	}
	for name, c := range map[string]struct {
		values        cloudservice.FrameworkValues
		pointer, says string
		fix           string
	}{
		"fits":               {cloudservice.FrameworkValues{ReportSuites: &uses, Mappings: maps("prop1", "evar3", "EVENT2", "pagename")}, "", "", ""},
		"unknown suite":      {cloudservice.FrameworkValues{ReportSuites: &[]cloudservice.SuiteUse{{ID: "sampleco0.prd"}}}, "/report_suites/0/id", "sees no report suite", "did you mean sampleco0.prod?"},
		"run mode":           {cloudservice.FrameworkValues{ReportSuites: &[]cloudservice.SuiteUse{{ID: suite, RunMode: "live"}}}, "/report_suites/0/run_mode", "no such run mode", "author or publish"},
		"twice":              {cloudservice.FrameworkValues{ReportSuites: &[]cloudservice.SuiteUse{{ID: suite}, {ID: suite, RunMode: "publish"}}}, "/report_suites/1", "is there already", ""},
		"out of range":       {cloudservice.FrameworkValues{ReportSuites: &uses, Mappings: maps("eVar251")}, "/mappings/0/to/0", "there is no eVar251", "eVar1 to eVar250"},
		"no number":          {cloudservice.FrameworkValues{ReportSuites: &uses, Mappings: maps("prop0")}, "/mappings/0/to/0", "there is no prop0", "prop1 to prop75"},
		"not enabled":        {cloudservice.FrameworkValues{ReportSuites: &uses, Mappings: maps("prop1", "eVar9")}, "/mappings/0/to/1", "eVar9 is not enabled in the report suite " + suite, "eVar1 (Internal Search Term), eVar2 (Campaign)"},
		"event not enabled":  {cloudservice.FrameworkValues{ReportSuites: &uses, Mappings: maps("event77")}, "/mappings/0/to/0", "event77 is not enabled", "event1 (Sign-ups)"},
		"misspelt":           {cloudservice.FrameworkValues{ReportSuites: &uses, Mappings: maps("evra3")}, "/mappings/0/to/0", "no variable evra3", "did you mean eVar3?"},
		"misspelt name":      {cloudservice.FrameworkValues{ReportSuites: &uses, Mappings: maps("pageNmae")}, "/mappings/0/to/0", "no variable pageNmae", "did you mean pageName?"},
		"to nothing":         {cloudservice.FrameworkValues{Mappings: maps()}, "/mappings/0/to", "mapped to nothing", ""},
		"same value":         {cloudservice.FrameworkValues{Mappings: &[]cloudservice.Mapping{{"c", "a", []string{"prop1"}}, {"c", "b", []string{"prop1"}}}}, "/mappings/1/to/0", "has the value of a already", ""},
		"component":          {cloudservice.FrameworkValues{Mappings: &[]cloudservice.Mapping{{"a b", "v", []string{"prop1"}}}}, "/mappings/0/component", "no component", ""},
		"server with scheme": {cloudservice.FrameworkValues{TrackingServer: is("https://acme.d1.sc.omtrdc.net")}, "/tracking_server", "no host", "host alone"},
		"namespace":          {cloudservice.FrameworkValues{VisitorNamespace: is("a b")}, "/visitor_namespace", "can't be", ""},
		"parameters":         {cloudservice.FrameworkValues{Parameters: &[]cloudservice.Parameter{{"profile/gender", true}}}, "/parameters", "framework of Analytics has mappings", ""},
		"page":               {cloudservice.FrameworkValues{Pages: &[]string{"content"}}, "/pages/0", "no path of a page", ""},
	} {
		t.Run(name, func(t *testing.T) {
			saved, err := h.CreateFramework(t.Context(), h.admin, named("acme-analytics"), cloudservice.NewFramework{Name: strings.ReplaceAll(name, " ", "-"), FrameworkValues: c.values})
			if c.pointer == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := saved.Framework.Settings.Mappings[0].To; !slices.Equal(got, []string{"prop1", "eVar3", "event2", "pageName"}) {
					t.Errorf("names are kept as %v", got)
				}
				return
			}
			problems, ok := errors.AsType[finding.Problems](err)
			if !ok || problems[0].Pointer != c.pointer || !strings.Contains(problems[0].Message, c.says) || !strings.Contains(problems[0].Fix, c.fix) {
				t.Errorf("error = %+v (%v), want %+v", problems, err, c)
			}
		})
	}
}

// TestFrameworkWithoutLists holds that what can't be checked is kept, with a warning that says so.
func TestFrameworkWithoutLists(t *testing.T) {
	h := newReports(t)
	h.make(cloudservice.AnalyticsValues{})
	saved, err := h.CreateFramework(t.Context(), h.admin, named("acme-analytics"), cloudservice.NewFramework{FrameworkValues: cloudservice.FrameworkValues{
		Title: is("My Site"), ReportSuites: &[]cloudservice.SuiteUse{{ID: "any"}}, Mappings: &[]cloudservice.Mapping{{"c", "v", []string{"eVar9"}}},
	}})
	noError(t, err)
	if saved.Framework.Name != "my-site" || len(saved.Problems) != 2 || !strings.Contains(saved.Problems[0].Message, "not checked") {
		t.Errorf("saved %s with %+v", saved.Framework.Name, saved.Problems)
	}
}

// TestFrameworkOnPages holds that a page has its own framework, or the nearest one above, that a page has one of a product, and
// that publish has what was published.
func TestFrameworkOnPages(t *testing.T) {
	h := newReports(t)
	h.synced()
	ref, ctx := named("acme-analytics"), t.Context()
	make := func(name string, v cloudservice.FrameworkValues) error {
		_, err := h.CreateFramework(ctx, h.admin, ref, cloudservice.NewFramework{Name: name, FrameworkValues: v})
		return err
	}
	noError(t, make("site", cloudservice.FrameworkValues{
		Pages: &[]string{"/content/site/"}, TrackingServer: is("acme.d1.sc.omtrdc.net"), VisitorNamespace: is("acme"),
		ReportSuites: &[]cloudservice.SuiteUse{{suite, cloudservice.Publish}, {"sampleco0.dev", cloudservice.Author}},
		Mappings:     &[]cloudservice.Mapping{{"foundation/components/page", "pagedata.title", []string{"prop1"}}},
	}))
	noError(t, make("shop", cloudservice.FrameworkValues{Pages: &[]string{"/content/site/en/shop"}}))
	if err := make("more", cloudservice.FrameworkValues{Pages: &[]string{"/content/site"}}); !errors.As(err, new(*cloudservice.PageTakenError)) {
		t.Errorf("a second framework on a page: %v", err)
	}
	for page, want := range map[string]string{
		"/content/site": "site", "/content/site/en": "site", "/content/site/en/shop": "shop", "/content/site/en/shop/cart/": "shop", "/content/site-b": "", "/": "",
	} {
		f, err := h.FrameworkOf(ctx, h.admin, ref, page)
		if f.Name != want || (err == nil) != (want != "") {
			t.Errorf("%s has %q, %v; want %q", page, f.Name, err, want)
		}
	}
	if _, err := h.ExportFramework(ctx, h.admin, ref, "site", cloudservice.Publish); !errors.Is(err, cloudservice.ErrState) {
		t.Errorf("what was not published is exported: %v", err)
	}
	_, err := h.PublishFramework(ctx, h.admin, ref, "site")
	noError(t, err)
	_, err = h.EditFramework(ctx, h.admin, ref, "site", cloudservice.FrameworkValues{VisitorNamespace: is("changed")})
	noError(t, err)
	for mode, want := range map[cloudservice.RunMode]string{
		cloudservice.Publish: `["sampleco0.prod"] acme`, cloudservice.Author: `["sampleco0.dev"] changed`,
	} {
		out, err := h.ExportFramework(ctx, h.admin, ref, "site", mode)
		noError(t, err)
		suites, _ := json.Marshal(out.Analytics.ReportSuites)
		if got := string(suites) + " " + out.Analytics.VisitorNamespace; got != want || len(out.Analytics.Mappings) != 1 || !out.Analytics.Tracking.AppMeasurement {
			t.Errorf("%s: %s, want %s", mode, got, want)
		}
	}
	noError(t, h.DeleteFramework(ctx, h.admin, ref, "shop"))
	if f, err := h.FrameworkOf(ctx, h.admin, ref, "/content/site/en/shop"); f.Name != "site" {
		t.Errorf("after shop is gone the page has %q, %v", f.Name, err)
	}
}

func TestTargetFramework(t *testing.T) {
	h := newReports(t)
	ctx := t.Context()
	_, err := h.Create(ctx, h.admin, cloudservice.Create{Kind: cloudservice.Target, Name: "acme-target", Values: cloudservice.Values{
		Configuration: is("acme"), Target: &cloudservice.TargetValues{TenantID: is("acme"), ClientCode: is("acmecode")},
	}})
	noError(t, err)
	ref := named("acme-target")
	for name, says := range map[string]string{"profile/interests[0]": "strings", "profile/*": "strings", "gender": "no parameter", "profile//x": "no parameter"} {
		_, err := h.CreateFramework(ctx, h.admin, ref, cloudservice.NewFramework{Name: "x", FrameworkValues: cloudservice.FrameworkValues{Parameters: &[]cloudservice.Parameter{{name, true}}}})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = h.CreateFramework(ctx, h.admin, ref, cloudservice.NewFramework{Name: "site", FrameworkValues: cloudservice.FrameworkValues{
		Parameters: &[]cloudservice.Parameter{{"profile.gender", true}, {"profile/interests", true}, {"profile/email", false}, {"profile/age", true}, {"geolocation/address", true}, {"cart/total", true}},
	}})
	noError(t, err)
	out, err := h.ExportFramework(ctx, h.admin, ref, "site", cloudservice.Author)
	noError(t, err)
	if out.Target.ClientCode != "acmecode" || !out.Target.AccurateTargeting {
		t.Errorf("export = %+v", out.Target)
	}
	var page map[string]any
	noError(t, json.Unmarshal([]byte(`{"profile": {"gender": "f", "interests": ["a"], "email": "x@y", "age": 7}, "geolocation": {"address": {"c": "d"}}}`), &page))
	sent := out.Target.Send(page)
	if d := cmp.Diff(map[string]string{"profile/gender": "f"}, sent.Parameters); d != "" {
		t.Error(d)
	}
	if left := slices.Sorted(maps.Keys(sent.LeftOut)); fmt.Sprint(left) != "[cart/total geolocation/address profile/age profile/interests]" {
		t.Errorf("left out: %v", sent.LeftOut)
	}
}
