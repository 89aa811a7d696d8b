package keypair

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // to say that such a key does not do
	"crypto/ecdh"
	"crypto/x509"
	"encoding/asn1"
)

// sequence splits one ASN.1 sequence from what follows it.
func sequence(der []byte) (rest []byte, ok bool) {
	var value asn1.RawValue
	rest, err := asn1.Unmarshal(der, &value)
	return rest, err == nil && value.Class == asn1.ClassUniversal && value.Tag == asn1.TagSequence && value.IsCompound
}

// parseDER reads a private key, or says what it is instead. The labels of PEM are often wrong, so they are not asked.
func parseDER(der []byte) (crypto.Signer, *Error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		if _, ok := key.(*ecdh.PrivateKey); ok {
			return nil, &Error{"this is a key for key agreement (X25519), which can't sign", wantedKinds}
		}
		return nil, &Error{"the key is of a kind that can't sign tokens", wantedKinds}
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, classify(der)
}

// classify says what the bytes are that are no private key that can be read.
func classify(der []byte) *Error {
	if _, err := x509.ParseCertificate(der); err == nil {
		return &Error{"this is a certificate, not a private key", giveOther}
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return &Error{"this is a certificate request, not a private key", giveOther}
	}
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		if _, ok := key.(*dsa.PublicKey); ok {
			return &Error{"this is a DSA key, which can't sign tokens", wantedKinds}
		}
		return &Error{"this is a public key, not a private one", giveOther}
	}
	if _, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return &Error{"this is a public key, not a private one", giveOther}
	}
	return classifyShape(der)
}

// algorithm is an AlgorithmIdentifier (RFC 5280 §4.1.1.2).
type algorithm struct {
	OID        asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

func classifyShape(der []byte) *Error {
	switch {
	case isEncrypted(der):
		return ErrEncrypted
	case isPrivateShape(der):
		return &Error{"the private key is damaged, or of a kind that can't sign tokens", wantedKinds}
	case isPKCS12(der):
		return &Error{"this is a PKCS#12 file (.p12, .pfx)", "take the key out: openssl pkcs12 -in FILE -nocerts -nodes"}
	}
	return &Error{"the private key is damaged, or of a kind that is not known here", wantedKinds}
}

// isEncrypted knows an encrypted PKCS#8.
func isEncrypted(der []byte) bool {
	var value encryptedKeyInfo
	rest, err := asn1.Unmarshal(der, &value)
	return err == nil && len(rest) == 0
}

type encryptedKeyInfo struct { // RFC 5958 §3
	Algorithm algorithm
	Data      []byte
}

// isPrivateShape knows a PKCS#8 (RFC 5958 §2), whatever is in it.
func isPrivateShape(der []byte) bool {
	var value struct {
		Version   int
		Algorithm algorithm
		Key       []byte
		Rest      asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(der, &value)
	return err == nil
}

// isPKCS12 knows a .p12 or .pfx (RFC 7292 §4).
func isPKCS12(der []byte) bool {
	var value struct {
		Version int
		Safe    struct {
			Type    asn1.ObjectIdentifier
			Content asn1.RawValue `asn1:"optional"`
		}
		MAC asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(der, &value)
	return err == nil
}

// isPKCS7 knows a .p7b or .p7c (RFC 2315 §7).
func isPKCS7(der []byte) bool {
	var value struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(der, &value)
	return err == nil && value.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2})
}
