package rsasign

import (
	"crypto"
	"crypto/fips140"
	"crypto/rsa"
)

// Verify checks a PKCS #1 v1.5 signature as [rsa.VerifyPKCS1v15] does, in less than half its time. What the assembly does not
// find to be good, crypto/rsa decides.
func Verify(key *rsa.PublicKey, hash crypto.Hash, digest, signature []byte) error {
	if !fips140.Enabled() && verified(key, hash, digest, signature) {
		return nil
	}
	return rsa.VerifyPKCS1v15(key, hash, digest, signature)
}
