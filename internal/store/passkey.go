package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

const passkeyColumns = `id, person, organization, host, credential, name, record, created_at, used_at`

// AddPasskey adds one.
func (r Registry) AddPasskey(ctx context.Context, p registry.Passkey, spent registry.Spent, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if err := t.spend(spent, entry.At); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO passkeys (`+passkeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			p.ID, p.Person, p.Organization, p.Host, p.Credential, p.Name, p.Record, micros(p.CreatedAt), micros(p.UsedAt))
		switch {
		case taken(err, "passkeys.credential"):
			return registry.ErrNameTaken
		case dangling(err):
			return registry.ErrNotFound
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing a passkey: %w", err)
	}
	return nil
}

// Passkeys gives a person's, or those of a credential.
func (r Registry) Passkeys(ctx context.Context, by registry.PasskeyKey) ([]registry.Passkey, error) {
	query, args := `SELECT `+passkeyColumns+` FROM passkeys WHERE person = $1 ORDER BY created_at, id`, []any{by.Person}
	if by.Person == "" {
		query, args = `SELECT `+passkeyColumns+` FROM passkeys WHERE host = $1 AND credential = $2`, []any{by.Host, by.Credential}
	}
	var all []registry.Passkey
	err := r.s.rows(ctx, func(row scanner) error {
		var p registry.Passkey
		var created, used sql.NullInt64
		err := row.Scan(&p.ID, &p.Person, &p.Organization, &p.Host, &p.Credential, &p.Name, &p.Record, &created, &used)
		p.CreatedAt, p.UsedAt = instant(created), instant(used)
		all = append(all, p)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading passkeys: %w", err)
	}
	return all, nil
}

// UsePasskey keeps the record anew.
func (r Registry) UsePasskey(ctx context.Context, p registry.Passkey, before string, spent registry.Spent, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if err := t.spend(spent, entry.At); err != nil {
			return err
		}
		t.record(entry)
		return oneRow(t.exec(`UPDATE passkeys SET record = $2, used_at = $3 WHERE id = $1 AND record = $4`, p.ID, p.Record, micros(p.UsedAt), before))
	})
	if err != nil {
		return fmt.Errorf("noting that a passkey was used: %w", err)
	}
	return nil
}

// spend keeps that a challenge was answered, and lets go of some that have ended.
func (t *tx) spend(spent registry.Spent, at time.Time) error {
	if _, err := t.exec(`DELETE FROM spent_challenges WHERE hash IN (SELECT hash FROM spent_challenges WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)`, micros(at), pruned); err != nil {
		return err
	}
	n, err := t.exec(`INSERT INTO spent_challenges (hash, ends_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, spent.Hash, micros(spent.Until))
	if err == nil && n == 0 {
		return registry.ErrPasskeyUsed
	}
	return err
}

// RenamePasskey renames one of a person's.
func (r Registry) RenamePasskey(ctx context.Context, person, id, name string, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE passkeys SET name = $3 WHERE person = $1 AND id = $2`, person, id, name)
		if err == nil && n == 0 {
			return registry.ErrNotFound
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("renaming a passkey: %w", err)
	}
	return nil
}

// RemovePasskey removes one of a person's.
func (r Registry) RemovePasskey(ctx context.Context, person, id string, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM passkeys WHERE person = $1 AND id = $2`, person, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return registry.ErrNotFound
		}
		t.record(entry)
		_, err = t.exec(`DELETE FROM recovery_codes WHERE person = $1 AND NOT EXISTS (SELECT 1 FROM passkeys p WHERE p.person = $1)
			AND NOT EXISTS (SELECT 1 FROM authenticators a WHERE a.person = $1 AND a.confirmed_at IS NOT NULL)`, person)
		return err
	})
	if err != nil {
		return fmt.Errorf("removing a passkey: %w", err)
	}
	return nil
}
