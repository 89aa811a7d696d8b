package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"latchkey/internal/project"
)

// Projects keeps the developer console: projects and all that is in them.
type Projects struct{ s *Store }

var _ project.Store = Projects{}

// Projects gives [project.Store].
func (s *Store) Projects() Projects { return Projects{s} }

const projectColumns = `p.id, p.organization, p.name, p.title, p.description, p.type, p.version, p.created_by, p.updated_by, p.created_at, p.updated_at`

func scanProject(row scanner) (project.Project, error) {
	var p project.Project
	var created, updated sql.NullInt64
	err := row.Scan(&p.ID, &p.Organization, &p.Name, &p.Title, &p.Description, &p.Type, &p.Version, &p.CreatedBy, &p.UpdatedBy, &created, &updated)
	p.CreatedAt, p.UpdatedAt = instant(created), instant(updated)
	return p, err
}

// room locks a row that others belong to, and fails when it has quota of them. The lock makes nodes that count at once
// wait for each other.
func (t *tx) room(lock, count, id string, quota int, what string) error {
	n, err := t.exec(lock, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return project.ErrNotFound
	}
	var there int
	if err := t.row(count, id).Scan(&there); err != nil {
		return err
	}
	if there >= quota {
		return &project.QuotaError{What: what, Limit: quota}
	}
	return nil
}

const lockOrganization = `UPDATE organizations SET name = name WHERE id = $1`

// CreateProject adds a project with its workspaces.
func (p Projects) CreateProject(ctx context.Context, made project.Project, workspaces []project.Workspace, quota int, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		err := t.room(lockOrganization, `SELECT COUNT(*) FROM projects WHERE organization = $1`, made.Organization, quota, "projects in an organization")
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO projects (id, organization, name, title, description, type, version, created_by, updated_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			made.ID, made.Organization, made.Name, made.Title, made.Description, made.Type, made.Version, made.CreatedBy, made.UpdatedBy,
			micros(made.CreatedAt), micros(made.UpdatedAt))
		if err != nil {
			return orTaken(err, "projects.name")
		}
		for _, w := range workspaces {
			if err := insertWorkspace(t, w); err != nil {
				return err
			}
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing the project %q: %w", made.Name, err)
	}
	return nil
}

// orTaken gives [project.ErrNameTaken] for a unique constraint of the column.
func orTaken(err error, column string) error {
	if taken(err, column) {
		return project.ErrNameTaken
	}
	return err
}

// Projects gives an organization's.
func (p Projects) Projects(ctx context.Context, organization string, page project.Page) ([]project.Project, error) {
	var all []project.Project
	err := p.s.rows(ctx, func(row scanner) error {
		one, err := scanProject(row)
		all = append(all, one)
		return err
	}, `SELECT `+projectColumns+` FROM projects p WHERE p.organization = $1 AND p.id > $2 ORDER BY p.id LIMIT $3`, organization, page.After, limited(page.Limit))
	if err != nil {
		return nil, fmt.Errorf("listing projects: %w", err)
	}
	return all, nil
}

// limited takes 0 for no limit.
func limited(n int) int {
	if n <= 0 {
		return 1 << 30
	}
	return n
}

// Project gives one. An id is digits, and so may be a name: the id goes first.
func (p Projects) Project(ctx context.Context, organization, ref string) (found project.Project, err error) {
	for _, column := range []string{"id", "name"} {
		found, err = scanProject(p.s.row(ctx, `SELECT `+projectColumns+` FROM projects p WHERE p.organization = $1 AND p.`+column+` = $2`, organization, ref))
		if !errors.Is(err, sql.ErrNoRows) {
			break
		}
	}
	if err != nil {
		return project.Project{}, fmt.Errorf("reading a project: %w", orNone(err, project.ErrNotFound))
	}
	return found, nil
}

// ChangeProject replaces a project whose version is still the same.
func (p Projects) ChangeProject(ctx context.Context, c project.Project, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE projects SET name = $4, title = $5, description = $6, updated_by = $7, updated_at = $8, version = version + 1
			WHERE id = $1 AND organization = $2 AND version = $3`,
			c.ID, c.Organization, c.Version, c.Name, c.Title, c.Description, c.UpdatedBy, micros(c.UpdatedAt))
		t.record(note.Entry)
		t.emit(note.Events...)
		return orConflict(n, orTaken(err, "projects.name"))
	})
	if err != nil {
		return fmt.Errorf("changing the project %s: %w", c.ID, err)
	}
	return nil
}

// orConflict gives [project.ErrConflict] for a change that found no row as it has to be.
func orConflict(n int64, err error) error {
	if err == nil && n == 0 {
		return project.ErrConflict
	}
	return err
}

// orGone gives [project.ErrNotFound] for a deletion that found nothing.
func orGone(n int64, err error) error {
	if err == nil && n == 0 {
		return project.ErrNotFound
	}
	return err
}

// clientsOf gives the client ids that a condition finds, and tells the other nodes that they change.
func (t *tx) clientsOf(condition string, args ...any) ([]string, error) {
	var joined string
	if err := t.row(`SELECT COALESCE(string_agg(client_id, ' '), '') FROM credentials WHERE `+condition, args...).Scan(&joined); err != nil {
		return nil, err
	}
	ids := strings.Fields(joined)
	for _, id := range ids {
		t.announce(TopicClient, id)
	}
	return ids, nil
}

// DeleteProject removes a project with all that is in it.
func (p Projects) DeleteProject(ctx context.Context, organization, id string, note project.Note) (gone []string, err error) {
	err = p.s.write(ctx, func(t *tx) (err error) {
		if gone, err = t.clientsOf(`organization = $1 AND project = $2`, organization, id); err != nil {
			return err
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		return orGone(t.exec(`DELETE FROM projects WHERE organization = $1 AND id = $2`, organization, id))
	})
	if err != nil {
		return nil, fmt.Errorf("deleting the project %s: %w", id, err)
	}
	return gone, nil
}
