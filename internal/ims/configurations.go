package ims

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/finding"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// Config is what [Configurations] work with.
type Config struct {
	Store       Store
	Connections *connection.Connector
	Tokens      *connection.Keeper
	Definitions *destination.Catalogue
	// Sender asks for profiles, and for the time of a server that refused.
	Sender Sender
	// Servers are further authorization servers that whoever may make connections can name, beside Adobe's: our own public
	// URLs. Others take definitions:write, for they are told secrets.
	Servers []string
	// AllowHTTP lets servers on this machine do without TLS.
	AllowHTTP bool
	// Probes call a solution's product with a token.
	Probes map[Solution]Probe
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what goes wrong; nil means none.
	Log *slog.Logger
}

// Sender sends requests outward. It is [egress.Client].
type Sender interface {
	Do(ctx context.Context, req *http.Request) (*egress.Response, error)
}

var _ Sender = (*egress.Client)(nil)

// Configurations holds the use cases of IMS configurations and of their certificates. Reading takes connections:read, the
// rest connections:write. A caller bound to a sandbox sees that sandbox alone.
type Configurations struct{ config Config }

// New makes the use cases.
func New(config Config) (*Configurations, error) {
	if config.Store == nil || config.Connections == nil || config.Tokens == nil || config.Definitions == nil || config.Sender == nil {
		return nil, errors.New("ims: configurations need a store, connections, tokens, definitions and a sender")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Configurations{config}, nil
}

func (c *Configurations) now() time.Time {
	return c.config.Clock.Now().UTC().Truncate(time.Microsecond)
}

// Ref names a configuration: its id or its name, in a sandbox ("" is the caller's own).
type Ref struct{ Sandbox, Name string }

// Create asks for a configuration.
type Create struct {
	Sandbox string
	// Name is made of the title when it is "".
	Name string
	Values
}

// Saved is what was kept, and what is worth knowing about it.
type Saved struct {
	Configuration Configuration
	Problems      finding.Problems
}

// Create keeps a configuration. Nothing is sent; what is not there yet makes it a draft.
func (c *Configurations) Create(ctx context.Context, caller access.Caller, ask Create) (Saved, error) {
	place, err := c.place(caller, ask.Sandbox, access.ConnectionsWrite)
	if err != nil {
		return Saved{}, err
	}
	now := c.now()
	made := Configuration{
		ID: ident.New("ims"), Organization: place.Organization, Sandbox: place.Sandbox, Type: JWT, Version: 1,
		CreatedBy: caller.ID, CreatedAt: now, UpdatedAt: now,
	}
	problems := c.apply(&ask.Values, &made)
	made.Name = checkName(ask.Name, made.Title, &problems)
	if made.Title == "" {
		made.Title = made.Name
	}
	if err := c.admit(ctx, caller, &made, &problems); err != nil {
		return Saved{}, err
	}
	if err := c.config.Store.Create(ctx, made, made.entry(caller, "ims_configuration.create", now)); err != nil {
		return Saved{}, err
	}
	return Saved{made, problems}, nil
}

// admit checks what values alone don't tell: that the alias is there and its certificate good, that the caller may name the
// server.
func (c *Configurations) admit(ctx context.Context, caller access.Caller, to *Configuration, problems *finding.Problems) error {
	if to.Alias != "" && to.Type == JWT {
		if err := c.checkAlias(ctx, to, problems); err != nil {
			return err
		}
	}
	if err := problems.Errors(); err != nil {
		return err
	}
	if to.Server != "" && !Vendors(to.Server) && !slices.Contains(c.config.Servers, to.Server) {
		return caller.Require(access.DefinitionsWrite)
	}
	return nil
}

// place checks the caller, and gives where it works.
func (c *Configurations) place(caller access.Caller, sandbox string, scope access.Scope) (Place, error) {
	if err := caller.Require(scope); err != nil {
		return Place{}, err
	}
	sandbox, err := caller.In(sandbox)
	return Place{caller.Organization, sandbox}, err
}

func (c *Configurations) find(ctx context.Context, caller access.Caller, ref Ref, scope access.Scope) (Configuration, error) {
	place, err := c.place(caller, ref.Sandbox, scope)
	if err != nil {
		return Configuration{}, err
	}
	return c.config.Store.Find(ctx, place, ref.Name)
}

// Get gives one.
func (c *Configurations) Get(ctx context.Context, caller access.Caller, ref Ref) (Configuration, error) {
	return c.find(ctx, caller, ref, access.ConnectionsRead)
}

// HasSecret tells whether a client secret is the stored one. It takes the right to change it: it tells what is guessed right.
func (c *Configurations) HasSecret(ctx context.Context, caller access.Caller, ref Ref, value secret.String) (bool, error) {
	found, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return false, err
	}
	return found.Secret.Equal(secret.New(strings.TrimSpace(value.Reveal()))), nil
}

// List gives those of a sandbox, by their names.
func (c *Configurations) List(ctx context.Context, caller access.Caller, sandbox string) ([]Configuration, error) {
	place, err := c.place(caller, sandbox, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	return c.config.Store.List(ctx, place)
}

// Edit changes values. One that has had a token is asked for another with the new values first, and keeps the old ones when
// that is refused: a [*connection.ProviderError].
func (c *Configurations) Edit(ctx context.Context, caller access.Caller, ref Ref, values Values) (Saved, error) {
	before, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Saved{}, err
	}
	after := before
	problems := c.apply(&values, &after)
	if before.Type == OAuth && after.Type == JWT && Vendors(after.Server) {
		problems.Wrong("/type", "Adobe takes no JWT credentials any more", `leave the type "oauth"`)
	}
	if before.Migration != nil && after.Type != before.Type {
		problems.Wrong("/type", "the configuration is being migrated", "finish the migration, or cancel it first")
	}
	if before.Connection != "" && len(after.Missing()) > 0 {
		problems.Wrong("/"+after.Missing()[0], "the configuration has had tokens, and can't go without this", "give the new value in the place of the old one")
	}
	if err := c.admit(ctx, caller, &after, &problems); err != nil {
		return Saved{}, err
	}
	old, err := c.reconnect(ctx, caller, &before, &after)
	if err != nil {
		return Saved{}, err
	}
	if err := c.keep(ctx, caller, &after, "ims_configuration.update"); err != nil {
		return Saved{}, err
	}
	if old != "" {
		c.drop(ctx, caller, old, &after)
		c.tidy(ctx, caller, &before)
	}
	return Saved{after, problems}, nil
}

// keep stores a changed configuration.
func (c *Configurations) keep(ctx context.Context, caller access.Caller, to *Configuration, action string) error {
	to.UpdatedAt = c.now()
	entry := to.entry(caller, action, to.UpdatedAt)
	entry.Generation = to.Version + 1
	if err := c.config.Store.Change(ctx, *to, entry); err != nil {
		return err
	}
	to.Version++
	return nil
}

// Delete removes a configuration, with its connection. Its key stays under its alias.
func (c *Configurations) Delete(ctx context.Context, caller access.Caller, ref Ref) error {
	found, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return err
	}
	if err := c.config.Store.Served(ctx, found.place(), found.ID); err != nil {
		return err
	}
	if found.Connection != "" {
		_, err := c.config.Connections.Delete(ctx, caller, connection.Ref{Sandbox: found.Sandbox, Name: found.Connection})
		if err != nil && !errors.Is(err, connection.ErrNotFound) {
			return err
		}
	}
	err = c.config.Store.Delete(ctx, found.place(), found.ID, found.entry(caller, "ims_configuration.delete", c.now()))
	if err == nil {
		c.tidy(ctx, caller, &found)
	}
	return err
}

func (c *Configuration) place() Place { return Place{c.Organization, c.Sandbox} }

// entry says for the record what was done.
func (c *Configuration) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: c.Organization, Actor: caller.ID, Action: action, Subject: c.ID, Generation: c.Version,
		Detail: map[string]string{
			"name": c.Name, "type": string(c.Type), "server": c.Server, "client_id": c.ClientID, "key_alias": c.Alias,
			"metascopes": strings.Join(c.Metascopes, " "), "scopes": strings.Join(c.Scopes, " "), "connection": c.Connection,
		},
	}
}
