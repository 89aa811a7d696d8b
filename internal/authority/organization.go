package authority

import (
	"net/http"
	"slices"
	"strings"
)

const (
	organizationPrefix = "/ims/organizations/"
	// readOrganizations is the scope that members are listed with: they are people's addresses.
	readOrganizations = "read_organizations"
	// administrators is the id of the one group of people that an organization has here.
	administrators = "administrators"
)

// organizationRoute finds the routes that have an organization's id in them (spec §2.1): one organization, and the members
// of a group of its own. The pattern is for telemetry, which must not have ids.
func organizationRoute(path string) (found route, pattern string, ok bool) {
	rest, ok := strings.CutPrefix(path, organizationPrefix)
	if !ok {
		return route{}, "", false
	}
	parts := strings.Split(rest, "/")
	switch {
	case len(parts) == 2 && parts[1] == "v2":
		return route{"GET", func(s *Server, x *exchange) { s.organization(x, parts[0]) }, false}, organizationPrefix + "{org}/v2", true
	case len(parts) == 4 && parts[1] == "groups" && parts[3] == "members":
		serve := func(s *Server, x *exchange) { s.members(x, parts[0], parts[2]) }
		return route{"GET", serve, false}, organizationPrefix + "{org}/groups/{group}/members", true
	}
	return route{}, "", false
}

// shownOrganization is what IMS tells of one (spec §2.5).
func shownOrganization(org Organization, groups []any) map[string]any {
	ident, source, _ := strings.Cut(org.ID, "@")
	return map[string]any{
		"orgName": org.Name, "orgRef": map[string]string{"ident": ident, "authSrc": source}, "orgType": "Enterprise", "countryCode": "", "groups": groups,
	}
}

// ownOrganization reads the organization of a request's token; nobody sees another.
func (x *exchange) ownOrganization(id string) (Organization, *Token, *fault) {
	token, client, refused := x.subject()
	if refused != nil {
		return Organization{}, nil, refused
	}
	if id != client.Organization {
		return Organization{}, nil, &fault{status: http.StatusNotFound, code: "not_found", says: "There is no such organization, or it is not the token's own."}
	}
	org, err := x.config.Organizations(x.r.Context(), id)
	if err != nil {
		return Organization{}, nil, x.unable("reading an organization", err)
	}
	return org, token, nil
}

// organization tells of one organization.
func (s *Server) organization(x *exchange, id string) {
	org, _, refused := x.ownOrganization(id)
	if refused != nil {
		x.fail(refused)
		return
	}
	x.json(http.StatusOK, shownOrganization(org, []any{
		map[string]string{"groupName": "Administrators", "ident": administrators, "role": "GRP_ADMIN"},
	}))
}

// members lists the people of a group. It takes the scope read_organizations.
func (s *Server) members(x *exchange, id, group string) {
	org, token, refused := x.ownOrganization(id)
	switch {
	case refused != nil:
	case !slices.Contains(token.Scopes, readOrganizations):
		refused = &fault{status: http.StatusForbidden, code: "insufficient_scope", says: "The access token lacks the scope read_organizations."}
	case group != administrators || s.config.Administrators == nil:
		refused = &fault{status: http.StatusNotFound, code: "not_found", says: "There is no such group."}
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	people, err := s.config.Administrators(x.r.Context(), org.ID)
	if err != nil {
		x.fail(x.unable("reading an organization's people", err))
		return
	}
	items := []map[string]string{}
	for _, p := range people {
		items = append(items, map[string]string{"id": p.ID, "username": p.Email, "email": p.Email, "firstName": p.FirstName, "lastName": p.LastName})
	}
	x.json(http.StatusOK, map[string]any{"items": items})
}
