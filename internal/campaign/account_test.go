package campaign_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/campaign"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

const (
	organization = "6096892F54B5819E0A4C98A2@AdobeOrg"
	clientID     = "0123456789abcdef0123456789abcdef"
	account      = "D8E157165FC0EAE10A495E8C@techacct.adobe.com"
	threeFields  = organization + "/" + clientID + "/" + account
)

func TestParseAccount(t *testing.T) {
	three := campaign.Account{Organization: organization, ClientID: clientID, TechnicalAccount: account}
	with := func(secret, key string) campaign.Account {
		a := three
		a.Secret, a.Key = secret, key
		return a
	}
	for _, c := range []struct {
		text  string
		oauth bool
		want  campaign.Account
	}{
		{threeFields, false, three},
		{threeFields + "/", false, three},
		{" " + threeFields + "/p8e-s ", false, with("p8e-s", "")},
		{threeFields + "/p8e-s/LS0tLS1CRUdJTi==\nabc", false, with("p8e-s", "LS0tLS1CRUdJTi==\nabc")},
		{threeFields + "//MIIE/a/b", false, with("", "MIIE/a/b")},
		{threeFields + "/-/@/etc/private.key", false, with("-", "@/etc/private.key")},
		{threeFields, true, three},
		{threeFields + "/p8e-s", true, with("p8e-s", "")},
		{threeFields + "/@/etc/secret", true, with("@/etc/secret", "")},
		{threeFields + "/p8e/s", true, with("p8e/s", "")},
	} {
		got, problems := campaign.ParseAccount(c.text, c.oauth)
		if err := problems.Errors(); err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}

// An error names the field by its number, and nothing secret.
func TestParseAccountRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "field 1 (Organization_Id) is missing; field 2 (Client_Id) is missing; field 3 (Technical_Account_ID) is missing",
		organization + "//" + account: "field 2 (Client_Id) is missing",
		clientID + "/" + organization + "/" + account:      "field 1 (Organization_Id) looks like Client_Id; field 2 (Client_Id) looks like Organization_Id",
		organization + "/" + clientID + "/ada@example.com": "field 3 (Technical_Account_ID) has not the form of D8E157165FC0EAE10A495E8C@techacct.adobe.com",
		"acme/" + clientID + "/" + account:                 "field 1 (Organization_Id) has not the form of 6096892F54B5819E0A4C98A2@AdobeOrg",
		threeFields + "/LS0tLS1CRUdJTiBQUklW":              "field 4 (Client_Secret) looks like the private key",
		threeFields + "/p8e s/":                            "field 4 (Client_Secret) has blanks or line breaks within",
	} {
		_, problems := campaign.ParseAccount(text, false)
		var said []string
		for _, p := range problems {
			said = append(said, p.Message)
		}
		if got := strings.Join(said, "; "); !strings.HasPrefix(got, want) || strings.Contains(got, "UFJJVg") || strings.Contains(got, "p8e s") {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
	if _, problems := campaign.ParseAccount(threeFields+"/p8e-s/LS0tLS1CRUdJTiBQ"+strings.Repeat("A", 300), true); problems.Errors() == nil {
		t.Error("OAuth takes a private key")
	}
}

// pair is made once: a key takes up to a second.
var pair = sync.OnceValue(func() *keypair.Pair {
	made, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "acme"}, Now: moment})
	if err != nil {
		panic(err)
	}
	return made
})

func wrap(text string, width int, end string) string {
	var out strings.Builder
	for len(text) > width {
		out.WriteString(text[:width] + end)
		text = text[width:]
	}
	return out.String() + text + end
}

// Every way in which people paste the key is the same key, and is kept in one form.
func TestEveryWayToPasteTheKey(t *testing.T) {
	made := pair()
	pkcs8 := string(made.PrivateKey())
	key, err := keypair.Parse(secret.New(pkcs8))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(pkcs8))
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key.Signer().(*rsa.PrivateKey))}))
	base64Of := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	quoted, _ := json.Marshal(pkcs8)
	for name, text := range map[string]string{
		"base64 of the file, in one line":         base64Of(pkcs8),
		"base64 of the file, wrapped":             wrap(base64Of(pkcs8), 76, "\n"),
		"base64 of the file, wrapped by Windows":  wrap(base64Of(pkcs8), 64, "\r\n"),
		"base64 of the file, in an attribute":     wrap(base64Of(pkcs8), 76, " "),
		"base64 of PKCS#1":                        base64Of(pkcs1),
		"base64 of a file with extra lines":       base64Of(strings.ReplaceAll(pkcs8, "\n", "\n\n") + "\n\n"),
		"base64 of a file from Windows":           base64Of(strings.ReplaceAll(pkcs1, "\n", "\r\n")),
		"base64 of a file with a byte order mark": base64Of("\ufeff" + pkcs8),
		"base64 of base64":                        base64Of(wrap(base64Of(pkcs8), 76, "\n")),
		"base64 in quotes":                        `"` + base64Of(pkcs8) + `"`,
		"base64 without padding":                  strings.TrimRight(base64Of(pkcs8+"\n"), "="),
		"the file":                                pkcs8,
		"the file in PKCS#1":                      pkcs1,
		"the file from Windows":                   strings.ReplaceAll(pkcs8, "\n", "\r\n"),
		"the file in one line":                    strings.ReplaceAll(pkcs8, "\n", ""),
		"the file with extra lines":               "\n\n" + strings.ReplaceAll(pkcs1, "\n", "\n\n"),
		"the file with written line breaks":       strings.ReplaceAll(pkcs8, "\n", `\n`),
		"the file as a JSON string":               string(quoted),
		"the body alone":                          base64.StdEncoding.EncodeToString(block.Bytes),
		"DER":                                     string(block.Bytes),
	} {
		got, err := campaign.ReadKey(secret.New(text), secret.String{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kept, err := got.PEM()
		if err != nil || kept.Reveal() != pkcs8 || got.Kind() != "RSA 2048" || made.Certificate.CheckKey(got) != nil {
			t.Errorf("%s: not the same key, %v", name, err)
		}
	}
}

// What is no key for this is named, without any of it.
func TestKeysRefused(t *testing.T) {
	elliptic, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "acme"}, Now: moment, EC: true})
	if err != nil {
		t.Fatal(err)
	}
	made := pair()
	half := made.PrivateKey()[:900]
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"a certificate":      {made.Certificate.PEM(), "this is a certificate, not a private key"},
		"an EC key":          {elliptic.PrivateKey(), "can't sign with"},
		"half of a key":      {half, "the key is cut off"},
		"half of the base64": {[]byte(base64.StdEncoding.EncodeToString(half)), "the key is cut off"},
		"PuTTY's form":       {[]byte("PuTTY-User-Key-File-3: ssh-rsa\n"), "PuTTY"},
		"nothing":            {nil, "there is no private key"},
	} {
		_, err := campaign.ReadKey(secret.New(string(c.text)), secret.String{})
		if err == nil || !strings.Contains(err.Error(), c.want) || len(c.text) > 40 && bytes.Contains([]byte(err.Error()), c.text[30:40]) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
