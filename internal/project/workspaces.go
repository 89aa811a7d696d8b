package project

import (
	"context"
	"fmt"

	"latchkey/internal/access"
)

func (p *Projects) newWorkspace(caller access.Caller, project string, ask NewWorkspace) (Workspace, error) {
	now := p.config.now()
	w := Workspace{
		ID: newNumber(), Organization: caller.Organization, Project: project, Version: 1,
		CreatedBy: by(caller), UpdatedBy: by(caller), CreatedAt: now, UpdatedAt: now,
	}
	return w, w.describe(Edit{&ask.Name, &ask.Title, &ask.Description})
}

// describe changes what people call a workspace.
func (w *Workspace) describe(edit Edit) (err error) {
	if edit.Name != nil {
		w.Name = *edit.Name
	}
	if err := checkName("/name", w.Name); err != nil {
		return err
	}
	if edit.Title != nil {
		if w.Title, err = checkText("/title", *edit.Title, "", maxTitle); err != nil {
			return err
		}
	}
	if edit.Description != nil {
		w.Description, err = checkText("/description", *edit.Description, "", maxWorkspaceDescription)
	}
	return err
}

// CreateWorkspace adds a workspace to a project.
func (p *Projects) CreateWorkspace(ctx context.Context, caller access.Caller, project string, ask NewWorkspace) (Workspace, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Workspace{}, err
	}
	of, err := p.Find(ctx, caller, project)
	if err != nil {
		return Workspace{}, err
	}
	w, err := p.newWorkspace(caller, of.ID, ask)
	if err != nil {
		return Workspace{}, err
	}
	err = p.config.Store.CreateWorkspace(ctx, w, p.config.Quotas.Workspaces,
		note(caller, "workspace.create", w.ID, 1, w.CreatedAt, map[string]string{"name": w.Name, "project": of.ID}))
	if err != nil {
		return Workspace{}, fmt.Errorf("creating the workspace %q: %w", w.Name, err)
	}
	return w, nil
}

// Workspaces gives those of a project, in the order of their ids.
func (p *Projects) Workspaces(ctx context.Context, caller access.Caller, project string) ([]Workspace, error) {
	of, err := p.Find(ctx, caller, project)
	if err != nil {
		return nil, err
	}
	return p.config.Store.Workspaces(ctx, caller.Organization, of.ID)
}

// Workspace gives one by its id, or by its name in the project. With project "" it is looked for by its id alone.
func (p *Projects) Workspace(ctx context.Context, caller access.Caller, project, ref string) (Workspace, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return Workspace{}, err
	}
	if project == "" {
		w, err := p.config.Store.Workspace(ctx, caller.Organization, ref)
		if err != nil {
			return Workspace{}, fmt.Errorf("the workspace %.64q: %w", ref, err)
		}
		return w, nil
	}
	all, err := p.Workspaces(ctx, caller, project)
	if err != nil {
		return Workspace{}, err
	}
	for _, w := range all {
		if w.ID == ref || w.Name == ref {
			return w, nil
		}
	}
	return Workspace{}, fmt.Errorf("the workspace %.64q: %w", ref, ErrNotFound)
}

// ChangeWorkspace changes what people call a workspace.
func (p *Projects) ChangeWorkspace(ctx context.Context, caller access.Caller, project, ref string, edit Edit) (Workspace, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Workspace{}, err
	}
	w, err := p.Workspace(ctx, caller, project, ref)
	if err != nil {
		return Workspace{}, err
	}
	if err := w.describe(edit); err != nil {
		return Workspace{}, err
	}
	w.UpdatedBy, w.UpdatedAt = by(caller), p.config.now()
	err = p.config.Store.ChangeWorkspace(ctx, w,
		note(caller, "workspace.change", w.ID, w.Version+1, w.UpdatedAt, map[string]string{"name": w.Name, "project": w.Project}))
	if err != nil {
		return Workspace{}, fmt.Errorf("changing the workspace %q: %w", w.Name, err)
	}
	w.Version++
	return w, nil
}

// DeleteWorkspace removes a workspace with its credentials. The last one of a project stays.
func (p *Projects) DeleteWorkspace(ctx context.Context, caller access.Caller, project, ref string) error {
	if err := caller.RequireRole(access.Developer); err != nil {
		return err
	}
	w, err := p.Workspace(ctx, caller, project, ref)
	if err != nil {
		return err
	}
	all, err := p.config.Store.Workspaces(ctx, caller.Organization, w.Project)
	if err != nil {
		return err
	}
	if len(all) < 2 {
		return &InUseError{What: "it is the only workspace of its project", Fix: "delete the project, or make another workspace first"}
	}
	if err := p.config.mayChangeAll(ctx, caller, Selection{Organization: caller.Organization, Workspace: w.ID}); err != nil {
		return err
	}
	gone, err := p.config.Store.DeleteWorkspace(ctx, caller.Organization, w.ID,
		note(caller, "workspace.delete", w.ID, w.Version, p.config.now(), map[string]string{"name": w.Name, "project": w.Project}))
	if err != nil {
		return fmt.Errorf("deleting the workspace %q: %w", w.Name, err)
	}
	p.config.forget(gone...)
	return nil
}
