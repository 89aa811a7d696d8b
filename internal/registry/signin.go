package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/secret"
)

// Accept sets the password of the person whose link it is, who is active then. A link works once. [ErrLink] says that it
// does not, an [*InvalidError] that the password won't do.
func (u *Users) Accept(ctx context.Context, token, password secret.String) (User, error) {
	user, err := u.Invited(ctx, token)
	if err != nil {
		return User{}, err
	}
	if err := checkPassword(password); err != nil {
		return User{}, err
	}
	if user.Password, err = u.passwords.hash(ctx, password); err != nil {
		return User{}, err
	}
	user.Status, user.Link, user.LinkUntil = UserActive, nil, time.Time{}
	user, err = u.keep(ctx, user.Caller(), user, "user.accept")
	if errors.Is(err, ErrConflict) {
		return User{}, ErrLink // somebody else was quicker with it
	}
	return user, err
}

// Invited gives the person whose link it is, for the page that asks for the password; [ErrLink].
func (u *Users) Invited(ctx context.Context, token secret.String) (User, error) {
	found, err := u.config.Store.UserLike(ctx, UserKey{Link: u.hash(token.Reveal())})
	if err != nil {
		return User{}, err
	}
	if len(found) != 1 || token.Empty() || !u.now().Before(found[0].LinkUntil) || found[0].Status == UserDisabled {
		return User{}, ErrLink
	}
	return found[0], nil
}

// SignIn gives the people of this address whose password it is: one for each organization that invited them. [ErrSignIn]
// says that there is none, and takes as long whatever is wrong. The caller limits how often it is tried.
func (u *Users) SignIn(ctx context.Context, email string, password secret.String) ([]User, error) {
	if len(password.Reveal()) > maxPassword {
		return nil, ErrSignIn
	}
	found, err := u.config.Store.UserLike(ctx, UserKey{Email: email})
	if err != nil {
		return nil, err
	}
	var in []User
	for _, user := range found[:min(len(found), maxMemberships)] {
		right, err := u.passwords.right(ctx, user.Password, password)
		if err != nil {
			return nil, err
		}
		if right && user.Status == UserActive {
			in = append(in, user)
		}
	}
	if len(found) == 0 {
		if _, err := u.passwords.right(ctx, "", password); err != nil {
			return nil, err
		}
	}
	if len(in) == 0 {
		return nil, ErrSignIn
	}
	return in, nil
}

// maxMemberships bounds how many passwords one sign-in tries.
const maxMemberships = 8

// Active gives a person by id, as a session or a token names one; [ErrNotFound] when there is none, or not any more.
func (u *Users) Active(ctx context.Context, id string) (User, error) {
	found, err := u.config.Store.UserLike(ctx, UserKey{ID: id})
	if err != nil {
		return User{}, err
	}
	if len(found) != 1 || found[0].Status != UserActive {
		return User{}, fmt.Errorf("the user %.80q: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// SignedIn notes when a person signed in.
func (u *Users) SignedIn(ctx context.Context, user User) error {
	user.LastSignInAt = u.now()
	_, err := u.keep(ctx, user.Caller(), user, "user.sign_in")
	if errors.Is(err, ErrConflict) {
		return nil // somebody changes the user at this moment, and that is more important
	}
	return err
}
