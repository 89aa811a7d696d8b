package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

var _ registry.IdentityStore = Registry{}

const identityColumns = `issuer, subject, person, organization, email, created_at, used_at`

// Identities gives those of a subject or a person.
func (r Registry) Identities(ctx context.Context, by registry.IdentityKey) ([]registry.Identity, error) {
	var all []registry.Identity
	err := r.s.rows(ctx, func(row scanner) error {
		var i registry.Identity
		var created, used sql.NullInt64
		err := row.Scan(&i.Issuer, &i.Subject, &i.Person, &i.Organization, &i.Email, &created, &used)
		i.CreatedAt, i.UsedAt = instant(created), instant(used)
		all = append(all, i)
		return err
	}, `SELECT `+identityColumns+` FROM identities WHERE ($1 = '' OR issuer = $1) AND ($2 = '' OR subject = $2) AND ($3 = '' OR person = $3)
		AND ($2 <> '' AND $1 <> '' OR $3 <> '') ORDER BY person, issuer`, by.Issuer, by.Subject, by.Person)
	if err != nil {
		return nil, fmt.Errorf("reading identities: %w", err)
	}
	return all, nil
}

// AddIdentity adds one, and keeps its person anew where that was changed.
func (r Registry) AddIdentity(ctx context.Context, i registry.Identity, user registry.User, changed bool, entries ...audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if changed {
			if err := changeUser(t, user); err != nil {
				return err
			}
		}
		n, err := t.exec(`INSERT INTO identities (`+identityColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (issuer, person) DO NOTHING`,
			i.Issuer, i.Subject, i.Person, i.Organization, i.Email, micros(i.CreatedAt), micros(i.UsedAt))
		switch {
		case dangling(err):
			return registry.ErrNotFound
		case err == nil && n == 0:
			return registry.ErrNameTaken
		}
		t.record(entries...)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing an identity: %w", err)
	}
	return nil
}

// UseIdentities notes that a subject signed in.
func (r Registry) UseIdentities(ctx context.Context, issuer, subject, email string, at time.Time) error {
	err := r.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE identities SET email = $3, used_at = $4 WHERE issuer = $1 AND subject = $2`, issuer, subject, email, micros(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("noting that an identity is used: %w", err)
	}
	return nil
}
