package registry

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/secret"
)

// FactorsConfig is what [Factors] work with.
type FactorsConfig struct {
	Store    FactorStore
	Passkeys PasskeyStore
	// Users know the passwords.
	Users *Users
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
}

// Factors hold what people show beside a password: codes of an app, recovery codes, passkeys. The caller limits how often
// codes are tried.
type Factors struct{ config FactorsConfig }

// NewFactors makes the use cases.
func NewFactors(config FactorsConfig) *Factors {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	return &Factors{config}
}

func (f *Factors) now() time.Time { return f.config.Clock.Now().UTC().Truncate(time.Microsecond) }

// Needs tells what is asked for beside a proof. A passkey is two proofs in one; an identity provider asks for its own; who
// follows a link that the server printed has the server.
func (f *Factors) Needs(ctx context.Context, user User, proof Proof) (Need, error) {
	if proof != ByPassword && proof != ByInvitation {
		return NeedNothing, nil
	}
	state, err := f.state(ctx, user)
	switch {
	case err != nil:
		return NeedNothing, err
	case state.Any():
		return NeedSecond, nil
	case state.Required:
		return NeedEnrolment, nil
	}
	return NeedNothing, nil
}

// Of gives what a person has; the person's own, or for a System Administrator.
func (f *Factors) Of(ctx context.Context, caller access.Caller, user User) (FactorState, error) {
	if err := maySee(caller, user.ID); err != nil {
		return FactorState{}, err
	}
	if user.Organization != caller.Organization {
		return FactorState{}, ErrNotFound
	}
	return f.state(ctx, user)
}

// Have gives what the holder of a ticket has, for the page that asks for it.
func (f *Factors) Have(ctx context.Context, user User) (FactorState, error) {
	return f.state(ctx, user)
}

func (f *Factors) state(ctx context.Context, user User) (FactorState, error) {
	var state FactorState
	found, err := f.config.Store.Authenticator(ctx, user.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return state, err
	}
	state.Since = found.ConfirmedAt
	if state.Recovery, err = f.config.Store.Recovery(ctx, user.ID); err != nil {
		return state, err
	}
	if state.Passkeys, err = f.config.Passkeys.Passkeys(ctx, PasskeyKey{Person: user.ID}); err != nil {
		return state, err
	}
	rules, err := f.config.Store.SignInRules(ctx, user.Organization)
	state.Required = rules.SecondFactor
	return state, err
}

// Enrol begins an authenticator, which counts from its first code on. [ErrConflict] says that there is one.
func (f *Factors) Enrol(ctx context.Context, user User, issuer string) (Enrolment, error) {
	var drawn [codeSecret]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	text := base32Text.EncodeToString(drawn[:])
	now := f.now()
	err := f.config.Store.AddAuthenticator(ctx, Authenticator{Person: user.ID, Organization: user.Organization, Secret: secret.New(text), CreatedAt: now},
		f.entry(user.Caller(), user, "authenticator.begin"))
	if err != nil {
		return Enrolment{}, fmt.Errorf("adding an authenticator of %s: %w", user.ID, err)
	}
	return f.enrolment(user, issuer, text), nil
}

// Enrolling gives the authenticator that awaits its first code, for a page that is shown again; [ErrNotFound].
func (f *Factors) Enrolling(ctx context.Context, user User, issuer string) (Enrolment, error) {
	found, err := f.config.Store.Authenticator(ctx, user.ID)
	if err == nil && !found.ConfirmedAt.IsZero() {
		err = ErrNotFound
	}
	if err != nil {
		return Enrolment{}, err
	}
	return f.enrolment(user, issuer, found.Secret.Reveal()), nil
}

func (f *Factors) enrolment(user User, issuer, text string) Enrolment {
	return Enrolment{secret.New(text), secret.New(codeURI(issuer, user.Email, text))}
}

// Confirm takes the first code of an authenticator, and gives the recovery codes, which are shown this once. [ErrSecond].
func (f *Factors) Confirm(ctx context.Context, user User, code string) ([]secret.String, Second, error) {
	found, err := f.config.Store.Authenticator(ctx, user.ID)
	if errors.Is(err, ErrNotFound) || err == nil && !found.ConfirmedAt.IsZero() {
		return nil, Second{}, ErrSecond
	}
	if err != nil {
		return nil, Second{}, err
	}
	step, ok := f.stepOf(found, plainCode(code))
	if !ok {
		return nil, Second{}, ErrSecond
	}
	codes, hashes := f.newRecovery(user)
	err = f.config.Store.TakeCode(ctx, user.ID, step, f.now(), hashes, f.entry(user.Caller(), user, "authenticator.add"))
	if errors.Is(err, ErrConflict) {
		err = ErrSecond
	}
	if err != nil {
		return nil, Second{}, fmt.Errorf("confirming the authenticator of %s: %w", user.ID, err)
	}
	return codes, Second{user.ID, ByCode}, nil
}

func (f *Factors) stepOf(a Authenticator, code string) (int64, bool) {
	key, err := base32Text.DecodeString(a.Secret.Reveal())
	if err != nil || len(key) == 0 || len(code) != codeDigits {
		return 0, false
	}
	return stepOf(key, code, f.now(), a.Step)
}

// Check takes a code of the app or a recovery code; [ErrSecond] says that it is not good, or was used.
func (f *Factors) Check(ctx context.Context, user User, code string) (Second, error) {
	plain := plainCode(code)
	if len(plain) == recoveryLength {
		return f.checkRecovery(ctx, user, plain)
	}
	found, err := f.config.Store.Authenticator(ctx, user.ID)
	if errors.Is(err, ErrNotFound) || err == nil && found.ConfirmedAt.IsZero() {
		return Second{}, ErrSecond
	}
	if err != nil {
		return Second{}, err
	}
	step, ok := f.stepOf(found, plain)
	if !ok {
		return Second{}, ErrSecond
	}
	err = f.config.Store.TakeCode(ctx, user.ID, step, time.Time{}, nil, audit.Entry{})
	if errors.Is(err, ErrConflict) {
		err = ErrSecond // the same code, a moment before
	}
	return Second{user.ID, ByCode}, err
}

// Reprove takes the password of somebody who is signed in, or a code, before an act that must not be somebody else's.
func (f *Factors) Reprove(ctx context.Context, user User, text secret.String) error {
	plain := plainCode(text.Reveal())
	if len(plain) == codeDigits || len(plain) == recoveryLength {
		if _, err := f.Check(ctx, user, plain); !errors.Is(err, ErrSecond) {
			return err
		}
	}
	return f.config.Users.checkOwn(ctx, user, text)
}

// RemoveAuthenticator takes the person's app away, and the recovery codes when no passkey is left to use them for.
func (f *Factors) RemoveAuthenticator(ctx context.Context, user User) error {
	return f.config.Store.RemoveFactors(ctx, user.Organization, user.ID, false, f.entry(user.Caller(), user, "authenticator.delete"))
}

// Reset takes everything away that a person shows beside the password: for somebody who has lost it. It takes the role
// System Administrator, and another person.
func (f *Factors) Reset(ctx context.Context, caller access.Caller, ref string) (User, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return User{}, err
	}
	user, err := f.config.Users.Find(ctx, caller, ref)
	if err != nil {
		return User{}, err
	}
	if user.ID == caller.User {
		return User{}, &InvalidError{Message: "nobody does that to himself or herself", Fix: "remove them on the page of your account, or let another administrator do it"}
	}
	return user, f.config.Store.RemoveFactors(ctx, user.Organization, user.ID, true, f.entry(caller, user, "second_factors.delete"))
}

// Rules gives what the caller's organization asks of everybody.
func (f *Factors) Rules(ctx context.Context, caller access.Caller) (SignInRules, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return SignInRules{}, err
	}
	return f.config.Store.SignInRules(ctx, caller.Organization)
}

// SetRules changes it. It counts at the next sign-in.
func (f *Factors) SetRules(ctx context.Context, caller access.Caller, rules SignInRules) error {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	return f.config.Store.PutSignInRules(ctx, caller.Organization, rules, audit.Entry{
		At: f.now(), Organization: caller.Organization, Actor: cmp.Or(caller.User, caller.ID), Action: "sign_in_rules.change", Subject: caller.Organization,
		Detail: map[string]string{"second_factor": fmt.Sprint(rules.SecondFactor)},
	})
}

// entry is what the audit record says of a person's factors.
func (f *Factors) entry(caller access.Caller, user User, action string) audit.Entry {
	return audit.Entry{
		At: f.now(), Organization: user.Organization, Actor: cmp.Or(caller.User, caller.ID), Action: action, Subject: user.ID, Detail: map[string]string{"email": user.Email},
	}
}

// plainCode takes what people write between the characters of a code away.
func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(code)))
}
