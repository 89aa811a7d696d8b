package web

import (
	"net/http"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// serviceFormView is the page of a form of cloud services.
type serviceFormView struct {
	Heading, Lead string
	// Choose lets choose a product first.
	Choose bool
	Form   *form
}

// serviceNew is AEM's dialog Create Configuration: title and name; the settings come after it.
func (v *visit) serviceNew() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	kind := cloudservice.Kind(v.r.FormValue("kind"))
	view := serviceFormView{Heading: "Create Configuration", Lead: "Of which product?", Choose: true}
	if kind != cloudservice.Target && kind != cloudservice.Analytics {
		return v.show(http.StatusOK, "service_form", view.Heading, &view)
	}
	view.Choose, view.Lead = false, "Of "+kind.Title()+". Its settings come next."
	view.Form = v.form("/cloud-services/new", "Create", text("title", "Title", "", "What people read.").needed(),
		text("name", "Name", "", "Made of the title when it is left blank.").maybe()).hide("kind", string(kind)).orElse(placeCloudServices)
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_form", view.Heading, &view)
	}
	v.refill(view.Form.Inputs)
	saved, err := v.CloudServices.Create(v.r.Context(), v.caller, cloudservice.Create{Sandbox: v.sandbox, Kind: kind, Name: v.value("name"), Values: cloudservice.Values{Title: v.given("title")}})
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "service_form", view.Heading, &view)
	}
	if err != nil {
		return err
	}
	return v.to(servicePath(&saved.Service) + "/edit")
}

// serviceEdit is the tab of the product's settings. It saves; with the second button it connects too.
func (v *visit) serviceEdit() error {
	s, err := v.CloudServices.Get(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	inputs, err := v.serviceInputs(&s)
	if err != nil {
		return err
	}
	view := serviceFormView{Heading: s.Kind.Title() + " Settings of " + s.Title, Lead: "Nothing is sent to the product before you connect."}
	view.Form = v.form(servicePath(&s)+"/edit", "OK", inputs...).orElse(servicePath(&s))
	view.Form.Alternative, view.Form.Does = connectTo(s.Kind), "connect"
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "service_form", view.Heading, &view)
	}
	v.refill(view.Form.Inputs)
	saved, err := v.CloudServices.Edit(v.r.Context(), v.caller, v.serviceRef(), v.serviceValues(&s))
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "service_form", view.Heading, &view)
	}
	if err != nil {
		return err
	}
	if v.value("do") == "connect" {
		return v.serviceConnect()
	}
	text := "The settings of " + saved.Service.Title + " were saved."
	for _, p := range saved.Problems {
		if p.Severity != finding.Wrong {
			text += " " + sentence(p.Message) + " " + sentence(p.Fix)
		}
	}
	return v.done(servicePath(&saved.Service), text)
}

// serviceInputs are what a service is asked for.
func (v *visit) serviceInputs(s *cloudservice.Service) ([]*input, error) {
	configurations, err := v.IMS.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	inputs := []*input{
		text("title", "Title", s.Title, "").needed(),
		options("authentication", "Authentication", "User credentials are those of the products’ older APIs, which Adobe has retired.", string(s.Authentication),
			choiceOption{Value: string(cloudservice.IMS), Label: authenticationTitle(cloudservice.IMS)}, choiceOption{Value: string(cloudservice.Credentials), Label: authenticationTitle(cloudservice.Credentials)}),
		options("ims_configuration", "IMS Configuration", "With user credentials: none.", s.Configuration, configurationOptions(configurations, s.Kind)...),
	}
	if s.Target != nil {
		more, err := v.targetInputs(s)
		return append(inputs, more...), err
	}
	return append(inputs, v.analyticsInputs(s)...), nil
}

// configurationOptions lists those for the product first.
func configurationOptions(all []ims.Configuration, kind cloudservice.Kind) []choiceOption {
	out := []choiceOption{{Value: "", Label: "None yet"}}
	var others []choiceOption
	for _, c := range all {
		one := choiceOption{Value: c.Name, Label: c.Name}
		if c.Title != "" {
			one.Label = c.Title
		}
		if string(c.Solution) == string(kind) {
			out = append(out, one)
		} else {
			one.Label += " (" + c.Solution.Title() + ")"
			others = append(others, one)
		}
	}
	return append(out, others...)
}

func (v *visit) targetInputs(s *cloudservice.Service) ([]*input, error) {
	all, err := v.CloudServices.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	reporting := []choiceOption{{Value: "", Label: "None"}}
	for _, one := range all {
		if one.Kind == cloudservice.Analytics {
			option := choiceOption{Value: one.Name, Label: one.Title}
			if !one.Analytics.A4T {
				option.Label += " (does not offer A4T)"
			}
			reporting = append(reporting, option)
		}
	}
	t := s.Target
	inputs := []*input{
		text("target/tenant_id", "Tenant ID", t.TenantID, "The name behind @ in experience.adobe.com/#/@TENANT/target."),
		text("target/client_code", "Client Code", t.ClientCode, "What pages call the account. Most often the same."),
		options("target/api_type", "API Type", "IMS goes with REST alone.", string(t.APIType), choiceOption{Value: "rest", Label: "REST"}, choiceOption{Value: "xml", Label: "XML (Target Classic, retired by Adobe)"}),
		options("target/a4t_configuration", "A4T Analytics Cloud Configuration", "Needed when Analytics reports on activities.", t.A4T, reporting...),
		check("target/accurate_targeting", "Use accurate targeting", "The page waits for its context before it loads content.", t.AccurateTargeting),
		check("target/sync_audiences", "Synchronize segments from Adobe Target", "Needed with the API type REST: inline segments are not supported there.", t.SyncAudiences),
		options("target/library", "Client library", "", string(t.Library), libraryOptions()...),
		text("target/library_url", "Load it from", t.LibraryURL, "Blank for the default at.js. The address of your own at.js, or of the tag manager’s embed code.").maybe(),
	}
	if s.State != nil && s.State.Target != nil {
		workspaces := []choiceOption{{Value: "", Label: "Default Workspace"}}
		for _, w := range s.State.Target.Workspaces {
			if !w.Default {
				workspaces = append(workspaces, choiceOption{Value: w.ID, Label: w.Name})
			}
		}
		inputs = append(inputs, options("target/workspace", "Workspace", "Where offers go to.", t.Workspace, workspaces...))
	}
	return append(inputs, text("target/email", "E-mail", t.Email, "Of Target Classic, with user credentials.").maybe(),
		secretOf(s, "Password", "Of Target Classic, with user credentials.")), nil
}

func libraryOptions() []choiceOption {
	var all []choiceOption
	for _, l := range []struct {
		library cloudservice.Library
		label   string
	}{{cloudservice.AtJS, "at.js"}, {cloudservice.MboxJS, "mbox.js"}, {cloudservice.Launch, "Tag management: Adobe Launch"}, {cloudservice.DTM, "Tag management: DTM"}, {cloudservice.OtherTagManager, "Tag management: any other"}} {
		if l.library.Retired() != "" {
			l.label += " (deprecated)"
		}
		all = append(all, choiceOption{Value: string(l.library), Label: l.label})
	}
	return all
}

func (v *visit) analyticsInputs(s *cloudservice.Service) []*input {
	a := s.Analytics
	company := text("analytics/company", "Company", a.Company, "Blank takes the only one that the credential sees; with user credentials, the login company.").maybe()
	if s.State != nil && s.State.Analytics != nil && len(s.State.Analytics.Companies) > 1 {
		all := []choiceOption{{Value: "", Label: "Choose by itself"}}
		for _, c := range s.State.Analytics.Companies {
			all = append(all, choiceOption{Value: c.ID, Label: c.Name + " (" + c.ID + ")"})
		}
		company = options("analytics/company", "Company", "", a.Company, all...)
	}
	var centers []choiceOption
	for _, c := range v.CloudServices.Centers() {
		centers = append(centers, choiceOption{Value: c.Name, Label: c.Title})
	}
	return []*input{
		company,
		text("analytics/report_suites", "Report suites", strings.Join(a.ReportSuites, ", "), "Those that pages send to, with commas.").maybe(),
		text("analytics/segment", "Segment", a.Segment, "The id of the segment that reports are made of; blank is everybody.").maybe(),
		check("analytics/a4t", "Offer it to Target for A4T", "", a.A4T),
		check("analytics/no_tracking_tag", "No tracking tag", "Something else puts the tag into the page.", a.Tracking.NoTag),
		check("analytics/no_page_load_event", "No event at the page’s load", "", a.Tracking.NoPageLoad),
		check("analytics/app_measurement", "Use AppMeasurement", "", a.Tracking.AppMeasurement),
		check("analytics/client_context", "Include the client context", "", a.Tracking.ClientContext),
		check("analytics/additional_context_data", "Include additional context data", "", a.Tracking.AdditionalContext),
		text("analytics/username", "User name", a.Username, "Of Analytics 1.4, with user credentials.").maybe(),
		secretOf(s, "Shared secret", "Of Analytics 1.4, with user credentials."),
		text("analytics/password", "Password", "", "In the place of the shared secret: traded for it at once, and kept nowhere.").of(secretInput).maybe(),
		options("analytics/data_center", "Data centre", "Of Analytics 1.4.", a.DataCenter, centers...),
		options("analytics/digest", "Signed with", "Of Analytics 1.4.", string(a.Digest), choiceOption{Value: string(analytics.SHA256), Label: "SHA-256"}, choiceOption{Value: string(analytics.SHA1), Label: "SHA-1"}),
	}
}

func secretOf(s *cloudservice.Service, label, hint string) *input {
	i := text("secret", label, "", hint).of(secretInput).maybe()
	if !s.Secret.Empty() {
		i.Hint = secretKept
	}
	return i
}

func (v *visit) ticked(name string) *bool { return new(v.r.PostForm.Has(name)) }

// serviceValues reads the form of the settings.
func (v *visit) serviceValues(s *cloudservice.Service) cloudservice.Values {
	out := cloudservice.Values{Title: v.given("title"), Configuration: v.given("ims_configuration")}
	if by := v.given("authentication"); by != nil {
		out.Authentication = new(cloudservice.Authentication(*by))
	}
	if hidden := v.text("secret"); hidden != "" {
		out.Secret = new(secret.New(hidden))
	}
	if s.Target != nil {
		t := &cloudservice.TargetValues{
			TenantID: v.given("target/tenant_id"), ClientCode: v.given("target/client_code"), Email: v.given("target/email"), Workspace: v.given("target/workspace"),
			A4T: v.given("target/a4t_configuration"), LibraryURL: v.given("target/library_url"),
			AccurateTargeting: v.ticked("target/accurate_targeting"), SyncAudiences: v.ticked("target/sync_audiences"),
		}
		if kind := v.given("target/api_type"); kind != nil {
			t.APIType = new(cloudservice.APIType(*kind))
		}
		if library := v.given("target/library"); library != nil {
			t.Library = new(cloudservice.Library(*library))
		}
		out.Target = t
		return out
	}
	out.Analytics = v.analyticsValues()
	return out
}

func (v *visit) analyticsValues() *cloudservice.AnalyticsValues {
	a := &cloudservice.AnalyticsValues{
		Company: v.given("analytics/company"), Segment: v.given("analytics/segment"), Username: v.given("analytics/username"), DataCenter: v.given("analytics/data_center"),
		A4T: v.ticked("analytics/a4t"), NoTag: v.ticked("analytics/no_tracking_tag"), NoPageLoad: v.ticked("analytics/no_page_load_event"),
		AppMeasurement: v.ticked("analytics/app_measurement"), ClientContext: v.ticked("analytics/client_context"), AdditionalContext: v.ticked("analytics/additional_context_data"),
	}
	if digest := v.given("analytics/digest"); digest != nil && *digest != "" {
		a.Digest = new(analytics.Digest(*digest))
	}
	if password := v.text("analytics/password"); password != "" {
		a.Password = new(secret.New(password))
	}
	suites := strings.FieldsFunc(v.value("analytics/report_suites"), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' })
	a.ReportSuites = &suites
	return a
}
