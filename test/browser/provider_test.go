package browser_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// loginProvider is an OpenID provider with one person, who presses a button. What a provider checks is checked in test/peers.
type loginProvider struct {
	*httptest.Server
	t     *testing.T
	email string
	key   *ecdsa.PrivateKey

	mu    sync.Mutex
	nonce string // that was asked for last
}

// newLoginProvider serves with the certificate that is in a folder.
func newLoginProvider(t *testing.T, dir, email string) *loginProvider {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &loginProvider{t: t, email: email, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		asked := r.URL.Query()
		p.mu.Lock()
		p.nonce = asked.Get("nonce")
		p.mu.Unlock()
		back := asked.Get("redirect_uri") + "?" + url.Values{"state": {asked.Get("state")}, "code": {"code"}}.Encode()
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Example Login</title><main><a href="%s">Sign in as %s</a></main>`, html.EscapeString(back), html.EscapeString(p.email))
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": p.idToken()})
	})
	p.Server = httptest.NewUnstartedServer(mux)
	p.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	p.StartTLS()
	t.Cleanup(p.Close)
	return p
}

func (p *loginProvider) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		p.t.Error(err)
	}
}

func (p *loginProvider) idToken() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": p.URL, "aud": "latchkey", "sub": "7", "nonce": p.nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": now.Unix(), "email": p.email, "email_verified": true,
	})
	if err != nil {
		p.t.Error(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "1"}}, nil)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		p.t.Error(err)
	}
	return text
}
