package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/secret"
)

const (
	secretMark = "whsec_"
	// secretSize is in bytes; Standard Webhooks wants 24 to 64.
	secretSize = 32
	// Overlap is how long the secret before a rotation signs too.
	Overlap = 24 * time.Hour
)

// NewSecret makes a secret.
func NewSecret() secret.String {
	key := make([]byte, secretSize)
	_, _ = rand.Read(key) // never fails, crypto/rand
	return secret.New(secretMark + base64.StdEncoding.EncodeToString(key))
}

// Sign gives the value of webhook-signature: "v1," and the base64 HMAC-SHA256 of "id.timestamp.body" for each secret,
// separated by blanks. An id must not hold a dot; events' ids don't.
func Sign(secrets []secret.String, id string, at time.Time, body []byte) (string, error) {
	content := append([]byte(id+"."+strconv.FormatInt(at.Unix(), 10)+"."), body...)
	signatures := make([]string, 0, len(secrets))
	for _, s := range secrets {
		encoded, ok := strings.CutPrefix(s.Reveal(), secretMark)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil {
			return "", errors.New("signing a webhook: the secret is not whsec_ and base64")
		}
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write(content) // never fails, hash.Hash
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(signatures, " "), nil
}
