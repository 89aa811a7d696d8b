package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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

// letter is an event as it is kept.
type letter struct {
	event.Event
	data string
}

// letters makes ready what was emitted. An event that can't be delivered is logged and left out: it is a mistake in this
// program, and must not undo a change such as a token that was just renewed.
func (s *Store) letters(events []event.Event) []letter {
	var out []letter
	for _, e := range events {
		data, err := encodeData(e)
		if err != nil {
			s.log.Error("left out an event", "type", string(e.Type), "subject", e.Subject, "error", err)
			continue
		}
		out = append(out, letter{e, data})
	}
	return out
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

const insertEvent = `INSERT INTO events (id, organization, sandbox, type, subject, at, data) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// post keeps the events of a transaction. Frequent ones are kept only where an endpoint names their type; one look tells
// for all of the transaction, since refreshes come in crowds.
func (h *hand) post(ctx context.Context, letters []letter) error {
	var wishes []wish
	looked := false
	for _, l := range letters {
		if l.Type.Frequent() {
			if !looked {
				var err error
				if wishes, err = h.wishes(ctx); err != nil {
					return err
				}
				looked = true
			}
			if !slices.ContainsFunc(wishes, func(w wish) bool { return w.wants(l.Event) }) {
				continue
			}
		}
		_, err := h.session.change(ctx, insertEvent, l.ID, l.Organization, l.Sandbox, string(l.Type), l.Subject, micros(l.At), l.data)
		if err != nil {
			return err
		}
	}
	return nil
}

// wish is an endpoint that names frequent types.
type wish struct {
	organization, sandbox string
	types                 string // each between blanks
}

func (w wish) wants(e event.Event) bool {
	return w.organization == e.Organization && (w.sandbox == "" || w.sandbox == e.Sandbox) && strings.Contains(w.types, " "+string(e.Type)+" ")
}

// wishes reads them in one row: neither an organization's id nor a sandbox's name holds a tab or a line break.
func (h *hand) wishes(ctx context.Context) ([]wish, error) {
	var text string
	err := h.session.row(ctx, "SELECT COALESCE(string_agg(organization || '\t' || sandbox || '\t' || frequent, '\n'), '')"+
		` FROM webhooks WHERE frequent <> '' AND enabled = 1`).Scan(&text)
	if err != nil {
		return nil, err
	}
	var all []wish
	for line := range strings.SplitSeq(text, "\n") {
		if parts := strings.Split(line, "\t"); len(parts) == 3 {
			all = append(all, wish{parts[0], parts[1], parts[2]})
		}
	}
	return all, nil
}
