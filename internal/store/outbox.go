package store

import (
	"context"
	"encoding/json"
	"fmt"

	"latchkey/internal/event"
)

// emit puts events into the transaction: they are kept if the write is, and undone with it.
func (t *tx) emit(events ...event.Event) { t.events = append(t.events, events...) }

// Emit keeps events that come with no change of anything that is stored here.
func (s *Store) Emit(ctx context.Context, events ...event.Event) error {
	err := s.write(ctx, func(t *tx) error {
		t.emit(events...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping events: %w", err)
	}
	return nil
}

// Emitted gets a value when this process has committed events, for whoever delivers them. Another node's events come
// without one.
func (s *Store) Emitted() <-chan struct{} { return s.emitted }

// written passes on how a write ended, and tells of the events that it kept.
func (s *Store) written(err error, emitted bool) error {
	if err == nil && emitted {
		select {
		case s.emitted <- struct{}{}:
		default: // told already
		}
	}
	return err
}

// insertFrequent keeps an event only where an endpoint asks for its type.
const (
	insertEvent    = `INSERT INTO events (id, organization, sandbox, type, subject, at, data) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	insertFrequent = `INSERT INTO events (id, organization, sandbox, type, subject, at, data)
		SELECT $1, $2, $3, $4, $5, CAST($6 AS BIGINT), $7 WHERE EXISTS (SELECT 1 FROM webhooks w WHERE w.organization = $2
		AND w.frequent <> '' AND w.enabled = 1 AND w.frequent LIKE $8 AND (w.sandbox = '' OR w.sandbox = $3))`
)

// keepEvents writes what was emitted. An event that can't be delivered is logged and left out: it is a mistake in this
// program, and must not undo a change such as a token that was just renewed.
func (s *Store) keepEvents(t *tx) error {
	events := t.events
	t.events = nil
	for _, e := range events {
		data, err := encodeData(e)
		if err != nil {
			s.log.Error("left out an event", "type", string(e.Type), "subject", e.Subject, "err", err)
			continue
		}
		args := []any{e.ID, e.Organization, e.Sandbox, string(e.Type), e.Subject, micros(e.At), data}
		query := insertEvent
		if e.Type.Frequent() {
			query, args = insertFrequent, append(args, "% "+string(e.Type)+" %")
		}
		if _, err := t.exec(query, args...); err != nil {
			return err
		}
	}
	return nil
}

func encodeData(e event.Event) (string, error) {
	if err := e.Validate(); err != nil {
		return "", err
	}
	if len(e.Data) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(e.Data)
	return string(text), err
}
