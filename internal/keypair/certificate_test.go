package keypair_test

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func certificate(t *testing.T, key crypto.Signer, from, to time.Time) *keypair.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(0xabc), Subject: pkix.Name{CommonName: "acme"}, NotBefore: from, NotAfter: to}
	got, err := keypair.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The files were written by OpenSSL; all hold the key of plain.pem, with the passphrase "test".
func TestEncryptedKeys(t *testing.T) {
	plain := must(keypair.Parse(secret.New(testdata(t, "plain.pem")))).Signer().Public()
	for _, name := range []string{"aes256-sha256", "aes128-sha512", "aes192-sha1", "des3", "scrypt", "legacy-aes256", "legacy-des3"} {
		text := testdata(t, name+".pem")
		if _, err := keypair.Parse(secret.New(text)); !errors.Is(err, keypair.ErrEncrypted) {
			t.Errorf("Parse(%s) = %v, want ErrEncrypted", name, err)
		}
		if _, err := keypair.ParseEncrypted(secret.New(text), secret.New("Test")); err == nil || !strings.Contains(err.Error(), "passphrase is wrong") {
			t.Errorf("ParseEncrypted(%s) with another passphrase = %v", name, err)
		}
		for how, pasted := range map[string]string{
			"as it is": text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), `\n written`: strings.ReplaceAll(text, "\n", `\n`),
			"one line": strings.ReplaceAll(text, "\n", " "), "no line breaks": strings.ReplaceAll(text, "\n", ""),
			"base64": base64.StdEncoding.EncodeToString([]byte(text)), "list": string(must(json.Marshal(strings.Split(text, "\n")))),
		} {
			got, err := keypair.ParseEncrypted(secret.New(pasted), secret.New("test"))
			if err != nil {
				t.Errorf("ParseEncrypted(%s, %s) = %v", name, how, err)
				continue
			}
			if !got.Signer().Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(plain) {
				t.Errorf("ParseEncrypted(%s, %s) gives another key", name, how)
			}
		}
	}
	for name, want := range map[string]string{"pbes1.pem": "old way", "camellia.pem": "cipher", "legacy-camellia.pem": "cipher"} {
		if _, err := keypair.ParseEncrypted(secret.New(testdata(t, name)), secret.New("test")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseEncrypted(%s) = %v, want %q", name, err, want)
		}
	}
	if _, err := keypair.ParseEncrypted(secret.New(testdata(t, "plain.pem")), secret.New("test")); err != nil {
		t.Errorf("ParseEncrypted() of a plain key = %v", err)
	}
}

func TestCertificatePastes(t *testing.T) {
	der := newCertificate()
	text := block("CERTIFICATE", der)
	bare := base64.StdEncoding.EncodeToString(der)
	other := block("CERTIFICATE", must(x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(9)}, &x509.Certificate{SerialNumber: big.NewInt(9)}, made().p384.Public(), made().p384)))
	for name, c := range map[string]struct {
		pasted string
		others int
	}{
		"as it is":              {text, 0},
		"DER":                   {string(der), 0},
		"DER and a line break":  {string(der) + "\n", 0},
		"CRLF":                  {strings.ReplaceAll(text, "\n", "\r\n"), 0},
		`\n written`:            {strings.ReplaceAll(text, "\n", `\n`), 0},
		"one line":              {strings.ReplaceAll(text, "\n", " "), 0},
		"no line breaks":        {strings.ReplaceAll(text, "\n", ""), 0},
		"blank lines before":    {"\n\n" + text, 0},
		"bare base64":           {bare, 0},
		"bare base64, wrapped":  {wrapped(bare, 64), 0},
		"base64 of the file":    {base64.StdEncoding.EncodeToString([]byte(text)), 0},
		"base64 of it, wrapped": {wrapped(base64.StdEncoding.EncodeToString([]byte(text)), 76), 0},
		"list of lines":         {string(must(json.Marshal(strings.Split(text, "\n")))), 0},
		"JSON member":           {`{"certificate":` + quoted(text) + `}`, 0},
		"OpenSSL's text":        {"Certificate:\n    Data:\n        Version: 3 (0x2)\n" + text, 0},
		"old label":             {block("X509 CERTIFICATE", der), 0},
		"trusted":               {block("TRUSTED CERTIFICATE", append(bytes.Clone(der), 0x30, 0)), 0},
		"UTF-16":                {"\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00", 0},
		"chain":                 {text + other + other, 2},
		"a request beside":      {block("CERTIFICATE REQUEST", []byte("x")) + text, 0},
	} {
		got, err := keypair.ParseCertificate([]byte(c.pasted))
		if err != nil {
			t.Errorf("ParseCertificate(%s) = %v", name, err)
			continue
		}
		if !bytes.Equal(got.DER, der) || got.Others != c.others {
			t.Errorf("ParseCertificate(%s) gives another certificate, with %d others", name, got.Others)
		}
	}
}

// The words are for people: each thing that is uploaded in the place of a certificate has its own.
func TestCertificateRefusals(t *testing.T) {
	k := made()
	const private = "this is a private key, not a certificate; it was not kept"
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, k.p256))
	public := must(x509.MarshalPKIXPublicKey(&k.rsa.PublicKey))
	damaged := bytes.Clone(newCertificate())
	damaged[len(damaged)/3] ^= 0xff
	for name, c := range map[string]struct{ upload, want string }{
		"private key":              {pkcs1(), private},
		"PKCS#8":                   {block("PRIVATE KEY", pkcs8(k.rsa)), private},
		"private key in DER":       {string(pkcs8(k.rsa)), private},
		"PKCS#1 in DER":            {string(x509.MarshalPKCS1PrivateKey(k.rsa)), private},
		"EC in DER":                {string(must(x509.MarshalECPrivateKey(k.p256))), private},
		"bare private key":         {base64.StdEncoding.EncodeToString(pkcs8(k.rsa)), private},
		"private key in base64":    {base64.StdEncoding.EncodeToString([]byte(pkcs1())), private},
		"encrypted private key":    {encryptedKey, private},
		"encrypted in DER":         {string(must(base64.StdEncoding.DecodeString(strings.Join(strings.Split(strings.TrimSpace(encryptedKey), "\n")[1:6], "")))), private},
		"key and certificate":      {block("CERTIFICATE", newCertificate()) + pkcs1(), private},
		"OpenSSH's private key":    {block("OPENSSH PRIVATE KEY", []byte("x")), private},
		"private key, mislabelled": {block("CERTIFICATE", pkcs8(k.p256)), private},
		"list of a key's lines":    {string(must(json.Marshal(strings.Split(pkcs1(), "\n")))), private},
		"a private JWK":            {`{"kty":"RSA","n":"x","d":"canary"}`, private},
		"PuTTY":                    {"PuTTY-User-Key-File-3: ssh-rsa", private},
		"PKCS#12":                  {pkcs12, "openssl pkcs12 -in FILE -clcerts -nokeys"},
		"PKCS#12 in DER":           {string(must(base64.StdEncoding.DecodeString(strings.ReplaceAll(pkcs12, "\n", "")))), "PKCS#12"},
		"PKCS#7":                   {testdata(t, "certificate.p7b"), "openssl pkcs7"},
		"request":                  {block("CERTIFICATE REQUEST", request), "certificate request (CSR)"},
		"old request":              {block("NEW CERTIFICATE REQUEST", request), "certificate request (CSR)"},
		"request in DER":           {string(request), "certificate request (CSR)"},
		"public key":               {block("PUBLIC KEY", public), "bare public key"},
		"public key in DER":        {string(public), "bare public key"},
		"SSH's public key":         {"ssh-rsa AAAAB3NzaC1yc2E canary@host", "of SSH"},
		"public JWK":               {`{"kty":"RSA","n":"x"}`, "JWK"},
		"PGP":                      {block("PGP PUBLIC KEY BLOCK", []byte("x")), "PGP"},
		"CRL":                      {block("X509 CRL", []byte("x")), "revoked"},
		"HTML":                     {"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"},
		"JSON":                     {`{"error":"canary"}`, "JSON"},
		"nothing":                  {"", "empty"},
		"blanks":                   {" \r\n", "empty"},
		"words":                    {"my certificate", "not a certificate"},
		"a file's name":            {"C:\\certificate_pub.crt", "name of a file"},
		"too long":                 {strings.Repeat("A", keypair.MaxCertificate+1), "too long"},
		"cut off":                  {block("CERTIFICATE", newCertificate())[:200], "cut off"},
		"a hole":                   {strings.Replace(block("CERTIFICATE", newCertificate()), "MII", "MI", 1), "damaged"},
		"part of base64":           {base64.StdEncoding.EncodeToString(newCertificate()[:90]), "a part of one"},
		"damaged":                  {block("CERTIFICATE", damaged), "damaged"},
	} {
		_, err := keypair.ParseCertificate([]byte(c.upload))
		if _, ok := errors.AsType[*keypair.Error](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseCertificate(%s) = %v, want %q", name, err, c.want)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("ParseCertificate(%s) = %q quotes what was uploaded", name, err)
		}
	}
}

func TestCertificateCheck(t *testing.T) {
	k := made()
	for name, c := range map[string]struct {
		key      crypto.Signer
		from, to time.Time
		want     string
	}{
		"good":          {k.rsa, now.Add(-time.Hour), now.Add(time.Hour), ""},
		"P-256":         {k.p256, now.Add(-time.Hour), now.Add(time.Hour), ""},
		"P-384":         {k.p384, now, now, ""},
		"expired":       {k.rsa, now.Add(-time.Hour), now.Add(-time.Second), "expired on 2026-03-01 11:59:59 UTC"},
		"not yet valid": {k.rsa, now.Add(time.Second), now.Add(time.Hour), "begins on 2026-03-01 12:00:01 UTC"},
		"short":         {k.weak, now, now, "1024 bits"},
		"P-521":         {k.p521, now, now, "P-521"},
		"Ed25519":       {k.ed, now, now, "not used here"},
	} {
		err := certificate(t, c.key, c.from, c.to).Check(now)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("Check() of %s = %v, want %q", name, err, c.want)
		}
	}
}

func TestCheckKey(t *testing.T) {
	k := made()
	of := certificate(t, k.p256, now, now)
	for _, c := range []struct {
		key  crypto.Signer
		want string
	}{{k.p256, ""}, {k.rsa, "whose key is EC P-256"}, {must(keypair.Parse(secret.New(testdata(t, "plain.pem")))).Signer(), "public keys differ"}} {
		err := of.CheckKey(must(keypair.Parse(secret.New(block("PRIVATE KEY", pkcs8(c.key))))))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("CheckKey() = %v, want %q", err, c.want)
		}
	}
}

func TestDaysLeft(t *testing.T) {
	of := certificate(t, made().p256, now, now.Add(48*time.Hour))
	for after, want := range map[time.Duration]int{0: 2, time.Second: 1, 48 * time.Hour: 0, 48*time.Hour + time.Second: -1, 72 * time.Hour: -1, 73 * time.Hour: -2} {
		if got := of.DaysLeft(now.Add(after)); got != want {
			t.Errorf("DaysLeft() %v after = %d, want %d", after, got, want)
		}
	}
}

func TestGenerate(t *testing.T) {
	for _, ec := range []bool{false, true} {
		pair, err := keypair.Generate(keypair.Order{EC: ec, Subject: must(keypair.ParseSubject("/CN=acme/O=Acme, Inc")), Now: now})
		if err != nil {
			t.Fatal(err)
		}
		c := pair.Certificate
		if days := c.NotAfter.Sub(c.NotBefore); days != 365*24*time.Hour || !c.NotBefore.Equal(now) || !c.SelfSigned {
			t.Errorf("the certificate lives %v from %v, self-signed: %t", days, c.NotBefore, c.SelfSigned)
		}
		if want := map[bool]string{false: "RSA 2048", true: "EC P-256"}[ec]; c.Kind != want || c.Subject != `CN=acme,O=Acme\, Inc` || len(c.Serial) < 16 {
			t.Errorf("made %s for %q with the serial %s, want %s", c.Kind, c.Subject, c.Serial, want)
		}
		if !strings.HasPrefix(string(pair.PrivateKey()), "-----BEGIN PRIVATE KEY-----\n") {
			t.Error("the key is no PKCS#8 in PEM")
		}
		archive := must(pair.Archive())
		if !bytes.Equal(archive, must(pair.Archive())) {
			t.Error("a second archive of the pair differs")
		}
		files := must(zip.NewReader(bytes.NewReader(archive), int64(len(archive)))).File
		if len(files) != 2 || files[0].Name != "private.key" || files[1].Name != "certificate_pub.crt" || files[0].Mode() != 0o600 || !files[0].Modified.Equal(now) {
			t.Fatalf("the archive holds %v", files)
		}
		key := must(keypair.Parse(secret.New(string(must(io.ReadAll(must(files[0].Open())))))))
		fromFile := must(keypair.ParseCertificate(must(io.ReadAll(must(files[1].Open())))))
		if err := errors.Join(fromFile.CheckKey(key), fromFile.Check(now)); err != nil || fromFile.SHA1 != c.SHA1 {
			t.Errorf("the archive's files: %v", err)
		}
		held := pair.PrivateKey()
		pair.Wipe()
		if len(bytes.Trim(held, "\x00")) > 0 || pair.PrivateKey() != nil {
			t.Error("Wipe leaves the key")
		}
	}
	for _, order := range []keypair.Order{{Bits: 1024}, {Bits: 2049}, {Bits: 16384}, {Days: -1}, {Days: 4000}, {EC: true}} {
		if order.Days != 0 || order.Bits != 0 {
			order.Subject.CommonName = "acme"
		}
		if _, err := keypair.Generate(order); err == nil {
			t.Errorf("Generate(%+v) makes a pair", order)
		}
	}
}

func TestParseSubject(t *testing.T) {
	for text, want := range map[string]string{
		"/CN=acme/O=Acme Inc/C=US":      "CN=acme,O=Acme Inc,C=US",
		"CN = acme, OU = a, OU = b":     "CN=acme,OU=a+OU=b",
		`CN=a\,b`:                       `CN=a\,b`,
		`/CN=a\/b/ST=x/L=y`:             "CN=a/b,L=y,ST=x",
		"CN=a,emailAddress=a@b.test":    "1.2.840.113549.1.9.1=#160861",
		"O=Acme":                        "no common name",
		"":                              "without a name",
		"acme":                          "without a name",
		"CN=":                           "without a name",
		"CN=a,X=b":                      "not known",
		"CN=" + strings.Repeat("a", 65): "longer than 64",
	} {
		name, err := keypair.ParseSubject(text)
		if got := name.String(); err == nil && !strings.HasPrefix(got, want) && got != want {
			t.Errorf("ParseSubject(%q) = %q, want %q", text, got, want)
		} else if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("ParseSubject(%q) = %v, want %q", text, err, want)
		}
	}
}
