package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"latchkey/internal/project"
)

// service is an own service as it is stored: what is not in columns of its own.
type service struct {
	Name        string                `json:"name"`
	Description string                `json:"description,omitempty"`
	Scopes      []string              `json:"scopes,omitempty"`
	Metascopes  []string              `json:"metascopes,omitempty"`
	Profiles    bool                  `json:"profiles,omitempty"`
	Roles       []project.ProductRole `json:"roles,omitempty"`
	Kinds       []project.Kind        `json:"kinds"`
	AdminOnly   bool                  `json:"admin_only,omitempty"`
	Deprecated  bool                  `json:"deprecated,omitempty"`
	DocsURL     string                `json:"docs_url,omitempty"`
}

// OwnServices gives those that an organization declared.
func (p Projects) OwnServices(ctx context.Context, organization string) ([]project.Service, error) {
	var all []project.Service
	err := p.s.rows(ctx, func(row scanner) error {
		s := project.Service{Organization: organization}
		var document string
		var d service
		var created, updated sql.NullInt64
		if err := row.Scan(&s.Code, &document, &s.Version, &s.CreatedBy, &created, &updated); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(document), &d); err != nil {
			return fmt.Errorf("decoding the service %q: %w", s.Code, err)
		}
		s.Name, s.Description, s.Scopes, s.Metascopes, s.Profiles, s.Roles = d.Name, d.Description, d.Scopes, d.Metascopes, d.Profiles, d.Roles
		s.Kinds, s.AdminOnly, s.Deprecated, s.DocsURL = d.Kinds, d.AdminOnly, d.Deprecated, d.DocsURL
		s.CreatedAt, s.UpdatedAt = instant(created), instant(updated)
		all = append(all, s)
		return nil
	}, `SELECT code, document, version, created_by, created_at, updated_at FROM services WHERE organization = $1 ORDER BY code`, organization)
	if err != nil {
		return nil, fmt.Errorf("reading the services: %w", err)
	}
	return all, nil
}

// SaveService adds or replaces one; with the first the organization is entitled to it.
func (p Projects) SaveService(ctx context.Context, s project.Service, entitlement project.Entitlement, note project.Note) error {
	document, err := json.Marshal(service{s.Name, s.Description, s.Scopes, s.Metascopes, s.Profiles, s.Roles, s.Kinds, s.AdminOnly, s.Deprecated, s.DocsURL})
	if err != nil {
		return err
	}
	err = p.s.write(ctx, func(t *tx) error {
		t.record(note.Entry)
		t.emit(note.Events...)
		t.announce(TopicClient, AllClients)
		if s.Version > 0 {
			return orConflict(t.exec(`UPDATE services SET document = $4, updated_at = $5, version = version + 1 WHERE organization = $1 AND code = $2 AND version = $3`,
				s.Organization, s.Code, s.Version, string(document), micros(s.UpdatedAt)))
		}
		_, err := t.exec(`INSERT INTO services (organization, code, document, version, created_by, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $5, $6)`,
			s.Organization, s.Code, string(document), s.CreatedBy, micros(s.CreatedAt), micros(s.UpdatedAt))
		if err != nil {
			return orTaken(err, "services.code")
		}
		return insertEntitlement(t, entitlement)
	})
	if err != nil {
		return fmt.Errorf("storing the service %q: %w", s.Code, err)
	}
	return nil
}

// DeleteService removes one that nothing is subscribed to, with its profiles and its entitlement.
func (p Projects) DeleteService(ctx context.Context, organization, code string, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		if err := t.unsubscribed(organization, code); err != nil {
			return err
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		t.announce(TopicClient, AllClients)
		for _, remove := range []string{
			`DELETE FROM product_profiles WHERE organization = $1 AND service = $2`, `DELETE FROM entitlements WHERE organization = $1 AND service = $2`,
		} {
			if _, err := t.exec(remove, organization, code); err != nil {
				return err
			}
		}
		return orGone(t.exec(`DELETE FROM services WHERE organization = $1 AND code = $2`, organization, code))
	})
	if err != nil {
		return fmt.Errorf("deleting the service %q: %w", code, err)
	}
	return nil
}

// unsubscribed fails while credentials are subscribed to a service.
func (t *tx) unsubscribed(organization, code string) error {
	var n int
	err := t.row(`SELECT COUNT(DISTINCT credential) FROM subscriptions WHERE organization = $1 AND service = $2`, organization, code).Scan(&n)
	if err == nil && n > 0 {
		return &project.InUseError{What: count(n, "credential is", "credentials are") + " subscribed to " + code, Fix: "take it from them first: latchkey credential list --service " + code}
	}
	return err
}

// count says how many of a thing there are.
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// Entitlements gives an organization's.
func (p Projects) Entitlements(ctx context.Context, organization string) ([]project.Entitlement, error) {
	var all []project.Entitlement
	err := p.s.rows(ctx, func(row scanner) error {
		e := project.Entitlement{Organization: organization}
		var created sql.NullInt64
		err := row.Scan(&e.Service, &e.Product, &e.CreatedBy, &created)
		e.CreatedAt = instant(created)
		all = append(all, e)
		return err
	}, `SELECT service, product, created_by, created_at FROM entitlements WHERE organization = $1 ORDER BY service`, organization)
	if err != nil {
		return nil, fmt.Errorf("reading the entitlements: %w", err)
	}
	return all, nil
}

// Entitle adds one.
func (p Projects) Entitle(ctx context.Context, e project.Entitlement, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(note.Entry)
		t.emit(note.Events...)
		return insertEntitlement(t, e)
	})
	if err != nil {
		return fmt.Errorf("storing the entitlement to %s: %w", e.Service, err)
	}
	return nil
}

func insertEntitlement(t *tx, e project.Entitlement) error {
	_, err := t.exec(`INSERT INTO entitlements (organization, service, product, created_by, created_at) VALUES ($1, $2, $3, $4, $5)`,
		e.Organization, e.Service, e.Product, e.CreatedBy, micros(e.CreatedAt))
	if dangling(err) {
		return project.ErrNotFound
	}
	return orTaken(err, "entitlements.service")
}

// EndEntitlement removes one that nothing is subscribed by. Product profiles stay, for when it comes back.
func (p Projects) EndEntitlement(ctx context.Context, organization, code string, note project.Note) error {
	err := p.s.write(ctx, func(t *tx) error {
		if err := t.unsubscribed(organization, code); err != nil {
			return err
		}
		t.record(note.Entry)
		t.emit(note.Events...)
		return orGone(t.exec(`DELETE FROM entitlements WHERE organization = $1 AND service = $2`, organization, code))
	})
	if err != nil {
		return fmt.Errorf("ending the entitlement to %s: %w", code, err)
	}
	return nil
}
