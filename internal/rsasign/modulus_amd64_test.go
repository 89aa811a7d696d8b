//go:build amd64 && !purego

package rsasign

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// lengths are those of the primes and of the moduli that keys have, in limbs.
var lengths = []int{16, 24, 32, 48, 64}

// TestArithmetic holds the assembly against math/big for the numbers where carries begin, run through and end.
func TestArithmetic(t *testing.T) {
	needAcceleration(t)
	for _, limbs := range lengths {
		moduli := [][]uint64{filled(limbs, ^uint64(0)), number(limbs, map[int]uint64{0: 1, limbs - 1: 1 << 63})}
		for _, n := range append(moduli, random(limbs), sparse(limbs)) {
			n[0] |= 1
			n[limbs-1] |= 1 << 63
			values := edges(n)
			for _, x := range values {
				checkArithmetic(t, n, x, values[rand.IntN(len(values))])
			}
			checkArithmetic(t, n, filled(limbs, ^uint64(0)), filled(limbs, ^uint64(0)))
		}
	}
}

// TestRandomArithmetic draws numbers that are mostly zeros and ones, and numbers that are not.
func TestRandomArithmetic(t *testing.T) {
	needAcceleration(t)
	for i := range 2000 {
		limbs := lengths[i%len(lengths)]
		draw := []func(int) []uint64{random, sparse}[i/len(lengths)%2]
		n := draw(limbs)
		n[0] |= 1
		n[limbs-1] |= 1 << 63
		checkArithmetic(t, n, draw(limbs), draw(limbs))
	}
}

func FuzzArithmetic(f *testing.F) {
	needAcceleration(f)
	f.Add(uint8(0), []byte{1})
	f.Add(uint8(1), []byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add(uint8(2), []byte("\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xfe"))
	f.Add(uint8(4), []byte("\x80\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, length uint8, text []byte) {
		limbs := lengths[int(length)%len(lengths)]
		if len(text) == 0 {
			return
		}
		take := func() []uint64 { // the text, again and again
			z := make([]uint64, limbs)
			for i := range z {
				var limb [8]byte
				for j := range limb {
					limb[j] = text[0]
					text = append(text[1:], text[0])
				}
				z[i] = binary.LittleEndian.Uint64(limb[:])
			}
			return z
		}
		text = slices.Clone(text)
		n, x, y := take(), take(), take()
		n[0] |= 1
		n[limbs-1] |= 1 << 63
		checkArithmetic(t, n, x, y)
	})
}

// checkArithmetic compares each function of the assembly with math/big.
func checkArithmetic(t *testing.T, n, x, y []uint64) {
	t.Helper()
	limbs := len(n)
	m := &modulus{}
	m.set(n)
	bigN, bigX, bigY := toBig(n), toBig(x), toBig(y)
	radix := new(big.Int).Lsh(big.NewInt(1), uint(64*limbs))
	inverse := new(big.Int).ModInverse(radix, bigN)
	reduced := func(v *big.Int) *big.Int { v.Mul(v, inverse); return v.Mod(v, bigN) }
	check := func(what string, got, want *big.Int) {
		t.Helper()
		if got.Cmp(want) != 0 {
			t.Fatalf("%s = %x, want %x\nn = %x\nx = %x\ny = %x", what, got, want, bigN, bigX, bigY)
		}
	}
	modulo := func(z []uint64) *big.Int { return new(big.Int).Mod(toBig(z), bigN) }

	wideMul(m, &x[0], &y[0])
	product := new(big.Int).Mul(bigX, bigY)
	check("x·y", toBig(m.t[:2*limbs]), product)
	z := make([]uint64, limbs)
	montReduce(m, &z[0])
	check("x·y reduced", modulo(z), reduced(new(big.Int).Set(product)))

	m.mul(z, x, y)
	check("x·y·R⁻¹", modulo(z), reduced(new(big.Int).Set(product)))
	m.canonical(z, 0)
	check("x·y·R⁻¹ below n", toBig(z), reduced(new(big.Int).Set(product)))

	m.square(z, x, 1)
	square := reduced(new(big.Int).Mul(bigX, bigX))
	check("x²·R⁻¹", modulo(z), square)
	m.square(z, x, 3)
	for range 2 {
		square = reduced(square.Mul(square, square))
	}
	check("x² three times", modulo(z), square)

	copy(z, x) // in place
	m.mul(z, z, z)
	check("x·x·R⁻¹", modulo(z), reduced(new(big.Int).Mul(bigX, bigX)))
	check("R", toBig(m.radix()), new(big.Int).Mod(radix, bigN))
	r2 := make([]uint64, limbs)
	m.rSquared(r2)
	check("R²", modulo(r2), new(big.Int).Mod(new(big.Int).Mul(radix, radix), bigN))

	// All ones and n above: what a reduction leaves at most.
	copy(m.t[:], x)
	copy(m.t[limbs:], y)
	wide := toBig(m.t[:2*limbs])
	montReduce(m, &z[0])
	check("(y, x) reduced", modulo(z), reduced(wide))
}

// TestExponentiation compares powers with math/big, for exponents with each kind of window.
func TestExponentiation(t *testing.T) {
	needAcceleration(t)
	for _, limbs := range []int{16, 24, 32} {
		exponents := [][]uint64{
			filled(limbs, 0), filled(limbs, ^uint64(0)), number(limbs, map[int]uint64{0: 1}),
			number(limbs, map[int]uint64{limbs - 1: 1 << 63}), random(limbs), sparse(limbs),
		}
		for _, e := range exponents {
			n := random(limbs)
			n[0] |= 1
			n[limbs-1] |= 1 << 63
			m, s := &modulus{}, &scratch{}
			m.set(n)
			x, z := random(limbs), make([]uint64, limbs)
			m.rSquared(z)
			m.mul(x, x, z)
			base := new(big.Int).Mod(toBig(x), toBig(n))
			inverse := new(big.Int).ModInverse(new(big.Int).Lsh(big.NewInt(1), uint(64*limbs)), toBig(n))
			base.Mul(base, inverse).Mod(base, toBig(n))
			m.exp(z, x, e, m.radix(), s)
			got := new(big.Int).Mul(toBig(z), inverse)
			got.Mod(got, toBig(n))
			if want := new(big.Int).Exp(base, toBig(e), toBig(n)); got.Cmp(want) != 0 {
				t.Fatalf("x^%x = %x, want %x; n = %x", toBig(e), got, want, toBig(n))
			}
		}
	}
}

// TestRaise compares 65537th powers with math/big: what tells whether a signature is good.
func TestRaise(t *testing.T) {
	needAcceleration(t)
	for i := range 300 {
		limbs := []int{32, 48, 64}[i%3]
		draw := []func(int) []uint64{random, sparse}
		n, x := draw[i/3%2](limbs), draw[i/6%2](limbs)
		n[0] |= 1
		n[limbs-1] |= 1 << 63
		m, z, r2 := &modulus{}, make([]uint64, limbs), make([]uint64, limbs)
		m.set(n)
		m.rSquared(r2)
		m.raise(z, x, r2)
		if want := new(big.Int).Exp(toBig(x), big.NewInt(publicExponent), toBig(n)); toBig(z).Cmp(want) != 0 {
			t.Fatalf("x^65537 = %x, want %x\nn = %x\nx = %x", toBig(z), want, toBig(n), toBig(x))
		}
	}
}

func TestChoose(t *testing.T) {
	needAcceleration(t)
	for _, blocks := range []int{2, 3, 4} {
		table := random(entries * blocks * blockLimbs)
		z := make([]uint64, blocks*blockLimbs)
		for i := range entries {
			choose(&z[0], &table[0], uint64(i), uint64(blocks))
			if want := table[i*len(z) : (i+1)*len(z)]; !slices.Equal(z, want) {
				t.Fatalf("entry %d of %d blocks = %x, want %x", i, blocks, z, want)
			}
		}
	}
}

func needAcceleration(t testing.TB) {
	t.Helper()
	if !Accelerated() {
		t.Skip("this processor has no BMI2, ADX and AVX2: crypto/rsa signs here, and there is nothing to hold against it")
	}
}

// edges gives what is near the ends, and single limbs that are full.
func edges(n []uint64) [][]uint64 {
	limbs := len(n)
	below, above := slices.Clone(n), slices.Clone(n)
	below[0]--
	above[0]++ // n is odd: no carry, unless all ones, where it ends at zero and is a modulus no more
	out := [][]uint64{filled(limbs, 0), number(limbs, map[int]uint64{0: 1}), below, n, above, filled(limbs, ^uint64(0))}
	for i := range limbs {
		out = append(out, number(limbs, map[int]uint64{i: ^uint64(0)}), number(limbs, map[int]uint64{i: 1}))
	}
	return out
}

func filled(limbs int, limb uint64) []uint64 {
	z := make([]uint64, limbs)
	for i := range z {
		z[i] = limb
	}
	return z
}

func number(limbs int, set map[int]uint64) []uint64 {
	z := make([]uint64, limbs)
	for i, limb := range set {
		z[i] = limb
	}
	return z
}

func random(limbs int) []uint64 {
	z := make([]uint64, limbs)
	for i := range z {
		z[i] = rand.Uint64()
	}
	return z
}

// sparse draws limbs that are all zeros or all ones more often than not.
func sparse(limbs int) []uint64 {
	z := random(limbs)
	for i := range z {
		switch rand.IntN(4) {
		case 0:
			z[i] = 0
		case 1:
			z[i] = ^uint64(0)
		case 2:
			z[i] &= 1
		}
	}
	return z
}

func toBig(x []uint64) *big.Int {
	text := make([]byte, 8*len(x))
	toBytes(text, x)
	return new(big.Int).SetBytes(text)
}
