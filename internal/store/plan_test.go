package store_test

import (
	"strings"
	"testing"
)

// TestIndexes asks the database how it would find what must not take a look at every row.
func TestIndexes(t *testing.T) {
	f := newFolder(t)
	f.open(t)
	db := f.raw(t)
	for name, query := range map[string]string{
		"connections_due": `SELECT id, refresh_at FROM connections WHERE refresh_at < 1 ORDER BY refresh_at, id LIMIT 1`,
		"connections_troubled": `SELECT * FROM connections c WHERE organization = 'o' AND sandbox = 's' AND c.state = $1 AND c.state <> 'active'
			ORDER BY created_at DESC, id DESC LIMIT 1`,
		"connections_list": `SELECT * FROM connections WHERE organization = 'o' AND sandbox = 's' AND (created_at, id) < (1, 'x')
			ORDER BY created_at DESC, id DESC LIMIT 1`,
		"connections_pending": `SELECT id FROM connections WHERE state = 'pending_authorization' AND created_at < 1 ORDER BY created_at, id LIMIT 1`,
		"attempts_expires":    `SELECT id FROM attempts WHERE expires_at < 1 ORDER BY expires_at LIMIT 1`,
	} {
		rows, err := db.Query("EXPLAIN QUERY PLAN "+query, "degraded")
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "; "); !strings.Contains(text, name) || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%s: %s", name, text)
		}
	}
}
