// Package signature signs what is sent outward as Standard Webhooks has it: "v1," and the base64 HMAC-SHA256 of
// "id.timestamp.body", with a secret that begins with whsec_. The receiver trusts what it finds signed and not older than
// a few minutes. It knows nothing of what is sent or when.
package signature

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/secret"
)

const (
	mark = "whsec_"
	// size is in bytes; Standard Webhooks wants 24 to 64.
	size = 32
)

// NewSecret makes a secret.
func NewSecret() secret.String {
	key := make([]byte, size)
	_, _ = rand.Read(key) // never fails, crypto/rand
	return secret.New(mark + base64.StdEncoding.EncodeToString(key))
}

// Sign gives the value of webhook-signature, with one signature for each secret, separated by blanks. An id must not hold
// a dot.
func Sign(secrets []secret.String, id string, at time.Time, body []byte) (string, error) {
	content := append([]byte(id+"."+strconv.FormatInt(at.Unix(), 10)+"."), body...)
	signatures := make([]string, 0, len(secrets))
	for _, s := range secrets {
		encoded, ok := strings.CutPrefix(s.Reveal(), mark)
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

// Put sets the three headers of Standard Webhooks.
func Put(header http.Header, secrets []secret.String, id string, at time.Time, body []byte) error {
	signed, err := Sign(secrets, id, at, body)
	if err != nil {
		return err
	}
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	header.Set("Webhook-Signature", signed)
	return nil
}
