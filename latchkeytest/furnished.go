package latchkeytest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"latchkey/internal/app"
)

// A server begins with a copy of a data directory that was furnished once a process: the schema, the organization, its
// credentials and the signing keys cost some ten times what the rest of a start does.
type furniture struct {
	organization, adminKey string
	certificate, workspace []byte
	files                  map[string][]byte // :: path in the data directory → content
}

//go:embed keys/signing.pem
var signingPEM []byte

//go:embed keys/credential.pem
var credentialPEM []byte

var furnished = sync.OnceValues(furnish)

func furnish() (f *furniture, err error) {
	dir, err := os.MkdirTemp("", "latchkeytest-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f = &furniture{files: map[string][]byte{}}
	if f.certificate, err = certificate(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, "sample"), 0o700); err != nil {
		return nil, err
	}
	for name, text := range map[string][]byte{"private.key": plain(credentialPEM), "certificate_pub.crt": f.certificate} {
		if err := os.WriteFile(filepath.Join(dir, "sample", name), text, 0o600); err != nil {
			return nil, err
		}
	}
	ctx := context.Background()
	inside, err := app.StartInProcess(ctx, app.InProcessOptions{Data: dir, RSAKey: signingKey})
	if err != nil {
		return nil, err
	}
	made, err := inside.Furnish(ctx)
	if err = errors.Join(err, inside.Close()); err != nil {
		return nil, err
	}
	f.organization, f.adminKey, f.workspace = made.Organization, made.AdminKey, made.Workspace
	return f, f.read(dir)
}

// read takes the files of a data directory that nobody uses.
func (f *furniture) read(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f.files[name], err = os.ReadFile(path)
		return err
	})
}

// copyTo fills a data directory.
func (f *furniture) copyTo(dir string) error {
	for name, content := range f.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// plain gives a key's PEM without the line before it, which says that the key is public.
func plain(text []byte) []byte {
	block, _ := pem.Decode(text)
	return pem.EncodeToMemory(block)
}

func signingKey() (*rsa.PrivateKey, error) { return parseKey(signingPEM) }

func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is a %T, and no RSA key", parsed)
	}
	return key, nil
}

// certificate makes the one of the JWT credential: it ends after a year, as the vendor's do.
func certificate() ([]byte, error) {
	key, err := parseKey(credentialPEM)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.Unix()), Subject: pkix.Name{CommonName: "latchkeytest"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
