package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// CloudService is a configured use of Adobe Target or Adobe Analytics.
type CloudService struct {
	ID             string   `json:"id" example:"cs_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name           string   `json:"name" doc:"Unique in the sandbox." example:"acme-target"`
	Title          string   `json:"title" example:"Acme Target"`
	Kind           string   `json:"kind" enum:"target,analytics"`
	Authentication string   `json:"authentication" enum:"ims,credentials" doc:"credentials are those of the products' older APIs, which Adobe has retired."`
	Status         string   `json:"status" enum:"draft,ready,connected" doc:"draft: values are missing; ready: Connect has not gone well with them yet; connected: it has."`
	Missing        []string `json:"missing" nullable:"false" doc:"The values that a draft lacks."`
	Configuration  *string  `json:"ims_configuration" doc:"The name of the IMS configuration whose token it calls with; null without one." example:"acme-target"`
	Secret         *string  `json:"secret" doc:"Masked; null where there is none." example:"********"`

	Target    *CloudServiceTarget    `json:"target,omitempty" doc:"The settings of Target."`
	Analytics *CloudServiceAnalytics `json:"analytics,omitempty" doc:"The settings of Analytics."`

	ConnectedAt *time.Time `json:"connected_at" doc:"When Connect went well last, with what is set now; null before."`
	Notes       []string   `json:"notes" nullable:"false" doc:"What is worth knowing of it as a whole: since when the vendor does not serve its mode."`
	Requires    []string   `json:"requires" nullable:"false" doc:"Which versions of AEM can have its mode."`
	Sandbox     string     `json:"sandbox" example:"prod"`
	Problems    []Item     `json:"problems,omitempty" doc:"What was noted or is doubtful about the values that were sent. Only in answers to a change."`
	CreatedBy   string     `json:"created_by"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
}

// CloudServiceValues are what people enter. What is left out stays as it is, or is missing in a draft.
type CloudServiceValues struct {
	Title          *string                      `json:"title,omitempty" example:"Acme Target"`
	Authentication *string                      `json:"authentication,omitempty" enum:"ims,credentials" doc:"A new one is ims."`
	Configuration  *string                      `json:"ims_configuration,omitempty" doc:"An IMS configuration by its id or its name." example:"acme-target"`
	Secret         *string                      `json:"secret,omitempty" doc:"The password of Target Classic, or the shared secret of Analytics 1.4. The mask leaves it as it is."`
	Target         *CloudServiceTargetValues    `json:"target,omitempty" doc:"For a service of Target."`
	Analytics      *CloudServiceAnalyticsValues `json:"analytics,omitempty" doc:"For a service of Analytics."`
}

// NewCloudService asks for a service.
type NewCloudService struct {
	Kind string `json:"kind" enum:"target,analytics"`
	Name string `json:"name,omitempty" doc:"Made of the title when it is left out." example:"acme-target"`
	CloudServiceValues
}

// CloudServiceConnection is what Connect has found.
type CloudServiceConnection struct {
	Connected bool          `json:"connected"`
	Message   string        `json:"message" doc:"Connection successful, or which layer failed." example:"Connection successful"`
	Layers    []HealthLayer `json:"layers" nullable:"false" doc:"token, profile, product; in this order. Without an IMS configuration, product alone."`
	Notes     []string      `json:"notes" nullable:"false"`
	Service   CloudService  `json:"cloud_service"`
	CheckedAt time.Time     `json:"checked_at"`
}

// CloudServiceRef names a service in a path.
type CloudServiceRef struct {
	Ref string `path:"ref" doc:"The cloud service's id or name." example:"acme-target"`
}

func (r CloudServiceRef) in(c call) cloudservice.Ref {
	return cloudservice.Ref{Sandbox: c.sandbox, Name: r.Ref}
}

type (
	newCloudService   struct{ body[NewCloudService] }
	patchCloudService struct {
		CloudServiceRef
		body[CloudServiceValues]
	}
)

const (
	cloudServicesPath  = apiPrefix + "/cloud-services"
	cloudServiceOne    = cloudServicesPath + "/{ref}"
	cloudServiceTag    = "Cloud services"
	cloudServiceAnswer = `{
  "id": "cs_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "acme-target", "title": "Acme Target", "kind": "target", "authentication": "ims", "status": "ready", "missing": [],
  "ims_configuration": "acme-target", "secret": null,
  "target": {"tenant_id": "acme", "client_code": "acme", "api_type": "rest", "accurate_targeting": true, "sync_audiences": true, "library": "at.js"},
  "connected_at": null, "notes": [], "requires": [], "sandbox": "prod",
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-28T09:30:00Z", "updated_at": "2026-11-28T09:30:00Z"
}`
	cloudServiceConnected = `{"connected": false, "message": "product: the credential has no product profile that the product takes", "layers": [
  {"layer": "token", "status": "ok", "message": "Token is retrieved successfully", "advice": [], "warnings": []},
  {"layer": "profile", "status": "ok", "message": "organization 6096892F54B5819E0A4C98A2@AdobeOrg; product contexts: dma_tartan", "advice": [], "warnings": []},
  {"layer": "product", "status": "failed", "message": "the credential has no product profile that the product takes", "code": "403025", "description": "Profile is not valid", "http_status": 403,
   "advice": [{"do": "give the credential a product profile, whose permissions cover what is called", "where": "Developer Console: the project, the API, Edit product profiles"}], "warnings": []}],
  "notes": [], "checked_at": "2026-11-28T09:30:00Z", "cloud_service": ` + cloudServiceAnswer + `}`
)

func (s *server) cloudServiceRoutes(h huma.API) {
	add(s, h, operation{id: "create-cloud-service", method: http.MethodPost, path: cloudServicesPath, tag: cloudServiceTag, status: http.StatusCreated,
		summary: "Create a cloud service", description: "Of Target or Analytics. Nothing is sent to the product: the values are checked, and each that doesn't fit is named. What is left out makes it a draft, to be completed later.",
		scope: access.ConnectionsWrite, asks: `{"kind": "target", "title": "Acme Target", "ims_configuration": "acme-target", "target": {"tenant_id": "acme"}}`, answers: cloudServiceAnswer,
		fails: []*Kind{kindNameTaken}, idempotent: true}, s.createCloudService)
	add(s, h, operation{id: "list-cloud-services", method: http.MethodGet, path: cloudServicesPath, tag: cloudServiceTag,
		summary: "List cloud services", description: "Of one sandbox, by name.", scope: access.ConnectionsRead}, s.listCloudServices)
	add(s, h, operation{id: "get-cloud-service", method: http.MethodGet, path: cloudServiceOne, tag: cloudServiceTag,
		summary: "Read a cloud service", scope: access.ConnectionsRead, answers: cloudServiceAnswer, fails: []*Kind{kindNotFound}}, s.getCloudService)
	add(s, h, operation{id: "patch-cloud-service", method: http.MethodPatch, path: cloudServiceOne, tag: cloudServiceTag,
		summary: "Change a cloud service", description: "When the account or what it is reached with changes, the service is to be connected anew.",
		scope: access.ConnectionsWrite, asks: `{"target": {"client_code": "acme"}}`, answers: cloudServiceAnswer, fails: []*Kind{kindNotFound, kindState}}, s.patchCloudService)
	add(s, h, operation{id: "delete-cloud-service", method: http.MethodDelete, path: cloudServiceOne, tag: cloudServiceTag, status: http.StatusNoContent,
		summary: "Delete a cloud service", description: "With all that was synced for it here. In the product nothing is removed.", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.deleteCloudService)
	add(s, h, operation{id: "connect-cloud-service", method: http.MethodPost, path: cloudServiceOne + "/connect", tag: cloudServiceTag,
		summary: "Connect", description: "In layers: token, profile, product. The first that fails ends it, and says what to change where. What the product tells (workspaces, companies) is kept.",
		scope: access.ConnectionsWrite, answers: cloudServiceConnected, fails: []*Kind{kindNotFound, kindState}}, s.connectCloudService)
	s.provisioningRoutes(h)
	s.analyticsRoutes(h)
	s.frameworkRoutes(h)
	s.audienceRoutes(h)
	s.offerRoutes(h)
	s.targetListRoutes(h)
	s.libraryRoutes(h)
}

func (v CloudServiceValues) values() cloudservice.Values {
	out := cloudservice.Values{Title: v.Title, Configuration: v.Configuration}
	if v.Authentication != nil {
		by := cloudservice.Authentication(*v.Authentication)
		out.Authentication = &by
	}
	if v.Secret != nil && *v.Secret != masked {
		value := secret.New(*v.Secret)
		out.Secret = &value
	}
	if v.Target != nil {
		out.Target = v.Target.values()
	}
	if v.Analytics != nil {
		out.Analytics = v.Analytics.values()
	}
	return out
}

func (s *server) createCloudService(ctx context.Context, c call, in *newCloudService) (*created[CloudService], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.CloudServices.Create(ctx, c.caller, cloudservice.Create{
		Sandbox: c.sandbox, Kind: cloudservice.Kind(ask.Kind), Name: ask.Name, Values: ask.values(),
	})
	if err != nil {
		return nil, err
	}
	return &created[CloudService]{Location: cloudServicesPath + "/" + url.PathEscape(made.Service.Name), Body: savedCloudService(made)}, nil
}

func (s *server) listCloudServices(ctx context.Context, c call, in *Paging) (*reply[Page[CloudService]], error) {
	all, err := s.CloudServices.List(ctx, c.caller, c.sandbox)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownCloudService), *in, func(o CloudService) string { return o.Name })
	return &reply[Page[CloudService]]{out}, err
}

func (s *server) getCloudService(ctx context.Context, c call, in *CloudServiceRef) (*reply[CloudService], error) {
	found, err := s.CloudServices.Get(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[CloudService]{shownCloudService(found)}, nil
}

func (s *server) patchCloudService(ctx context.Context, c call, in *patchCloudService) (*reply[CloudService], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	saved, err := s.CloudServices.Edit(ctx, c.caller, in.in(c), ask.values())
	if err != nil {
		return nil, err
	}
	return &reply[CloudService]{savedCloudService(saved)}, nil
}

func (s *server) deleteCloudService(ctx context.Context, c call, in *CloudServiceRef) (*done, error) {
	return nil, s.CloudServices.Delete(ctx, c.caller, in.in(c))
}

func (s *server) connectCloudService(ctx context.Context, c call, in *CloudServiceRef) (*reply[CloudServiceConnection], error) {
	found, err := s.CloudServices.Connect(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[CloudServiceConnection]{CloudServiceConnection{
		Connected: found.Connected, Message: found.Message(), Layers: mapped(found.Layers, shownLayer), Notes: listed(found.Notes),
		Service: shownCloudService(found.Service), CheckedAt: *stamp(found.CheckedAt),
	}}, nil
}

func savedCloudService(saved cloudservice.Saved) CloudService {
	out := shownCloudService(saved.Service)
	out.Problems = problemItems(saved.Problems)
	return out
}

func shownCloudService(s cloudservice.Service) CloudService {
	out := CloudService{
		ID: s.ID, Name: s.Name, Title: s.Title, Kind: string(s.Kind), Authentication: string(s.Authentication), Status: string(s.Status()),
		Missing: listed(s.Missing()), Configuration: optional(s.Configuration), Notes: listed(s.Notes()), Requires: listed(s.Requires()), Sandbox: s.Sandbox,
		CreatedBy: s.CreatedBy, CreatedAt: *stamp(s.CreatedAt), UpdatedAt: *stamp(s.UpdatedAt),
	}
	if !s.Secret.Empty() {
		out.Secret = optional(masked)
	}
	if s.State != nil {
		out.ConnectedAt = stamp(s.State.ConnectedAt)
	}
	if s.Target != nil {
		out.Target = shownTarget(s)
	}
	if s.Analytics != nil {
		out.Analytics = shownAnalytics(s)
	}
	return out
}

// refused tells what a product did not do, and what to change where.
func refused(e *cloudservice.RefusedError) *Problem {
	out := newProblem(kindProduct, e.Layer.Message+".", mapped(e.Layer.Advice, func(a finding.Advice) Item {
		return Item{Message: a.Do, Fix: a.Where}
	})...)
	out.Failure = &Failure{Kind: "denied", Code: e.Layer.Code, Status: e.Layer.HTTP, Description: e.Layer.Description}
	if e.Layer.HTTP == 0 {
		out.Failure.Kind = "provider_down"
	}
	return out
}
