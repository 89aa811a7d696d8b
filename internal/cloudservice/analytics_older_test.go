package cloudservice_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/adobesim"
	"latchkey/internal/analytics"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// older makes a service of Analytics 1.4 with the stand-in's user, changed.
func (h *reports) older(change func(*cloudservice.Values)) (cloudservice.Saved, error) {
	of := h.sim.Customer
	values := cloudservice.Values{Authentication: is(cloudservice.Credentials), Secret: is(secret.New(of.Secret)), Analytics: &cloudservice.AnalyticsValues{
		Company: &of.CompanyName, Username: &of.Username,
	}}
	change(&values)
	return h.Create(h.Context(), h.admin, cloudservice.Create{Kind: cloudservice.Analytics, Name: "older", Values: values})
}

// TestOlderAnalytics holds the way of the API 1.4 from a password to a report, against the stand-in that checks the signatures.
func TestOlderAnalytics(t *testing.T) {
	for _, digest := range []analytics.Digest{analytics.SHA1, analytics.SHA256} {
		t.Run(string(digest), func(t *testing.T) {
			h := newReports(t)
			ctx, ref := t.Context(), named("older")
			saved, err := h.older(func(v *cloudservice.Values) {
				v.Secret, v.Analytics.Password, v.Analytics.Digest = nil, is(secret.New(h.sim.Customer.LoginPassword)), &digest
			})
			noError(t, err)
			if !saved.Service.Secret.Equal(secret.New(h.sim.Customer.Secret)) || saved.Service.Analytics.DataCenter != analytics.DefaultCenter {
				t.Errorf("the secret was not got for the password, or the centre is %s", saved.Service.Analytics.DataCenter)
			}
			if notes := saved.Service.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "2026-08-12") {
				t.Errorf("notes = %v", notes)
			}
			report, err := h.Connect(ctx, h.admin, ref)
			if err != nil || !report.Connected {
				t.Fatalf("not connected: %+v, %v", report.Layers, err)
			}
			for _, l := range []cloudservice.SyncList{{Kind: cloudservice.ReportSuites}, {Kind: cloudservice.Segments}, {Kind: cloudservice.Metrics, Suite: suite}, {Kind: cloudservice.Dimensions, Suite: suite}} {
				if done, err := h.SyncAnalytics(ctx, h.admin, ref, l); err != nil || done.Items == 0 {
					t.Errorf("%s: %+v, %v", l.Kind, done, err)
				}
			}
			// What the two APIs call by different names has one id here, so that a framework is held against either.
			items, err := h.Items(ctx, h.admin, ref, cloudservice.SyncList{Kind: cloudservice.Dimensions, Suite: suite}, cloudservice.ItemQuery{Limit: 50})
			noError(t, err)
			if !slices.ContainsFunc(items, func(i cloudservice.Item) bool { return i.ID == "variables/evar2" }) {
				t.Errorf("dimensions = %v", items)
			}
			page, err := h.ReportPage(ctx, h.admin, ref, analytics.Query{Suite: suite, Range: "2026-01-01/2026-01-31", Metrics: []string{"pageviews"}, Dimension: "page", Limit: 5})
			if err != nil || len(page.Rows) == 0 || !page.Last {
				t.Errorf("report = %+v, %v", page, err)
			}
			if _, err := h.ReportPage(ctx, h.admin, ref, analytics.Query{Suite: suite, Range: "td-7d/td", Metrics: []string{"pageviews"}}); !errors.As(err, new(finding.Problems)) {
				t.Errorf("a formula: %v", err)
			}
		})
	}
}

// TestOlderRefusals holds what is said of the API 1.4's refusals.
func TestOlderRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		fault  string
		change func(*cloudservice.Values)
		says   string
		first  string
	}{
		"wrong secret":    {"", func(v *cloudservice.Values) { v.Secret = is(secret.New("not-it")) }, "do not belong together", "user:company"},
		"web services":    {"no_web_services", nil, "Administrator role alone is not enough", "Web Service Access"},
		"unknown user":    {"unknown_user", nil, "no such user", "user:company"},
		"another company": {"", func(v *cloudservice.Values) { v.Analytics.Company = is("Nobody") }, "", "user:company"},
		"clock":           {"clock_skew=1h", nil, "", ""},
		"page of a proxy": {"html", nil, "neither like Analytics", "proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newReports(t)
			if c.change == nil {
				c.change = func(*cloudservice.Values) {}
			}
			_, err := h.older(c.change)
			noError(t, err)
			if c.fault != "" {
				noError(t, h.sim.SetFault(adobesim.Rule{Host: adobesim.LegacyHost, Fault: c.fault}))
			}
			report, err := h.Connect(t.Context(), h.admin, named("older"))
			noError(t, err)
			layer := product(report)
			if layer.Status != finding.Failed || !strings.Contains(layer.Message, c.says) || !strings.Contains(layer.Advice[0].Do, c.first) {
				t.Errorf("layer = %+v", layer)
			}
			if last := layer.Advice[len(layer.Advice)-1]; !strings.Contains(last.Do, "2026-08-12") {
				t.Errorf("it does not say that the API is retired: %v", last)
			}
			if strings.Contains(layer.Message+layer.Description, h.sim.Customer.Secret) {
				t.Error("the secret is repeated")
			}
		})
	}
}

// TestPasswordIsTradedOnce holds that a password that is refused leaves nothing behind, and is not repeated.
func TestPasswordIsTradedOnce(t *testing.T) {
	h := newReports(t)
	_, err := h.older(func(v *cloudservice.Values) { v.Analytics.Password = is(secret.New("wrong-password")) })
	problems, ok := errors.AsType[finding.Problems](err)
	if !ok || problems[0].Pointer != "/analytics/password" || strings.Contains(err.Error()+problems[0].Fix, "wrong-password") {
		t.Errorf("error = %v", err)
	}
	if _, err := h.Get(t.Context(), h.admin, named("older")); !errors.Is(err, cloudservice.ErrNotFound) {
		t.Errorf("a service was kept: %v", err)
	}
}
