package registry

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 §1.2: what the apps compute; an HMAC of it is not broken
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// One-time codes that follow from the time (RFC 6238), as every app makes them: SHA-1, six digits, half a minute.

const (
	codeDigits = 6
	codeStep   = 30 * time.Second
	// codeSkew is how many steps an app's clock may be off, either way (§5.2).
	codeSkew = 1
	// codeSecret is the secret's length: that of the hash (RFC 4226 §4, R6).
	codeSecret = 20
)

// base32Text is how secrets are written where people type them.
var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// stepAt counts half minutes since 1970.
func stepAt(at time.Time) int64 { return at.Unix() / int64(codeStep/time.Second) }

// codeAt is the code of a step (RFC 4226 §5.3).
func codeAt(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash does not fail
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, number%1_000_000)
}

// stepOf gives the step whose code it is, of those that count now and are later than the last that was taken.
func stepOf(key []byte, code string, now time.Time, last int64) (int64, bool) {
	found, ok := int64(0), false
	for step := stepAt(now) - codeSkew; step <= stepAt(now)+codeSkew; step++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(key, step)), []byte(code)) == 1 && step > last && !ok {
			found, ok = step, true
		}
	}
	return found, ok
}

// codeURI is what an app reads from a picture (the key URI format that all of them take).
func codeURI(issuer, account, secretText string) string {
	label := strings.ReplaceAll(issuer, ":", " ") + ":" + account
	query := url.Values{"secret": {secretText}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(label) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}
