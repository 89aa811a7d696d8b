package store_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/idempotency"
	"latchkey/internal/ident"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/webhook"
)

// now is when things are written.
var now = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// newRecord makes an active connection whose secrets all contain mark.
func newRecord(t testing.TB, definition, mark string) connection.Record {
	t.Helper()
	fields, err := destination.NewFields(map[string]any{"region": "eu"}, map[string]secret.String{"password": secret.New("password-" + mark)})
	if err != nil {
		t.Fatal(err)
	}
	return connection.Record{
		ID: ident.New("conn"), Organization: connectiontest.Organization, Sandbox: connectiontest.Sandbox,
		SandboxID: ident.UUID(), Definition: definition, Revision: 1, State: connection.Active, Fields: fields,
		Tokens: newTokens(mark), Generation: 1, Version: 1, Renewable: true, RefreshAt: now.Add(time.Hour),
		CreatedBy: "key_1", CreatedAt: now, UpdatedAt: now, LastRefreshAt: now,
	}
}

func newTokens(mark string) *exchange.TokenSet {
	return &exchange.TokenSet{
		AccessToken: secret.New("access-" + mark), RefreshToken: secret.New("refresh-" + mark), TokenType: "Bearer",
		IssuedAt: now, ExpiresAt: now.Add(time.Hour),
		Outputs: map[string]exchange.Output{"userToken": {Value: "output-" + mark, Secret: true}, "team": {Value: "T"}},
	}
}

func newCommit(r connection.Record, mark string) connection.Commit {
	return connection.Commit{
		Organization: r.Organization, ID: r.ID, Generation: r.Generation, Tokens: newTokens(mark), Renewable: true,
		RefreshAt: now.Add(2 * time.Hour), At: now,
	}
}

// TestNothingSecretInTheFiles writes a secret of every kind and looks for each in every file of the folder, with the
// store open (the log is there) and closed.
func TestNothingSecretInTheFiles(t *testing.T) { onBoth(t, testNothingSecretInTheFiles) }

func testNothingSecretInTheFiles(t *testing.T, fresh func(testing.TB) folder) {
	const mark = "zq7Xw"
	ctx := context.Background()
	f := fresh(t)
	s := f.open(t)
	id := addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	doc, err := destination.ParseDocument([]byte(strings.ReplaceAll(document, "the definition's secret", "definition-"+mark)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Definitions().Find(ctx, destination.Place{}, id)
	if err != nil {
		t.Fatal(err)
	}
	d.Draft = 2
	err = s.Definitions().Save(ctx, destination.Change{Definition: d, Expect: 1, Revision: &destination.Revision{
		Definition: id, Number: 2, Document: doc, CreatedAt: now,
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord(t, id, mark)
	attempt := connection.Attempt{
		ID: ident.New("att"), Organization: r.Organization, Connection: r.ID, Link: [32]byte{1}, State: [32]byte{2}, Definition: id,
		Revision: 1, Fields: r.Fields, Verifier: secret.New("verifier-" + mark), CreatedAt: now, ExpiresAt: now.Add(time.Minute),
	}
	if err := s.Connections().Create(ctx, r, &attempt); err != nil {
		t.Fatal(err)
	}
	if _, applied, err := s.Connections().Commit(ctx, newCommit(r, mark+"-2")); err != nil || !applied {
		t.Fatal(applied, err)
	}
	replay := idempotency.Replay{Organization: r.Organization, Caller: "key_1", Route: "POST /x", Key: "idem-" + mark}
	if _, err := s.Idempotency().Begin(ctx, replay, now); err != nil {
		t.Fatal(err)
	}
	if err := s.Idempotency().Finish(ctx, replay, idempotency.Answer{Status: 201, Body: []byte("body-" + mark)}, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	hook := newEndpoint(func(e *webhook.Endpoint) {
		e.Secret = webhook.Secret{Current: secret.New("whsec_" + mark), Previous: secret.New("whsec_old" + mark), PreviousUntil: now, Generation: 2}
	})
	if err := s.Webhooks(nil).CreateEndpoint(ctx, hook, entry); err != nil {
		t.Fatal(err)
	}
	wantNone(t, f, mark)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantNone(t, f, mark)
	if again, err := f.open(t).Definitions().Revisions(ctx, id, 2); err != nil || !again[0].Document.Equal(doc) {
		t.Errorf("the definition came back different: %v", err)
	}
}

// wantNone looks for a text in every file and in the server's tables, as it is and in the usual encodings.
func wantNone(t *testing.T, f folder, mark string) {
	t.Helper()
	if !f.url.Empty() {
		dumpTables(t, f)
	}
	files, err := os.ReadDir(f.path)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(f.path, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		total += len(content)
		for _, text := range []string{mark, hex.EncodeToString([]byte(mark)), base64.StdEncoding.EncodeToString([]byte(mark))[:6]} {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s holds a secret in plaintext", file.Name())
			}
		}
		if info, err := file.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v, %v", file.Name(), info.Mode(), err)
		}
	}
	if total < 10_000 {
		t.Errorf("only %d bytes were looked at", total)
	}
}

// dumpTables writes what the server holds into the folder.
func dumpTables(t *testing.T, f folder) {
	t.Helper()
	out, err := exec.Command("pg_dump", "--inserts", f.url.Reveal()).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.path, "dump.sql"), out, 0o600); err != nil {
		t.Fatal(err)
	}
}

func exec1(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatal(err)
	}
}

// TestCiphertextIsBound moves ciphertexts about as a writer of the database could: none opens elsewhere.
func TestCiphertextIsBound(t *testing.T) { onBoth(t, testCiphertextIsBound) }

func testCiphertextIsBound(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	s := f.open(t)
	id := addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	db := f.raw(t)
	for name, tamper := range map[string]func(a, b connection.Record){
		"another row": func(a, b connection.Record) {
			exec1(t, db, `UPDATE connections SET tokens = (SELECT tokens FROM connections WHERE id = $2) WHERE id = $1`, a.ID, b.ID)
		},
		"another row's fields": func(a, b connection.Record) {
			exec1(t, db, `UPDATE connections SET secrets = (SELECT secrets FROM connections WHERE id = $2) WHERE id = $1`, a.ID, b.ID)
		},
		"another column": func(a, _ connection.Record) {
			exec1(t, db, `UPDATE connections SET tokens = secrets WHERE id = $1`, a.ID)
		},
		"another organization": func(a, _ connection.Record) {
			exec1(t, db, `UPDATE connections SET organization = 'X' WHERE id = $1`, a.ID)
		},
		"the other column": func(a, _ connection.Record) {
			exec1(t, db, `UPDATE connections SET secrets = tokens WHERE id = $1`, a.ID)
		},
		"a generation that is claimed": func(a, _ connection.Record) {
			exec1(t, db, `UPDATE connections SET generation = generation + 1 WHERE id = $1`, a.ID)
		},
		"damage": func(a, _ connection.Record) {
			exec1(t, db, `UPDATE connections SET tokens = $2 WHERE id = $1`, a.ID, []byte("damage"))
		},
		"an older generation": func(a, _ connection.Record) {
			var old []byte
			if err := db.QueryRow(`SELECT tokens FROM connections WHERE id = $1`, a.ID).Scan(&old); err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.Connections().Commit(ctx, newCommit(a, "new")); err != nil {
				t.Fatal(err)
			}
			exec1(t, db, `UPDATE connections SET tokens = $2 WHERE id = $1`, a.ID, old)
		},
	} {
		a, b := newRecord(t, id, "a"), newRecord(t, id, "b")
		for _, r := range []connection.Record{a, b} {
			if err := s.Connections().Create(ctx, r, nil); err != nil {
				t.Fatal(err)
			}
		}
		tamper(a, b)
		got, err := s.Connections().Find(ctx, connection.Selector{ID: a.ID})
		if err == nil || errors.Is(err, connection.ErrNotFound) || got.Tokens != nil {
			t.Errorf("%s: Find() = %v, %v, want it refused", name, got.ID, err)
		}
		if err != nil && (!strings.Contains(err.Error(), a.ID) || strings.Contains(err.Error(), "secret-")) {
			t.Errorf("%s: Find() = %q, want the row named", name, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) { onBoth(t, testOpenRefuses) }

func testOpenRefuses(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	if err := f.open(t).Close(); err != nil {
		t.Fatal(err)
	}
	stranger, err := seal.CreateFileRoot(filepath.Join(f.path, "other.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]func(*store.Config){
		"with another root key": func(c *store.Config) { c.Root = stranger },
		"without a root key":    func(c *store.Config) { c.Root = nil },
		"where there is none": func(c *store.Config) {
			c.Path, c.URL = filepath.Join(f.path, "no", "folder.db"), nowhere(c.URL)
		},
	} {
		config := f.config()
		wrong(&config)
		if s, err := store.Open(ctx, config); err == nil {
			t.Errorf("opened %s: %v", name, s.Close())
		}
	}
	f.open(t)
	db := f.raw(t)
	exec1(t, db, `INSERT INTO goose_db_version (version_id, is_applied) SELECT 99999, is_applied FROM goose_db_version LIMIT 1`)
	_, err = store.Open(ctx, f.config())
	newer, ok := errors.AsType[*store.NewerError](err)
	if !ok || newer.Database != 99999 || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open() of a newer database = %v", err)
	}
}

// nowhere is an address of the same server where there is no database.
func nowhere(address secret.String) secret.String {
	u, err := url.Parse(address.Reveal())
	if err != nil || u.Scheme == "" {
		return address
	}
	u.Path = "/no_such_database"
	return secret.New(u.String())
}

func TestCloseEndsEverything(t *testing.T) { onBoth(t, testCloseEndsEverything) }

func testCloseEndsEverything(t *testing.T, fresh func(testing.TB) folder) {
	f := fresh(t)
	s := f.open(t)
	if err := s.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(context.Background()); err == nil {
		t.Error("Ping() of a closed store worked")
	}
	if err := s.Registry().TouchKeys(context.Background(), nil); err == nil {
		t.Error("writing to a closed store worked")
	}
}

// TestOddPaths opens databases in folders whose names mean something in a URL.
func TestOddPaths(t *testing.T) {
	f := newFolder(t)
	for _, name := range []string{"with blank", "100%", "what?x=1", "a#b", "é"} {
		path := filepath.Join(f.path, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(context.Background(), store.Config{Path: filepath.Join(path, "l.db"), Root: f.root})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(filepath.Join(path, "l.db")); err != nil || info.Size() == 0 {
			t.Errorf("%q: the database is elsewhere: %v", name, err)
		}
	}
}

func TestLock(t *testing.T) {
	if dir := os.Getenv("LOCK_DIR"); dir != "" { // the other process
		_, err := store.Acquire(dir)
		fmt.Println(err)
		return
	}
	dir := t.TempDir()
	lock, err := store.Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := child(t, "TestLock", "LOCK_DIR="+dir)
	if want := fmt.Sprintf("the data directory %s is in use by process %d", dir, os.Getpid()); !strings.Contains(out, want) {
		t.Errorf("the second process was told %q, want %q", out, want)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if out := child(t, "TestLock", "LOCK_DIR="+dir); !strings.Contains(out, "<nil>") {
		t.Errorf("after the release: %q", out)
	}
	if lock, err = store.Acquire(dir); err != nil { // its holder has ended
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

// child runs one test of this binary in a process of its own.
func child(t *testing.T, test string, env ...string) string {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	command.Env = append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestKill kills a process that commits tokens, without warning: what it said was committed is there, and the store
// opens.
func TestKill(t *testing.T) {
	if dir := os.Getenv("KILL_DIR"); dir != "" {
		commitForever(t, folder{path: dir, url: secret.New(os.Getenv("KILL_URL"))}, os.Getenv("KILL_CONNECTION"))
		return
	}
	onBoth(t, testKill)
}

func testKill(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	s := f.open(t)
	id := addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	r := newRecord(t, id, "0")
	if err := s.Connections().Create(ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		last := killAfter(t, f, r.ID, 30)
		s := f.open(t)
		got, err := s.Connections().Find(ctx, connection.Selector{ID: r.ID})
		if err != nil {
			t.Fatal(err)
		}
		if got.Generation < last {
			t.Errorf("generation %d is there, %d was committed", got.Generation, last)
		}
		if want := fmt.Sprintf("refresh-%d", got.Generation); got.Tokens.RefreshToken.Reveal() != want {
			t.Errorf("the refresh token of generation %d is another's", got.Generation)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter lets a child commit n times and kills it; it gives the last generation that the child told of.
func killAfter(t *testing.T, f folder, id string, n int) (last int64) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestKill$")
	command.Env = append(os.Environ(), "KILL_DIR="+f.path, "KILL_URL="+f.url.Reveal(), "KILL_CONNECTION="+id)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for seen := 0; seen < n && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "committed "); ok {
			if last, err = strconv.ParseInt(text, 10, 64); err != nil {
				t.Fatal(err)
			}
			seen++
		}
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it said before it died counts
		if text, ok := strings.CutPrefix(lines.Text(), "committed "); ok {
			if told, err := strconv.ParseInt(text, 10, 64); err == nil {
				last = told
			}
		}
	}
	_ = command.Wait() // it was killed
	return last
}

func commitForever(t *testing.T, f folder, id string) {
	ctx := context.Background()
	var err error
	if f.root, err = seal.FileRoot(filepath.Join(f.path, "root.key")); err != nil {
		t.Fatal(err)
	}
	s := f.open(t)
	for {
		r, err := s.Connections().Find(ctx, connection.Selector{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		if _, applied, err := s.Connections().Commit(ctx, newCommit(r, strconv.FormatInt(r.Generation+1, 10))); err != nil || !applied {
			t.Fatal(applied, err)
		}
		fmt.Println("committed", r.Generation+1)
	}
}
