package analytics

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the protocol's own digest; SHA-256 stands beside it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"latchkey/internal/secret"
)

// Digest is the hash of a WSSE header.
type Digest string

// The digests. SHA1 is what the vendor documented, SHA256 what came later.
const (
	SHA1   Digest = "sha1"
	SHA256 Digest = "sha256"
)

// Login is a user of the API 1.4.
type Login struct {
	// User is the user's name and Company the login company's: "user:company" is what is signed.
	User, Company string
	Secret        secret.String
	// Digest is how it signs; "" means [SHA256].
	Digest Digest
}

// UsernameToken gives the value of the header X-WSSE. The nonce is signed as it is, and sent in Base64; it MUST be new for
// each request.
func (l *Login) UsernameToken(nonce []byte, now time.Time) string {
	created := now.UTC().Format("2006-01-02T15:04:05Z")
	h := sha256.New()
	algorithm := `, Algorithm="SHA256"`
	if l.Digest == SHA1 {
		h, algorithm = sha1.New(), "" //nolint:gosec // as above
	}
	h.Write(nonce)
	h.Write([]byte(created))
	h.Write([]byte(l.Secret.Reveal()))
	return fmt.Sprintf(`UsernameToken Username="%s:%s", PasswordDigest="%s", Nonce="%s", Created="%s"%s`,
		l.User, l.Company, base64.StdEncoding.EncodeToString(h.Sum(nil)), base64.StdEncoding.EncodeToString(nonce), created, algorithm)
}

// nonce makes a new one, of letters as the vendor's examples have them.
func nonce() []byte {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // it never fails
	return []byte(hex.EncodeToString(raw[:]))
}
