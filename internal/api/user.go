package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// User is a person in an organization.
type User struct {
	ID           string     `json:"id" example:"B0DC108C5CD449CA0A494133@c62f24cc5b5b7e0e0a494004"`
	Email        string     `json:"email" example:"ada@example.com"`
	FirstName    string     `json:"first_name" example:"Ada"`
	LastName     string     `json:"last_name" example:"Lovelace"`
	Role         string     `json:"role" enum:"system_administrator,developer,viewer" example:"developer"`
	Profiles     []string   `json:"profiles" nullable:"false" doc:"The product profiles that a developer may attach; * is all." example:"[\"419584532\"]"`
	Status       string     `json:"status" enum:"invited,active,disabled" example:"active"`
	CreatedBy    string     `json:"created_by"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	LastSignInAt *time.Time `json:"last_sign_in_at"`
}

// Invitation is a user with the link by which he or she sets a password.
type Invitation struct {
	User
	Link      string    `json:"link" doc:"Sets a password, once. It is shown this once: send it to the person." example:"https://latchkey.example.com/invitation?token=…"`
	LinkUntil time.Time `json:"link_until"`
}

// NewUser invites a person.
type NewUser struct {
	Email     string   `json:"email" example:"ada@example.com"`
	FirstName string   `json:"first_name,omitempty" example:"Ada"`
	LastName  string   `json:"last_name,omitempty" example:"Lovelace"`
	Role      string   `json:"role" doc:"system_administrator, developer or viewer." example:"developer"`
	Profiles  []string `json:"profiles,omitempty" doc:"The product profiles that a developer may attach; * is all." example:"[\"419584532\"]"`
}

// UserPatch changes a person.
type UserPatch struct {
	FirstName *string   `json:"first_name,omitempty"`
	LastName  *string   `json:"last_name,omitempty"`
	Role      *string   `json:"role,omitempty"`
	Profiles  *[]string `json:"profiles,omitempty" doc:"Replaces the list."`
}

type (
	userRef struct {
		Ref string `path:"ref" doc:"The user's id or e-mail address." example:"ada@example.com"`
	}
	patchUser struct {
		Ref string `path:"ref" doc:"The user's id or e-mail address." example:"ada@example.com"`
		body[UserPatch]
	}
)

const (
	userMembers = `"id": "B0DC108C5CD449CA0A494133@c62f24cc5b5b7e0e0a494004", "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "role": "developer",
  "profiles": ["419584532"], "status": "invited", "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z", "last_sign_in_at": null`
	userAnswer       = `{` + userMembers + `}`
	invitationAnswer = `{` + userMembers + `, "link": "https://latchkey.example.com/invitation?token=…", "link_until": "2026-11-28T09:30:00Z"}`
	// invitationPath is the page where a person sets a password.
	invitationPath = "/invitation?token="
)

func (s *server) userRoutes(h huma.API) {
	const base = apiPrefix + "/users"
	const one = base + "/{ref}"
	const tag = "Users"
	missing := []*Kind{kindNotFound}
	changes := []*Kind{kindNotFound, kindState}
	add(s, h, operation{id: "invite-user", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Invite a person", description: "The answer has the link by which he or she sets a password, and nothing else has. Acts on users take the role System Administrator.",
		scope: access.RegistryWrite, asks: `{"email": "ada@example.com", "role": "developer", "profiles": ["419584532"]}`, answers: invitationAnswer,
		fails: []*Kind{kindNameTaken}, idempotent: true}, s.inviteUser)
	add(s, h, operation{id: "list-users", method: http.MethodGet, path: base, tag: tag,
		summary: "List users", description: "In the order of their addresses.", scope: access.RegistryRead}, s.listUsers)
	add(s, h, operation{id: "get-user", method: http.MethodGet, path: one, tag: tag,
		summary: "Read a user", scope: access.RegistryRead, answers: userAnswer, fails: missing}, s.getUser)
	add(s, h, operation{id: "patch-user", method: http.MethodPatch, path: one, tag: tag,
		summary: "Change a user", description: "The role too, and which product profiles a developer may attach.", scope: access.RegistryWrite,
		asks: `{"role": "developer", "profiles": ["*"]}`, answers: userAnswer, fails: changes}, s.patchUser)
	add(s, h, operation{id: "delete-user", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Delete a user", description: "What he or she made stays.", scope: access.RegistryWrite, fails: missing}, s.deleteUser)
	add(s, h, operation{id: "disable-user", method: http.MethodPost, path: one + "/disable", tag: tag,
		summary: "Keep a user out", scope: access.RegistryWrite, answers: userAnswer, fails: changes}, s.disableUser)
	add(s, h, operation{id: "enable-user", method: http.MethodPost, path: one + "/enable", tag: tag,
		summary: "Let a disabled user in again", scope: access.RegistryWrite, answers: userAnswer, fails: changes}, s.enableUser)
	add(s, h, operation{id: "reset-user", method: http.MethodPost, path: one + "/reset", tag: tag,
		summary: "End a user's password", description: "The answer has a link to set another.", scope: access.RegistryWrite, answers: invitationAnswer, fails: changes}, s.resetUser)
}

func (s *server) inviteUser(ctx context.Context, c call, in *struct{ body[NewUser] }) (*created[Invitation], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Users.Invite(ctx, c.caller, registry.NewUser{
		Email: ask.Email, FirstName: ask.FirstName, LastName: ask.LastName, Role: access.Role(ask.Role), Profiles: ask.Profiles,
	})
	if err != nil {
		return nil, err
	}
	return &created[Invitation]{Location: apiPrefix + "/users/" + url.PathEscape(made.User.ID), Body: s.shownInvitation(c, made)}, nil
}

func (s *server) listUsers(ctx context.Context, c call, in *Paging) (*reply[Page[User]], error) {
	all, err := s.Users.List(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownUser), *in, func(u User) string { return strings.ToLower(u.Email) })
	return &reply[Page[User]]{out}, err
}

func (s *server) getUser(ctx context.Context, c call, in *userRef) (*reply[User], error) {
	return answerUser(s.Users.Find(ctx, c.caller, in.Ref))
}

func (s *server) patchUser(ctx context.Context, c call, in *patchUser) (*reply[User], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return answerUser(s.Users.Change(ctx, c.caller, in.Ref, registry.UserEdit{
		FirstName: ask.FirstName, LastName: ask.LastName, Role: (*access.Role)(ask.Role), Profiles: ask.Profiles,
	}))
}

func (s *server) deleteUser(ctx context.Context, c call, in *userRef) (*done, error) {
	return nil, s.Users.Delete(ctx, c.caller, in.Ref)
}

func (s *server) disableUser(ctx context.Context, c call, in *userRef) (*reply[User], error) {
	return answerUser(s.Users.Disable(ctx, c.caller, in.Ref))
}

func (s *server) enableUser(ctx context.Context, c call, in *userRef) (*reply[User], error) {
	return answerUser(s.Users.Enable(ctx, c.caller, in.Ref))
}

func (s *server) resetUser(ctx context.Context, c call, in *userRef) (*reply[Invitation], error) {
	made, err := s.Users.Reset(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	return &reply[Invitation]{s.shownInvitation(c, made)}, nil
}

func answerUser(u registry.User, err error) (*reply[User], error) {
	if err != nil {
		return nil, err
	}
	return &reply[User]{shownUser(u)}, nil
}

func (s *server) shownInvitation(c call, i registry.Invitation) Invitation {
	base := s.base()
	if c.base != "" {
		base = trimSlash(c.base)
	}
	return Invitation{User: shownUser(i.User), Link: base + invitationPath + i.Token.Reveal(), LinkUntil: *stamp(i.Until)}
}

func shownUser(u registry.User) User {
	return User{
		ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Role: string(u.Role), Profiles: append([]string{}, u.Profiles...),
		Status: string(u.Status), CreatedBy: u.CreatedBy, CreatedAt: *stamp(u.CreatedAt), UpdatedAt: *stamp(u.UpdatedAt), LastSignInAt: stamp(u.LastSignInAt),
	}
}
