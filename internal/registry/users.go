package registry

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/secret"
)

// ErrConflict is given when somebody else changed the thing meanwhile.
var ErrConflict = errors.New("somebody else changed it meanwhile")

// ErrSignIn is given for an address and a password that do not open anything, whatever is wrong with them.
var ErrSignIn = errors.New("the address or the password is wrong")

// ErrLink is given for a link that is not known, was used, or has ended.
var ErrLink = errors.New("the link has ended or was used")

// linkLife is how long an invitation or a reset is good for.
const linkLife = 7 * 24 * time.Hour

// UsersConfig is what [Users] work with.
type UsersConfig struct {
	Store UserStore
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
	// Profiles fails with an [*InvalidError] when one of the ids is no product profile of the organization's; nil takes
	// all.
	Profiles func(ctx context.Context, organization string, ids []string) error
}

// Users holds the use cases of people: the Admin Console's, which take the role System Administrator, and the sign-in's.
type Users struct {
	config    UsersConfig
	passwords passwords
}

// NewUsers makes the use cases.
func NewUsers(config UsersConfig) *Users {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Profiles == nil {
		config.Profiles = func(context.Context, string, []string) error { return nil }
	}
	return &Users{config, newPasswords()}
}

// NewUser asks for a person.
type NewUser struct {
	Email, FirstName, LastName string
	Role                       access.Role
	// Profiles are of a Developer alone.
	Profiles []string
}

// UserEdit says what to change; nil leaves a member as it is.
type UserEdit struct {
	FirstName, LastName *string
	Role                *access.Role
	Profiles            *[]string
}

// Invite adds a person, who sets a password by the link and is active then.
func (u *Users) Invite(ctx context.Context, caller access.Caller, ask NewUser) (Invitation, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return Invitation{}, err
	}
	email, err := checkEmail(ask.Email)
	if err != nil {
		return Invitation{}, err
	}
	now := u.now()
	user := User{
		ID: newUserID(caller.Organization), Organization: caller.Organization, Email: email, Status: UserInvited, Version: 1,
		CreatedBy: cmp.Or(caller.User, caller.ID), CreatedAt: now, UpdatedAt: now,
	}
	if err := u.describe(ctx, &user, UserEdit{&ask.FirstName, &ask.LastName, &ask.Role, &ask.Profiles}); err != nil {
		return Invitation{}, err
	}
	invitation := u.link(&user)
	if err := u.config.Store.CreateUser(ctx, user, user.entry(caller, "user.invite", now)); err != nil {
		return Invitation{}, fmt.Errorf("inviting %s: %w", user.Email, err)
	}
	invitation.User = user
	return invitation, nil
}

func (u *Users) now() time.Time { return u.config.Clock.Now().UTC().Truncate(time.Microsecond) }

// link gives the user a link, in the place of any before.
func (u *Users) link(user *User) Invitation {
	var drawn [32]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	token := base64.RawURLEncoding.EncodeToString(drawn[:])
	user.Link, user.LinkUntil = u.hash(token), u.now().Add(linkLife)
	return Invitation{Token: secret.New(token), Until: user.LinkUntil}
}

func (u *Users) hash(token string) []byte {
	sum := u.config.Hash("user link", []byte(token))
	return sum[:]
}

// entry is what the audit record says of a user.
func (u User) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: u.Organization, Actor: cmp.Or(caller.User, caller.ID), Action: action, Subject: u.ID, Generation: u.Version,
		Detail: map[string]string{"email": u.Email, "role": string(u.Role), "profiles": strings.Join(u.Profiles, " "), "status": string(u.Status)},
	}
}

// describe changes what a person is called and may do.
func (u *Users) describe(ctx context.Context, user *User, edit UserEdit) (err error) {
	if edit.FirstName != nil {
		if user.FirstName, err = checkPersonName("/first_name", *edit.FirstName); err != nil {
			return err
		}
	}
	if edit.LastName != nil {
		if user.LastName, err = checkPersonName("/last_name", *edit.LastName); err != nil {
			return err
		}
	}
	if edit.Role != nil {
		user.Role = *edit.Role
	}
	if edit.Profiles != nil {
		user.Profiles = slices.Compact(slices.Sorted(slices.Values(*edit.Profiles)))
	}
	switch {
	case !user.Role.Known():
		return &InvalidError{Pointer: "/role", Message: fmt.Sprintf("there is no role %.40q", user.Role), Fix: "use system_administrator, developer or viewer"}
	case user.Role != access.Developer && len(user.Profiles) > 0 && edit.Profiles != nil && len(*edit.Profiles) > 0:
		return &InvalidError{Pointer: "/profiles", Message: "only a developer is granted product profiles", Fix: "leave them out, or give the role developer"}
	case user.Role != access.Developer:
		user.Profiles = nil
		return nil
	}
	return u.config.Profiles(ctx, user.Organization, user.Profiles)
}

func checkPersonName(pointer, name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", nil
	}
	return checkText(pointer, name, "")
}

// checkEmail takes a bare address.
func checkEmail(text string) (string, error) {
	text = strings.TrimSpace(text)
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > maxName {
		return "", &InvalidError{Pointer: "/email", Message: fmt.Sprintf("%.80q is not an e-mail address", text), Fix: "write it as ada@example.com"}
	}
	return text, nil
}

// List gives the organization's people, in the order of their addresses.
func (u *Users) List(ctx context.Context, caller access.Caller) ([]User, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return nil, err
	}
	return u.config.Store.Users(ctx, caller.Organization)
}

// Find gives one of the organization's people by id or address.
func (u *Users) Find(ctx context.Context, caller access.Caller, ref string) (User, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return User{}, err
	}
	for _, key := range []UserKey{{ID: ref}, {Email: ref}} {
		found, err := u.config.Store.UserLike(ctx, key)
		if err != nil {
			return User{}, err
		}
		for _, user := range found {
			if user.Organization == caller.Organization {
				return user, nil
			}
		}
	}
	return User{}, fmt.Errorf("the user %.80q: %w", ref, ErrNotFound)
}

// change runs act on a user, and keeps what comes of it.
func (u *Users) change(ctx context.Context, caller access.Caller, ref, action string, act func(*User) error) (User, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return User{}, err
	}
	user, err := u.Find(ctx, caller, ref)
	if err != nil {
		return User{}, err
	}
	if user.ID == caller.User && action != "user.change" {
		return User{}, &InvalidError{Message: "nobody does that to himself or herself", Fix: "let another administrator do it"}
	}
	before := user.Role
	if err := act(&user); err != nil {
		return User{}, err
	}
	if user.ID == caller.User && user.Role != before {
		return User{}, &InvalidError{Pointer: "/role", Message: "nobody changes his or her own role", Fix: "let another administrator do it"}
	}
	return u.keep(ctx, caller, user, action)
}

func (u *Users) keep(ctx context.Context, caller access.Caller, user User, action string) (User, error) {
	user.UpdatedAt = u.now()
	entry := user.entry(caller, action, user.UpdatedAt)
	entry.Generation++
	if err := u.config.Store.ChangeUser(ctx, user, entry); err != nil {
		return User{}, fmt.Errorf("changing the user %s: %w", user.Email, err)
	}
	user.Version++
	return user, nil
}

// Change changes what a person is called and may do. It counts at the person's next call, but in tokens that say what
// the person was.
func (u *Users) Change(ctx context.Context, caller access.Caller, ref string, edit UserEdit) (User, error) {
	return u.change(ctx, caller, ref, "user.change", func(user *User) error { return u.describe(ctx, user, edit) })
}

// Disable keeps a person out until [Users.Enable].
func (u *Users) Disable(ctx context.Context, caller access.Caller, ref string) (User, error) {
	return u.change(ctx, caller, ref, "user.disable", func(user *User) error {
		user.Status, user.Link, user.LinkUntil = UserDisabled, nil, time.Time{}
		return nil
	})
}

// Enable lets a disabled person in again; one who never set a password needs [Users.Reset] for a link.
func (u *Users) Enable(ctx context.Context, caller access.Caller, ref string) (User, error) {
	return u.change(ctx, caller, ref, "user.enable", func(user *User) error {
		user.Status = UserActive
		if user.Password == "" {
			user.Status = UserInvited
		}
		return nil
	})
}

// Reset ends a person's password, and gives a link to set another.
func (u *Users) Reset(ctx context.Context, caller access.Caller, ref string) (Invitation, error) {
	var invitation Invitation
	user, err := u.change(ctx, caller, ref, "user.reset", func(user *User) error {
		if user.Status == UserDisabled {
			return &InvalidError{Message: "the user is disabled", Fix: "enable the user first"}
		}
		user.Password, user.Status = "", UserInvited
		invitation = u.link(user)
		return nil
	})
	invitation.User = user
	return invitation, err
}

// Delete removes a person. What he or she made stays.
func (u *Users) Delete(ctx context.Context, caller access.Caller, ref string) error {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	user, err := u.Find(ctx, caller, ref)
	if err != nil {
		return err
	}
	if user.ID == caller.User {
		return &InvalidError{Message: "nobody does that to himself or herself", Fix: "let another administrator do it"}
	}
	if err := u.config.Store.DeleteUser(ctx, user.Organization, user.ID, user.entry(caller, "user.delete", u.now())); err != nil {
		return fmt.Errorf("deleting the user %s: %w", user.Email, err)
	}
	return nil
}
