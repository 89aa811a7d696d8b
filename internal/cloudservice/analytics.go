package cloudservice

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/analytics"
	"latchkey/internal/secret"
)

// AnalyticsSettings are what a service of Analytics is set to (spec/aem-target-analytics.md §3.1).
type AnalyticsSettings struct {
	// Company is the global company id, or with credentials the login company.
	Company string `json:"company"`
	// Username goes with the shared secret of Analytics 1.4; DataCenter is where that is called, by its name.
	Username   string           `json:"username,omitempty"`
	DataCenter string           `json:"data_center,omitempty"`
	Digest     analytics.Digest `json:"digest,omitempty"` // "" is SHA-256
	// ReportSuites are those that pages send to.
	ReportSuites []string `json:"report_suites,omitempty"`
	// Segment is the id of the segment that reports are made of; "" is everybody.
	Segment string `json:"segment,omitempty"`
	// A4T lets services of Target report with it.
	A4T bool `json:"a4t"`
	// Tracking is how pages send.
	Tracking Tracking `json:"tracking"`
}

// Tracking are the switches of a classic service of Analytics, which a page gets with each framework.
type Tracking struct {
	// NoTag leaves the tracking tag out of the page: something else puts it there.
	NoTag bool `json:"no_tracking_tag"`
	// NoPageLoad keeps the page's load from being an event.
	NoPageLoad        bool `json:"no_page_load_event"`
	AppMeasurement    bool `json:"app_measurement"`
	ClientContext     bool `json:"client_context"`
	AdditionalContext bool `json:"additional_context_data"`
}

// AnalyticsValues are what people enter. A nil member stays as it is.
type AnalyticsValues struct {
	Company, Username, DataCenter, Segment *string
	Digest                                 *analytics.Digest
	ReportSuites                           *[]string
	A4T                                    *bool
	// Password is traded for the shared secret at once, and kept nowhere.
	Password *secret.String

	NoTag, NoPageLoad, AppMeasurement, ClientContext, AdditionalContext *bool
}

// AnalyticsState is what Connect has learned of Analytics.
type AnalyticsState struct {
	// Company is the one that is used, of the Companies that the credential sees.
	Company   Company   `json:"company"`
	Companies []Company `json:"companies"`
	// User is whom Analytics takes the token for.
	User string `json:"user,omitempty"`
}

// Company is a company of Analytics.
type Company struct {
	// ID is the global company id.
	ID   string `json:"id"`
	Name string `json:"name"`
}

func newAnalytics() *AnalyticsSettings {
	return &AnalyticsSettings{Tracking: Tracking{AppMeasurement: true}}
}

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

// login is whom the API 1.4 is called as.
func (s *Service) login() *analytics.Login {
	return &analytics.Login{User: s.Analytics.Username, Company: s.Analytics.Company, Secret: s.Secret, Digest: s.Analytics.Digest}
}

// company is the global company id that calls name: the one that was set, else the one that Connect found.
func (s *Service) company() (string, error) {
	if s.State != nil && s.State.Analytics != nil {
		return s.State.Analytics.Company.ID, nil
	}
	return "", fmt.Errorf("the cloud service %s has not been connected, which tells its company: %w", s.Name, ErrState)
}

// analyticsNotes say what is worth knowing of a service of Analytics.
func (s *Service) analyticsNotes() []string {
	if s.Authentication == IMS {
		return nil
	}
	return []string{"Adobe retired Analytics 1.4 and WSSE on " + analytics.Retired.Format("2006-01-02") +
		": only servers of your own still answer. Use an IMS configuration: latchkey cloud-service edit " + s.Name + " --authentication ims --ims-configuration NAME"}
}

func trimmed(all []string) []string {
	var out []string
	for _, one := range all {
		if one = strings.TrimSpace(one); one != "" && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}
