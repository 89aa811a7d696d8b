package store

import (
	"context"
	"database/sql"
	"fmt"

	"latchkey/internal/project"
)

const workspaceColumns = `w.id, w.organization, w.project, w.name, w.title, w.description, w.version, w.created_by, w.updated_by, w.created_at, w.updated_at`

func scanWorkspace(row scanner) (project.Workspace, error) {
	var w project.Workspace
	var created, updated sql.NullInt64
	err := row.Scan(&w.ID, &w.Organization, &w.Project, &w.Name, &w.Title, &w.Description, &w.Version, &w.CreatedBy, &w.UpdatedBy, &created, &updated)
	w.CreatedAt, w.UpdatedAt = instant(created), instant(updated)
	return w, err
}

func insertWorkspace(t *tx, w project.Workspace) error {
	_, err := t.exec(`INSERT INTO workspaces (id, organization, project, name, title, description, version, created_by, updated_by, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		w.ID, w.Organization, w.Project, w.Name, w.Title, w.Description, w.Version, w.CreatedBy, w.UpdatedBy, micros(w.CreatedAt), micros(w.UpdatedAt))
	return orTaken(err, "workspaces.name")
}

// CreateWorkspace adds a workspace.
func (p Projects) CreateWorkspace(ctx context.Context, w project.Workspace, quota int, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		err := t.room(`UPDATE projects SET version = version WHERE id = $1`, `SELECT COUNT(*) FROM workspaces WHERE project = $1`, w.Project, quota, "workspaces in a project")
		if err != nil {
			return err
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		return insertWorkspace(t, w)
	})
	if err != nil {
		return fmt.Errorf("storing the workspace %q: %w", w.Name, err)
	}
	return nil
}

// Workspaces gives a project's.
func (p Projects) Workspaces(ctx context.Context, organization, of string) ([]project.Workspace, error) {
	var all []project.Workspace
	err := p.s.rows(ctx, func(row scanner) error {
		one, err := scanWorkspace(row)
		all = append(all, one)
		return err
	}, `SELECT `+workspaceColumns+` FROM workspaces w WHERE w.organization = $1 AND w.project = $2 ORDER BY w.id`, organization, of)
	if err != nil {
		return nil, fmt.Errorf("listing workspaces: %w", err)
	}
	return all, nil
}

// Workspace gives one.
func (p Projects) Workspace(ctx context.Context, organization, id string) (project.Workspace, error) {
	found, err := scanWorkspace(p.s.row(ctx, `SELECT `+workspaceColumns+` FROM workspaces w WHERE w.organization = $1 AND w.id = $2`, organization, id))
	if err != nil {
		return project.Workspace{}, fmt.Errorf("reading a workspace: %w", orNone(err, project.ErrNotFound))
	}
	return found, nil
}

// ChangeWorkspace replaces a workspace whose version is still the same.
func (p Projects) ChangeWorkspace(ctx context.Context, w project.Workspace, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE workspaces SET name = $4, title = $5, description = $6, updated_by = $7, updated_at = $8, version = version + 1
			WHERE id = $1 AND organization = $2 AND version = $3`,
			w.ID, w.Organization, w.Version, w.Name, w.Title, w.Description, w.UpdatedBy, micros(w.UpdatedAt))
		t.record(note.Entry)
		t.emit(note.Events...)
		return orConflict(n, orTaken(err, "workspaces.name"))
	})
	if err != nil {
		return fmt.Errorf("changing the workspace %s: %w", w.ID, err)
	}
	return nil
}

// DeleteWorkspace removes a workspace with its credentials.
func (p Projects) DeleteWorkspace(ctx context.Context, organization, id string, note project.Note) (gone []string, err error) {
	err = p.s.write(ctx, func(t *tx) (err error) {
		if gone, err = t.clientsOf(`organization = $1 AND workspace = $2`, organization, id); err != nil {
			return err
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		return orGone(t.exec(`DELETE FROM workspaces WHERE organization = $1 AND id = $2`, organization, id))
	})
	if err != nil {
		return nil, fmt.Errorf("deleting the workspace %s: %w", id, err)
	}
	return gone, nil
}
