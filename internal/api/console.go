package api

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// console maps the errors of the developer console.
func console(err error) *Problem {
	if e, ok := errors.AsType[*project.InvalidError](err); ok {
		return invalid(Item{Pointer: e.Pointer, Message: e.Message, Fix: e.Fix})
	}
	if e, ok := errors.AsType[*project.QuotaError](err); ok {
		return newProblem(kindQuota, sentence(e.Error()))
	}
	if e, ok := errors.AsType[*project.InUseError](err); ok {
		return newProblem(kindInUse, sentence(e.What)+" "+sentence(e.Fix))
	}
	if e, ok := errors.AsType[*project.MigratingError](err); ok {
		return newProblem(kindState, sentence(e.Message)+" "+sentence(e.Fix))
	}
	if e, ok := errors.AsType[*project.UnavailableError](err); ok {
		items := mapped(e.Reasons, func(r project.Reason) Item {
			return Item{Message: string(r), Fix: sentence(r.Words())}
		})
		return newProblem(kindNotOffered, sentence(e.Error()), items...)
	}
	// What was not found or is taken is named by the error itself, which holds no secret.
	if errors.Is(err, project.ErrNotFound) {
		return newProblem(kindNotFound, "There is nothing of that id or name, or it is not yours to see: "+strings.TrimSuffix(err.Error(), ": "+project.ErrNotFound.Error())+".")
	}
	if errors.Is(err, project.ErrNameTaken) {
		return newProblem(kindNameTaken, "The organization has another of that name or code.")
	}
	return nil
}

// sentence makes one of a clause.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}

// workspaceOf finds the workspace that a request means: by its id alone, or by its id or name in a project. A project's
// only workspace need not be named.
func (s *server) workspaceOf(ctx context.Context, caller access.Caller, in, ref string) (project.Workspace, error) {
	if in == "" && ref == "" {
		return project.Workspace{}, invalid(Item{Pointer: "/workspace", Message: "the workspace is missing", Fix: "Give its id, or a project and the workspace's name in it."})
	}
	if ref != "" {
		return s.Projects.Workspace(ctx, caller, in, ref)
	}
	all, err := s.Projects.Workspaces(ctx, caller, in)
	if err != nil {
		return project.Workspace{}, err
	}
	if len(all) != 1 {
		names := strings.Join(mapped(all, func(w project.Workspace) string { return w.Name }), ", ")
		return project.Workspace{}, invalid(Item{Pointer: "/workspace", Message: "the project has " + strconv.Itoa(len(all)) + " workspaces", Fix: "Name one of " + names + "."})
	}
	return all[0], nil
}
