package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// localKey is a root key whose bytes are in this process.
type localKey struct {
	id   string
	aead cipher.AEAD
}

func newLocalKey(id string, key []byte) (localKey, error) {
	wrapping, err := hkdf.Key(sha256.New, key, nil, "latchkey root key wrapping", rootSize)
	if err != nil {
		return localKey{}, fmt.Errorf("deriving the wrapping key: %w", err)
	}
	block, err := aes.NewCipher(wrapping)
	if err != nil {
		return localKey{}, fmt.Errorf("preparing the wrapping key: %w", err)
	}
	// Random nonces are safe here: it wraps one key an organization, far from 2³².
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return localKey{}, fmt.Errorf("preparing the wrapping key: %w", err)
	}
	return localKey{id: id, aead: aead}, nil
}

// KeyID names the key.
func (l *localKey) KeyID() string { return l.id }

// Wrap encrypts a data key.
func (l *localKey) Wrap(_ context.Context, key, associated []byte) ([]byte, error) {
	return l.aead.Seal(nil, nil, key, associated), nil
}

// Unwrap reverses Wrap.
func (l *localKey) Unwrap(_ context.Context, wrapped, associated []byte) ([]byte, error) {
	return l.aead.Open(nil, nil, wrapped, associated)
}
