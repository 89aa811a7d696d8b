package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// Service is an API that credentials subscribe to, as it stands for the caller.
type Service struct {
	Code         string           `json:"code" example:"AdobeTargetSDK"`
	Name         string           `json:"name" example:"Adobe Target"`
	Description  string           `json:"description"`
	Own          bool             `json:"own" doc:"The organization declared it; else it is built in."`
	Entitled     bool             `json:"entitled" doc:"The organization may use it."`
	Open         bool             `json:"open" doc:"Every organization may use it, without an entitlement of its own."`
	Available    bool             `json:"available" doc:"You can add it to a credential."`
	Reasons      []ServiceReason  `json:"reasons" nullable:"false" doc:"Why you can't; none when you can."`
	Scopes       []string         `json:"scopes" nullable:"false" doc:"What a subscribed credential may ask for by OAuth."`
	Metascopes   []string         `json:"metascopes" nullable:"false" doc:"What it may ask for in a JWT."`
	Kinds        []string         `json:"kinds" nullable:"false" doc:"The kinds of credential that can subscribe." example:"[\"oauth_server_to_server\"]"`
	Profiles     []OfferedProfile `json:"profiles" nullable:"false" doc:"The product profiles that you may attach, of a service that has them."`
	HasProfiles  bool             `json:"has_profiles" doc:"A subscription names product profiles, one at least."`
	ProductRoles []string         `json:"product_roles" nullable:"false" doc:"The roles that a credential can have in a product profile, the first by default."`
	AdminOnly    bool             `json:"admin_only" doc:"Only System Administrators add it."`
	Deprecated   bool             `json:"deprecated"`
	DocsURL      string           `json:"docs_url"`
}

// ServiceReason is why a service can't be added.
type ServiceReason struct {
	Code    string `json:"code" example:"ORG_NOT_ALLOWLISTED"`
	Message string `json:"message" example:"the organization is not entitled to it; an administrator can entitle it"`
}

// OfferedProfile is a product profile that the caller may attach.
type OfferedProfile struct {
	ID   string `json:"id" example:"419584532"`
	Name string `json:"name" example:"Default Workspace"`
}

// NewService declares a service of the organization's own.
type NewService struct {
	Code         string   `json:"code,omitempty" doc:"A letter, then 2 to 63 letters, digits, dots, dashes and underscores." example:"billing"`
	Name         string   `json:"name" example:"Billing"`
	Description  string   `json:"description,omitempty"`
	Scopes       []string `json:"scopes,omitempty" doc:"What tokens for it say." example:"[\"billing:read\", \"billing:write\"]"`
	Metascopes   []string `json:"metascopes,omitempty"`
	Profiles     bool     `json:"has_profiles,omitempty" doc:"Subscriptions name product profiles."`
	ProductRoles bool     `json:"product_roles,omitempty" doc:"Credentials are observer, editor or approver in a product profile."`
	Kinds        []string `json:"kinds,omitempty" doc:"The kinds of credential that can subscribe; without them all but api_key."`
	AdminOnly    bool     `json:"admin_only,omitempty"`
	Deprecated   bool     `json:"deprecated,omitempty" doc:"It takes no new subscriptions."`
	DocsURL      string   `json:"docs_url,omitempty"`
}

type (
	serviceCode struct {
		Code string `path:"code" doc:"The service's code." example:"AdobeTargetSDK"`
	}
	putService struct {
		Code string `path:"code" doc:"The service's code." example:"billing"`
		body[NewService]
	}
)

const serviceAnswer = `{
  "code": "billing", "name": "Billing", "description": "", "own": true, "entitled": true, "open": false, "available": true, "reasons": [],
  "scopes": ["billing:read", "billing:write"], "metascopes": [], "kinds": ["service_account_jwt", "oauth_server_to_server"], "profiles": [],
  "has_profiles": false, "product_roles": [], "admin_only": false, "deprecated": false, "docs_url": ""
}`

const servicesPath = apiPrefix + "/services"

func (s *server) serviceRoutes(h huma.API) {
	const one = servicesPath + "/{code}"
	const tag = "Services"
	const ask = `{"code": "billing", "name": "Billing", "scopes": ["billing:read", "billing:write"]}`
	add(s, h, operation{id: "list-services", method: http.MethodGet, path: servicesPath, tag: tag,
		summary: "List services", description: "All, in the order of their codes; of those that you can't add to a credential, why.", scope: access.RegistryRead}, s.listServices)
	add(s, h, operation{id: "get-service", method: http.MethodGet, path: one, tag: tag,
		summary: "Read a service", scope: access.RegistryRead, answers: serviceAnswer, fails: []*Kind{kindNotFound}}, s.getService)
	add(s, h, operation{id: "declare-service", method: http.MethodPost, path: servicesPath, tag: tag, status: http.StatusCreated,
		summary: "Declare a service of your own", description: "The organization is entitled to it. Takes the role System Administrator.",
		scope: access.RegistryWrite, asks: ask, answers: serviceAnswer, fails: []*Kind{kindNameTaken, kindQuota}, idempotent: true}, s.declareService)
	add(s, h, operation{id: "redeclare-service", method: http.MethodPut, path: one, tag: tag,
		summary: "Replace a service of your own", description: "What its credentials may ask for changes with it.",
		scope: access.RegistryWrite, asks: `{"name": "Billing", "scopes": ["billing:read"]}`, answers: serviceAnswer, fails: []*Kind{kindNotFound, kindState}}, s.redeclareService)
	add(s, h, operation{id: "withdraw-service", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Delete a service of your own", description: "With its product profiles. No credential may be subscribed to it.",
		scope: access.RegistryWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.withdrawService)
	add(s, h, operation{id: "entitle", method: http.MethodPut, path: one + "/entitlement", tag: tag,
		summary: "Entitle the organization to a service", description: "An act of the Admin Console; takes the role System Administrator.",
		scope: access.RegistryWrite, answers: serviceAnswer, fails: []*Kind{kindNotFound}}, s.entitle)
	add(s, h, operation{id: "end-entitlement", method: http.MethodDelete, path: one + "/entitlement", tag: tag, status: http.StatusNoContent,
		summary: "Take a service from the organization", description: "No credential may be subscribed to it.",
		scope: access.RegistryWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.endEntitlement)
}

func (s *server) listServices(ctx context.Context, c call, in *Paging) (*reply[Page[Service]], error) {
	all, err := s.Services.Services(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownService), *in, func(o Service) string { return o.Code })
	return &reply[Page[Service]]{out}, err
}

func (s *server) getService(ctx context.Context, c call, in *serviceCode) (*reply[Service], error) {
	found, err := s.Services.Service(ctx, c.caller, in.Code)
	if err != nil {
		return nil, err
	}
	return &reply[Service]{shownService(found)}, nil
}

func (s *server) declareService(ctx context.Context, c call, in *struct{ body[NewService] }) (*created[Service], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Services.Declare(ctx, c.caller, ask.service(ask.Code))
	if err != nil {
		return nil, err
	}
	out, err := s.getService(ctx, c, &serviceCode{made.Code})
	if err != nil {
		return nil, err
	}
	return &created[Service]{Location: servicesPath + "/" + url.PathEscape(made.Code), Body: out.Body}, nil
}

func (s *server) redeclareService(ctx context.Context, c call, in *putService) (*reply[Service], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	if ask.Code != "" && ask.Code != in.Code {
		return nil, invalid(Item{Pointer: "/code", Message: "another code than in the path", Fix: "Leave it out: a service's code stays."})
	}
	made, err := s.Services.Redeclare(ctx, c.caller, ask.service(in.Code))
	if err != nil {
		return nil, err
	}
	return s.getService(ctx, c, &serviceCode{made.Code})
}

func (s *server) withdrawService(ctx context.Context, c call, in *serviceCode) (*done, error) {
	return nil, s.Services.Withdraw(ctx, c.caller, in.Code)
}

func (s *server) entitle(ctx context.Context, c call, in *serviceCode) (*reply[Service], error) {
	if _, err := s.Services.Entitle(ctx, c.caller, in.Code); err != nil {
		return nil, err
	}
	return s.getService(ctx, c, in)
}

func (s *server) endEntitlement(ctx context.Context, c call, in *serviceCode) (*done, error) {
	return nil, s.Services.EndEntitlement(ctx, c.caller, in.Code)
}

func (n NewService) service(code string) project.NewService {
	return project.NewService{
		Code: code, Name: n.Name, Description: n.Description, Scopes: n.Scopes, Metascopes: n.Metascopes, Profiles: n.Profiles,
		ProductRoles: n.ProductRoles, Kinds: mapped(n.Kinds, func(k string) project.Kind { return project.Kind(k) }),
		AdminOnly: n.AdminOnly, Deprecated: n.Deprecated, DocsURL: n.DocsURL,
	}
}

func shownService(o project.Offer) Service {
	return Service{
		Code: o.Code, Name: o.Name, Description: o.Description, Own: o.Organization != "", Entitled: o.Entitled, Open: o.Open, Available: len(o.Reasons) == 0,
		Reasons: mapped(o.Reasons, func(r project.Reason) ServiceReason { return ServiceReason{string(r), r.Words()} }),
		Scopes:  append([]string{}, o.Scopes...), Metascopes: append([]string{}, o.Metascopes...), Kinds: texts(o.Kinds),
		Profiles:    mapped(o.Offered, func(p project.Profile) OfferedProfile { return OfferedProfile{p.ID, p.Name} }),
		HasProfiles: o.Service.Profiles, ProductRoles: texts(o.Roles), AdminOnly: o.AdminOnly, Deprecated: o.Deprecated, DocsURL: o.DocsURL,
	}
}

// texts gives the texts of named strings.
func texts[T ~string](list []T) []string {
	return mapped(list, func(v T) string { return string(v) })
}
