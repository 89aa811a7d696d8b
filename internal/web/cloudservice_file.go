package web

import (
	"net/http"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// Cloud services as files: what an export has written, and AEM's marketingcloud.properties, which provisions them.

func (p *Pages) cloudServiceFileRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + serviceImportPath:      (*visit).serviceImport,
		"POST " + serviceImportPath:     (*visit).serviceImport,
		"GET " + serviceOne + "/export": (*visit).serviceExport,
	}
}

// serviceImportPath is under the page of what is new: no service has that name.
const serviceImportPath = "/cloud-services/new/import"

func (v *visit) serviceExport() error {
	file, err := v.CloudServices.Export(v.r.Context(), v.caller, v.serviceRef(), cloudservice.Format(v.r.URL.Query().Get("format")))
	if err != nil {
		return err
	}
	kind := "application/json"
	if file.Name == cloudservice.PropertiesFile {
		kind = "text/plain; charset=utf-8"
	}
	return v.attach(file.Name, kind, file.Text)
}

// serviceImportView is the page of both.
type serviceImportView struct {
	Import, Provision *form
	// Rows are what provisioning has come to; Checked tells that nothing was kept.
	Rows    []provisionedRow
	Checked bool
	Notes   []string
}

// provisionedRow is a service that was provisioned, or would be.
type provisionedRow struct {
	serviceRow
	Created bool
	Notes   []string
}

func (v *visit) serviceImport() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	view, err := v.serviceImportForms()
	if err != nil {
		return err
	}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_import", "Import cloud services", view)
	}
	of, do := view.Import, v.serviceImportFile
	if v.value("do") == "provision" {
		of, do = view.Provision, v.serviceProvision
	}
	v.refill(of.Inputs)
	err = do(view)
	if problems, ok := told(err); ok {
		of.put(problems)
		return v.show(http.StatusUnprocessableEntity, "service_import", "Import cloud services", view)
	}
	return err
}

func (v *visit) serviceImportForms() (*serviceImportView, error) {
	configurations, err := v.IMS.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	as := []choiceOption{{Value: "", Label: "As the file says"}}
	for _, c := range configurations {
		as = append(as, choiceOption{Value: c.Name, Label: c.Name})
	}
	view := &serviceImportView{}
	view.Import = v.form(serviceImportPath, "Import",
		text("file", "File", "", "The JSON of an export. The service is made, or the one of that name is changed.").of(fileInput).needed(),
		options("ims_configuration", "IMS Configuration", "Whose token it calls with, in the place of the file’s.", "", as...),
		text("secret", "Secret", "", "Of the products’ older APIs alone: the password, or the shared secret. No export has it.").of(secretInput).maybe(),
	).hide("do", "import").orElse(placeCloudServices)
	view.Import.Upload = true
	view.Provision = v.form(serviceImportPath, "Provision",
		text("properties", "Properties", "", "automaticProvisioning=true, servicename=target, target.clientcode=… and so on, a line each. target.imsconfiguration, target.tenantid and analytics.imsconfiguration are Latchkey’s own.").of(codeInput),
		text("properties_file", "Or the file", "", cloudservice.PropertiesFile+". It goes before the field above.").of(fileInput).maybe(),
	).hide("do", "provision")
	view.Provision.Upload = true
	return view, nil
}

func (v *visit) serviceImportFile(*serviceImportView) error {
	_, content, problems := v.fileText("file")
	if content == "" && len(problems) == 0 {
		problems.Wrong("/file", "there is no file", "choose what an export has written")
	}
	if err := problems.Errors(); err != nil {
		return err
	}
	saved, made, err := v.CloudServices.Import(v.r.Context(), v.caller, cloudservice.Import{Sandbox: v.sandbox, Text: content, Configuration: v.value("ims_configuration"), Secret: secret.New(v.text("secret"))})
	if err != nil {
		return err
	}
	words := "was changed as the file says."
	if made {
		words = "was imported."
	}
	return v.done(servicePath(&saved.Service), "The cloud service "+saved.Service.Name+" "+words+doubts(saved.Problems))
}

// serviceProvision makes services as AEM's form does, and says what became of each.
func (v *visit) serviceProvision(view *serviceImportView) error {
	_, content, problems := v.fileText("properties_file")
	if content == "" {
		content = v.text("properties")
	}
	values, err := cloudservice.ReadProperties(content)
	switch {
	case err != nil:
		problems.Wrong("/properties", "the properties can't be read: "+err.Error(), "")
	case len(values) == 0 && len(problems) == 0:
		problems.Wrong("/properties", "there is nothing in it", "paste the properties, or choose the file")
	}
	if err := problems.Errors(); err != nil {
		return err
	}
	done, err := v.CloudServices.Provision(v.r.Context(), v.caller, v.sandbox, values)
	if problems, ok := told(err); ok {
		return keyed(problems)
	}
	if err != nil {
		return err
	}
	configurations, err := v.IMS.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return err
	}
	view.Checked, view.Notes = !done.Executed, noteTexts(done.Problems)
	for _, made := range done.Services {
		view.Rows = append(view.Rows, provisionedRow{v.serviceRow(made.Service, configurations), made.Created, noteTexts(made.Problems)})
	}
	return v.show(http.StatusOK, "service_import", "Import cloud services", view)
}

// keyed names in the words of a problem the key that it is about: all of them stand in one field.
func keyed(problems finding.Problems) finding.Problems {
	out := append(finding.Problems(nil), problems...)
	for i := range out {
		if len(out[i].Pointer) > 1 {
			out[i].Message += " (" + out[i].Pointer[1:] + ")"
		}
		out[i].Pointer = "/properties"
	}
	return out
}

func noteTexts(problems finding.Problems) []string {
	var out []string
	for _, p := range problems {
		out = append(out, sentence(p.Message)+" "+sentence(p.Fix))
	}
	return out
}
