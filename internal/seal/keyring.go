package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"latchkey/internal/clock"
)

// A ciphertext is: the format's version (1 byte), then Tink's: 0x01 and the key's id in its keyset (4 bytes), salt
// (12), nonce (12), the encrypted bytes, tag (16).
const (
	version  = 1
	overhead = 1 + 1 + 4 + 12 + 12 + 16
)

// Config is what a [Keyring] works with.
type Config struct {
	// Root is the root key that is, or is to be, the current one.
	Root Root
	// Previous is the root key to rotate away from; nil means none.
	Previous Root
	Store    Store
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what happens in the background; nil means none.
	Log *slog.Logger
}

// Keyring seals and opens. It is safe for concurrent use.
type Keyring struct {
	config  Config
	ring    atomic.Pointer[ring]
	pepper  []byte
	keys    sync.Map // organization → *dataKey
	hashers sync.Map // purpose → *sync.Pool of *hasher
	counts  counts

	binding sync.Mutex // held while the ring is made anew
	worker  worker
}

// Open makes a keyring over the store's data keys. It fails at once when a root key does not fit them
// ([*WrongRootError], [*RetiredRootError], [*UnfinishedError]), so that a server with the wrong key does not start.
func Open(ctx context.Context, config Config) (*Keyring, error) {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keyring{config: config, worker: newWorker()}
	bound, err := k.bind(ctx)
	if err == nil {
		err = k.judge(ctx, bound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the keyring: %w", err)
	}
	k.ring.Store(bound)
	pepper, err := k.unwrapped(ctx, "", true, func() ([]byte, error) {
		fresh := make([]byte, pepperSize)
		_, _ = rand.Read(fresh) // never fails, crypto/rand
		return fresh, nil
	})
	if err != nil {
		return nil, fmt.Errorf("opening the keyring: %w", err)
	}
	if len(pepper) != pepperSize {
		return nil, errors.New("opening the keyring: the installation's own key is damaged")
	}
	k.pepper = pepper
	return k, nil
}

// Seal encrypts plaintext for its row.
func (k *Keyring) Seal(ctx context.Context, row Row, plaintext []byte) ([]byte, error) {
	key, err := k.key(ctx, row.Organization, true)
	if err != nil {
		return nil, fmt.Errorf("sealing %s: %w", row, err)
	}
	var place [256]byte
	sealed, err := key.Encrypt(plaintext, row.associated(place[:0]))
	if err != nil {
		return nil, fmt.Errorf("sealing %s: %w", row, err)
	}
	k.counts.sealed.Add(1)
	return append(append(make([]byte, 0, 1+len(sealed)), version), sealed...), nil
}

// Open decrypts what Seal made for the same row. The error names the row, never the content.
func (k *Keyring) Open(ctx context.Context, row Row, ciphertext []byte) ([]byte, error) {
	if len(ciphertext) < overhead {
		return nil, fmt.Errorf("opening %s: it is too short to be sealed", row)
	}
	if ciphertext[0] != version {
		return nil, fmt.Errorf("opening %s: it is sealed in version %d of the format, which this program does not know",
			row, ciphertext[0])
	}
	key, err := k.key(ctx, row.Organization, false)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", row, err)
	}
	var place [256]byte
	plaintext, err := key.Decrypt(ciphertext[1:], row.associated(place[:0]))
	if err != nil {
		k.counts.refused.Add(1)
		return nil, fmt.Errorf("opening %s: it was sealed for another row or generation, with another key, or is damaged", row)
	}
	k.counts.opened.Add(1)
	return plaintext, nil
}

// dataKey is an organization's key, once it is here.
type dataKey struct {
	primitive atomic.Pointer[tink.AEAD]
	// fetching holds one token: who has it asks the store, the others wait.
	fetching chan struct{}
}

// key gives the organization's key, from memory after the first time; create makes it when there is none.
func (k *Keyring) key(ctx context.Context, organization string, create bool) (tink.AEAD, error) {
	if organization == "" {
		return nil, errors.New("the row names no organization")
	}
	held, ok := k.keys.Load(organization)
	if !ok {
		held, _ = k.keys.LoadOrStore(organization, &dataKey{fetching: make(chan struct{}, 1)})
	}
	key := held.(*dataKey)
	if primitive := key.primitive.Load(); primitive != nil {
		return *primitive, nil
	}
	select {
	case key.fetching <- struct{}{}:
		defer func() { <-key.fetching }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if primitive := key.primitive.Load(); primitive != nil {
		return *primitive, nil
	}
	primitive, err := k.fetch(ctx, organization, create)
	if err != nil {
		return nil, err
	}
	key.primitive.Store(&primitive)
	return primitive, nil
}

func (k *Keyring) fetch(ctx context.Context, organization string, create bool) (tink.AEAD, error) {
	serialized, err := k.unwrapped(ctx, organization, create, newKeyset)
	if err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(serialized)))
	clear(serialized)
	if err != nil {
		return nil, fmt.Errorf("reading the data key: %w", err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("preparing the data key: %w", err)
	}
	return primitive, nil
}

// newKeyset makes a keyset, serialized in the clear: the root wraps it before it goes anywhere.
func newKeyset() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("making a data key: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&out)); err != nil {
		return nil, fmt.Errorf("making a data key: %w", err)
	}
	return out.Bytes(), nil
}

// Forget drops an organization's key from memory, or every one when none is named: the organization is gone, here or by
// another node. One that is there is read again when it is needed.
func (k *Keyring) Forget(organizations ...string) {
	if len(organizations) == 0 {
		k.keys.Clear()
		return
	}
	for _, organization := range organizations {
		k.keys.Delete(organization)
	}
}
