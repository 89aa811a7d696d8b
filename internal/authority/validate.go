package authority

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"latchkey/internal/project"
)

// validate tells whether a token counts (spec §2.6): always 200, whatever it is.
func (s *Server) validate(x *exchange) {
	f, refused := x.form()
	if refused != nil {
		x.fail(refused)
		return
	}
	token, err := x.standing(cmp.Or(f.get("token"), x.bearer()))
	no := func(reason string) { x.json(http.StatusOK, map[string]any{"valid": false, "reason": reason}) }
	switch {
	case errors.Is(err, errUnread):
		x.config.Log.ErrorContext(x.r.Context(), "validating a token", "debug_id", x.debug, "error", err)
		no(errUnread.Error())
	case err != nil:
		no(err.Error())
	case f.get("type") != "" && f.get("type") != token.Type:
		no(errType.Error())
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
	if refused == nil && f.authenticates() {
		_, _, refused = x.authenticate(f)
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	x.end(cmp.Or(f.get("token"), x.bearer()), x.client, f.get("cascading") == "all")
}

// standing reads a token of any type, and looks up what its signature does not tell: whether a refresh token has a
// successor, or a code was used.
func (x *exchange) standing(text string) (*Token, error) {
	token, err := x.alive(text)
	if err != nil || token.Type == typeAccess {
		return token, err
	}
	id := token.Family
	if token.Type == typeCode {
		id = token.ID
	}
	family, err := x.config.Store.Family(x.r.Context(), id)
	switch {
	case errors.Is(err, ErrNoFamily) && token.Type == typeCode:
		return token, nil
	case errors.Is(err, ErrNoFamily), err == nil && (token.Type == typeCode || !family.EndedAt.IsZero() || family.Generation != token.Generation):
		return nil, errRevoked
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errUnread, err)
	}
	return token, nil
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
	client, _, refused := x.asClient(f)
	if refused == nil {
		if token, err := x.alive(f.get("token")); err == nil && token.ClientID != client.ClientID {
			refused = invalidGrant("The token was given to another client.") // RFC 7009 §2.1
		}
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	x.end(f.get("token"), client.ClientID, false)
}

// end revokes a token of a client's. Another client's is left alone. With a refresh token end the access tokens that came with
// it; with an access token, the others only when all is said.
func (x *exchange) end(text, clientID string, all bool) {
	token, err := x.alive(text)
	switch {
	case err != nil || token.ClientID != clientID || token.Type == typeCode:
	case token.Type == typeRefresh, all && token.Family != "":
		if refused := x.endFamily(token.Family, clientID, EndRevoked); refused != nil {
			x.fail(refused)
			return
		}
	default:
		err := x.revoked.add(x.r.Context(), Revoked{
			ID: token.ID, Organization: token.Organization, By: clientID, At: x.config.Clock.Now(), EndsAt: token.ExpiresAt,
		})
		if err != nil {
			x.fail(x.unable("revoking a token", err))
			return
		}
	}
	x.w.WriteHeader(http.StatusOK)
}

// introspection is what RFC 7662 §2.2 tells of a token that counts, and the organization.
type introspection struct {
	Active       bool     `json:"active"`
	ClientID     string   `json:"client_id"`
	Subject      string   `json:"sub"`
	Scope        string   `json:"scope"`
	TokenType    string   `json:"token_type,omitempty"`
	IssuedAt     int64    `json:"iat"`
	Expires      int64    `json:"exp"`
	ID           string   `json:"jti"`
	Issuer       string   `json:"iss"`
	Organization string   `json:"org"`
	Audience     []string `json:"aud,omitempty"`
	Act          *actor   `json:"act,omitempty"` // RFC 8693 §4.1
}

// introspect is RFC 7662: of a token that counts for nothing it says no more than that.
func (s *Server) introspect(x *exchange) {
	f, refused := x.form()
	if refused == nil && f.get("token") == "" {
		refused = invalidRequest("The token is missing.")
	}
	var client *project.Client
	if refused == nil {
		client, _, refused = x.authenticate(f)
	}
	if refused != nil {
		x.fail(refused)
		return
	}
	token, err := x.standing(f.get("token"))
	if err == nil && token.Type == typeCode {
		err = errType
	}
	if errors.Is(err, errUnread) {
		x.fail(x.unable("introspecting", err))
		return
	}
	// A token for somebody alone is nobody else's to ask about (RFC 7662 §4): those that there are are for us.
	if err != nil || token.Organization != client.Organization || token.Audience != nil && token.ClientID != client.ClientID {
		x.json(http.StatusOK, map[string]any{"active": false})
		return
	}
	out := introspection{
		Active: true, ClientID: token.ClientID, Subject: token.UserID, Scope: joined(token.Scopes), IssuedAt: token.IssuedAt.Unix(),
		Expires: token.ExpiresAt.Unix(), ID: token.ID, Issuer: cmp.Or(token.Issuer, x.issuer()), Organization: token.Organization, Audience: token.Audience,
		Act: token.Act,
	}
	if token.Type == typeAccess {
		out.TokenType = "Bearer"
	}
	x.json(http.StatusOK, out)
}
