package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"latchkey/internal/audit"
	"latchkey/internal/ims"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// IMS keeps IMS configurations and their keys.
type IMS struct{ s *Store }

var _ ims.Store = IMS{}

// IMS gives the store's part for IMS configurations.
func (s *Store) IMS() IMS { return IMS{s} }

const imsColumns = `SELECT c.id, c.organization, c.sandbox, c.name, c.title, c.solution, c.type, c.server, c.client_id, c.ims_organization, c.technical_account,
	c.metascopes, c.scopes, c.key_alias, c.connection, c.secrets, c.migration_scopes, c.migration_at, c.version, c.created_by, c.created_at, c.updated_at
	FROM ims_configurations c `

func imsRow(c *ims.Configuration, version int64) seal.Row {
	return seal.Row{Organization: c.Organization, Table: "ims_configurations", ID: c.ID, Column: "secrets", Generation: version}
}

// sealIMS seals what is secret of a configuration, as its row will be of that version.
func (i IMS) sealIMS(ctx context.Context, c *ims.Configuration, version int64) ([]byte, error) {
	secrets := map[string]secret.String{}
	if !c.Secret.Empty() {
		secrets["client_secret"] = c.Secret
	}
	if c.Migration != nil {
		secrets["migration_secret"] = c.Migration.Secret
	}
	return i.s.sealSecrets(ctx, imsRow(c, version), secrets)
}

// imsValues are a row's values that may change, from $4 on.
func imsValues(c *ims.Configuration, sealed []byte) []any {
	var scopes string
	var at any
	if c.Migration != nil {
		scopes, at = strings.Join(c.Migration.Scopes, " "), micros(c.Migration.Since)
	}
	return []any{
		c.Title, string(c.Solution), string(c.Type), c.Server, c.ClientID, c.IMSOrganization, c.TechnicalAccount, strings.Join(c.Metascopes, " "),
		strings.Join(c.Scopes, " "), c.Alias, c.Connection, sealed, scopes, at, micros(c.UpdatedAt),
	}
}

// Create keeps a configuration.
func (i IMS) Create(ctx context.Context, c ims.Configuration, entry audit.Entry) error {
	sealed, err := i.sealIMS(ctx, &c, c.Version)
	if err != nil {
		return err
	}
	err = i.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`INSERT INTO ims_configurations (id, organization, version, title, solution, type, server, client_id, ims_organization, technical_account,
			metascopes, scopes, key_alias, connection, secrets, migration_scopes, migration_at, updated_at, sandbox, name, created_by, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
			ON CONFLICT (organization, sandbox, name) DO NOTHING`,
			append(append([]any{c.ID, c.Organization, c.Version}, imsValues(&c, sealed)...), c.Sandbox, c.Name, c.CreatedBy, micros(c.CreatedAt))...)
		if err == nil && n == 0 {
			return ims.ErrNameTaken
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the IMS configuration %q: %w", c.Name, err)
	}
	return nil
}

// Change replaces a configuration whose version is still the same.
func (i IMS) Change(ctx context.Context, c ims.Configuration, entry audit.Entry) error {
	sealed, err := i.sealIMS(ctx, &c, c.Version+1)
	if err != nil {
		return err
	}
	err = i.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`UPDATE ims_configurations SET title = $4, solution = $5, type = $6, server = $7, client_id = $8, ims_organization = $9, technical_account = $10,
			metascopes = $11, scopes = $12, key_alias = $13, connection = $14, secrets = $15, migration_scopes = $16, migration_at = $17, updated_at = $18,
			version = version + 1 WHERE id = $1 AND organization = $2 AND version = $3`,
			append([]any{c.ID, c.Organization, c.Version}, imsValues(&c, sealed)...)...)
		if err == nil && n == 0 {
			return ims.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("changing the IMS configuration %q: %w", c.Name, err)
	}
	return nil
}

// Find gives one by its id or its name.
func (i IMS) Find(ctx context.Context, place ims.Place, ref string) (ims.Configuration, error) {
	c, sealed, err := scanIMS(i.s.row(ctx, imsColumns+`WHERE c.organization = $1 AND c.sandbox = $2 AND (c.id = $3 OR c.name = $3)`,
		place.Organization, place.Sandbox, ref))
	if err == nil {
		err = i.openIMS(ctx, &c, sealed)
	}
	if err != nil {
		return ims.Configuration{}, fmt.Errorf("reading an IMS configuration: %w", orNone(err, ims.ErrNotFound))
	}
	return c, nil
}

// List gives those of a sandbox, by their names.
func (i IMS) List(ctx context.Context, place ims.Place) ([]ims.Configuration, error) {
	var all []ims.Configuration
	var sealed [][]byte
	err := i.s.rows(ctx, func(row scanner) error {
		c, secrets, err := scanIMS(row)
		all, sealed = append(all, c), append(sealed, secrets)
		return err
	}, imsColumns+`WHERE c.organization = $1 AND c.sandbox = $2 ORDER BY c.name`, place.Organization, place.Sandbox)
	for n := range all {
		if err == nil {
			err = i.openIMS(ctx, &all[n], sealed[n])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listing IMS configurations: %w", err)
	}
	return all, nil
}

func scanIMS(row scanner) (ims.Configuration, []byte, error) {
	var c ims.Configuration
	var metascopes, scopes, next string
	var sealed []byte
	var migration, created, updated sql.NullInt64
	err := row.Scan(&c.ID, &c.Organization, &c.Sandbox, &c.Name, &c.Title, &c.Solution, &c.Type, &c.Server, &c.ClientID, &c.IMSOrganization, &c.TechnicalAccount,
		&metascopes, &scopes, &c.Alias, &c.Connection, &sealed, &next, &migration, &c.Version, &c.CreatedBy, &created, &updated)
	if err != nil {
		return ims.Configuration{}, nil, err
	}
	c.Metascopes, c.Scopes, c.CreatedAt, c.UpdatedAt = strings.Fields(metascopes), strings.Fields(scopes), instant(created), instant(updated)
	if migration.Valid {
		c.Migration = &ims.Migration{Scopes: strings.Fields(next), Since: instant(migration)}
	}
	return c, sealed, nil
}

func (i IMS) openIMS(ctx context.Context, c *ims.Configuration, sealed []byte) error {
	secrets, err := i.s.openSecrets(ctx, imsRow(c, c.Version), sealed)
	c.Secret = secrets["client_secret"]
	if c.Migration != nil {
		c.Migration.Secret = secrets["migration_secret"]
	}
	return err
}

// Delete removes one.
func (i IMS) Delete(ctx context.Context, place ims.Place, id string, entry audit.Entry) error {
	err := i.s.write(ctx, func(t *tx) error {
		t.record(entry)
		if err := unserved(t.row(servedIMS, place.Organization, place.Sandbox, id)); err != nil {
			return err
		}
		n, err := t.exec(`DELETE FROM ims_configurations WHERE id = $1 AND organization = $2 AND sandbox = $3`, id, place.Organization, place.Sandbox)
		if err == nil && n == 0 {
			return ims.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the IMS configuration %s: %w", id, err)
	}
	return nil
}

const servedIMS = `SELECT COUNT(*) FROM cloud_services c JOIN ims_configurations i ON i.organization = c.organization AND i.sandbox = c.sandbox AND i.name = c.configuration
	WHERE c.organization = $1 AND c.sandbox = $2 AND i.id = $3`

// Served fails with [ims.ErrServes] when a cloud service names a configuration.
func (i IMS) Served(ctx context.Context, place ims.Place, id string) error {
	return unserved(i.s.row(ctx, servedIMS, place.Organization, place.Sandbox, id))
}

// unserved reads a count of cloud services.
func unserved(row scanner) error {
	var named int
	if err := row.Scan(&named); err != nil {
		return fmt.Errorf("counting the cloud services of an IMS configuration: %w", err)
	}
	if named > 0 {
		return ims.ErrServes
	}
	return nil
}

// Record keeps an entry alone.
func (i IMS) Record(ctx context.Context, entry audit.Entry) error {
	err := i.s.write(ctx, func(t *tx) error {
		t.record(entry)
		return nil
	})
	if err != nil {
		return fmt.Errorf("recording %s: %w", entry.Action, err)
	}
	return nil
}
