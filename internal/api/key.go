package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// Key is an API key without its value.
type Key struct {
	ID         string     `json:"id" example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name       string     `json:"name" example:"billing"`
	Prefix     string     `json:"prefix" doc:"How its value begins, to tell keys apart." example:"lk_ab12"`
	Scopes     []string   `json:"scopes" nullable:"false" example:"[\"tokens:read\"]"`
	Sandbox    *string    `json:"sandbox" doc:"The only sandbox that it may use; null for every one."`
	Calls      *Calls     `json:"calls" doc:"What it may do through the proxy; null for everything that its scopes allow."`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"Exact to some seconds."`
	RevokedAt  *time.Time `json:"revoked_at"`
}

// Calls are methods and paths that a key may call through the proxy.
type Calls struct {
	Methods []string `json:"methods,omitempty" doc:"Those of HTTP, in capitals; none means all." example:"[\"GET\"]"`
	Paths   []string `json:"paths,omitempty" doc:"Patterns of the path behind the connection: * stands for one segment, ** at the end for all that follow; none means all." example:"[\"/v1/contacts/**\"]"`
}

// CreatedKey is a key with its value.
type CreatedKey struct {
	Key
	Value string `json:"key" doc:"The key's value. It is shown this once." example:"lk_…"`
}

// NewKey asks for a key.
type NewKey struct {
	Name      string     `json:"name" doc:"What people call it." example:"billing"`
	Scopes    []string   `json:"scopes" nullable:"false" doc:"Its rights: tokens:read, proxy:call, connections:read, connections:write, definitions:read, definitions:write, registry:read, registry:write, pipeline:produce, pipeline:consume, pipeline:run, audit:read, admin. Yours at most." example:"[\"tokens:read\"]"`
	Sandbox   string     `json:"sandbox,omitempty" doc:"Binds it to one sandbox."`
	Calls     *Calls     `json:"calls,omitempty" doc:"Binds it to some calls of the proxy."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it ends; without it, never."`
}

type keyID struct {
	ID string `path:"id" doc:"The key's id." example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
}

const keyAnswer = `{
  "id": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "billing", "prefix": "lk_ab12", "scopes": ["tokens:read"], "sandbox": null, "calls": null,
  "created_at": "2026-11-21T09:30:00Z", "expires_at": null, "last_used_at": null, "revoked_at": null
}`

const createdKeyAnswer = `{
  "id": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "billing", "prefix": "lk_ab12", "scopes": ["tokens:read"], "sandbox": null, "calls": null,
  "created_at": "2026-11-21T09:30:00Z", "expires_at": null, "last_used_at": null, "revoked_at": null, "key": "lk_…"
}`

func (s *server) keyRoutes(h huma.API) {
	const base = apiPrefix + "/keys"
	const tag = "Keys"
	add(s, h, operation{id: "create-key", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Make a key", description: "The value is in this answer and nowhere else. A key can't grant what its maker does not have.",
		scope: access.RegistryWrite, asks: `{"name": "billing", "scopes": ["tokens:read"]}`, answers: createdKeyAnswer, idempotent: true}, s.createKey)
	add(s, h, operation{id: "list-keys", method: http.MethodGet, path: base, tag: tag,
		summary: "List keys", description: "Revoked ones too, in the order of their ids.", scope: access.RegistryRead}, s.listKeys)
	add(s, h, operation{id: "get-key", method: http.MethodGet, path: base + "/{id}", tag: tag,
		summary: "Read a key", scope: access.RegistryRead, answers: keyAnswer, fails: []*Kind{kindNotFound}}, s.getKey)
	add(s, h, operation{id: "revoke-key", method: http.MethodDelete, path: base + "/{id}", tag: tag, status: http.StatusNoContent,
		summary: "Revoke a key", description: "It ends at once.", scope: access.RegistryWrite, fails: []*Kind{kindNotFound}}, s.revokeKey)
}

func (s *server) createKey(ctx context.Context, c call, in *struct{ body[NewKey] }) (*created[CreatedKey], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	scopes, err := access.ParseScopes(ask.Scopes)
	if err != nil {
		return nil, invalid(Item{Pointer: "/scopes", Message: "unknown scope", Fix: "The scopes are " + access.Scopes(access.AllScopes()).String() + "."})
	}
	want := registry.NewKey{Name: ask.Name, Sandbox: ask.Sandbox, Scopes: scopes}
	if ask.Calls != nil {
		want.Calls = access.Calls{Methods: ask.Calls.Methods, Paths: ask.Calls.Paths}
	}
	if ask.ExpiresAt != nil {
		want.ExpiresAt = *ask.ExpiresAt
	}
	made, err := s.Keys.Create(ctx, c.caller, want)
	if err != nil {
		return nil, err
	}
	return &created[CreatedKey]{
		Location: apiPrefix + "/keys/" + url.PathEscape(made.ID), Body: CreatedKey{shownKey(made.Key), made.Value.Reveal()},
	}, nil
}

func (s *server) listKeys(ctx context.Context, c call, in *Paging) (*reply[Page[Key]], error) {
	keys, err := s.Keys.List(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(keys, shownKey), *in, func(k Key) string { return k.ID })
	return &reply[Page[Key]]{out}, err
}

func (s *server) getKey(ctx context.Context, c call, in *keyID) (*reply[Key], error) {
	key, err := s.Keys.Key(ctx, c.caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &reply[Key]{shownKey(key)}, nil
}

func (s *server) revokeKey(ctx context.Context, c call, in *keyID) (*done, error) {
	_, err := s.Keys.Revoke(ctx, c.caller, in.ID)
	return nil, err
}

func shownKey(k registry.Key) Key {
	out := Key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: k.Scopes.Strings(), Sandbox: optional(k.Sandbox),
		CreatedAt: *stamp(k.CreatedAt), ExpiresAt: stamp(k.ExpiresAt), LastUsedAt: stamp(k.LastUsedAt), RevokedAt: stamp(k.RevokedAt),
	}
	if k.Calls.Bounded() {
		out.Calls = &Calls{k.Calls.Methods, k.Calls.Paths}
	}
	return out
}
