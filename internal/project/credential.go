package project

import (
	"time"

	"latchkey/internal/secret"
)

// Credential is what a system calls services with.
type Credential struct {
	// ID is 19 digits that grow with time.
	ID           string
	Organization string
	Project      string
	Workspace    string
	// Name is unique in the organization.
	Name, Description string
	Kind              Kind
	// ClientID is 32 hexadecimal digits, the "API key".
	ClientID string
	// TechnicalAccount is empty where the kind has none.
	TechnicalAccount TechnicalAccount
	// Enabled is false while the credential gets no tokens.
	Enabled  bool
	Redirect Redirect
	// Services are its subscriptions, in the order of their codes.
	Services []Subscription
	// Secrets are at most [MaxSecrets], the oldest first; their values are empty but where they are handed out.
	Secrets []Secret
	// Bindings are its certificates, the oldest first.
	Bindings  []Binding
	Migration Migration
	// Version counts changes, from 1.
	Version              int64
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
}

// TechnicalAccount is whom an enterprise credential acts as.
type TechnicalAccount struct {
	// ID is 24 upper-case hexadecimal digits and "@techacct.adobe.com": the subject of its tokens.
	ID string
	// Email is a UUID and "@techacct.adobe.com".
	Email string
}

// MaxSecrets is how many client secrets a credential may have at once.
const MaxSecrets = 2

// Secret is a client secret.
type Secret struct {
	// UUID is 32 hexadecimal digits.
	UUID string
	// Value is "p8e-" and 256 random bits, where it is handed out.
	Value secret.String
	// Hash is the keyed hash of client id and value, which it is verified by.
	Hash      [32]byte
	CreatedBy string
	CreatedAt time.Time
	// Uses say when and from where it was used, the latest first.
	Uses []Usage
}

// Binding ties a certificate to a credential: who has its key may sign for the technical account.
type Binding struct {
	// ID is 32 hexadecimal digits.
	ID string
	// SHA1 and SHA256 are the fingerprints of Certificate, in lower-case hexadecimal digits without colons.
	SHA1, SHA256 string
	// Certificate is in DER.
	Certificate         []byte
	NotBefore, NotAfter time.Time
	// RequireJTI refuses assertions without a jti, and each jti a second time.
	RequireJTI bool
	CreatedBy  string
	CreatedAt  time.Time
	Uses       []Usage
}

// Usage is the last use of a secret or a binding from one place.
type Usage struct {
	// Grant is how it was used: a grant type of OAuth ("client_credentials"), or [GrantJWT].
	Grant string
	// From is where: an address, and what its program calls itself.
	From string
	At   time.Time
}

// GrantJWT stands for the exchange of a signed assertion for a token (spec/ims-and-console.md §1.2).
const GrantJWT = "exchange_jwt"

// GrantClientCredentials is RFC 6749 §4.4's.
const GrantClientCredentials = "client_credentials"

// Subscription is a service that a credential may call.
type Subscription struct {
	// Service is its code.
	Service string
	// Profiles are the product profiles that say what it may do there; of a service without profiles there are none.
	Profiles []Attachment
}

// Attachment is a product profile on a credential, with the product role that the credential has in it.
type Attachment struct {
	// Profile is the id.
	Profile string
	// Role is "" where the service has no product roles.
	Role ProductRole
	// Name is what people call the profile. It is told, and not kept with the credential.
	Name string
}

// ProductRole is what a user or a credential may do within a product profile.
type ProductRole string

// The product roles, as Adobe Target has them. An API credential begins as Observer.
const (
	Observer ProductRole = "observer"
	Editor   ProductRole = "editor"
	Approver ProductRole = "approver"
)

// MigrationState says how far a credential is on its way from JWT to OAuth server-to-server.
type MigrationState string

// The states (spec/ims-and-console.md §2.8).
const (
	// MigrationNone is of a credential that has nothing to migrate.
	MigrationNone MigrationState = "none"
	// MigrationNotStarted is of a JWT credential.
	MigrationNotStarted MigrationState = "not_started"
	// MigrationStarted is of one that takes both: assertions and client credentials.
	MigrationStarted MigrationState = "started"
	// MigrationCompleted is of a server-to-server credential that was a JWT credential.
	MigrationCompleted MigrationState = "completed"
)

// Migration is a credential's way from JWT to OAuth.
type Migration struct {
	State MigrationState
	// At is when it came into the state; zero for the first two.
	At time.Time
}

// Redirect is where a browser may come back to.
type Redirect struct {
	// Default is the URI for requests that name none, or one that no pattern allows.
	Default string
	// Patterns are regular expressions of which one has to match the whole URI.
	Patterns []string
}
