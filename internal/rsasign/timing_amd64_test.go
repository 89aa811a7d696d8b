//go:build amd64 && !purego

package rsasign

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// BenchmarkTiming looks for secrets in the time that an exponentiation takes, as dudect does (Reparaz, Balasch,
// Verbauwhede: Dude, is my code constant time?): fixed inputs and random ones take turns in no order, and Welch's t
// of the two lots of times tells whether they differ. |t| beyond 4.5 over some runs is a leak; noise of the machine
// makes single ones. It is for people to run, alone on a quiet machine, as no test can tell a leak from a neighbour:
//
//	go test ./internal/rsasign -run '^$' -bench Timing -benchtime 20000x -count 5
//
// The variant "variable" is there to be found: it leaves out the multiplications by 1.
func BenchmarkTiming(b *testing.B) {
	needAcceleration(b)
	const limbs = 16
	n := random(limbs)
	n[0] |= 1
	n[limbs-1] |= 1 << 63
	m, s := &modulus{}, &scratch{}
	m.set(n)
	one, z := m.radix(), make([]uint64, limbs)
	exp := func(x, e []uint64) { m.exp(z, x, e, one, s) }
	x, e := random(limbs), random(limbs)
	few := number(limbs, map[int]uint64{limbs - 1: 1 << 63})
	zero := filled(limbs, 0)
	ready := make([]uint64, limbs)
	product := func(x, y []uint64) {
		for range 100 {
			m.mul(z, x, y)
			m.square(z, z, 1)
		}
	}

	b.Run("exponent", func(b *testing.B) { // few bits or many
		compare(b, few, func(e []uint64) { exp(x, e) }, ready)
	})
	b.Run("base", func(b *testing.B) { // zero or anything
		compare(b, zero, func(x []uint64) { exp(x, e) }, ready)
	})
	b.Run("product", func(b *testing.B) {
		compare(b, zero, func(x []uint64) { product(x, e) }, ready)
	})
	b.Run("reduction", func(b *testing.B) { // products that need the last subtraction never, or at random
		compare(b, number(limbs, map[int]uint64{0: 1}), func(x []uint64) { product(x, x) }, ready)
	})
	b.Run("variable", func(b *testing.B) {
		compare(b, few, func(e []uint64) {
			for at := 0; at < 64*limbs-window; at += window {
				if windowOf(e, at) != 0 {
					m.mul(z, x, x)
				}
				m.square(z, x, window)
			}
		}, ready)
	})
}

// compare times f of what is fixed and of what is drawn, both out of the same memory.
func compare(b *testing.B, fixed []uint64, f func([]uint64), in []uint64) {
	var took [2][]float64
	for b.Loop() {
		class, drawn := rand.IntN(2), random(len(in))
		copy(in, drawn)
		if class == 0 {
			copy(in, fixed)
		}
		started := time.Now()
		f(in)
		took[class] = append(took[class], float64(time.Since(started)))
	}
	b.ReportMetric(welch(quiet(took[0]), quiet(took[1])), "t")
}

// quiet leaves out the slowest tenth, which was interrupted.
func quiet(times []float64) []float64 {
	slices.Sort(times)
	return times[:len(times)*9/10]
}

// welch gives the t of two samples whose variances differ.
func welch(x, y []float64) float64 {
	meanX, varianceX := moments(x)
	meanY, varianceY := moments(y)
	return (meanX - meanY) / math.Sqrt(varianceX/float64(len(x))+varianceY/float64(len(y)))
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}
