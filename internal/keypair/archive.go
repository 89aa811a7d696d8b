package keypair

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"time"
)

// The names of a pair's files, as the Developer Console gives them.
const (
	ArchiveFile     = "config.zip"
	PrivateKeyFile  = "private.key"
	CertificateFile = "certificate_pub.crt"
)

// Archive gives config.zip: private.key, then certificate_pub.crt. The same pair gives the same bytes; the files are
// dated with the certificate's beginning, and stored as they are, so that the key is nowhere in a compressor's tables.
func (p *Pair) Archive() ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(p.key) + len(p.Certificate.DER)*2 + 1024) // no copies of the key are left behind by growing
	archive := zip.NewWriter(&out)
	add := func(name string, mode fs.FileMode, content []byte) error {
		header := &zip.FileHeader{Name: name, Method: zip.Store, Modified: p.Certificate.NotBefore.Truncate(2 * time.Second)}
		header.SetMode(mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		_, err = entry.Write(content)
		return err
	}
	if err := add(PrivateKeyFile, 0o600, p.key); err != nil {
		return nil, fmt.Errorf("writing %s: %w", ArchiveFile, err)
	}
	if err := add(CertificateFile, 0o644, p.Certificate.PEM()); err != nil {
		return nil, fmt.Errorf("writing %s: %w", ArchiveFile, err)
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("writing %s: %w", ArchiveFile, err)
	}
	return out.Bytes(), nil
}
