package webhook

import (
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/signature"
)

// Overlap is how long the secret before a rotation signs too.
const Overlap = 24 * time.Hour

// NewSecret makes a secret.
func NewSecret() secret.String { return signature.NewSecret() }

// Sign gives the value of webhook-signature (Standard Webhooks).
func Sign(secrets []secret.String, id string, at time.Time, body []byte) (string, error) {
	return signature.Sign(secrets, id, at, body)
}
