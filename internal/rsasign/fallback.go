//go:build !amd64 || purego

package rsasign

import (
	"crypto"
	"crypto/rsa"
	"io"
)

// Accelerated tells whether signatures are made by the assembly, which this program was built without.
func Accelerated() bool { return false }

// private is never made here: crypto/rsa signs.
type private struct{}

func prepare(*rsa.PrivateKey) (*private, bool) { return nil, false }

func (*private) sign(_, _ []byte) bool { return false }

func verified(*rsa.PublicKey, crypto.Hash, []byte, []byte) (good, known bool) { return false, false }

func encodePKCS1([]byte, crypto.Hash, int) ([]byte, bool) { return nil, false }

func encodePSS(io.Reader, []byte, *rsa.PSSOptions, int) ([]byte, bool) { return nil, false }
