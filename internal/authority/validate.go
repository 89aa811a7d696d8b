package authority

import (
	"cmp"
	"net/http"
)

// validate tells whether a token counts (spec §2.6): always 200, whatever it is.
func (s *Server) validate(x *exchange) {
	f, refused := x.form()
	if refused != nil {
		x.fail(refused)
		return
	}
	token, err := s.check(cmp.Or(f.get("token"), x.bearer()))
	no := func(reason string) { x.json(http.StatusOK, map[string]any{"valid": false, "reason": reason}) }
	switch {
	case err != nil:
		no(err.Error())
	case f.get("type") != "" && f.get("type") != token.Type:
		no("wrong_type")
	case f.get("client_id") != "" && f.get("client_id") != token.ClientID:
		no("wrong_client")
	default:
		x.json(http.StatusOK, map[string]any{"valid": true, "token": token.claims, "expires_at": token.ExpiresAt.UnixMilli()})
	}
}

// invalidate is IMS's way to end a token (spec §2.1): 200 and nothing.
func (s *Server) invalidate(x *exchange) {
	f, refused := x.form()
	if refused == nil {
		_, refused = x.identify(f)
	}
	if refused == nil && f.get("client_secret") != "" {
		_, _, refused = x.authenticate(f)
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	x.end(cmp.Or(f.get("token"), x.bearer()), f.get("client_id"))
}

// revoke is RFC 7009: 200 for a token that there is not, too.
func (s *Server) revoke(x *exchange) {
	f, refused := x.form()
	if refused == nil && f.get("token") == "" {
		refused = invalidRequest("The token is missing.")
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	client, refused := x.identify(f)
	if refused == nil && client.Kind.Confidential() {
		_, _, refused = x.authenticate(f)
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	x.end(f.get("token"), client.ClientID)
}

// end revokes a token of a client's. Another client's is left alone, and the answer does not tell (RFC 7009 §2.1).
func (x *exchange) end(text, clientID string) {
	token, err := x.check(text)
	if err == nil && token.ClientID == clientID {
		err := x.revoked.add(x.r.Context(), Revoked{
			ID: token.ID, Organization: token.Organization, By: clientID, At: x.config.Clock.Now(), EndsAt: token.ExpiresAt,
		})
		if err != nil {
			x.config.Log.ErrorContext(x.r.Context(), "revoking a token", "debug_id", x.debug, "error", err)
			x.fail(&fault{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", says: "The token can't be revoked at present; try again."})
			return
		}
	}
	x.w.WriteHeader(http.StatusOK)
}

// introspect is RFC 7662: of a token that counts for nothing it says no more than that.
func (s *Server) introspect(x *exchange) {
	f, refused := x.form()
	if refused == nil && f.get("token") == "" {
		refused = invalidRequest("The token is missing.")
	}
	if refused == nil {
		_, _, refused = x.authenticate(f)
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	client, _ := s.config.Clients.Client(x.r.Context(), f.get("client_id"))
	token, err := s.check(f.get("token"))
	if err != nil || client == nil || token.Organization != client.Organization {
		x.json(http.StatusOK, map[string]any{"active": false})
		return
	}
	x.json(http.StatusOK, map[string]any{
		"active": true, "client_id": token.ClientID, "sub": token.UserID, "scope": joined(token.Scopes), "token_type": "Bearer",
		"iat": token.IssuedAt.Unix(), "exp": token.ExpiresAt.Unix(), "jti": token.ID, "iss": s.config.Issuers[0], "org": token.Organization,
	})
}
