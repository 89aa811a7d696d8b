package bench_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// credential is one of the sample project's, as its owner has it in workspace.json.
type credential struct {
	ID      string   `json:"client_id"`
	Secret  string   `json:"client_secret"`
	Secrets []string `json:"client_secrets"` // of the server-to-server kind
	Account string   `json:"technical_account_id"`
}

func (c credential) form(more ...string) url.Values {
	out := url.Values{"client_id": {c.ID}, "client_secret": {c.Secret}}
	if len(c.Secrets) > 0 {
		out["client_secret"] = c.Secrets[:1]
	}
	for i := 0; i+1 < len(more); i += 2 {
		out.Set(more[i], more[i+1])
	}
	return out
}

// workspace is what a new server's owner has on disk.
type workspace struct {
	organization string
	jwt, oauth   credential
	key          *rsa.PrivateKey
}

func readWorkspace(b *testing.B, data string) workspace {
	b.Helper()
	var file struct {
		Project struct {
			Org struct {
				IMS string `json:"ims_org_id"`
			}
			Workspace struct {
				Details struct {
					Credentials []struct {
						JWT   *credential `json:"jwt"`
						OAuth *credential `json:"oauth_server_to_server"`
					}
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(data, "sample", "workspace.json"))
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		b.Fatal(err)
	}
	w := workspace{organization: file.Project.Org.IMS}
	for _, c := range file.Project.Workspace.Details.Credentials {
		if c.JWT != nil {
			w.jwt = *c.JWT
		}
		if c.OAuth != nil {
			w.oauth = *c.OAuth
		}
	}
	if text, err = os.ReadFile(filepath.Join(data, "sample", "private.key")); err != nil {
		b.Fatal(err)
	}
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		b.Fatal(err)
	}
	w.key = parsed.(*rsa.PrivateKey)
	return w
}

// assertions are as many as are sent in turn, each another one. No server keeps an answer for one.
const assertions = 64

func (w workspace) exchanges(b *testing.B, address string) [][]byte {
	b.Helper()
	out := make([][]byte, assertions)
	for i := range out {
		claims, _ := json.Marshal(map[string]any{
			"exp": time.Now().Add(time.Hour).Unix(), "iss": w.organization, "sub": w.jwt.Account, "aud": "https://ims-na1.adobelogin.com/c/" + w.jwt.ID,
			"https://ims-na1.adobelogin.com/s/ent_marketing_sdk": true, "jti": strconv.Itoa(i + 1),
		})
		b64 := base64.RawURLEncoding
		input := b64.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + b64.EncodeToString(claims)
		sum := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(nil, w.key, crypto.SHA256, sum[:])
		if err != nil {
			b.Fatal(err)
		}
		out[i] = post(address, "/ims/exchange/jwt", w.jwt.form("jwt_token", input+"."+b64.EncodeToString(signature)).Encode())
	}
	return out
}
