package store_test

import (
	"strings"
	"testing"
)

// TestIndexes asks the database how it would find what must not take a look at every row.
func TestIndexes(t *testing.T) { onBoth(t, testIndexes) }

func testIndexes(t *testing.T, fresh func(testing.TB) folder) {
	f := fresh(t)
	f.open(t)
	for name, query := range map[string]string{
		"connections_due": `SELECT id, refresh_at FROM connections WHERE refresh_at < 1 ORDER BY refresh_at, id LIMIT 1`,
		"connections_troubled": `SELECT * FROM connections c WHERE organization = 'o' AND sandbox = 's' AND c.state = $1 AND c.state <> 'active'
			ORDER BY created_at DESC, id DESC LIMIT 1`,
		"connections_list": `SELECT * FROM connections WHERE organization = 'o' AND sandbox = 's' AND (created_at, id) < (1, 'x')
			ORDER BY created_at DESC, id DESC LIMIT 1`,
		"connections_pending": `SELECT id FROM connections WHERE state = 'pending_authorization' AND created_at < 1 ORDER BY created_at, id LIMIT 1`,
		"connections_ends": `SELECT c.id, d.name FROM connections c JOIN definitions d ON d.id = c.definition
			WHERE c.organization = 'o' AND c.ends_at IS NOT NULL AND c.ends_at >= 1 AND c.ends_at < 9 AND (c.ends_at > 1 OR c.id >= 'x')
			AND c.state IN ('active', 'degraded', 'disabled') AND ('s' = '' OR c.sandbox = 's') ORDER BY c.ends_at, c.id LIMIT 1`,
		"connections_ends_kept": `SELECT c.id, d.name FROM connections c JOIN definitions d ON d.id = c.definition
			WHERE c.organization = 'o' AND c.ends_at IS NOT NULL AND c.ends_at >= 1 AND c.ends_at < 9 AND (c.ends_at > 1 OR c.id >= 'x')
			AND c.state IN ('active', 'degraded', 'disabled') AND ('s' = '' OR c.sandbox = 's') AND c.ends_kept = 1 ORDER BY c.ends_at, c.id LIMIT 1`,
		"connections_ends_held": `SELECT c.id, d.name FROM connections c JOIN definitions d ON d.id = c.definition
			WHERE c.organization = 'o' AND c.ends_at IS NOT NULL AND c.ends_at >= 1 AND c.ends_at < 9 AND (c.ends_at > 1 OR c.id >= 'x')
			AND c.state IN ('active', 'degraded', 'disabled') AND ('s' = '' OR c.sandbox = 's') AND c.state <> 'active' ORDER BY c.ends_at, c.id LIMIT 1`,
		"events_outbox":     `SELECT * FROM events e WHERE e.spread = 0 ORDER BY e.id LIMIT 1`,
		"events_list":       `SELECT * FROM events e WHERE e.organization = 'o' AND e.at >= 1 AND (e.at, e.id) < (9, 'x') ORDER BY e.at DESC, e.id DESC LIMIT 1`,
		"events_subject":    `SELECT * FROM events e WHERE e.organization = 'o' AND e.subject = 's' ORDER BY e.at DESC, e.id DESC LIMIT 1`,
		"events_type":       `SELECT * FROM events e WHERE e.organization = 'o' AND e.type = 't' ORDER BY e.at DESC, e.id DESC LIMIT 1`,
		"events_at":         `SELECT id FROM events WHERE at < 1 ORDER BY at LIMIT 1`,
		"deliveries_due":    `SELECT * FROM deliveries d WHERE d.webhook = 'w' AND d.due_at <= 1 ORDER BY d.due_at, d.event LIMIT 1`,
		"deliveries_list":   `SELECT * FROM deliveries d WHERE d.webhook = 'w' ORDER BY d.created_at DESC, d.event DESC LIMIT 1`,
		"webhooks_frequent": `SELECT string_agg(organization, 'x') FROM webhooks WHERE frequent <> '' AND enabled = 1`,
		"bindings_ends": `SELECT b.id, c.name FROM bindings b JOIN credentials c ON c.id = b.credential WHERE b.organization = 'o'
			AND b.not_after >= 1 AND b.not_after < 9 AND (b.not_after > 1 OR 'cert_' || b.id >= 'x') ORDER BY b.not_after, b.id LIMIT 1`,
		"decisions_credential":   `SELECT * FROM decisions d WHERE d.credential = 'c' AND d.id < 'x' ORDER BY d.id DESC LIMIT 1`,
		"decisions_organization": `SELECT * FROM decisions d WHERE d.organization = 'o' AND '' = '' AND d.id < 'x' ORDER BY d.id DESC LIMIT 1`,
		"decisions_last":         `SELECT id FROM decisions WHERE last_at < 1 ORDER BY last_at LIMIT 1`,
		"credentials_list":       `SELECT * FROM credentials c WHERE c.organization = 'o' AND c.id > 'x' ORDER BY c.id LIMIT 1`,
		"credentials_workspace":  `SELECT * FROM credentials c WHERE c.organization = 'o' AND c.id > 'x' AND c.workspace = 'w' ORDER BY c.id LIMIT 1`,
		"projects_list":          `SELECT * FROM projects p WHERE p.organization = 'o' AND p.id > 'x' ORDER BY p.id LIMIT 1`,
		"attempts_expires":       `SELECT id FROM attempts WHERE expires_at < 1 ORDER BY expires_at LIMIT 1`,
	} {
		if text := f.plan(t, query, "degraded"); !strings.Contains(text, name) ||
			strings.Contains(text, "TEMP B-TREE") || strings.Contains(text, "Sort") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// plan gives the database's plan for a query, one that would suit a full table too: PostgreSQL reads an empty one whole.
func (f folder) plan(t *testing.T, query, arg string) string {
	t.Helper()
	ctx := t.Context()
	conn, err := f.raw(t).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	explain, args := "EXPLAIN QUERY PLAN ", []any{arg}
	if !f.url.Empty() {
		explain = "EXPLAIN "
		args = args[:strings.Count(query, "$1")]
		if _, err := conn.ExecContext(ctx, `SET enable_seqscan = off; SET enable_bitmapscan = off`); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(ctx, explain+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		columns := []any{&id, &parent, &unused, &detail}
		if !f.url.Empty() {
			columns = columns[3:]
		}
		if err := rows.Scan(columns...); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
