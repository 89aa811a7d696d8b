package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/event"
	"latchkey/internal/webhook"
)

const eventColumns = `e.id, e.organization, e.sandbox, e.type, e.subject, e.at, e.data`

// scanEvent reads an event, and what follows its columns into rest.
func scanEvent(row scanner, rest ...any) (event.Event, error) {
	var e event.Event
	var at sql.NullInt64
	var data string
	err := row.Scan(append([]any{&e.ID, &e.Organization, &e.Sandbox, &e.Type, &e.Subject, &at, &data}, rest...)...)
	if err != nil {
		return event.Event{}, err
	}
	e.At = instant(at)
	decoder := json.NewDecoder(bytes.NewReader([]byte(data)))
	decoder.UseNumber() // a number comes out as it went in
	if err := decoder.Decode(&e.Data); err != nil {
		return event.Event{}, fmt.Errorf("decoding the event %s: %w", e.ID, err)
	}
	return e, nil
}

// conditions builds a query of what is asked for.
type conditions struct {
	text strings.Builder
	args []any
}

func (c *conditions) add(condition string, values ...any) {
	for _, value := range values {
		c.args = append(c.args, value)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(c.args)), 1)
	}
	c.text.WriteString(condition)
}

// Events gives events, newest first.
func (w Webhooks) Events(ctx context.Context, s webhook.EventSelection) ([]event.Event, error) {
	var q conditions
	q.add(`SELECT `+eventColumns+` FROM events e WHERE e.organization = ?`, s.Organization)
	if s.Sandbox != "" {
		q.add(` AND e.sandbox = ?`, s.Sandbox)
	}
	if s.Type != "" {
		q.add(` AND e.type = ?`, string(s.Type))
	}
	if s.Subject != "" {
		q.add(` AND e.subject = ?`, s.Subject)
	}
	if !s.Since.IsZero() {
		q.add(` AND e.at >= ?`, micros(s.Since))
	}
	if s.Before != (webhook.Position{}) {
		q.add(` AND (e.at, e.id) < (?, ?)`, micros(s.Before.At), s.Before.ID)
	}
	q.add(` ORDER BY e.at DESC, e.id DESC LIMIT ?`, s.Limit)
	var all []event.Event
	err := w.s.rows(ctx, func(row scanner) error {
		e, err := scanEvent(row)
		all = append(all, e)
		return err
	}, q.text.String(), q.args...)
	if err != nil {
		return nil, fmt.Errorf("listing events: %w", err)
	}
	return all, nil
}

// Deliveries gives an endpoint's deliveries, newest first.
func (w Webhooks) Deliveries(ctx context.Context, s webhook.DeliverySelection) ([]webhook.Delivery, error) {
	var q conditions
	q.add(`SELECT d.event, e.type, e.subject, d.state, d.attempts, d.due_at, d.status, d.error, d.latency, d.created_at, d.attempted_at
		FROM deliveries d JOIN events e ON e.id = d.event WHERE d.webhook = ?`, s.Endpoint)
	if s.State != "" {
		q.add(` AND d.state = ?`, string(s.State))
	}
	if s.Before != (webhook.Position{}) {
		q.add(` AND (d.created_at, d.event) < (?, ?)`, micros(s.Before.At), s.Before.ID)
	}
	q.add(` ORDER BY d.created_at DESC, d.event DESC LIMIT ?`, s.Limit)
	var all []webhook.Delivery
	err := w.s.rows(ctx, func(row scanner) error {
		var d webhook.Delivery
		var due, created, attempted sql.NullInt64
		var latency int64
		err := row.Scan(&d.Event, &d.Type, &d.Subject, &d.State, &d.Attempts, &due, &d.Status, &d.Error, &latency, &created, &attempted)
		d.DueAt, d.CreatedAt, d.AttemptedAt = instant(due), instant(created), instant(attempted)
		d.Latency = time.Duration(latency) * time.Microsecond
		all = append(all, d)
		return err
	}, q.text.String(), q.args...)
	if err != nil {
		return nil, fmt.Errorf("listing deliveries: %w", err)
	}
	return all, nil
}

// frequentTypes are the types that nobody gets without asking, as a list in SQL.
func frequentTypes() string {
	var names []string
	for _, d := range event.Descriptions() {
		if d.Frequent {
			names = append(names, `'`+string(d.Type)+`'`)
		}
	}
	return strings.Join(names, ", ")
}

// renewed makes a delivery that is there already due again. One that is under way stays claimed until it has ended.
const renewed = ` ON CONFLICT (webhook, event) DO UPDATE SET state = 'pending', attempts = 0, due_at = excluded.due_at`

const replayOne = `INSERT INTO deliveries (webhook, event, state, due_at, created_at)
	SELECT $1, e.id, 'pending', CAST($3 AS BIGINT), CAST($3 AS BIGINT) FROM events e
	WHERE e.id = $2 AND e.organization = $4 AND ($5 = '' OR e.sandbox = $5)` + renewed

// replayPart takes what was not delivered and is not on its way.
func replayPart() string {
	return `INSERT INTO deliveries (webhook, event, state, due_at, created_at)
		SELECT $1, e.id, 'pending', CAST($3 AS BIGINT), CAST($3 AS BIGINT) FROM events e
		WHERE e.organization = $4 AND e.at >= $2 AND ($5 = '' OR e.sandbox = $5) AND e.type <> '` + string(event.WebhookTest) + `'
		AND (($6 = '' AND e.type NOT IN (` + frequentTypes() + `)) OR $6 LIKE '% ' || e.type || ' %')
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.webhook = $1 AND d.event = e.id AND d.state <> 'failed')
		ORDER BY e.at, e.id LIMIT $7` + renewed
}

// Replay makes deliveries due at once.
func (w Webhooks) Replay(ctx context.Context, e webhook.Endpoint, r webhook.Replay, record audit.Entry) (int, error) {
	query, args := replayOne, []any{e.ID, r.Event, micros(r.At), e.Organization, e.Sandbox}
	const part = 500
	if r.Event == "" {
		query, args = replayPart(), []any{e.ID, micros(r.Since), micros(r.At), e.Organization, e.Sandbox, joined(e.Types), part}
	}
	total := int64(0)
	for n := int64(part); n == part; total += n {
		err := w.s.write(ctx, func(t *tx) (err error) {
			if total == 0 {
				t.record(record)
			}
			n, err = t.exec(query, args...)
			if err == nil && n == 0 && r.Event != "" {
				return webhook.ErrEventNotFound
			}
			return err
		})
		if err != nil {
			return int(total), fmt.Errorf("replaying to the webhook endpoint %s: %w", e.ID, err)
		}
	}
	return int(total), nil
}

// Enqueue keeps an event that goes to one endpoint.
func (w Webhooks) Enqueue(ctx context.Context, endpoint string, e event.Event, record audit.Entry) error {
	data, err := encodeData(e)
	if err != nil {
		return err
	}
	err = w.s.write(ctx, func(t *tx) error {
		t.record(record)
		_, err := t.exec(insertEvent, e.ID, e.Organization, e.Sandbox, string(e.Type), e.Subject, micros(e.At), data)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE events SET spread = 1 WHERE id = $1`, e.ID); err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO deliveries (webhook, event, state, due_at, created_at) VALUES ($1, $2, 'pending', $3, $3)`,
			endpoint, e.ID, micros(e.At))
		if dangling(err) {
			return webhook.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("sending an event to the webhook endpoint %s: %w", endpoint, err)
	}
	return nil
}
