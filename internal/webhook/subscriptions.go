package webhook

import (
	"context"
	"errors"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/event"
	"latchkey/internal/ident"
)

// Config is what [Subscriptions] work with.
type Config struct {
	Endpoints EndpointStore
	Log       LogStore
	Clock     clock.Clock
	// AllowHTTP lets endpoints on this machine do without TLS.
	AllowHTTP bool
	// Wake tells a dispatcher that there may be something to send; nil does nothing.
	Wake func()
}

// Subscriptions holds the use cases of endpoints. Reading them needs registry:read, changing registry:write; a caller
// bound to a sandbox sees and makes those of that sandbox alone.
type Subscriptions struct{ config Config }

// New makes the use cases.
func New(config Config) *Subscriptions {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Wake == nil {
		config.Wake = func() {}
	}
	return &Subscriptions{config}
}

// Create says what an endpoint is made of.
type Create struct {
	URL, Description, Sandbox string
	Types                     []event.Type
	Disabled                  bool
}

// Create makes an endpoint. Its secret is in the answer, and in no other.
func (s *Subscriptions) Create(ctx context.Context, caller access.Caller, ask Create) (Endpoint, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Endpoint{}, err
	}
	if ask.Sandbox != "" || caller.Sandbox != "" {
		var err error
		if ask.Sandbox, err = caller.In(ask.Sandbox); err != nil {
			return Endpoint{}, err
		}
	}
	if err := errors.Join(checkURL(ask.URL, s.config.AllowHTTP), checkDescription(ask.Description)); err != nil {
		return Endpoint{}, err
	}
	now := s.now()
	e := Endpoint{
		ID: ident.New("wh"), Organization: caller.Organization, Sandbox: ask.Sandbox, URL: ask.URL,
		Description: ask.Description, Types: ask.Types, Enabled: !ask.Disabled, Secret: Secret{Current: NewSecret(), Generation: 1},
		Version: 1, CreatedBy: caller.ID, CreatedAt: now, UpdatedAt: now,
	}
	return e, s.config.Endpoints.CreateEndpoint(ctx, e, s.record(caller, "webhook.create", e, nil))
}

func (s *Subscriptions) now() time.Time { return s.config.Clock.Now().UTC().Truncate(time.Microsecond) }

func (s *Subscriptions) record(caller access.Caller, action string, e Endpoint, detail map[string]string) audit.Entry {
	if detail == nil {
		detail = map[string]string{}
	}
	detail["url"] = bare(e.URL)
	return audit.Entry{
		At: s.now(), Organization: e.Organization, Actor: caller.ID, Action: action, Subject: e.ID, Generation: e.Version, Detail: detail,
	}
}

// bare gives an address without its query, in which people put what is as good as a password.
func bare(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

// List gives the endpoints that the caller sees, without their secrets, in the order of their ids.
func (s *Subscriptions) List(ctx context.Context, caller access.Caller) ([]Endpoint, error) {
	if err := caller.Require(access.RegistryRead); err != nil {
		return nil, err
	}
	all, err := s.config.Endpoints.Endpoints(ctx, caller.Organization)
	if err != nil {
		return nil, err
	}
	var seen []Endpoint
	for _, e := range all {
		if visible(caller, e) {
			seen = append(seen, e)
		}
	}
	return seen, nil
}

func visible(caller access.Caller, e Endpoint) bool {
	return caller.Sandbox == "" || caller.Sandbox == e.Sandbox
}

// Find gives one endpoint, without its secret.
func (s *Subscriptions) Find(ctx context.Context, caller access.Caller, id string) (Endpoint, error) {
	e, err := s.find(ctx, caller, access.RegistryRead, id)
	e.Secret = Secret{PreviousUntil: e.Secret.PreviousUntil, Generation: e.Secret.Generation}
	return e, err
}

func (s *Subscriptions) find(ctx context.Context, caller access.Caller, scope access.Scope, id string) (Endpoint, error) {
	if err := caller.Require(scope); err != nil {
		return Endpoint{}, err
	}
	e, err := s.config.Endpoints.Endpoint(ctx, caller.Organization, id)
	if err == nil && !visible(caller, e) {
		return Endpoint{}, ErrNotFound
	}
	return e, err
}

// Change says what to change of an endpoint; nil members stay as they are.
type Change struct {
	URL, Description *string
	Types            *[]event.Type
	Enabled          *bool
}

// Change changes an endpoint. Enabling one forgets that it failed, and delivers what waited.
func (s *Subscriptions) Change(ctx context.Context, caller access.Caller, id string, change Change) (Endpoint, error) {
	e, err := s.find(ctx, caller, access.RegistryWrite, id)
	if err != nil {
		return Endpoint{}, err
	}
	detail := map[string]string{}
	if change.URL != nil {
		if err := checkURL(*change.URL, s.config.AllowHTTP); err != nil {
			return Endpoint{}, err
		}
		detail["url_before"] = bare(e.URL)
		e.URL = *change.URL
	}
	if change.Description != nil {
		if err := checkDescription(*change.Description); err != nil {
			return Endpoint{}, err
		}
		e.Description = *change.Description
	}
	if change.Types != nil {
		e.Types = *change.Types
	}
	action := "webhook.update"
	if change.Enabled != nil && *change.Enabled != e.Enabled {
		e.Enabled, e.Reason, e.FailingSince = *change.Enabled, "", time.Time{}
		action = map[bool]string{true: "webhook.enable", false: "webhook.disable"}[e.Enabled]
	}
	return s.change(ctx, caller, e, action, detail)
}

// change keeps an endpoint that was read before, and gives it without its secret.
func (s *Subscriptions) change(ctx context.Context, caller access.Caller, e Endpoint, action string, detail map[string]string) (Endpoint, error) {
	e.UpdatedAt = s.now()
	entry := s.record(caller, action, e, detail)
	entry.Generation = e.Version + 1
	if err := s.config.Endpoints.ChangeEndpoint(ctx, e, entry); err != nil {
		return Endpoint{}, err
	}
	s.config.Wake()
	e.Version++
	e.Secret.Previous = Secret{}.Previous
	return e, nil
}

// Delete removes an endpoint with its log. What is under way to it may still arrive.
func (s *Subscriptions) Delete(ctx context.Context, caller access.Caller, id string) error {
	e, err := s.find(ctx, caller, access.RegistryWrite, id)
	if err != nil {
		return err
	}
	return s.config.Endpoints.DeleteEndpoint(ctx, e.Organization, e.ID, s.record(caller, "webhook.delete", e, nil))
}

// RotateSecret gives an endpoint a new secret, which is in the answer and in no other. For [Overlap] deliveries carry
// the signature of the one before as well.
func (s *Subscriptions) RotateSecret(ctx context.Context, caller access.Caller, id string) (Endpoint, error) {
	e, err := s.find(ctx, caller, access.RegistryWrite, id)
	if err != nil {
		return Endpoint{}, err
	}
	e.Secret = Secret{
		Current: NewSecret(), Previous: e.Secret.Current, PreviousUntil: s.now().Add(Overlap), Generation: e.Secret.Generation + 1,
	}
	return s.change(ctx, caller, e, "webhook.rotate_secret", nil)
}
