package exchange_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"latchkey/internal/exchange"
)

// TestAssertionSignatures holds what RFC 7518 §3.3 and §3.5 say of the signatures of an RSA key: RS256 is PKCS #1 v1.5,
// PS256 is PSS with a salt as long as the hash, which not every library checks.
func TestAssertionSignatures(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	for algorithm, verify := range map[string]func(digest, signature []byte) error{
		"RS256": func(digest, signature []byte) error {
			return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest, signature)
		},
		"PS256": func(digest, signature []byte) error {
			return rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		},
	} {
		p := newProvider(t, saysJSON(`{"access_token":"at-1","expires_in":3599}`))
		plan := plan(t, strings.Replace(read(t, "worked/google-service-account.json"), "RS256", algorithm, 1))
		in := exchange.Input{Fields: fields(t, plan, map[string]any{"clientEmail": "svc@x.iam", "privateKey": text})}
		if _, err := p.runner.Acquire(t.Context(), plan, in); err != nil {
			t.Fatal(err)
		}
		assertion := p.only(t).form(t).Get("assertion")
		at := strings.LastIndex(assertion, ".")
		signature, err := base64.RawURLEncoding.DecodeString(assertion[at+1:])
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte(assertion[:at]))
		if err := verify(digest[:], signature); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		header, err := base64.RawURLEncoding.DecodeString(assertion[:strings.Index(assertion, ".")])
		if want := `{"alg":"` + algorithm + `","typ":"JWT"}`; err != nil || string(header) != want {
			t.Errorf("%s: the header is %s, want %s", algorithm, header, want)
		}
	}
}
