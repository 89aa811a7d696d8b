// Package event says what happened to the things that Latchkey keeps, for whoever has to know of it: a receiver of
// webhooks, a reader of mail, a list.
//
// Events are edge-triggered. One says that something changed, once, when it did: not that it still is so. A room that
// changes a thing hands the event to its store with the change, and both are committed or neither is (the transactional
// outbox). What is delivered from there is delivered at least once and in no promised order: ID tells a repetition,
// At tells what came first.
//
// An event holds no secret. What it says may be read by anybody who receives it.
package event

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/ident"
)

// Event is one thing that happened.
type Event struct {
	// ID is "evt_" and a ULID. It stays the same however often the event is delivered.
	ID   string
	Type Type
	// Organization is whom it concerns; "" is the installation itself, of which its operator is told by mail alone.
	Organization string
	// Sandbox is the sandbox's name; "" where the thing is in none.
	Sandbox string
	// Subject is the id of the thing that it happened to.
	Subject string
	At      time.Time
	// Data says more, ready for JSON; docs/reference/events.md has each type's members. It MUST NOT hold a secret.
	Data map[string]any
}

// New makes an event with an id of its own.
func New(t Type, organization, subject string, at time.Time, data map[string]any) Event {
	return Event{ID: ident.New("evt"), Type: t, Organization: organization, Subject: subject, At: at.UTC(), Data: data}
}

// In gives the event with the sandbox of its subject.
func (e Event) In(sandbox string) Event {
	e.Sandbox = sandbox
	return e
}

// Validate refuses what could not be delivered.
func (e Event) Validate() error {
	switch {
	case !ident.Is("evt", e.ID):
		return fmt.Errorf("checking an event: its id %q is not evt_ and a ULID; make events with event.New", e.ID)
	case !e.Type.Known():
		return fmt.Errorf("checking the event %s: there is no type %q", e.ID, e.Type)
	case e.Subject == "":
		return fmt.Errorf("checking the event %s: a %s needs the id of its subject", e.ID, e.Type)
	case e.At.IsZero():
		return fmt.Errorf("checking the event %s: a %s needs the time when it happened", e.ID, e.Type)
	}
	return nil
}

// wire is an event as others get it. The names type, timestamp and data are those that Standard Webhooks recommends.
type wire struct {
	ID           string         `json:"id"`
	Type         Type           `json:"type"`
	Timestamp    time.Time      `json:"timestamp"`
	Organization string         `json:"organization"`
	Sandbox      string         `json:"sandbox,omitempty"`
	Subject      string         `json:"subject"`
	Data         map[string]any `json:"data"`
}

// MarshalJSON writes the event as it is delivered and listed.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	return json.Marshal(wire{e.ID, e.Type, e.At.UTC(), e.Organization, e.Sandbox, e.Subject, e.Data})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Event) UnmarshalJSON(text []byte) error {
	var w wire
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	if cmp.Or(w.ID, string(w.Type)) == "" {
		return errors.New("reading an event: it has neither id nor type")
	}
	*e = Event{w.ID, w.Type, w.Organization, w.Sandbox, w.Subject, w.Timestamp, w.Data}
	return nil
}
