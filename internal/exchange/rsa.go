package exchange

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/rsasign"
)

// fast gives what go-jose signs with: for an RSA key the accelerated signer, for others the key.
func fast(key crypto.Signer) any {
	if key, ok := key.(*rsa.PrivateKey); ok {
		return rsaKey{rsasign.New(key)}
	}
	return key
}

// rsaKey hands an RSA signer to go-jose. Its own adapter (cryptosigner) salts PS256 with as much as fits, which
// RFC 7518 §3.5 forbids: the salt is as long as the hash.
type rsaKey struct{ signer crypto.Signer }

var _ jose.OpaqueSigner = rsaKey{}

func (k rsaKey) Public() *jose.JSONWebKey { return &jose.JSONWebKey{Key: k.signer.Public()} }

func (k rsaKey) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.PS256}
}

func (k rsaKey) SignPayload(payload []byte, algorithm jose.SignatureAlgorithm) ([]byte, error) {
	hash := crypto.SHA256.New()
	hash.Write(payload)
	switch algorithm {
	case jose.RS256:
		return k.signer.Sign(rand.Reader, hash.Sum(nil), crypto.SHA256)
	case jose.PS256:
		return k.signer.Sign(rand.Reader, hash.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	}
	return nil, jose.ErrUnsupportedAlgorithm
}
