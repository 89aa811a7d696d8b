package cloudservice

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
	"latchkey/internal/target"
)

// Config is what [Services] work with.
type Config struct {
	Store  Store
	Tokens Tokens
	// Targets keeps what services of Target bring home.
	Targets TargetStore
	// Sender calls the products.
	Sender Sender
	// Addresses are those of the products, the vendor's when they are "".
	Addresses Addresses
	// Centers are the operator's own servers of Analytics 1.4, beside the vendor's.
	Centers []analytics.Center
	// SyncEvery is how often audiences are synced without being asked to; 0 means 12 h.
	SyncEvery time.Duration
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what goes wrong; nil means none.
	Log *slog.Logger
}

// Addresses say where the products are called: scheme and host. They come from the operator alone.
type Addresses struct {
	// Target is https://mc.adobe.io without another.
	Target string
	// TargetClassic and TargetClassicAdmin are https://testandtarget.omniture.com and https://admin.testandtarget.omniture.com,
	// which Adobe has switched off.
	TargetClassic, TargetClassicAdmin string
	// Analytics is https://analytics.adobe.io without another.
	Analytics string
}

// Sender sends requests outward. It is [egress.Client].
type Sender interface {
	Do(ctx context.Context, req *http.Request) (*egress.Response, error)
}

var _ Sender = (*egress.Client)(nil)

// Services holds the use cases of cloud services. Reading takes connections:read, the rest connections:write. A caller bound to a
// sandbox sees that sandbox alone.
type Services struct {
	config    Config
	target    *target.Client
	classic   *target.Classic
	analytics *analytics.Client
	older     *analytics.Classic
	syncer    *Syncer
}

// New makes the use cases.
func New(config Config) (*Services, error) {
	if config.Store == nil || config.Targets == nil || config.Tokens == nil || config.Sender == nil {
		return nil, errors.New("cloudservice: services need stores, tokens and a sender")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	centers, err := analytics.NewCenters(config.Centers...)
	if err != nil {
		return nil, err
	}
	config.SyncEvery = cmp.Or(config.SyncEvery, syncEvery)
	s := &Services{
		config:    config,
		target:    target.New(target.Config{Sender: config.Sender, Base: config.Addresses.Target, Clock: config.Clock}),
		classic:   target.NewClassic(target.ClassicConfig{Sender: config.Sender, API: config.Addresses.TargetClassic, Admin: config.Addresses.TargetClassicAdmin, Clock: config.Clock}),
		analytics: analytics.New(analytics.Config{Sender: config.Sender, Base: config.Addresses.Analytics, Clock: config.Clock}),
		older:     &analytics.Classic{Sender: config.Sender, Centers: centers, Clock: config.Clock},
	}
	s.syncer = newSyncer(s)
	return s, nil
}

func (s *Services) now() time.Time {
	return s.config.Clock.Now().UTC().Truncate(time.Microsecond)
}

// Ref names a service: its id or its name, in a sandbox ("" is the caller's own).
type Ref struct{ Sandbox, Name string }

// place checks the caller, and gives where it works.
func (s *Services) place(caller access.Caller, sandbox string, scope access.Scope) (Place, error) {
	if err := caller.Require(scope); err != nil {
		return Place{}, err
	}
	sandbox, err := caller.In(sandbox)
	return Place{caller.Organization, sandbox}, err
}

func (s *Services) find(ctx context.Context, caller access.Caller, ref Ref, scope access.Scope) (Service, error) {
	place, err := s.place(caller, ref.Sandbox, scope)
	if err != nil {
		return Service{}, err
	}
	return s.config.Store.Find(ctx, place, ref.Name)
}

// Get gives one.
func (s *Services) Get(ctx context.Context, caller access.Caller, ref Ref) (Service, error) {
	return s.find(ctx, caller, ref, access.ConnectionsRead)
}

// HasSecret tells whether a secret is the stored one. It takes the right to change it: it tells what is guessed right.
func (s *Services) HasSecret(ctx context.Context, caller access.Caller, ref Ref, value secret.String) (bool, error) {
	found, err := s.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return false, err
	}
	return found.Secret.Equal(value), nil
}

// List gives those of a sandbox, by their names.
func (s *Services) List(ctx context.Context, caller access.Caller, sandbox string) ([]Service, error) {
	place, err := s.place(caller, sandbox, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	return s.config.Store.List(ctx, place)
}

// Create asks for a service.
type Create struct {
	Sandbox string
	Kind    Kind
	// Name is made of the title when it is "".
	Name string
	Values
}

// Create keeps a service. Nothing is sent to the product; what is not there yet makes it a draft.
func (s *Services) Create(ctx context.Context, caller access.Caller, ask Create) (Saved, error) {
	place, err := s.place(caller, ask.Sandbox, access.ConnectionsWrite)
	if err != nil {
		return Saved{}, err
	}
	now := s.now()
	made := Service{
		ID: ident.New("cs"), Organization: place.Organization, Sandbox: place.Sandbox, Kind: ask.Kind, Authentication: IMS, Version: 1,
		CreatedBy: caller.ID, CreatedAt: now, UpdatedAt: now,
	}
	problems, err := s.begin(ctx, caller, &made, &ask)
	if err != nil {
		return Saved{}, err
	}
	if err := s.config.Store.Create(ctx, made, made.entry(caller, "cloud_service.create", now)); err != nil {
		return Saved{}, err
	}
	return Saved{made, problems}, nil
}

// Edit changes values. What Connect has learned is forgotten when that was with others; another tenant of Target is connected to
// first, and kept when that has gone well, as in AEM.
func (s *Services) Edit(ctx context.Context, caller access.Caller, ref Ref, values Values) (Saved, error) {
	before, err := s.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Saved{}, err
	}
	after := before.clone()
	problems, err := s.apply(ctx, caller, &values, &after)
	if err != nil {
		return Saved{}, err
	}
	if err := problems.Errors(); err != nil {
		return Saved{}, err
	}
	if after.reaches() != before.reaches() {
		after.State = nil
		if err := s.reconnect(ctx, caller, &before, &after); err != nil {
			return Saved{}, err
		}
	}
	if err := s.keep(ctx, caller, &after, "cloud_service.update"); err != nil {
		return Saved{}, err
	}
	return Saved{after, problems}, s.edited(ctx, caller, &before, &after)
}

// keep stores a changed service.
func (s *Services) keep(ctx context.Context, caller access.Caller, to *Service, action string) error {
	to.UpdatedAt = s.now()
	entry := to.entry(caller, action, to.UpdatedAt)
	entry.Generation = to.Version + 1
	if err := s.config.Store.Change(ctx, *to, entry); err != nil {
		return err
	}
	to.Version++
	return nil
}

// Delete removes a service, and all that was synced for it here. In the product nothing is removed.
func (s *Services) Delete(ctx context.Context, caller access.Caller, ref Ref) error {
	found, err := s.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return err
	}
	if err := s.unused(ctx, &found); err != nil {
		return err
	}
	return s.config.Store.Delete(ctx, found.place(), found.ID, found.entry(caller, "cloud_service.delete", s.now()))
}

func (s *Service) place() Place { return Place{s.Organization, s.Sandbox} }

// clone copies a service, so that settings can be changed.
func (s *Service) clone() Service {
	out := *s
	if s.Target != nil {
		settings := s.Target.clone()
		out.Target = &settings
	}
	if s.Analytics != nil {
		settings := s.Analytics.clone()
		out.Analytics = &settings
	}
	return out
}

// reaches tells which account is reached, and as whom: what Connect has learned is true for this alone.
func (s *Service) reaches() string {
	parts := []string{string(s.Authentication), s.Configuration, s.Secret.Reveal()}
	if s.Kind == Target {
		parts = append(parts, s.Target.reaches()...)
	} else {
		parts = append(parts, s.Analytics.reaches()...)
	}
	return strings.Join(parts, "\x00")
}

func (s *Service) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: s.Organization, Actor: caller.ID, Action: action, Subject: s.ID, Generation: s.Version,
		Detail: map[string]string{
			"name": s.Name, "kind": string(s.Kind), "authentication": string(s.Authentication), "ims_configuration": s.Configuration, "status": string(s.Status()),
		},
	}
}
