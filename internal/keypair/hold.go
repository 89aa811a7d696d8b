package keypair

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"
)

// Hold finds the certificate among some that the private key belongs to; of several, the one that ends last. It fails with an
// [*Error] when there is none, or when the certificate is not valid now.
func (k *Key) Hold(certificates []*Certificate, now time.Time) (*Certificate, error) {
	var held *Certificate
	for _, c := range certificates {
		if c.CheckKey(k) == nil && (held == nil || c.NotAfter.After(held.NotAfter)) {
			held = c
		}
	}
	switch {
	case held != nil:
		if err := held.Check(now); err != nil {
			return nil, err
		}
		return held, nil
	case len(certificates) == 0:
		return nil, &Error{"the credential has no certificate, so that no private key belongs to it", "bind the key's certificate to the credential first"}
	case len(certificates) == 1:
		return nil, certificates[0].CheckKey(k)
	}
	return nil, &Error{fmt.Sprintf("the private key (%s) belongs to none of the credential's %d certificates", k.kind, len(certificates)), giveThePair}
}

// PublicHash gives the SHA-256 of the public key (its SubjectPublicKeyInfo) in lower-case hexadecimal digits, "" for one that
// can't be written so. A private key and its certificate have the same.
func (k *Key) PublicHash() string { return publicHash(k.signer.Public()) }

// PublicHash is that of the key that the certificate speaks of.
func (c *Certificate) PublicHash() string { return publicHash(c.PublicKey) }

func publicHash(key crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
