package rsasign_test

import (
	"crypto"
	"crypto/rsa"
	"math/big"
	"slices"
	"testing"

	"latchkey/internal/rsasign"
)

// TestVerify holds that the assembly finds good what crypto/rsa has signed, and nothing else: what is near it, what stands for
// the same number, what is of another message, hash or key.
func TestVerify(t *testing.T) {
	keys := edgeKeys(t)
	keys["2048 drawn"] = usual()
	for name, key := range keys {
		for i, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			digest := digestOf(hash, i)
			good, err := key.Sign(nil, digest, hash)
			if err != nil {
				t.Fatal(err)
			}
			verify(t, name+", good", &key.PublicKey, hash, digest, good, true)
			verify(t, name+", another message", &key.PublicKey, hash, digestOf(hash, i+1), good, false)
			verify(t, name+", another hash", &key.PublicKey, crypto.SHA512_256, digest[:32], good, false)
			for what, bad := range spoiled(key.N, good) {
				verify(t, name+", "+what, &key.PublicKey, hash, digest, bad, false)
			}
		}
	}
}

// spoiled gives what is near a signature, and no signature.
func spoiled(n *big.Int, good []byte) map[string][]byte {
	size := len(good)
	flipped := func(at int, bit byte) []byte {
		out := slices.Clone(good)
		out[at] ^= bit
		return out
	}
	number := new(big.Int).SetBytes(good)
	out := map[string][]byte{
		"highest bit": flipped(0, 0x80), "lowest bit": flipped(size-1, 1), "middle": flipped(size/2, 0x10),
		"short": good[1:], "long": append([]byte{0}, good...), "none": nil,
		"zero": make([]byte, size), "one": big.NewInt(1).FillBytes(make([]byte, size)),
		"n": n.FillBytes(make([]byte, size)), "all ones": slices.Repeat([]byte{0xff}, size),
		"negative": new(big.Int).Sub(n, number).FillBytes(make([]byte, size)),
	}
	if above := new(big.Int).Add(n, number); above.BitLen() <= 8*size {
		out["n more"] = above.FillBytes(make([]byte, size)) // the same number modulo n
	}
	return out
}

func verify(t *testing.T, what string, key *rsa.PublicKey, hash crypto.Hash, digest, signature []byte, want bool) {
	t.Helper()
	if good, known := rsasign.Verified(key, hash, digest, signature); known && good != want || known != (rsasign.Accelerated() && hash != crypto.SHA512_256 && len(signature) == key.Size()) {
		t.Errorf("%s: the assembly says %v, %v", what, good, known)
	}
	err, standard := rsasign.Verify(key, hash, digest, signature), rsa.VerifyPKCS1v15(key, hash, digest, signature)
	if (err == nil) != want || (standard == nil) != want {
		t.Errorf("%s: %v, and crypto/rsa says %v", what, err, standard)
	}
}

// TestVerifyOtherKeys holds that what the assembly can't do is verified all the same.
func TestVerifyOtherKeys(t *testing.T) {
	digest := digestOf(crypto.SHA256, 1)
	for name, key := range map[string]*rsa.PrivateKey{
		"1024 bits":  made(t, prime(t, 512), prime(t, 512)),
		"2056 bits":  made(t, prime(t, 1028), prime(t, 1028)),
		"exponent 3": withExponent(t, 3, below(1024, 179), apart(below(1024, 2299), -1, 1000)),
	} {
		signature, err := key.Sign(nil, digest, crypto.SHA256)
		if err == nil {
			err = rsasign.Verify(&key.PublicKey, crypto.SHA256, digest, signature)
		}
		if _, known := rsasign.Verified(&key.PublicKey, crypto.SHA256, digest, signature); err != nil || known {
			t.Errorf("%s: %v, or the assembly verified", name, err)
		}
	}
	even := &rsa.PublicKey{N: new(big.Int).Sub(usual().N, big.NewInt(1)), E: 65537}
	if rsasign.Verify(even, crypto.SHA256, digest, make([]byte, 256)) == nil || rsasign.Verify(&rsa.PublicKey{}, crypto.SHA256, digest, nil) == nil {
		t.Error("a key that is none verifies")
	}
}
