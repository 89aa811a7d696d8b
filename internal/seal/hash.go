package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"sync"
)

const pepperSize = 32

// hasher is an HMAC under one purpose's key, used again and again.
type hasher struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

// Hash gives the HMAC-SHA-256 of data under a key of this installation that serves this purpose alone: what a
// generated secret of 128 bits or more is looked up by. It is not for passwords that people choose.
//
// The keys derive (HKDF) from the installation's own data key, not from the root's bytes: a KMS does not give those
// out, and a change of the root must not void every hash.
func (k *Keyring) Hash(purpose string, data []byte) [32]byte {
	held, ok := k.hashers.Load(purpose)
	if !ok {
		held, _ = k.hashers.LoadOrStore(purpose, k.newHashers(purpose))
	}
	pool := held.(*sync.Pool)
	h := pool.Get().(*hasher)
	defer pool.Put(h)
	h.mac.Reset()
	_, _ = h.mac.Write(data) // never fails, hash.Hash
	h.mac.Sum(h.sum[:0])
	return h.sum
}

func (k *Keyring) newHashers(purpose string) *sync.Pool {
	key, err := hkdf.Key(sha256.New, k.pepper, nil, "latchkey hash "+purpose, sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("seal: deriving 32 bytes by HKDF: %v", err)) // only for a length that is out of range
	}
	return &sync.Pool{New: func() any { return &hasher{mac: hmac.New(sha256.New, key)} }}
}
