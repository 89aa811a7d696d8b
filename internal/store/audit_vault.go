package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/seal"
)

var _ audit.Vault = Audit{}

// The keys that sign are the installation's, and data keys are organizations': they are sealed with one that no
// organization's id can be.
var signingRow = seal.Row{Organization: "installation", Table: "audit_keys", ID: "1", Column: "seed"}

// SigningKey gives the key that signs checkpoints.
func (a Audit) SigningKey(ctx context.Context, fresh []byte) ([]byte, error) {
	const newest = `SELECT seed FROM audit_keys ORDER BY number DESC LIMIT 1`
	var sealed []byte
	err := a.s.row(ctx, newest).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		var made []byte
		if made, err = a.s.keyring.Seal(ctx, signingRow, fresh); err != nil {
			return nil, err
		}
		err = a.s.write(ctx, func(t *tx) error {
			n, err := t.exec(`INSERT INTO audit_keys (number, seed, created_at) VALUES (1, $1, $2) ON CONFLICT (number) DO NOTHING`,
				made, micros(a.s.clock.Now()))
			if err != nil {
				return err
			}
			if n > 0 {
				t.record(audit.Entry{Actor: audit.System, Action: "audit.key_create", Subject: "audit"})
			}
			return t.row(newest).Scan(&sealed)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key that signs checkpoints: %w", err)
	}
	return a.s.keyring.Open(ctx, signingRow, sealed)
}

// KeepCheckpoint keeps one.
func (a Audit) KeepCheckpoint(ctx context.Context, c audit.Checkpoint) error {
	err := a.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO audit_checkpoints (organization, sequence, hash, at, public_key, signature)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization, sequence) DO NOTHING`,
			c.Organization, c.Sequence, c.Hash[:], micros(c.At), []byte(c.PublicKey), c.Signature)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// Checkpoints gives checkpoints, the newest first.
func (a Audit) Checkpoints(ctx context.Context, organization string, before int64, limit int) ([]audit.Checkpoint, error) {
	var all []audit.Checkpoint
	err := a.s.rows(ctx, func(row scanner) error {
		var c audit.Checkpoint
		var hash, key []byte
		var at sql.NullInt64
		err := row.Scan(&c.Organization, &c.Sequence, &hash, &at, &key, &c.Signature)
		copy(c.Hash[:], hash)
		c.At, c.PublicKey = instant(at), key
		all = append(all, c)
		return err
	}, `SELECT organization, sequence, hash, at, public_key, signature FROM audit_checkpoints
		WHERE organization = $1 AND (sequence < $2 OR $2 = 0) ORDER BY sequence DESC LIMIT $3`, organization, before, limit)
	if err != nil {
		return nil, fmt.Errorf("reading checkpoints: %w", err)
	}
	return all, nil
}
