//go:build amd64 && !purego

package rsasign

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"hash"
	"io"
)

// prefix gives the DigestInfo of a hash, up to the digest (RFC 8017 §9.2, note 1); nothing for hashes that are seldom
// used.
func prefix(hash crypto.Hash) string {
	switch hash {
	case crypto.SHA256:
		return "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
	case crypto.SHA384:
		return "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
	case crypto.SHA512:
		return "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
	}
	return ""
}

// encodePKCS1 is EMSA-PKCS1-v1_5 (RFC 8017 §9.2): 00 01 ff … ff 00 DigestInfo.
func encodePKCS1(digest []byte, hash crypto.Hash, size int) ([]byte, bool) {
	info := prefix(hash)
	if info == "" || len(digest) != hash.Size() {
		return nil, false
	}
	out := make([]byte, size)
	tail := size - len(info) - len(digest)
	out[1] = 1
	for i := 2; i < tail-1; i++ {
		out[i] = 0xff
	}
	copy(out[tail:], info)
	copy(out[tail+len(info):], digest)
	return out, true
}

// encodePSS is EMSA-PSS (RFC 8017 §9.1.1) with MGF1, for a modulus whose length is whole bytes.
func encodePSS(random io.Reader, digest []byte, options *rsa.PSSOptions, size int) ([]byte, bool) {
	if prefix(options.Hash) == "" || !options.Hash.Available() || len(digest) != options.Hash.Size() {
		return nil, false
	}
	length := options.SaltLength
	switch length {
	case rsa.PSSSaltLengthAuto:
		length = size - len(digest) - 2
	case rsa.PSSSaltLengthEqualsHash:
		length = len(digest)
	}
	if length <= 0 || length > size-len(digest)-2 {
		return nil, false
	}
	if random == nil {
		random = rand.Reader
	}
	out := make([]byte, size)
	database, h := out[:size-len(digest)-1], out[size-len(digest)-1:size-1]
	salt := database[len(database)-length:]
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, false
	}
	sum := options.Hash.New()
	sum.Write(make([]byte, 8))
	sum.Write(digest)
	sum.Write(salt)
	sum.Sum(h[:0])
	database[len(database)-length-1] = 1
	mask(database, h, sum)
	database[0] &= 0x7f
	out[size-1] = 0xbc
	return out, true
}

// mask is MGF1 (RFC 8017 §B.2.1), applied to out.
func mask(out, seed []byte, sum hash.Hash) {
	var block []byte
	for counter := byte(0); len(out) > 0; counter++ { // at most 16 of them
		sum.Reset()
		sum.Write(seed)
		sum.Write([]byte{0, 0, 0, counter})
		block = sum.Sum(block[:0])
		out = out[subtle.XORBytes(out, out, block):]
	}
}
