package cloudservice_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/adobesim"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

func TestConnectAnalytics(t *testing.T) {
	h := newReports(t)
	saved := h.make(cloudservice.AnalyticsValues{})
	if saved.Service.Name != "acme-analytics" || saved.Service.Status() != cloudservice.Ready {
		t.Fatalf("made %s, %s", saved.Service.Name, saved.Service.Status())
	}
	report, err := h.Connect(t.Context(), h.admin, named("acme-analytics"))
	noError(t, err)
	if !report.Connected || report.Message() != cloudservice.ConnectionSuccessful {
		t.Fatalf("report = %+v", report)
	}
	learned := report.Service.State.Analytics
	if learned.Company.ID != h.sim.Customer.Company || len(learned.Companies) != 1 || learned.User == "" {
		t.Errorf("learned %+v", learned)
	}
	// Another company is another account: what was learned is forgotten.
	changed, err := h.Edit(t.Context(), h.admin, named("acme-analytics"), cloudservice.Values{Analytics: &cloudservice.AnalyticsValues{Company: is("sampelco0")}})
	noError(t, err)
	if changed.Service.Status() != cloudservice.Ready {
		t.Errorf("after another company it is %s", changed.Service.Status())
	}
	report, err = h.Connect(t.Context(), h.admin, named("acme-analytics"))
	noError(t, err)
	if layer := product(report); layer.Status != finding.Failed || !strings.Contains(layer.Message, "did you mean sampleco0?") {
		t.Errorf("layer = %+v", layer)
	}
}

// TestAnalyticsRefusals holds which layer refuses at each fault of the product, and what is advised.
func TestAnalyticsRefusals(t *testing.T) {
	for fault, want := range map[string]struct {
		code  string
		http  int
		says  string
		first string
	}{
		"no_permissions":  {"", 0, "sees no report suite", "Report Suites, Metrics and Dimensions"},
		"unknown_company": {"", 0, "sees no company", "product profile"},
		"no_user":         {"resource_not_found", 404, "no user of that company", "choose a company"},
		"server_error":    {"internal_error", 500, "failed on its own side", "wait"},
		"html":            {"", 200, "neither like Analytics nor like the gateway", "proxy"},
		"not_subscribed":  {"403003", 403, "not subscribed to that API", "add the API"},
		"revoked_profile": {"403025", 403, "no product profile of Adobe Analytics", "attach a product profile"},
	} {
		t.Run(fault, func(t *testing.T) {
			h := newReports(t)
			h.make(cloudservice.AnalyticsValues{})
			switch fault {
			case "not_subscribed":
				h.let(func(a *adobesim.Account) { a.Services = nil })
			case "revoked_profile":
				h.let(func(a *adobesim.Account) { a.Services[1].Profiles = nil })
			default:
				h.fault(fault)
			}
			report, err := h.Connect(t.Context(), h.admin, named("acme-analytics"))
			noError(t, err)
			layer := product(report)
			if report.Connected || layer.Status != finding.Failed || layer.Code != want.code || layer.HTTP != want.http ||
				!strings.Contains(layer.Message, want.says) || len(layer.Advice) == 0 || !strings.Contains(layer.Advice[0].Do, want.first) {
				t.Errorf("layer = %+v, want %+v", layer, want)
			}
			if strings.Contains(layer.Advice[0].Do, "{") {
				t.Errorf("advice is not filled in: %s", layer.Advice[0].Do)
			}
		})
	}
}

// TestPartialReportIsAWarning holds that a connection whose small report misses a column is one, and says so.
func TestPartialReportIsAWarning(t *testing.T) {
	h := newReports(t)
	h.make(cloudservice.AnalyticsValues{})
	h.fault("partial")
	report, err := h.Connect(t.Context(), h.admin, named("acme-analytics"))
	noError(t, err)
	if layer := product(report); !report.Connected || len(layer.Warnings) != 1 || !strings.Contains(layer.Warnings[0], "occurrences") {
		t.Errorf("layer = %+v", layer)
	}
}

// TestProbeCallsAnalytics holds that a check of an IMS configuration calls the product whether a service uses it or not.
func TestProbeCallsAnalytics(t *testing.T) {
	h := newReports(t)
	place := cloudservice.Place{Organization: h.admin.Organization, Sandbox: "prod"}
	with, _ := h.Access(t.Context(), h.admin, place, "")
	for range 2 {
		if layer := h.Probe(t.Context(), place, cloudservice.Analytics, "ims_1", with); layer.Status != finding.OK || !strings.Contains(layer.Message, "sampleco0") {
			t.Errorf("layer = %+v", layer)
		}
		if s, err := h.List(t.Context(), h.admin, ""); err != nil || len(s) == 0 {
			h.make(cloudservice.AnalyticsValues{})
		}
	}
	h.fault("no_user")
	if layer := h.Probe(t.Context(), place, cloudservice.Analytics, "ims_1", with); layer.Status != finding.Failed || layer.HTTP != http.StatusNotFound {
		t.Errorf("layer = %+v", layer)
	}
}

// TestDataCenterIsAName holds that whoever may not configure the server can't say where a connection test goes.
func TestDataCenterIsAName(t *testing.T) {
	called := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer elsewhere.Close()
	h := newReports(t)
	low := h.admin
	low.Scopes = access.Scopes{access.ConnectionsRead, access.ConnectionsWrite}
	for _, center := range []string{elsewhere.URL, elsewhere.URL + "/admin/1.4/rest/", "http://169.254.169.254/latest/meta-data/", strings.TrimPrefix(elsewhere.URL, "http://"), "file:///etc/passwd"} {
		_, err := h.Create(t.Context(), low, cloudservice.Create{Kind: cloudservice.Analytics, Name: "ssrf", Values: cloudservice.Values{
			Authentication: is(cloudservice.Credentials), Secret: is(secret.New("x")),
			Analytics: &cloudservice.AnalyticsValues{Company: is("Acme"), Username: is("ada"), Password: is(secret.New("p")), DataCenter: &center},
		}})
		problems, ok := errors.AsType[finding.Problems](err)
		if !ok || problems[0].Pointer != "/analytics/data_center" {
			t.Errorf("%s: error = %v", center, err)
		}
	}
	if called {
		t.Error("an address that a caller gave was called")
	}
}
