package registry

import (
	"context"

	"latchkey/internal/secret"
)

// What a person does with his or her own account.

// checkOwn tells whether it is the person's password: [ErrSignIn].
func (u *Users) checkOwn(ctx context.Context, user User, password secret.String) error {
	if len(password.Reveal()) > maxPassword {
		return ErrSignIn
	}
	right, err := u.passwords.right(ctx, user.Password, password)
	if err == nil && !right {
		err = ErrSignIn
	}
	return err
}

// ChangePassword takes another password from somebody who knows the old one; all sessions end by that. [ErrSignIn] says that
// the old one is wrong, an [*InvalidError] that the new one won't do. The caller limits how often it is tried.
func (u *Users) ChangePassword(ctx context.Context, user User, old, password secret.String) (User, error) {
	if err := u.checkOwn(ctx, user, old); err != nil {
		return User{}, err
	}
	if err := checkPassword(password); err != nil {
		return User{}, err
	}
	if old.Equal(password) {
		return User{}, &InvalidError{Pointer: "/password", Message: "the new password is the old one", Fix: "choose another"}
	}
	var err error
	if user.Password, err = u.passwords.hash(ctx, password); err != nil {
		return User{}, err
	}
	return u.keep(ctx, user.Caller(), user, "user.password")
}

// Rename changes what a person is called.
func (u *Users) Rename(ctx context.Context, user User, first, last string) (User, error) {
	if err := u.describe(ctx, &user, UserEdit{FirstName: &first, LastName: &last}); err != nil {
		return User{}, err
	}
	return u.keep(ctx, user.Caller(), user, "user.change")
}
