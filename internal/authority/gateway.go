package authority

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/project"
)

// This file is the gateway that the pipeline's consumers got their tokens from before IMS (spec/campaign-and-pipeline.md
// §2.2): a JWT that the client signed for api.omniture.com, for a token of an hour. Its errors have one member.

const (
	gatewayPath     = "/token"
	gatewayAudience = "api.omniture.com"
	gatewayLife     = time.Hour
	grantGateway    = "legacy_gateway"
)

// gateway serves POST /token.
func (s *Server) gateway(x *exchange) {
	x.grant = grantGateway
	f, refused := x.form()
	var out granted
	if refused == nil {
		out, refused = x.gatewayed(f)
	}
	if refused == nil {
		token, err := x.mint(out.issue)
		if err == nil {
			x.counted(out.issue.client, out.proof, nil)
			x.json(http.StatusOK, map[string]any{
				"access_token": token, "token_type": "bearer", "expires_in": int64(gatewayLife / time.Second), "scope": joined(out.issue.scopes), "success": true,
			})
			return
		}
		refused = x.unable("minting a token", err)
	}
	x.note(refused)
	x.json(refused.status, map[string]string{"error": refused.says})
}

func (x *exchange) gatewayed(f form) (granted, *fault) {
	if f.get("grant_type") != grantJWTBearer {
		return granted{}, invalidRequest("The grant_type is not " + grantJWTBearer + ".")
	}
	a, refused := decode(f.get("assertion"))
	if refused != nil {
		return granted{}, refused
	}
	if f.get("client_id") == "" {
		f.values.Set("client_id", a.text("iss"))
	}
	client, refused := x.identify(f)
	if refused != nil {
		return granted{}, refused
	}
	if !x.tries.allowed(x.place(client)) {
		return granted{}, &fault{status: http.StatusTooManyRequests, code: "invalid_client", says: "Too many wrong assertions came from there; wait a minute."}
	}
	binding, refused := x.signedBy(a, client)
	if refused != nil {
		x.tries.failed(x.place(client))
		return granted{}, refused
	}
	for _, check := range []func(*assertion, *project.Client) *fault{x.gatewayClaims, x.lifeOf} {
		if refused := check(a, client); refused != nil {
			return granted{}, refused
		}
	}
	if refused := x.once(a, binding); refused != nil {
		return granted{}, refused
	}
	triggers := client.Subscribed(project.Triggers)
	if triggers == nil || !client.Kind.Enterprise() {
		return granted{}, (&fault{status: http.StatusForbidden, code: "unauthorized_client", says: "This client: " + client.ClientID + " is no longer allowed to get access token."}).
			because("fix", "subscribe the credential to "+project.Triggers)
	}
	return granted{proof: binding.ID, issue: issue{
		client: client, user: client.TechnicalAccount.ID, scopes: slices.Clone(triggers.Scopes), life: gatewayLife,
	}}, nil
}

// gatewayClaims holds who has signed for whom and for what.
func (x *exchange) gatewayClaims(a *assertion, client *project.Client) *fault {
	audience := strings.TrimSuffix(strings.TrimPrefix(a.text("aud"), "https://"), "/")
	switch {
	case audience != gatewayAudience && !x.ours(strings.TrimRight(a.text("aud"), "/")):
		return invalidToken("The aud of the JWT is not "+gatewayAudience+".").because("aud", shown(a.text("aud")))
	case a.text("iss") != client.ClientID:
		return invalidToken("The iss of the JWT is not the client_id.").because("iss", shown(a.text("iss")))
	case a.text("sub") != client.Organization:
		return invalidToken("the subject must be a valid organization or client").because("sub", shown(a.text("sub")), "expected", client.Organization)
	}
	return nil
}
