package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// UserSession is a browser at which a person is signed in.
type UserSession struct {
	ID      string    `json:"id" example:"ses_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Proof   string    `json:"proof" doc:"How the person showed who it is: password, passkey, oidc (the identity provider), invitation or ticket." example:"password"`
	Second  string    `json:"second" doc:"How once more: one_time_code, recovery_code or passkey; empty for not at all." example:"one_time_code"`
	Address string    `json:"address" doc:"The network address where it began." example:"203.0.113.7"`
	Agent   string    `json:"agent" doc:"What the browser says of itself."`
	BeganAt time.Time `json:"began_at"`
	SeenAt  time.Time `json:"seen_at" doc:"When the browser last came, within a minute."`
	EndsAt  time.Time `json:"ends_at" doc:"When it is over if the browser does not come."`
}

// UserFactors are what a person shows beside the password.
type UserFactors struct {
	AuthenticatorSince *time.Time    `json:"authenticator_since" doc:"When the authenticator app was added; null for none."`
	RecoveryCodes      int           `json:"recovery_codes" doc:"How many are left." example:"8"`
	Passkeys           []UserPasskey `json:"passkeys" nullable:"false"`
	Required           bool          `json:"required" doc:"Whether the organization asks for a second factor."`
}

// UserPasskey is a passkey.
type UserPasskey struct {
	ID        string     `json:"id" example:"pk_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name      string     `json:"name" example:"Ada's phone"`
	Host      string     `json:"host" doc:"The host name where it works." example:"latchkey.example.com"`
	Doubted   bool       `json:"doubted" doc:"Whether it was refused once, for its counter had not gone on: somebody may have a copy of it."`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at" doc:"null for not yet."`
}

// SignInRules are what an organization asks of everybody who signs in.
type SignInRules struct {
	SecondFactor bool `json:"second_factor" doc:"Ask for a second factor after a password. Who has none adds one at the next sign-in." example:"true"`
}

type (
	listSessions struct {
		Paging
		Ref string `path:"ref" doc:"The user's id or e-mail address." example:"ada@example.com"`
	}
	userSession struct {
		Ref string `path:"ref" doc:"The user's id or e-mail address." example:"ada@example.com"`
		ID  string `path:"id" doc:"The session's id." example:"ses_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	}
)

const factorsAnswer = `{"authenticator_since": "2026-11-21T09:30:00Z", "recovery_codes": 8, "passkeys": [{"id": "pk_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "Ada's phone",
  "host": "latchkey.example.com", "doubted": false, "created_at": "2026-11-21T09:30:00Z", "used_at": null}], "required": false}`

func (s *server) sessionRoutes(h huma.API) {
	const one = apiPrefix + "/users/{ref}"
	const tag = "Users"
	missing := []*Kind{kindNotFound}
	add(s, h, operation{id: "list-user-sessions", method: http.MethodGet, path: one + "/sessions", tag: tag,
		summary: "List where a user is signed in", description: "The sessions of browsers, in the order in which they began. Takes the role System Administrator, but for one's own.",
		scope: access.RegistryRead, fails: missing}, s.listSessions)
	add(s, h, operation{id: "end-user-sessions", method: http.MethodDelete, path: one + "/sessions", tag: tag, status: http.StatusNoContent,
		summary: "Sign a user out everywhere", description: "Links that would sign the person in end, too. Access tokens that clients hold go on: revoke those.",
		scope: access.RegistryWrite, fails: missing}, s.endSessions)
	add(s, h, operation{id: "end-user-session", method: http.MethodDelete, path: one + "/sessions/{id}", tag: tag, status: http.StatusNoContent,
		summary: "End a session of a user", scope: access.RegistryWrite, fails: missing}, s.endSession)
	add(s, h, operation{id: "get-user-factors", method: http.MethodGet, path: one + "/factors", tag: tag,
		summary: "Read a user's second factors", description: "Takes the role System Administrator, but for one's own.", scope: access.RegistryRead, answers: factorsAnswer, fails: missing}, s.getFactors)
	add(s, h, operation{id: "reset-user-factors", method: http.MethodDelete, path: one + "/factors", tag: tag, status: http.StatusNoContent,
		summary: "Take a user's second factors away", description: "For somebody who has lost the device: the authenticator app, the passkeys and the recovery codes count no more, and a link with the identity provider goes.",
		scope: access.RegistryWrite, fails: []*Kind{kindNotFound, kindState}}, s.resetFactors)
	add(s, h, operation{id: "get-sign-in-rules", method: http.MethodGet, path: apiPrefix + "/sign-in-rules", tag: tag,
		summary: "Read what everybody is asked for at the sign-in", scope: access.RegistryRead, answers: `{"second_factor": true}`}, s.getRules)
	add(s, h, operation{id: "put-sign-in-rules", method: http.MethodPut, path: apiPrefix + "/sign-in-rules", tag: tag,
		summary: "Change what everybody is asked for at the sign-in", description: "It counts at the next sign-in. Takes the role System Administrator.", scope: access.RegistryWrite,
		asks: `{"second_factor": true}`, answers: `{"second_factor": true}`}, s.putRules)
}

func (s *server) listSessions(ctx context.Context, c call, in *listSessions) (*reply[Page[UserSession]], error) {
	user, err := s.Users.Find(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	all, err := s.Sessions.List(ctx, c.caller, user.ID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b registry.Session) int { return strings.Compare(a.ID, b.ID) })
	out, err := page(mapped(all, shownSession), in.Paging, func(u UserSession) string { return u.ID })
	return &reply[Page[UserSession]]{out}, err
}

func shownSession(s registry.Session) UserSession {
	return UserSession{s.ID, string(s.Proof), string(s.Second), s.Browser.Address, s.Browser.Agent, s.BeganAt, s.SeenAt, s.EndsAt}
}

func (s *server) endSessions(ctx context.Context, c call, in *userRef) (*done, error) {
	user, err := s.Users.Find(ctx, c.caller, in.Ref)
	if err == nil {
		_, err = s.Sessions.EndAll(ctx, c.caller, user.ID, "")
	}
	return nil, err
}

func (s *server) endSession(ctx context.Context, c call, in *userSession) (*done, error) {
	user, err := s.Users.Find(ctx, c.caller, in.Ref)
	if err == nil {
		err = s.Sessions.EndOne(ctx, c.caller, user.ID, in.ID)
	}
	return nil, err
}

func (s *server) getFactors(ctx context.Context, c call, in *userRef) (*reply[UserFactors], error) {
	user, err := s.Users.Find(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	state, err := s.Factors.Of(ctx, c.caller, user)
	if err != nil {
		return nil, err
	}
	out := UserFactors{AuthenticatorSince: stamp(state.Since), RecoveryCodes: state.Recovery, Required: state.Required, Passkeys: []UserPasskey{}}
	for _, p := range state.Passkeys {
		out.Passkeys = append(out.Passkeys, UserPasskey{p.ID, p.Name, p.Host, p.Doubted(), p.CreatedAt, stamp(p.UsedAt)})
	}
	return &reply[UserFactors]{out}, nil
}

func (s *server) resetFactors(ctx context.Context, c call, in *userRef) (*done, error) {
	_, err := s.Factors.Reset(ctx, c.caller, in.Ref)
	return nil, err
}

func (s *server) getRules(ctx context.Context, c call, _ *struct{}) (*reply[SignInRules], error) {
	rules, err := s.Factors.Rules(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	return &reply[SignInRules]{SignInRules(rules)}, nil
}

func (s *server) putRules(ctx context.Context, c call, in *struct{ body[SignInRules] }) (*reply[SignInRules], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	if err := s.Factors.SetRules(ctx, c.caller, registry.SignInRules(ask)); err != nil {
		return nil, err
	}
	return &reply[SignInRules]{ask}, nil
}
