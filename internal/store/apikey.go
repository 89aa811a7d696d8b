package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

// orNone gives none in place of [sql.ErrNoRows].
func orNone(err, none error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return none
	}
	return err
}

// CreateKey adds an API key.
func (r Registry) CreateKey(ctx context.Context, key registry.Key, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if key.Sandbox != "" {
			var there int
			err := t.row(`SELECT 1 FROM sandboxes WHERE organization = $1 AND name = $2`, key.Organization, key.Sandbox).Scan(&there)
			if err != nil {
				return orNone(err, registry.ErrNotFound)
			}
		}
		calls, err := callsText(key.Calls)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO api_keys (id, organization, sandbox, name, scopes, prefix, hash, created_by, created_at,
			expires_at, revoked_at, last_used_at, calls) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			key.ID, key.Organization, key.Sandbox, key.Name, key.Scopes.String(), key.Prefix, key.Hash[:], key.CreatedBy,
			micros(key.CreatedAt), micros(key.ExpiresAt), micros(key.RevokedAt), micros(key.LastUsedAt), calls)
		if dangling(err) {
			return registry.ErrNotFound
		}
		t.record(entry)
		t.announce(TopicKey, key.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the key %s: %w", key.ID, err)
	}
	return nil
}

// Keys gives every key.
func (r Registry) Keys(ctx context.Context) ([]registry.Key, error) {
	var all []registry.Key
	err := r.s.rows(ctx, func(row scanner) error {
		key, err := scanKey(row)
		all = append(all, key)
		return err
	}, `SELECT id, organization, sandbox, name, scopes, prefix, hash, created_by, created_at, expires_at, revoked_at,
		last_used_at, calls FROM api_keys ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	return all, nil
}

// callsText writes what a key may call; "" for everything.
func callsText(calls access.Calls) (string, error) {
	if !calls.Bounded() {
		return "", nil
	}
	text, err := json.Marshal(calls)
	return string(text), err
}

func scanKey(row scanner) (registry.Key, error) {
	var key registry.Key
	var scopes, calls string
	var hash []byte
	var created, expires, revoked, used sql.NullInt64
	err := row.Scan(&key.ID, &key.Organization, &key.Sandbox, &key.Name, &scopes, &key.Prefix, &hash, &key.CreatedBy,
		&created, &expires, &revoked, &used, &calls)
	if err == nil && calls != "" {
		err = json.Unmarshal([]byte(calls), &key.Calls)
	}
	if err != nil {
		return registry.Key{}, err
	}
	copy(key.Hash[:], hash)
	for scope := range strings.FieldsSeq(scopes) {
		key.Scopes = append(key.Scopes, access.Scope(scope))
	}
	key.CreatedAt, key.ExpiresAt = instant(created), instant(expires)
	key.RevokedAt, key.LastUsedAt = instant(revoked), instant(used)
	return key, nil
}

// RevokeKey sets the time of revocation, once.
func (r Registry) RevokeKey(ctx context.Context, organization, id string, at time.Time, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE api_keys SET revoked_at = $3 WHERE organization = $1 AND id = $2 AND revoked_at IS NULL`,
			organization, id, micros(at))
		if err != nil {
			return err
		}
		if n > 0 {
			t.record(entry)
			t.announce(TopicKey, id)
			return nil
		}
		var there int
		return orNone(t.row(`SELECT 1 FROM api_keys WHERE organization = $1 AND id = $2`, organization, id).Scan(&there), registry.ErrNotFound)
	})
	if err != nil {
		return fmt.Errorf("revoking the key %s: %w", id, err)
	}
	return nil
}

// TouchKeys moves times of last use forward.
func (r Registry) TouchKeys(ctx context.Context, used map[string]time.Time) error {
	err := r.s.write(ctx, func(t *tx) error {
		for _, id := range slices.Sorted(maps.Keys(used)) { // in one order, so that nodes do not lock each other out
			_, err := t.exec(`UPDATE api_keys SET last_used_at = $2
				WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`, id, micros(used[id]))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting the use of keys: %w", err)
	}
	return nil
}
