package cloudservice

import (
	"context"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
)

// AnalyticsSettings are what a service of Analytics is set to (spec/aem-target-analytics.md §3.1).
type AnalyticsSettings struct {
	// Company is the global company id, or with credentials the login company.
	Company string `json:"company"`
	// Username goes with the shared secret of Analytics 1.4; DataCenter is where that is called, by its name.
	Username   string `json:"username,omitempty"`
	DataCenter string `json:"data_center,omitempty"`
	// ReportSuites are those that pages send to.
	ReportSuites []string `json:"report_suites,omitempty"`
	// Segment is the id of the segment that reports are made of; "" is everybody.
	Segment string `json:"segment,omitempty"`
	// A4T lets services of Target report with it.
	A4T bool `json:"a4t"`
}

// AnalyticsValues are what people enter. A nil member stays as it is.
type AnalyticsValues struct {
	Company, Username, DataCenter, Segment *string
	ReportSuites                           *[]string
	A4T                                    *bool
}

// AnalyticsState is what Connect has learned of Analytics.
type AnalyticsState struct {
	// Company is the one that is used, of the Companies that the credential sees.
	Company   Company   `json:"company"`
	Companies []Company `json:"companies"`
}

// Company is a company of Analytics.
type Company struct {
	// ID is the global company id.
	ID   string `json:"id"`
	Name string `json:"name"`
}

func newAnalytics() *AnalyticsSettings { return &AnalyticsSettings{} }

func (a *AnalyticsSettings) clone() AnalyticsSettings {
	out := *a
	out.ReportSuites = slices.Clone(a.ReportSuites)
	return out
}

func (a *AnalyticsSettings) missing(by Authentication) []string {
	var missing []string
	if by == Credentials && a.Company == "" {
		missing = append(missing, "analytics.company")
	}
	if by == Credentials && a.Username == "" {
		missing = append(missing, "analytics.username")
	}
	return missing
}

func (a *AnalyticsSettings) reaches() []string {
	return []string{a.Company, a.Username, a.DataCenter}
}

// applyAnalytics lays values over the settings.
func (s *Services) applyAnalytics(_ context.Context, _ access.Caller, v *AnalyticsValues, to *Service, _ *finding.Problems) {
	a := to.Analytics
	for _, one := range []struct{ given, to *string }{
		{v.Company, &a.Company}, {v.Username, &a.Username}, {v.DataCenter, &a.DataCenter}, {v.Segment, &a.Segment},
	} {
		if one.given != nil {
			*one.to = strings.TrimSpace(*one.given)
		}
	}
	set(v.ReportSuites, &a.ReportSuites)
	set(v.A4T, &a.A4T)
}

// callAnalytics is what Connect calls of Analytics.
func (s *Services) callAnalytics(context.Context, *Service, *Reached, *State) (finding.Layer, error) {
	return finding.Layer{Status: finding.Failed, Message: "nothing here calls Analytics yet"}, nil
}

func (s *Service) analyticsNotes() []string { return nil }
