package webhook

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/event"
)

// Deliveries gives an endpoint's deliveries, newest first.
func (s *Subscriptions) Deliveries(ctx context.Context, caller access.Caller, id string, selection DeliverySelection) ([]Delivery, error) {
	e, err := s.find(ctx, caller, access.RegistryRead, id)
	if err != nil {
		return nil, err
	}
	selection.Endpoint = e.ID
	return s.config.Log.Deliveries(ctx, selection)
}

// Replay delivers once more what an endpoint has missed. It gives how many deliveries begin.
func (s *Subscriptions) Replay(ctx context.Context, caller access.Caller, id string, replay Replay) (int, error) {
	e, err := s.find(ctx, caller, access.RegistryWrite, id)
	if err != nil {
		return 0, err
	}
	detail := map[string]string{}
	switch {
	case (replay.Event == "") == replay.Since.IsZero():
		return 0, &InvalidError{Pointer: "/event", Message: "either an event or a time is needed", Fix: "Send event, or since."}
	case !e.Enabled:
		return 0, ErrDisabled
	case replay.Event != "":
		detail["event"] = replay.Event
	default:
		detail["since"] = replay.Since.UTC().Format(time.RFC3339)
	}
	replay.At = s.now()
	n, err := s.config.Log.Replay(ctx, e, replay, s.record(caller, "webhook.replay", e, detail))
	if err == nil && n > 0 {
		s.config.Wake()
	}
	return n, err
}

// Test sends an endpoint an event that tells it nothing, to see whether it arrives. What became of it is in the log.
func (s *Subscriptions) Test(ctx context.Context, caller access.Caller, id string) (event.Event, error) {
	e, err := s.find(ctx, caller, access.RegistryWrite, id)
	if err != nil {
		return event.Event{}, err
	}
	if !e.Enabled {
		return event.Event{}, ErrDisabled
	}
	sent := event.New(event.WebhookTest, e.Organization, e.ID, s.now(), map[string]any{
		"message": "This is a test. When its signature is right, your endpoint works.",
	}).In(e.Sandbox)
	if err := s.config.Log.Enqueue(ctx, e.ID, sent, s.record(caller, "webhook.test", e, nil)); err != nil {
		return event.Event{}, err
	}
	s.config.Wake()
	return sent, nil
}

// Events gives the organization's events, newest first. A caller bound to a sandbox sees those of that sandbox.
func (s *Subscriptions) Events(ctx context.Context, caller access.Caller, selection EventSelection) ([]event.Event, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	if caller.Sandbox != "" || selection.Sandbox != "" {
		var err error
		if selection.Sandbox, err = caller.In(selection.Sandbox); err != nil {
			return nil, err
		}
	}
	if selection.Type != "" && !selection.Type.Known() {
		_, err := ParseTypes([]string{string(selection.Type)})
		if invalid, ok := errors.AsType[*InvalidError](err); ok {
			invalid.Pointer = "/type"
		}
		return nil, err
	}
	selection.Organization = caller.Organization
	return s.config.Log.Events(ctx, selection)
}
