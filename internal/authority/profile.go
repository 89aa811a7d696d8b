package authority

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/project"
)

// subject reads whose token a request carries: as Bearer, or in the query as older clients do.
func (x *exchange) subject() (*Token, *project.Client, *fault) {
	text := x.bearer()
	if text == "" {
		text = x.r.URL.Query().Get("bearer_token")
	}
	invalid := &fault{status: http.StatusUnauthorized, code: "invalid_token", says: "The access token is missing, has ended or was revoked."}
	token, err := x.check(text)
	if err == nil && !x.forUs(token) {
		err = errAudience
	}
	if err != nil {
		return nil, nil, invalid.because("reason", err.Error())
	}
	client, err := x.config.Clients.Client(x.r.Context(), token.ClientID)
	if err != nil || !client.Enabled {
		return nil, nil, invalid.because("reason", "its client is gone or disabled")
	}
	x.share(client)
	x.client, x.known = client.ClientID, client
	return token, client, nil
}

func joined(scopes []string) string { return strings.Join(scopes, " ") }

// userinfo is OIDC's, as far as the scopes go (spec §2.5).
func (s *Server) userinfo(x *exchange) {
	token, client, refused := x.subject()
	if refused != nil {
		x.fail(refused)
		return
	}
	out := map[string]any{"sub": token.UserID, "account_type": "ent"}
	if token.ofPerson() {
		person, refused := x.owner(token)
		if refused != nil {
			x.fail(refused)
			return
		}
		maps.Copy(out, standardClaims(person, token.Scopes))
	} else if token.UserID == client.TechnicalAccount.ID {
		if slices.Contains(token.Scopes, "email") || slices.Contains(token.Scopes, "openid") {
			out["email"], out["email_verified"] = client.TechnicalAccount.Email, true
		}
		out["name"] = client.Name
	}
	x.json(http.StatusOK, out)
}

// profile is IMS's: who it is, and with projectedProductContext what the organization has licensed to it (spec §2.5).
func (s *Server) profile(x *exchange) {
	token, client, refused := x.subject()
	if refused != nil {
		x.fail(refused)
		return
	}
	if token.ofPerson() {
		x.profileOf(token, client)
		return
	}
	email, name := client.TechnicalAccount.Email, client.Name
	if token.UserID != client.TechnicalAccount.ID { // it acts for another
		email, name = "", token.UserID
	}
	out := map[string]any{
		"userId": token.UserID, "email": email, "displayName": name, "name": name, "account_type": "type3",
		"countryCode": "", "emailVerified": "true", "roles": []map[string]string{{"organization": client.Organization, "named_role": "TECHNICAL_ACCOUNT"}},
	}
	if slices.Contains(token.Scopes, "additional_info.projectedProductContext") {
		out["projectedProductContext"] = productContexts(client)
	}
	x.json(http.StatusOK, out)
}

// profileOf tells of a person.
func (x *exchange) profileOf(token *Token, client *project.Client) {
	person, refused := x.owner(token)
	if refused != nil {
		x.fail(refused)
		return
	}
	out := attributes(person)
	out["roles"] = []map[string]string{{"organization": person.Organization, "named_role": strings.ToUpper(string(person.Rights.Role))}}
	if slices.Contains(token.Scopes, "additional_info.projectedProductContext") {
		out["projectedProductContext"] = productContexts(client)
	}
	x.json(http.StatusOK, out)
}

// ofPerson tells whether a person granted the token. Others are a technical account's: the client's own, or that of a client
// for which this one acts.
func (t *Token) ofPerson() bool { return !project.IsTechnicalAccount(t.UserID) }

// owner reads the person whose token it is; with the person ends the token.
func (x *exchange) owner(token *Token) (Person, *fault) {
	if x.config.People == nil {
		return Person{}, &fault{status: http.StatusUnauthorized, code: "invalid_token", says: "The access token is a person's, and there are none here."}
	}
	person, err := x.config.People(x.r.Context(), token.UserID)
	switch {
	case errors.Is(err, ErrNoPerson):
		return Person{}, (&fault{status: http.StatusUnauthorized, code: "invalid_token", says: "The access token is missing, has ended or was revoked."}).
			because("reason", "the person is disabled or deleted")
	case err != nil:
		return Person{}, x.unable("reading a person", err)
	}
	return person, nil
}

// productContexts tells the product profiles of a client's services.
func productContexts(client *project.Client) []map[string]any {
	out := []map[string]any{}
	for _, service := range client.Services {
		for _, profile := range service.Profiles {
			out = append(out, map[string]any{"prodCtx": map[string]any{
				"statusCode": "ACTIVE", "ident": profile.Profile, "owningEntity": client.Organization, "organization_id": client.Organization,
				"serviceCode": serviceCode(service.Code), "serviceLevel": "Standard",
				"groupid": profile.Profile, "user_visible_name": profile.Name, "label": profile.Name,
			}})
		}
	}
	return out
}

// serviceCode gives the name that a product has in a profile.
func serviceCode(code string) string {
	switch code {
	case project.Analytics:
		return "dma_analytics"
	case project.Target:
		return "dma_tartan"
	}
	return strings.ToLower(strings.TrimSuffix(code, "SDK"))
}

// organizations lists those of the token's subject (spec §2.5).
func (s *Server) organizations(x *exchange) {
	_, client, refused := x.subject()
	if refused != nil {
		x.fail(refused)
		return
	}
	org, err := s.config.Organizations(x.r.Context(), client.Organization)
	if err != nil {
		x.fail(x.unable("reading an organization", err))
		return
	}
	x.json(http.StatusOK, []map[string]any{shownOrganization(org, []any{})})
}
