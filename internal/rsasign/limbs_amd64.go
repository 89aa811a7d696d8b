//go:build amd64 && !purego

package rsasign

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// Numbers of 64-bit limbs, the lowest first. What these take depends on lengths alone.

// fromBytes reads a number from its bytes, the highest first; as many limbs as z has.
func fromBytes(z []uint64, text []byte) {
	for i := range z {
		z[i] = binary.BigEndian.Uint64(text[len(text)-8*(i+1):])
	}
}

// toBytes is the reverse of fromBytes.
func toBytes(text []byte, x []uint64) {
	for i := range x {
		binary.BigEndian.PutUint64(text[len(text)-8*(i+1):], x[i])
	}
}

// fromBig reads a number that is known to fit.
func fromBig(x *big.Int, limbs int) []uint64 {
	text := x.FillBytes(make([]byte, 8*limbs))
	z := make([]uint64, limbs)
	fromBytes(z, text)
	clear(text)
	return z
}

// add sets z = x + y and gives the carry.
func add(z, x, y []uint64) (carry uint64) {
	for i := range z {
		z[i], carry = bits.Add64(x[i], y[i], carry)
	}
	return carry
}

// subtract sets z = x − y and gives the borrow.
func subtract(z, x, y []uint64) (borrow uint64) {
	for i := range z {
		z[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	return borrow
}

// assign sets z = x if choice is 1, and leaves it if 0.
func assign(z, x []uint64, choice uint64) {
	mask := -choice
	for i := range z {
		z[i] ^= mask & (z[i] ^ x[i])
	}
}

// equal tells whether two numbers are the same.
func equal(x, y []uint64) bool {
	var different uint64
	for i := range x {
		different |= x[i] ^ y[i]
	}
	return different == 0
}
