// Package seal keeps secrets at rest.
//
// Every secret that is stored is sealed with the data key of its organization: a Tink keyset (XAES-256-GCM, which
// stays safe past 2³² seals of one key) that is made when it is first needed, kept in the store wrapped by the root
// key, and in the clear only in memory. A ciphertext begins with the format's version and the id of its key. It is
// bound to its place, the [Row]: copied to another row or column, or put back after the row went on (an older
// generation), it does not open.
//
// The threat is a reader or writer of the database, of a backup, of a replica: without the root key all of it is
// noise, and what is moved about in it is noticed. Who has the root key and the database has everything; who has
// lost the root key has lost everything. The root sits behind [Wrapper]: a file, a passphrase, Vault's Transit engine,
// or, in a build with the tag kms, a cloud's KMS.
//
// A root key is replaced while the server runs ([Keyring.Rotate]): each data key is wrapped anew, in bounded batches,
// and no payload is touched. Which root key wrapped a data key stands beside it, so a rotation goes on wherever it was
// interrupted, on any node. When the last one is done the old root key is retired, and refused from then on.
package seal

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Row is where a sealed value belongs.
type Row struct {
	// Organization chooses the data key.
	Organization string
	Table        string
	// ID is the row's id.
	ID     string
	Column string
	// Generation is the row's counter of versions, 0 where it has none.
	Generation int64
}

// Wrapper is a root key: it wraps data keys, and stays wherever it is (a file, a KMS).
type Wrapper interface {
	// KeyID names the root key. It MUST NOT change while what it wrapped is in use, and tells nothing of the key.
	KeyID() string
	// Wrap encrypts a data key and binds it to associated.
	Wrap(ctx context.Context, key, associated []byte) ([]byte, error)
	// Unwrap reverses Wrap; it MUST fail when associated is not the same.
	Unwrap(ctx context.Context, wrapped, associated []byte) ([]byte, error)
}

// DataKey is an organization's wrapped key.
type DataKey struct {
	// Organization is the owner; "" is the installation itself, whose key is behind [Keyring.Hash].
	Organization string
	// Root is the id of the root key that wrapped it.
	Root      string
	Wrapped   []byte
	CreatedAt time.Time
	// WrappedAt is when it was wrapped last.
	WrappedAt time.Time
}

// KeyStore keeps data keys, one an organization. The store's own tables hold them, so it can't be a Keyring's user.
type KeyStore interface {
	// DataKey gives the organization's key, or [ErrNoDataKey].
	DataKey(ctx context.Context, organization string) (DataKey, error)
	// CreateDataKey keeps the key unless the organization has one, and gives the one that is kept: of two nodes that
	// create at once both MUST get the same. A key under a root that is not current MUST be refused with
	// [ErrNotCurrent]: who finishes a rotation has to have seen the last one.
	CreateDataKey(ctx context.Context, key DataKey) (DataKey, error)
	// DataKeys gives keys in the order of their organizations.
	DataKeys(ctx context.Context, selection Selection) ([]DataKey, error)
	// CountDataKeys tells how many there are, whatever the selection's After and Limit.
	CountDataKeys(ctx context.Context, selection Selection) (int, error)
	// Rewrap puts data keys in the place of what they were, and tells how many.
	Rewrap(ctx context.Context, keys []Rewrapped) (int, error)
}

// String names the place: table, column and row. An id is no secret.
func (r Row) String() string { return fmt.Sprintf("%s.%s of %q", r.Table, r.Column, r.ID) }

// associated encodes the place so that no two places give the same bytes: each text goes behind its length.
func (r Row) associated(buffer []byte) []byte {
	for _, text := range [...]string{r.Organization, r.Table, r.ID, r.Column} {
		buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(text)))
		buffer = append(buffer, text...)
	}
	return binary.BigEndian.AppendUint64(buffer, uint64(r.Generation))
}
