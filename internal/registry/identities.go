package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/clock"
)

// IdentitiesConfig is what [Identities] work with.
type IdentitiesConfig struct {
	Store IdentityStore
	Users *Users
	Clock clock.Clock
	// Log is none when nil.
	Log *slog.Logger
}

// Identities tell which accounts somebody has who signed in at the identity provider. The first time that follows from the
// address, which the provider must vouch for, and is kept; from then on from who it is there. Who has no account gets none.
type Identities struct{ config IdentitiesConfig }

// NewIdentities makes the use cases.
func NewIdentities(config IdentitiesConfig) *Identities {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Identities{config}
}

func (i *Identities) now() time.Time { return i.config.Clock.Now().UTC().Truncate(time.Microsecond) }

// SignIn gives the accounts of somebody: one for each organization. [ErrUnverified], [ErrNobody], [ErrInactive], [ErrOtherIdentity].
func (i *Identities) SignIn(ctx context.Context, claimed Claimed) ([]User, error) {
	if claimed.Issuer == "" || claimed.Subject == "" {
		return nil, errors.New("an identity without an issuer or a subject")
	}
	in, reason, err := i.linked(ctx, claimed)
	if err != nil {
		return nil, err
	}
	// Of a new account, or a further one, the address tells.
	switch {
	case claimed.Email == "" || !claimed.Verified:
		if reason == nil {
			reason = ErrUnverified
		}
	default:
		more, why, err := i.byAddress(ctx, claimed)
		if err != nil {
			return nil, err
		}
		in = append(in, more...)
		if reason == nil {
			reason = why
		}
	}
	if len(in) == 0 {
		return nil, reason
	}
	if err := i.config.Store.UseIdentities(ctx, claimed.Issuer, claimed.Subject, claimed.Email, i.now()); err != nil {
		i.config.Log.WarnContext(ctx, "it could not be noted that an identity is used", slog.Any("error", err))
	}
	return in, nil
}

// linked gives the accounts that are the subject's already; reason says why one of them does not count.
func (i *Identities) linked(ctx context.Context, claimed Claimed) (in []User, reason, err error) {
	known, err := i.config.Store.Identities(ctx, IdentityKey{Issuer: claimed.Issuer, Subject: claimed.Subject})
	if err != nil {
		return nil, nil, err
	}
	for _, one := range known {
		found, err := i.config.Users.config.Store.UserLike(ctx, UserKey{ID: one.Person})
		if err != nil {
			return nil, nil, err
		}
		if len(found) != 1 {
			continue
		}
		user := found[0]
		if user.Status == UserInvited { // whose password was reset: it is not what signs in here
			if user, err = i.config.Users.welcome(ctx, user); err != nil {
				return nil, nil, err
			}
		}
		if user.Status != UserActive {
			reason = ErrInactive
			continue
		}
		in = append(in, user)
	}
	return in, reason, nil
}

// byAddress links the accounts that have the address and no identity yet, and gives them.
func (i *Identities) byAddress(ctx context.Context, claimed Claimed) (in []User, reason, err error) {
	found, err := i.config.Users.config.Store.UserLike(ctx, UserKey{Email: claimed.Email})
	if err != nil {
		return nil, nil, err
	}
	reason = ErrNobody
	for _, user := range found[:min(len(found), maxMemberships)] {
		has, err := i.config.Store.Identities(ctx, IdentityKey{Issuer: claimed.Issuer, Person: user.ID})
		switch {
		case err != nil:
			return nil, nil, err
		case len(has) > 0 && has[0].Subject == claimed.Subject:
			continue // told of above
		case len(has) > 0:
			reason = ErrOtherIdentity
			continue
		case user.Status == UserDisabled:
			reason = ErrInactive
			continue
		}
		user, err = i.link(ctx, claimed, user)
		if errors.Is(err, ErrNameTaken) || errors.Is(err, ErrNotFound) {
			reason = ErrOtherIdentity // at this moment
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		in = append(in, user)
	}
	return in, reason, nil
}

// link keeps who a person is at the provider. Who was invited has come by that.
func (i *Identities) link(ctx context.Context, claimed Claimed, user User) (User, error) {
	now := i.now()
	entries := []audit.Entry{{
		At: now, Organization: user.Organization, Actor: user.ID, Action: "identity.add", Subject: user.ID,
		Detail: map[string]string{"issuer": claimed.Issuer, "subject": claimed.Subject, "email": claimed.Email},
	}}
	invited := user.Status == UserInvited
	if invited {
		user = came(user, now)
		accepted := user.entry(user.Caller(), "user.accept", now)
		accepted.Generation++
		entries = append(entries, accepted)
	}
	identity := Identity{Issuer: claimed.Issuer, Subject: claimed.Subject, Person: user.ID, Organization: user.Organization, Email: claimed.Email, CreatedAt: now, UsedAt: now}
	if err := i.config.Store.AddIdentity(ctx, identity, user, invited, entries...); err != nil {
		return User{}, fmt.Errorf("linking %s with the provider: %w", user.ID, err)
	}
	if invited {
		user.Version++
	}
	return user, nil
}

// came makes active who was invited. The link of the invitation ends: nobody else is to set a password by it.
func came(user User, at time.Time) User {
	user.Status, user.Link, user.LinkUntil, user.UpdatedAt = UserActive, nil, time.Time{}, at
	return user
}

// welcome keeps that somebody who was invited has come.
func (u *Users) welcome(ctx context.Context, user User) (User, error) {
	return u.keep(ctx, user.Caller(), came(user, u.now()), "user.accept")
}

// Of gives who a person is at the providers.
func (i *Identities) Of(ctx context.Context, user User) ([]Identity, error) {
	return i.config.Store.Identities(ctx, IdentityKey{Person: user.ID})
}

// Prove tells that it is the person who signed in at the provider: [ErrNotThePerson]. The caller has checked that this was now.
func (i *Identities) Prove(ctx context.Context, claimed Claimed, user User) error {
	known, err := i.config.Store.Identities(ctx, IdentityKey{Issuer: claimed.Issuer, Person: user.ID})
	if err == nil && (len(known) != 1 || known[0].Subject != claimed.Subject || claimed.Subject == "") {
		err = ErrNotThePerson
	}
	return err
}
