package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/authority"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// Authority keeps the authorization server's keys and what it revoked.
type Authority struct{ s *Store }

var _ authority.Store = Authority{}

// Authority gives the store's part for it.
func (s *Store) Authority() Authority { return Authority{s} }

// signingKeyRow binds a key to its row; data keys are organizations', and this one's is the installation's.
func signingKeyRow(algorithm string, number int64) seal.Row {
	return seal.Row{Organization: "installation", Table: "signing_keys", ID: fmt.Sprintf("%s/%d", algorithm, number), Column: "private"}
}

// Keys gives every signing key.
func (a Authority) Keys(ctx context.Context) ([]authority.StoredKey, error) {
	var all []authority.StoredKey
	err := a.s.rows(ctx, func(row scanner) error {
		var k authority.StoredKey
		var sealed []byte
		var created, from sql.NullInt64
		if err := row.Scan(&k.Algorithm, &k.Number, &sealed, &k.Certificate, &created, &from); err != nil {
			return err
		}
		private, err := a.s.keyring.Open(ctx, signingKeyRow(k.Algorithm, k.Number), sealed)
		if err != nil {
			return err
		}
		k.Private, k.CreatedAt, k.SignsFrom = secret.New(string(private)), instant(created), instant(from)
		clear(private)
		all = append(all, k)
		return nil
	}, `SELECT algorithm, number, private, certificate, created_at, signs_from FROM signing_keys ORDER BY algorithm, number`)
	if err != nil {
		return nil, fmt.Errorf("reading the signing keys: %w", err)
	}
	return all, nil
}

// AddKey keeps a key, unless another node was first.
func (a Authority) AddKey(ctx context.Context, k authority.StoredKey) error {
	sealed, err := a.s.keyring.Seal(ctx, signingKeyRow(k.Algorithm, k.Number), []byte(k.Private.Reveal()))
	if err != nil {
		return err
	}
	err = a.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO signing_keys (algorithm, number, private, certificate, created_at, signs_from) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (algorithm, number) DO NOTHING`, k.Algorithm, k.Number, sealed, k.Certificate, micros(k.CreatedAt), micros(k.SignsFrom))
		if err == nil && n > 0 {
			t.record(audit.Entry{At: k.CreatedAt, Actor: cmp.Or(k.By, audit.System), Action: "signing_key.create", Subject: fmt.Sprintf("%s/%d", k.Algorithm, k.Number)})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping a signing key: %w", err)
	}
	return nil
}

// Revoke keeps the id of a token that counts no more. Those that have ended go.
func (a Authority) Revoke(ctx context.Context, r authority.Revoked) error {
	err := a.s.write(ctx, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM revoked_tokens WHERE ends_at < $1`, micros(r.At)); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO revoked_tokens (id, organization, revoked_by, revoked_at, ends_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO NOTHING`, r.ID, r.Organization, r.By, micros(r.At), micros(r.EndsAt))
		if err == nil && n > 0 {
			t.record(audit.Entry{At: r.At, Organization: r.Organization, Actor: r.By, Action: "token.revoke", Subject: r.ID})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping that a token was revoked: %w", err)
	}
	return nil
}

// Revoked gives what was revoked since a time and has not ended before another.
func (a Authority) Revoked(ctx context.Context, since, ended time.Time) ([]authority.Revoked, error) {
	from := int64(0)
	if !since.IsZero() {
		from = since.UnixMicro()
	}
	var all []authority.Revoked
	err := a.s.rows(ctx, func(row scanner) error {
		var r authority.Revoked
		var at, ends sql.NullInt64
		err := row.Scan(&r.ID, &r.Organization, &r.By, &at, &ends)
		r.At, r.EndsAt = instant(at), instant(ends)
		all = append(all, r)
		return err
	}, `SELECT id, organization, revoked_by, revoked_at, ends_at FROM revoked_tokens WHERE revoked_at >= $1 AND ends_at > $2`, from, micros(ended))
	if err != nil {
		return nil, fmt.Errorf("reading which tokens were revoked: %w", err)
	}
	return all, nil
}

// UseJTI notes a jti, if it is higher than every one before.
func (a Authority) UseJTI(ctx context.Context, binding string, jti int64) (fresh bool, err error) {
	err = a.s.write(ctx, func(t *tx) error {
		var kept int64
		err := t.row(`INSERT INTO binding_jtis (binding, jti) VALUES ($1, $2)
			ON CONFLICT (binding) DO UPDATE SET jti = excluded.jti WHERE binding_jtis.jti < excluded.jti RETURNING jti`, binding, jti).Scan(&kept)
		fresh = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("noting a jti: %w", err)
	}
	return fresh, nil
}

// UseAssertion notes that an assertion was used, once.
func (a Authority) UseAssertion(ctx context.Context, id string, ends time.Time) (fresh bool, err error) {
	err = a.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO used_assertions (id, ends_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, micros(ends))
		fresh = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("noting an assertion: %w", err)
	}
	return fresh, nil
}

// SweepAssertions lets go of assertions that have ended.
func (a Authority) SweepAssertions(ctx context.Context, before time.Time) error {
	err := a.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM used_assertions WHERE ends_at < $1`, micros(before))
		return err
	})
	if err != nil {
		return fmt.Errorf("letting go of used assertions: %w", err)
	}
	return nil
}
