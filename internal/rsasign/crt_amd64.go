//go:build amd64 && !purego

package rsasign

import (
	"crypto/rsa"
	"sync"
)

// publicExponent is the one that the result is checked with; keys with another are left to crypto/rsa.
const publicExponent = 65537

// prime is one half of the key: what a signature needs to compute modulo p or q.
type prime struct {
	modulus           // without scratch in use
	exponent []uint64 // d mod (p − 1)
	one      []uint64 // R mod p
	r3       []uint64 // R³ mod p
}

// private is a key of two primes of the same length, ready to compute with.
type private struct {
	n       modulus
	p, q    prime
	inverse []uint64  // q⁻¹·R mod p
	r2      []uint64  // R² mod n, where R is that of n
	spare   sync.Pool // of *scratch
}

// scratch holds what one signature computes. It is wiped before another one gets it.
type scratch struct {
	n, p, q            modulus
	table              [entries * maxLimbs / 2]uint64
	factor             [maxLimbs / 2]uint64
	message, signature [maxLimbs]uint64
	check              [maxLimbs]uint64
	base, first        [maxLimbs / 2]uint64
	second, difference [maxLimbs / 2]uint64
}

// prepare gives the key if the assembly can compute with it.
func prepare(key *rsa.PrivateKey) (*private, bool) {
	if !Accelerated() || !regular(key) {
		return nil, false
	}
	limbs := key.N.BitLen() / 64
	k := &private{}
	k.n.set(fromBig(key.N, limbs))
	k.r2 = make([]uint64, limbs)
	k.n.rSquared(k.r2)
	values := key.Precomputed
	k.p.set(fromBig(key.Primes[0], limbs/2), fromBig(values.Dp, limbs/2))
	k.q.set(fromBig(key.Primes[1], limbs/2), fromBig(values.Dq, limbs/2))
	k.inverse = fromBig(values.Qinv, limbs/2)
	r2 := make([]uint64, limbs/2)
	k.p.rSquared(r2)
	k.p.mul(k.inverse, k.inverse, r2)
	k.spare.New = func() any { return new(scratch) }
	return k, true
}

// regular tells whether the key is of the usual kind: two primes of half its length, with the usual exponent.
func regular(key *rsa.PrivateKey) bool {
	size := key.N.BitLen()
	if !computable(size) || key.E != publicExponent || len(key.Primes) != 2 {
		return false
	}
	for _, x := range key.Primes {
		if x.Sign() <= 0 || x.BitLen() != size/2 || x.Bit(0) == 0 {
			return false
		}
	}
	values, p, q := &key.Precomputed, key.Primes[0], key.Primes[1]
	if values.Dp == nil || values.Dq == nil || values.Qinv == nil {
		return false
	}
	return key.N.Bit(0) == 1 && values.Dp.Sign() > 0 && values.Dp.Cmp(p) < 0 && values.Dq.Sign() > 0 && values.Dq.Cmp(q) < 0 &&
		values.Qinv.Sign() > 0 && values.Qinv.Cmp(p) < 0
}

// computable tells whether the assembly can compute with a modulus of so many bits, its highest included.
func computable(bits int) bool { return bits == 2048 || bits == 3072 || bits == 4096 }

func (p *prime) set(n, exponent []uint64) {
	p.modulus.set(n)
	p.exponent = exponent
	p.one = p.radix()
	p.r3 = make([]uint64, p.limbs())
	p.rSquared(p.r3)
	p.square(p.r3, p.r3, 1)
}

// sign sets out = message^d mod n (RSASP1, RFC 8017 §5.2.1), and tells whether raising it to the public exponent gives
// the message again. A fault of the machine in one of the halves would otherwise tell the primes to who sees the result
// (Boneh, DeMillo, Lipton: On the Importance of Checking Cryptographic Protocols for Faults). out is not written when
// the check fails. The message has the length of n and is below it.
func (k *private) sign(out, message []byte) bool {
	s, _ := k.spare.Get().(*scratch)
	defer func() {
		*s = scratch{}
		k.spare.Put(s)
	}()
	s.n, s.p, s.q = k.n, k.p.modulus, k.q.modulus
	limbs := k.n.limbs()
	c := s.message[:limbs]
	fromBytes(c, message)
	first, second := s.first[:limbs/2], s.second[:limbs/2]
	k.p.power(&s.p, first, c, s)
	k.q.power(&s.q, second, c, s)
	signature := s.signature[:limbs]
	k.combine(signature, first, second, s)
	if !k.check(signature, c, s) {
		return false
	}
	toBytes(out, signature)
	return true
}

// power sets z = c^d mod p, below p, for c of twice its length.
func (p *prime) power(m *modulus, z, c []uint64, s *scratch) {
	limbs := p.limbs()
	base := s.base[:limbs]
	copy(m.t[:], c)
	montReduce(m, &base[0]) // c·R⁻¹
	m.mul(base, base, p.r3) // c·R
	m.exp(z, base, p.exponent, p.one, s)
	clear(m.t[:])
	copy(m.t[:], z)
	montReduce(m, &z[0])
	m.canonical(z, 0)
}

// combine sets z from its remainders modulo p and q (Garner): second + q · ((first − second) · q⁻¹ mod p).
func (k *private) combine(z, first, second []uint64, s *scratch) {
	limbs := len(first)
	h, plus := s.difference[:limbs], s.base[:limbs]
	borrow := subtract(h, first, second)
	// q is below 2p, as both have their highest bit: adding p twice is enough.
	for range 2 {
		carry := add(plus, h, k.p.n[:])
		assign(h, plus, borrow)
		borrow &^= carry
	}
	s.p.mul(h, h, k.inverse)
	s.p.canonical(h, 0)
	wideMul(&s.p, &h[0], &k.q.n[0])
	clear(z)
	copy(z, second)
	add(z, z, s.p.t[:])
}

// check tells whether x^65537 mod n is the message, and x is below n.
func (k *private) check(x, message []uint64, s *scratch) bool {
	z := s.check[:len(x)]
	if subtract(z, x, k.n.n[:]) == 0 {
		return false
	}
	s.n.raise(z, x, k.r2)
	return equal(z, message)
}
