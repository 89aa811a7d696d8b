package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/event"
	"latchkey/internal/webhook"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	Event         string     `json:"event" doc:"The event's id, which the request carries as webhook-id." example:"evt_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Type          string     `json:"type" example:"connection.degraded"`
	Subject       string     `json:"subject" example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	State         string     `json:"state" enum:"pending,delivered,failed"`
	Attempts      int        `json:"attempts" doc:"How many there were since the delivery began, or was replayed." example:"1"`
	NextAttemptAt *time.Time `json:"next_attempt_at" doc:"Null when there will be none."`
	Status        *int       `json:"status" doc:"The HTTP status of the last attempt; null when there was no answer."`
	Error         *string    `json:"error" doc:"Why there was no answer: dns, blocked, dial, tls, timeout, reset, redirect, too_large, protocol, bad_request or unsendable."`
	LatencyMS     float64    `json:"latency_ms" doc:"How long the last attempt took, in milliseconds."`
	CreatedAt     time.Time  `json:"created_at"`
	AttemptedAt   *time.Time `json:"attempted_at" doc:"When the last attempt began."`
}

// Event is what happened.
type Event struct {
	ID           string         `json:"id" example:"evt_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Type         string         `json:"type" example:"connection.degraded"`
	Timestamp    time.Time      `json:"timestamp" doc:"When it happened."`
	Organization string         `json:"organization"`
	Sandbox      *string        `json:"sandbox" doc:"Null for what is in none."`
	Subject      string         `json:"subject" doc:"The id of the thing that it happened to." example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Data         map[string]any `json:"data" nullable:"false" doc:"What more there is to say; the reference of events has each type's members."`
}

// WebhookReplay asks for deliveries once more.
type WebhookReplay struct {
	Event string     `json:"event,omitempty" doc:"One event, whether it was delivered or not."`
	Since *time.Time `json:"since,omitempty" doc:"Every event since then that the endpoint wants and has not got."`
}

// WebhookReplayed says what a replay began.
type WebhookReplayed struct {
	Deliveries int `json:"deliveries" doc:"How many deliveries begin." example:"3"`
}

type (
	listDeliveries struct {
		ID string `path:"id" doc:"The endpoint's id." example:"wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
		Paging
		State string `query:"state" enum:"pending,delivered,failed" doc:"Only those in this state."`
	}
	replayWebhook struct {
		ID string `path:"id" doc:"The endpoint's id." example:"wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
		body[WebhookReplay]
	}
	listEvents struct {
		Paging
		Type    string    `query:"type" doc:"Only those of this type." example:"connection.degraded"`
		Subject string    `query:"subject" doc:"Only what happened to the thing of this id."`
		Since   time.Time `query:"since" doc:"Only what happened at this time or later." example:"2026-11-21T09:30:00Z"`
	}
)

const eventAnswer = `{"id": "evt_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "type": "webhook.test", "timestamp": "2026-11-21T09:30:00Z", "organization": "6096892F54B5819E0A4C98A2@AdobeOrg",
  "sandbox": null, "subject": "wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "data": {"message": "This is a test. When its signature is right, your endpoint works."}}`

func (s *server) deliveryRoutes(h huma.API, base, tag string) {
	add(s, h, operation{id: "list-deliveries", method: http.MethodGet, path: base + "/{id}/deliveries", tag: tag,
		summary: "List an endpoint's deliveries", description: "Newest first. What a receiver answered is not kept beyond its status.",
		scope: access.RegistryRead, fails: []*Kind{kindNotFound}}, s.listDeliveries)
	add(s, h, operation{id: "replay-webhook", method: http.MethodPost, path: base + "/{id}/replay", tag: tag,
		summary: "Deliver once more", description: "One event, or all since a time that the endpoint has missed: those that failed, and those that happened while it was disabled. Each begins the schedule anew.",
		scope: access.RegistryWrite, asks: `{"since": "2026-11-21T09:30:00Z"}`, answers: `{"deliveries": 3}`, fails: []*Kind{kindNotFound, kindState}}, s.replayWebhook)
	add(s, h, operation{id: "test-webhook", method: http.MethodPost, path: base + "/{id}/test", tag: tag,
		summary: "Send a test event", description: "An event of the type webhook.test goes to this endpoint. The answer is the event; the list of deliveries tells whether it arrived.",
		scope: access.RegistryWrite, answers: eventAnswer, fails: []*Kind{kindNotFound, kindState}}, s.testWebhook)
	add(s, h, operation{id: "list-events", method: http.MethodGet, path: apiPrefix + "/events", tag: "Events",
		summary: "List events", description: "Newest first, of every sandbox that the key may see unless one is named. They are kept for 30 days, or as `events.retention` says. `connection.refreshed` is kept only where an endpoint asks for it.",
		scope: access.ConnectionsRead}, s.listEvents)
}

func (s *server) listDeliveries(ctx context.Context, c call, in *listDeliveries) (*reply[Page[Delivery]], error) {
	before, err := position64(in.Cursor)
	if err != nil {
		return nil, err
	}
	all, err := s.Webhooks.Deliveries(ctx, c.caller, in.ID, webhook.DeliverySelection{State: webhook.State(in.State), Before: before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return &reply[Page[Delivery]]{part(all, in.Limit, shownDelivery, func(d webhook.Delivery) webhook.Position {
		return webhook.Position{At: d.CreatedAt, ID: d.Event}
	})}, nil
}

func (s *server) replayWebhook(ctx context.Context, c call, in *replayWebhook) (*reply[WebhookReplayed], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	replay := webhook.Replay{Event: ask.Event}
	if ask.Since != nil {
		replay.Since = *ask.Since
	}
	n, err := s.Webhooks.Replay(ctx, c.caller, in.ID, replay)
	return &reply[WebhookReplayed]{WebhookReplayed{n}}, err
}

func (s *server) testWebhook(ctx context.Context, c call, in *webhookID) (*reply[Event], error) {
	sent, err := s.Webhooks.Test(ctx, c.caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &reply[Event]{shownEvent(sent)}, nil
}

func (s *server) listEvents(ctx context.Context, c call, in *listEvents) (*reply[Page[Event]], error) {
	before, err := position64(in.Cursor)
	if err != nil {
		return nil, err
	}
	all, err := s.Webhooks.Events(ctx, c.caller, webhook.EventSelection{
		Sandbox: c.sandbox, Type: event.Type(in.Type), Subject: in.Subject, Since: in.Since, Before: before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return &reply[Page[Event]]{part(all, in.Limit, shownEvent, func(e event.Event) webhook.Position {
		return webhook.Position{At: e.At, ID: e.ID}
	})}, nil
}

// part makes a page of a list that has one thing more than the page when there is a next.
func part[T, U any](all []T, limit int, shown func(T) U, at func(T) webhook.Position) Page[U] {
	out := Page[U]{Limit: limit}
	if len(all) > limit {
		all = all[:limit]
		last := at(all[limit-1])
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.At.UnixMicro(), 10) + " " + last.ID))
	}
	out.Items = mapped(all, shown)
	return out
}

// position64 reads a cursor that part made.
func position64(cursor string) (webhook.Position, error) {
	if cursor == "" {
		return webhook.Position{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	at, id, ok := strings.Cut(string(text), " ")
	micros, notNumber := strconv.ParseInt(at, 10, 64)
	if err != nil || !ok || notNumber != nil {
		return webhook.Position{}, badCursor()
	}
	return webhook.Position{At: time.UnixMicro(micros).UTC(), ID: id}, nil
}

func shownDelivery(d webhook.Delivery) Delivery {
	out := Delivery{
		Event: d.Event, Type: string(d.Type), Subject: d.Subject, State: string(d.State), Attempts: d.Attempts,
		NextAttemptAt: stamp(d.DueAt), Error: optional(d.Error), LatencyMS: float64(d.Latency.Microseconds()) / 1000,
		CreatedAt: *stamp(d.CreatedAt), AttemptedAt: stamp(d.AttemptedAt),
	}
	if d.Status != 0 {
		out.Status = &d.Status
	}
	return out
}

func shownEvent(e event.Event) Event {
	data := e.Data
	if data == nil {
		data = map[string]any{}
	}
	return Event{
		ID: e.ID, Type: string(e.Type), Timestamp: *stamp(e.At), Organization: e.Organization, Sandbox: optional(e.Sandbox), Subject: e.Subject, Data: data,
	}
}
