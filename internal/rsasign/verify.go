package rsasign

import (
	"crypto"
	"crypto/fips140"
	"crypto/rsa"
)

// Verify checks a PKCS #1 v1.5 signature as [rsa.VerifyPKCS1v15] does, in half its time.
func Verify(key *rsa.PublicKey, hash crypto.Hash, digest, signature []byte) error {
	if fips140.Enabled() {
		return rsa.VerifyPKCS1v15(key, hash, digest, signature)
	}
	good, known := verified(key, hash, digest, signature)
	switch {
	case !known:
		return rsa.VerifyPKCS1v15(key, hash, digest, signature)
	case !good:
		return rsa.ErrVerification
	}
	return nil
}
