// Package devca is a certificate authority for development: TLS on a workstation without asking anyone.
//
// It vouches for any name, on this machine, to whoever chose to trust its ca.crt: the certificates of the simulated
// providers and of `latchkey dev --tls` are its own. Its key never leaves its folder, and no name is vouched for that
// is not one ([IsHostname]). It is no authority for production: it revokes nothing, and asks nobody for proof.
package devca

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"latchkey/internal/file"
)

const (
	rootLife    = 5 * 365 * 24 * time.Hour
	rootRenewal = 30 * 24 * time.Hour // a root that ends sooner is renewed
	leafLife    = 30 * 24 * time.Hour
	leafRenewal = 10 * 24 * time.Hour
	leafLimit   = 256       // certificates that are kept; the oldest makes room
	clockSkew   = time.Hour // certificates begin so much earlier than now
)

// Authority is the authority of one folder. It is safe for concurrent use.
type Authority struct {
	key  *ecdsa.PrivateKey
	root *x509.Certificate
	pem  []byte

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // :: server name, or address of the listener → certificate
	order  []string                    // their names, oldest first
}

// LoadOrCreate opens the authority of a folder, and makes it when there is none.
//
// ca.key is what it is; ca.crt follows from it and is written anew when it is absent, near its end, or of another
// key. So of two processes that start at once, one makes the key and both end with certificates that vouch for the
// same leaves, and who trusted the old ca.crt still trusts new leaves after a renewal, until that ends.
func LoadOrCreate(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the certificate authority: %w", err)
	}
	key, err := LoadOrCreateKey(filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, fmt.Errorf("opening the certificate authority: %w", err)
	}
	root, err := loadOrCreateRoot(filepath.Join(dir, "ca.crt"), key, time.Now())
	if err != nil {
		return nil, err
	}
	return &Authority{
		key:    key,
		root:   root,
		pem:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}),
		leaves: map[string]*tls.Certificate{},
	}, nil
}

func loadOrCreateRoot(path string, key *ecdsa.PrivateKey, now time.Time) (*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the certificate of the certificate authority: %w", err)
	}
	if block, _ := pem.Decode(text); block != nil {
		root, err := x509.ParseCertificate(block.Bytes)
		if err == nil && root.IsCA && key.PublicKey.Equal(root.PublicKey) && now.Before(root.NotAfter.Add(-rootRenewal)) {
			return root, nil
		}
	}
	root, err := createRoot(path, key, now)
	if err != nil {
		return nil, fmt.Errorf("making the certificate of the certificate authority: %w", err)
	}
	return root, nil
}

func createRoot(path string, key *ecdsa.PrivateKey, now time.Time) (*x509.Certificate, error) {
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	keyID := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber: serialNumber(),
		// The name carries the key's digest: two machines' authorities are told apart in a list.
		Subject:               pkix.Name{CommonName: fmt.Sprintf("Latchkey development CA %x", keyID[:4]), Organization: []string{"Latchkey (development)"}},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(rootLife),
		IsCA:                  true,
		MaxPathLenZero:        true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SubjectKeyId:          keyID[:20],
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	if err := file.Replace(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// serialNumber gives 128 random bits (CA/Browser Forum BR §7.1 wants 64 at least).
func serialNumber() *big.Int {
	bits := make([]byte, 16)
	_, _ = rand.Read(bits) // never fails
	return new(big.Int).SetBytes(bits)
}

// Root gives the certificate of the authority.
func (a *Authority) Root() *x509.Certificate { return a.root }

// CertPEM gives the authority's certificate, as in ca.crt.
func (a *Authority) CertPEM() []byte { return append([]byte(nil), a.pem...) }

// CertPool gives a pool that holds the authority alone.
func (a *Authority) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// TLSConfig gives the configuration of a server with the authority's certificates.
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.Certificate}
}
