package cloudservice_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

func TestTargetDefaults(t *testing.T) {
	h := newTargetHouse(t)
	saved, err := h.services.Create(t.Context(), h.admin, cloudservice.Create{Kind: cloudservice.Target, Values: cloudservice.Values{Title: new("Acme Target")}})
	must(t, err)
	want := cloudservice.TargetSettings{APIType: cloudservice.REST, AccurateTargeting: true, SyncAudiences: true, Library: cloudservice.AtJS}
	if diff := cmp.Diff(&want, saved.Service.Target); diff != "" {
		t.Error(diff)
	}
	if got := saved.Service.Missing(); saved.Service.Name != "acme-target" || !cmp.Equal(got, []string{"ims_configuration", "target.tenant_id"}) {
		t.Errorf("%s lacks %v", saved.Service.Name, got)
	}
	// The client code goes into the tenant id, and stays there when it changes (§2.1).
	for _, code := range []string{"acme", "acmecode"} {
		saved, err = h.services.Edit(t.Context(), h.admin, acmeRef(), with(func(v *cloudservice.TargetValues) { v.ClientCode = &code }))
		must(t, err)
		if got := saved.Service.Target; got.ClientCode != code || got.TenantID != "acme" {
			t.Errorf("client code %q, tenant id %q", got.ClientCode, got.TenantID)
		}
	}
}

func TestTargetValues(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	analytics := func(name string, a4t bool) {
		_, err := h.services.Create(t.Context(), h.admin, cloudservice.Create{Kind: cloudservice.Analytics, Name: name, Values: cloudservice.Values{Analytics: &cloudservice.AnalyticsValues{A4T: &a4t}}})
		must(t, err)
	}
	analytics("reports", true)
	analytics("not-for-a4t", false)
	type V = cloudservice.TargetValues
	for name, k := range map[string]struct {
		change   func(*V)
		severity finding.Severity // "" is nothing to say
		pointer  string
		says     string
	}{
		"pasted address":     {func(v *V) { v.TenantID = new("https://experience.adobe.com/#/@acme/target/activities") }, finding.Noted, "/target/tenant_id", `"acme" was taken`},
		"pasted name":        {func(v *V) { v.TenantID = new("@acme") }, finding.Noted, "/target/tenant_id", `"acme" was taken`},
		"a host":             {func(v *V) { v.TenantID = new("acme.tt.omtrdc.net") }, finding.Wrong, "/target/tenant_id", "begins with the client code"},
		"a path":             {func(v *V) { v.TenantID = new("acme/../x") }, finding.Wrong, "/target/tenant_id", "no tenant id"},
		"a client host":      {func(v *V) { v.ClientCode = new("https://acmecode.tt.omtrdc.net") }, "", "", ""},
		"an odd client code": {func(v *V) { v.ClientCode = new("acme code") }, finding.Wrong, "/target/client_code", "no client code"},
		"XML with IMS":       {func(v *V) { v.APIType = new(cloudservice.XML) }, finding.Wrong, "/target/api_type", "REST API alone"},
		"another API":        {func(v *V) { v.APIType = new(cloudservice.APIType("soap")) }, finding.Wrong, "/target/api_type", "no such API"},
		"REST without sync":  {func(v *V) { v.SyncAudiences = new(false) }, finding.Wrong, "/target/sync_audiences", "must be synced"},
		"e-mail with IMS":    {func(v *V) { v.Email = new("a@acme.example") }, finding.Noted, "/target/email", "not kept"},
		"another library":    {func(v *V) { v.Library = new(cloudservice.Library("jquery")) }, finding.Wrong, "/target/library", "no such client library"},
		"mbox.js":            {func(v *V) { v.Library = new(cloudservice.MboxJS) }, finding.Doubtful, "/target/library", "2021-03-31"},
		"DTM": {func(v *V) {
			v.Library = new(cloudservice.DTM)
			v.LibraryURL = new("https://assets.adobedtm.example/x.js")
		}, finding.Doubtful, "/target/library", "2021-04-20"},
		"Launch without a place": {func(v *V) { v.Library = new(cloudservice.Launch); v.LibraryURL = new("") }, finding.Doubtful, "/target/library_url", "none is given"},
		"Launch": {func(v *V) {
			v.Library = new(cloudservice.Launch)
			v.LibraryURL = new("https://assets.adobedtm.com/launch-x.min.js")
		}, "", "", ""},
		"a script's place":    {func(v *V) { v.LibraryURL = new("javascript:alert(1)") }, finding.Wrong, "/target/library_url", "can't load"},
		"a place with quotes": {func(v *V) { v.LibraryURL = new(`/x"><script>`) }, finding.Wrong, "/target/library_url", "can't load"},
		"no A4T":              {func(v *V) { v.A4T = new("none") }, finding.Wrong, "/target/a4t_configuration", "no cloud service"},
		"A4T with itself":     {func(v *V) { v.A4T = new("acme-target") }, finding.Wrong, "/target/a4t_configuration", "one of Target"},
		"A4T not enabled":     {func(v *V) { v.A4T = new("not-for-a4t") }, finding.Wrong, "/target/a4t_configuration", "not enabled for A4T"},
		"A4T":                 {func(v *V) { v.A4T = new("reports") }, "", "", ""},
		"no A4T any more":     {func(v *V) { v.A4T = new("") }, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			saved, err := h.services.Edit(t.Context(), h.admin, acmeRef(), with(k.change))
			problems, refused := errors.AsType[finding.Problems](err)
			if !refused {
				must(t, err)
				problems = saved.Problems
			}
			if k.severity == "" {
				if len(problems) > 0 {
					t.Errorf("got %v", problems)
				}
				return
			}
			for _, p := range problems {
				if p.Pointer == k.pointer && p.Severity == k.severity && strings.Contains(p.Message, k.says) && p.Fix != "" {
					return
				}
			}
			t.Errorf("got %+v, %v", problems, err)
		})
	}
}

func TestTargetConnect(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	report, err := h.services.Connect(t.Context(), h.admin, acmeRef())
	must(t, err)
	if !report.Connected || report.Message() != cloudservice.ConnectionSuccessful {
		t.Errorf("got %+v", report.Layers)
	}
	if got := h.asked(); !cmp.Equal(got, []string{"GET /acme/target/audiences?limit=1&offset=0"}) {
		t.Errorf("asked %v", got)
	}
	want := &cloudservice.TargetState{Premium: true, Workspaces: []cloudservice.Workspace{{ID: "1", Name: "Default Workspace", Default: true}, {ID: "2", Name: "Sweden"}}}
	if diff := cmp.Diff(want, report.Service.State.Target); diff != "" {
		t.Error(diff)
	}
	// A workspace is taken by its name from now on.
	saved, err := h.services.Edit(t.Context(), h.admin, acmeRef(), with(func(v *cloudservice.TargetValues) { v.Workspace = new("sweden") }))
	must(t, err)
	if saved.Service.Target.Workspace != "2" || len(saved.Problems) > 0 || saved.Service.State == nil {
		t.Errorf("got %+v, %v", saved.Service.Target, saved.Problems)
	}
	saved, err = h.services.Edit(t.Context(), h.admin, acmeRef(), with(func(v *cloudservice.TargetValues) { v.Workspace = new("Norway") }))
	must(t, err)
	if len(saved.Problems) != 1 || !strings.Contains(saved.Problems[0].Message, "Default Workspace (1), Sweden (2)") {
		t.Errorf("got %v", saved.Problems)
	}
}

// Health is green and the product refuses: each refusal says what to change (§5).
func TestTargetRefusals(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	for name, k := range map[string]struct {
		status int
		body   string
		says   []string
	}{
		"no profile": {403, `{"error_code":"403025","message":"Profile is not valid"}`, []string{"no product profile of Adobe Target", "Edit product profiles", "latchkey ims check acme-ims"}},
		"key":        {403, `{"error_code":"403003","message":"Api Key is invalid"}`, []string{"not subscribed", "Add API"}},
		"tenant":     {403, `{"httpStatus":403,"requestId":"r","errors":[{"errorCode":"Forbidden","message":"no"}]}`, []string{"tenant is another organization's", "latchkey cloud-service edit acme-target --tenant-id"}},
		"path":       {500, `{"code":500,"message":"Oops. Something went wrong. Check your URI and try again."}`, []string{"tenant id is wrong"}},
		"version":    {406, `{"httpStatus":406,"requestId":"r","errors":[{"errorCode":"Unsupported.Feature","message":"Unsupported features detected"}]}`, []string{"406"}},
	} {
		t.Run(name, func(t *testing.T) {
			h.says(k.status, k.body)
			report, err := h.services.Connect(t.Context(), h.admin, acmeRef())
			must(t, err)
			failed := finding.First(report.Layers)
			if report.Connected || failed == nil || failed.Name != cloudservice.LayerProduct || failed.HTTP != k.status {
				t.Fatalf("got %+v", report.Layers)
			}
			for _, text := range k.says {
				if !strings.Contains(words(failed), text) {
					t.Errorf("%q is not in\n%s", text, words(failed))
				}
			}
		})
	}
}

// Another tenant is connected to before it is saved, as in AEM.
func TestAnotherTenant(t *testing.T) {
	h := newTargetHouse(t)
	before := h.connected()
	other := with(func(v *cloudservice.TargetValues) { v.TenantID = new("other") })
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/other/") {
			http.Error(w, `{"error_code":"403025","message":"Profile is not valid"}`, http.StatusForbidden)
		}
	})
	_, err := h.services.Edit(t.Context(), h.admin, acmeRef(), other)
	problems, ok := errors.AsType[finding.Problems](err)
	if !ok || problems[0].Pointer != "/target/tenant_id" || !strings.Contains(problems[0].Message, "nothing was saved") || !strings.Contains(problems[0].Fix, "product profile") {
		t.Fatalf("got %v", err)
	}
	now, err := h.services.Get(t.Context(), h.admin, acmeRef())
	must(t, err)
	if now.Version != before.Version || now.Status() != cloudservice.Connected {
		t.Errorf("got version %d, %s", now.Version, now.Status())
	}
	h.says(200, `{"total":0,"audiences":[]}`)
	saved, err := h.services.Edit(t.Context(), h.admin, acmeRef(), other)
	must(t, err)
	if saved.Service.Target.TenantID != "other" || saved.Service.Status() != cloudservice.Connected {
		t.Errorf("got %+v", saved.Service)
	}
}

func TestTargetClassic(t *testing.T) {
	h := newTargetHouse(t)
	values := with(func(v *cloudservice.TargetValues) {
		v.ClientCode, v.Email, v.APIType, v.SyncAudiences = new("acme"), new("a@acme.example"), new(cloudservice.XML), new(false)
	})
	values.Title, values.Authentication = new("Acme Target"), new(cloudservice.Credentials)
	password := secret.New("canary")
	values.Secret = &password
	saved, err := h.services.Create(t.Context(), h.admin, cloudservice.Create{Kind: cloudservice.Target, Values: values})
	must(t, err)
	if len(saved.Service.Missing()) > 0 || !strings.Contains(strings.Join(saved.Service.Notes(), ""), "2017-11-14") {
		t.Errorf("lacks %v, notes %v", saved.Service.Missing(), saved.Service.Notes())
	}
	h.says(200, `<campaigns/>`)
	report, err := h.services.Connect(t.Context(), h.admin, acmeRef())
	must(t, err)
	if !report.Connected || len(h.asked()) != 1 {
		t.Errorf("got %+v", report.Layers)
	}
	h.says(200, `<error><message>Login failed</message></error>`)
	report, err = h.services.Connect(t.Context(), h.admin, acmeRef())
	must(t, err)
	if failed := finding.First(report.Layers); failed == nil || !strings.Contains(words(failed), "do not belong together") || !strings.Contains(words(failed), "2017-11-14") {
		t.Errorf("got %+v", report.Layers)
	}
}

// What others report to can't be removed; when its kind changes under them they say so.
func TestA4TReference(t *testing.T) {
	h := newTargetHouse(t)
	h.acme()
	on := true
	_, err := h.services.Create(t.Context(), h.admin, cloudservice.Create{Kind: cloudservice.Analytics, Name: "reports", Values: cloudservice.Values{Analytics: &cloudservice.AnalyticsValues{A4T: &on}}})
	must(t, err)
	_, err = h.services.Edit(t.Context(), h.admin, acmeRef(), with(func(v *cloudservice.TargetValues) { v.A4T = new("reports") }))
	must(t, err)
	if err := h.services.Delete(t.Context(), h.admin, cloudservice.Ref{Name: "reports"}); !errors.Is(err, cloudservice.ErrInUse) {
		t.Errorf("deleting gives %v", err)
	}
	on = false
	_, err = h.services.Edit(t.Context(), h.admin, cloudservice.Ref{Name: "reports"}, cloudservice.Values{Analytics: &cloudservice.AnalyticsValues{A4T: &on}})
	must(t, err)
	report, err := h.services.Connect(t.Context(), h.admin, acmeRef())
	must(t, err)
	product := report.Layers[len(report.Layers)-1]
	if !report.Connected || len(product.Warnings) != 1 || !strings.Contains(product.Warnings[0], "not enabled for A4T") {
		t.Errorf("got %+v", report.Layers)
	}
}
