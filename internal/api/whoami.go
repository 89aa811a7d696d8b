package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
)

// WhoAmI tells whom a key stands for, and what answers.
type WhoAmI struct {
	Name         string       `json:"name" example:"latchkey"`
	Version      string       `json:"version"`
	Organization Organization `json:"organization"`
	Caller       Caller       `json:"caller"`
}

// Organization is a tenant.
type Organization struct {
	ID   string `json:"id" example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Name string `json:"name" example:"Acme Retail"`
}

// Caller is a key as it sees itself.
type Caller struct {
	ID      string   `json:"id" example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name    string   `json:"name" example:"billing"`
	Scopes  []string `json:"scopes" nullable:"false" example:"[\"tokens:read\"]"`
	Sandbox *string  `json:"sandbox" doc:"The only sandbox that it may use; null for every one."`
}

func (s *server) whoAmIRoutes(h huma.API) {
	add(s, h, operation{id: "who-am-i", method: http.MethodGet, path: apiPrefix, tag: "Server",
		summary: "Who am I", description: "Tells the key's organization, scopes and sandbox, and the server's version. Any valid key may ask."}, s.whoAmI)
}

func (s *server) whoAmI(ctx context.Context, c call, _ *struct{}) (*reply[WhoAmI], error) {
	reader := c.caller
	reader.Scopes = access.Scopes{access.RegistryRead} // an organization's name is no secret to its own keys
	organization, err := s.Directory.Organization(ctx, reader, c.caller.Organization)
	if err != nil {
		return nil, err
	}
	return &reply[WhoAmI]{WhoAmI{
		Name: "latchkey", Version: s.Version, Organization: Organization{organization.ID, organization.Name},
		Caller: Caller{c.caller.ID, c.caller.Name, c.caller.Scopes.Strings(), optional(c.caller.Sandbox)},
	}}, nil
}
