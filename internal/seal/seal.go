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
// lost the root key has lost everything. The root sits behind [Wrapper]: a file, later a passphrase or a KMS.
package seal

import (
	"context"
	"encoding/binary"
	"errors"
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
}

// ErrNoDataKey is what [KeyStore.DataKey] gives for an organization that has no key yet.
var ErrNoDataKey = errors.New("the organization has no data key")

// KeyStore keeps data keys, one an organization. The store's own tables hold them, so it can't be a Keyring's user.
type KeyStore interface {
	// DataKey gives the organization's key, or [ErrNoDataKey].
	DataKey(ctx context.Context, organization string) (DataKey, error)
	// CreateDataKey keeps the key unless the organization has one, and gives the one that is kept: of two nodes that
	// create at once both MUST get the same.
	CreateDataKey(ctx context.Context, key DataKey) (DataKey, error)
	// DataKeys gives every key, for wrapping them anew.
	DataKeys(ctx context.Context) ([]DataKey, error)
}

// WrongRootError says that the data keys were wrapped with another root key.
type WrongRootError struct {
	// Want is the id of the root key that wrapped them, Have of the one that was given.
	Want, Have string
}

func (e *WrongRootError) Error() string {
	return fmt.Sprintf("the secrets here are sealed with the root key %s, this is %s; give the one that they were sealed with",
		e.Want, e.Have)
}

// String names the place without its row.
func (r Row) String() string { return r.Table + "." + r.Column }

// associated encodes the place so that no two places give the same bytes: each text goes behind its length.
func (r Row) associated(buffer []byte) []byte {
	for _, text := range [...]string{r.Organization, r.Table, r.ID, r.Column} {
		buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(text)))
		buffer = append(buffer, text...)
	}
	return binary.BigEndian.AppendUint64(buffer, uint64(r.Generation))
}
