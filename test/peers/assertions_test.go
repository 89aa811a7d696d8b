package peers_test

import (
	"archive/zip"
	"bytes"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/internal/keypair"
	"latchkey/test/harness"
)

// TestAssertions runs a strict OAuth 2 client through private_key_jwt, the JWT bearer grant and token exchange.
func TestAssertions(t *testing.T) {
	s := harness.Dev(t)
	sample := filepath.Join(s.Data, "sample")
	rsaPath, ecPath := filepath.Join(t.TempDir(), "rsa.key"), filepath.Join(t.TempDir(), "ec.key")
	certificates := "/api/v1/credentials/" + serverCredential(t, sample) + "/certificates"
	made := s.Must(http.StatusCreated, "POST", certificates, map[string]any{"generate_key_pair": true}).JSON(t)
	write(t, rsaPath, privateKey(t, made["config_zip"].(string)))
	pair, err := keypair.Generate(keypair.Order{EC: true, Subject: pkix.Name{CommonName: "peer"}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	write(t, ecPath, pair.PrivateKey())
	s.Must(http.StatusCreated, "POST", certificates, map[string]any{"certificate": string(pair.Certificate.PEM())})

	got := results(t, nil, "assertions.mjs", sample, s.URL, rsaPath, ecPath)[""] // one client, without a name
	for member, want := range map[string]any{
		"ES256": 86399.0, "RS256": 86399.0, "PS256": 86399.0, "active": true, "after": false, "first": "", "replayed": "invalid_client",
		"bearer": true, "elsewhere": "invalid_grant", "issued": "urn:ietf:params:oauth:token-type:access_token", "scope": "target_sdk",
		"subject": true, "actor": true, "nested": true, "target": "invalid_target", "ended": false,
	} {
		if got[member] != want {
			t.Errorf("%s is %v, want %v", member, got[member], want)
		}
	}
}

// serverCredential gives the client id of the sample's server-to-server credential.
func serverCredential(t *testing.T, sample string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sample, "workspace.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Project struct {
			Workspace struct {
				Details struct {
					Credentials []struct {
						Server struct {
							ClientID string `json:"client_id"`
						} `json:"oauth_server_to_server"`
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Project.Workspace.Details.Credentials {
		if c.Server.ClientID != "" {
			return c.Server.ClientID
		}
	}
	t.Fatal("the sample has no server-to-server credential")
	return ""
}

// privateKey takes private.key out of a config.zip.
func privateKey(t *testing.T, archive string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(archive)
	if err != nil {
		t.Fatal(err)
	}
	files, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	file, err := files.Open("private.key")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	key, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
