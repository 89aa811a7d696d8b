package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// The person at the workstation, for whom `dev` makes its sign-in link.
const (
	samplePersonEmail = "ada@sample.example"
	samplePersonFirst = "Ada"
	samplePersonLast  = "Sample"
)

// samplePerson gives the person, made where there is none. What somebody changed of her stays, but that she is kept out: the
// link is for her. Nobody knows her password; `latchkey user reset` gives a link to set one.
func (h *house) samplePerson(ctx context.Context, organization string) (registry.User, error) {
	caller := administrator(organization)
	person, err := h.users.Find(ctx, caller, samplePersonEmail)
	if err == nil && person.Status == registry.UserActive {
		return person, nil
	}
	var invitation registry.Invitation
	switch {
	case errors.Is(err, registry.ErrNotFound):
		invitation, err = h.users.Invite(ctx, caller, registry.NewUser{
			Email: samplePersonEmail, FirstName: samplePersonFirst, LastName: samplePersonLast, Role: access.SystemAdministrator,
		})
	case err != nil:
	default:
		if person.Status == registry.UserDisabled {
			_, err = h.users.Enable(ctx, caller, person.ID)
		}
		if err == nil {
			invitation, err = h.users.Reset(ctx, caller, person.ID)
		}
	}
	if err == nil {
		person, err = h.users.Accept(ctx, invitation.Token, secret.New(rand.Text()))
	}
	if err != nil {
		return registry.User{}, fmt.Errorf("making %s: %w", samplePersonEmail, err)
	}
	return person, nil
}
