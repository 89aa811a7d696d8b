package cloudservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// A service as a file: JSON in the words of the API for another Latchkey, or AEM's marketingcloud.properties. A secret is in neither.

// Format is what a service is written as.
type Format string

// The formats.
const (
	JSONFile       Format = "json"
	PropertiesForm Format = "properties"
)

// PropertiesFile is how AEM calls its own.
const PropertiesFile = "marketingcloud.properties"

// File is a service that was written.
type File struct{ Name, Text string }

// document is a service in JSON. Its parts have the members of the values, in their order.
type document struct {
	Kind           Kind               `json:"kind"`
	Name           string             `json:"name,omitempty"`
	Title          *string            `json:"title,omitempty"`
	Authentication *Authentication    `json:"authentication,omitempty"`
	Configuration  *string            `json:"ims_configuration,omitempty"`
	Target         *documentTarget    `json:"target,omitempty"`
	Analytics      *documentAnalytics `json:"analytics,omitempty"`
}

type documentTarget struct {
	TenantID          *string  `json:"tenant_id,omitempty"`
	ClientCode        *string  `json:"client_code,omitempty"`
	Email             *string  `json:"email,omitempty"`
	Workspace         *string  `json:"workspace,omitempty"`
	A4T               *string  `json:"a4t_configuration,omitempty"`
	LibraryURL        *string  `json:"library_url,omitempty"`
	APIType           *APIType `json:"api_type,omitempty"`
	AccurateTargeting *bool    `json:"accurate_targeting,omitempty"`
	SyncAudiences     *bool    `json:"sync_audiences,omitempty"`
	Library           *Library `json:"library,omitempty"`
}

type documentAnalytics struct {
	Company           *string           `json:"company,omitempty"`
	Username          *string           `json:"username,omitempty"`
	DataCenter        *string           `json:"data_center,omitempty"`
	Segment           *string           `json:"segment,omitempty"`
	Digest            *analytics.Digest `json:"digest,omitempty"`
	ReportSuites      *[]string         `json:"report_suites,omitempty"`
	A4T               *bool             `json:"a4t,omitempty"`
	Password          *secret.String    `json:"-"`
	NoTag             *bool             `json:"no_tracking_tag,omitempty"`
	NoPageLoad        *bool             `json:"no_page_load_event,omitempty"`
	AppMeasurement    *bool             `json:"app_measurement,omitempty"`
	ClientContext     *bool             `json:"client_context,omitempty"`
	AdditionalContext *bool             `json:"additional_context_data,omitempty"`
}

// Export writes what a service is set to.
func (s *Services) Export(ctx context.Context, caller access.Caller, ref Ref, format Format) (File, error) {
	of, err := s.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return File{}, err
	}
	switch format {
	case JSONFile:
		if of, err = s.namedA4T(ctx, of); err != nil {
			return File{}, err
		}
		text, err := of.json()
		return File{of.Name + ".json", text}, err
	case PropertiesForm:
		return File{PropertiesFile, of.properties()}, nil
	}
	return File{}, finding.Problems{{Severity: finding.Wrong, Pointer: "/format", Message: "there is no such format", Fix: `use "json" or "properties"`}}
}

// namedA4T puts the name of the service of Analytics into the place of its id, where it is there yet.
func (s *Services) namedA4T(ctx context.Context, of Service) (Service, error) {
	if of.Target == nil || of.Target.A4T == "" {
		return of, nil
	}
	other, err := s.config.Store.Find(ctx, of.place(), of.Target.A4T)
	if errors.Is(err, ErrNotFound) {
		return of, nil
	}
	of = of.clone()
	of.Target.A4T = other.Name
	return of, err
}

func (s *Service) json() (string, error) {
	out := document{Kind: s.Kind, Name: s.Name, Title: &s.Title, Authentication: &s.Authentication, Configuration: unlessEmpty(s.Configuration)}
	if t := s.Target; t != nil {
		out.Target = &documentTarget{
			TenantID: unlessEmpty(t.TenantID), ClientCode: unlessEmpty(t.ClientCode), Email: unlessEmpty(t.Email), Workspace: unlessEmpty(t.Workspace), A4T: unlessEmpty(t.A4T),
			LibraryURL: unlessEmpty(t.LibraryURL), APIType: &t.APIType, AccurateTargeting: &t.AccurateTargeting, SyncAudiences: &t.SyncAudiences, Library: &t.Library,
		}
	}
	if a := s.Analytics; a != nil {
		out.Analytics = &documentAnalytics{
			Company: unlessEmpty(a.Company), Username: unlessEmpty(a.Username), DataCenter: unlessEmpty(a.DataCenter), Segment: unlessEmpty(a.Segment), Digest: unlessEmpty(a.Digest), A4T: &a.A4T,
			NoTag: &a.Tracking.NoTag, NoPageLoad: &a.Tracking.NoPageLoad, AppMeasurement: &a.Tracking.AppMeasurement,
			ClientContext: &a.Tracking.ClientContext, AdditionalContext: &a.Tracking.AdditionalContext,
		}
		if len(a.ReportSuites) > 0 {
			out.Analytics.ReportSuites = &a.ReportSuites
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(out)
	return text.String(), err
}

func unlessEmpty[T ~string](text T) *T {
	if text == "" {
		return nil
	}
	return &text
}

// properties writes a service with the keys of provisioning.
func (s *Service) properties() string {
	var out strings.Builder
	for _, version := range s.Requires() {
		fmt.Fprintf(&out, "# needs %s\n", version)
	}
	fmt.Fprintf(&out, "%s=true\n%s=%s\n", keyAutomatic, keyService, s.Kind)
	put := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s=%s\n", key, EscapeProperty(value))
		}
	}
	if t := s.Target; t != nil {
		put(keyTargetIMS, s.Configuration)
		put(keyClientCode, t.ClientCode)
		put(keyTenant, t.TenantID)
		put(keyEmail, t.Email)
	}
	if a := s.Analytics; a != nil {
		put(keyAnalyticsIMS, s.Configuration)
		put(keyCompany, a.Company)
		put(keyUsername, a.Username)
		put(keyServer, a.DataCenter)
		put(keyReportSuite, strings.Join(a.ReportSuites, ","))
	}
	return out.String()
}

// EscapeProperty writes a value as a file in the form of Java's Properties has it.
func EscapeProperty(value string) string {
	var out strings.Builder
	for n, r := range value {
		switch {
		case r == '\\' || n == 0 && (r == ' ' || r == '=' || r == ':'):
			out.WriteRune('\\')
			out.WriteRune(r)
		case r < ' ' || r > '~':
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// Import asks for the service that a file in JSON describes.
type Import struct {
	Sandbox, Text string
	// Configuration stands in for the IMS configuration that the file names; "" leaves that.
	Configuration string
	// Secret goes with the products' older APIs.
	Secret secret.String
}

// Import makes the service, or changes the one of its name; made tells which.
func (s *Services) Import(ctx context.Context, caller access.Caller, ask Import) (saved Saved, made bool, err error) {
	var d document
	decoder := json.NewDecoder(strings.NewReader(ask.Text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return Saved{}, false, finding.Problems{{Severity: finding.Wrong, Pointer: "/file", Message: "this is not what the export of a cloud service writes", Fix: "give the JSON of an export; AEM's " + PropertiesFile + " is provisioned"}}
	}
	if d.Name == "" {
		return Saved{}, false, finding.Problems{{Severity: finding.Wrong, Pointer: "/file", Message: "the file has no name in it", Fix: `give it a member "name"`}}
	}
	values := Values{Title: d.Title, Authentication: d.Authentication, Configuration: d.Configuration}
	if ask.Configuration != "" {
		values.Configuration = &ask.Configuration
	}
	if !ask.Secret.Empty() {
		values.Secret = &ask.Secret
	}
	if d.Target != nil {
		values.Target = new(TargetValues(*d.Target))
	}
	if d.Analytics != nil {
		values.Analytics = new(AnalyticsValues(*d.Analytics))
	}
	saved, err = s.Create(ctx, caller, Create{Sandbox: ask.Sandbox, Kind: d.Kind, Name: d.Name, Values: values})
	if errors.Is(err, ErrNameTaken) {
		saved, err = s.Edit(ctx, caller, Ref{Sandbox: ask.Sandbox, Name: d.Name}, values)
		return saved, false, err
	}
	return saved, true, err
}
