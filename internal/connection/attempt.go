package connection

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"latchkey/internal/destination"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// What the secrets of an attempt are hashed for; see [ConnectorConfig.Hash].
const (
	purposeLink   = "connection attempt: link"
	purposeState  = "connection attempt: state"
	purposeCookie = "connection attempt: cookie"
)

// secretLength is the length of 256 bits in base64url.
const secretLength = 43

type attemptAsk struct {
	client    string // who asks
	returnURL string
	baseURL   string
	fields    destination.Fields
}

// newAttempt makes an attempt to authorize record's connection by plan, and the link that begins it.
//
// The link's token is 256 random bits. The `state` is derived from it by HMAC, so that opening the link twice leads to
// one state, and neither has to be stored: only their hashes are.
func (c *Connector) newAttempt(record *Record, plan *destination.Plan, ask attemptAsk) (Attempt, string) {
	token := randomSecret()
	base := c.baseURL(ask.baseURL)
	now := c.now()
	attempt := Attempt{
		ID: ident.New("att"), Organization: record.Organization, Connection: record.ID,
		Link:       c.config.Hash(purposeLink, []byte(token)),
		State:      c.config.Hash(purposeState, []byte(stateOf(token))),
		Definition: record.Definition, Revision: record.Revision, Configuration: record.Configuration,
		RedirectURI: base + CallbackPath, ReturnURL: ask.returnURL, Fields: ask.fields, CreatedBy: ask.client,
		CreatedAt: now, ExpiresAt: now.Add(c.config.AttemptLife),
	}
	if pkce := plan.Authorization().PKCE; pkce != destination.NoPKCE && pkce != "" {
		attempt.Verifier = secret.New(randomSecret())
	}
	return attempt, base + ConnectPath + token
}

// stateOf gives the `state` that belongs to a link's token.
func stateOf(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("state"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// randomSecret gives 256 random bits in base64url.
func randomSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// cookieName gives the name of the cookie that binds the browser to an attempt: one for each, so that two consents in
// one browser don't get in each other's way.
func cookieName(state string) string { return "latchkey_connect_" + state[:12] }
