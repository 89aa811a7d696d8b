package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/store"
)

// TestBackupNamesEveryTable holds that who adds a table says whether it is backed up.
func TestBackupNamesEveryTable(t *testing.T) {
	f := newFolder(t)
	f.open(t)
	found, err := f.raw(t).Query(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	var names []string
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		if backed, transient := slices.Contains(store.BackedUp, name), store.Transient[name] != ""; backed == transient {
			t.Errorf("the table %s has to be in one of the lists of backup.go: backed up %v, transient %v", name, backed, transient)
		}
	}
	for _, name := range store.BackedUp {
		if !slices.Contains(names, name) {
			t.Errorf("there is no table %s", name)
		}
	}
}

// TestBackupUnderLoad backs up while connections are renewed, and restores into each kind of database: every token set
// opens, as of one moment, and the record is whole.
func TestBackupUnderLoad(t *testing.T) {
	kinds := map[string]func(testing.TB) folder{"SQLite": newFolder, "PostgreSQL": newServed}
	for from, source := range kinds {
		for to, target := range kinds {
			t.Run(from+" to "+to, func(t *testing.T) {
				f, records, backup := loaded(t, source)
				// The root key is another thing than the data: it comes along by hand.
				into := emptied(t, target)
				into.root = f.root
				done, err := store.Restore(context.Background(), into.config(), bytes.NewReader(backup))
				if err != nil {
					t.Fatal(err)
				}
				if done.Rows["connections"] != int64(len(records)) || done.At.IsZero() || done.Schema == 0 {
					t.Errorf("Restore() = %+v", done)
				}
				holds(t, into, records)
				_, err = store.Restore(context.Background(), into.config(), bytes.NewReader(backup))
				if !errors.Is(err, store.ErrNotEmpty) {
					t.Errorf("a second restore into the same database: %v", err)
				}
			})
		}
	}
}

// loaded makes connections and gives a backup that was made while they were renewed.
func loaded(t *testing.T, fresh func(testing.TB) folder) (f folder, records []connection.Record, backup []byte) {
	ctx := context.Background()
	f = fresh(t)
	s := f.open(t)
	log := openLog(t, s)
	id := addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	for i := range 20 {
		r := newRecord(t, id, fmt.Sprint(i, "\u2028é\"")) // what JSON and databases could stumble over
		if err := s.Connections().Create(ctx, r, nil); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	if _, err := log.Checkpoint(ctx, chainOwner, ""); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var wait sync.WaitGroup
	begun, stop := make(chan struct{}), make(chan struct{})
	wait.Go(func() {
		for generation := int64(1); ; generation++ {
			for i, r := range records {
				c := newCommit(r, fmt.Sprint(generation))
				c.Generation = generation
				if _, _, err := s.Connections().Commit(ctx, c); err != nil {
					t.Error(err)
				}
				if generation == 2 && i == 5 {
					close(begun)
				}
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	<-begun
	if err := s.Backup(ctx, &out); err != nil {
		t.Error(err)
	}
	close(stop)
	wait.Wait()
	return f, records, out.Bytes()
}

// emptied gives a folder whose database has no tables.
func emptied(t *testing.T, fresh func(testing.TB) folder) folder {
	f := fresh(t)
	if f.url.Empty() {
		return f
	}
	if _, err := f.raw(t).Exec(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
	return f
}

// holds checks what was restored.
func holds(t *testing.T, f folder, records []connection.Record) {
	ctx := context.Background()
	s := f.open(t)
	for _, r := range records {
		got, err := s.Connections().Find(ctx, connection.Selector{Organization: r.Organization, ID: r.ID})
		if err != nil {
			t.Fatal(err)
		}
		if got.Tokens == nil || got.Tokens.AccessToken.Reveal() != fmt.Sprintf("access-%d", got.Generation-1) {
			t.Errorf("connection %s of generation %d has other tokens", r.ID, got.Generation)
		}
	}
	report, err := openLog(t, s).Verify(ctx, chainOwner, "", audit.Proof{})
	if err != nil || !report.OK() || report.Covered == 0 || report.Connections != int64(len(records)) {
		t.Errorf("Verify() = %+v, %v", report, err)
	}
	// The restored database goes on.
	c := newCommit(records[0], "next")
	if got, err := s.Connections().Find(ctx, connection.Selector{Organization: records[0].Organization, ID: records[0].ID}); err == nil {
		c.Generation = got.Generation
	}
	if _, applied, err := s.Connections().Commit(ctx, c); err != nil || !applied {
		t.Errorf("Commit() = %v, %v", applied, err)
	}
}

// TestDamagedBackups refuses what is not as it was written, and leaves nothing behind.
func TestDamagedBackups(t *testing.T) {
	_, _, backup := loaded(t, newFolder)
	lines := slices.DeleteFunc(bytes.SplitAfter(backup, []byte("\n")), func(line []byte) bool { return len(line) == 0 })
	join := func(lines ...[]byte) []byte { return bytes.Join(lines, nil) }
	for name, c := range map[string]struct {
		backup []byte
		want   string
	}{
		"empty":           {nil, "ends early"},
		"something else":  {[]byte("{}\n"), "does not begin as one"},
		"no end":          {join(lines[:len(lines)-1]...), "ends early"},
		"a row is gone":   {join(append(slices.Clone(lines[:30]), lines[31:]...)...), "checksum"},
		"cut in a line":   {backup[:len(backup)/2], "ends early"},
		"changed":         {bytes.Replace(backup, []byte("moviestar"), []byte("moviestaz"), 1), "checksum"},
		"more behind it":  {append(slices.Clone(backup), '\n'), "behind its end"},
		"newer":           {bytes.Replace(backup, []byte(`"schema":`), []byte(`"schema":99`), 1), "newer version of Latchkey"},
		"a forged column": {bytes.Replace(backup, []byte(`["id",`), []byte(`["id) --",`), 1), "column that is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			_, err := store.Restore(context.Background(), f.config(), bytes.NewReader(c.backup))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Restore() = %v, want %q in it", err, c.want)
			}
			if _, err := os.Stat(f.database()); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a database is left: %v", err)
			}
		})
	}
}

// TestBackupOfAnOlderSchema restores what an older program wrote, and migrates it.
func TestBackupOfAnOlderSchema(t *testing.T) {
	for name, fresh := range map[string]func(testing.TB) folder{"SQLite": newFolder, "PostgreSQL": newServed} {
		t.Run(name, func(t *testing.T) {
			f := emptied(t, fresh)
			lines := `{"latchkey_backup":1,"schema":1,"at":"2026-11-21T09:30:00Z","rows":{"organizations":1}}
{"table":"organizations","columns":["id","name","created_at"]}
["0123456789ABCDEF01234567@AdobeOrg","Moviestar",1]
`
			lines += fmt.Sprintf("{\"end\":true,\"rows\":1,\"sha256\":\"%x\"}\n", sha256.Sum256([]byte(lines)))
			if _, err := store.Restore(context.Background(), f.config(), strings.NewReader(lines)); err != nil {
				t.Fatal(err)
			}
			all, err := f.open(t).Registry().Organizations(context.Background())
			if err != nil || len(all) != 1 || all[0].Name != "Moviestar" {
				t.Errorf("Organizations() = %+v, %v", all, err)
			}
		})
	}
}
