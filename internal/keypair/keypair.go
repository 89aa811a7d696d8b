// Package keypair reads private keys and certificates in every way that people paste them, and makes pairs of them.
//
// A key comes out of a console's text field, an environment variable, a JSON file, a Windows editor: its line breaks
// are gone, doubled, or written `\n`; it is quoted, indented, stripped of its armour. [Parse] takes all of these
// where the meaning is beyond doubt, and says in plain words what was pasted where it is not a private key: a
// certificate, a public key, an encrypted key; [ParseEncrypted] takes a passphrase too. [ParseCertificate] does the same
// for certificates, and never keeps a private key that was uploaded in the place of one. [Generate] makes a new pair,
// whose private half is handed out and stored nowhere. Errors never hold any part of what was pasted.
//
// A certificate is here what holds a public key, a name and two dates. Who issued it is not asked, as IMS doesn't: its
// owner vouches for it by uploading it.
//
// Kinds: RSA from 2048 bits, EC on P-256 and P-384, Ed25519 (PKCS#1, PKCS#8, SEC 1: RFC 8017, 5958, 5915).
package keypair

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/secret"
)

// Key is a private key that is fit for signing.
type Key struct {
	signer     crypto.Signer
	kind       string
	algorithms []string
}

// Parse reads a private key. The error is an [*Error], [ErrEncrypted] for one that needs a passphrase.
func Parse(text secret.String) (*Key, error) { return ParseEncrypted(text, secret.String{}) }

// ParseEncrypted is Parse with the passphrase of a key that may be encrypted: as PKCS#8 (RFC 8018: PBES2) or in
// OpenSSL's old way (RFC 1421's headers). A key that is not encrypted needs none.
func ParseEncrypted(text, passphrase secret.String) (*Key, error) {
	found, failure := unpack(text.Reveal())
	if failure != nil {
		return nil, failure
	}
	der, failure := found.open(passphrase)
	if failure != nil {
		return nil, failure
	}
	signer, failure := parseDER(der)
	if failure != nil {
		return nil, failure
	}
	return newKey(signer)
}

// The bounds of an RSA modulus: below, it is not safe (NIST SP 800-131A); above, each signature takes a good part of
// a second of a processor.
const (
	minRSA = 2048
	maxRSA = 8192
)

func newKey(signer crypto.Signer) (*Key, error) {
	switch key := signer.(type) {
	case *rsa.PrivateKey:
		bits := key.N.BitLen()
		switch {
		case bits < minRSA:
			return nil, &Error{fmt.Sprintf("the RSA key has %d bits, which is not safe any more", bits), "make one of 2048 bits or more"}
		case bits > maxRSA:
			return nil, &Error{fmt.Sprintf("the RSA key has %d bits, which takes too long to sign with", bits), "make one of 2048 or 4096 bits"}
		}
		return &Key{signer, fmt.Sprintf("RSA %d", bits), []string{"RS256", "PS256"}}, nil
	case *ecdsa.PrivateKey:
		switch curve := key.Curve.Params().Name; curve {
		case "P-256":
			return &Key{signer, "EC P-256", []string{"ES256"}}, nil
		case "P-384":
			return &Key{signer, "EC P-384", []string{"ES384"}}, nil
		default:
			return nil, &Error{fmt.Sprintf("the EC key is on the curve %s, which is not used here", curve), "make one on P-256"}
		}
	case ed25519.PrivateKey:
		return &Key{signer, "Ed25519", []string{"EdDSA"}}, nil
	}
	return nil, &Error{"the key is of a kind that can't sign tokens", wantedKinds}
}

const wantedKinds = "give an RSA key (2048 bits or more), an EC key on P-256 or P-384, or an Ed25519 key"

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

// PEM gives the key as a file: PKCS#8, without a passphrase.
func (k *Key) PEM() (secret.String, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return secret.String{}, fmt.Errorf("encoding the private key: %w", err)
	}
	defer clear(der)
	return secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))), nil
}

// Kind names the key for people: "RSA 2048", "EC P-256", "Ed25519".
func (k *Key) Kind() string { return k.kind }

// Algorithms lists the JWS algorithms (RFC 7518 §3.1, RFC 8037) that the key can sign with, the usual one first.
func (k *Key) Algorithms() []string { return slices.Clone(k.algorithms) }

// CheckAlgorithm fails with an [*Error], in words that name what would do, when the key can't sign with the JWS
// algorithm.
func (k *Key) CheckAlgorithm(name string) error {
	if slices.Contains(k.algorithms, name) {
		return nil
	}
	return &Error{
		fmt.Sprintf("the key (%s) can't sign with %.16q", k.kind, name),
		"sign with " + strings.Join(k.algorithms, " or ") + ", or give a key of another kind",
	}
}
