package api

import "latchkey/internal/cloudservice"

// CloudServiceAnalytics are the settings of a cloud service of Analytics.
type CloudServiceAnalytics struct {
	Company      string                `json:"company" doc:"The global company id; with credentials the login company." example:"acme0"`
	Username     string                `json:"username,omitempty" doc:"Goes with the shared secret of Analytics 1.4."`
	DataCenter   string                `json:"data_center,omitempty"`
	ReportSuites []string              `json:"report_suites" nullable:"false"`
	Segment      string                `json:"segment,omitempty"`
	A4T          bool                  `json:"a4t" doc:"Whether services of Target may report with it."`
	Companies    []CloudServiceCompany `json:"companies,omitempty" doc:"Those that the credential sees; once connected."`
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
	DataCenter   *string   `json:"data_center,omitempty"`
	ReportSuites *[]string `json:"report_suites,omitempty"`
	Segment      *string   `json:"segment,omitempty"`
	A4T          *bool     `json:"a4t,omitempty"`
}

func (v *CloudServiceAnalyticsValues) values() *cloudservice.AnalyticsValues {
	return &cloudservice.AnalyticsValues{
		Company: v.Company, Username: v.Username, DataCenter: v.DataCenter, ReportSuites: v.ReportSuites, Segment: v.Segment, A4T: v.A4T,
	}
}

func shownAnalytics(s cloudservice.Service) *CloudServiceAnalytics {
	a := s.Analytics
	out := CloudServiceAnalytics{
		Company: a.Company, Username: a.Username, DataCenter: a.DataCenter, ReportSuites: listed(a.ReportSuites), Segment: a.Segment, A4T: a.A4T,
	}
	if s.State != nil && s.State.Analytics != nil {
		out.Companies = mapped(s.State.Analytics.Companies, func(c cloudservice.Company) CloudServiceCompany { return CloudServiceCompany(c) })
	}
	return &out
}
