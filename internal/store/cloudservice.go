package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// CloudServices keeps cloud services.
type CloudServices struct{ s *Store }

var _ cloudservice.Store = CloudServices{}

// CloudServices gives the store's part for cloud services.
func (s *Store) CloudServices() CloudServices { return CloudServices{s} }

const cloudServiceColumns = `SELECT c.id, c.organization, c.sandbox, c.name, c.title, c.kind, c.authentication, c.configuration, c.settings, c.state, c.secrets,
	c.version, c.created_by, c.created_at, c.updated_at FROM cloud_services c `

func cloudServiceRow(c *cloudservice.Service, version int64) seal.Row {
	return seal.Row{Organization: c.Organization, Table: "cloud_services", ID: c.ID, Column: "secrets", Generation: version}
}

// values are a row's values that may change, from $4 on, as its row will be of that version.
func (c CloudServices) values(ctx context.Context, of *cloudservice.Service, version int64) ([]any, error) {
	secrets := map[string]secret.String{}
	if !of.Secret.Empty() {
		secrets["secret"] = of.Secret
	}
	sealed, err := c.s.sealSecrets(ctx, cloudServiceRow(of, version), secrets)
	if err != nil {
		return nil, err
	}
	var settings any = of.Target
	if of.Kind == cloudservice.Analytics {
		settings = of.Analytics
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	var state any
	if of.State != nil {
		learned, err := json.Marshal(of.State)
		if err != nil {
			return nil, err
		}
		state = string(learned)
	}
	return []any{of.Title, string(of.Authentication), of.Configuration, string(text), state, sealed, micros(of.UpdatedAt)}, nil
}

// Create keeps a service.
func (c CloudServices) Create(ctx context.Context, of cloudservice.Service, entry audit.Entry) error {
	values, err := c.values(ctx, &of, of.Version)
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`INSERT INTO cloud_services (id, organization, version, title, authentication, configuration, settings, state, secrets, updated_at,
			sandbox, name, kind, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			ON CONFLICT (organization, sandbox, name) DO NOTHING`,
			append(append([]any{of.ID, of.Organization, of.Version}, values...), of.Sandbox, of.Name, string(of.Kind), of.CreatedBy, micros(of.CreatedAt))...)
		if err == nil && n == 0 {
			return cloudservice.ErrNameTaken
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the cloud service %q: %w", of.Name, err)
	}
	return nil
}

// Change replaces a service whose version is still the same.
func (c CloudServices) Change(ctx context.Context, of cloudservice.Service, entry audit.Entry) error {
	values, err := c.values(ctx, &of, of.Version+1)
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`UPDATE cloud_services SET title = $4, authentication = $5, configuration = $6, settings = $7, state = $8, secrets = $9, updated_at = $10,
			version = version + 1 WHERE id = $1 AND organization = $2 AND version = $3`, append([]any{of.ID, of.Organization, of.Version}, values...)...)
		if err == nil && n == 0 {
			return cloudservice.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("changing the cloud service %q: %w", of.Name, err)
	}
	return nil
}

// Find gives one by its id or its name.
func (c CloudServices) Find(ctx context.Context, place cloudservice.Place, ref string) (cloudservice.Service, error) {
	of, sealed, err := scanCloudService(c.s.row(ctx, cloudServiceColumns+`WHERE c.organization = $1 AND c.sandbox = $2 AND (c.id = $3 OR c.name = $3)`,
		place.Organization, place.Sandbox, ref))
	if err == nil {
		err = c.open(ctx, &of, sealed)
	}
	if err != nil {
		return cloudservice.Service{}, fmt.Errorf("reading a cloud service: %w", orNone(err, cloudservice.ErrNotFound))
	}
	return of, nil
}

// List gives those of a sandbox, by their names.
func (c CloudServices) List(ctx context.Context, place cloudservice.Place) ([]cloudservice.Service, error) {
	var all []cloudservice.Service
	var sealed [][]byte
	err := c.s.rows(ctx, func(row scanner) error {
		of, secrets, err := scanCloudService(row)
		all, sealed = append(all, of), append(sealed, secrets)
		return err
	}, cloudServiceColumns+`WHERE c.organization = $1 AND c.sandbox = $2 ORDER BY c.name`, place.Organization, place.Sandbox)
	for n := range all {
		if err == nil {
			err = c.open(ctx, &all[n], sealed[n])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listing cloud services: %w", err)
	}
	return all, nil
}

func (c CloudServices) open(ctx context.Context, of *cloudservice.Service, sealed []byte) error {
	secrets, err := c.s.openSecrets(ctx, cloudServiceRow(of, of.Version), sealed)
	of.Secret = secrets["secret"]
	return err
}

func scanCloudService(row scanner) (cloudservice.Service, []byte, error) {
	var of cloudservice.Service
	var settings string
	var state sql.NullString
	var sealed []byte
	var created, updated sql.NullInt64
	err := row.Scan(&of.ID, &of.Organization, &of.Sandbox, &of.Name, &of.Title, &of.Kind, &of.Authentication, &of.Configuration, &settings, &state, &sealed,
		&of.Version, &of.CreatedBy, &created, &updated)
	if err != nil {
		return cloudservice.Service{}, nil, err
	}
	of.CreatedAt, of.UpdatedAt = instant(created), instant(updated)
	var into any
	if of.Kind == cloudservice.Target {
		of.Target = new(cloudservice.TargetSettings)
		into = of.Target
	} else {
		of.Analytics = new(cloudservice.AnalyticsSettings)
		into = of.Analytics
	}
	if err := json.Unmarshal([]byte(settings), into); err != nil {
		return cloudservice.Service{}, nil, fmt.Errorf("the settings of %s: %w", of.ID, err)
	}
	if !state.Valid {
		return of, sealed, nil
	}
	of.State = new(cloudservice.State)
	if err := json.Unmarshal([]byte(state.String), of.State); err != nil {
		return cloudservice.Service{}, nil, fmt.Errorf("what was learned of %s: %w", of.ID, err)
	}
	return of, sealed, nil
}

// Delete removes one with all that belongs to it.
func (c CloudServices) Delete(ctx context.Context, place cloudservice.Place, id string, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`DELETE FROM cloud_services WHERE id = $1 AND organization = $2 AND sandbox = $3`, id, place.Organization, place.Sandbox)
		if err == nil && n == 0 {
			return cloudservice.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the cloud service %s: %w", id, err)
	}
	return nil
}
