package simulator

import (
	"net/http"
	"strings"
	"time"
)

// bearer takes the access token of a request to a resource.
func (c *call) bearer() string {
	scheme, token, ok := strings.Cut(c.request.Header.Get("Authorization"), " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// me tells whose token it is: the API that tokens are for.
func (s *Simulator) me(c *call) answer {
	token := c.bearer()
	if token == "" {
		token = c.request.Header.Get("BhRestToken")
	}
	if token == "" { // RFC 6750 §3.1: no error code when the request has no authentication at all
		return jsonAnswer(http.StatusUnauthorized, map[string]string{"error": "unauthorized"}).
			with("WWW-Authenticate", `Bearer realm="moviestar"`)
	}
	held, ok := s.ledger.lookUp(s.now(), token)
	if !ok || held.refresh {
		return invalidToken().answer()
	}
	c.clientID = held.family.client
	return jsonAnswer(http.StatusOK, map[string]string{
		"sub":        held.family.subject,
		"client_id":  held.family.client,
		"scope":      joinScope(held.scope),
		"tenant":     held.family.tenant,
		"expires_at": held.expires.UTC().Format(time.RFC3339),
	})
}

// session is a login on top of OAuth: an access token buys a session token (spec/destination-sdk.md §5.4, quirk 67).
func (s *Simulator) session(c *call) answer {
	token := c.bearer()
	for _, values := range []string{c.query.Get("access_token"), c.body.Get("access_token")} {
		if token == "" {
			token = values
		}
	}
	held, ok := s.ledger.lookUp(s.now(), token)
	if !ok || held.refresh {
		return invalidToken().answer()
	}
	c.clientID = held.family.client
	out := s.ledger.issue(s.now(), mint{family: held.family, scope: held.scope, accessTTL: s.config.accessTTL()})
	return jsonAnswer(http.StatusOK, map[string]string{"BhRestToken": out.access.Reveal(), "restUrl": "https://" + c.place.host + "/"})
}

// revocation answers RFC 7009.
func (s *Simulator) revocation(c *call) answer {
	who, token, problem := s.tokenOf(c)
	if problem != nil {
		return problem.answer()
	}
	held, ok := s.ledger.lookUp(s.now(), token)
	switch {
	case !ok: // §2.2: an unknown token is as good as revoked
	case held.family.client != who.id && !who.any:
		e := oauthError{status: http.StatusBadRequest, code: "unauthorized_client", description: "The token was issued to another client."}
		return e.answer()
	default:
		s.ledger.forget(token)
	}
	return answer{status: http.StatusOK, header: http.Header{}}
}

// introspection answers RFC 7662.
func (s *Simulator) introspection(c *call) answer {
	_, token, problem := s.tokenOf(c)
	if problem != nil {
		return problem.answer()
	}
	held, ok := s.ledger.lookUp(s.now(), token)
	if !ok {
		return jsonAnswer(http.StatusOK, map[string]any{"active": false}) // §2.2: and nothing else
	}
	out := map[string]any{
		"active": true, "scope": joinScope(held.scope), "client_id": held.family.client, "sub": held.family.subject,
		"username": held.family.subject, "iss": "https://" + c.place.host, "token_type": "Bearer",
		"iat": held.issued.Unix(), "exp": held.expires.Unix(),
	}
	if held.refresh {
		out["token_type"] = "refresh_token"
	}
	if held.family.tenant != "" {
		out["tenant"] = held.family.tenant
	}
	return jsonAnswer(http.StatusOK, out)
}

// tokenOf takes the token of a revocation or introspection request from an authenticated client.
func (s *Simulator) tokenOf(c *call) (caller, string, *oauthError) {
	if c.problem != nil {
		return caller{}, "", c.problem
	}
	if problem := onceEach(c.params); problem != nil {
		return caller{}, "", problem
	}
	who, problem := s.authenticate(c, true)
	if problem != nil {
		return caller{}, "", problem
	}
	token := c.params.Get("token")
	if token == "" {
		return caller{}, "", invalidRequest("The token is missing.")
	}
	return who, token, nil
}
