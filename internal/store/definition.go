package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"latchkey/internal/audit"
	"latchkey/internal/destination"
	"latchkey/internal/seal"
)

const definitionColumns = `id, instance_id, organization, sandbox, name, description, status, draft, published,
	connections, created_at, updated_at, created_by`

func scanDefinition(row scanner) (destination.Definition, error) {
	var d destination.Definition
	var created, updated sql.NullInt64
	err := row.Scan(&d.ID, &d.InstanceID, &d.Organization, &d.Sandbox, &d.Name, &d.Description, &d.Status, &d.Draft,
		&d.Published, &d.Connections, &created, &updated, &d.CreatedBy)
	d.CreatedAt, d.UpdatedAt = instant(created), instant(updated)
	return d, err
}

// Save writes a change of a definition.
func (d Definitions) Save(ctx context.Context, change destination.Change) error {
	var sealed []byte
	if r := change.Revision; r != nil {
		var err error
		if sealed, err = d.s.sealSecrets(ctx, revisionRow(change.Definition.Organization, r.Definition, r.Number), r.Document.Secrets()); err != nil {
			return err
		}
	}
	err := d.s.write(ctx, func(t *tx) error {
		if err := saveDefinition(t, change.Definition, change.Expect); err != nil {
			return err
		}
		t.record(change.Entry)
		t.announce(TopicDefinition, change.Definition.ID)
		if change.Revision == nil {
			return nil
		}
		return saveRevision(t, change.Revision, sealed)
	})
	if err != nil {
		return fmt.Errorf("storing the definition %q: %w", change.Definition.Name, err)
	}
	return nil
}

func saveDefinition(t *tx, d destination.Definition, expect int) error {
	if expect == 0 {
		_, err := t.exec(`INSERT INTO definitions (id, instance_id, organization, sandbox, name, description, status, draft,
			published, created_at, updated_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			d.ID, d.InstanceID, d.Organization, d.Sandbox, d.Name, d.Description, d.Status, d.Draft, d.Published,
			micros(d.CreatedAt), micros(d.UpdatedAt), d.CreatedBy)
		if taken(err, "definitions.name") {
			return destination.ErrNameTaken
		}
		return err
	}
	n, err := t.exec(`UPDATE definitions SET name = $3, description = $4, status = $5, draft = $6, published = $7,
		updated_at = $8 WHERE id = $1 AND draft = $2`,
		d.ID, expect, d.Name, d.Description, d.Status, d.Draft, d.Published, micros(d.UpdatedAt))
	if taken(err, "definitions.name") {
		return destination.ErrNameTaken
	}
	if err != nil || n > 0 {
		return err
	}
	var there int
	if err := t.row(`SELECT 1 FROM definitions WHERE id = $1`, d.ID).Scan(&there); err != nil {
		return orNone(err, destination.ErrNotFound)
	}
	return destination.ErrConflict
}

// saveRevision adds a revision, or marks it published; at most one of a definition's is.
func saveRevision(t *tx, r *destination.Revision, sealed []byte) error {
	if r.Published {
		_, err := t.exec(`UPDATE revisions SET published = 0 WHERE definition = $1 AND published = 1`, r.Definition)
		if err != nil {
			return err
		}
	}
	_, err := t.exec(`INSERT INTO revisions (definition, number, document, secrets, published, published_at, created_at,
		created_by, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (definition, number) DO UPDATE SET published = excluded.published, published_at = excluded.published_at`,
		r.Definition, r.Number, string(r.Document.JSON()), sealed, flag(r.Published), micros(r.PublishedAt),
		micros(r.CreatedAt), r.CreatedBy, r.Note)
	return err
}

func revisionRow(organization, definition string, number int) seal.Row {
	return seal.Row{
		Organization: organization, Table: "revisions", ID: definition + "/" + strconv.Itoa(number), Column: "secrets",
		Generation: int64(number),
	}
}

// Find gives the definition whose id, instance id or name is ref.
func (d Definitions) Find(ctx context.Context, place destination.Place, ref string) (destination.Definition, error) {
	var row scanner
	if place == (destination.Place{}) {
		row = d.s.row(ctx, `SELECT `+definitionColumns+` FROM definitions WHERE id = $1`, ref)
	} else {
		row = d.s.row(ctx, `SELECT `+definitionColumns+` FROM definitions
			WHERE organization = $1 AND sandbox = $2 AND (id = $3 OR instance_id = $3 OR name = $3)
			ORDER BY CASE WHEN id = $3 THEN 0 WHEN instance_id = $3 THEN 1 ELSE 2 END LIMIT 1`,
			place.Organization, place.Sandbox, ref)
	}
	found, err := scanDefinition(row)
	if err != nil {
		return destination.Definition{}, fmt.Errorf("reading the definition %q: %w", ref, orNone(err, destination.ErrNotFound))
	}
	return found, nil
}

// List gives one page in the order of ids.
func (d Definitions) List(ctx context.Context, query destination.Query) ([]destination.Definition, error) {
	var all []destination.Definition
	err := d.s.rows(ctx, func(row scanner) error {
		found, err := scanDefinition(row)
		all = append(all, found)
		return err
	}, `SELECT `+definitionColumns+` FROM definitions
		WHERE organization = $1 AND sandbox = $2 AND id > $3
			AND (lower(name) LIKE $4 ESCAPE '\' OR lower(description) LIKE $4 ESCAPE '\')
		ORDER BY id LIMIT $5`,
		query.Organization, query.Sandbox, query.After, contains(query.Search), query.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing definitions: %w", err)
	}
	return all, nil
}

// Revisions gives revisions with their documents.
func (d Definitions) Revisions(ctx context.Context, definition string, numbers ...int) ([]destination.Revision, error) {
	// null picks all, a list its members: the dialects read a list each in their own way.
	var wanted any
	if len(numbers) > 0 {
		list, err := json.Marshal(numbers)
		if err != nil {
			return nil, fmt.Errorf("encoding revision numbers: %w", err)
		}
		wanted = string(list)
	}
	var all []destination.Revision
	err := d.s.rows(ctx, func(row scanner) error {
		r, err := d.scanRevision(ctx, row)
		all = append(all, r)
		return err
	}, d.s.dialect.selectRevisions, definition, wanted)
	if err != nil {
		return nil, fmt.Errorf("reading revisions of %s: %w", definition, err)
	}
	return all, nil
}

func (d Definitions) scanRevision(ctx context.Context, row scanner) (destination.Revision, error) {
	var r destination.Revision
	var organization, document string
	var sealed []byte
	var published int
	var publishedAt, created sql.NullInt64
	err := row.Scan(&organization, &r.Definition, &r.Number, &document, &sealed, &published, &publishedAt, &created, &r.CreatedBy, &r.Note)
	if err != nil {
		return r, err
	}
	r.Published, r.PublishedAt, r.CreatedAt = published != 0, instant(publishedAt), instant(created)
	secrets, err := d.s.openSecrets(ctx, revisionRow(organization, r.Definition, r.Number), sealed)
	if err != nil {
		return r, err
	}
	r.Document, err = destination.ParseJSONSealed([]byte(document), secrets)
	return r, err
}

// Pins counts a definition's connections by what they were made with.
func (d Definitions) Pins(ctx context.Context, definition string) ([]destination.Pin, error) {
	var all []destination.Pin
	err := d.s.rows(ctx, func(row scanner) error {
		var p destination.Pin
		err := row.Scan(&p.Revision, &p.Configuration, &p.Connections)
		all = append(all, p)
		return err
	}, `SELECT revision, configuration, COUNT(*) FROM connections WHERE definition = $1
		GROUP BY revision, configuration ORDER BY revision, configuration`, definition)
	if err != nil {
		return nil, fmt.Errorf("counting the connections of %s: %w", definition, err)
	}
	return all, nil
}

// Delete forgets a definition that no connection uses.
func (d Definitions) Delete(ctx context.Context, definition string, entry audit.Entry) error {
	err := d.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM definitions WHERE id = $1 AND connections = 0
			AND NOT EXISTS (SELECT 1 FROM connections WHERE definition = $1)
			AND NOT EXISTS (SELECT 1 FROM revocations WHERE definition = $1 AND state = 'waiting')`, definition)
		if err != nil {
			return err
		}
		if n > 0 {
			t.record(entry)
			t.announce(TopicDefinition, definition)
			return nil
		}
		var used int
		if err := t.row(`SELECT connections FROM definitions WHERE id = $1`, definition).Scan(&used); err != nil {
			return orNone(err, destination.ErrNotFound)
		}
		var revocations int
		if err := t.row(`SELECT COUNT(*) FROM revocations WHERE definition = $1 AND state = 'waiting'`, definition).Scan(&revocations); err != nil {
			return err
		}
		if used == 0 && revocations > 0 {
			return &destination.InUseError{Revocations: revocations}
		}
		return &destination.InUseError{Connections: max(used, 1)} // one may not be counted yet
	})
	if err != nil {
		return fmt.Errorf("deleting the definition %s: %w", definition, err)
	}
	return nil
}
