package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/seal"
	"latchkey/internal/seal/vaulttest"
	"latchkey/internal/store"
	"latchkey/internal/store/pgtest"
	"latchkey/test/harness"
)

// rotation is how a server says that the rotation stands.
type rotation struct {
	State       string
	Total, Done int
	Problem     string
}

func rotationOf(t *testing.T, s *harness.Server) rotation {
	t.Helper()
	var out rotation
	if err := json.Unmarshal(s.Must(http.StatusOK, "GET", "/api/v1/root-keys/rotation", nil).Body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// keys runs a command of `latchkey keys` against a server.
func keys(t *testing.T, s *harness.Server, args ...string) harness.Result {
	t.Helper()
	return harness.CommandEnv(t, []string{"LATCHKEY_URL=" + s.URL, "LATCHKEY_KEY=" + s.AdminKey}, append([]string{"keys"}, args...)...)
}

// organizations seals a value for many organizations in a server's database while that is stopped, or opens them.
func organizations(t *testing.T, i *harness.Installation, root seal.Root, count int, act func(k *seal.Keyring, row seal.Row) error) {
	t.Helper()
	kept, err := store.Open(t.Context(), store.Config{Path: filepath.Join(i.Dir, "data", "latchkey.db"), Root: root})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for hand := range 32 {
		wait.Go(func() {
			for n := hand; n < count; n += 32 {
				row := seal.Row{Organization: fmt.Sprintf("ORG%05d@AdobeOrg", n), Table: "t", ID: "1", Column: "c"}
				if err := act(kept.Keyring(), row); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
}

// A rotation of 2,000 data keys from a file to Vault, killed again and again in the middle, loses none of them, serves
// all the time, and ends with the old root key refused.
func TestRotationSurvivesKills(t *testing.T) {
	const count = 2000
	vault := vaulttest.Start(t, false)
	vault.CreateKey("/transit/latchkey", true)
	i := harness.Install(t)
	p := newProvider(t, i.Dir)
	i.Configure(p.allowed())
	i.Setup()
	s := i.Start()
	connect(t, s, p.clientCredentials("acme"))
	s.Stop()

	file, err := seal.FileRoot(filepath.Join(i.Dir, "root.key"))
	check(t, err)
	var mu sync.Mutex
	sealed := map[string][]byte{}
	organizations(t, i, file, count, func(k *seal.Keyring, row seal.Row) error {
		out, err := k.Seal(context.Background(), row, []byte(row.Organization))
		mu.Lock()
		defer mu.Unlock()
		sealed[row.Organization] = out
		return err
	})

	check(t, os.WriteFile(filepath.Join(i.Dir, "token"), []byte("hvs.first"), 0o600))
	name := "vault+http://" + strings.TrimPrefix(vault.URL, "http://") + "/transit/keys/latchkey?token_file=" + filepath.Join(i.Dir, "token")
	i.Configure(p.allowed(), "seal: {root: '"+name+"', previous_root: $DIR/root.key}")
	vault.Set(func(b *vaulttest.Behaviour) { b.Delay = 15 * time.Millisecond })
	s = i.Start()
	if got := rotationOf(t, s); got.State != "none" {
		t.Fatalf("the rotation begins by itself: %+v", got)
	}
	if got := keys(t, s, "rotate", "--detach"); got.Code != 0 || !strings.Contains(got.Stdout, "rotating to vault_") {
		t.Fatalf("keys rotate = %+v", got)
	}
	kills, done := 0, 0
	for {
		got := rotationOf(t, s)
		if got.State == "finished" {
			break
		}
		if got.Problem != "" || got.Done < done {
			t.Fatalf("after %d kills the rotation stands at %+v, was at %d", kills, got, done)
		}
		if got.Done >= done+200 {
			token(t, s, "acme")
			done = got.Done
			s.Kill()
			kills++
			s = i.Start()
		}
		time.Sleep(10 * time.Millisecond)
	}
	if kills < 4 {
		t.Errorf("it was killed %d times only", kills)
	}
	got := keys(t, s, "status")
	t.Logf("killed %d times\n%s", kills, got.Stdout)
	total := rotationOf(t, s).Total // with those of the installation and of its organization
	if total < count+2 || !strings.Contains(got.Stdout, "retired") || !strings.Contains(got.Stdout, fmt.Sprintf("rotated %d data keys", total)) {
		t.Errorf("keys status says\n%s%s", got.Stdout, got.Stderr)
	}
	token(t, s, "acme")
	s.Stop()

	i.Configure(p.allowed(), "seal: {root: '"+name+"'}")
	s = i.Start()
	token(t, s, "acme")
	s.Stop()
	vault.Set(func(b *vaulttest.Behaviour) { b.Delay = 0 })
	root, err := seal.ParseRoot(name, seal.Surroundings{Getenv: os.Getenv})
	check(t, err)
	organizations(t, i, root, count, func(k *seal.Keyring, row seal.Row) error {
		mu.Lock()
		ciphertext := sealed[row.Organization]
		mu.Unlock()
		got, err := k.Open(context.Background(), row, ciphertext)
		if err == nil && string(got) != row.Organization {
			err = fmt.Errorf("%s opens as %q", row.Organization, got)
		}
		return err
	})
	i.Configure(p.allowed())
	refused(t, i.Run(), "was retired at", "vault_", "seal.root")
}

// Two nodes get both root keys one after the other, one of them rotates, and a third that has the old one alone goes on
// with what it has in memory and says that it is behind.
func TestRotationOnNodes(t *testing.T) {
	one, two, p := nodes(t, pgtest.Shared(t))
	three := one.Join(databaseOf(t, one), strings.ReplaceAll(p.allowed(), "$DIR", one.Dir))
	a, b, c := one.Start(), two.Start(), three.Start()
	connect(t, a, p.clientCredentials("acme"))
	for _, s := range []*harness.Server{a, b, c} {
		token(t, s, "acme")
	}
	if got := keys(t, a, "rotate"); got.Code != 1 || !strings.Contains(got.Stderr, "seal.previous_root") {
		t.Errorf("keys rotate with one root key = %+v", got)
	}
	second := filepath.Join(one.Dir, "second.key")
	if got := harness.Command(t, "", "keys", "new", second, "--json"); got.Code != 0 || !strings.Contains(got.Stdout, `"root_`) {
		t.Fatalf("keys new = %+v", got)
	}
	if got := harness.Command(t, "", "keys", "new", second); got.Code != 1 || !strings.Contains(got.Stderr, "already") {
		t.Errorf("keys new for a file that is there = %+v", got)
	}
	both := "seal: {root: " + second + ", previous_root: " + filepath.Join(one.Dir, "root.key") + "}"
	for i, node := range []*harness.Installation{one, two} {
		s := []*harness.Server{a, b}[i]
		s.Stop()
		node.Configure(databaseOf(t, node), strings.ReplaceAll(p.allowed(), "$DIR", one.Dir), both)
		*[]**harness.Server{&a, &b}[i] = node.Start()
	}
	for _, s := range []*harness.Server{a, b, c} {
		if status := ready(s); status != http.StatusOK {
			t.Errorf("readyz before the rotation = %d", status)
		}
	}
	got := keys(t, b, "rotate")
	if got.Code != 0 || !strings.HasPrefix(got.Stdout, "rotated ") {
		t.Fatalf("keys rotate = %+v", got)
	}
	if status := keys(t, a, "status", "--json"); !strings.Contains(status.Stdout, `"state": "finished"`) {
		t.Errorf("the other node says %s", status.Stdout)
	}
	for _, s := range []*harness.Server{a, b} {
		token(t, s, "acme")
		if status := ready(s); status != http.StatusOK {
			t.Errorf("readyz after the rotation = %d", status)
		}
	}
	eventually(t, 20*time.Second, "the node behind says so", func() bool { return strings.Contains(c.Output(), "configuration is behind") })
	if status := ready(c); status != http.StatusServiceUnavailable {
		t.Errorf("readyz of the node behind = %d", status)
	}
	token(t, c, "acme")
	c.Must(http.StatusOK, "POST", "/api/v1/connections/acme/refresh", nil) // sealed with the key in memory
	token(t, a, "acme")
	if got := keys(t, c, "rotate"); got.Code != 1 || !strings.Contains(got.Stderr, "does not have") {
		t.Errorf("keys rotate on the node behind = %+v", got)
	}
	c.Stop()
	refused(t, three.Run(), "was retired at")
}

// databaseOf gives the line of a node's configuration that names its database.
func databaseOf(t *testing.T, i *harness.Installation) string {
	t.Helper()
	text, err := os.ReadFile(i.Config)
	check(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "database:") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("the configuration names no database")
	return ""
}

// A passphrase in a file: set up with it, served with it, refused in words without it.
func TestPassphraseRoot(t *testing.T) {
	i := harness.Install(t)
	secret := filepath.Join(i.Dir, "passphrase")
	check(t, os.WriteFile(secret, []byte("six random words that nobody guesses\n"), 0o600))
	i.Configure("seal: {root: 'passphrase:@$DIR/passphrase'}")
	i.Setup()
	i.Start().Stop()
	shown := harness.Command(t, "", "config", "show", "--effective", "--config", i.Config)
	if !strings.Contains(shown.Stdout, "passphrase:@"+secret) || strings.Contains(shown.Stdout, "random words") {
		t.Errorf("config show says\n%s", shown.Stdout)
	}
	check(t, os.WriteFile(secret, []byte("six random words that nobody gets right\n"), 0o600))
	refused(t, i.Run(), "the passphrase is not the one", "pass_")
	check(t, os.WriteFile(secret, []byte("short\n"), 0o600))
	refused(t, i.Run(), "the passphrase is not the one")
	check(t, os.Chmod(secret, 0o644))
	refused(t, i.Run(), "chmod 600")
	i.Configure("seal: {root: 'passphrase:hunter2hunter2'}")
	result := i.Run()
	refused(t, result, "seal.root", "a passphrase does not stand in the configuration", "latchkey.yaml:")
	if strings.Contains(result.Stderr+result.Stdout, "hunter2") {
		t.Errorf("the error repeats it: %s", result.Stderr)
	}
	shown = harness.Command(t, "", "config", "show", "--effective", "--config", i.Config)
	if strings.Contains(shown.Stdout, "hunter2") {
		t.Errorf("config show says\n%s", shown.Stdout)
	}
	i.Configure("seal: {root: 'awskms://alias/x?region=eu-central-1'}")
	refused(t, i.Run(), "seal.root", "-tags kms")
	i.Configure("seal: {root: $DIR/a.key, root_key_file: $DIR/b.key}")
	refused(t, i.Run(), "name the root key once")
	i.Configure("seal: {roots: $DIR/a.key}")
	refused(t, i.Run(), "did you mean seal.root?")
}
