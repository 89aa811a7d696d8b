package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"latchkey/internal/audit"
	"latchkey/internal/event"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/webhook"
)

// Webhooks keeps endpoints, events and deliveries.
type Webhooks struct {
	s *Store
	// notify tells which events somebody has to be told of by mail.
	notify func(event.Event) bool
}

var (
	_ webhook.EndpointStore = Webhooks{}
	_ webhook.LogStore      = Webhooks{}
	_ webhook.Queue         = Webhooks{}
)

// Webhooks gives [webhook.EndpointStore], [webhook.LogStore] and [webhook.Queue]. As events are spread, those for which
// notify is true become notices for mail; nil is none.
func (s *Store) Webhooks(notify func(event.Event) bool) Webhooks {
	if notify == nil {
		notify = func(event.Event) bool { return false }
	}
	return Webhooks{s, notify}
}

const endpointColumns = `w.id, w.organization, w.sandbox, w.url, w.description, w.types, w.enabled, w.reason, w.secret,
	w.secret_generation, w.previous_until, w.failing_since, w.version, w.created_by, w.created_at, w.updated_at`

func webhookRow(organization, id string, generation int64) seal.Row {
	return seal.Row{Organization: organization, Table: "webhooks", ID: id, Column: "secret", Generation: generation}
}

// joined writes types, each between blanks; "" for none.
func joined(types []event.Type) string {
	var out strings.Builder
	for _, t := range types {
		out.WriteString(" " + string(t))
	}
	if out.Len() > 0 {
		out.WriteByte(' ')
	}
	return out.String()
}

// frequent gives the frequent ones among types.
func frequent(types []event.Type) []event.Type {
	var out []event.Type
	for _, t := range types {
		if t.Frequent() {
			out = append(out, t)
		}
	}
	return out
}

func (w Webhooks) sealSecret(ctx context.Context, e *webhook.Endpoint) ([]byte, error) {
	secrets := map[string]secret.String{"current": e.Secret.Current}
	if !e.Secret.Previous.Empty() {
		secrets["previous"] = e.Secret.Previous
	}
	return w.s.sealSecrets(ctx, webhookRow(e.Organization, e.ID, e.Secret.Generation), secrets)
}

// scanEndpoint reads an endpoint, and its secrets as they are sealed.
func scanEndpoint(row scanner) (webhook.Endpoint, []byte, error) {
	var e webhook.Endpoint
	var types string
	var enabled int
	var sealed []byte
	var until, failing, created, updated sql.NullInt64
	err := row.Scan(&e.ID, &e.Organization, &e.Sandbox, &e.URL, &e.Description, &types, &enabled, &e.Reason, &sealed,
		&e.Secret.Generation, &until, &failing, &e.Version, &e.CreatedBy, &created, &updated)
	if err != nil {
		return webhook.Endpoint{}, nil, err
	}
	for name := range strings.FieldsSeq(types) {
		e.Types = append(e.Types, event.Type(name))
	}
	e.Enabled, e.Secret.PreviousUntil, e.FailingSince = enabled != 0, instant(until), instant(failing)
	e.CreatedAt, e.UpdatedAt = instant(created), instant(updated)
	return e, sealed, nil
}

func (w Webhooks) openSecret(ctx context.Context, e *webhook.Endpoint, sealed []byte) error {
	secrets, err := w.s.openSecrets(ctx, webhookRow(e.Organization, e.ID, e.Secret.Generation), sealed)
	e.Secret.Current, e.Secret.Previous = secrets["current"], secrets["previous"]
	return err
}

// CreateEndpoint adds an endpoint.
func (w Webhooks) CreateEndpoint(ctx context.Context, e webhook.Endpoint, record audit.Entry) error {
	sealed, err := w.sealSecret(ctx, &e)
	if err != nil {
		return err
	}
	err = w.s.write(ctx, func(t *tx) error {
		t.record(record)
		_, err := t.exec(`INSERT INTO webhooks (id, organization, sandbox, url, description, types, frequent, enabled, reason,
			secret, secret_generation, previous_until, failing_since, version, created_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			e.ID, e.Organization, e.Sandbox, e.URL, e.Description, joined(e.Types), joined(frequent(e.Types)), flag(e.Enabled),
			e.Reason, sealed, e.Secret.Generation, micros(e.Secret.PreviousUntil), micros(e.FailingSince), e.Version,
			e.CreatedBy, micros(e.CreatedAt), micros(e.UpdatedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the webhook endpoint %s: %w", e.ID, err)
	}
	return nil
}

// Endpoint gives one.
func (w Webhooks) Endpoint(ctx context.Context, organization, id string) (webhook.Endpoint, error) {
	e, sealed, err := scanEndpoint(w.s.row(ctx, `SELECT `+endpointColumns+` FROM webhooks w WHERE w.id = $1 AND w.organization = $2`,
		id, organization))
	if err == nil {
		err = w.openSecret(ctx, &e, sealed)
	}
	if err != nil {
		return webhook.Endpoint{}, fmt.Errorf("reading a webhook endpoint: %w", orNone(err, webhook.ErrNotFound))
	}
	return e, nil
}

// Endpoints gives an organization's.
func (w Webhooks) Endpoints(ctx context.Context, organization string) ([]webhook.Endpoint, error) {
	var all []webhook.Endpoint
	err := w.s.rows(ctx, func(row scanner) error {
		e, _, err := scanEndpoint(row)
		all = append(all, e)
		return err
	}, `SELECT `+endpointColumns+` FROM webhooks w WHERE w.organization = $1 ORDER BY w.id`, organization)
	if err != nil {
		return nil, fmt.Errorf("listing webhook endpoints: %w", err)
	}
	return all, nil
}

// ChangeEndpoint replaces an endpoint whose version is still the same.
func (w Webhooks) ChangeEndpoint(ctx context.Context, e webhook.Endpoint, record audit.Entry) error {
	sealed, err := w.sealSecret(ctx, &e)
	if err != nil {
		return err
	}
	err = w.s.write(ctx, func(t *tx) error {
		t.record(record)
		n, err := t.exec(`UPDATE webhooks SET url = $4, description = $5, types = $6, frequent = $7, enabled = CAST($8 AS BIGINT), reason = $9,
			secret = $10, secret_generation = $11, previous_until = $12,
			failing_since = CASE WHEN enabled = 0 AND CAST($8 AS BIGINT) = 1 THEN NULL ELSE failing_since END,
			version = version + 1, updated_at = $13
			WHERE id = $1 AND organization = $2 AND version = $3`,
			e.ID, e.Organization, e.Version, e.URL, e.Description, joined(e.Types), joined(frequent(e.Types)), flag(e.Enabled),
			e.Reason, sealed, e.Secret.Generation, micros(e.Secret.PreviousUntil), micros(e.UpdatedAt))
		if err == nil && n == 0 {
			return webhook.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("changing the webhook endpoint %s: %w", e.ID, err)
	}
	return nil
}

// DeleteEndpoint removes an endpoint; its deliveries go with it.
func (w Webhooks) DeleteEndpoint(ctx context.Context, organization, id string, record audit.Entry) error {
	err := w.s.write(ctx, func(t *tx) error {
		t.record(record)
		n, err := t.exec(`DELETE FROM webhooks WHERE id = $1 AND organization = $2`, id, organization)
		if err == nil && n == 0 {
			return webhook.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the webhook endpoint %s: %w", id, err)
	}
	return nil
}
