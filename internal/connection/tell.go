package connection

import (
	"time"

	"latchkey/internal/event"
	"latchkey/internal/exchange"
)

// happened makes an event of a connection; empty members are left out.
func happened(r *Record, kind event.Type, at time.Time, data map[string]any) event.Event {
	data["label"], data["definition"] = r.Label, r.DefinitionName
	for name, value := range data {
		if value == "" || value == 0 {
			delete(data, name)
		}
	}
	return event.New(kind, r.Organization, r.ID, at, data).In(r.Sandbox)
}

// troubled are the events of a setback that changes the state.
func troubled(r *Record, s Setback) []event.Event {
	kind := event.ConnectionDegraded
	if s.State == NeedsReauthorization {
		kind = event.ConnectionNeedsReauthorization
	}
	data := map[string]any{"reason": s.Reason}
	if e := s.LastError; e != nil {
		data["error_kind"], data["error_code"], data["status"] = e.Kind.String(), e.Code, e.Status
	}
	return []event.Event{happened(r, kind, s.At, data)}
}

// recovery is the event of a token set that ends a trouble.
func recovery(r *Record, at time.Time) []event.Event {
	if r.State != Degraded && r.State != NeedsReauthorization {
		return nil
	}
	return []event.Event{happened(r, event.ConnectionRecovered, at, map[string]any{"generation": r.Generation + 1})}
}

func refreshed(r *Record, next *exchange.TokenSet, at time.Time) event.Event {
	data := map[string]any{"generation": r.Generation + 1}
	if !next.ExpiresAt.IsZero() {
		data["expires_at"] = next.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return happened(r, event.ConnectionRefreshed, at, data)
}
