package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"
	"unicode/utf8"
)

// backedUp lists the tables of a backup, each behind those that it refers to. transient are the others.
var backedUp = []string{
	"root_keys", "data_keys", "organizations", "sandboxes", "api_keys", "definitions", "revisions", "connections", "connection_history", "attempts", "claims",
	"revocations", "offboardings", "signing_keys", "revoked_tokens",
	"audit_keys", "audit_chains", "audit_records", "audit_checkpoints", "audit_nodes", "audit_reads",
	"events", "webhooks", "deliveries", "mails", "mail_notices", "providers", "provider_tenants", "provider_incidents",
	"expiry_warnings", "expiry_feeds",
	"users", "authenticators", "recovery_codes", "passkeys", "identities", "sign_in_rules", "projects", "workspaces", "services", "entitlements", "product_profiles", "credentials", "subscriptions", "client_secrets", "bindings", "binding_jtis",
	"credential_uses", "consents", "token_families", "ims_configurations", "ims_keys", "cloud_services", "audience_syncs", "audiences", "offers", "client_libraries",
	"analytics_lists", "analytics_items", "frameworks", "framework_pages", "topics", "daemons", "daemon_orders", "brands", "connect_links",
}

// transient gives the reason why a table is in no backup.
var transient = map[string]string{
	"used_assertions":     "those used since the backup would be missing anyhow, and all end within an hour",
	"audit_verifications": "what a check found; it is made again",
	"write_marks":         "transactions of processes that live",
	"sessions":            "browsers sign in again; a copy must not keep anybody in",
	"replays":             "answers of the last day, for requests that are sent again",
	"goose_db_version":    "the header tells the schema's version",
	"sqlite_sequence":     "SQLite's own, of the table of versions",
	"daemon_hands":        "credentials on their way, which are given again",
	"daemon_acts":         "what daemons were asked to do on the last day, with messages of a few minutes",
	"ims_checks":          "what Check Health found, which can be asked anew",
	"spent_challenges":    "all end within an hour",
	"set_up_links":        "a copy of an installation that is not set up has a link of its own",
	"series":              "what charts show of the last two weeks; it counts on anew",
	"decisions":           "why tokens were refused in the last days",
	"decision_debug_ids":  "the same",
}

// The lines of a backup: a header; for each table a line with its columns and then its rows, as arrays; an end.
type (
	backupHeader struct {
		Format int              `json:"latchkey_backup"`
		Schema int64            `json:"schema"`
		At     time.Time        `json:"at"`
		Rows   map[string]int64 `json:"rows"`
	}
	backupTable struct {
		Table   string   `json:"table"`
		Columns []string `json:"columns"`
	}
	backupEnd struct {
		End    bool   `json:"end"`
		Rows   int64  `json:"rows"`
		SHA256 string `json:"sha256"` // of all lines before
	}
	// bytesValue is a value that is no text: a BLOB, or a text that JSON can't hold.
	bytesValue struct {
		Blob *[]byte `json:"b,omitempty"`
		Text *[]byte `json:"t,omitempty"`
	}
)

// backupFormat is the version of the lines' form.
const backupFormat = 1

// Backup writes everything that is kept, as it was at one moment, while others go on to write. What is sealed stays so.
func (s *Store) Backup(ctx context.Context, out io.Writer) error {
	conn, err := s.readers.Conn(ctx)
	if err != nil {
		return fmt.Errorf("backing up: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, s.dialect.snapshot); err != nil {
		return fmt.Errorf("backing up: %w", err)
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`) }() // it changed nothing
	d := &dump{ctx: ctx, conn: conn, sum: sha256.New()}
	d.out = bufio.NewWriterSize(out, 1<<16)
	if err := d.all(); err != nil {
		return fmt.Errorf("backing up: %w", err)
	}
	return nil
}

// dump is a backup on its way out.
type dump struct {
	ctx  context.Context
	conn *sql.Conn
	out  *bufio.Writer
	sum  hash.Hash
	rows int64
}

func (d *dump) all() error {
	header := backupHeader{Format: backupFormat, At: time.Now().UTC(), Rows: map[string]int64{}}
	if err := d.conn.QueryRowContext(d.ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&header.Schema); err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	for _, table := range backedUp {
		var n int64
		if err := d.conn.QueryRowContext(d.ctx, `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
			return fmt.Errorf("counting %s: %w", table, err)
		}
		header.Rows[table] = n
	}
	if err := d.line(header); err != nil {
		return err
	}
	for _, table := range backedUp {
		if err := d.table(table); err != nil {
			return fmt.Errorf("reading %s: %w", table, err)
		}
	}
	if err := d.line(backupEnd{End: true, Rows: d.rows, SHA256: hex.EncodeToString(d.sum.Sum(nil))}); err != nil {
		return err
	}
	return d.out.Flush()
}

func (d *dump) table(name string) error {
	found, err := d.conn.QueryContext(d.ctx, `SELECT * FROM `+name) //nolint:gosec // a name of our own list
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		return err
	}
	if err := d.line(backupTable{Table: name, Columns: columns}); err != nil {
		return err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	return eachRow(found, func(row scanner) error {
		if err := row.Scan(targets...); err != nil {
			return err
		}
		d.rows++
		line := make([]any, len(values))
		for i, value := range values {
			line[i] = shownValue(value)
		}
		return d.line(line)
	})
}

func (d *dump) line(content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	_, _ = d.sum.Write(text) // a hash does not fail
	_, err = d.out.Write(text)
	return err
}

// shownValue gives a column's value as JSON holds it.
func shownValue(value any) any {
	switch value := value.(type) {
	case []byte:
		held := append([]byte{}, value...)
		return bytesValue{Blob: &held}
	case string:
		if !utf8.ValidString(value) {
			held := []byte(value)
			return bytesValue{Text: &held}
		}
	}
	return value
}
