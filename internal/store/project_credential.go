package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/internal/project"
)

const credentialColumns = `c.id, c.organization, c.project, c.workspace, c.name, c.description, c.kind, c.client_id, c.technical_id, c.technical_email,
	c.enabled, c.redirect, c.migration, c.migration_at, c.version, c.created_by, c.updated_by, c.created_at, c.updated_at`

// scanCredential reads a credential without what belongs to it.
func scanCredential(row scanner) (project.Credential, error) {
	var c project.Credential
	var enabled int
	var redirect sql.NullString
	var migrated, created, updated sql.NullInt64
	err := row.Scan(&c.ID, &c.Organization, &c.Project, &c.Workspace, &c.Name, &c.Description, &c.Kind, &c.ClientID, &c.TechnicalAccount.ID,
		&c.TechnicalAccount.Email, &enabled, &redirect, &c.Migration.State, &migrated, &c.Version, &c.CreatedBy, &c.UpdatedBy, &created, &updated)
	if err != nil {
		return c, err
	}
	c.Enabled, c.Migration.At, c.CreatedAt, c.UpdatedAt = enabled != 0, instant(migrated), instant(created), instant(updated)
	if redirect.Valid {
		if err := json.Unmarshal([]byte(redirect.String), &c.Redirect); err != nil {
			return c, fmt.Errorf("decoding a redirect: %w", err)
		}
	}
	return c, nil
}

// encodeRedirect gives NULL for none.
func encodeRedirect(r project.Redirect) (any, error) {
	if r.Default == "" && len(r.Patterns) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(r)
	return string(text), err
}

// CreateCredential adds a credential with all that belongs to it.
func (p Projects) CreateCredential(ctx context.Context, c project.Credential, quota int, note project.Note) error {
	values, err := p.sealValues(ctx, c)
	if err != nil {
		return err
	}
	redirect, err := encodeRedirect(c.Redirect)
	if err != nil {
		return err
	}
	err = p.s.write(ctx, func(t *tx) error {
		err := t.room(`UPDATE workspaces SET version = version WHERE id = $1`, `SELECT COUNT(*) FROM credentials WHERE workspace = $1`, c.Workspace, quota, "credentials in a workspace")
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO credentials (id, organization, project, workspace, name, description, kind, client_id, technical_id, technical_email,
			enabled, redirect, migration, migration_at, version, created_by, updated_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			c.ID, c.Organization, c.Project, c.Workspace, c.Name, c.Description, c.Kind, c.ClientID, c.TechnicalAccount.ID, c.TechnicalAccount.Email,
			flag(c.Enabled), redirect, c.Migration.State, micros(c.Migration.At), c.Version, c.CreatedBy, c.UpdatedBy, micros(c.CreatedAt), micros(c.UpdatedAt))
		if err != nil {
			return orTaken(err, "credentials.name")
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		t.announce(TopicClient, c.ClientID)
		return insertParts(t, c, values)
	})
	if err != nil {
		return fmt.Errorf("storing the credential %q: %w", c.Name, err)
	}
	return nil
}

// ChangeCredential replaces a credential whose version is still the same.
func (p Projects) ChangeCredential(ctx context.Context, c project.Credential, note project.Note) error {
	values, err := p.sealValues(ctx, c)
	if err != nil {
		return err
	}
	redirect, err := encodeRedirect(c.Redirect)
	if err != nil {
		return err
	}
	err = p.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE credentials SET name = $4, description = $5, kind = $6, enabled = $7, redirect = $8, migration = $9, migration_at = $10,
			updated_by = $11, updated_at = $12, version = version + 1 WHERE id = $1 AND organization = $2 AND version = $3`,
			c.ID, c.Organization, c.Version, c.Name, c.Description, c.Kind, flag(c.Enabled), redirect, c.Migration.State, micros(c.Migration.At),
			c.UpdatedBy, micros(c.UpdatedAt))
		if err := orConflict(n, orTaken(err, "credentials.name")); err != nil {
			return err
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		t.announce(TopicClient, c.ClientID)
		if err := removeParts(t, c); err != nil {
			return err
		}
		return insertParts(t, c, values)
	})
	if err != nil {
		return fmt.Errorf("changing the credential %s: %w", c.ID, err)
	}
	return nil
}

// DeleteCredential removes a credential with all that belongs to it.
func (p Projects) DeleteCredential(ctx context.Context, organization, id string, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		if _, err := t.clientsOf(`organization = $1 AND id = $2`, organization, id); err != nil {
			return err
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		return orGone(t.exec(`DELETE FROM credentials WHERE organization = $1 AND id = $2`, organization, id))
	})
	if err != nil {
		return fmt.Errorf("deleting the credential %s: %w", id, err)
	}
	return nil
}

// Credential gives one: each way to name it has its index.
func (p Projects) Credential(ctx context.Context, organization, ref string) (c project.Credential, err error) {
	for _, column := range []string{"id", "client_id", "name"} {
		c, err = p.credential(ctx, `SELECT `+credentialColumns+` FROM credentials c WHERE c.organization = $1 AND c.`+column+` = $2`, organization, ref)
		if !errors.Is(err, project.ErrNotFound) {
			return c, err
		}
	}
	return c, err
}

// CredentialOf gives one by its client id, whosoever it is.
func (p Projects) CredentialOf(ctx context.Context, clientID string) (project.Credential, error) {
	return p.credential(ctx, `SELECT `+credentialColumns+` FROM credentials c WHERE c.client_id = $1`, clientID)
}

func (p Projects) credential(ctx context.Context, query string, args ...any) (project.Credential, error) {
	c, err := scanCredential(p.s.row(ctx, query, args...))
	if err == nil {
		err = p.readParts(ctx, &c)
	}
	if err != nil {
		return project.Credential{}, fmt.Errorf("reading a credential: %w", orNone(err, project.ErrNotFound))
	}
	return c, nil
}

// Credentials gives those of a selection.
func (p Projects) Credentials(ctx context.Context, s project.Selection) ([]project.Credential, error) {
	var all []project.Credential
	query, args := selectCredentials(s)
	err := p.s.rows(ctx, func(row scanner) error {
		one, err := scanCredential(row)
		all = append(all, one)
		return err
	}, query, args...)
	for i := range all {
		if err == nil {
			err = p.readParts(ctx, &all[i])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listing credentials: %w", err)
	}
	return all, nil
}

// selectCredentials has a text for each combination of what is asked for, so that each finds its index.
func selectCredentials(s project.Selection) (string, []any) {
	query := `SELECT ` + credentialColumns + ` FROM credentials c WHERE c.organization = $1 AND c.id > $2`
	args := []any{s.Organization, s.After}
	with := func(condition string, value any) {
		args = append(args, value)
		query += fmt.Sprintf(condition, len(args))
	}
	if s.Project != "" {
		with(` AND c.workspace IN (SELECT w.id FROM workspaces w WHERE w.project = $%d)`, s.Project)
	}
	if s.Workspace != "" {
		with(` AND c.workspace = $%d`, s.Workspace)
	}
	if s.Kind != "" {
		with(` AND c.kind = $%d`, s.Kind)
	}
	if s.Service != "" {
		with(` AND EXISTS (SELECT 1 FROM subscriptions b WHERE b.credential = c.id AND b.service = $%d)`, s.Service)
	}
	if s.Profile != "" {
		with(` AND EXISTS (SELECT 1 FROM subscriptions b WHERE b.credential = c.id AND b.profile = $%d)`, s.Profile)
	}
	with(` ORDER BY c.id LIMIT $%d`, limited(s.Limit))
	return query, args
}
