package web_test

import (
	"archive/zip"
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/ims"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// upload sends a form with files: each by the field's name, the file's name and its text.
func (h *house) upload(client *http.Client, path string, values map[string]string, files ...[3]string) answer {
	h.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	check(h, w.WriteField("csrf", h.tokenOf(client)))
	for name, value := range values {
		check(h, w.WriteField(name, value))
	}
	for _, f := range files {
		part, err := w.CreateFormFile(f[0], f[1])
		check(h, err)
		_, err = io.WriteString(part, f[2])
		check(h, err)
	}
	check(h, w.Close())
	response, err := client.Post(h.url+path, w.FormDataContentType(), &body)
	check(h, err)
	return read(h, response)
}

// unzip gives the files of an archive: their names and texts, as they are uploaded.
func unzip(t *testing.T, got answer) (all [][3]string) {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(got.text), int64(len(got.text)))
	check(t, err)
	for _, f := range archive.File {
		opened, err := f.Open()
		check(t, err)
		text, err := io.ReadAll(opened)
		check(t, err)
		all = append(all, [3]string{"files", f.Name, string(text)})
	}
	return all
}

// TestIMSFiles exports a configuration in each format, without its secret and with it, and imports what came out.
func TestIMSFiles(t *testing.T) {
	h := newHouse(t)
	client := h.signed()
	scopes := []string{"openid", "target_sdk"}
	_, err := h.ims.Create(t.Context(), h.caller, ims.Create{Name: "acme", Values: ims.Values{
		Title: new("Acme’s Target"), Type: new(ims.OAuth), Server: new("https://ims-na1.adobelogin.com"), ClientID: new("client-1"), Secret: new(secret.New("hush-hush")),
		IMSOrganization: new(organization), Scopes: &scopes,
	}})
	check(t, err)
	export := func(client *http.Client, values url.Values) answer {
		values.Set("csrf", h.tokenOf(client))
		return post(h, client, "/ims-configurations/acme/export", values)
	}
	expect(t, h.get(client, h.url+"/ims-configurations/acme/export"), http.StatusOK, "With the client secret and the private key")
	expect(t, export(client, url.Values{"format": {"service-credentials"}}), http.StatusUnprocessableEntity, "the configuration is OAuth")
	masked := export(client, url.Values{"format": {"aem"}})
	if files := unzip(t, masked); len(files) != 2 || strings.Contains(masked.text, "hush-hush") || !strings.Contains(masked.Header.Get("Content-Disposition"), "acme-aem.zip") {
		t.Errorf("the export is %v of %s", masked.Header, files)
	}
	viewer := h.browser()
	h.get(viewer, h.link(h.person(organization, registry.NewUser{Email: "view@example.com", Role: access.Viewer})))
	if page := h.get(viewer, h.url+"/ims-configurations/acme/export"); strings.Contains(page.text, "With the client secret") {
		t.Error("a viewer is offered the secret")
	}
	expect(t, export(viewer, url.Values{"format": {"aem"}, "secrets": {"on"}}), http.StatusForbidden, "This takes the role")
	whole := export(client, url.Values{"format": {"aem"}, "secrets": {"on"}})
	files := unzip(t, whole)
	if len(files) != 2 || !strings.Contains(whole.text, "hush-hush") {
		t.Errorf("with its secret the export is %s", files)
	}
	expect(t, h.upload(client, "/ims-configurations/new/import", nil), http.StatusUnprocessableEntity, "There is no file")
	expect(t, h.upload(client, "/ims-configurations/new/import", nil, [3]string{"files", "x.json", "{}"}), http.StatusUnprocessableEntity, `id="f-files-problem"`)
	got := h.upload(client, "/ims-configurations/new/import", map[string]string{"name": "again"}, files...)
	expect(t, got, http.StatusOK, "The IMS configuration again was imported, and is complete.")
	made, err := h.ims.Get(t.Context(), h.caller, ims.Ref{Name: "again"})
	check(t, err)
	if made.Secret.Reveal() != "hush-hush" || made.ClientID != "client-1" || made.Type != ims.OAuth {
		t.Errorf("what was imported is %+v", made)
	}
	expect(t, h.upload(client, "/ims-configurations/new/import", map[string]string{"name": "again"}, files...), http.StatusUnprocessableEntity, `id="f-name-problem"`)
	// A workspace with two credentials: one without its key is a draft, which the page says.
	workspace := `{"project":{"org":{"ims_org_id":"` + organization + `"},"workspace":{"details":{"credentials":[
		{"id":"1","name":"one","oauth_server_to_server":{"client_id":"c-1","client_secrets":["s-1"],"technical_account_id":"a@techacct.adobe.com","scopes":["openid"]}},
		{"id":"2","name":"two","jwt":{"client_id":"c-2","client_secret":"s-2","technical_account_id":"b@techacct.adobe.com","meta_scopes":["ent_marketing_sdk"]}}]}}}}`
	expect(t, h.upload(client, "/ims-configurations/new/import", map[string]string{"credential": "two"}, [3]string{"files", "w.json", workspace}), http.StatusOK, "It lacks a certificate.")
	expect(t, h.upload(client, "/ims-configurations/new/import", map[string]string{"name": "new-one"}, [3]string{"files", "w.json", workspace}), http.StatusUnprocessableEntity, "The file has 2 credentials")
	expect(t, h.upload(client, "/ims-configurations/new/import", nil, [3]string{"files", "w.json", workspace}), http.StatusUnprocessableEntity, "These were imported before it: one.")
	if strings.Contains(h.log.String(), "hush-hush") {
		t.Error("the secret is in the log")
	}
}

// TestServiceFiles exports services and imports them, and provisions others of AEM's properties.
func TestServiceFiles(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	h.furnishServices()
	client := h.signed()
	const at = "/cloud-services/new/import"
	_, err := h.services.Edit(t.Context(), h.caller, cloudservice.Ref{Name: "acme-analytics"}, cloudservice.Values{Analytics: &cloudservice.AnalyticsValues{A4T: new(true)}})
	check(t, err)
	_, err = h.services.Edit(t.Context(), h.caller, cloudservice.Ref{Name: "acme"}, cloudservice.Values{Target: &cloudservice.TargetValues{A4T: new("acme-analytics"), ClientCode: new("acme_1"), TenantID: new("acme")}})
	check(t, err)
	_, err = h.ims.Edit(t.Context(), h.caller, ims.Ref{Name: "acme"}, ims.Values{ClientID: new("client-1")})
	check(t, err)
	says(t, h.get(client, h.url+"/cloud-services/acme"), http.StatusOK, "A4T reports by", `href="/cloud-services/acme-analytics"`, "offers A4T")
	says(t, h.get(client, h.url+"/cloud-services/acme-analytics"), http.StatusOK, "Services of Target that report with it", `href="/cloud-services/acme"`, "12 of 12 calls free")
	says(t, h.get(client, h.url+"/cloud-services/acme-analytics/lists"), http.StatusOK, "12 of 12 calls free")
	exported := h.get(client, h.url+"/cloud-services/acme/export?format=json")
	says(t, exported, http.StatusOK, `"a4t_configuration": "acme-analytics"`, `"client_code": "acme_1"`)
	says(t, h.get(client, h.url+"/cloud-services/acme/export?format=properties"), http.StatusOK, "servicename=target\n", `target.clientcode=acme_1`, "target.imsconfiguration=acme\n")

	says(t, h.upload(client, at, map[string]string{"do": "import"}), http.StatusUnprocessableEntity, "There is no file")
	says(t, h.upload(client, at, map[string]string{"do": "import"}, [3]string{"file", "x.json", `{"kind":"target","nom":"x"}`}), http.StatusUnprocessableEntity, "This is not what the export of a cloud service writes.")
	says(t, h.upload(client, at, map[string]string{"do": "import"}, [3]string{"file", "acme.json", exported.text}), http.StatusOK, "was changed as the file says")
	check(t, h.services.Delete(t.Context(), h.caller, cloudservice.Ref{Name: "acme"}))
	says(t, h.upload(client, at, map[string]string{"do": "import"}, [3]string{"file", "acme.json", exported.text}), http.StatusOK, "The cloud service acme was imported.")
	made, err := h.services.Get(t.Context(), h.caller, cloudservice.Ref{Name: "acme"})
	check(t, err)
	if made.Target.ClientCode != "acme_1" || made.Configuration != "acme" || made.Target.A4T == "" {
		t.Errorf("what was imported is %+v, %+v", made, made.Target)
	}

	provision := func(text string) answer {
		return h.upload(client, at, map[string]string{"do": "provision", "properties": text})
	}
	says(t, provision(""), http.StatusUnprocessableEntity, "There is nothing in it.")
	says(t, provision("automaticProvisioning=true\nservicename=target\ntarget.clientcod=x"), http.StatusUnprocessableEntity, "There is no such key (target.clientcod). Did you mean target.clientcode?</p>")
	says(t, provision("automaticProvisioning=false\nservicename=target,analytics\ntarget.clientcode=acme\ntarget.imsconfiguration=acme\nanalytics.imsconfiguration=acme"),
		http.StatusOK, "nothing was kept", "Provisioned Target Configuration", "Provisioned Analytics Configuration")
	if _, err := h.services.Get(t.Context(), h.caller, cloudservice.Ref{Name: "provisioned-target-configuration"}); err == nil {
		t.Error("what was to be checked alone is kept")
	}
	got := h.upload(client, at, map[string]string{"do": "provision"}, [3]string{"properties_file", "marketingcloud.properties", "automaticProvisioning=true\nservicename=target\ntarget.clientcode=acme\ntarget.imsconfiguration=acme\n"})
	says(t, got, http.StatusOK, "The properties were provisioned.", `href="/cloud-services/provisioned-target-configuration"`)
}
