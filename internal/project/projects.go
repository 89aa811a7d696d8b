package project

import (
	"cmp"
	"context"
	"fmt"

	"latchkey/internal/access"
)

// Projects holds the use cases of projects and workspaces. To look takes the role Viewer, all else Developer.
type Projects struct{ config Config }

// NewProjects makes the use cases.
func NewProjects(config Config) *Projects { return &Projects{config.complete()} }

// NewProject asks for a project.
type NewProject struct {
	Name, Title, Description string
	// Type is [Default] when it is "".
	Type Type
	// Workspaces name those to begin with; none means "Production", for [Jaeger] and "Stage".
	Workspaces []NewWorkspace
}

// NewWorkspace asks for a workspace.
type NewWorkspace struct{ Name, Title, Description string }

// Edit says what to change of a project or a workspace; nil leaves a member as it is.
type Edit struct{ Name, Title, Description *string }

// FirstWorkspace is the workspace of a project that was not asked for another.
const FirstWorkspace = "Production"

// Create makes a project with its workspaces.
func (p *Projects) Create(ctx context.Context, caller access.Caller, ask NewProject) (Project, []Workspace, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Project{}, nil, err
	}
	now := p.config.now()
	made := Project{
		ID: newNumber(), Organization: caller.Organization, Name: ask.Name, Type: cmp.Or(ask.Type, Default),
		Version: 1, CreatedBy: by(caller), UpdatedBy: by(caller), CreatedAt: now, UpdatedAt: now,
	}
	if made.Type != Default && made.Type != Jaeger {
		return Project{}, nil, &InvalidError{Pointer: "/type", Message: fmt.Sprintf("there is no type %.40q", made.Type), Fix: `use "default" or "jaeger"`}
	}
	if err := made.describe(Edit{&ask.Name, &ask.Title, &ask.Description}); err != nil {
		return Project{}, nil, err
	}
	if len(ask.Workspaces) == 0 {
		ask.Workspaces = []NewWorkspace{{Name: FirstWorkspace}}
		if made.Type == Jaeger {
			ask.Workspaces = append(ask.Workspaces, NewWorkspace{Name: "Stage"})
		}
	}
	if len(ask.Workspaces) > p.config.Quotas.Workspaces {
		return Project{}, nil, &QuotaError{"workspaces in a project", p.config.Quotas.Workspaces}
	}
	var workspaces []Workspace
	for i, w := range ask.Workspaces {
		workspace, err := p.newWorkspace(caller, made.ID, w)
		if err != nil {
			return Project{}, nil, under(err, fmt.Sprintf("/workspaces/%d", i))
		}
		for last := len(workspaces) - 1; last >= 0 && workspace.ID <= workspaces[last].ID; {
			workspace.ID = newNumber() // two made at one instant
		}
		workspaces = append(workspaces, workspace)
	}
	err := p.config.Store.CreateProject(ctx, made, workspaces, p.config.Quotas.Projects,
		note(caller, "project.create", made.ID, 1, now, map[string]string{"name": made.Name}))
	if err != nil {
		return Project{}, nil, fmt.Errorf("creating the project %q: %w", made.Name, err)
	}
	return made, workspaces, nil
}

// by names who does something: the person, else the key.
func by(caller access.Caller) string { return cmp.Or(caller.User, caller.ID) }

// under puts an error's pointer below another.
func under(err error, pointer string) error {
	if e, ok := err.(*InvalidError); ok { //nolint:errorlint // it comes straight from a check
		e.Pointer = pointer + e.Pointer
	}
	return err
}

// describe changes what people call a project.
func (p *Project) describe(edit Edit) (err error) {
	if edit.Name != nil {
		p.Name = *edit.Name
	}
	if err := checkName("/name", p.Name); err != nil {
		return err
	}
	if edit.Title != nil || p.Title == "" {
		if p.Title, err = checkText("/title", deref(edit.Title), p.Name, maxTitle); err != nil {
			return err
		}
	}
	if edit.Description != nil {
		p.Description, err = checkText("/description", *edit.Description, "", maxDescription)
	}
	return err
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// List gives the organization's projects, in the order of their ids.
func (p *Projects) List(ctx context.Context, caller access.Caller, page Page) ([]Project, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return nil, err
	}
	return p.config.Store.Projects(ctx, caller.Organization, page)
}

// Find gives one by its id or its name.
func (p *Projects) Find(ctx context.Context, caller access.Caller, ref string) (Project, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return Project{}, err
	}
	found, err := p.config.Store.Project(ctx, caller.Organization, ref)
	if err != nil {
		return Project{}, fmt.Errorf("the project %.64q: %w", ref, err)
	}
	return found, nil
}

// Change changes what people call a project.
func (p *Projects) Change(ctx context.Context, caller access.Caller, ref string, edit Edit) (Project, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Project{}, err
	}
	found, err := p.Find(ctx, caller, ref)
	if err != nil {
		return Project{}, err
	}
	if err := found.describe(edit); err != nil {
		return Project{}, err
	}
	found.UpdatedBy, found.UpdatedAt = by(caller), p.config.now()
	err = p.config.Store.ChangeProject(ctx, found,
		note(caller, "project.change", found.ID, found.Version+1, found.UpdatedAt, map[string]string{"name": found.Name}))
	if err != nil {
		return Project{}, fmt.Errorf("changing the project %q: %w", found.Name, err)
	}
	found.Version++
	return found, nil
}

// Delete removes a project with its workspaces and their credentials. Tokens that those have got live on until they end.
func (p *Projects) Delete(ctx context.Context, caller access.Caller, ref string) error {
	found, err := p.removable(ctx, caller, ref)
	if err != nil {
		return err
	}
	gone, err := p.config.Store.DeleteProject(ctx, caller.Organization, found.ID,
		note(caller, "project.delete", found.ID, found.Version, p.config.now(), map[string]string{"name": found.Name}))
	if err != nil {
		return fmt.Errorf("deleting the project %q: %w", found.Name, err)
	}
	p.config.forget(gone...)
	return nil
}

// Deletable says why the caller can't delete a project; nil when nothing is in the way.
func (p *Projects) Deletable(ctx context.Context, caller access.Caller, ref string) error {
	_, err := p.removable(ctx, caller, ref)
	return err
}

func (p *Projects) removable(ctx context.Context, caller access.Caller, ref string) (Project, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Project{}, err
	}
	found, err := p.Find(ctx, caller, ref)
	if err != nil {
		return Project{}, err
	}
	return found, p.config.mayChangeAll(ctx, caller, Selection{Organization: caller.Organization, Project: found.ID})
}

// forget tells the readers that clients have changed.
func (c Config) forget(clientIDs ...string) {
	if c.Clients != nil && len(clientIDs) > 0 {
		c.Clients.Forget(clientIDs...)
	}
}
