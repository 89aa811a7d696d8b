package registry

import (
	"context"
	"time"

	"latchkey/internal/audit"
)

// Passkey is a key pair of which the person's device keeps the private one (WebAuthn).
type Passkey struct {
	ID, Person, Organization string
	// Host is the name under which it was made, and works: the relying party's id.
	Host string
	// Credential is the device's own id of it.
	Credential []byte
	Name       string
	// Record is the public key, the counter and the flags, as [Passkeys] writes them.
	Record            string
	CreatedAt, UsedAt time.Time
}

// Doubted tells that it was not taken once, for its counter had not gone on: somebody may have a copy of it.
func (p Passkey) Doubted() bool {
	record, err := readRecord(p.Record)
	return err == nil && record.Doubted
}

// PasskeyKey is what passkeys are looked for by: a person's, or the one that a device names at a host.
type PasskeyKey struct {
	Person     string
	Host       string
	Credential []byte
}

// Spent is a challenge that was answered.
type Spent struct {
	Hash []byte
	// Until is when it would have ended: it has to be known for so long.
	Until time.Time
}

// PasskeyStore keeps passkeys. What takes a [Spent] MUST keep it in the same transaction, and give [ErrPasskeyUsed] where it is
// there already.
type PasskeyStore interface {
	// AddPasskey adds one: [ErrNameTaken] when the credential is there already, [ErrNotFound] when there is no such person.
	AddPasskey(ctx context.Context, p Passkey, spent Spent, entry audit.Entry) error
	// Passkeys gives those of a person, or of a credential, in the order in which they were made.
	Passkeys(ctx context.Context, by PasskeyKey) ([]Passkey, error)
	// UsePasskey keeps the record anew after it was shown: [ErrConflict] when it is not the one of before any more.
	UsePasskey(ctx context.Context, p Passkey, before string, spent Spent, entry audit.Entry) error
	// RenamePasskey renames one of a person's: [ErrNotFound].
	RenamePasskey(ctx context.Context, person, id, name string, entry audit.Entry) error
	// RemovePasskey removes one of a person's: [ErrNotFound].
	RemovePasskey(ctx context.Context, person, id string, entry audit.Entry) error
}
