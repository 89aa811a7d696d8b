package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"
)

// signer signs the access tokens of the fault jwt.
type signer struct {
	key func() *ecdsa.PrivateKey
}

// newSigner makes a signer whose key is made when first needed and lives as long as it does.
func newSigner() *signer {
	return &signer{key: sync.OnceValue(func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic("simulator: making a signing key: " + err.Error()) // crypto/rand never fails
		}
		return key
	})}
}

func newSignerOf(key *ecdsa.PrivateKey) *signer {
	return &signer{key: func() *ecdsa.PrivateKey { return key }}
}

var base64url = base64.RawURLEncoding

// coordinates gives the public key's x and y, each as 32 bytes in base64url.
func (s *signer) coordinates() (x, y string) {
	point, err := s.key().PublicKey.Bytes() // SEC 1: 0x04, x, y
	if err != nil {
		panic("simulator: encoding a public key: " + err.Error())
	}
	return base64url.EncodeToString(point[1:33]), base64url.EncodeToString(point[33:])
}

// jwk gives the public key (RFC 7517), its id being its thumbprint (RFC 7638).
func (s *signer) jwk() map[string]string {
	x, y := s.coordinates()
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`))
	return map[string]string{
		"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "use": "sig", "kid": base64url.EncodeToString(sum[:]),
	}
}

// sign makes a compact JWS with ES256 (RFC 7515, RFC 7518 §3.4).
func (s *signer) sign(claims map[string]any) string {
	header, _ := json.Marshal(map[string]string{"alg": "ES256", "typ": "at+jwt", "kid": s.jwk()["kid"]})
	payload, _ := json.Marshal(claims) // strings and integers only
	signed := base64url.EncodeToString(header) + "." + base64url.EncodeToString(payload)
	sum := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, s.key(), sum[:])
	if err != nil {
		panic("simulator: signing: " + err.Error())
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return signed + "." + base64url.EncodeToString(signature)
}

// accessToken makes an access token for a family (RFC 9068 §2.2).
func (s *signer) accessToken(m mint, issued, expires time.Time) string {
	claims := map[string]any{
		"iss": m.issuer, "aud": m.issuer, "sub": m.family.subject, "client_id": m.family.client,
		"scope": joinScope(m.scope), "iat": issued.Unix(), "exp": expires.Unix(), "jti": rand.Text(),
	}
	if m.family.tenant != "" {
		claims["tenant"] = m.family.tenant
	}
	return s.sign(claims)
}

// jwks publishes the key of the fault jwt.
func (s *Simulator) jwks(*call) answer {
	return jsonAnswer(200, map[string]any{"keys": []any{s.signer.jwk()}})
}
