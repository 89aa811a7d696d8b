package bench_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// barestVariable makes this program the barest server, in a process of its own as the others are.
const barestVariable = "LATCHKEY_BENCH_BAREST"

func TestMain(m *testing.M) {
	for variable, serve := range map[string]func(string) error{
		barestVariable: func(string) error { return serveBarest() }, serviceVariable: func(string) error { return serveService() }, reverseVariable: serveReverse,
	} {
		if value := os.Getenv(variable); value != "" {
			fmt.Fprintln(os.Stderr, serve(value))
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func barest(b *testing.B) rival {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), barestVariable+"=1")
	return begin(b, command)
}

// serveBarest does what a token costs at least in Go's own library: a form, a secret, a signature, JSON.
func serveBarest() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) { issueBarely(w, r, ec) })
	mux.HandleFunc("POST /introspect", func(w http.ResponseWriter, r *http.Request) { introspectBarely(w, r, &own.PublicKey) })
	mux.HandleFunc("GET /sample", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, signed(`{"alg":"RS256","kid":"k"}`, sampleClaims("machine", "AdobeID target_sdk"), func(sum []byte) []byte {
			signature, _ := rsa.SignPKCS1v15(nil, own, crypto.SHA256, sum)
			return signature
		}))
	})
	fmt.Printf(`{"url":"http://%s","pids":[%d]}`+"\n", listener.Addr(), os.Getpid())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(listener)
}

const barestSecret = "machine-secret-0123456789"

func authentic(r *http.Request) bool {
	return r.ParseForm() == nil && subtle.ConstantTimeCompare([]byte(r.PostForm.Get("client_secret")), []byte(barestSecret)) == 1
}

type tokenClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	Expires  int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	ID       string   `json:"jti"`
	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
}

func sampleClaims(client, scope string) tokenClaims {
	now := time.Now().Unix()
	return tokenClaims{"http://127.0.0.1", client, []string{"https://api.example.com"}, now + 86400, now, rand.Text(), client, scope}
}

func signed(header string, claims tokenClaims, sign func(sum []byte) []byte) string {
	body, _ := json.Marshal(claims)
	b64 := base64.RawURLEncoding
	out := b64.AppendEncode(append(b64.AppendEncode(nil, []byte(header)), '.'), body)
	sum := sha256.Sum256(out)
	return string(b64.AppendEncode(append(out, '.'), sign(sum[:])))
}

func issueBarely(w http.ResponseWriter, r *http.Request, key *ecdsa.PrivateKey) {
	if !authentic(r) {
		http.Error(w, "invalid_client", http.StatusUnauthorized)
		return
	}
	token := signed(`{"alg":"ES256","typ":"at+jwt","kid":"k"}`, sampleClaims(r.PostForm.Get("client_id"), r.PostForm.Get("scope")), func(sum []byte) []byte {
		x, y, _ := ecdsa.Sign(rand.Reader, key, sum)
		signature := make([]byte, 64)
		x.FillBytes(signature[:32])
		y.FillBytes(signature[32:])
		return signature
	})
	answerBarely(w, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": 86400})
}

func introspectBarely(w http.ResponseWriter, r *http.Request, key *rsa.PublicKey) {
	var claims tokenClaims
	if !authentic(r) {
		http.Error(w, "invalid_client", http.StatusUnauthorized)
		return
	}
	token := r.PostForm.Get("token")
	at := strings.LastIndexByte(token, '.')
	sum := sha256.Sum256([]byte(token[:max(0, at)]))
	signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err == nil {
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	}
	if err == nil {
		_, body, _ := strings.Cut(token[:at], ".")
		text, _ := base64.RawURLEncoding.DecodeString(body)
		err = json.Unmarshal(text, &claims)
	}
	answerBarely(w, struct {
		Active bool `json:"active"`
		tokenClaims
	}{err == nil, claims})
}

func answerBarely(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	text, _ := json.Marshal(body)
	_, _ = w.Write(text)
}
