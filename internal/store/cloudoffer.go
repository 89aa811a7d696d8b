package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
)

// KeepOffer keeps an offer, when what is kept still has its version.
func (c CloudTargets) KeepOffer(ctx context.Context, o cloudservice.Offer, entry audit.Entry) (int64, error) {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		var version int64
		err := t.row(`INSERT INTO offers (service, name, kind, workspace, target_id, hash, pushed_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
			ON CONFLICT (service, name) DO UPDATE SET kind = excluded.kind, workspace = excluded.workspace, target_id = excluded.target_id, hash = excluded.hash,
				pushed_at = excluded.pushed_at, version = offers.version + 1 WHERE offers.version = $8 RETURNING version`,
			o.Service, o.Name, string(o.Kind), o.Workspace, o.TargetID, o.Hash, micros(o.PushedAt), o.Version).Scan(&version)
		if errors.Is(err, sql.ErrNoRows) || err == nil && version != o.Version+1 {
			return cloudservice.ErrConflict
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("keeping the offer %q: %w", o.Name, err)
	}
	return o.Version + 1, nil
}

const offerColumns = `SELECT service, name, kind, workspace, target_id, hash, pushed_at, version FROM offers `

func scanOffer(row scanner) (cloudservice.Offer, error) {
	var o cloudservice.Offer
	var pushed sql.NullInt64
	err := row.Scan(&o.Service, &o.Name, &o.Kind, &o.Workspace, &o.TargetID, &o.Hash, &pushed, &o.Version)
	o.PushedAt = instant(pushed)
	return o, err
}

// FindOffer gives an offer.
func (c CloudTargets) FindOffer(ctx context.Context, service, name string) (cloudservice.Offer, error) {
	o, err := scanOffer(c.s.row(ctx, offerColumns+`WHERE service = $1 AND name = $2`, service, name))
	if err != nil {
		return cloudservice.Offer{}, fmt.Errorf("reading an offer: %w", orNone(err, cloudservice.ErrNoOffer))
	}
	return o, nil
}

// Offers gives those of a service, by their names.
func (c CloudTargets) Offers(ctx context.Context, service string) ([]cloudservice.Offer, error) {
	var out []cloudservice.Offer
	err := c.s.rows(ctx, func(row scanner) error {
		o, err := scanOffer(row)
		out = append(out, o)
		return err
	}, offerColumns+`WHERE service = $1 ORDER BY name`, service)
	if err != nil {
		return nil, fmt.Errorf("listing offers: %w", err)
	}
	return out, nil
}

// ForgetOffer removes an offer.
func (c CloudTargets) ForgetOffer(ctx context.Context, service, name string, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`DELETE FROM offers WHERE service = $1 AND name = $2`, service, name)
		if err == nil && n == 0 {
			return cloudservice.ErrNoOffer
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting the offer %q: %w", name, err)
	}
	return nil
}

// KeepLibrary keeps a client library in the place of the one before.
func (c CloudTargets) KeepLibrary(ctx context.Context, l cloudservice.OwnLibrary, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		_, err := t.exec(`INSERT INTO client_libraries (service, name, content, hash, uploaded_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (service) DO UPDATE SET name = excluded.name, content = excluded.content, hash = excluded.hash, uploaded_at = excluded.uploaded_at`,
			l.Service, l.Name, l.Content, l.Hash, micros(l.UploadedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping a client library: %w", err)
	}
	return nil
}

// FindLibrary gives a service's own client library.
func (c CloudTargets) FindLibrary(ctx context.Context, service string) (cloudservice.OwnLibrary, error) {
	l := cloudservice.OwnLibrary{Service: service}
	var uploaded sql.NullInt64
	err := c.s.row(ctx, `SELECT name, content, hash, uploaded_at FROM client_libraries WHERE service = $1`, service).Scan(&l.Name, &l.Content, &l.Hash, &uploaded)
	if err != nil {
		return cloudservice.OwnLibrary{}, fmt.Errorf("reading a client library: %w", orNone(err, cloudservice.ErrNoLibrary))
	}
	l.UploadedAt = instant(uploaded)
	return l, nil
}

// RemoveLibrary removes it.
func (c CloudTargets) RemoveLibrary(ctx context.Context, service string, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`DELETE FROM client_libraries WHERE service = $1`, service)
		if err == nil && n == 0 {
			return cloudservice.ErrNoLibrary
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("removing a client library: %w", err)
	}
	return nil
}
