package authority

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/internal/project"
)

// grantJWT is the exchange of an assertion, which has routes of its own.
const grantJWT = project.GrantJWT

// The grants that begin with a person. implicit is what the authorization endpoint gives by itself.
const (
	grantCode     = "authorization_code"
	grantRefresh  = "refresh_token"
	grantImplicit = "implicit"
)

// granted is what a grant came to.
type granted struct {
	issue issue
	// proof is the secret's or the binding's id by which the client proved itself.
	proof string
	// tell has the answer name the scopes: they are not what was asked for (RFC 6749 §5.1).
	tell bool
	// more is added to the answer.
	more map[string]any
	// after adds what takes the access token to be known; nil for nothing.
	after func(i issue, access string, body map[string]any) error
}

// grant checks what it is asked for and gives what the token is to say.
type grant func(*exchange, form) (granted, *fault)

// grants are the grant types of the token routes: one that is added is a line here and a function.
func grants() map[string]grant {
	return map[string]grant{
		project.GrantClientCredentials: (*exchange).clientCredentials,
		grantCode:                      (*exchange).authorizationCode,
		grantRefresh:                   (*exchange).refreshToken,
		grantJWTBearer:                 (*exchange).jwtBearer,
		grantTokenExchange:             (*exchange).tokenExchange,
	}
}

// token serves the token routes.
func (s *Server) token(x *exchange) {
	f, refused := x.form()
	if refused != nil {
		x.fail(refused)
		return
	}
	x.grant = f.get("grant_type")
	grant, ok := x.grants[x.grant]
	switch {
	case x.grant == "":
		x.fail(invalidRequest("The grant_type is missing."))
		return
	case !ok:
		x.fail(&fault{status: http.StatusBadRequest, code: "unsupported_grant_type", says: "The grant_type is not one that is supported."})
		return
	}
	out, refused := grant(x, f)
	if refused != nil {
		x.fail(refused)
		return
	}
	x.answer(out)
}

// answer mints the token and tells it. expires_in is in milliseconds or seconds, as the route has it (spec §6.4); IMS tells
// it a little short.
func (x *exchange) answer(out granted) {
	asked := len(out.issue.scopes)
	out.issue.scopes = meaningful(out.issue)
	out.tell = out.tell || len(out.issue.scopes) < asked
	token, err := x.mint(out.issue)
	if err != nil {
		x.config.Log.ErrorContext(x.r.Context(), "minting a token", "debug_id", x.debug, "error", err)
		x.fail(&fault{status: http.StatusInternalServerError, code: "internal_error", says: "Please try again later."})
		return
	}
	x.counted(out.issue.client, out.proof, out.issue.audience)
	life := int64(out.issue.life/time.Second) - 1
	if x.route.millis {
		life = out.issue.life.Milliseconds() - 1
	}
	told := ""
	if out.tell {
		told = joined(out.issue.scopes)
	}
	if out.more == nil && out.after == nil { // most tokens; a struct is written in a fourth of a map's time
		x.json(http.StatusOK, struct {
			AccessToken string `json:"access_token"`
			TokenType   string `json:"token_type"`
			ExpiresIn   int64  `json:"expires_in"`
			Scope       string `json:"scope,omitempty"`
		}{token, "bearer", life, told})
		return
	}
	body := map[string]any{"access_token": token, "token_type": "bearer", "expires_in": life}
	if out.tell {
		body["scope"] = told
	}
	for name, value := range out.more {
		body[name] = value
	}
	if out.after != nil {
		if err := out.after(out.issue, token, body); err != nil {
			x.fail(x.unable("minting what comes with a token", err))
			return
		}
	}
	x.json(http.StatusOK, body)
}

// counted notes that a token was given, and by what proof.
func (x *exchange) counted(client *project.Client, proof string, audience []string) {
	algorithm := rs256
	if len(audience) > 0 {
		algorithm = es256
	}
	x.meters.minted(x.r.Context(), x.grant, algorithm)
	if x.config.Counted != nil {
		x.config.Counted(client.Organization, true)
	}
	if proof != "" {
		x.config.Clients.Used(client, project.Use{Grant: x.grant, From: x.from()}, proof, x.config.Clock.Now())
	}
}

// clientCredentials is RFC 6749 §4.4, for credentials of the server-to-server kind (spec §2.2).
func (x *exchange) clientCredentials(f form) (granted, *fault) {
	client, secretID, refused := x.authenticate(f)
	if refused != nil {
		return granted{}, refused
	}
	if !client.GrantsCredentials() {
		return granted{}, (&fault{status: http.StatusBadRequest, code: "unauthorized_client", says: "The client may not use the client_credentials grant."}).
			because("kind", client.Kind)
	}
	if org := f.get("org_id"); org != "" && org != client.Organization {
		return granted{}, &fault{status: http.StatusBadRequest, code: "invalid_request", says: "The org_id is not the client's organization."}
	}
	return x.forItself(f, client, secretID)
}

// forItself grants a client what it asks for on its own behalf, which is its technical account's.
func (x *exchange) forItself(f form, client *project.Client, proof string) (granted, *fault) {
	asked, all := asked(f, client)
	if refused := within(asked, client.Scopes); refused != nil {
		return granted{}, refused
	}
	audience, refused := x.audience(f)
	if refused != nil {
		return granted{}, refused
	}
	return granted{proof: proof, tell: all, issue: issue{
		client: client, user: client.TechnicalAccount.ID, scopes: asked, life: x.config.AccessLife, audience: audience,
	}}, nil
}

// asked gives the scopes that a client asks for on its own behalf. They are mandatory at Adobe; here none means all that the
// client may have, as RFC 6749 §3.3 allows.
func asked(f form, client *project.Client) (asked []string, all bool) {
	if asked = scopes(f.get("scope")); len(asked) == 0 {
		return client.Scopes, true
	}
	return asked, false
}

// meaningful gives the scopes of a token that mean something to whom it is for (RFC 9068 §2.2.3). A token for our own APIs
// has none of the scopes of services that others answer for.
func meaningful(i issue) []string {
	if len(i.audience) == 0 {
		return i.scopes
	}
	return slices.DeleteFunc(slices.Clone(i.scopes), func(scope string) bool {
		others := false
		for _, service := range i.client.Services {
			if slices.Contains(service.Scopes, scope) {
				if service.Code == project.LatchkeyAPI || service.Code == project.IOManagementAPI {
					return false
				}
				others = true
			}
		}
		return others && !slices.Contains(i.client.Kind.BaseScopes(), scope)
	})
}

// within refuses scopes that a client may not have; names are case-sensitive (RFC 6749 §3.3).
func within(asked, may []string) *fault {
	var over []any
	for _, scope := range asked {
		if !slices.Contains(may, scope) {
			over = append(over, shown(scope))
		}
	}
	if over == nil {
		return nil
	}
	return (&fault{status: http.StatusBadRequest, code: "invalid_scope", says: "A scope is unknown, or the client is not subscribed to a service that has it."}).
		because("not_allowed", over, "allowed", may)
}

// audience reads the resources that a token is to be for (RFC 8707): our own get a token of RFC 9068, signed with ES256.
func (x *exchange) audience(f form) ([]string, *fault) {
	var out []string
	for _, resource := range f.values["resource"] {
		u, err := url.Parse(resource)
		if err != nil || !u.IsAbs() || u.Fragment != "" {
			return nil, &fault{status: http.StatusBadRequest, code: "invalid_target", says: "A resource is no absolute URI without a fragment."}
		}
		if x.ours(strings.TrimRight(resource, "/")) {
			out = append(out, resource)
		}
	}
	return out, nil
}

// ours tells whether a base URL is this server's.
func (s *Server) ours(base string) bool { return slices.Contains(s.config.Issuers, base) }
