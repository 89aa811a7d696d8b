package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
)

// Framework says what pages send to a product.
type Framework struct {
	ID    string   `json:"id" example:"fw_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name  string   `json:"name" doc:"Unique in the cloud service." example:"site"`
	Title string   `json:"title" example:"Site"`
	Kind  string   `json:"kind" enum:"target,analytics"`
	Pages []string `json:"pages" nullable:"false" doc:"The pages that name it; those below inherit it." example:"[\"/content/site\"]"`

	Parameters []FrameworkParameter `json:"parameters,omitempty" doc:"Of the page's context, for Target."`

	ReportSuites         []FrameworkSuite   `json:"report_suites,omitempty" doc:"Where pages send to, for Analytics."`
	TrackingServer       string             `json:"tracking_server,omitempty" example:"acme.d1.sc.omtrdc.net"`
	SecureTrackingServer string             `json:"secure_tracking_server,omitempty"`
	VisitorNamespace     string             `json:"visitor_namespace,omitempty" example:"acme"`
	Mappings             []FrameworkMapping `json:"mappings,omitempty" doc:"What becomes of components' variables, for Analytics."`

	PublishedAt *time.Time `json:"published_at" doc:"When it was published last; null before."`
	Changed     bool       `json:"changed" doc:"Whether it was changed since."`
	Problems    []Item     `json:"problems,omitempty" doc:"What is doubtful about the values that were sent. Only in answers to a change."`
	CreatedBy   string     `json:"created_by"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
}

// FrameworkParameter is a parameter of the page's context.
type FrameworkParameter struct {
	Name  string `json:"name" doc:"Its store and its place in it." example:"profile/gender"`
	Share bool   `json:"share" doc:"Whether Target gets it: as a string; lists and objects are not sent."`
}

// FrameworkSuite is a report suite that pages send to.
type FrameworkSuite struct {
	ID      string `json:"id" example:"acmeprod"`
	RunMode string `json:"run_mode,omitempty" enum:"all,author,publish" doc:"all without it."`
}

// FrameworkMapping sends a component's variable to variables of Analytics.
type FrameworkMapping struct {
	Component string   `json:"component" doc:"Its resource type." example:"foundation/components/page"`
	Variable  string   `json:"variable" example:"pagedata.title"`
	To        []string `json:"to" nullable:"false" example:"[\"prop1\", \"eVar3\"]"`
}

// FrameworkValues are what people enter. What is left out stays as it is.
type FrameworkValues struct {
	Title *string   `json:"title,omitempty"`
	Pages *[]string `json:"pages,omitempty"`

	Parameters *[]FrameworkParameter `json:"parameters,omitempty" doc:"For Target."`

	ReportSuites         *[]FrameworkSuite   `json:"report_suites,omitempty" doc:"For Analytics, as all below."`
	TrackingServer       *string             `json:"tracking_server,omitempty"`
	SecureTrackingServer *string             `json:"secure_tracking_server,omitempty"`
	VisitorNamespace     *string             `json:"visitor_namespace,omitempty"`
	Mappings             *[]FrameworkMapping `json:"mappings,omitempty"`
}

// NewFramework asks for a framework.
type NewFramework struct {
	Name string `json:"name,omitempty" doc:"Made of the title when it is left out." example:"site"`
	FrameworkValues
}

// FrameworkContext is a page's context.
type FrameworkContext struct {
	Context map[string]any `json:"context" doc:"By store, as a page has it."`
}

// FrameworkSent is what Target gets of a context.
type FrameworkSent struct {
	Parameters map[string]string `json:"parameters" nullable:"false"`
	LeftOut    map[string]string `json:"left_out" nullable:"false" doc:"Why the others are not sent."`
}

// FrameworkRef names a framework in a path.
type FrameworkRef struct {
	CloudServiceRef
	Framework string `path:"framework" doc:"The framework's id or name." example:"site"`
}

// FrameworkMode is a framework for pages of a run mode.
type FrameworkMode struct {
	FrameworkRef
	RunMode string `query:"run_mode" enum:"author,publish" default:"publish" doc:"author has it as it is, publish as it was published."`
}

type (
	listFrameworks struct {
		CloudServiceRef
		Paging
		Page string `query:"page" doc:"A page's path: gives the one that it has, its own or that of the nearest page above." example:"/content/site/en"`
	}
	newFramework struct {
		CloudServiceRef
		body[NewFramework]
	}
	patchFramework struct {
		FrameworkRef
		body[FrameworkValues]
	}
	previewFramework struct {
		FrameworkMode
		body[FrameworkContext]
	}
)

const (
	frameworksPath  = cloudServiceOne + "/frameworks"
	frameworkAnswer = `{"id": "fw_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "site", "title": "Site", "kind": "analytics", "pages": ["/content/site"],
  "report_suites": [{"id": "acmeprod", "run_mode": "publish"}], "tracking_server": "acme.d1.sc.omtrdc.net", "visitor_namespace": "acme",
  "mappings": [{"component": "foundation/components/page", "variable": "pagedata.title", "to": ["prop1", "eVar3"]}], "published_at": null, "changed": true,
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-28T09:30:00Z", "updated_at": "2026-11-28T09:30:00Z"}`
	frameworkAsks = `{"title": "Site", "pages": ["/content/site"], "report_suites": [{"id": "acmeprod", "run_mode": "publish"}], "mappings": [{"component": "foundation/components/page", "variable": "pagedata.title", "to": ["prop1", "eVar3"]}]}`
)

func (s *server) frameworkRoutes(h huma.API) {
	const one = frameworksPath + "/{framework}"
	add(s, h, operation{id: "create-framework", method: http.MethodPost, path: frameworksPath, tag: cloudServiceTag, status: http.StatusCreated,
		summary: "Create a framework", description: "Report suites and variables are held against what was synced of the account; what was not synced is kept with a warning.",
		scope: access.ConnectionsWrite, asks: frameworkAsks, answers: frameworkAnswer, fails: []*Kind{kindNameTaken, kindNotFound}, idempotent: true}, s.createFramework)
	add(s, h, operation{id: "list-frameworks", method: http.MethodGet, path: frameworksPath, tag: cloudServiceTag,
		summary: "List frameworks", description: "By name; with page, the one that the page has.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound}}, s.listFrameworks)
	add(s, h, operation{id: "get-framework", method: http.MethodGet, path: one, tag: cloudServiceTag,
		summary: "Read a framework", scope: access.ConnectionsRead, answers: frameworkAnswer, fails: []*Kind{kindNotFound}}, s.getFramework)
	add(s, h, operation{id: "patch-framework", method: http.MethodPatch, path: one, tag: cloudServiceTag,
		summary: "Change a framework", description: "Pages on publish have what was published before, until it is published anew.",
		scope: access.ConnectionsWrite, asks: `{"visitor_namespace": "acme"}`, answers: frameworkAnswer, fails: []*Kind{kindNameTaken, kindNotFound, kindState}}, s.patchFramework)
	add(s, h, operation{id: "delete-framework", method: http.MethodDelete, path: one, tag: cloudServiceTag, status: http.StatusNoContent,
		summary: "Delete a framework", description: "Pages that name it inherit from above then.", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound}}, s.deleteFramework)
	add(s, h, operation{id: "publish-framework", method: http.MethodPost, path: one + "/publish", tag: cloudServiceTag,
		summary: "Publish a framework", description: "It is held against the synced lists once more.", scope: access.ConnectionsWrite, answers: frameworkAnswer, fails: []*Kind{kindNotFound, kindState}}, s.publishFramework)
	add(s, h, operation{id: "export-framework", method: http.MethodGet, path: one + "/export", tag: cloudServiceTag,
		summary: "Export a framework for a page", description: "As JSON that a page takes: what to send, and where.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound, kindState}}, s.exportFramework)
	add(s, h, operation{id: "preview-framework", method: http.MethodPost, path: one + "/preview", tag: cloudServiceTag,
		summary: "See what Target gets of a page's context", description: "Strings alone are sent; of the rest it says why not.", scope: access.ConnectionsRead,
		asks: `{"context": {"profile": {"gender": "female", "interests": ["sailing"]}}}`, answers: `{"parameters": {"profile/gender": "female"}, "left_out": {"profile/interests": "it is a list, and Target takes strings"}}`,
		fails: []*Kind{kindNotFound, kindState}}, s.previewFramework)
}

func (v FrameworkValues) values() cloudservice.FrameworkValues {
	out := cloudservice.FrameworkValues{
		Title: v.Title, Pages: v.Pages, TrackingServer: v.TrackingServer, SecureTrackingServer: v.SecureTrackingServer, VisitorNamespace: v.VisitorNamespace,
	}
	if v.Parameters != nil {
		all := mapped(*v.Parameters, func(p FrameworkParameter) cloudservice.Parameter { return cloudservice.Parameter(p) })
		out.Parameters = &all
	}
	if v.ReportSuites != nil {
		all := mapped(*v.ReportSuites, func(u FrameworkSuite) cloudservice.SuiteUse {
			return cloudservice.SuiteUse{ID: u.ID, RunMode: cloudservice.RunMode(u.RunMode)}
		})
		out.ReportSuites = &all
	}
	if v.Mappings != nil {
		all := mapped(*v.Mappings, func(m FrameworkMapping) cloudservice.Mapping { return cloudservice.Mapping(m) })
		out.Mappings = &all
	}
	return out
}

func (s *server) createFramework(ctx context.Context, c call, in *newFramework) (*created[Framework], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	saved, err := s.CloudServices.CreateFramework(ctx, c.caller, in.in(c), cloudservice.NewFramework{Name: ask.Name, FrameworkValues: ask.values()})
	if err != nil {
		return nil, err
	}
	return &created[Framework]{
		Location: cloudServicesPath + "/" + url.PathEscape(in.Ref) + "/frameworks/" + url.PathEscape(saved.Framework.Name), Body: savedFramework(saved),
	}, nil
}

func (s *server) listFrameworks(ctx context.Context, c call, in *listFrameworks) (*reply[Page[Framework]], error) {
	if in.Page != "" {
		f, err := s.CloudServices.FrameworkOf(ctx, c.caller, in.in(c), in.Page)
		if err != nil {
			return nil, err
		}
		return &reply[Page[Framework]]{Page[Framework]{Items: []Framework{shownFramework(f)}, Limit: in.Limit}}, nil
	}
	all, err := s.CloudServices.Frameworks(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownFramework), in.Paging, func(f Framework) string { return f.Name })
	return &reply[Page[Framework]]{out}, err
}

func (s *server) getFramework(ctx context.Context, c call, in *FrameworkRef) (*reply[Framework], error) {
	f, err := s.CloudServices.Framework(ctx, c.caller, in.in(c), in.Framework)
	if err != nil {
		return nil, err
	}
	return &reply[Framework]{shownFramework(f)}, nil
}

func (s *server) patchFramework(ctx context.Context, c call, in *patchFramework) (*reply[Framework], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return answerFramework(s.CloudServices.EditFramework(ctx, c.caller, in.in(c), in.Framework, ask.values()))
}

func (s *server) deleteFramework(ctx context.Context, c call, in *FrameworkRef) (*done, error) {
	return nil, s.CloudServices.DeleteFramework(ctx, c.caller, in.in(c), in.Framework)
}

func (s *server) publishFramework(ctx context.Context, c call, in *FrameworkRef) (*reply[Framework], error) {
	return answerFramework(s.CloudServices.PublishFramework(ctx, c.caller, in.in(c), in.Framework))
}

func (s *server) exportFramework(ctx context.Context, c call, in *FrameworkMode) (*reply[cloudservice.FrameworkExport], error) {
	out, err := s.CloudServices.ExportFramework(ctx, c.caller, in.in(c), in.Framework, cloudservice.RunMode(in.RunMode))
	if err != nil {
		return nil, err
	}
	return &reply[cloudservice.FrameworkExport]{out}, nil
}

func (s *server) previewFramework(ctx context.Context, c call, in *previewFramework) (*reply[FrameworkSent], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	out, err := s.CloudServices.ExportFramework(ctx, c.caller, in.in(c), in.Framework, cloudservice.RunMode(in.RunMode))
	if err != nil {
		return nil, err
	}
	if out.Target == nil {
		return nil, newProblem(kindState, "A framework of Analytics shares no context; export it instead.")
	}
	sent := out.Target.Send(ask.Context)
	return &reply[FrameworkSent]{FrameworkSent(sent)}, nil
}

func answerFramework(saved cloudservice.SavedFramework, err error) (*reply[Framework], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Framework]{savedFramework(saved)}, nil
}

func savedFramework(saved cloudservice.SavedFramework) Framework {
	out := shownFramework(saved.Framework)
	out.Problems = problemItems(saved.Problems)
	return out
}

func shownFramework(f cloudservice.Framework) Framework {
	s := f.Settings
	return Framework{
		ID: f.ID, Name: f.Name, Title: f.Title, Kind: string(f.Kind), Pages: listed(f.Pages),
		Parameters: mapped(s.Parameters, func(p cloudservice.Parameter) FrameworkParameter { return FrameworkParameter(p) }),
		ReportSuites: mapped(s.ReportSuites, func(u cloudservice.SuiteUse) FrameworkSuite {
			return FrameworkSuite{ID: u.ID, RunMode: string(u.RunMode)}
		}),
		TrackingServer: s.TrackingServer, SecureTrackingServer: s.SecureTrackingServer, VisitorNamespace: s.VisitorNamespace,
		Mappings:    mapped(s.Mappings, func(m cloudservice.Mapping) FrameworkMapping { return FrameworkMapping(m) }),
		PublishedAt: stamp(f.PublishedAt), Changed: f.Changed(), CreatedBy: f.CreatedBy, CreatedAt: *stamp(f.CreatedAt), UpdatedAt: *stamp(f.UpdatedAt),
	}
}
