package rsasign_test

import (
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"sync"
	"testing"
)

// usual is the one key that is drawn anew in each run.
var usual = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// below gives 2^bits − less, a prime.
func below(bits uint, less int64) *big.Int {
	z := new(big.Int).Lsh(big.NewInt(1), bits)
	return z.Sub(z, big.NewInt(less))
}

// above gives the prime that is a little above 2^(bits − ½): its limbs are zeros but for the ends.
func above(bits uint, more int64) *big.Int {
	z := new(big.Int).Lsh(big.NewInt(0xb505), bits-16)
	return z.Add(z, big.NewInt(more))
}

// apart moves a prime by a power of two to another one, as crypto/rsa wants the two to be.
func apart(p *big.Int, sign int64, power uint) *big.Int {
	return p.Add(p, new(big.Int).Lsh(big.NewInt(sign), power))
}

// edgeKeys are made of primes with limbs of all ones or zeros, which carry most and least, in either order.
func edgeKeys(t testing.TB) map[string]*rsa.PrivateKey {
	t.Helper()
	return map[string]*rsa.PrivateKey{
		"2048 high":     made(t, below(1024, 105), apart(below(1024, 2299), -1, 1000)),
		"2048 high low": made(t, below(1024, 105), above(1024, 925)),
		"2048 low high": made(t, above(1024, 2521), below(1024, 179)),
		"2048 low":      made(t, above(1024, 925), apart(above(1024, 529), 1, 990)),
		"3072":          made(t, below(1536, 3453), above(1536, 4141)),
		"3072 low high": made(t, above(1536, 2861), below(1536, 4977)),
		"4096":          made(t, below(2048, 1557), above(2048, 2845)),
		"4096 low high": made(t, above(2048, 1367), below(2048, 2543)),
	}
}

// made gives the key of some primes, with the usual exponent.
func made(t testing.TB, primes ...*big.Int) *rsa.PrivateKey {
	t.Helper()
	return withExponent(t, 65537, primes...)
}

func withExponent(t testing.TB, e int, primes ...*big.Int) *rsa.PrivateKey {
	t.Helper()
	n, phi := big.NewInt(1), big.NewInt(1)
	for _, p := range primes {
		n.Mul(n, p)
		phi.Mul(phi, new(big.Int).Sub(p, big.NewInt(1)))
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: e}, Primes: primes, D: new(big.Int).ModInverse(big.NewInt(int64(e)), phi)}
	if key.D == nil {
		t.Fatal("the exponent has no inverse for these primes")
	}
	key.Precompute()
	if err := key.Validate(); err != nil {
		t.Fatal(err)
	}
	return key
}
