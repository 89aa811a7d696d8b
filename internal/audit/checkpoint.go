package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

const (
	checkpointDomain = "latchkey audit checkpoint 1"
	pruneDomain      = "latchkey audit prune 1"
)

// Checkpoint says, signed, what a chain's record of some number was. Kept where the database is not, it proves that no
// record up to it was changed since.
type Checkpoint struct {
	Organization string    `json:"organization"`
	Sequence     int64     `json:"sequence"`
	Hash         Hash      `json:"hash"`
	At           time.Time `json:"at"`
	// PublicKey is the one that the signature is checked with, and must be known from elsewhere to be trusted.
	PublicKey PublicKey `json:"public_key"`
	Signature []byte    `json:"signature"`
}

// signed gives the bytes that are signed: the domain, the organization, the number, the hash, the time in microseconds.
func (c *Checkpoint) signed(domain string) []byte {
	b := appendText(appendText(nil, domain), c.Organization)
	b = append(appendInt(b, c.Sequence), c.Hash[:]...)
	return appendInt(b, c.At.UnixMicro())
}

// Genuine tells whether the signature is the named key's.
func (c *Checkpoint) Genuine() bool { return c.genuine(checkpointDomain) }

func (c *Checkpoint) genuine(domain string) bool {
	return len(c.PublicKey) == ed25519.PublicKeySize &&
		ed25519.Verify(ed25519.PublicKey(c.PublicKey), c.signed(domain), c.Signature)
}

// PublicKey is an Ed25519 key (RFC 8032). Its text is base64, its PEM a SubjectPublicKeyInfo.
type PublicKey []byte

// MarshalText writes the 32 bytes in base64.
func (k PublicKey) MarshalText() ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(k)), nil
}

// UnmarshalText reads what MarshalText writes.
func (k *PublicKey) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("reading a public key: %w", err)
	}
	if len(raw) != ed25519.PublicKeySize {
		return fmt.Errorf("a public key has %d bytes, this has %d", ed25519.PublicKeySize, len(raw))
	}
	*k = raw
	return nil
}

// PEM writes the key as other programs read it: openssl pkey -pubin.
func (k PublicKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(k))
	if err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// ParsePublicKey reads a key in PEM.
func ParsePublicKey(text []byte) (PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New(`reading a public key: there is no "BEGIN PUBLIC KEY" in it`)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("reading a public key: it is not an Ed25519 key")
	}
	return PublicKey(key), nil
}

// Fingerprint is for people to compare: the SHA-256 of the 32 bytes.
func (k PublicKey) Fingerprint() string {
	sum := sha256.Sum256(k)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// signer holds the private key. Nothing prints it.
type signer struct{ key ed25519.PrivateKey }

// NewSigningKey makes a key: 32 bytes that only the store sees, sealed.
func NewSigningKey() []byte {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails, crypto/rand
	return seed
}

func newSigner(seed []byte) (*signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, errors.New("the key that signs checkpoints is damaged")
	}
	return &signer{ed25519.NewKeyFromSeed(seed)}, nil
}

func (s *signer) public() PublicKey { return PublicKey(s.key.Public().(ed25519.PublicKey)) }

// sign signs what a head is at a time.
func (s *signer) sign(domain string, head Head, at time.Time) Checkpoint {
	c := Checkpoint{
		Organization: head.Organization, Sequence: head.Sequence, Hash: head.Hash,
		At: time.UnixMicro(at.UnixMicro()).UTC(), PublicKey: s.public(),
	}
	c.Signature = ed25519.Sign(s.key, c.signed(domain))
	return c
}
