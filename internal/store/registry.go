package store

import (
	"context"
	"database/sql"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

// CreateOrganization adds an organization with its first sandbox.
func (r Registry) CreateOrganization(ctx context.Context, organization registry.Organization, first registry.Sandbox, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM set_up_links`); err != nil { // nobody is to set up by it any more
			return err
		}
		if err := insertOrganization(t, organization); err != nil {
			return err
		}
		t.record(entry)
		return insertSandbox(t, first)
	})
	if err != nil {
		return fmt.Errorf("storing the organization %s: %w", organization.ID, err)
	}
	return nil
}

func insertOrganization(t *tx, o registry.Organization) error {
	_, err := t.exec(`INSERT INTO organizations (id, name, created_at, number) VALUES ($1, $2, $3, $4)`, o.ID, o.Name, micros(o.CreatedAt), o.Number)
	switch {
	case taken(err, "organizations.id"):
		return registry.ErrNameTaken
	case taken(err, "organizations.number"):
		return registry.ErrNumberTaken
	}
	return err
}

// Organizations gives all.
func (r Registry) Organizations(ctx context.Context) ([]registry.Organization, error) {
	var all []registry.Organization
	err := r.s.rows(ctx, func(row scanner) error {
		var o registry.Organization
		var created sql.NullInt64
		err := row.Scan(&o.ID, &o.Name, &created, &o.Number)
		o.CreatedAt = instant(created)
		all = append(all, o)
		return err
	}, `SELECT id, name, created_at, number FROM organizations ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading the organizations: %w", err)
	}
	return all, nil
}

// CreateSandbox adds a sandbox.
func (r Registry) CreateSandbox(ctx context.Context, sandbox registry.Sandbox, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		t.record(entry)
		return insertSandbox(t, sandbox)
	})
	if err != nil {
		return fmt.Errorf("storing the sandbox %q: %w", sandbox.Name, err)
	}
	return nil
}

func insertSandbox(t *tx, s registry.Sandbox) error {
	_, err := t.exec(`INSERT INTO sandboxes (id, organization, name, title, created_at) VALUES ($1, $2, $3, $4, $5)`,
		s.ID, s.Organization, s.Name, s.Title, micros(s.CreatedAt))
	switch {
	case taken(err, "sandboxes."):
		return registry.ErrNameTaken
	case dangling(err):
		return registry.ErrNotFound
	}
	return err
}

// Sandboxes gives an organization's.
func (r Registry) Sandboxes(ctx context.Context, organization string) ([]registry.Sandbox, error) {
	var all []registry.Sandbox
	err := r.s.rows(ctx, func(row scanner) error {
		var s registry.Sandbox
		var created sql.NullInt64
		err := row.Scan(&s.ID, &s.Organization, &s.Name, &s.Title, &created)
		s.CreatedAt = instant(created)
		all = append(all, s)
		return err
	}, `SELECT id, organization, name, title, created_at FROM sandboxes WHERE organization = $1 ORDER BY name`, organization)
	if err != nil {
		return nil, fmt.Errorf("reading the sandboxes: %w", err)
	}
	return all, nil
}

// DeleteSandbox removes one that nothing is in.
func (r Registry) DeleteSandbox(ctx context.Context, organization, id string, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		var used bool
		err := t.row(`SELECT EXISTS (SELECT 1 FROM definitions d WHERE d.organization = s.organization AND d.sandbox = s.name)
			OR EXISTS (SELECT 1 FROM connections c WHERE c.organization = s.organization AND c.sandbox = s.name)
			OR EXISTS (SELECT 1 FROM ims_configurations i WHERE i.organization = s.organization AND i.sandbox = s.name)
			OR EXISTS (SELECT 1 FROM ims_keys k WHERE k.organization = s.organization AND k.sandbox = s.name)
			OR EXISTS (SELECT 1 FROM cloud_services u WHERE u.organization = s.organization AND u.sandbox = s.name)
			FROM sandboxes s WHERE s.organization = $1 AND s.id = $2`, organization, id).Scan(&used)
		if err != nil {
			return orNone(err, registry.ErrNotFound)
		}
		if used {
			return registry.ErrInUse
		}
		t.record(entry)
		_, err = t.exec(`DELETE FROM sandboxes WHERE organization = $1 AND id = $2`, organization, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the sandbox %s: %w", id, err)
	}
	return nil
}
