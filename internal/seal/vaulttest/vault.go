// Package vaulttest stands in for Vault's Transit engine in tests: a real server on a real socket that really encrypts,
// with key versions, derived keys, tokens and the failures that operators meet.
//
// It follows the HTTP API's documentation (Transit secrets engine): keys/NAME, keys/NAME/rotate, keys/NAME/config,
// encrypt, decrypt and rewrap, one item a request; errors as {"errors": […]} with 400, 403, 404 and 503.
package vaulttest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Vault is a running stand-in.
type Vault struct {
	*httptest.Server

	mu        sync.Mutex
	keys      map[string]*key // namespace + "/" + mount + "/" + name → key
	token     string
	denied    []string // parts of paths that the policy lacks
	sealed    bool
	failures  int
	delay     time.Duration
	calls     map[string]int // act → count
	redirects bool
}

type key struct {
	versions      [][]byte // [0] is version 1
	minDecryption int
	derived       bool
	kind          string
}

// Start starts one over TLS, or plain when tls is false. It stops with the test.
func Start(t testing.TB, tls bool) *Vault {
	t.Helper()
	v := &Vault{keys: map[string]*key{}, token: "hvs.first", calls: map[string]int{}}
	v.Server = httptest.NewUnstartedServer(v)
	if tls {
		v.StartTLS()
	} else {
		v.Start()
	}
	t.Cleanup(v.Close)
	return v
}

// CreateKey makes a key: its place is NAMESPACE/MOUNT/NAME, with an empty namespace /MOUNT/NAME.
func (v *Vault) CreateKey(place string, derived bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys[place] = &key{versions: [][]byte{fresh()}, minDecryption: 1, derived: derived, kind: "aes256-gcm96"}
}

// CreateSigningKey makes one that does not encrypt.
func (v *Vault) CreateSigningKey(place string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys[place] = &key{versions: [][]byte{fresh()}, minDecryption: 1, kind: "ed25519"}
}

// Rotate adds a version to a key, as vault write -f MOUNT/keys/NAME/rotate does.
func (v *Vault) Rotate(place string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.keys[place]
	k.versions = append(k.versions, fresh())
}

// Trim sets min_decryption_version to the newest version.
func (v *Vault) Trim(place string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := v.keys[place]
	k.minDecryption = len(k.versions)
}

// Set changes how the server behaves.
func (v *Vault) Set(change func(*Behaviour)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b := Behaviour{v.token, v.denied, v.sealed, v.failures, v.delay, v.redirects}
	change(&b)
	v.token, v.denied, v.sealed, v.failures, v.delay, v.redirects = b.Token, b.Denied, b.Sealed, b.Failures, b.Delay, b.Redirects
}

// Behaviour is what a test can ask of the server.
type Behaviour struct {
	// Token is the only one that is good.
	Token string
	// Denied are parts of paths that are answered with 403.
	Denied []string
	// Sealed answers all with 503.
	Sealed bool
	// Failures is how many of the next requests are answered with 500.
	Failures int
	// Delay is how long each answer takes.
	Delay time.Duration
	// Redirects sends all elsewhere, as a standby node without forwarding does.
	Redirects bool
}

// Calls gives how often each act was asked for: encrypt, decrypt, rewrap, keys.
func (v *Vault) Calls(act string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.calls[act]
}

func fresh() []byte {
	out := make([]byte, 32)
	_, _ = rand.Read(out) // never fails, crypto/rand
	return out
}

// ServeHTTP answers /v1/MOUNT/ACT/NAME.
func (v *Vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	delay := v.delay
	v.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	status, data, problem := v.answer(w, r)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if problem != "" {
		_ = json.NewEncoder(w).Encode(map[string][]string{"errors": {problem}})
		return
	}
	if data == nil {
		data = map[string]any{}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "1", "lease_id": "", "renewable": false, "lease_duration": 0, "data": data})
}

func (v *Vault) answer(w http.ResponseWriter, r *http.Request) (status int, data map[string]any, problem string) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	if len(parts) < 3 {
		return http.StatusNotFound, nil, "no handler for route"
	}
	mount, act, name := strings.Join(parts[:len(parts)-2], "/"), parts[len(parts)-2], parts[len(parts)-1]
	v.calls[act]++
	switch {
	case v.sealed:
		return http.StatusServiceUnavailable, nil, "Vault is sealed"
	case v.redirects:
		w.Header().Set("Location", "https://active.example/v1/")
		return http.StatusTemporaryRedirect, nil, ""
	case v.failures > 0:
		v.failures--
		return http.StatusInternalServerError, nil, "internal error"
	case r.Header.Get("X-Vault-Token") != v.token:
		return http.StatusForbidden, nil, "permission denied"
	}
	for _, part := range v.denied {
		if strings.Contains(r.URL.Path, part) {
			return http.StatusForbidden, nil, "1 error occurred: * permission denied"
		}
	}
	k := v.keys[r.Header.Get("X-Vault-Namespace")+"/"+mount+"/"+name]
	if act == "keys" && r.Method == http.MethodGet {
		if k == nil {
			return http.StatusNotFound, nil, "no such key"
		}
		return http.StatusOK, k.shown(name), ""
	}
	if k == nil {
		return http.StatusBadRequest, nil, "encryption key not found"
	}
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return http.StatusMethodNotAllowed, nil, "unsupported operation"
	}
	return k.work(act, r)
}

func (k *key) shown(name string) map[string]any {
	versions := map[string]int64{}
	for i := range k.versions {
		versions[strconv.Itoa(i+1)] = 1554654295
	}
	encrypts := k.kind != "ed25519"
	return map[string]any{
		"name": name, "type": k.kind, "derived": k.derived, "keys": versions, "latest_version": len(k.versions),
		"min_decryption_version": k.minDecryption, "min_encryption_version": 0, "supports_encryption": encrypts,
		"supports_decryption": encrypts, "supports_derivation": encrypts, "supports_signing": !encrypts,
	}
}

func (k *key) work(act string, r *http.Request) (status int, data map[string]any, problem string) {
	var ask struct{ Plaintext, Ciphertext, Context string }
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		return http.StatusBadRequest, nil, "error parsing JSON"
	}
	context, err := base64.StdEncoding.DecodeString(ask.Context)
	if err != nil {
		return http.StatusBadRequest, nil, "failed to base64-decode context"
	}
	if k.derived && len(context) == 0 {
		return http.StatusBadRequest, nil, "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key"
	}
	switch act {
	case "encrypt":
		plain, err := base64.StdEncoding.DecodeString(ask.Plaintext)
		if err != nil {
			return http.StatusBadRequest, nil, "failed to base64-decode plaintext"
		}
		return http.StatusOK, map[string]any{"ciphertext": k.encrypt(plain, context), "key_version": len(k.versions)}, ""
	case "decrypt", "rewrap":
		plain, err := k.decrypt(ask.Ciphertext, context)
		if err != nil {
			return http.StatusBadRequest, nil, err.Error()
		}
		if act == "rewrap" {
			return http.StatusOK, map[string]any{"ciphertext": k.encrypt(plain, context), "key_version": len(k.versions)}, ""
		}
		return http.StatusOK, map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain)}, ""
	}
	return http.StatusNotFound, nil, "unsupported path"
}

func (k *key) aead(version int, context []byte) cipher.AEAD {
	bytes := k.versions[version-1]
	if k.derived {
		bytes, _ = hkdf.Key(sha256.New, bytes, nil, string(context), 32) // fails for a length alone
	}
	block, err := aes.NewCipher(bytes)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (k *key) encrypt(plain, context []byte) string {
	version := len(k.versions)
	return fmt.Sprintf("vault:v%d:%s", version, base64.StdEncoding.EncodeToString(k.aead(version, context).Seal(nil, nil, plain, nil)))
}

func (k *key) decrypt(ciphertext string, context []byte) ([]byte, error) {
	rest, ok := strings.CutPrefix(ciphertext, "vault:v")
	number, encoded, found := strings.Cut(rest, ":")
	version, err := strconv.Atoi(number)
	if !ok || !found || err != nil {
		return nil, fmt.Errorf("invalid ciphertext: no prefix")
	}
	if version < 1 || version > len(k.versions) {
		return nil, fmt.Errorf("invalid ciphertext: version is too new")
	}
	if version < k.minDecryption {
		return nil, fmt.Errorf("ciphertext or signature version is disallowed by policy (too old)")
	}
	sealed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("invalid ciphertext: could not decode base64")
	}
	plain, err := k.aead(version, context).Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("cipher: message authentication failed")
	}
	return plain, nil
}
