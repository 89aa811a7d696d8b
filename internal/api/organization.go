package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// OrganizationDetails is a tenant.
type OrganizationDetails struct {
	ID        string    `json:"id" doc:"The IMS organization id." example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Number    string    `json:"number" doc:"The developer console's own id of it: digits." example:"25591412"`
	Name      string    `json:"name" example:"Acme Retail"`
	CreatedAt time.Time `json:"created_at"`
}

const organizationAnswer = `{"id": "6096892F54B5819E0A4C98A2@AdobeOrg", "number": "25591412", "name": "Acme Retail", "created_at": "2026-11-21T09:30:00Z"}`

func (s *server) organizationRoutes(h huma.API) {
	const base = apiPrefix + "/organizations"
	const tag = "Organizations"
	add(s, h, operation{id: "list-organizations", method: http.MethodGet, path: base, tag: tag,
		summary: "List organizations", description: "Those that you see: your own.", scope: access.RegistryRead}, s.listOrganizations)
	add(s, h, operation{id: "get-organization", method: http.MethodGet, path: base + "/{id}", tag: tag,
		summary: "Read an organization", description: "By its IMS id or its number.", scope: access.RegistryRead, answers: organizationAnswer, fails: []*Kind{kindNotFound}}, s.getOrganization)
}

func (s *server) listOrganizations(ctx context.Context, c call, in *Paging) (*reply[Page[OrganizationDetails]], error) {
	all, err := s.Directory.Organizations(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownOrganization), *in, func(o OrganizationDetails) string { return o.ID })
	return &reply[Page[OrganizationDetails]]{out}, err
}

func (s *server) getOrganization(ctx context.Context, c call, in *organizationID) (*reply[OrganizationDetails], error) {
	found, err := s.Directory.Organization(ctx, c.caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &reply[OrganizationDetails]{shownOrganization(found)}, nil
}

func shownOrganization(o registry.Organization) OrganizationDetails {
	return OrganizationDetails{ID: o.ID, Number: o.Number, Name: o.Name, CreatedAt: *stamp(o.CreatedAt)}
}
