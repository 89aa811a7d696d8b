// Package workflow holds the acts that cross rooms; the first is the backup.
//
// A backup is all that the store keeps, as of one moment, in an age file (age-encryption.org/v1): for the holders of
// keys, or for a passphrase. It guarantees that a file that was cut off or changed is refused before anything is
// restored. What the store has sealed stays sealed inside: without the installation's root key, which is in no backup, a
// backup gives no token away.
//
// It trusts the store to write what it keeps, and to read it back in one transaction. A file for a key says nothing of
// who wrote it: anybody who knows the public key can.
package workflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/secret"
)

// Snapshot is the store, as a backup needs it.
type Snapshot interface {
	// Backup writes everything as of one moment, and MUST end what it writes so that a part of it is known as one.
	Backup(ctx context.Context, out io.Writer) error
	// Append makes records of entries.
	Append(ctx context.Context, entries ...audit.Entry) error
}

// Sealing says who can open a backup: the holders of keys, or who knows a passphrase.
type Sealing struct {
	// Recipients are public keys, age1….
	Recipients []string
	Passphrase secret.String
}

// ShortestPassphrase is how many bytes a passphrase has at least.
const ShortestPassphrase = 16

// workFactor is log2 of scrypt's N: 64 MiB and about 0.2 s. A server has to have that beside its work.
const workFactor = 16

// ErrSealing says that a backup can't be sealed as it was asked; the errors say more.
var ErrSealing = errors.New("a backup needs recipients (age1…) or a passphrase")

func (s Sealing) recipients() ([]age.Recipient, error) {
	switch {
	case !s.Passphrase.Empty() && len(s.Recipients) > 0:
		return nil, fmt.Errorf("%w: not both", ErrSealing)
	case !s.Passphrase.Empty() && len(s.Passphrase.Reveal()) < ShortestPassphrase:
		return nil, fmt.Errorf("%w: the passphrase is shorter than %d bytes", ErrSealing, ShortestPassphrase)
	case !s.Passphrase.Empty():
		recipient, err := age.NewScryptRecipient(s.Passphrase.Reveal())
		if err != nil {
			return nil, fmt.Errorf("reading the passphrase: %w", err)
		}
		recipient.SetWorkFactor(workFactor)
		return []age.Recipient{recipient}, nil
	case len(s.Recipients) == 0:
		return nil, ErrSealing
	}
	var all []age.Recipient
	for i, text := range s.Recipients {
		recipient, err := age.ParseX25519Recipient(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%w: recipient %d is not a public key of age (age1…)", ErrSealing, i+1)
		}
		all = append(all, recipient)
	}
	return all, nil
}

// Backups makes backups.
type Backups struct {
	Store Snapshot
	Clock clock.Clock
}

// Check refuses a caller who may not back up, and a sealing that can't be.
func (b *Backups) Check(caller access.Caller, sealing Sealing) error {
	if err := caller.Require(access.Admin); err != nil {
		return err
	}
	_, err := sealing.recipients()
	return err
}

// Write makes a backup. It is recorded first, so that the backup holds its own record.
func (b *Backups) Write(ctx context.Context, caller access.Caller, sealing Sealing, out io.Writer) error {
	if err := b.Check(caller, sealing); err != nil {
		return err
	}
	recipients, err := sealing.recipients()
	if err != nil {
		return err
	}
	err = b.Store.Append(ctx, audit.Entry{At: b.Clock.Now(), Actor: caller.ID, Action: "backup.create", Subject: "installation"})
	if err != nil {
		return fmt.Errorf("recording the backup: %w", err)
	}
	sealed, err := age.Encrypt(out, recipients...)
	if err != nil {
		return fmt.Errorf("sealing the backup: %w", err)
	}
	if err := b.Store.Backup(ctx, sealed); err != nil {
		return err // without its last piece the file is refused
	}
	if err := sealed.Close(); err != nil {
		return fmt.Errorf("sealing the backup: %w", err)
	}
	return nil
}

// Opening says what opens a backup: the text of a file of age keys (AGE-SECRET-KEY-1…), or a passphrase.
type Opening struct{ Keys, Passphrase secret.String }

// ErrNotOpened says that a key or passphrase does not open the backup.
var ErrNotOpened = errors.New("it does not open the backup")

// Open gives what a backup holds. Reading it fails where the file was changed or cut off.
func Open(in io.Reader, opening Opening) (io.Reader, error) {
	var identities []age.Identity
	what := "the passphrase"
	if opening.Passphrase.Empty() {
		what = "the key"
		keys, err := age.ParseIdentities(strings.NewReader(opening.Keys.Reveal()))
		if err != nil {
			return nil, errors.New("reading the key: a file of age keys is expected, with a line AGE-SECRET-KEY-1…")
		}
		identities = keys
	} else {
		identity, err := age.NewScryptIdentity(opening.Passphrase.Reveal())
		if err != nil {
			return nil, fmt.Errorf("reading the passphrase: %w", err)
		}
		identities = append(identities, identity)
	}
	plain, err := age.Decrypt(in, identities...)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return nil, fmt.Errorf("%s is another one: %w", what, ErrNotOpened)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the backup: it is damaged, or no backup: %w", err)
	}
	return plain, nil
}
