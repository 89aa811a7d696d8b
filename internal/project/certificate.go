package project

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the console's fingerprint, not a signature
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/access"
)

// MaxCertificate bounds an uploaded file.
const MaxCertificate = 64 << 10

// minRSA is the fewest bits of a modulus that is safe (NIST SP 800-131A).
const minRSA = 2048

// readCertificate reads an uploaded certificate: PEM or DER, whatever its file was called. Of several in one file the
// first counts; those after it are its issuers', which nobody asks.
func readCertificate(upload []byte) (*x509.Certificate, error) {
	invalid := func(message, fix string) error {
		return &InvalidError{Pointer: "/certificate", Message: message, Fix: fix}
	}
	if len(upload) > MaxCertificate {
		return nil, invalid("the file is too big for a certificate", fmt.Sprintf("upload the certificate alone, at most %d KiB", MaxCertificate>>10))
	}
	der := upload
	for rest := upload; ; {
		block, more := pem.Decode(rest)
		if block == nil {
			break
		}
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, invalid("this is a private key, not a certificate; it was not kept", uploadInstead)
		}
		if block.Type == "CERTIFICATE" && bytes.Equal(der, upload) {
			der = block.Bytes
		}
		rest = more
	}
	certificate, err := x509.ParseCertificate(der)
	switch {
	case err == nil:
		return certificate, nil
	case isPrivateKey(der):
		return nil, invalid("this is a private key, not a certificate; it was not kept", uploadInstead)
	case bytes.Contains(upload, []byte("PUBLIC KEY")):
		return nil, invalid("this is a bare public key, not a certificate", "make a certificate of it: openssl req -x509 -sha256 -nodes -days 365 -newkey rsa:2048 -keyout private.key -out certificate_pub.crt")
	}
	return nil, invalid("this is no X.509 certificate", "upload a certificate as CRT, CER, DER or PEM, such as certificate_pub.crt")
}

const uploadInstead = "upload the certificate that was made with it, such as certificate_pub.crt, and keep the key to yourself"

// isPrivateKey knows private keys in DER.
func isPrivateKey(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(der)
	return err == nil
}

// newBinding makes a binding of an uploaded certificate that is fit for one.
func newBinding(caller access.Caller, upload []byte, requireJTI bool, now time.Time) (Binding, error) {
	certificate, err := readCertificate(upload)
	if err != nil {
		return Binding{}, err
	}
	if err := checkCertificate(certificate, now); err != nil {
		return Binding{}, err
	}
	sum1, sum256 := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw) //nolint:gosec // see above
	return Binding{
		ID: newHex(16), SHA1: hex.EncodeToString(sum1[:]), SHA256: hex.EncodeToString(sum256[:]), Certificate: certificate.Raw,
		NotBefore: certificate.NotBefore.UTC(), NotAfter: certificate.NotAfter.UTC(), RequireJTI: requireJTI, CreatedBy: by(caller), CreatedAt: now,
	}, nil
}

func checkCertificate(certificate *x509.Certificate, now time.Time) error {
	invalid := func(message, fix string) error {
		return &InvalidError{Pointer: "/certificate", Message: message, Fix: fix}
	}
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSA {
			return invalid(fmt.Sprintf("the certificate's RSA key has %d bits, which is not safe any more", bits), fmt.Sprintf("make one of %d bits or more", minRSA))
		}
	case *ecdsa.PublicKey:
		if name := key.Curve.Params().Name; name != "P-256" && name != "P-384" {
			return invalid(fmt.Sprintf("the certificate's EC key is on the curve %s, which is not used here", name), "make one on P-256")
		}
	default:
		return invalid("the certificate's key is of a kind that is not used here", fmt.Sprintf("make an RSA key of %d bits or more", minRSA))
	}
	if now.After(certificate.NotAfter) {
		return invalid("the certificate has expired on "+certificate.NotAfter.UTC().Format(time.DateTime)+" UTC", "make a new one")
	}
	return nil
}
