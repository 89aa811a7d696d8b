package registry

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// An installation without organizations is set up in a browser, by a link that the server prints. The link is made of a row
// and the installation's key, so that every node and every start prints the same one until it ends, and neither the
// database nor a copy of it is enough to make it.

// The errors of the first start, beside [ErrLink] for a link that is not this installation's.
var (
	// ErrSetUp is given where there is an organization already: there is nothing to set up.
	ErrSetUp = errors.New("the installation is set up")
	// ErrLinkOver is given for a link that was right, and has ended.
	ErrLinkOver = errors.New("the link has ended")
)

const (
	// setUpLife is how long the link is good for: an operator's day.
	setUpLife = 24 * time.Hour
	// setUpNonce is how much of it is chance.
	setUpNonce = 32
)

// SetUpLink is what the link is made of, with a key that is not here.
type SetUpLink struct {
	Nonce  []byte
	EndsAt time.Time
}

// FirstStartStore keeps the link. registrytest.TestFirstStartStore checks an implementation.
type FirstStartStore interface {
	// KeepSetUpLink gives the link that is kept. Where there is none, or one that has ended at that time, it keeps the fresh one
	// and gives that; of several at once all get the same. [ErrSetUp] when there is an organization.
	KeepSetUpLink(ctx context.Context, fresh SetUpLink, at time.Time) (SetUpLink, error)
	// SetUpLink gives it; [ErrNotFound] when there is none.
	SetUpLink(ctx context.Context) (SetUpLink, error)
	// SetUp adds the first organization, its sandbox and its person, and takes the link of that nonce away, all together. It MUST
	// fail with [ErrLink] when that is not there any more, or when there is an organization.
	SetUp(ctx context.Context, nonce []byte, first First, entries ...audit.Entry) error
	// Organizations gives all.
	Organizations(ctx context.Context) ([]Organization, error)
}

// First is what there is after the first start.
type First struct {
	Organization Organization
	Sandbox      Sandbox
	User         User
}

// FirstStartConfig is what [FirstStart] works with.
type FirstStartConfig struct {
	Store FirstStartStore
	// Users take the password, as that of anybody else.
	Users *Users
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash func(purpose string, data []byte) [32]byte
	// OrganizationID is the organization's id; "" draws one. Name is what the form proposes to call it.
	OrganizationID, Name string
	Clock                clock.Clock
}

// FirstStart sets an installation up that has no organization yet: whoever has the link makes the first one, and is its
// System Administrator.
type FirstStart struct {
	config FirstStartConfig
	// done is set once there is an organization: from then on nothing is asked of the store.
	done atomic.Bool
}

// NewFirstStart makes the use cases.
func NewFirstStart(config FirstStartConfig) *FirstStart {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	return &FirstStart{config: config}
}

// Waiting tells whether there is no organization yet.
func (f *FirstStart) Waiting(ctx context.Context) (bool, error) {
	if f.done.Load() {
		return false, nil
	}
	all, err := f.config.Store.Organizations(ctx)
	if err == nil && len(all) > 0 {
		f.done.Store(true)
	}
	return err == nil && len(all) == 0, err
}

// Link gives the token of the link, and when it ends; a new one when the last has ended. [ErrSetUp].
func (f *FirstStart) Link(ctx context.Context) (token secret.String, until time.Time, err error) {
	now := f.now()
	fresh := SetUpLink{Nonce: make([]byte, setUpNonce), EndsAt: now.Add(setUpLife)}
	_, _ = rand.Read(fresh.Nonce) // never fails, crypto/rand
	kept, err := f.config.Store.KeepSetUpLink(ctx, fresh, now)
	if err != nil {
		return secret.String{}, time.Time{}, fmt.Errorf("making the link to set up: %w", err)
	}
	return secret.New(f.token(kept)), kept.EndsAt, nil
}

func (f *FirstStart) now() time.Time { return f.config.Clock.Now().UTC().Truncate(time.Microsecond) }

func (f *FirstStart) token(link SetUpLink) string {
	sum := f.config.Hash("set-up link", link.Nonce)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Check tells whether the token is that of the link: [ErrLink], [ErrLinkOver], [ErrSetUp].
func (f *FirstStart) Check(ctx context.Context, token secret.String) error {
	_, err := f.open(ctx, token)
	return err
}

func (f *FirstStart) open(ctx context.Context, token secret.String) (SetUpLink, error) {
	waiting, err := f.Waiting(ctx)
	if err == nil && !waiting {
		err = ErrSetUp
	}
	if err != nil {
		return SetUpLink{}, err
	}
	link, err := f.config.Store.SetUpLink(ctx)
	switch {
	case errors.Is(err, ErrNotFound):
		return SetUpLink{}, ErrLink
	case err != nil:
		return SetUpLink{}, err
	case !hmac.Equal([]byte(f.token(link)), []byte(token.Reveal())):
		return SetUpLink{}, ErrLink
	case !f.now().Before(link.EndsAt):
		return SetUpLink{}, ErrLinkOver
	}
	return link, nil
}

// Proposed is what the form proposes to call the organization.
func (f *FirstStart) Proposed() string { return f.config.Name }

// NewFirst asks for the first organization and its System Administrator.
type NewFirst struct {
	Organization               string
	Email, FirstName, LastName string
	Password                   secret.String
}

// SetUp makes both, and takes the link away. Of two at once one gets [ErrLink]; an [*InvalidError] spends nothing.
func (f *FirstStart) SetUp(ctx context.Context, token secret.String, ask NewFirst) (User, error) {
	link, err := f.open(ctx, token)
	if err != nil {
		return User{}, err
	}
	first, err := f.make(ctx, ask)
	if err != nil {
		return User{}, err
	}
	o, now := first.Organization, first.Organization.CreatedAt
	err = f.config.Store.SetUp(ctx, link.Nonce, first,
		audit.Entry{At: now, Organization: o.ID, Actor: first.User.ID, Action: "organization.create", Subject: o.ID,
			Detail: map[string]string{"name": o.Name, "number": o.Number, "by": "set-up link"}},
		first.User.entry(first.User.Caller(), "user.create", now))
	if err != nil {
		return User{}, fmt.Errorf("setting up: %w", err)
	}
	f.done.Store(true)
	return first.User, nil
}

// make checks what was asked for. The password comes last: its hash is dear.
func (f *FirstStart) make(ctx context.Context, ask NewFirst) (first First, err error) {
	id, now := f.config.OrganizationID, f.now()
	if id == "" {
		id = ident.NewIMSOrg()
	}
	first.Organization = Organization{ID: id, Number: newNumber(), CreatedAt: now}
	if first.Organization.Name, err = checkText("/organization", ask.Organization, ""); err != nil {
		return First{}, err
	}
	first.Sandbox = Sandbox{ID: ident.UUID(), Organization: id, Name: access.DefaultSandbox, Title: "Production", CreatedAt: now}
	user := User{
		ID: newUserID(id), Organization: id, Role: access.SystemAdministrator, Status: UserActive, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	user.CreatedBy = user.ID
	if user.FirstName, err = checkPersonName("/first_name", ask.FirstName); err != nil {
		return First{}, err
	}
	if user.LastName, err = checkPersonName("/last_name", ask.LastName); err != nil {
		return First{}, err
	}
	if user.Email, err = checkEmail(ask.Email); err != nil {
		return First{}, err
	}
	if err = checkPassword(ask.Password); err != nil {
		return First{}, err
	}
	user.Password, err = f.config.Users.passwords.hash(ctx, ask.Password)
	first.User = user
	return first, err
}
