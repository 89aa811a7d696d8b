//go:build amd64 && !purego

package rsasign

import (
	"crypto"
	"crypto/rsa"
	"crypto/subtle"
	"sync"
)

// verification is what one check computes. Nothing in it is secret.
type verification struct {
	n               modulus
	x, z, r2, limbs [maxLimbs]uint64
	message         [8 * maxLimbs]byte
}

var verifications = sync.Pool{New: func() any { return new(verification) }}

// verified tells whether signature^65537 mod n is the message that a signature of the digest is made from (RSAVP1, RFC 8017
// §5.2.2, and §8.2.2). known is false for keys and hashes that are left to crypto/rsa, and for what is wrong with a call.
func verified(key *rsa.PublicKey, hash crypto.Hash, digest, signature []byte) (good, known bool) {
	if !Accelerated() || key.N == nil || key.E != publicExponent || !computable(key.N.BitLen()) || key.N.Bit(0) == 0 || len(signature) != key.Size() {
		return false, false
	}
	want, ok := encodePKCS1(digest, hash, len(signature))
	if !ok {
		return false, false
	}
	v, _ := verifications.Get().(*verification)
	defer verifications.Put(v)
	limbs := len(signature) / 8
	n, x, z, r2, message := v.limbs[:limbs], v.x[:limbs], v.z[:limbs], v.r2[:limbs], v.message[:len(signature)]
	fromBytes(n, key.N.FillBytes(message))
	v.n.set(n)
	fromBytes(x, signature)
	if subtract(z, x, n) == 0 { // not below n
		return false, true
	}
	v.n.rSquared(r2)
	v.n.raise(z, x, r2)
	toBytes(message, z)
	return subtle.ConstantTimeCompare(message, want) == 1, true
}
