package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/authority"
)

// UserConsent is what a person agreed to give a client.
type UserConsent struct {
	ClientID  string    `json:"client_id" example:"e053e1a87cf74c68a6ec8e71d4a82662"`
	Scopes    []string  `json:"scopes" nullable:"false" example:"[\"openid\",\"email\"]"`
	UpdatedAt time.Time `json:"updated_at" doc:"When the person did so last."`
}

type userClient struct {
	Ref      string `path:"ref" doc:"The user's id or e-mail address." example:"ada@example.com"`
	ClientID string `path:"client_id" doc:"The client id of the credential that the person agreed for." example:"e053e1a87cf74c68a6ec8e71d4a82662"`
}

type listConsents struct {
	Paging
	Ref string `path:"ref" doc:"The user's id or e-mail address." example:"ada@example.com"`
}

func (s *server) consentRoutes(h huma.API) {
	const base = apiPrefix + "/users/{ref}/consents"
	const tag = "Users"
	missing := []*Kind{kindNotFound}
	add(s, h, operation{id: "list-consents", method: http.MethodGet, path: base, tag: tag,
		summary: "List what a user agreed to", description: "A row for each client that the person signed in to and agreed for.",
		scope: access.RegistryRead, fails: missing}, s.listConsents)
	add(s, h, operation{id: "withdraw-consent", method: http.MethodDelete, path: base + "/{client_id}", tag: tag, status: http.StatusNoContent,
		summary:     "Withdraw a consent",
		description: "The tokens that came of it count no more, and the person is asked when the client comes again.",
		scope:       access.RegistryWrite, fails: missing}, s.withdrawConsent)
}

func (s *server) listConsents(ctx context.Context, c call, in *listConsents) (*reply[Page[UserConsent]], error) {
	user, err := s.Users.Find(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	all, err := s.Consents.List(ctx, c.caller, user.ID)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownConsent), in.Paging, func(u UserConsent) string { return u.ClientID })
	return &reply[Page[UserConsent]]{out}, err
}

func shownConsent(c authority.Consented) UserConsent {
	return UserConsent{c.ClientID, append([]string{}, c.Scopes...), c.At.UTC()}
}

func (s *server) withdrawConsent(ctx context.Context, c call, in *userClient) (*done, error) {
	user, err := s.Users.Find(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	return nil, s.Consents.Withdraw(ctx, c.caller, user.ID, in.ClientID)
}
