package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
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
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	rootLife    = 5 * 365 * 24 * time.Hour
	rootRenewal = 30 * 24 * time.Hour // a root that ends sooner is renewed
	leafLife    = 30 * 24 * time.Hour
	leafRenewal = 10 * 24 * time.Hour
	leafLimit   = 256       // certificates that are kept; the oldest makes room
	clockSkew   = time.Hour // certificates begin so much earlier than now
)

// CA is a certificate authority for development: it vouches for any name, on this machine, to whoever chose to
// trust its ca.crt. Its key never leaves its folder. It is safe for concurrent use.
type CA struct {
	key  *ecdsa.PrivateKey
	root *x509.Certificate
	pem  []byte

	mu     sync.Mutex
	leaves table[string, *tls.Certificate] // by server name, or address of the listener
}

// LoadOrCreateCA opens the authority of a folder, and makes it when there is none.
//
// ca.key is what it is; ca.crt follows from it and is written anew when it is absent, near its end, or of another
// key. So of two processes that start at once, one makes the key and both end with certificates that vouch for the
// same leaves, and who trusted the old ca.crt still trusts new leaves after a renewal, until that ends.
func LoadOrCreateCA(dir string) (*CA, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the certificate authority: %w", err)
	}
	key, err := loadOrCreateKey(filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, fmt.Errorf("opening the certificate authority: %w", err)
	}
	root, err := loadOrCreateRoot(filepath.Join(dir, "ca.crt"), key, time.Now())
	if err != nil {
		return nil, err
	}
	return &CA{
		key:    key,
		root:   root,
		pem:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}),
		leaves: newTable[string, *tls.Certificate](leafLimit),
	}, nil
}

// loadOrCreateKey reads a key, or makes one. The file appears complete or not at all, and is never replaced.
func loadOrCreateKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("making the key: %w", err)
		}
		text, err = os.ReadFile(path) // another process may have made it first
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // in case it was copied without care
		return nil, fmt.Errorf("closing the key to others: %w", err)
	}
	unusable := fmt.Errorf("reading the key: %s holds no ECDSA key in PKCS #8; hint: move it away and a new one is made", path)
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, unusable
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, unusable
	}
	return key, nil
}

func createKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	temporary, err := writeTemporary(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary) }()
	// A hard link, not a rename: it fails when the file exists, so the first process wins.
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeTemporary writes a file beside path, durably, and gives its name.
func writeTemporary(path string, content []byte, mode fs.FileMode) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
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
	temporary, err := writeTemporary(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(temporary, path); err != nil {
		_ = os.Remove(temporary)
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

// CertPEM gives the authority's certificate, as in ca.crt.
func (c *CA) CertPEM() []byte { return append([]byte(nil), c.pem...) }

// CertPool gives a pool that holds the authority alone.
func (c *CA) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.root)
	return pool
}

// TLSConfig gives the configuration of a server with the authority's certificates.
func (c *CA) TLSConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.Certificate}
}

// Certificate makes a certificate for the name that a client asks for, or for the address that it has reached when
// it names none; a tls.Config takes it as GetCertificate.
func (c *CA) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name, err := nameOf(hello)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if leaf, ok := c.leaves.get(name); ok && now.Before(leaf.Leaf.NotAfter.Add(-leafRenewal)) {
		return leaf, nil
	}
	leaf, err := c.createLeaf(name, now)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	c.leaves.put(name, leaf)
	return leaf, nil
}

func nameOf(hello *tls.ClientHelloInfo) (string, error) {
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	switch {
	case name != "" && (isHostname(name) || net.ParseIP(name) != nil):
		return name, nil
	case name != "":
		return "", errors.New("making a certificate: the server name is no DNS name")
	case hello.Conn == nil:
		return "", errors.New("making a certificate: the client asks for no server name")
	}
	host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
	ip := net.ParseIP(host)
	if err != nil || ip == nil {
		return "", errors.New("making a certificate: the client asks for no server name, and the listener has no address")
	}
	return ip.String(), nil
}

func (c *CA) createLeaf(name string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ends := now.Add(leafLife)
	if ends.After(c.root.NotAfter) {
		ends = c.root.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber:          serialNumber(),
		Subject:               pkix.Name{Organization: []string{"Latchkey (development)"}},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              ends,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.root, &key.PublicKey, c.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
