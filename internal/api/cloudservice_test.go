package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/access"
)

// has fails for each text that an answer lacks.
func (a answer) has(t *testing.T, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(a.text, want) {
			t.Errorf("the answer has no %s: %s", want, a.text)
		}
	}
}

func TestCloudServices(t *testing.T) {
	h := newHouse(t)
	const base = "/api/v1/cloud-services"
	h.must(http.StatusCreated, "POST", "/api/v1/ims-configurations", `{"name":"acme","solution":"analytics"}`)
	made := h.must(http.StatusCreated, "POST", base, `{"kind":"target","title":"Acme Target","ims_configuration":"acme","target":{"client_code":"acmecode"}}`)
	made.has(t, `"name":"acme-target"`, `"status":"ready"`, `"tenant_id":"acmecode"`, `"accurate_targeting":true`, `"sync_audiences":true`, `"library":"at.js"`,
		`"pointer":"/ims_configuration","message":"the IMS configuration acme is for analytics"`)
	h.must(http.StatusConflict, "POST", base, `{"kind":"target","name":"acme-target"}`)
	h.must(http.StatusBadRequest, "POST", base, `{"kind":"launch","name":"x"}`)
	h.must(http.StatusBadRequest, "POST", base, `{"kind":"target","name":"x","analytics":{"company":"acme"}}`).has(t, `"pointer":"/analytics"`)
	h.must(http.StatusBadRequest, "POST", base, `{"kind":"target","name":"x","ims_configuration":"gone"}`).has(t, `"pointer":"/ims_configuration"`, "latchkey ims create")
	h.must(http.StatusCreated, "POST", base, `{"kind":"analytics","name":"older","authentication":"credentials","secret":"hush-1"}`).
		has(t, `"status":"draft"`, `"missing":["analytics.company","analytics.username"]`, `"secret":"********"`)
	h.must(http.StatusConflict, "POST", base+"/older/connect", "")
	h.must(http.StatusConflict, "DELETE", "/api/v1/ims-configurations/acme", "").has(t, "A cloud service uses")

	found := h.must(http.StatusOK, "POST", base+"/acme-target/connect", "")
	found.has(t, `"connected":false`, `"layer":"token","status":"failed"`, "lacks", `"layer":"product","status":"skipped"`)

	h.must(http.StatusOK, "PATCH", base+"/acme-target", `{"target":{"tenant_id":"acme"}}`).has(t, `"tenant_id":"acme"`, `"client_code":"acmecode"`)
	all := h.must(http.StatusOK, "GET", base, "")
	all.has(t, "acme-target", "older")
	if strings.Contains(all.text, "hush") {
		t.Error("a secret is in the answer")
	}
	h.must(http.StatusNoContent, "DELETE", base+"/acme-target", "")
	h.must(http.StatusNotFound, "GET", base+"/acme-target", "")
	h.must(http.StatusNoContent, "DELETE", "/api/v1/ims-configurations/acme", "")
	if got := h.callWith(h.key(access.ConnectionsRead), "POST", base, `{"kind":"target","name":"x"}`); got.StatusCode != http.StatusForbidden {
		t.Errorf("a reader creates: %d", got.StatusCode)
	}
}

func TestProvisioning(t *testing.T) {
	h := newHouse(t)
	const base = "/libs/cq/cloudservicesprovisioning/content/autoprovisioning.json"
	h.must(http.StatusCreated, "POST", "/api/v1/ims-configurations", `{"name":"acme","solution":"target"}`)
	post := func(key string, pairs ...string) answer {
		t.Helper()
		values := url.Values{}
		for n := 0; n < len(pairs); n += 2 {
			values.Add(pairs[n], pairs[n+1])
		}
		return h.callWith(key, "POST", base, values.Encode(), "Content-Type: application/x-www-form-urlencoded")
	}
	admin := h.key(access.Admin)
	for name, c := range map[string]struct {
		pairs []string
		texts []string
	}{
		"no form":              {nil, []string{"this is no form"}},
		"an unknown key":       {[]string{"automaticProvisioning", "true", "servicename", "target", "target.client_code", "x"}, []string{"did you mean target.clientcode?"}},
		"an unknown service":   {[]string{"automaticProvisioning", "true", "servicename", "launch"}, []string{"there is no such service"}},
		"neither yes nor no":   {[]string{"automaticProvisioning", "yes", "servicename", "target"}, []string{`"pointer":"/automaticProvisioning"`}},
		"one wrong, none made": {[]string{"automaticProvisioning", "true", "servicename", "target", "servicename", "analytics", "target.clientcode", "acme", "analytics.imsconfiguration", "gone"}, []string{`"pointer":"/analytics.imsconfiguration"`}},
	} {
		got := post(admin, c.pairs...)
		if got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
		got.has(t, c.texts...)
	}
	tried := post(admin, "automaticProvisioning", "false", "servicename", "target", "target.clientcode", "acme", "path", "/content/geometrixx")
	tried.has(t, `"executed":false`)
	if all := h.must(http.StatusOK, "GET", "/api/v1/cloud-services", ""); strings.Contains(all.text, "provisioned") {
		t.Errorf("something was made: %s", all.text)
	}
	post(admin, "automaticProvisioning", "true", "servicename", "target", "servicename", "analytics", "target.clientcode", "acme", "target.email", "a@example.com",
		"target.password", "hush-2", "analytics.company", "Acme Inc", "analytics.username", "user1", "analytics.secret", "hush-3", "analytics.reportsuite", "a,b", "path", "/content/geometrixx").
		has(t, `"created":true`, "Provisioned Target Configuration", "Provisioned Analytics Configuration", `"authentication":"credentials"`, `"report_suites":["a","b"]`)
	h.must(http.StatusOK, "GET", "/api/v1/cloud-services/provisioned-target-configuration/frameworks?page=/content/geometrixx/en", "").has(t, "Provisioned Target Framework")
	again := post(admin, "automaticProvisioning", "true", "servicename", "target", "target.tenantid", "acme-eu", "target.imsconfiguration", "acme")
	again.has(t, `"created":false`, `"authentication":"ims"`, `"tenant_id":"acme-eu"`, `"client_code":"acme"`, `"secret":null`)
	if strings.Contains(again.text, "hush") {
		t.Error("a secret is in the answer")
	}
	if got := post(h.key(access.ConnectionsRead), "automaticProvisioning", "true", "servicename", "target"); got.StatusCode != http.StatusForbidden {
		t.Errorf("a reader provisions: %d", got.StatusCode)
	}
	if got := post("lk_wrong", "automaticProvisioning", "true", "servicename", "target"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a wrong key: %d", got.StatusCode)
	}
	request, _ := http.NewRequestWithContext(t.Context(), "POST", h.url+base, strings.NewReader("automaticProvisioning=false&servicename=target&target.clientcode=acme"))
	request.SetBasicAuth("admin", admin)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("with a name and a password: %d", response.StatusCode)
	}
}
