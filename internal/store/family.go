package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/authority"
)

const familyColumns = `id, organization, user_id, client_id, scopes, audience, signed_in_at, created_at, generation, rotated_at, ends_at, ended_at`

func scanFamily(row scanner) (f authority.Family, err error) {
	var scopes, audience string
	var signedIn, created, rotated, ends, ended sql.NullInt64
	err = row.Scan(&f.ID, &f.Organization, &f.User, &f.ClientID, &scopes, &audience, &signedIn, &created, &f.Generation, &rotated, &ends, &ended)
	f.Scopes, f.Audience = strings.Fields(scopes), strings.Fields(audience)
	f.SignedInAt, f.CreatedAt, f.RotatedAt, f.EndsAt, f.EndedAt = instant(signedIn), instant(created), instant(rotated), instant(ends), instant(ended)
	return f, err
}

// Consent gives the scopes that a person agreed to give a client.
func (a Authority) Consent(ctx context.Context, user, clientID string) ([]string, error) {
	var scopes string
	err := a.s.row(ctx, `SELECT scopes FROM consents WHERE user_id = $1 AND client_id = $2`, user, clientID).Scan(&scopes)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading the consent of %s: %w", user, err)
	}
	return strings.Fields(scopes), nil
}

// KeepConsent adds to them.
func (a Authority) KeepConsent(ctx context.Context, c authority.Consented) error {
	err := a.s.write(ctx, func(t *tx) error {
		var before string
		err := t.row(`SELECT scopes FROM consents WHERE user_id = $1 AND client_id = $2`, c.User, c.ClientID).Scan(&before)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		all := strings.Join(merged(strings.Fields(before), c.Scopes), " ")
		_, err = t.exec(`INSERT INTO consents (user_id, client_id, organization, scopes, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
			ON CONFLICT (user_id, client_id) DO UPDATE SET scopes = excluded.scopes, updated_at = excluded.updated_at`,
			c.User, c.ClientID, c.Organization, all, micros(c.At))
		t.record(audit.Entry{
			At: c.At, Organization: c.Organization, Actor: c.User, Action: "consent.give", Subject: c.ClientID, Detail: map[string]string{"scopes": all},
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping the consent of %s: %w", c.User, err)
	}
	return nil
}

// merged gives all, and those of more that are not in it.
func merged(all, more []string) []string {
	known := map[string]bool{}
	for _, one := range all {
		known[one] = true
	}
	for _, one := range more {
		if !known[one] {
			known[one], all = true, append(all, one)
		}
	}
	return all
}

// BeginFamily keeps a new family: false when its code was used before. Those whose tokens have ended go.
func (a Authority) BeginFamily(ctx context.Context, f authority.Family) (fresh bool, err error) {
	err = a.s.write(ctx, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM token_families WHERE ends_at < $1`, micros(f.CreatedAt)); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO token_families (id, organization, user_id, client_id, scopes, audience, signed_in_at, created_at, generation,
				rotated_at, ends_at, ended_by, ended_why)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '') ON CONFLICT (id) DO NOTHING`,
			f.ID, f.Organization, f.User, f.ClientID, strings.Join(f.Scopes, " "), strings.Join(f.Audience, " "), micros(f.SignedInAt),
			micros(f.CreatedAt), f.Generation, micros(f.RotatedAt), micros(f.EndsAt))
		fresh = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keeping that a code was used: %w", err)
	}
	return fresh, nil
}

// Family gives a family.
func (a Authority) Family(ctx context.Context, id string) (authority.Family, error) {
	f, err := scanFamily(a.s.row(ctx, `SELECT `+familyColumns+` FROM token_families WHERE id = $1`, id))
	if err != nil {
		return f, fmt.Errorf("reading which refresh token is good: %w", orNone(err, authority.ErrNoFamily))
	}
	return f, nil
}

// Rotate makes the next generation.
func (a Authority) Rotate(ctx context.Context, id string, from int64, at, endsAt time.Time) (f authority.Family, err error) {
	err = a.s.write(ctx, func(t *tx) (err error) {
		f, err = scanFamily(t.row(`UPDATE token_families SET generation = generation + 1, rotated_at = $3, ends_at = $4
			WHERE id = $1 AND generation = $2 AND ended_at IS NULL RETURNING `+familyColumns, id, from, micros(at), micros(endsAt)))
		return orNone(err, authority.ErrNotCurrent)
	})
	if err != nil {
		return f, fmt.Errorf("rotating a refresh token: %w", err)
	}
	return f, nil
}

// Consents gives what a person agreed to.
func (a Authority) Consents(ctx context.Context, user string) ([]authority.Consented, error) {
	var all []authority.Consented
	err := a.s.rows(ctx, func(row scanner) error {
		c := authority.Consented{User: user}
		var scopes string
		var at sql.NullInt64
		err := row.Scan(&c.ClientID, &c.Organization, &scopes, &at)
		c.Scopes, c.At = strings.Fields(scopes), instant(at)
		all = append(all, c)
		return err
	}, `SELECT client_id, organization, scopes, updated_at FROM consents WHERE user_id = $1 ORDER BY client_id`, user)
	if err != nil {
		return nil, fmt.Errorf("reading the consents of %s: %w", user, err)
	}
	return all, nil
}

// Withdraw takes a consent back, and ends every family that came of it.
func (a Authority) Withdraw(ctx context.Context, c authority.Consented, e authority.Ending) (ended []string, err error) {
	err = a.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM consents WHERE user_id = $1 AND client_id = $2 AND organization = $3`, c.User, c.ClientID, c.Organization)
		if err == nil && n == 0 {
			return authority.ErrNoConsent
		}
		if err != nil {
			return err
		}
		t.record(audit.Entry{
			At: e.At, Organization: c.Organization, Actor: e.By, Action: "consent.delete", Subject: c.ClientID, Detail: map[string]string{"user": c.User},
		})
		if ended, err = t.living(c.User, c.ClientID); err != nil {
			return err
		}
		for _, id := range ended {
			entries, err := t.endFamily(id, e)
			if err != nil {
				return err
			}
			t.record(entries...)
		}
		return nil
	})
	return ended, err
}

// living gives the families of a person and a client that have not ended.
func (t *tx) living(user, clientID string) ([]string, error) {
	var ids string
	err := t.row(`SELECT COALESCE(string_agg(id, ' '), '') FROM token_families WHERE user_id = $1 AND client_id = $2 AND ended_at IS NULL`,
		user, clientID).Scan(&ids)
	return strings.Fields(ids), err
}

// EndFamily ends a family, and revokes its access tokens.
func (a Authority) EndFamily(ctx context.Context, id string, e authority.Ending) error {
	err := a.s.write(ctx, func(t *tx) error {
		ended, err := t.endFamily(id, e)
		t.record(ended...)
		return err
	})
	if err != nil {
		return fmt.Errorf("ending the tokens of a code: %w", err)
	}
	return nil
}

// endFamily ends one, and gives what to record; one that has ended stays as it is.
func (t *tx) endFamily(id string, e authority.Ending) ([]audit.Entry, error) {
	f, err := scanFamily(t.row(`UPDATE token_families SET ended_at = $2, ended_by = $3, ended_why = $4
		WHERE id = $1 AND ended_at IS NULL RETURNING `+familyColumns, id, micros(e.At), e.By, e.Why))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = t.exec(`INSERT INTO revoked_tokens (id, organization, revoked_by, revoked_at, ends_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO NOTHING`, id, f.Organization, e.By, micros(e.At), micros(e.Until))
	return []audit.Entry{{
		At: e.At, Organization: f.Organization, Actor: e.By, Action: "token_family.end", Subject: id,
		Detail: map[string]string{"why": e.Why, "client_id": f.ClientID, "user": f.User},
	}}, err
}
