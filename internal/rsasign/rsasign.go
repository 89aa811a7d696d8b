// Package rsasign makes RSA signatures (PKCS#1 v1.5 and PSS, RFC 8017 §8) at the rate of OpenSSL, without cgo, and checks
// those of PKCS#1 v1.5.
//
// The standard library takes about 2.5 times as long, and the signature is nearly all that an RS256 token costs. So
// this is the one place of the house with assembly of its own: Montgomery arithmetic for processors of the amd64 kind
// with BMI2, ADX and AVX2.
//
// It guarantees the signature that crypto/rsa makes of the same key: each result is raised to the public exponent and
// compared before it leaves. When that fails, and for whatever is unusual – other processors, lengths, exponents and
// hashes, more than two primes, FIPS mode, the build tag purego – crypto/rsa signs. The private key decides no branch
// and no address, and what was computed with it is wiped before a signature is returned. It trusts that the caller
// keeps the key as it is once [New] has it. What the assembly finds of a signature that it checks stands.
//
// The docs/decisions pages on RSA signatures say what else was looked at.
package rsasign

import (
	"crypto"
	"crypto/fips140"
	"crypto/rsa"
	"io"
)

// New gives a signer for the key, which is the key itself where it cannot be made faster. It takes as long as a
// signature or less, so keep the signer for as long as the key is in use. The signer may be used concurrently.
func New(key *rsa.PrivateKey) crypto.Signer {
	if fips140.Enabled() {
		return key
	}
	private, ok := prepare(key)
	if !ok {
		return key
	}
	return &signer{key, private}
}

// signer signs with the assembly.
type signer struct {
	key     *rsa.PrivateKey
	private *private
}

// Public gives the *rsa.PublicKey.
func (s *signer) Public() crypto.PublicKey { return s.key.Public() }

// Sign signs a digest as [rsa.PrivateKey.Sign] does: with PSS if the options are *rsa.PSSOptions, whose salt is read
// from random, else with PKCS #1 v1.5, which reads nothing.
func (s *signer) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	if message, ok := s.encode(random, digest, options); ok {
		signature := make([]byte, len(message))
		if s.private.sign(signature, message) {
			return signature, nil
		}
	}
	return s.key.Sign(random, digest, options)
}

// encode gives what is to be signed, of the modulus's length. What is wrong with the arguments crypto/rsa says.
func (s *signer) encode(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, bool) {
	if options, ok := options.(*rsa.PSSOptions); ok {
		return encodePSS(random, digest, options, s.key.Size())
	}
	if options == nil {
		return nil, false
	}
	return encodePKCS1(digest, options.HashFunc(), s.key.Size())
}
