package adobesim_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/internal/adobesim"
	"latchkey/internal/adobesim/adobesimtest"
)

// TestFaults turns each switch of the products and of the gateway, and asks what it changes.
func TestFaults(t *testing.T) {
	const audiences, report = targetURL + "audiences", analyticsURL + "reports"
	offer := ask{method: "POST", url: targetURL + "offers/content", body: `{"name":"x","content":"x"}`}
	body := `{"rsid":"sampleco0.prod",` + month + `,"metricContainer":{"metrics":[{"columnId":"0","id":"metrics/visits"},{"columnId":"1","id":"metrics/orders"}]}}`
	plain := map[string]string{"X-Proxy-Global-Company-Id": ""}
	covered := map[string]bool{}
	for _, c := range []struct {
		fault  string
		ask    ask
		status int
		says   string
	}{
		{"html", ask{url: audiences}, 200, "<!doctype html>"},
		{"status=503", ask{url: audiences}, 503, ""},
		{"slow=1ms", ask{url: audiences}, 200, "New Visitors"},
		{"no_token", ask{url: audiences}, 401, `{"error_code":"401010",`},
		{"bad_token", ask{url: audiences}, 401, `{"error_code":"401013","message":"Oauth token is not valid"}`},
		{"no_key", ask{url: audiences}, 403, `{"error_code":"403000",`},
		{"bad_key", ask{url: audiences}, 403, `{"error_code":"403003","message":"Api Key is invalid"}`},
		{"bad_profile", ask{url: audiences}, 403, `{"error_code":"403025","message":"Profile is not valid"}`},
		{"bad_profile=403023", ask{url: audiences}, 403, `"403023"`},
		{"rate_limit=7", ask{url: audiences}, 429, `"429050"`},
		{"not_subscribed", ask{url: audiences}, 403, `"403003"`},
		{"revoked_profile", ask{url: discoveryURL}, 403, `"403025"`},
		{"observer", ask{url: audiences}, 200, ""},
		{"observer", offer, 403, "it takes Editor or Approver"},
		{"wrong_tenant", ask{url: audiences}, 403, "no access to the tenant"},
		{"no_permissions", ask{url: discoveryURL}, 200, "sampleco0"},
		{"no_permissions", ask{method: "POST", url: report, body: body}, 403, "permissions"},
		{"no_permissions", ask{url: analyticsURL + "metrics?rsid=sampleco0.prod"}, 403, "permissions"},
		{"no_permissions", ask{url: analyticsURL + "collections/suites"}, 200, `"totalElements":0`},
		{"unknown_company", ask{url: discoveryURL}, 200, `"companies":[]`},
		{"unknown_company", ask{url: analyticsURL + "users/me"}, 404, "Could not find analytics user"},
		{"wants_company", ask{url: analyticsURL + "users/me", header: plain}, 400, "Cannot find proper global company ID"},
		{"no_user", ask{url: analyticsURL + "users/me"}, 404, "Could not find analytics user for globalCompanyId=sampleco0"},
		{"partial", ask{method: "POST", url: report, body: body}, 206, `"errorCode":"unauthorized_metric"`},
		{"server_error", ask{url: discoveryURL}, 500, `"errorDescription"`},
	} {
		name, _, _ := strings.Cut(c.fault, "=")
		covered[name] = true
		t.Run(c.fault, func(t *testing.T) {
			h := start(t)
			check(t, h.SetFault(adobesim.Rule{Fault: c.fault}))
			do(t, h, c.ask).want(t, c.status, c.says)
			if n := h.ClearFaults(adobesim.Rule{}); n != 1 {
				t.Errorf("%d rules were cleared", n)
			}
			if g := do(t, h, c.ask); g.status > 299 || g.status == 206 {
				t.Errorf("without the fault: %d %s", g.status, g.body)
			}
		})
	}
	// What is tried elsewhere: drop and clock_skew below and in TestLegacyFaultsAndTokens, the authority's in test/e2e.
	elsewhere := []string{"drop", "clock_skew", "expired_certificate", "wrong_key", "wrong_secret", "no_scopes", "disabled", "expires_in", "no_web_services", "unknown_user", "not_ready"}
	for _, name := range elsewhere {
		covered[name] = true
	}
	for _, f := range adobesim.Faults() {
		if !covered[f.Name] {
			t.Errorf("the fault %s is not tried", f.Name)
		}
	}
}

func TestRules(t *testing.T) {
	h := start(t)
	audiences := ask{url: targetURL + "audiences"}
	check(t, h.SetFault(adobesim.Rule{Host: adobesim.TargetHost, Path: "/sampletenant/target/audiences", ClientID: adobesimtest.ClientID, Fault: "rate_limit=1", Times: 2}))
	do(t, h, ask{url: discoveryURL}).want(t, 200, "")
	do(t, h, ask{url: targetURL + "offers"}).want(t, 200, "")
	if g := do(t, h, audiences).want(t, 429, ""); g.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", g.header.Get("Retry-After"))
	}
	do(t, h, audiences).want(t, 429, "")
	do(t, h, audiences).want(t, 200, "")
	do(t, h, ask{url: audiences.url, header: map[string]string{"X-Sim-Fault": "bad_profile"}}).want(t, 403, "403025")
	do(t, h, ask{url: audiences.url, header: map[string]string{"X-Sim-Fault": "no_such"}}).want(t, 400, "the faults are")
	if g := do(t, h, ask{url: audiences.url, header: map[string]string{"X-Sim-Fault": "clock_skew=-10m"}}); !skewed(g.header.Get("Date"), -10*time.Minute) {
		t.Errorf("the Date of a clock that is behind is %s", g.header.Get("Date"))
	}
	check(t, h.SetFault(adobesim.Rule{Fault: "drop", Times: 1}))
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, audiences.url, nil)
	if response, err := h.Client.Do(t.Context(), request); err == nil {
		t.Errorf("a dropped connection answers %d", response.Status)
	}
	for _, wrong := range []adobesim.Rule{
		{}, {Fault: "no_such"}, {Fault: "observer=1"}, {Fault: "observer", Times: 1}, {Fault: "slow=1h"}, {Fault: "status=200"}, {Fault: "rate_limit=x"},
		{Fault: "expires_in=h"}, {Fault: "bad_profile=1"}, {Fault: "drop", Host: "example.com"}, {Fault: "drop", Times: -1},
	} {
		if err := h.SetFault(wrong); err == nil {
			t.Errorf("the rule %+v is taken", wrong)
		}
	}
	requests := h.Requests()
	if last := requests[len(requests)-1]; !last.Dropped || last.Faults[0] != "drop" {
		t.Errorf("the last request is noted as %+v", last)
	}
	if h.Reset(); len(h.Requests()) != 0 || len(h.Rules()) != 0 {
		t.Error("a reset leaves requests or rules")
	}
}

func skewed(date string, by time.Duration) bool {
	at, err := http.ParseTime(date)
	return err == nil && time.Since(at.Add(-by)).Abs() < time.Minute
}

// TestGateway sends what the gateway itself refuses.
func TestGateway(t *testing.T) {
	h := start(t)
	alone := adobesimtest.Account()
	alone.Services = alone.Services[:1]
	h.Let("target-only", alone)
	for name, c := range map[string]struct {
		url    string
		header map[string]string
		status int
		code   string
	}{
		"no token":       {targetURL + "audiences", map[string]string{"Authorization": ""}, 401, "401010"},
		"no bearer":      {targetURL + "audiences", map[string]string{"Authorization": "Basic x"}, 401, "401010"},
		"a foreign one":  {targetURL + "audiences", map[string]string{"Authorization": "Bearer x"}, 401, "401013"},
		"no key":         {targetURL + "audiences", map[string]string{"X-Api-Key": ""}, 403, "403000"},
		"another's key":  {targetURL + "audiences", map[string]string{"X-Api-Key": "x"}, 403, "403003"},
		"not subscribed": {discoveryURL, map[string]string{"Authorization": "Bearer target-only"}, 403, "403003"},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, h, ask{url: c.url, header: c.header}).want(t, c.status, `"error_code":"`+c.code+`"`)
		})
	}
}

// TestReference holds that the page tells of every host and every fault.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/simulator.md")
	check(t, err)
	for _, f := range adobesim.Faults() {
		line := "| `" + f.Name
		if f.Value != "" {
			line += "=" + strings.ReplaceAll(f.Value, "|", `\|`)
		}
		if line += "` | " + f.Where + " | " + f.Does + " |"; !strings.Contains(string(text), line) {
			t.Errorf("the page lacks the line\n%s", line)
		}
	}
	for _, host := range adobesim.Hosts() {
		if !strings.Contains(string(text), "`"+host+"`") {
			t.Errorf("the page lacks the host %s", host)
		}
	}
}
