package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
)

// settings writes a framework's settings, and those that are published.
func frameworkTexts(f *cloudservice.Framework) (settings string, published any, at any, err error) {
	text, err := json.Marshal(f.Settings)
	if err != nil || f.Published == nil {
		return string(text), nil, nil, err
	}
	out, err := json.Marshal(f.Published)
	return string(text), string(out), micros(f.PublishedAt), err
}

// CreateFramework keeps one.
func (c CloudServices) CreateFramework(ctx context.Context, f cloudservice.Framework, entry audit.Entry) error {
	settings, published, at, err := frameworkTexts(&f)
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`INSERT INTO frameworks (id, service, name, title, settings, published, published_at, version, created_by, created_at, updated_at)
			SELECT $1, c.id, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM cloud_services c WHERE c.id = $2 ON CONFLICT (service, name) DO NOTHING`,
			f.ID, f.Service, f.Name, f.Title, settings, published, at, f.Version, f.CreatedBy, micros(f.CreatedAt), micros(f.UpdatedAt))
		if err == nil && n == 0 {
			return cloudservice.ErrFrameworkTaken
		}
		if err != nil {
			return err
		}
		return keepPages(t, &f)
	})
	if err != nil {
		return fmt.Errorf("storing the framework %q: %w", f.Name, err)
	}
	return nil
}

// keepPages makes the pages that name a framework those that it has.
func keepPages(t *tx, f *cloudservice.Framework) error {
	if _, err := t.exec(`DELETE FROM framework_pages WHERE framework = $1`, f.ID); err != nil {
		return err
	}
	for _, page := range f.Pages {
		n, err := t.exec(`INSERT INTO framework_pages (organization, sandbox, kind, page, framework) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (organization, sandbox, kind, page) DO NOTHING`, f.Place.Organization, f.Place.Sandbox, string(f.Kind), page, f.ID)
		if err == nil && n == 0 {
			err = &cloudservice.PageTakenError{Page: page}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ChangeFramework replaces one whose version is still the same.
func (c CloudServices) ChangeFramework(ctx context.Context, f cloudservice.Framework, entry audit.Entry) error {
	settings, published, at, err := frameworkTexts(&f)
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`UPDATE frameworks SET title = $4, settings = $5, published = $6, published_at = $7, updated_at = $8, version = version + 1
			WHERE id = $1 AND service = $2 AND version = $3`, f.ID, f.Service, f.Version, f.Title, settings, published, at, micros(f.UpdatedAt))
		if err == nil && n == 0 {
			return cloudservice.ErrConflict
		}
		if err != nil {
			return err
		}
		return keepPages(t, &f)
	})
	if err != nil {
		return fmt.Errorf("changing the framework %q: %w", f.Name, err)
	}
	return nil
}

const frameworkColumns = `SELECT f.id, f.service, f.name, f.title, f.settings, f.published, f.published_at, f.version, f.created_by, f.created_at, f.updated_at
	FROM frameworks f `

// FindFramework gives one of a service by its id or name.
func (c CloudServices) FindFramework(ctx context.Context, of *cloudservice.Service, ref string) (cloudservice.Framework, error) {
	f, err := scanFramework(c.s.row(ctx, frameworkColumns+`WHERE f.service = $1 AND (f.id = $2 OR f.name = $2)`, of.ID, ref), of)
	if err == nil {
		err = c.pages(ctx, &f)
	}
	if err != nil {
		return cloudservice.Framework{}, fmt.Errorf("reading a framework: %w", orNone(err, cloudservice.ErrNoFramework))
	}
	return f, nil
}

// Frameworks gives those of a service, by their names.
func (c CloudServices) Frameworks(ctx context.Context, of *cloudservice.Service) ([]cloudservice.Framework, error) {
	var all []cloudservice.Framework
	err := c.s.rows(ctx, func(row scanner) error {
		f, err := scanFramework(row, of)
		all = append(all, f)
		return err
	}, frameworkColumns+`WHERE f.service = $1 ORDER BY f.name`, of.ID)
	for i := range all {
		if err == nil {
			err = c.pages(ctx, &all[i])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listing frameworks: %w", err)
	}
	return all, nil
}

func (c CloudServices) pages(ctx context.Context, f *cloudservice.Framework) error {
	return c.s.rows(ctx, func(row scanner) error {
		var page string
		err := row.Scan(&page)
		f.Pages = append(f.Pages, page)
		return err
	}, `SELECT page FROM framework_pages WHERE framework = $1 ORDER BY page`, f.ID)
}

func scanFramework(row scanner, of *cloudservice.Service) (cloudservice.Framework, error) {
	f := cloudservice.Framework{Place: cloudservice.Place{Organization: of.Organization, Sandbox: of.Sandbox}, Kind: of.Kind}
	var settings string
	var published sql.NullString
	var publishedAt, created, updated sql.NullInt64
	err := row.Scan(&f.ID, &f.Service, &f.Name, &f.Title, &settings, &published, &publishedAt, &f.Version, &f.CreatedBy, &created, &updated)
	if err != nil {
		return f, err
	}
	f.CreatedAt, f.UpdatedAt = instant(created), instant(updated)
	if err := json.Unmarshal([]byte(settings), &f.Settings); err != nil {
		return f, fmt.Errorf("the settings of %s: %w", f.ID, err)
	}
	if !published.Valid {
		return f, nil
	}
	f.Published, f.PublishedAt = new(cloudservice.FrameworkSettings), instant(publishedAt)
	if err := json.Unmarshal([]byte(published.String), f.Published); err != nil {
		return f, fmt.Errorf("what is published of %s: %w", f.ID, err)
	}
	return f, nil
}

// DeleteFramework removes one.
func (c CloudServices) DeleteFramework(ctx context.Context, f cloudservice.Framework, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`DELETE FROM frameworks WHERE id = $1 AND service = $2`, f.ID, f.Service)
		if err == nil && n == 0 {
			return cloudservice.ErrNoFramework
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the framework %s: %w", f.Name, err)
	}
	return nil
}

// PageFramework gives the framework of a product that a page itself names, and its service.
func (c CloudServices) PageFramework(ctx context.Context, place cloudservice.Place, kind cloudservice.Kind, page string) (framework, service string, err error) {
	err = c.s.rows(ctx, func(row scanner) error { return row.Scan(&framework, &service) },
		`SELECT f.id, f.service FROM framework_pages p JOIN frameworks f ON f.id = p.framework
		WHERE p.organization = $1 AND p.sandbox = $2 AND p.kind = $3 AND p.page = $4`, place.Organization, place.Sandbox, string(kind), page)
	if err != nil {
		return "", "", fmt.Errorf("looking for the framework of a page: %w", err)
	}
	return framework, service, nil
}
