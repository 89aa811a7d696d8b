package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// The canonical encoding, stable for ever (docs/reference/audit.md):
//
//	text(domain) ‖ previous (32 bytes) ‖ text(organization) ‖ int(sequence) ‖ int(at) ‖ text(actor) ‖ text(action) ‖
//	text(subject) ‖ int(generation) ‖ count(details) ‖ text(name) ‖ text(value) ‖ …
//
// A text goes behind its length in 4 bytes, an int is 8 bytes, a count 4, all big-endian; at is in microseconds since
// 1970; details go in the order of their names' bytes. A record's hash is the SHA-256 of that.
const recordDomain = "latchkey audit record 1"

// Hash is a SHA-256.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes it in hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash has %d hexadecimal digits, this has %d", hex.EncodedLen(len(h)), len(text))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("reading a hash: %w", err)
	}
	return nil
}

// Sum gives the hash that the record should have.
func (r *Record) Sum() Hash {
	var room [512]byte
	return sha256.Sum256(r.append(room[:0]))
}

func (r *Record) append(b []byte) []byte {
	b = appendText(b, recordDomain)
	b = append(b, r.Previous[:]...)
	b = appendText(b, r.Organization)
	b = appendInt(b, r.Sequence)
	b = appendInt(b, r.At.UnixMicro())
	b = appendText(b, r.Actor)
	b = appendText(b, r.Action)
	b = appendText(b, r.Subject)
	b = appendInt(b, r.Generation)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.Detail)))
	if len(r.Detail) == 0 {
		return b
	}
	for _, name := range slices.Sorted(maps.Keys(r.Detail)) {
		b = appendText(appendText(b, name), r.Detail[name])
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

func appendInt(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }
