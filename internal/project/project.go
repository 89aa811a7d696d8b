// Package project is the developer console: an organization's projects, their workspaces, and in those the credentials
// by which its systems call services, with all that makes a credential worth something: certificates and client
// secrets, subscriptions to services, product profiles and product roles.
//
// [Projects] holds the use cases of projects and workspaces, [Catalogue] those of services, entitlements and product
// profiles (the acts of the Admin Console), [Credentials] those of credentials. Each use case takes the
// [access.Caller] and asks for its role before anything else. A developer attaches only product profiles that he or she
// is developer of, and changes no credential that has another: a new secret of it would open what that one opens. What
// belongs to another organization is not found.
//
// [Clients] is what an authorization server reads: a credential as it is used, from memory, found by its client id.
//
// A client secret is kept twice: as a keyed hash, bound to its client, which it is verified by; and sealed, because the
// console hands it out again to those with the right. A private key is never kept: who uploads one is refused. Numbers
// and forms of ids are those of the Developer Console (spec/ims-and-console.md §3, §4).
package project

import (
	"errors"
	"time"
)

// Organization is what this room has to know of a tenant.
type Organization struct {
	// ID is the IMS organization id.
	ID string
	// Number is the console's own id of it: digits.
	Number string
	Name   string
}

// Type is what a project was made of.
type Type string

// The types: an empty project has one workspace, one of a template two or more.
const (
	Default Type = "default"
	Jaeger  Type = "jaeger"
)

// Project holds workspaces.
type Project struct {
	// ID is 19 digits that grow with time.
	ID           string
	Organization string
	// Name is unique in the organization: 1 to 20 letters and digits.
	Name string
	// Title and Description are what people read.
	Title, Description string
	Type               Type
	// Version counts changes, from 1.
	Version              int64
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
}

// Workspace holds credentials.
type Workspace struct {
	// ID is 19 digits that grow with time.
	ID           string
	Organization string
	Project      string
	// Name is unique in the project: 1 to 20 letters and digits.
	Name                 string
	Title, Description   string
	Version              int64
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
}

// The errors of this room, beside [*access.DeniedError], [*InvalidError], [*QuotaError], [*InUseError] and
// [*MigratingError].
var (
	// ErrNotFound is given for what does not exist, or not for this caller.
	ErrNotFound = errors.New("not found")
	// ErrNameTaken is given for a name that is in use.
	ErrNameTaken = errors.New("the name is taken")
	// ErrConflict is given when somebody else changed the thing meanwhile.
	ErrConflict = errors.New("somebody else changed it meanwhile")
)

// InvalidError says what is wrong with what was asked for.
type InvalidError struct {
	// Pointer is the JSON pointer (RFC 6901) of the wrong member, as our own API names it.
	Pointer string
	// Message says what is wrong, Fix what to do.
	Message, Fix string
}

func (e *InvalidError) Error() string { return e.Message }
