// Package ident makes the identifiers that Latchkey's things are known by, and checks those of the outside.
//
// Ours are a prefix that tells the kind and a ULID: "conn_01KB3E…". They sort by the time they were made, hold no
// meaning beside that, and are safe to print. Sandboxes have UUIDs, as in Experience Platform; organizations have
// the id that IMS gives them, 24 upper-case hexadecimal digits and "@AdobeOrg" (spec/ims-and-console.md).
package ident

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// crockford is the alphabet of a ULID: no I, L, O, U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const ulidLength = 26

// New makes an id of the kind that prefix names: New("conn") is "conn_" and a ULID.
//
// The ULID's random part begins with the nanoseconds within the millisecond, so that ids made one after the other
// on one machine sort in that order without any state kept between calls; 60 random bits remain.
func New(prefix string) string {
	return prefix + "_" + ulid(time.Now())
}

func ulid(now time.Time) string {
	nanos := uint64(now.UnixNano())
	millis, rest := nanos/1e6, nanos%1e6 // rest < 2²⁰
	var id [16]byte
	_, _ = rand.Read(id[8:]) // never fails, crypto/rand
	for i := range 6 {
		id[i] = byte(millis >> (40 - 8*i))
	}
	id[6], id[7] = byte(rest>>12), byte(rest>>4)
	id[8] = byte(rest<<4) | id[8]&0x0f
	return base32(id)
}

// base32 writes 128 bits as 26 digits of five bits, the first digit holding three.
func base32(id [16]byte) string {
	var high, low uint64
	for i := range 8 {
		high, low = high<<8|uint64(id[i]), low<<8|uint64(id[8+i])
	}
	var out [ulidLength]byte
	for i := ulidLength - 1; i >= 0; i-- {
		out[i] = crockford[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return string(out[:])
}

// Is tells whether id has the form that [New] gives for prefix.
func Is(prefix, id string) bool {
	digits, ok := strings.CutPrefix(id, prefix+"_")
	if !ok || len(digits) != ulidLength || digits[0] > '7' {
		return false
	}
	for i := range digits {
		if strings.IndexByte(crockford, digits[i]) < 0 {
			return false
		}
	}
	return true
}

// UUID makes a random UUID (RFC 9562 §5.4).
func UUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, crypto/rand
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// IsUUID tells whether id is written as a UUID of any version, in lower or upper case.
func IsUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (id[i] == '-') || !dash && !isHex(id[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

const imsOrgSuffix = "@AdobeOrg"

// NewIMSOrg makes the id of an organization that IMS does not know (a sample, a test).
func NewIMSOrg() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails, crypto/rand
	return strings.ToUpper(hex.EncodeToString(id[:])) + imsOrgSuffix
}

// CheckIMSOrg fails, in words that say what is wrong, unless id is an IMS organization id.
func CheckIMSOrg(id string) error {
	digits, ok := strings.CutSuffix(id, imsOrgSuffix)
	if !ok {
		return fmt.Errorf("the organization id %q does not end in %q", id, imsOrgSuffix)
	}
	if len(digits) != 24 {
		return fmt.Errorf("the organization id %q has %d characters before %q, not 24", id, len(digits), imsOrgSuffix)
	}
	for i := range digits {
		if !isHex(digits[i]) || digits[i] >= 'a' {
			return fmt.Errorf("the organization id %q has %q where 0-9 or A-F must be", id, digits[i])
		}
	}
	return nil
}
