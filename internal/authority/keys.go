package authority

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/rsasign"
	"latchkey/internal/secret"
)

// The algorithms that tokens are signed with: RS256 for IMS's, ES256 for our own audiences.
const (
	rs256 = "RS256"
	es256 = "ES256"
)

// StoredKey is a signing key as the store keeps it.
type StoredKey struct {
	// Number counts keys of an algorithm, from 1.
	Number    int64
	Algorithm string
	// Private is PKCS #8 (RFC 5958).
	Private secret.String
	// Certificate is DER; its public key is all that verifiers need.
	Certificate []byte
	CreatedAt   time.Time
	// By is who asked for it, "" for nobody: its time had come. It is recorded, and not kept.
	By string
	// SignsFrom is when it begins to sign: until then it is published, so that every verifier knows it by then.
	SignsFrom time.Time
}

// key is a signing key that is ready for use.
type key struct {
	StoredKey
	id     string
	signer crypto.Signer
	public crypto.PublicKey
	heads  sync.Map // header → its encoding
}

// keys are the signing keys. The newest of those that may sign does; all are published until their tokens have ended.
type keys struct {
	config *Config
	ring   atomic.Pointer[[]*key]
	cancel context.CancelFunc
	ctx    context.Context
	done   sync.WaitGroup
}

const (
	lookEvery = time.Minute
	rsaBits   = 2048
)

func openKeys(ctx context.Context, config *Config) (*keys, error) {
	k := &keys{config: config}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	if err := k.tend(ctx); err != nil {
		k.cancel()
		return nil, fmt.Errorf("preparing the signing keys: %w", err)
	}
	return k, nil
}

// tend makes the keys that will be needed, and reads what there is.
func (k *keys) tend(ctx context.Context) error {
	stored, err := k.config.Store.Keys(ctx)
	if err != nil {
		return err
	}
	now := k.config.Clock.Now()
	for _, algorithm := range []string{rs256, es256} {
		newest := newestOf(stored, algorithm)
		from := now
		switch {
		case newest == nil:
		case newest.SignsFrom.Add(k.config.KeyLife).After(now.Add(k.config.Soak)):
			continue
		default: // published for the soak before it signs
			from = now.Add(k.config.Soak)
		}
		number := int64(1)
		if newest != nil {
			number = newest.Number + 1
		}
		made, err := newKey(algorithm, number, now, from, k.config.RSAKey)
		if err != nil {
			return err
		}
		if err := k.config.Store.AddKey(ctx, *made); err != nil {
			return err
		}
		if stored, err = k.config.Store.Keys(ctx); err != nil { // another node may have been first
			return err
		}
	}
	return k.load(stored)
}

func newestOf(stored []StoredKey, algorithm string) *StoredKey {
	var newest *StoredKey
	for i, s := range stored {
		if s.Algorithm == algorithm && (newest == nil || s.Number > newest.Number) {
			newest = &stored[i]
		}
	}
	return newest
}

// load makes keys ready that are not, and leaves out those whose last token has ended.
func (k *keys) load(stored []StoredKey) error {
	before := map[string]*key{}
	if ring := k.ring.Load(); ring != nil {
		for _, held := range *ring {
			before[held.id] = held
		}
	}
	var ring []*key
	now := k.config.Clock.Now()
	for _, s := range stored {
		if replaced := newestSigning(stored, s.Algorithm, now.Add(-k.config.AccessLife-k.config.Soak)); replaced != nil && s.Number < replaced.Number {
			continue
		}
		id := keyID(s)
		if held := before[id]; held != nil {
			ring = append(ring, held)
			continue
		}
		ready, err := s.open(id)
		if err != nil {
			return err
		}
		ring = append(ring, ready)
	}
	slices.SortFunc(ring, func(a, b *key) int { return b.SignsFrom.Compare(a.SignsFrom) })
	k.ring.Store(&ring)
	return nil
}

// newestSigning gives the key that signed at a time; nil when none did.
func newestSigning(stored []StoredKey, algorithm string, at time.Time) *StoredKey {
	var newest *StoredKey
	for i, s := range stored {
		if s.Algorithm == algorithm && !s.SignsFrom.After(at) && (newest == nil || s.Number > newest.Number) {
			newest = &stored[i]
		}
	}
	return newest
}

// keyID names a key as IMS does its own.
func keyID(s StoredKey) string {
	if s.Algorithm == es256 {
		return fmt.Sprintf("latchkey-key-%d", s.Number)
	}
	return fmt.Sprintf("ims_na1-key-at-%d", s.Number)
}

func (s StoredKey) open(id string) (*key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey([]byte(s.Private.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("reading the signing key %s: it is no PKCS #8", id) // not %w: it may quote the key
	}
	out := &key{StoredKey: s, id: id}
	switch private := parsed.(type) {
	case *rsa.PrivateKey:
		out.signer, out.public = rsasign.New(private), &private.PublicKey
	case *ecdsa.PrivateKey:
		out.signer, out.public = private, &private.PublicKey
	default:
		return nil, fmt.Errorf("reading the signing key %s: it is neither RSA nor EC", id)
	}
	out.Private = secret.String{} // the signer has it
	return out, nil
}

// newKey makes a key with a certificate of its own, which is what /keys/prod serves.
func newKey(algorithm string, number int64, now, from time.Time, rsaKey func() (*rsa.PrivateKey, error)) (*StoredKey, error) {
	s := StoredKey{Number: number, Algorithm: algorithm, CreatedAt: now.UTC().Truncate(time.Microsecond), SignsFrom: from.UTC().Truncate(time.Microsecond)}
	var private crypto.Signer
	var err error
	switch {
	case algorithm == es256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case rsaKey != nil:
		private, err = rsaKey()
	default:
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	}
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encoding a signing key: %w", err)
	}
	s.Private = secret.New(string(der))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: keyID(s)}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if s.Certificate, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private); err != nil {
		return nil, fmt.Errorf("making a signing key's certificate: %w", err)
	}
	return &s, nil
}

// work tends the keys until close.
func (k *keys) work(r *revocations, used *spent) {
	timer := k.config.Clock.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-timer.C():
		}
		ctx, cancel := context.WithTimeout(k.ctx, lookEvery/2)
		if err := errors.Join(k.tend(ctx), r.read(ctx), used.sweep(ctx)); err != nil && k.ctx.Err() == nil {
			k.config.Log.WarnContext(ctx, "tending signing keys, revoked tokens and used assertions: trying again", "in", lookEvery.String(), "error", err)
		}
		cancel()
		timer.Reset(lookEvery)
	}
}

func (k *keys) close() {
	k.cancel()
	k.done.Wait()
}

// signing gives the key that signs now.
func (k *keys) signing(algorithm string) *key {
	now := k.config.Clock.Now()
	var newest *key // by number: one that was made to sign at once comes before one that has waited
	for _, held := range *k.ring.Load() {
		if held.Algorithm == algorithm && !held.SignsFrom.After(now) && (newest == nil || held.Number > newest.Number) {
			newest = held
		}
	}
	if newest != nil {
		return newest
	}
	for _, held := range *k.ring.Load() { // the clock was set back
		if held.Algorithm == algorithm {
			return held
		}
	}
	return nil
}

// named gives a key by its id.
func (k *keys) named(id string) *key {
	for _, held := range *k.ring.Load() {
		if held.id == id {
			return held
		}
	}
	return nil
}

// sign signs a JWS's input (RFC 7515 §5.1).
func (k *key) sign(input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	if k.Algorithm == rs256 {
		return k.signer.Sign(nil, sum[:], crypto.SHA256)
	}
	r, s, err := ecdsa.Sign(rand.Reader, k.signer.(*ecdsa.PrivateKey), sum[:])
	if err != nil {
		return nil, err
	}
	out := make([]byte, k.signatureSize()) // RFC 7518 §3.4
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out, nil
}

// signatureSize is the length of a signature in bytes.
func (k *key) signatureSize() int {
	if public, ok := k.public.(*rsa.PublicKey); ok {
		return public.Size()
	}
	return 64
}

// verify checks a signature of the key's algorithm alone.
func (k *key) verify(input, signature []byte) bool {
	sum := sha256.Sum256(input)
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return rsasign.Verify(public, crypto.SHA256, sum[:], signature) == nil
	case *ecdsa.PublicKey:
		return len(signature) == 64 && ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	return false
}

// jwks publishes the keys (RFC 7517): those that will sign soon, and those whose tokens live.
func (s *Server) jwks(x *exchange) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, held := range *s.keys.ring.Load() {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: held.public, KeyID: held.id, Algorithm: held.Algorithm, Use: "sig"})
	}
	x.w.Header().Set("Cache-Control", "public, max-age=300")
	x.json(http.StatusOK, set)
}

// certificate serves what the header x5u of a token names.
func (s *Server) certificate(x *exchange, name string) {
	held := s.keys.named(strings.TrimSuffix(name, ".cer"))
	if held == nil {
		x.fail(&fault{status: http.StatusNotFound, code: "not_found", says: "There is no such certificate."})
		return
	}
	x.w.Header().Set("Content-Type", "application/x-pem-file")
	x.w.Header().Set("Cache-Control", "public, max-age=3600")
	_ = pem.Encode(x.w, &pem.Block{Type: "CERTIFICATE", Bytes: held.Certificate})
}
