package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

var _ registry.FirstStartStore = Registry{}

// KeepSetUpLink gives the link that is kept, or keeps the fresh one.
func (r Registry) KeepSetUpLink(ctx context.Context, fresh registry.SetUpLink, at time.Time) (kept registry.SetUpLink, err error) {
	err = r.s.write(ctx, func(t *tx) error {
		if err := t.nobodyYet(registry.ErrSetUp); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO set_up_links (one, nonce, ends_at) VALUES (1, $1, $2)
			ON CONFLICT (one) DO UPDATE SET nonce = excluded.nonce, ends_at = excluded.ends_at WHERE set_up_links.ends_at <= $3`,
			fresh.Nonce, micros(fresh.EndsAt), micros(at))
		if err != nil {
			return err
		}
		kept, err = scanSetUpLink(t.row(selectSetUpLink))
		return err
	})
	if err != nil {
		return registry.SetUpLink{}, fmt.Errorf("keeping the link to set up: %w", err)
	}
	return kept, nil
}

const selectSetUpLink = `SELECT nonce, ends_at FROM set_up_links WHERE one = 1`

func scanSetUpLink(row scanner) (link registry.SetUpLink, err error) {
	var ends sql.NullInt64
	err = row.Scan(&link.Nonce, &ends)
	link.EndsAt = instant(ends)
	return link, err
}

// SetUpLink gives the link that is kept.
func (r Registry) SetUpLink(ctx context.Context) (registry.SetUpLink, error) {
	link, err := scanSetUpLink(r.s.row(ctx, selectSetUpLink))
	if err != nil {
		return registry.SetUpLink{}, fmt.Errorf("reading the link to set up: %w", orNone(err, registry.ErrNotFound))
	}
	return link, nil
}

// SetUp adds the first organization with its sandbox and its person, and takes the link away.
func (r Registry) SetUp(ctx context.Context, nonce []byte, first registry.First, entries ...audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		// First of all, so that of two at once the second waits here, and finds nothing.
		n, err := t.exec(`DELETE FROM set_up_links WHERE one = 1 AND nonce = $1`, nonce)
		if err == nil && n == 0 {
			err = registry.ErrLink
		}
		if err == nil {
			err = t.nobodyYet(registry.ErrLink)
		}
		if err == nil {
			err = insertOrganization(t, first.Organization)
		}
		if err == nil {
			err = insertSandbox(t, first.Sandbox)
		}
		if err == nil {
			err = insertUser(t, first.User)
		}
		t.record(entries...)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the first organization: %w", err)
	}
	return nil
}

// nobodyYet fails as told when there is an organization.
func (t *tx) nobodyYet(otherwise error) error {
	var id string
	err := t.row(`SELECT id FROM organizations LIMIT 1`).Scan(&id)
	switch {
	case err == nil:
		return otherwise
	case errors.Is(err, sql.ErrNoRows):
		return nil
	}
	return err
}
