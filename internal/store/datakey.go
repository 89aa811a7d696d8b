package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"latchkey/internal/seal"
)

const dataKeyColumns = `organization, root, wrapped, created_at`

func scanDataKey(row scanner) (seal.DataKey, error) {
	var key seal.DataKey
	var created sql.NullInt64
	err := row.Scan(&key.Organization, &key.Root, &key.Wrapped, &created)
	key.CreatedAt = instant(created)
	return key, err
}

// DataKey gives an organization's key.
func (d dataKeys) DataKey(ctx context.Context, organization string) (seal.DataKey, error) {
	key, err := scanDataKey(d.s.row(ctx, `SELECT `+dataKeyColumns+` FROM data_keys WHERE organization = $1`, organization))
	if errors.Is(err, sql.ErrNoRows) {
		return seal.DataKey{}, seal.ErrNoDataKey
	}
	if err != nil {
		return seal.DataKey{}, fmt.Errorf("reading a data key: %w", err)
	}
	return key, nil
}

// CreateDataKey keeps the key unless there is one, and gives the one that is kept.
func (d dataKeys) CreateDataKey(ctx context.Context, key seal.DataKey) (kept seal.DataKey, err error) {
	err = d.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO data_keys (`+dataKeyColumns+`) VALUES ($1, $2, $3, $4)
			ON CONFLICT (organization) DO NOTHING`, key.Organization, key.Root, key.Wrapped, micros(key.CreatedAt))
		if err != nil {
			return err
		}
		kept, err = scanDataKey(t.row(`SELECT `+dataKeyColumns+` FROM data_keys WHERE organization = $1`, key.Organization))
		return err
	})
	if err != nil {
		return seal.DataKey{}, fmt.Errorf("keeping a data key: %w", err)
	}
	return kept, nil
}

// DataKeys gives every key.
func (d dataKeys) DataKeys(ctx context.Context) ([]seal.DataKey, error) {
	var keys []seal.DataKey
	err := d.s.rows(ctx, func(row scanner) error {
		key, err := scanDataKey(row)
		keys = append(keys, key)
		return err
	}, `SELECT `+dataKeyColumns+` FROM data_keys ORDER BY organization`)
	if err != nil {
		return nil, fmt.Errorf("reading the data keys: %w", err)
	}
	return keys, nil
}
