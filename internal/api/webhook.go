package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/event"
	"latchkey/internal/webhook"
)

// Webhook is an endpoint that events are delivered to.
type Webhook struct {
	ID                  string     `json:"id" example:"wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	URL                 string     `json:"url" example:"https://example.com/hooks/latchkey"`
	Description         string     `json:"description"`
	Types               []string   `json:"types" nullable:"false" doc:"The types of event that it gets; an empty list is all but connection.refreshed."`
	Sandbox             *string    `json:"sandbox" doc:"The only sandbox whose events it gets; null for all of the organization."`
	Enabled             bool       `json:"enabled"`
	Reason              *string    `json:"reason" doc:"Why Latchkey disabled it; null when it did not."`
	FailingSince        *time.Time `json:"failing_since" doc:"When the first attempt failed since the last that worked; null while all is well."`
	PreviousSecretUntil *time.Time `json:"previous_secret_until" doc:"Until when the secret before the last rotation signs too."`
	CreatedBy           string     `json:"created_by"`
	CreatedAt           time.Time  `json:"created_at"`
	UpdatedAt           time.Time  `json:"updated_at"`
}

// WebhookWithSecret is an endpoint with its secret.
type WebhookWithSecret struct {
	Webhook
	Secret string `json:"secret" doc:"What its deliveries are signed with. It is shown this once." example:"whsec_…"`
}

// NewWebhook asks for an endpoint.
type NewWebhook struct {
	URL         string   `json:"url" doc:"Where to POST to, by https." example:"https://example.com/hooks/latchkey"`
	Types       []string `json:"types,omitempty" doc:"The types of event that it gets; none are all but connection.refreshed." example:"[\"connection.degraded\", \"connection.recovered\"]"`
	Sandbox     string   `json:"sandbox,omitempty" doc:"Only events of this sandbox; without it, those of every one and of none."`
	Description string   `json:"description,omitempty" doc:"What people should know of it."`
	Enabled     *bool    `json:"enabled,omitempty" doc:"False makes one that gets nothing yet."`
}

// WebhookPatch changes an endpoint.
type WebhookPatch struct {
	URL         *string   `json:"url,omitempty"`
	Types       *[]string `json:"types,omitempty" doc:"Replaces the list."`
	Description *string   `json:"description,omitempty"`
	Enabled     *bool     `json:"enabled,omitempty" doc:"Enabling delivers what waited; what happened meanwhile is replayed on demand."`
}

type webhookID struct {
	ID string `path:"id" doc:"The endpoint's id." example:"wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
}

type (
	patchWebhook struct {
		ID string `path:"id" doc:"The endpoint's id." example:"wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
		body[WebhookPatch]
	}
	newWebhook struct{ body[NewWebhook] }
)

const webhookMembers = `"id": "wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "url": "https://example.com/hooks/latchkey", "description": "", "types": ["connection.degraded", "connection.recovered"],
  "sandbox": null, "enabled": true, "reason": null, "failing_since": null, "previous_secret_until": null, "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN",
  "created_at": "2026-11-21T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z"`

func (s *server) webhookRoutes(h huma.API) {
	const base = apiPrefix + "/webhooks"
	const tag = "Webhooks"
	const answer = `{` + webhookMembers + `}`
	const withSecret = `{` + webhookMembers + `, "secret": "whsec_…"}`
	add(s, h, operation{id: "create-webhook", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Make an endpoint", description: "Events that happen from now on are POSTed to it, signed as Standard Webhooks has it. The secret is in this answer and nowhere else.",
		scope: access.RegistryWrite, asks: `{"url": "https://example.com/hooks/latchkey", "types": ["connection.degraded", "connection.recovered"]}`,
		answers: withSecret, idempotent: true}, s.createWebhook)
	add(s, h, operation{id: "list-webhooks", method: http.MethodGet, path: base, tag: tag,
		summary: "List endpoints", description: "In the order of their ids.", scope: access.RegistryRead}, s.listWebhooks)
	add(s, h, operation{id: "get-webhook", method: http.MethodGet, path: base + "/{id}", tag: tag,
		summary: "Read an endpoint", scope: access.RegistryRead, answers: answer, fails: []*Kind{kindNotFound}}, s.getWebhook)
	add(s, h, operation{id: "patch-webhook", method: http.MethodPatch, path: base + "/{id}", tag: tag,
		summary: "Change an endpoint", scope: access.RegistryWrite, asks: `{"enabled": true}`, answers: answer,
		fails: []*Kind{kindNotFound, kindState}}, s.patchWebhook)
	add(s, h, operation{id: "delete-webhook", method: http.MethodDelete, path: base + "/{id}", tag: tag, status: http.StatusNoContent,
		summary: "Delete an endpoint", description: "With its log of deliveries.", scope: access.RegistryWrite, fails: []*Kind{kindNotFound}}, s.deleteWebhook)
	add(s, h, operation{id: "rotate-webhook-secret", method: http.MethodPost, path: base + "/{id}/rotate-secret", tag: tag,
		summary: "Give an endpoint a new secret", description: "For 24 hours deliveries carry the signatures of both secrets, so that the receiver can change over at leisure.",
		scope: access.RegistryWrite, answers: withSecret, fails: []*Kind{kindNotFound, kindState}}, s.rotateWebhookSecret)
	s.deliveryRoutes(h, base, tag)
}

func (s *server) createWebhook(ctx context.Context, c call, in *newWebhook) (*created[WebhookWithSecret], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	types, err := webhook.ParseTypes(ask.Types)
	if err != nil {
		return nil, err
	}
	sandbox := cmp.Or(ask.Sandbox, c.sandbox)
	if problem := s.noSandbox(ctx, c.caller, sandbox); problem != nil {
		return nil, problem
	}
	made, err := s.Webhooks.Create(ctx, c.caller, webhook.Create{
		URL: ask.URL, Types: types, Sandbox: sandbox, Description: ask.Description, Disabled: ask.Enabled != nil && !*ask.Enabled,
	})
	if err != nil {
		return nil, err
	}
	return &created[WebhookWithSecret]{
		Location: apiPrefix + "/webhooks/" + url.PathEscape(made.ID), Body: WebhookWithSecret{shownWebhook(made), made.Secret.Current.Reveal()},
	}, nil
}

func (s *server) listWebhooks(ctx context.Context, c call, in *Paging) (*reply[Page[Webhook]], error) {
	all, err := s.Webhooks.List(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownWebhook), *in, func(w Webhook) string { return w.ID })
	return &reply[Page[Webhook]]{out}, err
}

func (s *server) getWebhook(ctx context.Context, c call, in *webhookID) (*reply[Webhook], error) {
	found, err := s.Webhooks.Find(ctx, c.caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &reply[Webhook]{shownWebhook(found)}, nil
}

func (s *server) patchWebhook(ctx context.Context, c call, in *patchWebhook) (*reply[Webhook], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	change := webhook.Change{URL: ask.URL, Description: ask.Description, Enabled: ask.Enabled}
	if ask.Types != nil {
		types, err := webhook.ParseTypes(*ask.Types)
		if err != nil {
			return nil, err
		}
		change.Types = &types
	}
	changed, err := s.Webhooks.Change(ctx, c.caller, in.ID, change)
	if err != nil {
		return nil, err
	}
	return &reply[Webhook]{shownWebhook(changed)}, nil
}

func (s *server) deleteWebhook(ctx context.Context, c call, in *webhookID) (*done, error) {
	return nil, s.Webhooks.Delete(ctx, c.caller, in.ID)
}

func (s *server) rotateWebhookSecret(ctx context.Context, c call, in *webhookID) (*reply[WebhookWithSecret], error) {
	changed, err := s.Webhooks.RotateSecret(ctx, c.caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &reply[WebhookWithSecret]{WebhookWithSecret{shownWebhook(changed), changed.Secret.Current.Reveal()}}, nil
}

func shownWebhook(e webhook.Endpoint) Webhook {
	return Webhook{
		ID: e.ID, URL: e.URL, Description: e.Description, Types: mapped(e.Types, func(t event.Type) string { return string(t) }),
		Sandbox: optional(e.Sandbox), Enabled: e.Enabled, Reason: optional(e.Reason), FailingSince: stamp(e.FailingSince),
		PreviousSecretUntil: stamp(e.Secret.PreviousUntil), CreatedBy: e.CreatedBy, CreatedAt: *stamp(e.CreatedAt), UpdatedAt: *stamp(e.UpdatedAt),
	}
}
