package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/ims"
)

// The pages of cloud services: the list, one of them, and Connect. Their forms are in cloudservice_form.go.

func (p *Pages) cloudServiceRoutes() map[string]func(*visit) error {
	const one = "/cloud-services/{name}"
	return map[string]func(*visit) error{
		"GET /cloud-services":      (*visit).serviceList,
		"GET /cloud-services/new":  (*visit).serviceNew,
		"POST /cloud-services/new": (*visit).serviceNew,
		"GET " + one:               (*visit).serviceItem,
		"GET " + one + "/edit":     (*visit).serviceEdit,
		"POST " + one + "/edit":    (*visit).serviceEdit,
		"POST " + one + "/connect": (*visit).serviceConnect,
		"GET " + one + "/delete":   (*visit).serviceDelete,
		"POST " + one + "/delete":  (*visit).serviceDelete,
	}
}

// serviceRow is a cloud service as the list shows it.
type serviceRow struct {
	cloudservice.Service
	Path string
	// Account is what the service names the product's account by.
	Account string
	// Configuration is the IMS configuration that it calls with; empty without one.
	With       ims.Configuration
	Says, Tone string
}

func servicePath(s *cloudservice.Service) string {
	if s.Name == "new" { // whose page is another
		return "/cloud-services/" + s.ID
	}
	return "/cloud-services/" + url.PathEscape(s.Name)
}

func (v *visit) serviceRef() cloudservice.Ref {
	return cloudservice.Ref{Sandbox: v.sandbox, Name: v.r.PathValue("name")}
}

func (v *visit) serviceRow(s cloudservice.Service, configurations []ims.Configuration) serviceRow {
	row := serviceRow{Service: s, Path: servicePath(&s)}
	if s.Target != nil {
		row.Account = cmp.Or(s.Target.TenantID, s.Target.ClientCode)
	}
	if s.Analytics != nil {
		row.Account = s.Analytics.Company
		if s.State != nil && s.State.Analytics != nil {
			row.Account = cmp.Or(s.State.Analytics.Company.Name, row.Account)
		}
	}
	for _, c := range configurations {
		if c.Name == s.Configuration {
			row.With = c
		}
	}
	switch s.Status() {
	case cloudservice.Draft:
		row.Says, row.Tone = "A draft that lacks "+strings.Join(worded(s.Missing()), ", ")+".", "warn"
	case cloudservice.Ready:
		row.Says = "Complete; it was not connected with what is set now."
	case cloudservice.Connected:
		row.Says, row.Tone = "Connected.", "good"
	}
	return row
}

func (v *visit) serviceList() error {
	all, err := v.CloudServices.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return err
	}
	configurations, err := v.IMS.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return err
	}
	view := struct {
		Rows                  []serviceRow
		Search, Sandbox, Role string
		All                   int
		May                   bool
	}{Search: v.r.URL.Query().Get("q"), Sandbox: v.sandbox, All: len(all), May: v.may(access.ConnectionsWrite), Role: v.lacks(access.ConnectionsWrite, "make and connect cloud services")}
	for _, s := range all {
		if row := v.serviceRow(s, configurations); contains(view.Search, s.Name, s.Title, s.ID, s.Kind.Title(), row.Account, row.With.Name) {
			view.Rows = append(view.Rows, row)
		}
	}
	return v.show(http.StatusOK, "service_list", "Cloud services", &view)
}

// serviceView is the page of one service.
type serviceView struct {
	serviceRow
	Tabs    *tabs
	Facts   []fact
	May     bool
	Role    string
	Connect *form
	// Report is what Connect has found, when it was pressed.
	Report *cloudservice.Report
	Notes  []string
	// A4T is the service of Analytics that reports on activities of one of Target; Reports are those of Target that one of
	// Analytics reports on.
	A4T     *standing
	Reports []serviceRow
	// Rate is how the credential of one of Analytics stands with the product's rate.
	Rate *standing
}

func (v *visit) serviceItem() error {
	s, err := v.CloudServices.Get(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	return v.serviceShow(http.StatusOK, s, nil)
}

func (v *visit) serviceShow(status int, s cloudservice.Service, report *cloudservice.Report) error {
	configurations, err := v.IMS.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return err
	}
	view := serviceView{serviceRow: v.serviceRow(s, configurations), May: v.may(access.ConnectionsWrite), Report: report, Notes: s.Notes(),
		Role: v.lacks(access.ConnectionsWrite, "connect or change it")}
	view.Tabs = serviceTabs(&s, partOverview)
	view.Connect = v.form(view.Path+"/connect", connectTo(s.Kind))
	view.Facts = serviceFacts(&view.serviceRow)
	if err := v.serviceReporting(&view, configurations); err != nil {
		return err
	}
	return v.show(status, "service_item", s.Title, &view)
}

// connectTo is what AEM has on the button.
func connectTo(k cloudservice.Kind) string {
	return "Connect to " + strings.TrimPrefix(k.Title(), "Adobe ")
}

func serviceFacts(row *serviceRow) []fact {
	facts := []fact{{"Product", row.Kind.Title(), false}, {"Authentication", authenticationTitle(row.Authentication), false}}
	if t := row.Target; t != nil {
		facts = append(facts, fact{"Tenant id", t.TenantID, true}, fact{"Client code", t.ClientCode, true}, fact{"API type", strings.ToUpper(string(t.APIType)), false},
			fact{"Accurate targeting", onOff(t.AccurateTargeting), false}, fact{"Segments from Target", onOff(t.SyncAudiences), false},
			fact{"Client library", string(t.Library), false}, fact{"Loaded from", t.LibraryURL, false}, fact{"E-mail", t.Email, false})
	}
	if a := row.Analytics; a != nil {
		facts = append(facts, fact{"Company", a.Company, false}, fact{"User name", a.Username, false}, fact{"Data centre", a.DataCenter, false},
			fact{"Report suites", strings.Join(a.ReportSuites, ", "), false}, fact{"Segment", a.Segment, false}, fact{"Offers A4T", onOff(a.A4T), false})
	}
	facts = append(facts, fact{"Id", row.ID, true})
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func authenticationTitle(a cloudservice.Authentication) string {
	if a == cloudservice.IMS {
		return "IMS"
	}
	return "User credentials (retired by Adobe)"
}

// serviceConnect is AEM's button of that name.
func (v *visit) serviceConnect() error {
	report, err := v.CloudServices.Connect(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	return v.serviceShow(http.StatusOK, report.Service, &report)
}

func (v *visit) serviceDelete() error {
	s, err := v.CloudServices.Get(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	if !v.confirmed(s.Name) {
		return v.confirm(confirmation{What: "the cloud service", Name: s.Name, Goes: "the settings, and all that was synced for it here.",
			Stays: "the IMS configuration, and everything in the product."}, servicePath(&s)+"/delete", servicePath(&s))
	}
	if err := v.CloudServices.Delete(v.r.Context(), v.caller, v.serviceRef()); err != nil {
		return err
	}
	return v.done(placeCloudServices, "The cloud service "+s.Name+" was deleted.")
}
