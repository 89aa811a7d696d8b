package devca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"latchkey/internal/file"
)

// LoadOrCreateKey reads a key on P-256 from a file, or makes one. The file appears complete or not at all, and is never replaced.
func LoadOrCreateKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("making the key: %w", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // in case it was copied without care
		return nil, fmt.Errorf("closing the key to others: %w", err)
	}
	unusable := fmt.Errorf("reading the key: %s holds no ECDSA key in PKCS #8; hint: move it away and a new one is made", path)
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, unusable
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, unusable
	}
	return key, nil
}

func createKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	err = file.Create(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process came first
	}
	return err
}
