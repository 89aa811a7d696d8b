//go:build amd64 && !purego

package rsasign

import "golang.org/x/sys/cpu"

const (
	blockLimbs = 8
	maxLimbs   = 64 // 4096 bits
	window     = 5  // bits of the exponent that one multiplication takes
	entries    = 1 << window
)

// Accelerated tells whether this machine has the instructions that the assembly uses.
func Accelerated() bool {
	return cpu.X86.HasBMI2 && cpu.X86.HasADX && cpu.X86.HasAVX2
}

// modulus is an odd number of full length (its highest bit is set), and the scratch that the assembly computes with
// it in. Numbers modulo it have as many limbs, the lowest first. With R = 2^(64·limbs), they may be anything below R
// between the steps, n and more included; canonical brings one below n.
type modulus struct {
	// What each row of the assembly reads comes first, as near fields make short instructions.
	y                       [blockLimbs]uint64 //nolint:unused // the assembly's
	n0                      uint64             // −n⁻¹ mod 2⁶⁴
	inner, top, left, outer uint64             //nolint:unused // the assembly's
	blocks                  uint64             // of eight limbs; at least two
	in, out, at, row        uintptr            //nolint:unused // the assembly's: addresses of what its caller holds
	n                       [maxLimbs]uint64
	t                       [2 * maxLimbs]uint64
}

// montMul sets z = x·y·R⁻¹ mod n. z may be x or y.
//
//go:noescape
func montMul(m *modulus, z, x, y *uint64)

// montSquare sets z = x²·R⁻¹ mod n, and does so again with z, times − 1 times.
//
//go:noescape
func montSquare(m *modulus, z, x *uint64, times uint64)

// montReduce sets z = t·R⁻¹ mod n. It destroys t.
//
//go:noescape
func montReduce(m *modulus, z *uint64)

// wideMul sets t = x·y.
//
//go:noescape
func wideMul(m *modulus, x, y *uint64)

// choose copies the entry at index out of 32 of so many blocks, in time and by addresses that don't depend on it.
//
//go:noescape
func choose(z, table *uint64, index, blocks uint64)

func (m *modulus) set(n []uint64) {
	copy(m.n[:], n)
	m.blocks = uint64(len(n) / blockLimbs)
	inverse := n[0] // right in its 3 lowest bits; each step doubles their number (Newton)
	for range 5 {
		inverse *= 2 - n[0]*inverse
	}
	m.n0 = -inverse
}

func (m *modulus) limbs() int { return int(m.blocks) * blockLimbs }

func (m *modulus) mul(z, x, y []uint64) { montMul(m, &z[0], &x[0], &y[0]) }

func (m *modulus) square(z, x []uint64, times int) { montSquare(m, &z[0], &x[0], uint64(times)) }

// radix gives R mod n, which stands for 1.
func (m *modulus) radix() []uint64 {
	z := make([]uint64, m.limbs())
	m.setRadix(z)
	return z
}

func (m *modulus) setRadix(z []uint64) {
	clear(z)
	subtract(z, z, m.n[:]) // R − n
}

// rSquared sets z = R² mod n.
func (m *modulus) rSquared(z []uint64) {
	const squares = 9
	m.setRadix(z)
	for range 64 * len(z) >> squares {
		m.canonical(z, add(z, z, z))
	}
	// R·2^(64·limbs / 2⁹); squaring doubles the power of 2, up to 2^(64·limbs), which is R.
	m.square(z, z, squares)
}

// raise sets z = x^65537 mod n, below n. r2 is R² mod n.
func (m *modulus) raise(z, x, r2 []uint64) {
	m.mul(z, x, r2)
	m.square(z, z, 16)
	m.mul(z, z, x) // R⁻¹ takes away the R of z
	m.canonical(z, 0)
}

// canonical brings carry·R + z, which is below 2n, below n. It destroys t.
func (m *modulus) canonical(z []uint64, carry uint64) {
	less := m.t[:len(z)]
	borrow := subtract(less, z, m.n[:])
	assign(z, less, carry|(1-borrow))
}

// exp sets z = xᵉ·R mod n for what is x·R mod n, in time that depends on the length of n alone. one is R mod n.
func (m *modulus) exp(z, x, e, one []uint64, s *scratch) {
	limbs := m.limbs()
	entry := func(i int) []uint64 { return s.table[i*limbs : (i+1)*limbs] }
	copy(entry(0), one)
	copy(entry(1), x)
	for i := 2; i < entries; i += 2 {
		m.square(entry(i), entry(i/2), 1)
		m.mul(entry(i+1), entry(i), x)
	}
	at := 64*limbs - 64*limbs%window // the highest window is shorter than the others, for every length that is used
	choose(&z[0], &s.table[0], windowOf(e, at), m.blocks)
	factor := s.factor[:limbs]
	for at > 0 {
		at -= window
		m.square(z, z, window)
		choose(&factor[0], &s.table[0], windowOf(e, at), m.blocks)
		m.mul(z, z, factor)
	}
}

// windowOf gives the window of e that begins at a bit.
func windowOf(e []uint64, at int) uint64 {
	limb, shift := at/64, at%64
	out := e[limb] >> shift
	if shift > 64-window && limb+1 < len(e) {
		out |= e[limb+1] << (64 - shift)
	}
	return out & (entries - 1)
}
