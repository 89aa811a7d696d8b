package cloudservice_test

import (
	"errors"
	"net/url"
	"testing"

	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// TestProvisionedFrameworks holds that the form's paths get the frameworks that AEM would make.
func TestProvisionedFrameworks(t *testing.T) {
	h := newReports(t)
	ctx := t.Context()
	form := url.Values{
		"automaticProvisioning": {"true"}, "servicename": {"analytics", "target"}, "path": {"/content/geometrixx", "/content/shop/"},
		"analytics.company": {"Acme"}, "analytics.username": {"ada"}, "analytics.secret": {"s"}, "analytics.reportsuite": {"s1,s2"}, "analytics.server": {"https://api3.omniture.com/admin/1.4/rest/"},
		"target.clientcode": {"acme"}, "target.email": {"a@acme.example"}, "target.password": {"p"},
	}
	for range 2 {
		out, err := h.Provision(ctx, h.admin, "", form)
		if err != nil || len(out.Services) != 2 || out.Services[0].Service.Analytics.DataCenter != "london" {
			t.Fatalf("provisioned %+v, %v", out, err)
		}
	}
	for service, want := range map[string]string{
		"provisioned-target-configuration": "Provisioned Target Framework", "provisioned-analytics-configuration": "Provisioned Analytics Framework",
	} {
		f, err := h.FrameworkOf(ctx, h.admin, named(service), "/content/shop/en")
		if err != nil || f.Title != want || f.Published != nil {
			t.Errorf("%s has %+v, %v", service, f, err)
		}
		if suites := f.Settings.ReportSuites; f.Kind == cloudservice.Analytics && (len(suites) != 2 || suites[1].ID != "s2") {
			t.Errorf("report suites = %v", suites)
		}
	}
	h.make(cloudservice.AnalyticsValues{})
	_, err := h.CreateFramework(ctx, h.admin, named("acme-analytics"), cloudservice.NewFramework{Name: "own", FrameworkValues: cloudservice.FrameworkValues{Pages: &[]string{"/content/own"}}})
	noError(t, err)
	form["path"] = []string{"/content/own"}
	if _, err := h.Provision(ctx, h.admin, "", form); !errors.As(err, new(finding.Problems)) {
		t.Errorf("a page of another framework: %v", err)
	}
}
