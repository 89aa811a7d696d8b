package keypair_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// keys are made once: RSA takes its time.
type keys struct {
	rsa, weak        *rsa.PrivateKey
	p256, p384, p521 *ecdsa.PrivateKey
	ed               ed25519.PrivateKey
}

var made = sync.OnceValue(func() keys {
	return keys{
		rsa: must(rsa.GenerateKey(rand.Reader, 2048)), weak: must(rsa.GenerateKey(rand.Reader, 1024)),
		p256: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), p384: must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		p521: must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)), ed: ed25519.NewKeyFromSeed(make([]byte, 32)),
	}
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func block(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func pkcs8(key any) []byte { return must(x509.MarshalPKCS8PrivateKey(key)) }

func pkcs1() string { return block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(made().rsa)) }

func quoted(text string) string { return string(must(json.Marshal(text))) }

func wrapped(text string, width int) string {
	var lines []string
	for len(text) > width {
		lines, text = append(lines, text[:width]), text[width:]
	}
	return strings.Join(append(lines, text), "\n")
}

func TestKinds(t *testing.T) {
	k := made()
	for _, c := range []struct {
		text       string
		key        crypto.Signer
		kind       string
		algorithms string
	}{
		{pkcs1(), k.rsa, "RSA 2048", "RS256 PS256"},
		{block("PRIVATE KEY", pkcs8(k.rsa)), k.rsa, "RSA 2048", "RS256 PS256"},
		{block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(k.p256))), k.p256, "EC P-256", "ES256"},
		{block("PRIVATE KEY", pkcs8(k.p256)), k.p256, "EC P-256", "ES256"},
		{block("PRIVATE KEY", pkcs8(k.p384)), k.p384, "EC P-384", "ES384"},
		{block("PRIVATE KEY", pkcs8(k.ed)), k.ed, "Ed25519", "EdDSA"},
		// A wrong label, as OpenSSL's users write it by hand.
		{block("RSA PRIVATE KEY", pkcs8(k.rsa)), k.rsa, "RSA 2048", "RS256 PS256"},
		{block("PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k.rsa)), k.rsa, "RSA 2048", "RS256 PS256"},
		// openssl ecparam -genkey writes the curve before the key.
		{
			block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) +
				block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(k.p256))), k.p256, "EC P-256", "ES256",
		},
	} {
		got, err := keypair.Parse(secret.New(c.text))
		if err != nil {
			t.Errorf("Parse() of %s = %v", c.kind, err)
			continue
		}
		if !got.Signer().(interface{ Equal(crypto.PrivateKey) bool }).Equal(c.key) {
			t.Errorf("Parse() of %s gives another key", c.kind)
		}
		if algorithms := strings.Join(got.Algorithms(), " "); got.Kind() != c.kind || algorithms != c.algorithms {
			t.Errorf("Parse() gives %q for %q, want %q for %q", got.Kind(), algorithms, c.kind, c.algorithms)
		}
	}
}

// Each way in which a key arrives in the wild.
func TestPastes(t *testing.T) {
	text := pkcs1()
	der := x509.MarshalPKCS1PrivateKey(made().rsa)
	bare := base64.StdEncoding.EncodeToString(der)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	certificate := block("CERTIFICATE", newCertificate())
	for name, pasted := range map[string]string{
		"as it is":              text,
		"CRLF":                  strings.ReplaceAll(text, "\n", "\r\n"),
		"CR":                    strings.ReplaceAll(text, "\n", "\r"),
		`\n written`:            strings.ReplaceAll(text, "\n", `\n`),
		`\r\n written`:          strings.ReplaceAll(text, "\n", `\r\n`),
		`\\n written`:           strings.ReplaceAll(text, "\n", `\\n`),
		`\n and line breaks`:    strings.ReplaceAll(text, "\n", "\\n\n"),
		"quoted":                `"` + text + `"`,
		"JSON text":             quoted(text),
		"JSON text twice":       quoted(quoted(text)),
		"single quotes":         "'" + strings.ReplaceAll(text, "\n", `\n`) + "',",
		"typographic quotes":    "“" + text + "”",
		"byte order mark":       "\ufeff" + text,
		"zero width space":      "\u200b" + text,
		"indented":              "    " + strings.ReplaceAll(text, "\n", "\n    "),
		"tabs":                  strings.ReplaceAll(text, "\n", "\t\n\t"),
		"hard spaces":           strings.ReplaceAll(text, "\n", "\u00a0"),
		"blank lines":           strings.ReplaceAll(text, "\n", "\n\n"),
		"one line with blanks":  strings.ReplaceAll(text, "\n", " "),
		"no line breaks":        strings.ReplaceAll(text, "\n", ""),
		"other width":           lines[0] + "\n" + wrapped(bare, 76) + "\n" + lines[len(lines)-1],
		"quoted mail":           "> " + strings.ReplaceAll(text, "\n", "\n> "),
		"word processor":        strings.ReplaceAll(text, "-----", "—–-"),
		"no END line":           strings.Join(lines[:len(lines)-1], "\n"),
		"YAML":                  "private_key: |\n  " + strings.ReplaceAll(text, "\n", "\n  "),
		"JSON member":           `"private_key": ` + quoted(text) + ",",
		"environment":           `export PRIVATE_KEY="` + strings.ReplaceAll(text, "\n", `\n`) + `"`,
		"OpenSSL's attributes":  "Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n" + text,
		"certificate before":    certificate + text,
		"certificate behind":    text + certificate,
		"bare base64":           bare,
		"bare base64, wrapped":  wrapped(bare, 64),
		"bare without padding":  strings.TrimRight(bare, "="),
		"bare, URL alphabet":    base64.RawURLEncoding.EncodeToString(der),
		"base64 of the file":    base64.StdEncoding.EncodeToString([]byte(text)),
		"base64 of it, wrapped": wrapped(base64.StdEncoding.EncodeToString([]byte("\r\n"+strings.ReplaceAll(text, "\n", "\r\n"))), 76),
		"percent signs":         strings.NewReplacer("\n", "%0A", "+", "%2B", "/", "%2F", "=", "%3D").Replace(text),
		"HTML":                  strings.ReplaceAll(text, "\n", "&#10;"),
		"DER":                   string(der),
		"service account":       `{"type": "service_account", "private_key_id": "x", "private_key": ` + quoted(text) + `, "client_email": "a@b"}`,
		"service credentials": `{"ok":true,"integration":{"technicalAccount":{"clientId":"x"},"privateKey":` +
			quoted(strings.ReplaceAll(text, "\n", "\r\n")) + `,"publicKey":` + quoted(certificate) + `}}`,
		"console's JWT file":     `{"client_id":"x","jwt_private_key":` + string(must(json.Marshal(lines))) + `}`,
		"list of lines":          string(must(json.Marshal(lines))),
		"JSON in base64":         base64.StdEncoding.EncodeToString([]byte(`{"private_key": ` + quoted(text) + `}`)),
		"JSON with escaped text": `{"private_key": ` + quoted(strings.ReplaceAll(text, "\n", `\n`)) + `}`,
	} {
		got, err := keypair.Parse(secret.New(pasted))
		if err != nil {
			t.Errorf("Parse(%s) = %v", name, err)
			continue
		}
		if !made().rsa.Equal(got.Signer()) {
			t.Errorf("Parse(%s) gives another key", name)
		}
	}
}

func newCertificate() []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	return must(x509.CreateCertificate(rand.Reader, template, template, &made().p256.PublicKey, made().p256))
}

func TestRefusals(t *testing.T) {
	k := made()
	text := pkcs1()
	x25519 := must(ecdh.X25519().GenerateKey(rand.Reader))
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, k.p256))
	public := must(x509.MarshalPKIXPublicKey(&k.rsa.PublicKey))
	//nolint:staticcheck // deprecated, and what people paste
	legacy := must(x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", []byte("x"), []byte("p"), x509.PEMCipherAES256))
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "no private key"},
		"blanks":               {" \n\t", "no private key"},
		"words":                {"my secret key", "not a private key"},
		"a password":           {"hunter2hunter2", "not a private key"},
		"a file's name":        {"/home/me/private.key", "name of a file"},
		"a Windows file":       {`C:\keys\private.key`, "name of a file"},
		"too long":             {strings.Repeat("A", 70000), "too long"},
		"weak RSA":             {block("PRIVATE KEY", pkcs8(k.weak)), "1024 bits"},
		"P-521":                {block("PRIVATE KEY", pkcs8(k.p521)), "P-521"},
		"X25519":               {block("PRIVATE KEY", pkcs8(x25519)), "key agreement"},
		"certificate":          {block("CERTIFICATE", newCertificate()), "is a certificate, not"},
		"bare certificate":     {base64.StdEncoding.EncodeToString(newCertificate()), "is a certificate, not"},
		"certificate request":  {block("CERTIFICATE REQUEST", request), "certificate request"},
		"bare request":         {base64.StdEncoding.EncodeToString(request), "certificate request"},
		"public key":           {block("PUBLIC KEY", public), "public key, not"},
		"RSA public key":       {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey)), "public key, not"},
		"bare public key":      {base64.StdEncoding.EncodeToString(public), "public key, not"},
		"bare RSA public key":  {base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey)), "public key, not"},
		"public as private":    {block("PRIVATE KEY", public), "public key, not"},
		"encrypted PKCS#8":     {encryptedKey, "encrypted with a passphrase"},
		"bare encrypted":       {strings.Join(strings.Split(strings.TrimSpace(encryptedKey), "\n")[1:6], ""), "encrypted with a passphrase"},
		"encrypted, old":       {string(pem.EncodeToMemory(legacy)), "encrypted with a passphrase"},
		"OpenSSH":              {block("OPENSSH PRIVATE KEY", []byte("openssh-key-v1")), "ssh-keygen"},
		"PuTTY":                {"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none", "PuTTY"},
		"PGP":                  {block("PGP PRIVATE KEY BLOCK", []byte("x")), "PGP"},
		"DSA":                  {block("DSA PRIVATE KEY", []byte("x")), "DSA"},
		"another block":        {block("DH PARAMETERS", []byte("x")), "not a private key"},
		"PKCS#12":              {pkcs12, "PKCS#12"},
		"JWK":                  {`{"kty":"RSA","d":"canary"}`, "JWK"},
		"JSON without key":     {`{"client_id":"canary","client_secret":"canary"}`, "without a private key"},
		"OAuth client's JSON":  {`{"installed":{"client_secret":"canary","key":7}}`, "without a private key"},
		"cut off":              {text[:len(text)/2], "cut off"},
		"first line missing":   {text[strings.Index(text, "\n"):], "BEGIN line is missing"},
		"a hole":               {text[:200] + text[300:], "damaged"},
		"a stranger inside":    {text[:200] + "canary!" + text[300:], "damaged"},
		"half of bare":         {base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(k.rsa)[:600]), "a part of one"},
		"inconsistent numbers": {block("RSA PRIVATE KEY", spoiled()), "damaged"},
	} {
		_, err := keypair.Parse(secret.New(c.text))
		failure, ok := errors.AsType[*keypair.Error](err)
		if !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%s) = %v, want %q", name, err, c.want)
			continue
		}
		if strings.Contains(failure.Error(), "canary") || strings.Contains(failure.Error(), "hunter2") {
			t.Errorf("Parse(%s) = %q quotes what was pasted", name, err)
		}
	}
}

// spoiled is an RSA key whose numbers don't belong together.
func spoiled() []byte {
	der := x509.MarshalPKCS1PrivateKey(made().rsa)
	der[40] ^= 1 // inside the modulus
	return der
}

func TestCheckAlgorithm(t *testing.T) {
	for _, c := range []struct {
		key crypto.Signer
		can string
	}{{made().rsa, "RS256 PS256"}, {made().p256, "ES256"}, {made().p384, "ES384"}, {made().ed, "EdDSA"}} {
		key, err := keypair.Parse(secret.New(block("PRIVATE KEY", pkcs8(c.key))))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"RS256", "PS256", "ES256", "ES384", "EdDSA", "HS256", "none", ""} {
			err := key.CheckAlgorithm(name)
			if can := name != "" && strings.Contains(c.can, name); can != (err == nil) {
				t.Errorf("CheckAlgorithm(%q) of %s = %v", name, key.Kind(), err)
			}
			if err != nil && (!strings.Contains(err.Error(), key.Kind()) || !strings.Contains(err.Error(), key.Algorithms()[0])) {
				t.Errorf("CheckAlgorithm(%q) = %q, want the kind and what would do", name, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	k := made()
	f.Add(pkcs1())
	f.Add(strings.ReplaceAll(block("PRIVATE KEY", pkcs8(k.p256)), "\n", `\n`))
	f.Add(base64.StdEncoding.EncodeToString(pkcs8(k.ed)))
	f.Add(string(pkcs8(k.ed)))
	f.Add(`{"private_key":"-----BEGIN PRIVATE KEY-----\n"}`)
	f.Add(block("CERTIFICATE", newCertificate()))
	f.Add(encryptedKey)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := keypair.ParseCertificate([]byte(text)); err != nil {
			checkWords(t, err, text)
		}
		key, err := keypair.Parse(secret.New(text))
		switch {
		case err == nil && (key.Signer() == nil || key.Kind() == "" || len(key.Algorithms()) == 0):
			t.Error("Parse() gives half a key")
		case err != nil:
			checkWords(t, err, text)
		}
	})
}

// checkWords holds an error against what it must not quote.
func checkWords(t *testing.T, err error, text string) {
	t.Helper()
	if _, ok := errors.AsType[*keypair.Error](err); !ok {
		t.Errorf("the error is a %T, want an *Error", err)
	}
	// Twelve characters of what was pasted are no accident, unless they are of our own words.
	for i := 0; i+12 <= len(text); i++ {
		if part := text[i : i+12]; strings.Contains(err.Error(), part) && !strings.ContainsAny(part, " -") {
			t.Errorf("%q quotes %q", err, part)
		}
	}
}
