package keypair

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

const (
	// DefaultDays is the life of the Developer Console's own pairs.
	DefaultDays = 365
	// MaxDays is ten years: longer ones are forgotten before they end.
	MaxDays = 3653
)

// Order says what pair to make.
type Order struct {
	// EC asks for a P-256 key (ES256), which IMS itself does not take; else it is RSA (RS256), of Bits, 2048 if zero.
	EC   bool
	Bits int
	// Days is how long the certificate is valid, DefaultDays if zero.
	Days int
	// Subject is the certificate's name; see [ParseSubject].
	Subject pkix.Name
	// Now is when the certificate begins.
	Now time.Time
}

// Pair is a new private key with its self-signed certificate. Nothing else holds the key: who made the pair hands it
// out once, wipes it, and keeps the certificate.
type Pair struct {
	Certificate *Certificate
	key         []byte // PKCS#8 in PEM
}

// Generate makes a pair. The error is an [*Error] when the order can't be met.
func Generate(order Order) (*Pair, error) {
	if order.Bits == 0 {
		order.Bits = minRSA
	}
	if order.Days == 0 {
		order.Days = DefaultDays
	}
	if failure := order.check(); failure != nil {
		return nil, failure
	}
	signer, err := order.newKey()
	if err != nil {
		return nil, fmt.Errorf("generating a key: %w", err)
	}
	certificate, err := order.sign(signer)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return nil, fmt.Errorf("encoding the private key: %w", err)
	}
	defer clear(der)
	return &Pair{Certificate: certificate, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})}, nil
}

func (o Order) check() *Error {
	switch {
	case !o.EC && (o.Bits < minRSA || o.Bits > maxRSA || o.Bits%256 != 0):
		return &Error{fmt.Sprintf("an RSA key of %d bits is not made here", o.Bits), "ask for 2048, 3072 or 4096 bits"}
	case o.Days < 1 || o.Days > MaxDays:
		return &Error{fmt.Sprintf("a certificate of %d days is not made here", o.Days), fmt.Sprintf("ask for 1 to %d days; the Developer Console's own have %d", MaxDays, DefaultDays)}
	case o.Subject.String() == "":
		return &Error{"the certificate has no subject", "name its owner, such as CN=acme-target"}
	}
	return nil
}

func (o Order) newKey() (crypto.Signer, error) {
	if o.EC {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, o.Bits)
}

func (o Order) sign(signer crypto.Signer) (*Certificate, error) {
	serial := make([]byte, 16)
	_, _ = rand.Read(serial) // never fails
	serial[0] &= 0x7f        // positive, in 20 octets (RFC 5280 §4.1.2.2)
	now := o.Now.UTC().Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: o.Subject, NotBefore: now, NotAfter: now.AddDate(0, 0, o.Days),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return newCertificate(parsed), nil
}

// PrivateKey gives the key's file: PKCS#8 in PEM. The bytes are the pair's own, and gone after Wipe.
func (p *Pair) PrivateKey() []byte { return p.key }

// Wipe overwrites the private key, as far as it is here: what the garbage collector has moved or the caller has
// copied stays.
func (p *Pair) Wipe() {
	clear(p.key)
	p.key = nil
}
