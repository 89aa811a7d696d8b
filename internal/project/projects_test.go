package project_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"latchkey/internal/project"
)

// TestNames holds the rules of spec/ims-and-console.md §3.3.
func TestNames(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	for name, test := range map[string]struct {
		ask           project.NewProject
		pointer, text string
	}{
		"no name":            {project.NewProject{}, "/name", "1 to 20"},
		"a blank":            {project.NewProject{Name: "My project"}, "/name", "title"},
		"a dash":             {project.NewProject{Name: "my-project"}, "/name", "'-'"},
		"21 characters":      {project.NewProject{Name: strings.Repeat("x", 21)}, "/name", "not 21"},
		"another alphabet":   {project.NewProject{Name: "проект"}, "/name", "letters"},
		"a long title":       {project.NewProject{Name: "X", Title: strings.Repeat("x", 46)}, "/title", "at most 45"},
		"a long description": {project.NewProject{Name: "X", Description: strings.Repeat("x", 1001)}, "/description", "at most 1000"},
		"a type":             {project.NewProject{Name: "X", Type: "firefly"}, "/type", "jaeger"},
		"a workspace":        {project.NewProject{Name: "X", Workspaces: []project.NewWorkspace{{Name: "A"}, {Name: "a b"}}}, "/workspaces/1/name", "title"},
		"a workspace's text": {project.NewProject{Name: "X", Workspaces: []project.NewWorkspace{{Name: "A", Description: strings.Repeat("x", 501)}}}, "/workspaces/0/description", "500"},
	} {
		_, _, err := c.projects.Create(ctx, admin, test.ask)
		wantInvalid(t, name, err, test.pointer, test.text)
	}
	for _, name := range []string{"X", "Éclair9", strings.Repeat("ÿ", 20)} {
		made, _, err := c.projects.Create(ctx, admin, project.NewProject{Name: name, Title: strings.Repeat("é", 45)})
		if err != nil || made.Name != name {
			t.Errorf("Create(%q) = %+v, %v", name, made, err)
		}
	}
}

// TestProjects lists, changes and deletes projects and workspaces.
func TestProjects(t *testing.T) {
	c := newConsole(t, project.Quotas{Projects: 5, Workspaces: 3})
	ctx := t.Context()
	template, workspaces, err := c.projects.Create(ctx, admin, project.NewProject{Name: "App", Type: project.Jaeger})
	if err != nil || len(workspaces) != 2 || workspaces[1].Name != "Stage" || template.Title != "App" {
		t.Errorf("Create() of a template = %+v, %v, %v", template, workspaces, err)
	}
	for i := range 4 {
		_, _, err := c.projects.Create(ctx, admin, project.NewProject{Name: fmt.Sprint("P", i)})
		if _, ok := errors.AsType[*project.QuotaError](err); ok != (i == 3) {
			t.Errorf("Create() of project %d of at most 5 = %v", i+3, err)
		}
	}
	first, err := c.projects.List(ctx, viewer, project.Page{Limit: 2})
	if err != nil || len(first) != 2 || first[0].Name != "Moviestar" {
		t.Fatalf("List() = %+v, %v", first, err)
	}
	rest, err := c.projects.List(ctx, viewer, project.Page{After: first[1].ID})
	if err != nil || len(rest) != 3 || rest[0].Name != "P0" {
		t.Errorf("List() behind the first = %+v, %v", rest, err)
	}
	title, name := "Everything about apps", "Apps"
	if got, err := c.projects.Change(ctx, developer(), "App", project.Edit{Name: &name, Title: &title}); err != nil || got.Version != 2 || got.UpdatedBy != "DEV@x" {
		t.Errorf("Change() = %+v, %v", got, err)
	}
	if _, err := c.projects.Find(ctx, viewer, "App"); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Find() by the name before = %v", err)
	}
	testWorkspaces(t, c, template.ID)
}

func testWorkspaces(t *testing.T, c *console, in string) {
	ctx := t.Context()
	third, err := c.projects.CreateWorkspace(ctx, admin, in, project.NewWorkspace{Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.projects.CreateWorkspace(ctx, admin, in, project.NewWorkspace{Name: "Bob"}); err == nil || !strings.Contains(err.Error(), "3 workspaces") {
		t.Errorf("CreateWorkspace() beyond the quota = %v", err)
	}
	title := "Ann's"
	if got, err := c.projects.ChangeWorkspace(ctx, admin, "Apps", "Ann", project.Edit{Title: &title}); err != nil || got.Title != title || got.Name != "Ann" {
		t.Errorf("ChangeWorkspace() = %+v, %v", got, err)
	}
	if got, err := c.projects.Workspace(ctx, viewer, "", third.ID); err != nil || got.Title != title {
		t.Errorf("Workspace() by its id alone = %+v, %v", got, err)
	}
	for _, name := range []string{"Production", "Stage"} {
		if err := c.projects.DeleteWorkspace(ctx, admin, in, name); err != nil {
			t.Errorf("DeleteWorkspace(%s) = %v", name, err)
		}
	}
	wantInUse(t, "DeleteWorkspace() of the last", c.projects.DeleteWorkspace(ctx, admin, in, "Ann"), "only workspace")
	if err := c.projects.Deletable(ctx, developer(), in); err != nil {
		t.Errorf("Deletable() = %v", err)
	}
	if err := c.projects.Delete(ctx, developer(), in); err != nil {
		t.Errorf("Delete() = %v", err)
	}
	if _, err := c.projects.Workspace(ctx, viewer, "", third.ID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Workspace() of a deleted project = %v", err)
	}
}
