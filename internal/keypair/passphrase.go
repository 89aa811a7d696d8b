package keypair

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"regexp"
	"strings"

	"latchkey/internal/secret"
)

// packed is a key as it was found: in DER, or encrypted in OpenSSL's old way.
type packed struct {
	der []byte
	dek *dekInfo
}

// dekInfo is the header DEK-Info of a block (RFC 1421 §4.6.1.3): how it is encrypted.
type dekInfo struct{ cipher, iv string }

// ErrEncrypted is the error for a key that needs a passphrase where none was given.
var ErrEncrypted = &Error{"the private key is encrypted with a passphrase", "give its passphrase, or the key without one: openssl pkey -in KEY -out PLAIN"}

var errPassphrase = &Error{"the passphrase is wrong, or the encrypted key is damaged", "give the passphrase that the key was made with"}

const plainKey = "decrypt it first: openssl pkey -in KEY -out PLAIN"

// open takes the key out of its encryption, if it is encrypted.
func (p packed) open(passphrase secret.String) ([]byte, *Error) {
	switch {
	case p.dek == nil && !isEncrypted(p.der):
		return p.der, nil
	case passphrase.Empty():
		return nil, ErrEncrypted
	case p.dek != nil:
		return p.dek.decrypt(p.der, passphrase)
	}
	return decryptPKCS8(p.der, passphrase)
}

// dekHeader finds the header wherever the lost line breaks have left it.
var dekHeader = regexp.MustCompile(`(?s)Proc-Type:\s*4,\s*ENCRYPTED.*?DEK-Info:\s*([A-Z0-9-]+?),\s*([0-9A-Fa-f]+)`)

// dekIVs are the lengths of the initialization vectors, in digits: where a line break is lost, base64 follows at once.
var dekIVs = map[string]int{"AES-128-CBC": 32, "AES-192-CBC": 32, "AES-256-CBC": 32, "DES-EDE3-CBC": 16, "DES-CBC": 16}

// cutHeaders takes the headers off a block's body; nil for a body that isn't encrypted.
func cutHeaders(body string) (*dekInfo, string) {
	found := dekHeader.FindStringSubmatchIndex(body)
	if found == nil {
		return nil, body
	}
	dek := &dekInfo{cipher: body[found[2]:found[3]], iv: body[found[4]:found[5]]}
	if digits, ok := dekIVs[dek.cipher]; ok && len(dek.iv) > digits {
		dek.iv = dek.iv[:digits]
	}
	return dek, body[found[4]+len(dek.iv):]
}

func (d *dekInfo) decrypt(data []byte, passphrase secret.String) ([]byte, *Error) {
	if _, ok := dekIVs[d.cipher]; !ok {
		return nil, &Error{"the private key is encrypted with a cipher that is not known here", plainKey}
	}
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: data, Headers: map[string]string{
		"Proc-Type": "4,ENCRYPTED", "DEK-Info": d.cipher + "," + strings.ToUpper(d.iv),
	}}
	if _, err := hex.DecodeString(d.iv); err != nil {
		return nil, &Error{"the header DEK-Info of the encrypted key is damaged", wantedText}
	}
	der, err := x509.DecryptPEMBlock(block, []byte(passphrase.Reveal())) //nolint:staticcheck // weak, and what OpenSSL wrote for decades
	if err != nil || !looksWhole(der) {
		return nil, errPassphrase
	}
	return der, nil
}
