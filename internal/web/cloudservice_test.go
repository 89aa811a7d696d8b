package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/target"
)

// furnishServices puts a service of Analytics beside that of Target, and gives both what their parts show.
func (h *house) furnishServices() {
	h.Helper()
	ctx, configuration, title := context.Background(), "acme", markup
	ref := cloudservice.Ref{Name: "acme"}
	_, err := h.services.UploadLibrary(ctx, h.caller, ref, "at.js", "/* at.js */")
	check(h, err)
	_, err = h.services.Create(ctx, h.caller, cloudservice.Create{Kind: cloudservice.Analytics, Name: "acme-analytics", Values: cloudservice.Values{Title: &title, Configuration: &configuration}})
	check(h, err)
	_, err = h.services.CreateFramework(ctx, h.caller, ref, cloudservice.NewFramework{Name: "site", FrameworkValues: cloudservice.FrameworkValues{
		Title: &title, Pages: &[]string{"/content/site"}, Parameters: &[]cloudservice.Parameter{{Name: "profile/gender", Share: true}, {Name: "profile/age"}},
	}})
	check(h, err)
	_, err = h.services.CreateFramework(ctx, h.caller, cloudservice.Ref{Name: "acme-analytics"}, cloudservice.NewFramework{Name: "site", FrameworkValues: cloudservice.FrameworkValues{
		Title: &title, Mappings: &[]cloudservice.Mapping{{Component: "foundation/components/page", Variable: "pagedata.title", To: []string{"prop1"}}},
	}})
	check(h, err)
}

// synced keeps audiences as a walk does, and leaves it under way.
func (h *house) synced(n int) cloudservice.Sync {
	h.Helper()
	ctx, targets := context.Background(), h.kept.CloudTargets()
	of, err := h.services.Get(ctx, h.caller, cloudservice.Ref{Name: "acme"})
	check(h, err)
	check(h, targets.AskSync(ctx, of, h.hand.Now(), audit.Entry{At: h.hand.Now(), Organization: organization, Actor: "dev", Action: "cloud_service.sync", Subject: of.ID}))
	held, err := targets.ClaimSync(ctx, h.hand.Now(), h.hand.Now().Add(time.Hour))
	check(h, err)
	page := cloudservice.AudiencePage{Next: held.Walk}
	page.Next.Total, page.Next.StartedAt = 2*n, h.hand.Now()
	for i := range n {
		page.Audiences = append(page.Audiences, target.Audience{
			ID: int64(i + 1), Name: "Audience " + string(rune('A'+i%26)) + markup, Type: "reusable", Status: "saved", Origin: "target", TargetRule: []byte(`{"note":"` + strings.Repeat("x", 200) + `"}`),
		})
		page.Next.Offset, page.Next.LastID = i+1, int64(i+1)
	}
	held.Walk, err = targets.KeepPage(ctx, *held, page, h.hand.Now(), h.hand.Now().Add(time.Hour))
	check(h, err)
	return *held
}

// TestAudiences looks at the list and at the sync as it goes on: without script, and as the live view is told.
func TestAudiences(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.furnishServices()
	held := h.synced(120)
	client := h.browser()
	h.get(client, h.link(h.ada))
	page := h.get(client, h.url+"/cloud-services/acme/audiences")
	tells(t, page, http.StatusOK, "A sync is under way: 120 of 240 audiences read.", `value="50"`, "120 new, 0 changed, 0 gone", `data-src="/cloud-services/acme/audiences/progress"`)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "connect-src 'self'") {
		t.Errorf("the page may not listen to its own stream: %s", policy)
	}
	if n := strings.Count(page.text, "<tr><td>"); n != 50 || !strings.Contains(page.text, "after=50") || strings.Contains(page.text, "<script>alert") {
		t.Errorf("the first page has %d rows: %s", n, page.text)
	}
	tells(t, h.get(client, h.url+"/cloud-services/acme/audiences?after=100"), http.StatusOK, "First page")
	tells(t, h.get(client, h.url+"/cloud-services/acme/audiences?q=nobody"), http.StatusOK, "No audience that was synced fits that")
	tells(t, h.get(client, h.url+"/cloud-services/acme/audiences/7"), http.StatusOK, "&#34;note&#34;")
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/cloud-services/acme/audiences/progress", http.NoBody)
	check(t, err)
	response, err := client.Do(r)
	check(t, err)
	buffer := make([]byte, 4096)
	heard := ""
	for !strings.Contains(heard, "event: state") {
		n, err := response.Body.Read(buffer)
		check(t, err)
		heard += string(buffer[:n])
	}
	if !strings.Contains(heard, `"percent":50`) {
		t.Errorf("the stream says %q", heard)
	}
	cancel()
	_ = response.Body.Close()
	held.State, held.Walk.Failures = cloudservice.SyncFailed, 2
	held.Walk.Failed = &finding.Layer{Name: "token", Status: finding.Failed, Message: "there is no token: " + markup}
	check(t, h.kept.CloudTargets().EndSync(t.Context(), held))
	tells(t, h.get(client, h.url+"/cloud-services/acme/audiences"), http.StatusOK, "for the 2nd time in a row", "There is no token", "&lt;script&gt;")
	tells(t, h.get(client, h.url+"/cloud-services/acme/audiences/progress"), http.StatusOK, "event: done")
}

// TestFrameworkForms lays what is wrong at its line and at its row, and splices the rows of one page among the others.
func TestFrameworkForms(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.furnishServices()
	client := h.browser()
	h.get(client, h.link(h.ada))
	const at = "/cloud-services/acme-analytics/frameworks/site"
	send := func(path string, values url.Values) answer {
		values.Set("csrf", h.tokenOf(client))
		return post(h, client, path, values)
	}
	tells(t, send("/cloud-services/acme/new-framework", url.Values{"title": {"Two"}, "pages": {"/content/a\nno path"}}), http.StatusUnprocessableEntity, "Line 2: this is no path of a page")
	tells(t, send("/cloud-services/acme/new-framework", url.Values{"title": {"Two"}, "parameters": {"profile/gender"}, "held": {"profile/list[0]"}}), http.StatusUnprocessableEntity, "Line 1: Target takes strings")
	first := h.get(client, h.url+at+"/mappings")
	row := url.Values{
		"version": fill(t, first, nil)["version"], "mappings/0/component": {""}, "mappings/1/component": {"foundation/components/page"}, "mappings/1/variable": {"a"}, "mappings/1/to": {"prop1"},
		"mappings/3/component": {"foundation/components/page"}, "mappings/3/variable": {"b"}, "mappings/3/to": {"porp2"},
	}
	wrong := send(at+"/mappings", row)
	tells(t, wrong, http.StatusUnprocessableEntity, "Did you mean prop2")
	if !strings.Contains(wrong.text, `id="f-mappings-3-to-problem"`) {
		t.Errorf("the problem is not at its row: %s", wrong.text)
	}
	row.Set("mappings/3/to", "prop2, eVar3")
	tells(t, send(at+"/mappings", row), http.StatusOK, "The mappings of site were saved.", "prop2, eVar3")
	tells(t, send(at+"/mappings", row), http.StatusUnprocessableEntity, "Somebody else changed it meanwhile")
	var many []cloudservice.Mapping
	for i := range 60 {
		many = append(many, cloudservice.Mapping{Component: "c/" + string(rune('a'+i%26)), Variable: "v", To: []string{"event" + "1"}})
	}
	ref := cloudservice.Ref{Name: "acme-analytics"}
	saved, err := h.services.EditFramework(t.Context(), h.caller, ref, "site", cloudservice.FrameworkValues{Mappings: &many})
	check(t, err)
	second := h.get(client, h.url+at+"/mappings?after=25")
	values := fill(t, second, nil)
	values.Set("mappings/25/component", "")
	values.Set("mappings/25/variable", "")
	values.Set("mappings/25/to", "")
	tells(t, post(h, client, at+"/mappings?after=25", values), http.StatusOK, "were saved")
	after, err := h.services.Framework(t.Context(), h.caller, ref, "site")
	check(t, err)
	if n := len(after.Settings.Mappings); n != 59 || after.Settings.Mappings[24].Component != many[24].Component || after.Settings.Mappings[25].Component != many[26].Component {
		t.Errorf("of 60 mappings %d are left after one was emptied; version %d", n, saved.Framework.Version)
	}
}

// tells holds an answer against its status and all of what it has to say.
func tells(t *testing.T, got answer, status int, texts ...string) {
	t.Helper()
	for _, text := range texts {
		expect(t, got, status, text)
	}
}
