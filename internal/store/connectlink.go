package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/connectlink"
	"latchkey/internal/seal"
)

// ConnectLinks keeps the links that customers connect with, and what they see there.
type ConnectLinks struct{ s *Store }

var _ connectlink.Store = ConnectLinks{}

// ConnectLinks gives the store's part for connect links.
func (s *Store) ConnectLinks() ConnectLinks { return ConnectLinks{s} }

func linkRow(organization, id string) seal.Row {
	return seal.Row{Organization: organization, Table: "connect_links", ID: id, Column: "secrets"}
}

const linkColumns = `SELECT id, organization, sandbox, definition, configuration, target, label, reference, return_url, fields, secrets, created_by,
	created_at, expires_at, connection, busy_until, used_at, revoked_at FROM connect_links `

// CreateLink keeps a link, and lets go of some that ended long ago.
func (c ConnectLinks) CreateLink(ctx context.Context, l connectlink.Link, token connectlink.Hash, endedBefore time.Time, entry audit.Entry) error {
	fields, err := encodeFields(l.Fields)
	if err != nil {
		return err
	}
	secrets, err := c.s.sealSecrets(ctx, linkRow(l.Organization, l.ID), l.Fields.Secrets())
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM connect_links WHERE id IN (SELECT id FROM connect_links WHERE expires_at < $1 ORDER BY expires_at LIMIT 100)`, micros(endedBefore))
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO connect_links (id, organization, sandbox, token, definition, configuration, target, label, reference, return_url,
			fields, secrets, created_by, created_at, expires_at, connection) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
			l.ID, l.Organization, l.Sandbox, token[:], l.Definition, l.Configuration, l.Target, l.Label, l.Reference, l.ReturnURL, fields, secrets,
			l.CreatedBy, micros(l.CreatedAt), micros(l.ExpiresAt), l.Connection)
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the link %s: %w", l.ID, err)
	}
	return nil
}

// LinkByToken finds one by the hash of its token.
func (c ConnectLinks) LinkByToken(ctx context.Context, token connectlink.Hash) (connectlink.Link, error) {
	return c.scan(ctx, c.s.row(ctx, linkColumns+`WHERE token = $1`, token[:]))
}

// Link finds one by its id.
func (c ConnectLinks) Link(ctx context.Context, organization, id string) (connectlink.Link, error) {
	return c.scan(ctx, c.s.row(ctx, linkColumns+`WHERE id = $1 AND organization = $2`, id, organization))
}

// Links gives some, the newest first.
func (c ConnectLinks) Links(ctx context.Context, q connectlink.Query) ([]connectlink.Link, error) {
	text, args := linkColumns+`WHERE organization = $1 AND sandbox = $2 ORDER BY id DESC LIMIT $3`, []any{q.Organization, q.Sandbox, q.Limit}
	if q.Before != "" {
		text = strings.Replace(text, " ORDER", " AND id < $4 ORDER", 1)
		args = append(args, q.Before)
	}
	var all []connectlink.Link
	err := c.s.rows(ctx, func(row scanner) error {
		l, err := c.scan(ctx, row)
		all = append(all, l)
		return err
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("listing links: %w", err)
	}
	return all, nil
}

func (c ConnectLinks) scan(ctx context.Context, row scanner) (connectlink.Link, error) {
	var l connectlink.Link
	var fields string
	var secrets []byte
	var created, expires, until, used, revoked sql.NullInt64
	err := row.Scan(&l.ID, &l.Organization, &l.Sandbox, &l.Definition, &l.Configuration, &l.Target, &l.Label, &l.Reference, &l.ReturnURL, &fields, &secrets,
		&l.CreatedBy, &created, &expires, &l.Connection, &until, &used, &revoked)
	if err != nil {
		return connectlink.Link{}, fmt.Errorf("reading a link: %w", orNone(err, connectlink.ErrUnknown))
	}
	l.CreatedAt, l.ExpiresAt, l.BusyUntil, l.UsedAt, l.RevokedAt = instant(created), instant(expires), instant(until), instant(used), instant(revoked)
	opened, err := c.s.openSecrets(ctx, linkRow(l.Organization, l.ID), secrets)
	if err != nil {
		return connectlink.Link{}, err
	}
	l.Fields, err = decodeFields(fields, opened)
	return l, err
}

// TakeLink lets one caller connect with an open link.
func (c ConnectLinks) TakeLink(ctx context.Context, id string, now, until time.Time) error {
	err := c.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE connect_links SET busy_until = $2 WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL AND (busy_until IS NULL OR busy_until < $3)`,
			id, micros(until), micros(now))
		if err != nil || n > 0 {
			return err
		}
		var there int
		err = t.row(`SELECT 1 FROM connect_links WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL`, id).Scan(&there)
		if errors.Is(err, sql.ErrNoRows) {
			return connectlink.ErrUsed
		}
		if err != nil {
			return err
		}
		return connectlink.ErrBusy
	})
	if err != nil {
		return fmt.Errorf("taking the link %s: %w", id, err)
	}
	return nil
}

// LeaveLink notes what came of it. A link that is used keeps no secret.
func (c ConnectLinks) LeaveLink(ctx context.Context, id, connection string, used bool, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		var usedAt any
		if used {
			usedAt = micros(entry.At)
		}
		_, err := t.exec(`UPDATE connect_links SET busy_until = NULL, connection = CASE WHEN CAST($2 AS TEXT) = '' THEN connection ELSE CAST($2 AS TEXT) END,
			used_at = COALESCE(used_at, CAST($3 AS BIGINT)), secrets = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN secrets END WHERE id = $1`, id, connection, usedAt)
		if connection != "" {
			t.record(entry)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("leaving the link %s: %w", id, err)
	}
	return nil
}

// linkUsed uses up the links of a connection whose consent has ended in a token set.
func linkUsed(t *tx, connection string, at time.Time) error {
	_, err := t.exec(`UPDATE connect_links SET used_at = $2, secrets = NULL WHERE connection = $1 AND used_at IS NULL`, connection, micros(at))
	return err
}

// RevokeLink withdraws one.
func (c ConnectLinks) RevokeLink(ctx context.Context, organization, id string, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE connect_links SET revoked_at = $3, secrets = NULL WHERE id = $1 AND organization = $2 AND used_at IS NULL`, id, organization, micros(entry.At))
		if err == nil && n == 0 {
			return connectlink.ErrUnknown
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("withdrawing the link %s: %w", id, err)
	}
	return nil
}

// Brand gives an organization's.
func (c ConnectLinks) Brand(ctx context.Context, organization string) (connectlink.Brand, error) {
	var b connectlink.Brand
	var logo sql.NullString
	var updated sql.NullInt64
	err := c.s.row(ctx, `SELECT name, lead, accent, support, logo_hash, updated_by, updated_at FROM brands WHERE organization = $1`, organization).
		Scan(&b.Name, &b.Lead, &b.Accent, &b.Support, &logo, &b.UpdatedBy, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return connectlink.Brand{}, nil
	}
	if err != nil {
		return connectlink.Brand{}, fmt.Errorf("reading the brand of %s: %w", organization, err)
	}
	b.Logo, b.UpdatedAt = logo.String, instant(updated)
	return b, nil
}

// SaveBrand replaces it.
func (c ConnectLinks) SaveBrand(ctx context.Context, organization string, b connectlink.Brand, logo []byte, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO brands (organization, name, lead, accent, support, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (organization) DO UPDATE SET name = excluded.name, lead = excluded.lead, accent = excluded.accent, support = excluded.support,
			updated_by = excluded.updated_by, updated_at = excluded.updated_at`, organization, b.Name, b.Lead, b.Accent, b.Support, b.UpdatedBy, micros(b.UpdatedAt))
		switch {
		case err != nil:
			return err
		case b.Logo == "":
			_, err = t.exec(`UPDATE brands SET logo = NULL, logo_hash = NULL WHERE organization = $1`, organization)
		case logo != nil:
			_, err = t.exec(`UPDATE brands SET logo = $2, logo_hash = $3 WHERE organization = $1`, organization, logo, b.Logo)
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping the brand of %s: %w", organization, err)
	}
	return nil
}

// Logo gives a PNG by its hash.
func (c ConnectLinks) Logo(ctx context.Context, hash string) ([]byte, error) {
	var logo []byte
	err := c.s.row(ctx, `SELECT logo FROM brands WHERE logo_hash = $1 LIMIT 1`, hash).Scan(&logo)
	if err != nil {
		return nil, fmt.Errorf("reading a logo: %w", orNone(err, connectlink.ErrUnknown))
	}
	return logo, nil
}
