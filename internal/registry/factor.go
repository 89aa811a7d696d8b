package registry

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/secret"
)

// Need is what is asked for beside the first proof.
type Need string

// The needs.
const (
	NeedNothing Need = ""
	// NeedSecond is a second proof, of those that the person has.
	NeedSecond Need = "second_factor"
	// NeedEnrolment is that the person gets one first: the organization asks everybody for it.
	NeedEnrolment Need = "enrolment"
)

// NeedError says what is asked for beside the proof that was given.
type NeedError struct{ Need Need }

func (e *NeedError) Error() string { return "the sign-in takes more: " + string(e.Need) }

// ErrSecond is given for a second proof that is wrong, was used before, or is somebody else's.
var ErrSecond = errors.New("the code is wrong or was used before")

// Second is a second proof that was checked. Only this room makes one that counts.
type Second struct {
	person string
	proof  Proof
}

// Proof tells how it was given.
func (s Second) Proof() Proof { return s.proof }

// Authenticator is the app that makes a person's one-time codes.
type Authenticator struct {
	Person, Organization string
	// Secret is the shared secret's bytes in base32, as people type it.
	Secret secret.String
	// ConfirmedAt is when its first code was given; zero while that is awaited: it counts for nothing then.
	ConfirmedAt time.Time
	// Step is that of the last code that was taken.
	Step      int64
	CreatedAt time.Time
}

// Enrolment is an authenticator that awaits its first code.
type Enrolment struct {
	Secret secret.String
	// URI holds the secret, for the picture that an app reads.
	URI secret.String
}

// FactorState is what a person has beside the password.
type FactorState struct {
	// Since is when the authenticator was confirmed; zero for none.
	Since time.Time
	// Recovery counts the recovery codes that are left.
	Recovery int
	Passkeys []Passkey
	// Required tells that the organization asks for a second factor.
	Required bool
}

// Any tells whether there is something that can be asked for.
func (f FactorState) Any() bool { return !f.Since.IsZero() || len(f.Passkeys) > 0 }

// SignInRules are what an organization asks of everybody who signs in.
type SignInRules struct {
	// SecondFactor asks for a second proof after a password; who has none gets one first.
	SecondFactor bool
}

// FactorStore keeps second proofs. registrytest.TestFactorStore checks an implementation. Everything of a person goes with
// the person. The secret MUST be sealed.
type FactorStore interface {
	// Authenticator gives a person's, confirmed or not: [ErrNotFound].
	Authenticator(ctx context.Context, person string) (Authenticator, error)
	// AddAuthenticator adds one in the place of one that is not confirmed; [ErrConflict] when there is one that is,
	// [ErrNotFound] when there is no such person.
	AddAuthenticator(ctx context.Context, a Authenticator, entry audit.Entry) error
	// TakeCode notes the step of a code, which is later than the last: [ErrConflict] when it is not. It confirms one that was
	// not, when at is not zero, and adds recovery codes in the place of those of before.
	TakeCode(ctx context.Context, person string, step int64, at time.Time, recovery [][]byte, entry audit.Entry) error
	// Recovery counts a person's recovery codes.
	Recovery(ctx context.Context, person string) (int, error)
	// PutRecovery replaces them.
	PutRecovery(ctx context.Context, organization, person string, hashes [][]byte, entry audit.Entry) error
	// TakeRecovery takes one away: [ErrNotFound].
	TakeRecovery(ctx context.Context, person string, hash []byte, entry audit.Entry) error
	// RemoveFactors removes the authenticator with the recovery codes, and with all the passkeys and identities, too.
	RemoveFactors(ctx context.Context, organization, person string, all bool, entry audit.Entry) error
	// SignInRules gives an organization's; the zero rules when it has none.
	SignInRules(ctx context.Context, organization string) (SignInRules, error)
	// PutSignInRules replaces them.
	PutSignInRules(ctx context.Context, organization string, rules SignInRules, entry audit.Entry) error
}
