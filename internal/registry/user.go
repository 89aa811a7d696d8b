package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/secret"
)

// UserStatus says how a user stands.
type UserStatus string

// The statuses.
const (
	// UserInvited is one who has no password yet.
	UserInvited  UserStatus = "invited"
	UserActive   UserStatus = "active"
	UserDisabled UserStatus = "disabled"
)

// User is a person in an organization.
type User struct {
	// ID is 24 upper-case hexadecimal digits and "@" and the organization's own 24 lower-case ones, as IMS has it.
	ID           string
	Organization string
	// Email is unique in the organization, whatever the case of its letters.
	Email               string
	FirstName, LastName string
	Role                access.Role
	// Profiles are ids of the product profiles that a Developer may attach; [access.AllProfiles] is all.
	Profiles []string
	Status   UserStatus
	// Password is the argon2id hash; "" is none.
	Password string
	// Link is the keyed hash of the token of an invitation or a reset, and LinkUntil when that ends; both zero for none.
	Link      []byte
	LinkUntil time.Time
	// Version counts changes, from 1.
	Version              int64
	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
	LastSignInAt         time.Time
}

// Name is what to call the person.
func (u User) Name() string {
	if name := strings.TrimSpace(u.FirstName + " " + u.LastName); name != "" {
		return name
	}
	return u.Email
}

// Caller is the person as a caller. The scopes are the most that the role can have; a token may be for fewer.
func (u User) Caller() access.Caller {
	caller := access.Caller{ID: u.ID, Name: u.Name(), Organization: u.Organization, User: u.ID, Role: u.Role, Profiles: u.Profiles}
	switch u.Role {
	case access.SystemAdministrator:
		caller.Scopes = access.Scopes{access.Admin}
	case access.Developer:
		// registry:write is for the developer console: the role keeps it from keys and sandboxes.
		caller.Scopes = access.Scopes{access.RegistryWrite, access.ConnectionsRead, access.DefinitionsRead}
	case access.Viewer:
		caller.Scopes = access.Scopes{access.RegistryRead, access.ConnectionsRead, access.DefinitionsRead}
	}
	return caller
}

// Invitation is a link by which a person sets a password, once.
type Invitation struct {
	User User
	// Token goes into the link; it is shown this once.
	Token secret.String
	Until time.Time
}

// UserStore keeps users. registrytest.TestUserStore checks an implementation.
type UserStore interface {
	// CreateUser adds one: [ErrNameTaken] when the organization has that address, [ErrNotFound] when there is no such
	// organization.
	CreateUser(ctx context.Context, user User, entry audit.Entry) error
	// Users gives an organization's, in the order of their addresses in lower case.
	Users(ctx context.Context, organization string) ([]User, error)
	// UserLike gives those that have this id, this address in any case, or this hash of a link, in the order of their ids.
	UserLike(ctx context.Context, by UserKey) ([]User, error)
	// ChangeUser replaces one whose version is still that of user, and counts the version: [ErrConflict], [ErrNameTaken].
	// Who is not active then, or has another password, has no session of before.
	ChangeUser(ctx context.Context, user User, entry audit.Entry) error
	// DeleteUser removes one: [ErrNotFound].
	DeleteUser(ctx context.Context, organization, id string, entry audit.Entry) error
}

// UserKey is what users are looked for by: one of its members.
type UserKey struct {
	ID, Email string
	Link      []byte
}

// AuthSource is what the ids of an organization's users end in, behind the "@": 24 lower-case hexadecimal digits that
// follow from the organization's id.
func AuthSource(organization string) string {
	sum := sha256.Sum256([]byte("auth source " + organization))
	return hex.EncodeToString(sum[:12])
}

func newUserID(organization string) string {
	var drawn [12]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	return strings.ToUpper(hex.EncodeToString(drawn[:])) + "@" + AuthSource(organization)
}
