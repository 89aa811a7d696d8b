package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/event"
	"latchkey/internal/webhook"
)

// Spread makes deliveries and notices of events. Two nodes may find the same events: who comes second finds them spread.
func (w Webhooks) Spread(ctx context.Context, now time.Time, limit int) (int, error) {
	var fresh []event.Event
	err := w.s.rows(ctx, func(row scanner) error {
		e, err := scanEvent(row)
		fresh = append(fresh, e)
		return err
	}, `SELECT `+eventColumns+` FROM events e WHERE e.spread = 0 ORDER BY e.id LIMIT $1`, limit)
	if err == nil && len(fresh) > 0 {
		err = w.s.write(ctx, func(t *tx) error {
			for _, e := range fresh {
				if err := w.spread(t, e, now); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return 0, fmt.Errorf("spreading events: %w", err)
	}
	return len(fresh), nil
}

// spread gives an event to the endpoints that were there when it happened.
func (w Webhooks) spread(t *tx, e event.Event, now time.Time) error {
	n, err := t.exec(`UPDATE events SET spread = 1 WHERE id = $1 AND spread = 0`, e.ID)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(`INSERT INTO deliveries (webhook, event, state, due_at, created_at)
		SELECT w.id, $1, 'pending', CAST($2 AS BIGINT), CAST($2 AS BIGINT) FROM webhooks w
		WHERE w.organization = $3 AND w.enabled = 1 AND w.created_at <= $7 AND (w.sandbox = '' OR w.sandbox = $4)
		AND ((w.types = '' AND CAST($5 AS BIGINT) = 0) OR w.types LIKE $6) ON CONFLICT (webhook, event) DO NOTHING`,
		e.ID, micros(now), e.Organization, e.Sandbox, flag(e.Type.Frequent()), "% "+string(e.Type)+" %", micros(e.At))
	if err != nil || !w.notify(e) {
		return err
	}
	_, err = t.exec(`INSERT INTO mail_notices (event, at) VALUES ($1, $2) ON CONFLICT (event) DO NOTHING`, e.ID, micros(e.At))
	return err
}

// free tells of a delivery that nobody who lives has claimed; now is the argument's name.
func (w Webhooks) free(now string) string {
	return `(d.claimed_until IS NULL OR d.claimed_until < ` + now + ` OR NOT ` + w.s.aliveOwner("d.claimed_by") + `)`
}

// Due gives the endpoints of which something is due. One whose secret does not open is left out: it must not hold up the
// others.
func (w Webhooks) Due(ctx context.Context, now time.Time) ([]webhook.Endpoint, time.Time, error) {
	var due []webhook.Endpoint
	var sealed [][]byte
	err := w.s.rows(ctx, func(row scanner) error {
		e, secret, err := scanEndpoint(row)
		due, sealed = append(due, e), append(sealed, secret)
		return err
	}, `SELECT `+endpointColumns+` FROM webhooks w WHERE w.enabled = 1 AND EXISTS (
		SELECT 1 FROM deliveries d WHERE d.webhook = w.id AND d.due_at <= $1 AND `+w.free("$1")+`) ORDER BY w.id`, micros(now))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("finding due webhooks: %w", err)
	}
	opened := due[:0]
	for i, e := range due {
		if err := w.openSecret(ctx, &e, sealed[i]); err != nil {
			w.s.log.Error("a webhook endpoint gets nothing: its secret does not open", "webhook", e.ID, "error", err)
			continue
		}
		opened = append(opened, e)
	}
	var next sql.NullInt64
	err = w.s.row(ctx, `SELECT MIN((SELECT MIN(d.due_at) FROM deliveries d WHERE d.webhook = w.id AND d.due_at > $1))
		FROM webhooks w WHERE w.enabled = 1`, micros(now)).Scan(&next)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("finding due webhooks: %w", err)
	}
	return opened, instant(next), nil
}

// Claim takes deliveries that are due. Of two nodes that found the same, one finds them taken.
func (w Webhooks) Claim(ctx context.Context, endpoint string, now, until time.Time, limit int) ([]webhook.Job, error) {
	var found []webhook.Job
	err := w.s.rows(ctx, func(row scanner) error {
		var job webhook.Job
		var due sql.NullInt64
		var err error
		job.Event, err = scanEvent(row, &job.Attempt, &due)
		job.DueAt = instant(due)
		found = append(found, job)
		return err
	}, `SELECT `+eventColumns+`, d.attempts, d.due_at FROM deliveries d JOIN events e ON e.id = d.event
		WHERE d.webhook = $1 AND d.due_at <= $2 AND `+w.free("$2")+` ORDER BY d.due_at, d.event LIMIT $3`,
		endpoint, micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("finding deliveries: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	var claimed []webhook.Job
	err = w.s.write(ctx, func(t *tx) error {
		claimed = claimed[:0]
		for _, job := range found {
			n, err := t.exec(`UPDATE deliveries AS d SET claimed_by = $3, claimed_until = $4
				WHERE d.webhook = $1 AND d.event = $2 AND d.due_at <= $5 AND d.attempts = $6 AND `+w.free("$5"),
				endpoint, job.Event.ID, w.s.incarnation, micros(until), micros(now), job.Attempt)
			if err != nil {
				return err
			}
			if n == 1 {
				job.Attempt++
				claimed = append(claimed, job)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claiming deliveries: %w", err)
	}
	return claimed, nil
}

// Finish keeps how an attempt ended.
func (w Webhooks) Finish(ctx context.Context, o webhook.Outcome) (disabled bool, err error) {
	err = w.s.write(ctx, func(t *tx) error {
		disabled = false
		n, err := t.exec(`UPDATE deliveries SET state = $5, attempts = $4, due_at = $6, status = $7, error = $8, latency = $9,
			attempted_at = $10, claimed_by = NULL, claimed_until = NULL
			WHERE webhook = $1 AND event = $2 AND claimed_by = $3 AND attempts = $4 - 1`,
			o.Endpoint.ID, o.Event, w.s.incarnation, o.Attempt, string(o.State), micros(o.DueAt), o.Status, o.Error,
			o.Latency.Microseconds(), micros(o.At.Add(-o.Latency)))
		if err == nil && n == 0 { // replayed meanwhile, or taken over
			_, err = t.exec(`UPDATE deliveries SET claimed_by = NULL, claimed_until = NULL
				WHERE webhook = $1 AND event = $2 AND claimed_by = $3`, o.Endpoint.ID, o.Event, w.s.incarnation)
		}
		if err != nil {
			return err
		}
		if o.State == webhook.Delivered {
			_, err = t.exec(`UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL`, o.Endpoint.ID)
			return err
		}
		_, err = t.exec(`UPDATE webhooks SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL AND enabled = 1`,
			o.Endpoint.ID, micros(o.At))
		if err == nil && o.DisableWhy != "" {
			disabled, err = disable(t, o)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keeping a delivery's outcome: %w", err)
	}
	return disabled, nil
}

// disable disables an endpoint, unless it succeeded or was changed meanwhile, and tells of it.
func disable(t *tx, o webhook.Outcome) (bool, error) {
	e := o.Endpoint
	n, err := t.exec(`UPDATE webhooks SET enabled = 0, reason = $2, version = version + 1, updated_at = $3
		WHERE id = $1 AND enabled = 1 AND version = $4 AND (CAST($5 AS BIGINT) IS NULL OR failing_since = $5)`,
		e.ID, o.DisableWhy, micros(o.At), e.Version, micros(o.FailingSince))
	if err != nil || n == 0 {
		return false, err
	}
	data := map[string]any{"url": bareURL(e.URL), "reason": o.DisableWhy}
	if !o.FailingSince.IsZero() {
		data["failing_since"] = o.FailingSince.Format(time.RFC3339)
	}
	t.emit(event.New(event.WebhookDisabled, e.Organization, e.ID, o.At, data).In(e.Sandbox))
	t.record(audit.Entry{
		At: o.At, Organization: e.Organization, Actor: audit.System, Action: "webhook.disable", Subject: e.ID,
		Generation: e.Version + 1, Detail: map[string]string{"reason": o.DisableWhy},
	})
	return true, nil
}

// bareURL gives an address without its query, in which people put what is as good as a password.
func bareURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.RawQuery = ""
	return u.String()
}

// Prune removes old events; their deliveries and notices go with them.
func (w Webhooks) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	var some int
	err := w.s.row(ctx, `SELECT 1 FROM events WHERE at < $1 LIMIT 1`, micros(before)).Scan(&some)
	if err != nil {
		if orNone(err, nil) == nil {
			return 0, nil
		}
		return 0, fmt.Errorf("finding old events: %w", err)
	}
	var n int64
	err = w.s.write(ctx, func(t *tx) (err error) {
		n, err = t.exec(`DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < $1 ORDER BY at LIMIT $2)`, micros(before), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("pruning events: %w", err)
	}
	return int(n), nil
}
