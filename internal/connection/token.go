package connection

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// Want is what a caller asks of a token beyond that it be valid.
type Want struct {
	// MinTTL is how long the token must live from now. Longer than a token's whole life means the freshest one.
	MinTTL time.Duration
	// Rejected is the base64url SHA-256 of a token that the service refused ("If-None-Match"): the caller wants
	// another. It forces at most one exchange a generation.
	Rejected string
	// Sandbox is where ref is looked for; "" is the caller's own.
	Sandbox string
}

// Token is an access token as it is handed out. What it points to is shared and never changes.
type Token struct {
	AccessToken secret.String
	TokenType   string
	Scope       string
	// ExpiresAt is zero when the provider did not tell.
	ExpiresAt    time.Time
	Generation   int64
	ConnectionID string
	// ETag is the base64url SHA-256 of the access token, without quotes.
	ETag string

	served *served
}

// served is a token's answer as far as it can be written beforehand. The token's bytes are held once: they are a part
// of the body.
type served struct {
	// body lacks the value of expires_in, which belongs at split.
	body   secret.String
	split  int
	header []string
}

// AppendJSON writes the answer of the token endpoint: access_token, token_type, expires_at, expires_in, scope,
// generation, connection. It is a place where the secret leaves.
func (t Token) AppendJSON(dst []byte, now time.Time) []byte {
	body := t.served.body.Reveal()
	dst = append(dst, body[:t.served.split]...)
	if t.ExpiresAt.IsZero() {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, max(0, int64(t.ExpiresAt.Sub(now)/time.Second)), 10)
	}
	return append(dst, body[t.served.split:]...)
}

// ETagHeader gives the ETag with its quotes, as an http.Header holds it. Callers MUST NOT change it.
func (t Token) ETagHeader() []string { return t.served.header }

// HashOf gives what an ETag holds of an access token.
func HashOf(token secret.String) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// newToken makes the token that is handed out of a token set.
func newToken(id string, generation int64, tokens *exchange.TokenSet, shared *words) *Token {
	etag := `"` + HashOf(tokens.AccessToken) + `"`
	t := &Token{
		TokenType: shared.one(tokens.TokenType), Scope: shared.one(tokens.Scope), ExpiresAt: tokens.ExpiresAt,
		Generation: generation, ConnectionID: id, ETag: etag[1 : len(etag)-1],
	}
	const before = `{"access_token":`
	quoted := quote(tokens.AccessToken.Reveal())
	expires := "null"
	if !t.ExpiresAt.IsZero() {
		expires = `"` + t.ExpiresAt.UTC().Format(time.RFC3339) + `"`
	}
	head := before + quoted + `,"token_type":` + quote(t.TokenType) + `,"expires_at":` + expires + `,"expires_in":`
	body := head + `,"scope":` + quote(t.Scope) + `,"generation":` + strconv.FormatInt(generation, 10) +
		`,"connection":` + quote(id) + "}\n"
	t.served = &served{body: secret.New(body), split: len(head), header: []string{etag}}
	if t.AccessToken = tokens.AccessToken; len(quoted) == len(t.AccessToken.Reveal())+2 {
		t.AccessToken = secret.New(body[len(before)+1 : len(before)+len(quoted)-1])
	}
	return t
}

// quote writes a JSON string.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
