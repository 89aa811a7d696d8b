// Package keypair reads private keys in every way that people paste them.
//
// A key comes out of a console's text field, an environment variable, a JSON file, a Windows editor: its line breaks
// are gone, doubled, or written `\n`; it is quoted, indented, stripped of its armour. [Parse] takes all of these
// where the meaning is beyond doubt, and says in plain words what was pasted where it is not a private key: a
// certificate, a public key, an encrypted key. Errors never hold any part of what was pasted.
//
// Kinds: RSA from 2048 bits, EC on P-256 and P-384, Ed25519 (PKCS#1, PKCS#8, SEC 1: RFC 8017, 5958, 5915).
package keypair

import (
	"crypto"

	"latchkey/internal/secret"
)

// Key is a private key that is fit for signing.
type Key struct {
	signer crypto.Signer
}

// Parse reads a private key. The error is an [*Error].
func Parse(text secret.String) (*Key, error) {
	return nil, &Error{Reason: "not supported"}
}

// Error says what is wrong with a pasted key, without any part of it.
type Error struct {
	// Reason says what is wrong.
	Reason string
	// Fix says what to do; it may be empty.
	Fix string
}

func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Reason
	}
	return e.Reason + "; " + e.Fix
}

// Signer gives the key: an *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey.
func (k *Key) Signer() crypto.Signer { return k.signer }

// Kind names the key for people: "RSA 2048", "EC P-256", "Ed25519".
func (k *Key) Kind() string { return "" }

// Algorithms lists the JWS algorithms (RFC 7518 §3.1, RFC 8037) that the key can sign with, the usual one first.
func (k *Key) Algorithms() []string { return nil }

// CheckAlgorithm fails, in words that name what would do, when the key can't sign with the JWS algorithm.
func (k *Key) CheckAlgorithm(name string) error { return nil }
