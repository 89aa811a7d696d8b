package project_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"

	"latchkey/internal/project"
)

// TestCertificates uploads what people upload (spec/ims-and-console.md §1.1).
func TestCertificates(t *testing.T) {
	c := newConsole(t, project.Quotas{Bindings: 20})
	made := c.create(t, admin, "jwt", project.ServiceAccountJWT)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(anRSA())
	if err != nil {
		t.Fatal(err)
	}
	ec, err := x509.MarshalECPrivateKey(anEC(elliptic.P256()))
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(anRSA().Public())
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	fresh := func() []byte { return certificate(t, anRSA(), start, start.AddDate(1, 0, 0)) }
	twice := fresh()
	der, _ := pem.Decode(fresh())
	const isKey = "this is a private key, not a certificate; it was not kept"
	for _, test := range []struct {
		name   string
		upload []byte
		want   string // "" for one that is taken
	}{
		{"PEM", twice, ""},
		{"the same again", twice, "has this certificate already"},
		{"CRLF", bytes.ReplaceAll(fresh(), []byte("\n"), []byte("\r\n")), ""},
		{"DER", der.Bytes, ""},
		{"a chain", append(fresh(), certificate(t, anEC(elliptic.P256()), start, start.AddDate(9, 0, 0))...), ""},
		{"text before", append([]byte("Certificate:\n    Data:\n"), fresh()...), ""},
		{"EC", certificate(t, anEC(elliptic.P256()), start, start.AddDate(1, 0, 0)), ""},
		{"EC on another curve", certificate(t, anEC(elliptic.P521()), start, start.AddDate(1, 0, 0)), "P-521"},
		{"not yet valid", certificate(t, anRSA(), start.AddDate(0, 1, 0), start.AddDate(1, 0, 0)), ""},
		{"expired", certificate(t, anRSA(), start.AddDate(-1, 0, 0), start.AddDate(0, 0, -1)), "expired on 2026-11-26 09:00:00 UTC"},
		{"RSA 1024", certificate(t, weak, start, start.AddDate(1, 0, 0)), "1024 bits"},
		{"a PKCS#8 key", text("PRIVATE KEY", pkcs8), isKey},
		{"an encrypted key", text("ENCRYPTED PRIVATE KEY", []byte("x")), isKey},
		{"a PKCS#1 key", text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(anRSA())), isKey},
		{"an EC key", text("EC PRIVATE KEY", ec), isKey},
		{"a key behind a certificate", append(fresh(), text("PRIVATE KEY", pkcs8)...), isKey},
		{"a key called a certificate", text("CERTIFICATE", pkcs8), isKey},
		{"a key in DER", pkcs8, isKey},
		{"a public key", text("PUBLIC KEY", public), "bare public key"},
		{"nothing of the kind", []byte("hello"), "not a certificate"},
		{"nothing", nil, "is empty"},
		{"a big file", bytes.Repeat([]byte("x"), project.MaxCertificate+1), "too long"},
	} {
		binding, err := c.credentials.AddBinding(t.Context(), admin, made.ID, test.upload, true)
		if test.want != "" {
			wantInvalid(t, test.name, err, "/certificate", test.want)
			if err != nil && len(test.upload) > 100 && strings.Contains(err.Error(), string(test.upload[30:60])) {
				t.Errorf("%s: the error repeats what was uploaded", test.name)
			}
			continue
		}
		if err != nil {
			t.Errorf("AddBinding() of %s = %v", test.name, err)
			continue
		}
		sum1, sum256 := sha1.Sum(binding.Certificate), sha256.Sum256(binding.Certificate)
		if binding.SHA1 != hex.EncodeToString(sum1[:]) || binding.SHA256 != hex.EncodeToString(sum256[:]) || !binding.RequireJTI {
			t.Errorf("AddBinding() of %s = %+v", test.name, binding)
		}
	}
	if got := len(c.find(t, made.ID).Bindings); got != 8 {
		t.Errorf("the credential has %d certificates, want 8", got)
	}
	client, err := c.clients.Client(t.Context(), made.ClientID)
	if err != nil || len(client.Bindings) != 8 {
		t.Errorf("Client() = %+v, %v", client, err)
	}
	// Another kind that keeps a secret may prove itself by a key; one that can't has none.
	for kind, want := range map[project.Kind]string{project.OAuthServerToServer: "", project.OAuthWebApp: "", project.OAuthSinglePageApp: "no certificate", project.APIKey: "no certificate"} {
		other := c.create(t, admin, "other "+string(kind), kind)
		_, err := c.credentials.AddBinding(t.Context(), admin, other.ID, fresh(), false)
		if want != "" {
			wantInvalid(t, string(kind), err, "/certificate", want)
			continue
		}
		if err != nil {
			t.Errorf("AddBinding() to the kind %s = %v", kind, err)
		}
		if client, err := c.clients.Client(t.Context(), other.ClientID); err != nil || len(client.Bindings) != 1 || len(client.Metascopes) != 0 || client.ExchangesJWT() {
			t.Errorf("the client of the kind %s is %+v, %v", kind, client, err)
		}
	}
	if err := c.credentials.DeleteBinding(t.Context(), admin, made.ID, client.Bindings[3].SHA1); err != nil {
		t.Errorf("DeleteBinding() by a fingerprint = %v", err)
	}
	if client, err = c.clients.Client(t.Context(), made.ClientID); err != nil || len(client.Bindings) != 7 {
		t.Errorf("Client() after a deletion = %+v, %v", client, err)
	}
}
