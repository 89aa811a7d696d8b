package cloudservice

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
)

// A framework says what pages send to a product, as AEM's frameworks do (spec/aem-target-analytics.md §2.1, §3.1): which parameters
// of the context are shared with Target, or which variables of components become which props, eVars and events of Analytics. A page
// names one of each product, its child pages inherit it, and pages see what is published of it.

// Framework is a framework of a cloud service.
type Framework struct {
	// ID is `fw_` and a ULID; Name is unique in the service.
	ID, Service string
	Place       Place
	Kind        Kind
	Name, Title string
	Settings    FrameworkSettings
	// Published are the settings that pages on publish have; nil before the first time.
	Published   *FrameworkSettings
	PublishedAt time.Time
	// Pages are the paths that name it. Pages below them inherit it.
	Pages                []string
	Version              int64
	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
}

// FrameworkSettings are what a framework is set to: Parameters for Target, the rest for Analytics.
type FrameworkSettings struct {
	Parameters []Parameter `json:"parameters,omitempty"`

	ReportSuites         []SuiteUse `json:"report_suites,omitempty"`
	TrackingServer       string     `json:"tracking_server,omitempty"`
	SecureTrackingServer string     `json:"secure_tracking_server,omitempty"`
	VisitorNamespace     string     `json:"visitor_namespace,omitempty"`
	Mappings             []Mapping  `json:"mappings,omitempty"`
}

// Parameter is one of the context's: "profile/gender". It is sent to Target as a string when it is shared, and its name is the last
// part.
type Parameter struct {
	Name  string `json:"name"`
	Share bool   `json:"share"`
}

// RunMode is which instances a report suite is for.
type RunMode string

// The run modes.
const (
	AnyMode RunMode = "all"
	Author  RunMode = "author"
	Publish RunMode = "publish"
)

// SuiteUse is a report suite that pages send to.
type SuiteUse struct {
	ID      string  `json:"id"`
	RunMode RunMode `json:"run_mode"`
}

// Mapping sends a component's variable to variables of Analytics.
type Mapping struct {
	// Component is its resource type: "foundation/components/page".
	Component string   `json:"component"`
	Variable  string   `json:"variable"` // "pagedata.title"
	To        []string `json:"to"`       // "prop1", "eVar3", "event5", "pageName"
}

// The errors of frameworks.
var (
	ErrNoFramework    = errors.New("no such framework")
	ErrFrameworkTaken = errors.New("another framework of the cloud service has that name")
)

// PageTakenError is given for a page that another framework of the product is on.
type PageTakenError struct{ Page string }

func (e *PageTakenError) Error() string {
	return "another framework of that product is on the page " + e.Page
}

// FrameworkStore keeps frameworks.
type FrameworkStore interface {
	// CreateFramework keeps one: [ErrFrameworkTaken], [*PageTakenError].
	CreateFramework(ctx context.Context, f Framework, entry audit.Entry) error
	// FindFramework gives one of a service by its id or name: [ErrNoFramework].
	FindFramework(ctx context.Context, of *Service, ref string) (Framework, error)
	// Frameworks gives those of a service, by their names.
	Frameworks(ctx context.Context, of *Service) ([]Framework, error)
	// ChangeFramework replaces one whose version is still the same: [ErrConflict], [*PageTakenError].
	ChangeFramework(ctx context.Context, f Framework, entry audit.Entry) error
	// DeleteFramework removes one: [ErrNoFramework].
	DeleteFramework(ctx context.Context, f Framework, entry audit.Entry) error
	// PageFramework gives the framework of a product that a page itself names, and its service: "" for none.
	PageFramework(ctx context.Context, place Place, kind Kind, page string) (framework, service string, err error)
}

func (s *FrameworkSettings) clone() FrameworkSettings {
	out := *s
	out.Parameters = slices.Clone(s.Parameters)
	out.ReportSuites = slices.Clone(s.ReportSuites)
	out.Mappings = nil
	for _, m := range s.Mappings {
		m.To = slices.Clone(m.To)
		out.Mappings = append(out.Mappings, m)
	}
	return out
}

// Changed tells whether pages on publish have other settings than these.
func (f *Framework) Changed() bool {
	return f.Published == nil || !reflect.DeepEqual(f.Published, &f.Settings)
}

func (f *Framework) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: f.Place.Organization, Actor: caller.ID, Action: action, Subject: f.ID, Generation: f.Version,
		Detail: map[string]string{"name": f.Name, "cloud_service": f.Service, "kind": string(f.Kind)},
	}
}
