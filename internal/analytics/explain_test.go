package analytics_test

import (
	"errors"
	"strings"
	"testing"

	"latchkey/internal/analytics"
)

// TestExplain holds that each refusal of spec/aem-target-analytics.md §3.3 is told what it means, and what to change.
func TestExplain(t *testing.T) {
	gateway, service := analytics.Gateway, analytics.Service
	for _, c := range []struct {
		refused      analytics.Error
		means, first string
	}{
		{analytics.Error{Layer: gateway, Status: 403, Code: "403025", Message: "Profile is not valid"}, "no product profile of Adobe Analytics", "attach a product profile"},
		{analytics.Error{Layer: gateway, Status: 403, Code: "403003", Message: "Api Key is invalid"}, "not subscribed to that API", "add the API"},
		{analytics.Error{Layer: gateway, Status: 401, Code: "401013", Message: "Oauth token is not valid"}, "does not take the token", "ask for a new one"},
		{analytics.Error{Layer: gateway, Status: 429, Code: "429050", Message: "Too many requests"}, "12 requests in 6 s", "another program"},
		{analytics.Error{Layer: gateway, Status: 504}, "60 s", "ask for less"},
		{analytics.Error{Layer: service, Status: 404, Message: "Could not find analytics user for globalCompanyId=x and imsUserId=y"}, "no user of that company", "choose a company"},
		{analytics.Error{Layer: service, Status: 400, Message: "Cannot find proper global company ID"}, "which company", "choose a company"},
		{analytics.Error{Layer: service, Status: 500, Code: "internal", Message: "x", ID: "1"}, "failed on its own side", "wait some minutes"},
		{analytics.Error{Layer: service, Status: 403, Code: "forbidden", Message: "x"}, "lacks a permission", "Report Suites, Metrics and Dimensions"},
		{analytics.Error{Layer: service, Status: 404, Message: "no"}, "no such thing", "fetch the lists"},
		{analytics.Error{Layer: service, Status: 418, Message: "tea"}, "not known here", "read them"},
		{analytics.Error{Layer: analytics.Foreign, Status: 403, Message: "Forbidden"}, "neither like Analytics nor like the gateway", "proxy"},
		{analytics.Error{Layer: analytics.Network, Err: errors.New("refused")}, "no answer came: refused", "analytics.adobe.io"},
	} {
		found := analytics.Explain(&c.refused)
		if !strings.Contains(found.Means, c.means) || len(found.Advice) == 0 || !strings.Contains(found.Advice[0].Do, c.first) {
			t.Errorf("%v means %q, do %v; want %q, %q", &c.refused, found.Means, found.Advice, c.means, c.first)
		}
	}
}
