package api

import (
	"latchkey/internal/analytics"
	"latchkey/internal/cloudservice"
	"latchkey/internal/secret"
)

// CloudServiceAnalytics are the settings of a cloud service of Analytics.
type CloudServiceAnalytics struct {
	Company      string               `json:"company" doc:"The global company id; with credentials the login company." example:"acme0"`
	Username     string               `json:"username,omitempty" doc:"Goes with the shared secret of Analytics 1.4."`
	DataCenter   string               `json:"data_center,omitempty" doc:"Where Analytics 1.4 is called, by its name." example:"default"`
	Digest       string               `json:"digest,omitempty" enum:"sha256,sha1" doc:"How a request to Analytics 1.4 is signed."`
	ReportSuites []string             `json:"report_suites" nullable:"false"`
	Segment      string               `json:"segment,omitempty"`
	A4T          bool                 `json:"a4t" doc:"Whether services of Target may report with it."`
	Tracking     CloudServiceTracking `json:"tracking" doc:"How pages send."`

	Connected string                `json:"connected_company,omitempty" doc:"The company that is used; once connected." example:"acme0"`
	User      string                `json:"user,omitempty" doc:"Whom Analytics takes the credential for; once connected."`
	Companies []CloudServiceCompany `json:"companies,omitempty" doc:"Those that the credential sees; once connected."`
}

// CloudServiceTracking are the switches of a service of Analytics for its pages.
type CloudServiceTracking struct {
	NoTag             bool `json:"no_tracking_tag" doc:"The page gets no tracking tag: something else puts it there."`
	NoPageLoad        bool `json:"no_page_load_event" doc:"A page's load is no event."`
	AppMeasurement    bool `json:"app_measurement"`
	ClientContext     bool `json:"client_context"`
	AdditionalContext bool `json:"additional_context_data"`
}

// CloudServiceCompany is a company of Analytics.
type CloudServiceCompany struct {
	ID   string `json:"id" example:"acme0"`
	Name string `json:"name" example:"Acme"`
}

// CloudServiceAnalyticsValues are what people enter of a service of Analytics.
type CloudServiceAnalyticsValues struct {
	Company      *string   `json:"company,omitempty" doc:"Which company, where the credential sees several."`
	Username     *string   `json:"username,omitempty"`
	Password     *string   `json:"password,omitempty" doc:"Of Analytics 1.4: traded for the shared secret at once, and kept nowhere."`
	DataCenter   *string   `json:"data_center,omitempty" doc:"A data centre by its name: default, dallas, london, singapore, oregon, or one that an administrator added. An address is not taken." example:"london"`
	Digest       *string   `json:"digest,omitempty" enum:"sha256,sha1"`
	ReportSuites *[]string `json:"report_suites,omitempty"`
	Segment      *string   `json:"segment,omitempty"`
	A4T          *bool     `json:"a4t,omitempty"`

	NoTag             *bool `json:"no_tracking_tag,omitempty"`
	NoPageLoad        *bool `json:"no_page_load_event,omitempty"`
	AppMeasurement    *bool `json:"app_measurement,omitempty"`
	ClientContext     *bool `json:"client_context,omitempty"`
	AdditionalContext *bool `json:"additional_context_data,omitempty"`
}

func (v *CloudServiceAnalyticsValues) values() *cloudservice.AnalyticsValues {
	out := cloudservice.AnalyticsValues{
		Company: v.Company, Username: v.Username, DataCenter: v.DataCenter, ReportSuites: v.ReportSuites, Segment: v.Segment, A4T: v.A4T,
		NoTag: v.NoTag, NoPageLoad: v.NoPageLoad, AppMeasurement: v.AppMeasurement, ClientContext: v.ClientContext, AdditionalContext: v.AdditionalContext,
	}
	if v.Digest != nil {
		digest := analytics.Digest(*v.Digest)
		out.Digest = &digest
	}
	if v.Password != nil {
		password := secret.New(*v.Password)
		out.Password = &password
	}
	return &out
}

func shownAnalytics(s cloudservice.Service) *CloudServiceAnalytics {
	a := s.Analytics
	out := CloudServiceAnalytics{
		Company: a.Company, Username: a.Username, DataCenter: a.DataCenter, Digest: string(a.Digest), ReportSuites: listed(a.ReportSuites), Segment: a.Segment,
		A4T: a.A4T, Tracking: CloudServiceTracking(a.Tracking),
	}
	if s.State != nil && s.State.Analytics != nil {
		learned := s.State.Analytics
		out.Connected, out.User = learned.Company.ID, learned.User
		out.Companies = mapped(learned.Companies, func(c cloudservice.Company) CloudServiceCompany { return CloudServiceCompany(c) })
	}
	return &out
}
