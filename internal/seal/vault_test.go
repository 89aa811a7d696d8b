package seal_test

import (
	"context"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/seal"
	"latchkey/internal/seal/vaulttest"
	"latchkey/internal/secret"
)

// vaultName gives the root key's name for a key of the stand-in, with its token in a file.
func vaultName(t *testing.T, v *vaulttest.Vault, path string, more ...string) (name, tokenFile string) {
	t.Helper()
	dir := t.TempDir()
	tokenFile = filepath.Join(dir, "token")
	ca := filepath.Join(dir, "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: v.Certificate().Raw})
	for file, text := range map[string][]byte{tokenFile: []byte("hvs.first\n"), ca: certificate} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := append([]string{"token_file=" + tokenFile, "ca_file=" + ca}, more...)
	return "vault://" + u.Host + "/" + path + "?" + strings.Join(query, "&"), tokenFile
}

func parse(t testing.TB, name string) seal.Root {
	t.Helper()
	root, err := seal.ParseRoot(name, seal.Surroundings{Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestVault(t *testing.T) {
	vault, store := vaulttest.Start(t, true), newMemory()
	vault.CreateKey("team/mounts/transit/latchkey", true)
	name, tokenFile := vaultName(t, vault, "mounts/transit/keys/latchkey", "namespace=team")
	sealed := fill(t, open(t, parse(t, name), store), 5)
	mustOpenAll(t, open(t, parse(t, name), store), sealed)
	if root := store.roots[0]; root.Kind != seal.KindVault || !strings.HasPrefix(root.ID, "vault_") {
		t.Errorf("the root key is kept as %+v", root)
	}
	if wrapped := string(store.keys["org-0001"].Wrapped); !strings.HasPrefix(wrapped, "vault:v1:") {
		t.Errorf("a data key is wrapped as %.20q", wrapped)
	}

	// A data key that is moved to another organization does not unwrap: Vault derives another key for it.
	moved := store.keys["org-0001"]
	moved.Organization = "mallory"
	store.keys["mallory"] = moved
	if _, err := open(t, parse(t, name), store).Seal(t.Context(), rowOf("mallory"), nil); err == nil || !strings.Contains(err.Error(), "another organization") {
		t.Errorf("Seal() with another organization's data key = %v", err)
	}
	delete(store.keys, "mallory")

	// An agent writes a new token.
	keyring := open(t, parse(t, name), store)
	vault.Set(func(b *vaulttest.Behaviour) { b.Token = "hvs.second" })
	if _, err := keyring.Open(t.Context(), rowOf("org-0001"), sealed["org-0001"]); err == nil || !strings.Contains(err.Error(), "its token has ended") {
		t.Errorf("Open() with an old token = %v", err)
	}
	if err := os.WriteFile(tokenFile, []byte("hvs.second"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustOpenAll(t, keyring, sealed)
}

// Vault's own rotation, then the data keys to the newest version inside Vault, then the old version goes.
func TestVaultKeyVersions(t *testing.T) {
	vault, store := vaulttest.Start(t, true), newMemory()
	vault.CreateKey("/transit/latchkey", true)
	name, _ := vaultName(t, vault, "transit/keys/latchkey")
	sealed := fill(t, open(t, parse(t, name), store), 100)
	vault.Rotate("/transit/latchkey")
	decrypts := vault.Calls("decrypt")
	keyring := rotate(t, parse(t, name), nil, store)
	if got := rotation(t, keyring); got.From != got.To || got.Total != 101 || got.Done != 101 {
		t.Errorf("Rotation() = %+v", got)
	}
	// One decrypt for the installation's own key at the start, one for the probe; no data key came out of Vault.
	if more := vault.Calls("decrypt") - decrypts; more > 2 || vault.Calls("rewrap") != 101 {
		t.Errorf("%d decrypts and %d rewraps, want at most 2 and 101", more, vault.Calls("rewrap"))
	}
	for organization, key := range store.keys {
		if !strings.HasPrefix(string(key.Wrapped), "vault:v2:") {
			t.Fatalf("the data key of %q is wrapped as %.20q", organization, key.Wrapped)
		}
	}
	vault.Trim("/transit/latchkey")
	mustOpenAll(t, open(t, parse(t, name), store), sealed)
	rotate(t, parse(t, name), nil, store) // and again
}

func TestRotateFileToVaultToFile(t *testing.T) {
	vault, store, file := vaulttest.Start(t, true), newMemory(), newRoot(t)
	vault.CreateKey("/transit/latchkey", true)
	name, _ := vaultName(t, vault, "transit/keys/latchkey")
	sealed := fill(t, open(t, file, store), 50)
	mustOpenAll(t, rotate(t, parse(t, name), file, store), sealed)
	second := newRoot(t)
	mustOpenAll(t, rotate(t, second, parse(t, name), store), sealed)
	mustOpenAll(t, open(t, second, store), sealed)
}

func TestVaultRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*vaulttest.Behaviour)
		path   string
		want   []string
	}{
		{"wrong token", func(b *vaulttest.Behaviour) { b.Token = "hvs.other" }, "transit/keys/latchkey", []string{"403", "token has ended"}},
		{"no policy", func(b *vaulttest.Behaviour) { b.Denied = []string{"/encrypt/"} }, "transit/keys/latchkey", []string{"denies transit/encrypt/latchkey", "policy"}},
		{"no key", func(*vaulttest.Behaviour) {}, "transit/keys/latchkeyy", []string{"404", "no key latchkeyy in an engine at transit"}},
		{"sealed", func(b *vaulttest.Behaviour) { b.Sealed = true }, "transit/keys/latchkey", []string{"sealed", "503"}},
		{"broken", func(b *vaulttest.Behaviour) { b.Failures = 100 }, "transit/keys/latchkey", []string{"500", "internal error"}},
		{"standby", func(b *vaulttest.Behaviour) { b.Redirects = true }, "transit/keys/latchkey", []string{"redirects (307)"}},
		{"not derived", func(*vaulttest.Behaviour) {}, "transit/keys/plain", []string{"derived=true"}},
		{"signing key", func(*vaulttest.Behaviour) {}, "transit/keys/signer", []string{"does not encrypt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vault := vaulttest.Start(t, true)
			vault.CreateKey("/transit/latchkey", true)
			vault.CreateKey("/transit/plain", false)
			vault.CreateSigningKey("/transit/signer")
			name, _ := vaultName(t, vault, c.path)
			vault.Set(c.change)
			_, err := seal.Open(t.Context(), seal.Config{Root: parse(t, name), Store: newMemory()})
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("Open() = %v, want %q in it", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hvs.") {
				t.Errorf("Open() = %q: it repeats the token", err)
			}
		})
	}
}

// Vault that stumbles is asked again.
func TestVaultStumbles(t *testing.T) {
	vault := vaulttest.Start(t, true)
	vault.CreateKey("/transit/latchkey", true)
	name, _ := vaultName(t, vault, "transit/keys/latchkey")
	vault.Set(func(b *vaulttest.Behaviour) { b.Failures = 3 })
	mustSeal(t, open(t, parse(t, name), newMemory()), row, "x")

	vault.Set(func(b *vaulttest.Behaviour) { b.Delay = time.Minute })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	if _, err := seal.Open(ctx, seal.Config{Root: parse(t, name), Store: newMemory()}); err == nil || time.Since(started) > 5*time.Second {
		t.Errorf("Open() with a Vault that hangs = %v after %s", err, time.Since(started))
	}
}

func TestParseRoot(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "root.key")
	if _, err := seal.CreateFileRoot(path); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"ROOT_PASSPHRASE": "six random words make a passphrase", "VAULT_TOKEN": "hvs.secret"}
	around := seal.Surroundings{Getenv: func(name string) string { return env[name] }}
	for _, good := range []string{path, "file:" + path, "file://" + path, "passphrase:$ROOT_PASSPHRASE", "passphrase:@" + path,
		"vault://vault.example:8200/transit/keys/latchkey", "vault+http://127.0.0.1:8100/transit/keys/latchkey?namespace=a"} {
		if _, err := seal.ParseRoot(good, around); err != nil {
			t.Errorf("ParseRoot(%q) = %v", good, err)
		}
		if shown := seal.ShowName(good); shown != good {
			t.Errorf("ShowName(%q) = %q", good, shown)
		}
	}
	for bad, want := range map[string]string{
		"":                                              "names no file",
		"passphrase:canary":                             "a passphrase does not stand in the configuration",
		"passphrase":                                    "no terminal",
		"vault://vault.example/transit":                 "write it as vault://",
		"vault://canary@v/transit/keys/k":               "?token_file=",
		"vault://v/transit/keys/k?token=canary":         "token_file=",
		"vault://v/transit/keys/k?tokenfile=x":          "there are namespace",
		"vault://v/transit/keys/k?token_env=NONE":       "set $NONE",
		"vault+http://v.example/transit/keys/k":         "in the clear",
		"vault://v/transit/keys/k?ca_file=/nonexistent": "authority",
		"vault://v/transit/keys/k?ca_file=" + path:      "no certificate",
		"nokms://canary":                                "build",
		"file:/nonexistent":                             "no such file",
	} {
		_, err := seal.ParseRoot(bad, around)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("ParseRoot(%q) = %v, want %q", bad, err, want)
		}
		if shown := seal.ShowName(bad); strings.Contains(shown, "canary") && !strings.HasPrefix(bad, "nokms") {
			t.Errorf("ShowName(%q) = %q", bad, shown)
		}
	}
	if shown := seal.ShowName("base64key://canary"); strings.Contains(shown, "canary") {
		t.Errorf("ShowName() = %q", shown)
	}
	// An empty passphrase variable and a file that others may read come out when the key is opened.
	shared := filepath.Join(dir, "shared")
	if err := os.WriteFile(shared, []byte("a passphrase that all may read"), 0o644); err != nil {
		t.Fatal(err)
	}
	for bad, want := range map[string]string{"passphrase:$UNSET": "$UNSET is not set", "passphrase:@" + shared: "chmod 600"} {
		root, err := seal.ParseRoot(bad, around)
		if err == nil {
			_, err = root.Open(t.Context(), nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("opening %q = %v, want %q", bad, err, want)
		}
	}
}

// A passphrase that is asked for is asked for once, also when the database does not know it yet.
func TestPassphraseIsAskedOnce(t *testing.T) {
	asked := 0
	root, err := seal.ParseRoot("passphrase", seal.Surroundings{Ask: func(context.Context, string) (secret.String, error) {
		asked++
		return secret.New("a passphrase that is long enough"), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	store := newMemory()
	mustSeal(t, open(t, root, store), row, "x")
	mustSeal(t, open(t, root, store), row, "x")
	if asked != 1 {
		t.Errorf("it was asked for %d times", asked)
	}
}
