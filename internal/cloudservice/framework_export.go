package cloudservice

import (
	"context"
	"fmt"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
)

// FrameworkExport is a framework as a page takes it.
type FrameworkExport struct {
	Product   Kind    `json:"product"`
	Service   string  `json:"cloud_service"`
	Framework string  `json:"framework"`
	RunMode   RunMode `json:"run_mode"`

	Target    *TargetExport    `json:"target,omitempty"`
	Analytics *AnalyticsExport `json:"analytics,omitempty"`
}

// TargetExport is what a page sends to Target.
type TargetExport struct {
	ClientCode        string   `json:"client_code"`
	AccurateTargeting bool     `json:"accurate_targeting"`
	Parameters        []string `json:"parameters"`
}

// AnalyticsExport is what a page sends to Analytics, and where.
type AnalyticsExport struct {
	ReportSuites         []string  `json:"report_suites"`
	TrackingServer       string    `json:"tracking_server"`
	SecureTrackingServer string    `json:"secure_tracking_server"`
	VisitorNamespace     string    `json:"visitor_namespace"`
	Tracking             Tracking  `json:"tracking"`
	Mappings             []Mapping `json:"mappings"`
}

// ExportFramework gives a framework for pages of a run mode: author has the settings as they are, publish those that are published.
func (s *Services) ExportFramework(ctx context.Context, caller access.Caller, ref Ref, name string, mode RunMode) (FrameworkExport, error) {
	of, f, err := s.framework(ctx, caller, ref, name, access.ConnectionsRead)
	if err != nil {
		return FrameworkExport{}, err
	}
	settings := f.Settings
	switch {
	case mode != Author && mode != Publish:
		var problems finding.Problems
		problems.Wrong("/run_mode", "there is no such run mode of a page", "use author or publish")
		return FrameworkExport{}, problems.Errors()
	case mode == Publish && f.Published == nil:
		return FrameworkExport{}, fmt.Errorf("the framework %s has not been published: %w", f.Name, ErrState)
	case mode == Publish:
		settings = *f.Published
	}
	out := FrameworkExport{Product: of.Kind, Service: of.Name, Framework: f.Name, RunMode: mode}
	if of.Kind == Target {
		out.Target = &TargetExport{ClientCode: of.Target.ClientCode, AccurateTargeting: of.Target.AccurateTargeting || mode == Author, Parameters: settings.shared()}
		if out.Target.ClientCode == "" {
			out.Target.ClientCode = of.Target.TenantID
		}
		return out, nil
	}
	out.Analytics = &AnalyticsExport{
		ReportSuites: settings.suites(mode), TrackingServer: settings.TrackingServer, SecureTrackingServer: settings.SecureTrackingServer,
		VisitorNamespace: settings.VisitorNamespace, Tracking: of.Analytics.Tracking, Mappings: append([]Mapping{}, settings.Mappings...),
	}
	return out, nil
}

// shared names the parameters that are sent.
func (s *FrameworkSettings) shared() []string {
	out := []string{}
	for _, p := range s.Parameters {
		if p.Share {
			out = append(out, p.Name)
		}
	}
	return out
}

// suites names the report suites of a run mode.
func (s *FrameworkSettings) suites(mode RunMode) []string {
	out := []string{}
	for _, suite := range s.ReportSuites {
		if suite.RunMode == AnyMode || suite.RunMode == mode {
			out = append(out, suite.ID)
		}
	}
	return out
}

// Sent is what of a page's context Target gets.
type Sent struct {
	Parameters map[string]string
	// LeftOut says of the others why they are not sent.
	LeftOut map[string]string
}

// Send says what Target gets of a context: strings alone, so that an array or an object is left out.
func (e *TargetExport) Send(page map[string]any) Sent {
	out := Sent{Parameters: map[string]string{}, LeftOut: map[string]string{}}
	for _, name := range e.Parameters {
		var value any = page
		for _, part := range strings.Split(name, "/") {
			within, _ := value.(map[string]any)
			value = within[part]
		}
		switch v := value.(type) {
		case string:
			out.Parameters[name] = v
		case nil:
			out.LeftOut[name] = "the context does not have it"
		case []any:
			out.LeftOut[name] = "it is a list, and Target takes strings"
		case map[string]any:
			out.LeftOut[name] = "it is an object, and Target takes strings"
		default:
			out.LeftOut[name] = "it is no string, and Target takes strings"
		}
	}
	return out
}
