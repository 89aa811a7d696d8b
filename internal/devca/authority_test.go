package devca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"latchkey/internal/devca"
)

func open(t *testing.T, dir string) *devca.Authority {
	t.Helper()
	authority, err := devca.LoadOrCreate(dir)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func TestCertificatesAreVerifiedByARealClient(t *testing.T) {
	authority := open(t, t.TempDir())
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug) // handshakes that fail on purpose
	server.Listener = tls.NewListener(server.Listener, authority.TLSConfig())
	server.Start()
	defer server.Close()
	for _, tt := range []struct {
		name, server string
		roots        *x509.CertPool
		ok           bool
	}{
		{"by name", "www.moviestar.com", authority.CertPool(), true},
		{"by any name", "Tenant-1.yourdestination.com", authority.CertPool(), true},
		{"by address", "127.0.0.1", authority.CertPool(), true},
		{"without the authority", "www.moviestar.com", x509.NewCertPool(), false},
		{"by no DNS name", "a_b!.example", authority.CertPool(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: tt.roots, ServerName: tt.server}}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
			if (err == nil) != tt.ok {
				t.Errorf("handshake: %v, want success: %v", err, tt.ok)
			}
			if err == nil {
				_ = conn.Close()
			}
		})
	}
}

func TestLeafIsKeptAndKeptLeavesAreBounded(t *testing.T) {
	ca := open(t, t.TempDir())
	get := func(name string) *tls.Certificate {
		leaf, err := ca.Certificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil {
			t.Fatal(err)
		}
		return leaf
	}
	first := get("a.example")
	if get("A.example.") != first {
		t.Error("a second certificate was made for one name")
	}
	for i := range 256 {
		get(fmt.Sprintf("n%d.example", i))
	}
	if get("a.example") == first {
		t.Error("the oldest certificate is still kept")
	}
	if _, err := ca.Certificate(&tls.ClientHelloInfo{}); err == nil {
		t.Error("a certificate for no name")
	}
}

func TestAuthorityIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	var group sync.WaitGroup
	authorities := make([]*devca.Authority, 8)
	for i := range authorities {
		group.Go(func() {
			ca, err := devca.LoadOrCreate(dir)
			if err != nil {
				t.Error(err)
			}
			authorities[i] = ca
		})
	}
	group.Wait()
	leaf, err := authorities[0].Certificate(&tls.ClientHelloInfo{ServerName: "www.moviestar.com"})
	if err != nil {
		t.Fatal(err)
	}
	for _, ca := range authorities { // whoever came first, all vouch for the same leaves
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: ca.CertPool(), DNSName: "www.moviestar.com"}); err != nil {
			t.Error(err)
		}
	}
	again := open(t, dir)
	text, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil || !bytes.Equal(text, again.CertPEM()) {
		t.Errorf("ca.crt is not CertPEM: %v", err)
	}
	for name, want := range map[string]os.FileMode{"ca.key": 0o600, "ca.crt": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("the folder holds %v, want two files", files)
	}
}

func TestAuthorityIsRenewedNearItsEnd(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKCS8PrivateKey(key)
	write := func(name, kind string, der []byte, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("ca.key", "PRIVATE KEY", der, 0o644)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ending"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(29 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err = x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	write("ca.crt", "CERTIFICATE", der, 0o644)
	ca := open(t, dir)
	block, _ := pem.Decode(ca.CertPEM())
	renewed, err := x509.ParseCertificate(block.Bytes)
	if err != nil || time.Until(renewed.NotAfter) < 365*24*time.Hour || !key.PublicKey.Equal(renewed.PublicKey) {
		t.Errorf("renewed until %v, %v", renewed.NotAfter, err)
	}
	if info, _ := os.Stat(filepath.Join(dir, "ca.key")); info.Mode().Perm() != 0o600 {
		t.Errorf("ca.key is left at %v", info.Mode().Perm())
	}
}

func TestAuthorityWithABrokenKeyIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := devca.LoadOrCreate(dir); err == nil {
		t.Error("a broken key was accepted")
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "ca.key")); string(text) != "nonsense" {
		t.Error("a broken key was replaced")
	}
}
