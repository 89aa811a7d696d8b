//go:build kms

package seal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	"gocloud.dev/secrets"
	_ "gocloud.dev/secrets/awskms"        // awskms://
	_ "gocloud.dev/secrets/azurekeyvault" // azurekeyvault://
	_ "gocloud.dev/secrets/gcpkms"        // gcpkms://
)

// kmsRoot is a key in a cloud's KMS, named by a URL of gocloud.dev/secrets.
type kmsRoot struct{ url string }

// KMSRoot gives a root key that is in a cloud's KMS: awskms://…, gcpkms://…, azurekeyvault://….
func KMSRoot(address string) (Root, error) {
	u, err := url.Parse(address)
	if err != nil || !secrets.DefaultURLMux().ValidKeeperScheme(u.Scheme) {
		return nil, errors.New("the root key's URL has a scheme that this build does not know")
	}
	return &kmsRoot{address}, nil
}

// Open prepares the client; the KMS is asked when a key is wrapped or unwrapped.
func (k *kmsRoot) Open(ctx context.Context, _ []RootKey) (Opened, error) {
	keeper, err := secrets.OpenKeeper(ctx, k.url)
	if err != nil {
		return Opened{}, errors.New("opening the KMS key: the URL or this machine's credentials do not fit") // not %w: it repeats the URL
	}
	// The options behind ? say how to reach the key, not which it is.
	u, err := url.Parse(k.url)
	if err != nil {
		return Opened{}, errors.New("opening the KMS key: the URL can't be read")
	}
	sum := sha256.Sum256([]byte("latchkey kms key " + u.Scheme + "://" + u.Host + u.Path))
	return Opened{Wrapper: &kmsKey{id: "kms_" + hex.EncodeToString(sum[:8]), keeper: keeper}, Kind: KindKMS}, nil
}

type kmsKey struct {
	id     string
	keeper *secrets.Keeper
}

// KeyID names the key.
func (k *kmsKey) KeyID() string { return k.id }

// Wrap encrypts the key behind a hash of what it is bound to: the KMS's interface takes no associated data.
func (k *kmsKey) Wrap(ctx context.Context, key, associated []byte) ([]byte, error) {
	bound := sha256.Sum256(associated)
	plain := append(bound[:], key...)
	defer clear(plain)
	return k.keeper.Encrypt(ctx, plain)
}

// Unwrap reverses Wrap.
func (k *kmsKey) Unwrap(ctx context.Context, wrapped, associated []byte) ([]byte, error) {
	plain, err := k.keeper.Decrypt(ctx, wrapped)
	if err != nil {
		return nil, err
	}
	bound := sha256.Sum256(associated)
	if len(plain) < len(bound) || !hmac.Equal(plain[:len(bound)], bound[:]) {
		clear(plain)
		return nil, fmt.Errorf("it was wrapped for another place")
	}
	return plain[len(bound):], nil
}
