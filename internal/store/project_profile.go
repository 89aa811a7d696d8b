package store

import (
	"context"
	"database/sql"
	"fmt"

	"latchkey/internal/expiry"
	"latchkey/internal/project"
)

// Profiles gives an organization's product profiles.
func (p Projects) Profiles(ctx context.Context, organization string) ([]project.Profile, error) {
	var all []project.Profile
	err := p.s.rows(ctx, func(row scanner) error {
		one := project.Profile{Organization: organization}
		var created, updated sql.NullInt64
		err := row.Scan(&one.ID, &one.Service, &one.Product, &one.Name, &one.Description, &one.Version, &one.CreatedBy, &created, &updated)
		one.CreatedAt, one.UpdatedAt = instant(created), instant(updated)
		all = append(all, one)
		return err
	}, `SELECT id, service, product, name, description, version, created_by, created_at, updated_at FROM product_profiles
		WHERE organization = $1 ORDER BY service, id`, organization)
	if err != nil {
		return nil, fmt.Errorf("reading the product profiles: %w", err)
	}
	return all, nil
}

// ProfileUses counts the credentials of product profiles.
func (p Projects) ProfileUses(ctx context.Context, organization string) ([]project.ProfileUse, error) {
	var all []project.ProfileUse
	err := p.s.rows(ctx, func(row scanner) error {
		var one project.ProfileUse
		err := row.Scan(&one.Profile, &one.Role, &one.Credentials)
		all = append(all, one)
		return err
	}, `SELECT profile, role, COUNT(*) FROM subscriptions WHERE organization = $1 AND profile <> '' GROUP BY profile, role ORDER BY profile, role`, organization)
	if err != nil {
		return nil, fmt.Errorf("counting the credentials of product profiles: %w", err)
	}
	return all, nil
}

// CreateProfile adds one.
func (p Projects) CreateProfile(ctx context.Context, made project.Profile, quota int, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		var there int
		err := t.row(`SELECT COUNT(*) FROM product_profiles WHERE organization = $1 AND service = $2`, made.Organization, made.Service).Scan(&there)
		if err != nil {
			return err
		}
		if there >= quota {
			return &project.QuotaError{What: "product profiles of a service", Limit: quota}
		}
		_, err = t.exec(`INSERT INTO product_profiles (id, organization, service, product, name, description, version, created_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			made.ID, made.Organization, made.Service, made.Product, made.Name, made.Description, made.Version, made.CreatedBy, micros(made.CreatedAt), micros(made.UpdatedAt))
		t.record(note.Entry)
		t.emit(note.Events...)
		return orTaken(err, "product_profiles.name")
	})
	if err != nil {
		return fmt.Errorf("storing the product profile %q: %w", made.Name, err)
	}
	return nil
}

// ChangeProfile replaces one whose version is still the same.
func (p Projects) ChangeProfile(ctx context.Context, c project.Profile, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE product_profiles SET name = $4, description = $5, updated_at = $6, version = version + 1
			WHERE id = $1 AND organization = $2 AND version = $3`, c.ID, c.Organization, c.Version, c.Name, c.Description, micros(c.UpdatedAt))
		t.record(note.Entry)
		t.emit(note.Events...)
		return orConflict(n, orTaken(err, "product_profiles.name"))
	})
	if err != nil {
		return fmt.Errorf("changing the product profile %s: %w", c.ID, err)
	}
	return nil
}

// DeleteProfile removes one that no credential has.
func (p Projects) DeleteProfile(ctx context.Context, organization, id string, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		var n int
		if err := t.row(`SELECT COUNT(DISTINCT credential) FROM subscriptions WHERE profile = $1 AND profile <> ''`, id).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return &project.InUseError{What: count(n, "credential has", "credentials have") + " this product profile", Fix: "take it from them first: latchkey credential list --profile " + id}
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		return orGone(t.exec(`DELETE FROM product_profiles WHERE organization = $1 AND id = $2`, organization, id))
	})
	if err != nil {
		return fmt.Errorf("deleting the product profile %s: %w", id, err)
	}
	return nil
}

const selectBindingEndings = `SELECT b.id, b.organization, b.credential, c.name, c.client_id, c.kind, b.sha1, b.not_before, b.not_after
	FROM bindings b JOIN credentials c ON c.id = b.credential
	WHERE b.organization = $1 AND b.not_after >= $2 AND b.not_after < $3 AND (b.not_after > $2 OR 'cert_' || b.id >= $4)
	ORDER BY b.not_after, b.id LIMIT $5`

// BindingEndings gives certificates as they end, from an index.
func (p Projects) BindingEndings(ctx context.Context, q expiry.Query) ([]project.BindingEnding, error) {
	var all []project.BindingEnding
	err := p.s.rows(ctx, func(row scanner) error {
		var b project.BindingEnding
		var before, after sql.NullInt64
		err := row.Scan(&b.Binding, &b.Organization, &b.Credential, &b.Name, &b.ClientID, &b.Kind, &b.SHA1, &before, &after)
		b.NotBefore, b.NotAfter = instant(before), instant(after)
		all = append(all, b)
		return err
	}, selectBindingEndings, q.Organization, q.After.Ends.UnixMicro(), q.Before.UnixMicro(), q.After.Subject, q.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("reading when certificates end: %w", err)
	}
	return all, nil
}
