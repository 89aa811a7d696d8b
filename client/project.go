package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// Organization is a tenant.
type Organization struct {
	ID string `json:"id"`
	// Number is the developer console's own id of it.
	Number    string    `json:"number"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`

	Answer
}

// Project holds workspaces.
type Project struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Type        string `json:"type"`
	// Workspaces are empty in lists.
	Workspaces []Workspace `json:"workspaces"`
	CreatedBy  string      `json:"created_by"`
	CreatedAt  time.Time   `json:"created_at"`
	UpdatedAt  time.Time   `json:"updated_at"`

	Answer
}

// Workspace holds credentials.
type Workspace struct {
	ID          string    `json:"id"`
	Project     string    `json:"project"`
	Name        string    `json:"name"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`

	Answer
}

// NewProject is what a project is made of.
type NewProject struct {
	Name        string         `json:"name"`
	Title       string         `json:"title,omitempty"`
	Description string         `json:"description,omitempty"`
	Type        string         `json:"type,omitempty"`
	Workspaces  []NewWorkspace `json:"workspaces,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// NewWorkspace is what a workspace is made of.
type NewWorkspace struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// ProjectPatch is what to change of a project or a workspace; nil members stay as they are.
type ProjectPatch struct {
	Name        *string `json:"name,omitempty"`
	Title       *string `json:"title,omitempty"`
	Description *string `json:"description,omitempty"`
}

// WorkspaceFile is what the vendor's console lets download of a workspace; [Answer.JSON] holds it, with client secrets.
type WorkspaceFile struct {
	Project json.RawMessage `json:"project"`

	Answer
}

// Organizations lists those that the key sees.
func (c *Client) Organizations(ctx context.Context) iter.Seq2[Organization, error] {
	return list[Organization](ctx, c, "/organizations", nil)
}

// Organization gives one by its IMS id or its number.
func (c *Client) Organization(ctx context.Context, id string) (Organization, error) {
	return get[Organization](ctx, c, "/organizations/"+segment(id))
}

// Projects lists projects.
func (c *Client) Projects(ctx context.Context) iter.Seq2[Project, error] {
	return list[Project](ctx, c, "/projects", nil)
}

// Project gives a project by its id or name.
func (c *Client) Project(ctx context.Context, ref string) (Project, error) {
	return get[Project](ctx, c, "/projects/"+segment(ref))
}

// CreateProject makes a project with its workspaces.
func (c *Client) CreateProject(ctx context.Context, input NewProject) (Project, error) {
	return create[Project](ctx, c, "/projects", input.IdempotencyKey, input)
}

// UpdateProject changes a project.
func (c *Client) UpdateProject(ctx context.Context, ref string, patch ProjectPatch) (Project, error) {
	return change[Project](ctx, c, http.MethodPatch, "/projects/"+segment(ref), patch)
}

// DeleteProject deletes a project with its workspaces and credentials.
func (c *Client) DeleteProject(ctx context.Context, ref string) error {
	return c.remove(ctx, "/projects/"+segment(ref))
}

func workspaces(project string) string { return "/projects/" + segment(project) + "/workspaces" }

// Workspaces lists a project's workspaces.
func (c *Client) Workspaces(ctx context.Context, project string) iter.Seq2[Workspace, error] {
	return list[Workspace](ctx, c, workspaces(project), nil)
}

// Workspace gives a workspace by its id or name.
func (c *Client) Workspace(ctx context.Context, project, ref string) (Workspace, error) {
	return get[Workspace](ctx, c, workspaces(project)+"/"+segment(ref))
}

// CreateWorkspace makes a workspace.
func (c *Client) CreateWorkspace(ctx context.Context, project string, input NewWorkspace) (Workspace, error) {
	return create[Workspace](ctx, c, workspaces(project), input.IdempotencyKey, input)
}

// UpdateWorkspace changes a workspace.
func (c *Client) UpdateWorkspace(ctx context.Context, project, ref string, patch ProjectPatch) (Workspace, error) {
	return change[Workspace](ctx, c, http.MethodPatch, workspaces(project)+"/"+segment(ref), patch)
}

// DeleteWorkspace deletes a workspace with its credentials.
func (c *Client) DeleteWorkspace(ctx context.Context, project, ref string) error {
	return c.remove(ctx, workspaces(project)+"/"+segment(ref))
}

// DownloadWorkspace gives a workspace's file.
func (c *Client) DownloadWorkspace(ctx context.Context, project, ref string) (WorkspaceFile, error) {
	return get[WorkspaceFile](ctx, c, workspaces(project)+"/"+segment(ref)+"/download")
}

// get reads one thing.
func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	return change[T](ctx, c, http.MethodGet, path, nil)
}

// create makes one thing, once for each idempotency key.
func create[T any](ctx context.Context, c *Client, path, key string, input any) (T, error) {
	var out T
	_, err := c.do(ctx, call{method: http.MethodPost, path: path, header: idempotent(key), body: input}, &out)
	return out, err
}

// change sends a body, or nothing for nil, and reads what comes back.
func change[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var out T
	_, err := c.do(ctx, call{method: method, path: path, body: body}, &out)
	return out, err
}

func (c *Client) remove(ctx context.Context, path string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: path}, nil)
	return err
}
