package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

var _ registry.UserStore = Registry{}

const userColumns = `id, organization, email, first_name, last_name, role, profiles, status, password, link, link_until, version, created_by,
	created_at, updated_at, last_sign_in_at`

// userColumnsOf gives them of a table that stands beside others.
func userColumnsOf(alias string) string {
	return alias + "." + strings.Join(strings.Fields(userColumns), " "+alias+".")
}

func scanUser(row scanner) (registry.User, error) {
	var u registry.User
	var profiles string
	var until, created, updated, signed sql.NullInt64
	err := row.Scan(&u.ID, &u.Organization, &u.Email, &u.FirstName, &u.LastName, &u.Role, &profiles, &u.Status, &u.Password, &u.Link, &until,
		&u.Version, &u.CreatedBy, &created, &updated, &signed)
	u.Profiles = strings.Fields(profiles)
	u.LinkUntil, u.CreatedAt, u.UpdatedAt, u.LastSignInAt = instant(until), instant(created), instant(updated), instant(signed)
	return u, err
}

// CreateUser adds a user.
func (r Registry) CreateUser(ctx context.Context, u registry.User, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if err := insertUser(t, u); err != nil {
			return err
		}
		t.record(entry)
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing the user %s: %w", u.Email, err)
	}
	return nil
}

func insertUser(t *tx, u registry.User) error {
	_, err := t.exec(`INSERT INTO users (id, organization, email, email_key, first_name, last_name, role, profiles, status, password, link,
		link_until, version, created_by, created_at, updated_at, last_sign_in_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		u.ID, u.Organization, u.Email, strings.ToLower(u.Email), u.FirstName, u.LastName, u.Role, strings.Join(u.Profiles, " "), u.Status,
		u.Password, link(u), micros(u.LinkUntil), u.Version, u.CreatedBy, micros(u.CreatedAt), micros(u.UpdatedAt), micros(u.LastSignInAt))
	switch {
	case taken(err, "users.email_key"):
		return registry.ErrNameTaken
	case dangling(err):
		return registry.ErrNotFound
	}
	return err
}

// link gives NULL for none.
func link(u registry.User) any {
	if len(u.Link) == 0 {
		return nil
	}
	return u.Link
}

// Users gives an organization's.
func (r Registry) Users(ctx context.Context, organization string) ([]registry.User, error) {
	return r.users(ctx, `SELECT `+userColumns+` FROM users WHERE organization = $1 ORDER BY email_key`, organization)
}

// UserLike gives those of an id, an address or a link.
func (r Registry) UserLike(ctx context.Context, by registry.UserKey) ([]registry.User, error) {
	switch {
	case by.ID != "":
		return r.users(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, by.ID)
	case by.Email != "":
		return r.users(ctx, `SELECT `+userColumns+` FROM users WHERE email_key = $1 ORDER BY id`, strings.ToLower(strings.TrimSpace(by.Email)))
	case len(by.Link) > 0:
		return r.users(ctx, `SELECT `+userColumns+` FROM users WHERE link = $1`, by.Link)
	}
	return nil, nil
}

func (r Registry) users(ctx context.Context, query string, args ...any) ([]registry.User, error) {
	var all []registry.User
	err := r.s.rows(ctx, func(row scanner) error {
		one, err := scanUser(row)
		all = append(all, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading users: %w", err)
	}
	return all, nil
}

// ChangeUser replaces a user whose version is still the same.
func (r Registry) ChangeUser(ctx context.Context, u registry.User, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if err := changeUser(t, u); err != nil {
			return err
		}
		t.record(entry)
		return nil
	})
	if err != nil {
		return fmt.Errorf("changing the user %s: %w", u.Email, err)
	}
	return nil
}

func changeUser(t *tx, u registry.User) error {
	var over int
	err := t.row(`SELECT COUNT(*) FROM users WHERE id = $1 AND (CAST($2 AS TEXT) <> 'active' OR password <> $3)`, u.ID, u.Status, u.Password).Scan(&over)
	if err != nil {
		return err
	}
	if over > 0 {
		if _, err := t.exec(`DELETE FROM sessions WHERE person = $1`, u.ID); err != nil {
			return err
		}
		if err := t.closeTo(u.ID); err != nil {
			return err
		}
	}
	n, err := t.exec(`UPDATE users SET email = $4, email_key = $5, first_name = $6, last_name = $7, role = $8, profiles = $9, status = $10,
		password = $11, link = $12, link_until = $13, updated_at = $14, last_sign_in_at = $15, version = version + 1
		WHERE id = $1 AND organization = $2 AND version = $3`,
		u.ID, u.Organization, u.Version, u.Email, strings.ToLower(u.Email), u.FirstName, u.LastName, u.Role, strings.Join(u.Profiles, " "), u.Status,
		u.Password, link(u), micros(u.LinkUntil), micros(u.UpdatedAt), micros(u.LastSignInAt))
	switch {
	case taken(err, "users.email_key"):
		return registry.ErrNameTaken
	case err == nil && n == 0:
		return registry.ErrConflict
	}
	return err
}

// DeleteUser removes a user.
func (r Registry) DeleteUser(ctx context.Context, organization, id string, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM users WHERE organization = $1 AND id = $2`, organization, id)
		if err == nil && n == 0 {
			return registry.ErrNotFound
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the user %s: %w", id, err)
	}
	return nil
}
