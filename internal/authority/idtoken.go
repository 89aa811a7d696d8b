package authority

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"latchkey/internal/project"
)

// identity is what an id_token is to say.
type identity struct {
	client *project.Client
	person Person
	scopes []string
	nonce  string
	// access and code are what it vouches for (at_hash, c_hash), where they come with it.
	access, code string
}

// idLife is how long an id_token counts: it tells of a sign-in, and is read once.
const idLife = time.Hour

// mintIDToken signs an id_token (OpenID Connect Core §2).
func (x *exchange) mintIDToken(i identity) (string, error) {
	now := x.config.Clock.Now()
	claims := map[string]any{
		"iss": x.issuer(), "sub": i.person.ID, "aud": i.client.ClientID, "exp": now.Add(idLife).Unix(), "iat": now.Unix(),
		"auth_time": i.person.SignedInAt.Unix(), "jti": newTokenID(now),
	}
	for name, value := range map[string]string{"nonce": i.nonce, "at_hash": halfHash(i.access), "c_hash": halfHash(i.code)} {
		if value != "" {
			claims[name] = value
		}
	}
	for name, value := range standardClaims(i.person, i.scopes) {
		claims[name] = value
	}
	key := x.keys.signing(rs256)
	return encode(key, header{Alg: rs256, Typ: "JWT", Kid: key.id}, claims)
}

// standardClaims are those of OpenID Connect Core §5.4 that the scopes ask for, as IMS tells them (spec §2.5).
func standardClaims(p Person, scopes []string) map[string]any {
	out := map[string]any{}
	if slices.Contains(scopes, "email") {
		out["email"], out["email_verified"] = p.Email, true
	}
	if slices.Contains(scopes, "profile") {
		out["name"], out["given_name"], out["family_name"] = p.Name, p.FirstName, p.LastName
	}
	if slices.Contains(scopes, "address") {
		out["address"] = map[string]string{"country": ""}
	}
	return out
}

// halfHash is at_hash and c_hash (OpenID Connect Core §3.1.3.6): the left half of the SHA-256, for RS256; "" for nothing.
func halfHash(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
