package adobesim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/adobesim/adobesimtest"
	"latchkey/internal/project"
)

func TestTargetReads(t *testing.T) {
	h := start(t)
	for path, plural := range map[string]string{
		"audiences": "audiences", "offers": "offers", "activities": "activities", "mboxes": "mboxes", "properties": "properties", "environments": "environments",
		"profileattributes/mbox": "mboxProfileAttributes", "hosts": "hosts", "revisions": "revisions", "responsetokens": "responseTokens", "atjs/versions": "versions",
	} {
		list := do(t, h, ask{url: targetURL + path}).want(t, http.StatusOK, "").object(t)
		items, ok := list[plural].([]any)
		if !ok || list["total"] != float64(len(items)) || list["offset"] != 0.0 || list["limit"] != 2147483647.0 {
			t.Errorf("%s: %v", path, list)
		}
	}
	do(t, h, ask{url: targetURL + "audiences/1000000"}).want(t, http.StatusOK, `"name":"New Visitors"`)
	do(t, h, ask{url: targetURL + "offers/content/2000000"}).want(t, http.StatusOK, `"content":"\u003cp\u003eOffer 1`)
	do(t, h, ask{url: targetURL + "offers/json/2000000"}).want(t, http.StatusNotFound, `"httpStatus":404`)
	do(t, h, ask{url: targetURL + "activities/ab/3000000"}).want(t, http.StatusOK, `"type":"ab"`)
	do(t, h, ask{url: targetURL + "mbox/target-global-mbox"}).want(t, http.StatusOK, `"mboxParameters"`)
	do(t, h, ask{url: targetURL + "atjs/settings"}).want(t, http.StatusOK, `"clientCode":"sampleclient"`)
	do(t, h, ask{url: targetURL + "nothing"}).want(t, http.StatusNotFound, "Not.Found")
	do(t, h, ask{method: "POST", url: targetURL + "mboxes", body: "{}"}).want(t, http.StatusMethodNotAllowed, "")
	do(t, h, ask{url: "https://mc.adobe.io/sampletenant/audiences"}).want(t, http.StatusInternalServerError, "Check your URI")
}

func TestTargetPages(t *testing.T) {
	h := start(t)
	if err := h.SetAudiences("sampletenant", 100_000); err != nil {
		t.Fatal(err)
	}
	page := func(query string) (ids []int, total int) {
		list := do(t, h, ask{url: targetURL + "audiences?" + query}).want(t, http.StatusOK, "").object(t)
		for _, item := range list["audiences"].([]any) {
			ids = append(ids, int(item.(map[string]any)["id"].(float64)))
		}
		return ids, int(list["total"].(float64))
	}
	if ids, total := page("limit=3&offset=99998"); total != 100_000 || fmt.Sprint(ids) != "[1099998 1099999]" {
		t.Errorf("the last page is %v of %d", ids, total)
	}
	if err := h.ChangeAudiences("sampletenant", 5, 2); err != nil {
		t.Fatal(err)
	}
	if err := h.DeleteAudiences("sampletenant", 99_990, 10); err != nil {
		t.Fatal(err)
	}
	if ids, total := page("limit=3&sortBy=-modifiedAt"); total != 99_990 || fmt.Sprint(ids) != "[1000006 1000005 1099989]" {
		t.Errorf("the last changed are %v of %d", ids, total)
	}
	if ids, _ := page("limit=2&sortBy=name&offset=12"); fmt.Sprint(ids) != "[1000024 1000025]" {
		t.Errorf("by name come %v", ids)
	}
	do(t, h, ask{url: targetURL + "audiences/1099995"}).want(t, http.StatusNotFound, "")
	do(t, h, ask{url: targetURL + "audiences?sortBy=size"}).want(t, http.StatusBadRequest, "sortBy is one of")
	do(t, h, ask{url: targetURL + "audiences?limit=-1"}).want(t, http.StatusBadRequest, "Invalid.limit")
}

func TestTargetVersions(t *testing.T) {
	h := start(t)
	audience := `{"name":"x","targetRule":{"and":[]}}`
	for name, c := range map[string]struct {
		ask    ask
		status int
		kind   string
	}{
		"none is the first":     {ask{url: targetURL + "audiences"}, 200, media("v1")},
		"accept":                {ask{url: targetURL + "audiences", header: map[string]string{"Accept": media("v3")}}, 200, media("v3")},
		"accept, not there":     {ask{url: targetURL + "audiences", header: map[string]string{"Accept": media("v4")}}, 406, ""},
		"accept of offers":      {ask{url: targetURL + "offers", header: map[string]string{"Accept": media("v3")}}, 406, ""},
		"accept of mboxes":      {ask{url: targetURL + "mboxes", header: map[string]string{"Accept": media("v2")}}, 406, ""},
		"accept, foreign":       {ask{url: targetURL + "audiences", header: map[string]string{"Accept": "text/html"}}, 406, ""},
		"accept, any":           {ask{url: targetURL + "audiences", header: map[string]string{"Accept": "text/html, */*"}}, 200, media("v1")},
		"a read has no content": {ask{url: targetURL + "audiences", header: map[string]string{"Accept": media("v2"), "Content-Type": media("v9")}}, 200, media("v2")},
		"content":               {ask{method: "POST", url: targetURL + "audiences", body: audience, header: map[string]string{"Content-Type": media("v3"), "Accept": "text/html"}}, 201, media("v3")},
		"content, not there":    {ask{method: "POST", url: targetURL + "audiences", body: audience, header: map[string]string{"Content-Type": media("v4")}}, 406, ""},
		"content, foreign":      {ask{method: "POST", url: targetURL + "audiences", body: audience, header: map[string]string{"Content-Type": "application/xml"}}, 406, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := do(t, h, c.ask)
			if g.status != c.status || !strings.HasPrefix(g.header.Get("Content-Type"), c.kind) {
				t.Errorf("got %d %s, want %d %s", g.status, g.header.Get("Content-Type"), c.status, c.kind)
			}
			if g.status == http.StatusNotAcceptable {
				g.want(t, 406, `"errorCode":"Unsupported.Feature","message":"Unsupported features detected","meta":{}`)
			}
		})
	}
}

func TestTargetWrites(t *testing.T) {
	h := start(t)
	write := func(method, path, body string, status int, says string) map[string]any {
		t.Helper()
		return do(t, h, ask{method: method, url: targetURL + path, body: body, header: map[string]string{"Content-Type": media("v1")}}).want(t, status, says).object(t)
	}
	id := func(o map[string]any) string { return fmt.Sprint(int(o["id"].(float64))) }

	made := write("POST", "audiences", `{"name":"Gold","targetRule":{"profile":"memberLevel","equals":["gold"]}}`, 201, `"status":"saved"`)
	write("PUT", "audiences/"+id(made), `{"name":"Golden","targetRule":{}}`, 200, `"type":"reusable"`)
	write("PATCH", "audiences/"+id(made), `{"description":"x"}`, 200, `"name":"Golden"`)
	write("DELETE", "audiences/"+id(made), "", 200, `"name":"Golden"`)
	write("GET", "audiences/"+id(made), "", 404, "Not.Found")
	write("PUT", "audiences/1000001", `{"name":"Edited","targetRule":{}}`, 200, `"createdAt":"2026-01-05T08:00:01Z"`)
	write("POST", "audiences", `{"name":"x"}`, 400, "targetRule or an audienceRule")
	write("POST", "audiences", `{"name":"x","targetRule":{},"audienceRule":{}}`, 400, "not both")
	write("POST", "audiences", `{"targetRule":{}}`, 400, "name is missing")
	write("POST", "audiences", `[]`, 400, "Invalid.JSON")

	content := write("POST", "offers/content", `{"name":"Hero","content":"<b>hi</b>","workspace":"`+adobesimtest.Second+`"}`, 201, `"workspace":"100000002"`)
	write("PUT", "offers/content/"+id(content), `{"name":"Hero 2","content":"x"}`, 200, `"workspace":"100000002"`)
	write("GET", "offers/json/"+id(content), "", 404, "")
	write("POST", "offers/json", `{"name":"J","content":{"a":1}}`, 201, `{"a":1}`)
	write("POST", "offers/content", `{"name":"J","content":{"a":1}}`, 400, "content is a text")
	write("POST", "offers/recs", `{"name":"J","content":"x"}`, 404, "")
	write("POST", "offers/content", `{"name":"x","content":"x","workspace":"999"}`, 403, "in the workspace")
	write("DELETE", "offers/content/"+id(content), "", 200, "Hero 2")

	activity := write("POST", "activities/xt", `{"name":"A","state":"saved"}`, 201, `"type":"xt"`)
	write("PUT", "activities/"+id(activity)+"/state", `{"state":"approved"}`, 200, `"state":"approved"`)
	write("PUT", "activities/"+id(activity)+"/state", `{"state":"on"}`, 400, "state is one of")
	write("PUT", "activities/"+id(activity)+"/priority", `{"priority":1000}`, 400, "0 to 999")
	write("PUT", "activities/"+id(activity)+"/name", `{"name":"B"}`, 200, `"name":"B"`)
	write("GET", "activities/xt/"+id(activity), "", 200, `"state":"approved"`)
	write("GET", "activities/"+id(activity)+"/changelog", "", 200, "activityChangelogs")
	write("GET", "activities/xt/"+id(activity)+"/report/performance", "", 200, "statistics")
	write("GET", "activities/ab/"+id(activity), "", 404, "")
	write("DELETE", "activities/xt/"+id(activity), "", 200, "")

	property := write("POST", "properties", `{"name":"P","channel":"web"}`, 201, `"token":"`)
	write("PUT", "properties/"+id(property), `{"name":"P","channel":"radio"}`, 400, "channel is one of")
	write("DELETE", "properties/"+id(property), "", 200, "")
}

func TestTargetBatch(t *testing.T) {
	h := start(t)
	g := do(t, h, ask{method: "POST", url: targetURL + "batch", header: map[string]string{"Content-Type": "application/json"}, body: `{"operations":[
		{"operationId":1,"method":"POST","relativeUrl":"/v1/offers/content","headers":[{"name":"Content-Type","value":"` + media("v2") + `"}],"body":{"name":"B","content":"x"}},
		{"operationId":2,"dependsOnOperationIds":[1],"method":"GET","relativeUrl":"/v1/offers/content/{operationIdResponse:1}"},
		{"operationId":3,"method":"GET","relativeUrl":"/v1/offers/content/1"},
		{"operationId":4,"dependsOnOperationIds":[3],"method":"GET","relativeUrl":"/v1/offers"}]}`})
	results := g.want(t, http.StatusOK, "").object(t)["results"].([]any)
	var told []string
	for _, r := range results {
		r := r.(map[string]any)
		told = append(told, fmt.Sprint(r["operationId"], r["skipped"], r["statusCode"]))
	}
	if want := "[1 false 201 2 false 200 3 false 404 4 true <nil>]"; fmt.Sprint(told) != want {
		t.Errorf("the batch came to %v, want %s: %s", told, want, g.body)
	}
	do(t, h, ask{method: "POST", url: targetURL + "batch", body: `{"operations":[]}`}).want(t, http.StatusBadRequest, "1 to 256")
}

// TestTargetVisibility holds that nobody sees or writes what is in a workspace of which the credential has not the profile, and
// that Observer writes nowhere.
func TestTargetVisibility(t *testing.T) {
	h := start(t)
	made := do(t, h, ask{method: "POST", url: targetURL + "audiences", body: `{"name":"x","targetRule":{},"workspace":"` + adobesimtest.Second + `"}`}).want(t, 201, "").object(t)
	other, observer, stranger := adobesimtest.Account(), adobesimtest.Account(), adobesimtest.Account()
	other.Services[0].Profiles = other.Services[0].Profiles[:1]
	for i := range observer.Services[0].Profiles {
		observer.Services[0].Profiles[i].Role = project.Observer
	}
	stranger.Organization = "ANOTHER@AdobeOrg"
	h.Let("other", other)
	h.Let("observer", observer)
	h.Let("stranger", stranger)
	as := func(token string) map[string]string { return map[string]string{"Authorization": "Bearer " + token} }
	path := targetURL + "audiences/" + fmt.Sprint(int(made["id"].(float64)))

	do(t, h, ask{url: path, header: as("other")}).want(t, 404, "")
	do(t, h, ask{url: targetURL + "audiences?limit=0", header: as("other")}).want(t, 200, `"total":12`)
	do(t, h, ask{url: targetURL + "audiences?limit=0"}).want(t, 200, `"total":13`)
	do(t, h, ask{method: "DELETE", url: path, header: as("other")}).want(t, 404, "")
	do(t, h, ask{url: path, header: as("observer")}).want(t, 200, "")
	do(t, h, ask{method: "DELETE", url: path, header: as("observer")}).want(t, 403, "it takes Editor or Approver")
	do(t, h, ask{url: path, header: as("stranger")}).want(t, 403, "no access to the tenant")
	do(t, h, ask{url: strings.Replace(path, "sampletenant", "sampleclient", 1)}).want(t, 403, "no access to the tenant")
}
