package keypair

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the console's fingerprint, not a signature
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"time"
)

// Certificate is an X.509 certificate as a credential is bound to it.
type Certificate struct {
	// DER is the certificate itself.
	DER []byte
	// SHA1 and SHA256 are the fingerprints of DER as the Developer Console writes them: lower-case hexadecimal digits
	// without colons.
	SHA1, SHA256 string
	// Serial is the serial number in lower-case hexadecimal digits.
	Serial string
	// Subject and Issuer are names as RFC 4514 writes them: "CN=acme,O=Acme".
	Subject, Issuer string
	SelfSigned      bool
	// NotBefore and NotAfter are the first and the last moment at which it is valid, in UTC.
	NotBefore, NotAfter time.Time
	PublicKey           crypto.PublicKey
	// Kind names the key for people: "RSA 2048", "EC P-256".
	Kind string
	// Others counts the certificates that followed in the same file: a chain. The first counts; the others' owners are
	// its issuers, whom nobody asks.
	Others int
}

func newCertificate(c *x509.Certificate) *Certificate {
	sum1, sum256 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw) //nolint:gosec // see above
	return &Certificate{
		DER: c.Raw, SHA1: hex.EncodeToString(sum1[:]), SHA256: hex.EncodeToString(sum256[:]), Serial: fmt.Sprintf("%x", c.SerialNumber),
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), SelfSigned: string(c.RawSubject) == string(c.RawIssuer),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), PublicKey: c.PublicKey, Kind: kindOf(c.PublicKey),
	}
}

func kindOf(key crypto.PublicKey) string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "EC " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return fmt.Sprintf("%T", key)
}

// PEM gives the certificate as a file of one block.
func (c *Certificate) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.DER})
}

// DaysLeft counts the whole days until the certificate ends; it is negative for one that has ended.
func (c *Certificate) DaysLeft(now time.Time) int {
	left := c.NotAfter.Sub(now)
	if left < 0 {
		left -= 24*time.Hour - 1 // an hour after the end is day -1
	}
	return int(left / (24 * time.Hour))
}

// Check fails with an [*Error] when a credential can't be bound to the certificate: a key that is not safe or not used
// here, an end that has passed, a beginning that has not come.
func (c *Certificate) Check(now time.Time) error {
	if failure := c.CheckKind(); failure != nil {
		return failure
	}
	return c.CheckTime(now)
}

// CheckKind is the part of Check that time doesn't change.
func (c *Certificate) CheckKind() error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		switch bits := key.N.BitLen(); {
		case bits < minRSA:
			return &Error{fmt.Sprintf("the certificate's RSA key has %d bits, which is not safe any more", bits), fmt.Sprintf("make one of %d bits or more", minRSA)}
		case bits > maxRSA:
			return &Error{fmt.Sprintf("the certificate's RSA key has %d bits, which takes too long to sign with", bits), "make one of 2048 or 4096 bits"}
		}
	case *ecdsa.PublicKey:
		if name := key.Curve.Params().Name; name != "P-256" && name != "P-384" {
			return &Error{fmt.Sprintf("the certificate's EC key is on the curve %s, which is not used here", name), "make one on P-256"}
		}
	default:
		return &Error{"the certificate's key is of a kind that is not used here", fmt.Sprintf("make an RSA key of %d bits or more", minRSA)}
	}
	return nil
}

// CheckTime is the part of Check that tells whether the certificate is valid at a moment, its last one included.
func (c *Certificate) CheckTime(now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return &Error{"the certificate has expired on " + c.NotAfter.Format(time.DateTime) + " UTC", "make a new one, and bind it beside the old one before that ends"}
	case now.Before(c.NotBefore):
		return &Error{
			"the certificate is not valid yet: it begins on " + c.NotBefore.Format(time.DateTime) + " UTC",
			"wait until then, or make one that begins now; if that is in the past, set this machine's clock (" + now.UTC().Format(time.DateTime) + " UTC)",
		}
	}
	return nil
}

// CheckKey fails with an [*Error] unless the private key is the one that the certificate speaks of.
func (c *Certificate) CheckKey(key *Key) error {
	public, ok := key.signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if ok && public.Equal(c.PublicKey) {
		return nil
	}
	if key.kind != c.Kind {
		return &Error{fmt.Sprintf("the private key (%s) does not belong to the certificate, whose key is %s", key.kind, c.Kind), giveThePair}
	}
	return &Error{fmt.Sprintf("the private key does not belong to the certificate: both are %s, and their public keys differ", c.Kind), giveThePair}
}

const giveThePair = "give the private key and the certificate that were made together"
