package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/store"
)

var chainOwner = access.Caller{ID: "key_a", Organization: connectiontest.Organization, Scopes: access.Scopes{access.AuditRead}}

// recorded is a store in which something happened, with a checkpoint held of it and more that came after.
type recorded struct {
	folder
	store      *store.Store
	log        *audit.Log
	db         *sql.DB
	held       audit.Checkpoint
	connection connection.Record
}

func record(t *testing.T) recorded {
	ctx := context.Background()
	r := recorded{folder: newFolder(t)}
	r.store = r.open(t)
	r.log = openLog(t, r.store)
	id := addDefinition(t, r.store, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	r.connection = newRecord(t, id, "x")
	if err := r.store.Connections().Create(ctx, r.connection, nil); err != nil {
		t.Fatal(err)
	}
	commit := func(generation int64) {
		c := newCommit(r.connection, fmt.Sprint(generation))
		c.Generation = generation
		if _, applied, err := r.store.Connections().Commit(ctx, c); err != nil || !applied {
			t.Fatal(applied, err)
		}
	}
	for generation := int64(1); generation < 8; generation++ {
		commit(generation)
	}
	var err error
	if r.held, err = r.log.Checkpoint(ctx, chainOwner, ""); err != nil {
		t.Fatal(err)
	}
	for generation := int64(8); generation < 10; generation++ {
		commit(generation)
	}
	r.db = r.raw(t)
	return r
}

func (r recorded) verify(t *testing.T, held ...audit.Held) audit.Report {
	t.Helper()
	report, err := r.log.Verify(context.Background(), chainOwner, "", audit.Proof{Held: held})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// rehash makes the chain's hashes anew from a record on, as somebody would who knows how.
func (r recorded) rehash(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	records, err := r.store.Audit().Records(ctx, audit.Selection{Organization: connectiontest.Organization, Forward: true, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	head := audit.Head{}
	for _, old := range records {
		made := old.Follow(head.Sequence, head.Hash)
		exec1(t, r.db, `UPDATE audit_records SET sequence = -$2, hash = $3 WHERE organization = $4 AND sequence = $1`,
			old.Sequence, made.Sequence, made.Hash[:], connectiontest.Organization)
		head = audit.Head{Sequence: made.Sequence, Hash: made.Hash}
	}
	execAny(t, r.db, `UPDATE audit_records SET sequence = -sequence WHERE sequence < 0`)
	exec1(t, r.db, `UPDATE audit_chains SET sequence = $1, hash = $2 WHERE organization = $3`, head.Sequence, head.Hash[:], connectiontest.Organization)
}

func execAny(t *testing.T, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatal(err)
	}
}

// TestTampering does to the database what somebody would who has it, and looks for each fault.
func TestTampering(t *testing.T) {
	const org = connectiontest.Organization
	for _, c := range []struct {
		name   string
		tamper func(t *testing.T, r recorded)
		kinds  []string // one of them must be found
		words  string
	}{
		{"nothing", func(*testing.T, recorded) {}, nil, ""},
		{"actor", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET actor = 'key_else' WHERE organization = $1 AND sequence = 3`, org)
		}, []string{audit.Changed}, "record 3"},
		{"time", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET at = at + 1 WHERE organization = $1 AND sequence = 4`, org)
		}, []string{audit.Changed}, "record 4"},
		{"action", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET action = 'x' WHERE organization = $1 AND sequence = 4`, org)
		}, []string{audit.Changed}, "record 4"},
		{"subject", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET subject = 'conn_else' WHERE organization = $1 AND sequence = 2`, org)
		}, []string{audit.Changed}, "record 2"},
		{"generation", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET generation = 1 WHERE organization = $1 AND sequence = 4`, org)
		}, []string{audit.Changed}, "record 4"},
		{"detail", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET detail = replace(detail, 'token', 'taken') WHERE organization = $1 AND sequence = 3`, org)
		}, []string{audit.Changed}, "record 3"},
		{"detail, two of a name", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET detail = '{"token":"x",' || substr(detail, 2) WHERE organization = $1 AND sequence = 3`, org)
		}, []string{audit.Changed}, "record 3"},
		{"hash", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET hash = zeroblob(32) WHERE organization = $1 AND sequence = 5`, org)
		}, []string{audit.Changed}, "record 5"},
		{"organization", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET organization = 'other' WHERE organization = $1 AND sequence = 5`, org)
		}, []string{audit.Removed}, "record 5 is missing"},
		{"removed in the middle", func(t *testing.T, r recorded) {
			execAny(t, r.db, `DELETE FROM audit_records WHERE organization = $1 AND sequence IN (4, 5)`, org)
		}, []string{audit.Removed}, "records 4 to 5 are missing"},
		{"removed at the end", func(t *testing.T, r recorded) {
			execAny(t, r.db, `DELETE FROM audit_records WHERE organization = $1 AND sequence > 9`, org)
		}, []string{audit.Removed}, "ends with 9"},
		{"removed at the end, head moved", func(t *testing.T, r recorded) {
			execAny(t, r.db, `DELETE FROM audit_records WHERE organization = $1 AND sequence > 7`, org)
			exec1(t, r.db, `UPDATE audit_chains SET sequence = 7, hash = (SELECT hash FROM audit_records WHERE organization = $1 AND sequence = 7)
				WHERE organization = $1`, org)
		}, []string{audit.Removed}, "signs a record that is not there"},
		{"removed prefix", func(t *testing.T, r recorded) {
			execAny(t, r.db, `DELETE FROM audit_records WHERE organization = $1 AND sequence <= 4`, org)
		}, []string{audit.Removed}, "records 1 to 4 are missing"},
		{"removed prefix, base moved", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_chains SET base_sequence = 4, base_hash = (SELECT hash FROM audit_records WHERE organization = $1 AND sequence = 4)
				WHERE organization = $1`, org)
			execAny(t, r.db, `DELETE FROM audit_records WHERE organization = $1 AND sequence <= 4`, org)
		}, []string{audit.Removed}, "no signed record says"},
		{"two exchanged", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET sequence = 1000 WHERE organization = $1 AND sequence = 4`, org)
			exec1(t, r.db, `UPDATE audit_records SET sequence = 4 WHERE organization = $1 AND sequence = 5`, org)
			exec1(t, r.db, `UPDATE audit_records SET sequence = 5 WHERE organization = $1 AND sequence = 1000`, org)
		}, []string{audit.Changed}, "record 4"},
		{"changed and rebuilt", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET actor = 'key_else' WHERE organization = $1 AND sequence = 3`, org)
			r.rehash(t)
		}, []string{audit.Rebuilt}, "rebuilt"},
		{"removed and rebuilt", func(t *testing.T, r recorded) {
			exec1(t, r.db, `DELETE FROM audit_records WHERE organization = $1 AND sequence = 3`, org)
			r.rehash(t)
		}, []string{audit.Rebuilt}, "rebuilt"},
		{"changed, rebuilt, checkpoints removed", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_records SET actor = 'key_else' WHERE organization = $1 AND sequence = 3`, org)
			r.rehash(t)
			execAny(t, r.db, `DELETE FROM audit_checkpoints`)
		}, []string{audit.Rebuilt}, "held.json"},
		{"checkpoint changed", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_checkpoints SET hash = zeroblob(32)`)
		}, []string{audit.Forged}, "was changed"},
		{"checkpoint of another key", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE audit_checkpoints SET public_key = zeroblob(32)`)
		}, []string{audit.Forged}, "not with the trusted"},
		{"all begun anew", func(t *testing.T, r recorded) {
			execAny(t, r.db, `DELETE FROM audit_records`)
			execAny(t, r.db, `DELETE FROM audit_chains`)
			execAny(t, r.db, `DELETE FROM audit_checkpoints`)
		}, []string{audit.Removed}, "signs a record that is not there"},
		{"row rolled back", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE connections SET generation = 3, tokens = NULL WHERE id = $1`, r.connection.ID)
		}, []string{audit.RolledBack}, "generation 3"},
		{"row's tokens of another generation", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE connections SET generation = 9 WHERE id = $1`, r.connection.ID)
		}, []string{audit.Changed}, "do not open"},
		{"row ahead", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE connections SET generation = 90, tokens = NULL WHERE id = $1`, r.connection.ID)
		}, []string{audit.Unrecorded}, "generation 90"},
		{"row without tokens", func(t *testing.T, r recorded) {
			exec1(t, r.db, `UPDATE connections SET tokens = NULL WHERE id = $1`, r.connection.ID)
		}, []string{audit.Unrecorded}, "another token"},
		{"row gone", func(t *testing.T, r recorded) {
			exec1(t, r.db, `DELETE FROM connections WHERE id = $1`, r.connection.ID)
		}, []string{audit.Unrecorded}, "is not there"},
		{"row put back", func(t *testing.T, r recorded) {
			exec1(t, r.db, `CREATE TABLE kept AS SELECT * FROM connections WHERE id = $1`, r.connection.ID)
			if err := remove(r.store, org, r.connection.ID); err != nil {
				t.Fatal(err)
			}
			exec1(t, r.db, `INSERT INTO connections SELECT * FROM kept`)
		}, []string{audit.Unrecorded}, "was put back"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := record(t)
			c.tamper(t, r)
			report := r.verify(t, audit.Held{Checkpoint: r.held, Where: "held.json"})
			if len(c.kinds) == 0 {
				if !report.OK() || report.HeldTo != r.held.Sequence || report.Connections != 1 {
					t.Fatalf("nothing was done, and the report is %+v", report)
				}
				return
			}
			for _, fault := range report.Faults {
				if fault.Kind == c.kinds[0] && strings.Contains(fault.Message, c.words) {
					return
				}
			}
			t.Errorf("no fault %q with %q in %+v", c.kinds[0], c.words, report.Faults)
		})
	}
}

// TestExportVerifies exports a chain and a part of it, and checks both offline, whole and tampered with.
func TestExportVerifies(t *testing.T) {
	r := record(t)
	ctx := context.Background()
	var whole bytes.Buffer
	if err := r.log.Export(ctx, chainOwner, "", audit.Span{}, &whole); err != nil {
		t.Fatal(err)
	}
	examine := func(text string) (audit.Report, error) {
		exported, err := audit.ReadExport(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		if err != nil {
			return audit.Report{}, err
		}
		exported.Checkpoints = append(exported.Checkpoints, audit.Held{Checkpoint: r.held, Where: "held.json"})
		return audit.Examine(exported.Chain)
	}
	report, err := examine(whole.String())
	if err != nil || !report.OK() || report.Checkpoints != 2 || report.Held != 1 || report.First != 1 {
		t.Fatalf("the export = %+v, %v", report, err)
	}
	lines := strings.SplitAfter(strings.TrimSpace(whole.String()), "\n")
	for name, text := range map[string]string{
		"a line removed":    strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), ""),
		"lines exchanged":   strings.Join(append(append(append([]string{}, lines[:3]...), lines[4], lines[3]), lines[5:]...), ""),
		"a text changed":    strings.Replace(whole.String(), `"actor":"key_1"`, `"actor":"key_2"`, 1),
		"the end cut off":   strings.Join(lines[:len(lines)-1], ""),
		"not an export":     "{}\n",
		"an unknown member": strings.Replace(whole.String(), `"actor":`, `"extra":1,"actor":`, 1),
	} {
		if report, err := examine(text); err == nil && report.OK() {
			t.Errorf("%s was not found", name)
		}
	}
	var part bytes.Buffer
	since := now.Add(-time.Hour)
	if err := r.log.Export(ctx, chainOwner, "", audit.Span{Since: since, Until: now.Add(time.Second)}, &part); err != nil {
		t.Fatal(err)
	}
	if report, err := examine(part.String()); err != nil || len(report.Faults) > 1 {
		t.Errorf("the part = %+v, %v", report, err)
	}
}

// TestPrune lets go of what is old: the chain still verifies, and who lets go of more without the key is found.
func TestPrune(t *testing.T) {
	ctx := context.Background()
	r := record(t)
	log, err := audit.Open(ctx, audit.LogConfig{Store: r.store.Audit(), Vault: r.store.Audit(), Retention: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := log.Tend(ctx); err != nil {
			t.Fatal(err)
		}
	}
	extent, err := r.store.Audit().Extent(ctx, connectiontest.Organization)
	if err != nil || extent.Base.Sequence < r.held.Sequence {
		t.Fatalf("the chain begins after %d, %v", extent.Base.Sequence, err)
	}
	if report := r.verify(t); !report.OK() {
		t.Errorf("a pruned chain does not verify: %+v", report.Faults)
	}
	var left int
	if err := r.db.QueryRow(`SELECT COUNT(*) FROM audit_records WHERE organization = $1 AND sequence <= $2`,
		connectiontest.Organization, extent.Base.Sequence).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d pruned records are left, %v", left, err)
	}
	exec1(t, r.db, `UPDATE audit_chains SET base_sequence = sequence, base_hash = hash WHERE organization = $1`, connectiontest.Organization)
	if report := r.verify(t); report.OK() {
		t.Error("a chain that begins later without a signed word for it verifies")
	}
}
