package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/seal"
)

// The actions of root keys in the audit record, in the installation's own chain.
const (
	actionRootAdded    = "root_key.add"
	actionRootRotated  = "root_key.rotate"
	actionRootFinished = "root_key.rotated"
)

// RootKeys gives all of them.
func (d dataKeys) RootKeys(ctx context.Context) ([]seal.RootKey, error) {
	var keys []seal.RootKey
	err := d.s.rows(ctx, func(row scanner) error {
		var key seal.RootKey
		var created, started, finished, retired sql.NullInt64
		err := row.Scan(&key.ID, &key.Kind, &key.State, &key.Parameters, &key.Replaces, &key.Total,
			&created, &started, &finished, &retired)
		key.CreatedAt, key.StartedAt, key.FinishedAt, key.RetiredAt = instant(created), instant(started), instant(finished), instant(retired)
		keys = append(keys, key)
		return err
	}, `SELECT id, kind, state, parameters, replaces, total, created_at, started_at, finished_at, retired_at
		FROM root_keys ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("reading the root keys: %w", err)
	}
	return keys, nil
}

// AddRootKey keeps a key unless it is known, or would be the second that is current.
func (d dataKeys) AddRootKey(ctx context.Context, key seal.RootKey) error {
	err := d.s.write(ctx, func(t *tx) error {
		// Whatever unique index speaks, the other one stays.
		added, err := t.exec(`INSERT INTO root_keys (id, kind, state, parameters, replaces, total, created_at)
			VALUES ($1, $2, $3, $4, '', 0, $5) ON CONFLICT DO NOTHING`,
			key.ID, string(key.Kind), string(key.State), key.Parameters, micros(key.CreatedAt))
		if err == nil && added > 0 && key.State == seal.RootNext { // the first one is no change
			t.record(audit.Entry{
				At: key.CreatedAt, Actor: audit.System, Action: actionRootAdded, Subject: key.ID,
				Detail: map[string]string{"kind": string(key.Kind), "state": string(key.State)},
			})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping a root key: %w", err)
	}
	return nil
}

// BeginRotation changes which key is current, and counts what there is to do.
func (d dataKeys) BeginRotation(ctx context.Context, from, to string, at time.Time, by string) error {
	err := d.s.write(ctx, func(t *tx) error {
		if from != to {
			left, err := t.exec(`UPDATE root_keys SET state = 'leaving' WHERE id = $1 AND state = 'current'`, from)
			if err != nil {
				return err
			}
			if left == 0 {
				return seal.ErrConflict
			}
		}
		begun, err := t.exec(`UPDATE root_keys SET state = 'current', replaces = $2, started_at = $3, finished_at = NULL,
				total = (SELECT COUNT(*) FROM data_keys WHERE root = $2)
			WHERE id = $1 AND (state = 'next' OR (state = 'current' AND id = $2 AND (started_at IS NULL OR finished_at IS NOT NULL)))`,
			to, from, micros(at))
		if err != nil {
			return err
		}
		if begun == 0 {
			return seal.ErrConflict
		}
		t.record(audit.Entry{At: at, Actor: by, Action: actionRootRotated, Subject: to, Detail: map[string]string{"from": from}})
		return nil
	})
	if err != nil {
		return fmt.Errorf("beginning the rotation: %w", err)
	}
	return nil
}

// FinishRotation retires the key that the current one replaces, once nothing is left under it.
func (d dataKeys) FinishRotation(ctx context.Context, to string, at time.Time) (finished bool, err error) {
	err = d.s.write(ctx, func(t *tx) error {
		finished = false
		var from string
		var total, left int
		var started sql.NullInt64
		row := t.row(`SELECT replaces, total, started_at FROM root_keys WHERE id = $1 AND state = 'current' AND finished_at IS NULL
			AND started_at IS NOT NULL`, to)
		if err := row.Scan(&from, &total, &started); err == sql.ErrNoRows { //nolint:errorlint // database/sql gives it as it is
			return nil // another node was faster
		} else if err != nil {
			return err
		}
		key := seal.Selection{Root: from}
		if from == to {
			key.WrappedBefore = instant(started)
		}
		if err := t.row(`SELECT COUNT(*) `+selectedDataKeys, key.Root, wrappedBefore(key)).Scan(&left); err != nil || left > 0 {
			return err
		}
		n, err := t.exec(`UPDATE root_keys SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL`, to, micros(at))
		if err != nil || n == 0 {
			return err
		}
		if from != to {
			if _, err := t.exec(`UPDATE root_keys SET state = 'retired', retired_at = $2 WHERE id = $1 AND state = 'leaving'`,
				from, micros(at)); err != nil {
				return err
			}
		}
		finished = true
		t.record(audit.Entry{At: at, Actor: audit.System, Action: actionRootFinished, Subject: to,
			Detail: map[string]string{"from": from, "data_keys": strconv.Itoa(total)}})
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("finishing the rotation: %w", err)
	}
	return finished, nil
}
