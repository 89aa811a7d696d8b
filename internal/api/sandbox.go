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

// Sandbox is a named partition of an organization.
type Sandbox struct {
	ID        string    `json:"id" format:"uuid"`
	Name      string    `json:"name" example:"stage"`
	Title     string    `json:"title" example:"Stage"`
	CreatedAt time.Time `json:"created_at"`
}

// NewSandbox asks for a sandbox.
type NewSandbox struct {
	Name  string `json:"name" doc:"Lower-case letters, digits and hyphens." example:"stage"`
	Title string `json:"title,omitempty" doc:"What people read; the name without it." example:"Stage"`
}

type sandboxName struct {
	Name string `path:"name" doc:"The sandbox's name, or its id." example:"stage"`
}

const sandboxAnswer = `{"id": "6f5b2d0e-6f0c-4c0c-9c8e-0f2b5a1d7e3a", "name": "stage", "title": "Stage", "created_at": "2026-11-21T09:30:00Z"}`

func (s *server) sandboxRoutes(h huma.API) {
	const base = apiPrefix + "/sandboxes"
	const tag = "Sandboxes"
	add(s, h, operation{id: "create-sandbox", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Make a sandbox", description: "Definitions and connections belong to one; `prod` is there from the beginning.",
		scope: access.RegistryWrite, asks: `{"name": "stage", "title": "Stage"}`, answers: sandboxAnswer, fails: []*Kind{kindNameTaken}, idempotent: true}, s.createSandbox)
	add(s, h, operation{id: "list-sandboxes", method: http.MethodGet, path: base, tag: tag,
		summary: "List sandboxes", description: "By name.", scope: access.RegistryRead}, s.listSandboxes)
	add(s, h, operation{id: "get-sandbox", method: http.MethodGet, path: base + "/{name}", tag: tag,
		summary: "Read a sandbox", scope: access.RegistryRead, answers: sandboxAnswer, fails: []*Kind{kindNotFound}}, s.getSandbox)
	add(s, h, operation{id: "delete-sandbox", method: http.MethodDelete, path: base + "/{name}", tag: tag, status: http.StatusNoContent,
		summary: "Delete a sandbox", description: "One that nothing is in; `prod` stays.", scope: access.RegistryWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.deleteSandbox)
}

func (s *server) createSandbox(ctx context.Context, c call, in *struct{ body[NewSandbox] }) (*created[Sandbox], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Directory.CreateSandbox(ctx, c.caller, ask.Name, ask.Title)
	if err != nil {
		return nil, err
	}
	return &created[Sandbox]{Location: apiPrefix + "/sandboxes/" + url.PathEscape(made.Name), Body: shownSandbox(made)}, nil
}

func (s *server) listSandboxes(ctx context.Context, c call, in *Paging) (*reply[Page[Sandbox]], error) {
	all, err := s.Directory.Sandboxes(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownSandbox), *in, func(b Sandbox) string { return b.Name })
	return &reply[Page[Sandbox]]{out}, err
}

func (s *server) getSandbox(ctx context.Context, c call, in *sandboxName) (*reply[Sandbox], error) {
	found, err := s.Directory.Sandbox(ctx, c.caller, in.Name)
	if err != nil {
		return nil, err
	}
	return &reply[Sandbox]{shownSandbox(found)}, nil
}

func (s *server) deleteSandbox(ctx context.Context, c call, in *sandboxName) (*done, error) {
	return nil, s.Directory.DeleteSandbox(ctx, c.caller, in.Name)
}

func shownSandbox(b registry.Sandbox) Sandbox {
	return Sandbox{ID: b.ID, Name: b.Name, Title: b.Title, CreatedAt: *stamp(b.CreatedAt)}
}
