package store

import (
	"context"
	"database/sql"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
	"latchkey/internal/workflow"
)

// Offboardings gives the store's part of the end of an organization.
func (s *Store) Offboardings() Offboardings { return Offboardings{s} }

// Offboardings keeps how far the ends of organizations have come.
type Offboardings struct{ s *Store }

var _ workflow.OffboardStore = Offboardings{}

// BeginOffboarding notes the beginning, and takes the rights of all but the caller.
func (o Offboardings) BeginOffboarding(ctx context.Context, organization, caller string, entry audit.Entry) error {
	err := o.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO offboardings (organization, begun_by, begun_at) SELECT id, $2, $3 FROM organizations WHERE id = $1
			ON CONFLICT (organization) DO NOTHING`, organization, caller, micros(entry.At))
		if err != nil {
			return err
		}
		if n == 0 {
			var there int
			return orNone(t.row(`SELECT 1 FROM organizations WHERE id = $1`, organization).Scan(&there), registry.ErrNotFound)
		}
		for _, statement := range []string{
			`UPDATE api_keys SET revoked_at = $2 WHERE organization = $1 AND revoked_at IS NULL AND id <> $3`,
			`UPDATE users SET status = 'disabled', updated_at = $2, version = version + 1 WHERE organization = $1 AND status <> 'disabled' AND id <> $3`,
			`UPDATE credentials SET enabled = 0, updated_at = $2, version = version + 1 WHERE organization = $1 AND enabled = 1 AND client_id <> $3`,
			`UPDATE webhooks SET enabled = 0, reason = 'The organization is being offboarded.', updated_at = $2, version = version + 1
				WHERE organization = $1 AND enabled = 1 AND $3 <> ''`,
		} {
			if _, err := t.exec(statement, organization, micros(entry.At), caller); err != nil {
				return err
			}
		}
		if _, err := t.exec(`DELETE FROM sessions WHERE organization = $1 AND person <> $2`, organization, caller); err != nil {
			return err
		}
		t.record(entry)
		t.announce(TopicAll, organization)
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting that %s is offboarded: %w", organization, err)
	}
	return nil
}

// Offboarding counts what is left.
func (o Offboardings) Offboarding(ctx context.Context, organization string) (workflow.Offboarding, error) {
	out := workflow.Offboarding{Organization: organization}
	var by sql.NullString
	var at sql.NullInt64
	err := o.s.row(ctx, `SELECT o.name, f.begun_by, f.begun_at, (SELECT COUNT(*) FROM connections WHERE organization = $1)
		FROM organizations o LEFT JOIN offboardings f ON f.organization = o.id WHERE o.id = $1`, organization).
		Scan(&out.Name, &by, &at, &out.Connections)
	if err != nil {
		return out, orNone(err, registry.ErrNotFound)
	}
	if !by.Valid {
		return out, workflow.ErrNotOffboarding
	}
	out.BegunBy, out.BegunAt = by.String, instant(at)
	counts := map[string]*int64{"waiting": &out.Waiting, "revoked": &out.Revoked, "failed": &out.Failed, "none": &out.None}
	err = o.s.rows(ctx, func(row scanner) error {
		var state string
		var n int64
		if err := row.Scan(&state, &n); err != nil {
			return err
		}
		if count := counts[state]; count != nil {
			*count = n
		}
		return nil
	}, `SELECT state, COUNT(*) FROM revocations WHERE organization = $1 GROUP BY state`, organization)
	if err != nil {
		return out, fmt.Errorf("counting the revocations of %s: %w", organization, err)
	}
	return out, nil
}

// ConnectionIDs gives some of an organization's connections.
func (o Offboardings) ConnectionIDs(ctx context.Context, organization string, limit int) ([]string, error) {
	var ids []string
	err := o.s.rows(ctx, func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM connections WHERE organization = $1 LIMIT $2`, organization, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the connections of %s: %w", organization, err)
	}
	return ids, nil
}

// own lists what an organization's end takes with it, each behind those that refer to it. What hangs on a row by a cascade
// goes with that: deliveries, notices, attempts, claims, revisions, workspaces, credentials and theirs. A table that has a
// column organization and stays is in kept.
var own = []string{
	"connect_links", "brands", "cloud_services", "topics", "daemons", "daemon_orders", "daemon_acts", "daemon_hands", "ims_configurations", "ims_keys", "webhooks", "events", "connections", "definitions", "provider_tenants", "provider_incidents", "replays", "expiry_feeds", "series",
	"projects", "product_profiles", "entitlements", "services", "users", "revocations", "revoked_tokens", "api_keys", "sandboxes", "offboardings", "data_keys",
}

// kept gives the reason why a table keeps rows of an organization that is gone, or loses them otherwise.
var kept = map[string]string{
	"audit_chains":        "the record of what was done stays, and proves that nothing of it was changed",
	"audit_records":       "the same",
	"audit_checkpoints":   "the same",
	"audit_verifications": "the same",
	"attempts":            "by cascade",
	"framework_pages":     "by cascade",
	"workspaces":          "by cascade",
	"credentials":         "by cascade",
	"subscriptions":       "by cascade",
	"bindings":            "by cascade",
	"decisions":           "by cascade",
	"sessions":            "by cascade",
	"consents":            "by cascade",
	"authenticators":      "by cascade",
	"recovery_codes":      "by cascade",
	"passkeys":            "by cascade",
	"identities":          "by cascade",
	"sign_in_rules":       "by cascade",
	"token_families":      "by cascade",
}

// EraseOrganization removes it with all that is its own. Events are many and go in parts before.
func (o Offboardings) EraseOrganization(ctx context.Context, organization string, entry audit.Entry) error {
	const part = 1000
	for n := int64(part); n == part; {
		err := o.s.write(ctx, func(t *tx) (err error) {
			n, err = t.exec(`DELETE FROM events WHERE id IN (SELECT id FROM events WHERE organization = $1 LIMIT $2)`, organization, part)
			return err
		})
		if err != nil {
			return fmt.Errorf("erasing the events of %s: %w", organization, err)
		}
	}
	err := o.s.write(ctx, func(t *tx) error {
		for _, table := range own {
			if _, err := t.exec(`DELETE FROM `+table+` WHERE organization = $1`, organization); err != nil {
				return fmt.Errorf("erasing its %s: %w", table, err)
			}
		}
		n, err := t.exec(`DELETE FROM organizations WHERE id = $1`, organization)
		if err != nil {
			return err
		}
		if n == 0 {
			return registry.ErrNotFound
		}
		t.record(entry)
		t.announce(TopicAll, organization)
		return nil
	})
	if err != nil {
		return fmt.Errorf("erasing the organization %s: %w", organization, err)
	}
	o.s.keyring.Forget(organization)
	return nil
}
