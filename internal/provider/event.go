package provider

import (
	"time"

	"latchkey/internal/event"
)

// The events of this room (docs/reference/events.md). A [Store] keeps them with the change that they tell of.

// StandingEvents tell organizations that a provider went down or came up; since when it was down is for the latter.
func StandingEvents(host Host, standing Standing, downSince time.Time, organizations []string) []event.Event {
	kind, data := event.ProviderUp, map[string]any{"provider": string(host)}
	if standing.Down {
		kind = event.ProviderDown
		data["reason"] = "the provider does not answer, or answers with errors"
		data["error_kind"] = "provider_down"
		if standing.Last.Status != 0 {
			data["status"] = standing.Last.Status
		}
	} else {
		data["down_since"] = moment(downSince)
	}
	out := make([]event.Event, 0, len(organizations))
	for _, organization := range organizations {
		out = append(out, event.New(kind, organization, string(host), standing.Since, data))
	}
	return out
}

// OpenedEvents tell an organization that a provider refuses a client of its, given the definition's name and how many
// connections it has.
func OpenedEvents(i Incident, definition string, connections int) []event.Event {
	data := map[string]any{
		"provider": string(i.Host), "reason": "the provider refuses the client: its secret is wrong or has ended, or it lacks a right",
		"error_kind": "client_dead",
	}
	if definition != "" {
		data["definition"], data["connections"] = definition, connections
	}
	if i.Last.Code != "" {
		data["error_code"] = i.Last.Code
	}
	if i.Last.Status != 0 {
		data["status"] = i.Last.Status
	}
	return []event.Event{event.New(event.ProviderDown, i.Organization, i.ID, i.OpenedAt, data).In(i.Sandbox)}
}

// EndedEvents tell it that the provider accepts the client again, or that nobody uses it any more.
func EndedEvents(i Incident, definition string) []event.Event {
	data := map[string]any{"provider": string(i.Host), "down_since": moment(i.OpenedAt)}
	if definition != "" {
		data["definition"] = definition
	}
	return []event.Event{event.New(event.ProviderUp, i.Organization, i.ID, i.ClosedAt, data).In(i.Sandbox)}
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
