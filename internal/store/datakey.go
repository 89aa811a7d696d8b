package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"latchkey/internal/seal"
)

var _ seal.Store = dataKeys{}

// A data key that was never wrapped anew has no wrapped_at in databases of earlier versions.
const dataKeyColumns = `organization, root, wrapped, created_at, COALESCE(wrapped_at, created_at)`

func scanDataKey(row scanner) (seal.DataKey, error) {
	var key seal.DataKey
	var created, wrapped sql.NullInt64
	err := row.Scan(&key.Organization, &key.Root, &key.Wrapped, &created, &wrapped)
	key.CreatedAt, key.WrappedAt = instant(created), instant(wrapped)
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

// CreateDataKey keeps the key unless there is one, and gives the one that is kept. It changes the root key's row to
// itself, so that a rotation begins before or after, not meanwhile.
func (d dataKeys) CreateDataKey(ctx context.Context, key seal.DataKey) (kept seal.DataKey, err error) {
	err = d.s.write(ctx, func(t *tx) error {
		current, err := t.exec(`UPDATE root_keys SET state = state WHERE id = $1 AND state = 'current'`, key.Root)
		if err != nil {
			return err
		}
		if current == 0 {
			return seal.ErrNotCurrent
		}
		_, err = t.exec(`INSERT INTO data_keys (organization, root, wrapped, created_at, wrapped_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (organization) DO NOTHING`,
			key.Organization, key.Root, key.Wrapped, micros(key.CreatedAt), micros(key.WrappedAt))
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

// selectedDataKeys picks those of a selection: $1 its root, $2 its time.
const selectedDataKeys = `FROM data_keys WHERE root = $1 AND COALESCE(wrapped_at, created_at) < $2`

func wrappedBefore(selection seal.Selection) int64 {
	if selection.WrappedBefore.IsZero() {
		return math.MaxInt64
	}
	return selection.WrappedBefore.UnixMicro()
}

// DataKeys gives keys in the order of their organizations.
func (d dataKeys) DataKeys(ctx context.Context, selection seal.Selection) ([]seal.DataKey, error) {
	query, after := `SELECT `+dataKeyColumns+` `+selectedDataKeys+` AND organization >= $3 ORDER BY organization LIMIT $4`, ""
	if selection.After != nil {
		query = `SELECT ` + dataKeyColumns + ` ` + selectedDataKeys + ` AND organization > $3 ORDER BY organization LIMIT $4`
		after = *selection.After
	}
	var keys []seal.DataKey
	err := d.s.rows(ctx, func(row scanner) error {
		key, err := scanDataKey(row)
		keys = append(keys, key)
		return err
	}, query, selection.Root, wrappedBefore(selection), after, selection.Limit)
	if err != nil {
		return nil, fmt.Errorf("reading the data keys: %w", err)
	}
	return keys, nil
}

// CountDataKeys tells how many there are.
func (d dataKeys) CountDataKeys(ctx context.Context, selection seal.Selection) (count int, err error) {
	err = d.s.row(ctx, `SELECT COUNT(*) `+selectedDataKeys, selection.Root, wrappedBefore(selection)).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("counting the data keys: %w", err)
	}
	return count, nil
}

// Rewrap replaces data keys that are as they were read.
func (d dataKeys) Rewrap(ctx context.Context, keys []seal.Rewrapped) (changed int, err error) {
	if len(keys) == 0 {
		return 0, nil
	}
	err = d.s.write(ctx, func(t *tx) error {
		changed = 0
		for _, key := range keys {
			n, err := t.exec(`UPDATE data_keys SET root = $3, wrapped = $4, wrapped_at = $5
				WHERE organization = $1 AND root = $2 AND wrapped = $6`,
				key.Before.Organization, key.Before.Root, key.Root, key.Wrapped, micros(key.At), key.Before.Wrapped)
			if err != nil {
				return err
			}
			changed += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("keeping data keys that were wrapped anew: %w", err)
	}
	return changed, nil
}
