package keypair

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // OpenSSL before 1.1 encrypted keys with it
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // PBKDF2's default
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"hash"

	"golang.org/x/crypto/scrypt"

	"latchkey/internal/secret"
)

// The bounds of what a file may ask for: far above what any tool writes, and still done within seconds.
const (
	maxIterations   = 10_000_000
	maxScryptMemory = 128 << 20
	maxScryptBlocks = 16
)

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
)

// prfs are the pseudorandom functions of PBKDF2 (RFC 8018 §B.1.2).
var prfs = map[string]func() hash.Hash{
	"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.8": sha256.New224, "1.2.840.113549.2.9": sha256.New,
	"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
}

// ciphers are the encryption schemes (RFC 8018 §B.2, RFC 3565), with the lengths of their keys.
var ciphers = map[string]struct {
	key int
	new func([]byte) (cipher.Block, error)
}{
	"2.16.840.1.101.3.4.1.2": {16, aes.NewCipher}, "2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher}, "1.2.840.113549.3.7": {24, des.NewTripleDESCipher},
}

// decryptPKCS8 opens an encrypted PKCS#8 (RFC 5958 §3, with PBES2 of RFC 8018 §6.2).
func decryptPKCS8(der []byte, passphrase secret.String) ([]byte, *Error) {
	var info encryptedKeyInfo
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, errPassphrase
	}
	var scheme struct{ Derivation, Encryption algorithm }
	if !info.Algorithm.OID.Equal(oidPBES2) {
		return nil, &Error{"the private key is encrypted in an old way (" + info.Algorithm.OID.String() + ") that is not read here", plainKey}
	}
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, errPassphrase
	}
	kind, ok := ciphers[scheme.Encryption.OID.String()]
	if !ok {
		return nil, &Error{"the private key is encrypted with a cipher (" + scheme.Encryption.OID.String() + ") that is not known here", plainKey}
	}
	key, failure := derive(scheme.Derivation, passphrase, kind.key)
	if failure != nil {
		return nil, failure
	}
	defer clear(key)
	block, err := kind.new(key)
	if err != nil {
		return nil, errPassphrase
	}
	var iv []byte
	if _, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv); err != nil || len(iv) != block.BlockSize() {
		return nil, errPassphrase
	}
	return unpad(block, iv, info.Data)
}

// unpad decrypts in CBC and takes the padding off (RFC 8018 §6.1.1).
func unpad(block cipher.Block, iv, data []byte) ([]byte, *Error) {
	size := block.BlockSize()
	if len(data) == 0 || len(data)%size != 0 {
		return nil, errPassphrase
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > size || !looksWhole(plain[:len(plain)-pad]) {
		return nil, errPassphrase
	}
	return plain[:len(plain)-pad], nil
}

// derive makes the cipher's key of the passphrase.
func derive(by algorithm, passphrase secret.String, length int) ([]byte, *Error) {
	switch {
	case by.OID.Equal(oidPBKDF2):
		return derivePBKDF2(by.Parameters.FullBytes, passphrase, length)
	case by.OID.Equal(oidScrypt):
		return deriveScrypt(by.Parameters.FullBytes, passphrase, length)
	}
	return nil, &Error{"the passphrase is used in a way (" + by.OID.String() + ") that is not known here", plainKey}
}

func derivePBKDF2(parameters []byte, passphrase secret.String, length int) ([]byte, *Error) {
	var p struct {
		Salt       []byte
		Iterations int
		KeyLength  int       `asn1:"optional"`
		PRF        algorithm `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(parameters, &p); err != nil || p.Iterations < 1 {
		return nil, errPassphrase
	}
	prf, ok := prfs[p.PRF.OID.String()]
	if !ok {
		return nil, &Error{"the passphrase is used with a function (" + p.PRF.OID.String() + ") that is not known here", plainKey}
	}
	if p.Iterations > maxIterations {
		return nil, errCostly
	}
	key, err := pbkdf2.Key(prf, passphrase.Reveal(), p.Salt, p.Iterations, length)
	if err != nil {
		return nil, errPassphrase
	}
	return key, nil
}

var errCostly = &Error{"the key's encryption asks for more work than any tool does", plainKey}

// deriveScrypt is RFC 7914 §7.
func deriveScrypt(parameters []byte, passphrase secret.String, length int) ([]byte, *Error) {
	var p struct {
		Salt      []byte
		N, R, P   int
		KeyLength int `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(parameters, &p); err != nil || p.N < 2 || p.R < 1 || p.P < 1 {
		return nil, errPassphrase
	}
	if p.P > maxScryptBlocks || p.N > maxScryptMemory/128 || p.R > maxScryptMemory/128/p.N {
		return nil, errCostly
	}
	key, err := scrypt.Key([]byte(passphrase.Reveal()), p.Salt, p.N, p.R, p.P, length)
	if err != nil {
		return nil, errPassphrase
	}
	return key, nil
}
