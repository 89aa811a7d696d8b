package cloudservice

import (
	"context"
	"fmt"
	"path"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ident"
)

// NewFramework asks for a framework.
type NewFramework struct {
	// Name is made of the title when it is "".
	Name string
	FrameworkValues
}

// SavedFramework is what was kept, and what is worth knowing about it.
type SavedFramework struct {
	Framework Framework
	Problems  finding.Problems
}

// CreateFramework keeps a framework. What can be held against the synced lists is; what can't is kept with a warning.
func (s *Services) CreateFramework(ctx context.Context, caller access.Caller, ref Ref, ask NewFramework) (SavedFramework, error) {
	of, err := s.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return SavedFramework{}, err
	}
	now := s.now()
	made := Framework{
		ID: ident.New("fw"), Service: of.ID, Place: of.place(), Kind: of.Kind, Name: ask.Name, Version: 1, CreatedBy: caller.ID, CreatedAt: now, UpdatedAt: now,
	}
	problems, err := s.applyFramework(ctx, &of, &ask.FrameworkValues, &made)
	if err != nil {
		return SavedFramework{}, err
	}
	if made.Name == "" {
		made.Name = ident.NameOf(made.Title)
	}
	if !ident.IsName(made.Name) || strings.HasPrefix(made.Name, "fw_") {
		problems.Wrong("/name", "this can't be a name", ident.NameRule)
	}
	if made.Title == "" {
		made.Title = made.Name
	}
	if err := problems.Errors(); err != nil {
		return SavedFramework{}, err
	}
	if err := s.config.Store.CreateFramework(ctx, made, made.entry(caller, "framework.create", now)); err != nil {
		return SavedFramework{}, err
	}
	return SavedFramework{made, problems}, nil
}

// Framework gives one.
func (s *Services) Framework(ctx context.Context, caller access.Caller, ref Ref, name string) (Framework, error) {
	_, f, err := s.framework(ctx, caller, ref, name, access.ConnectionsRead)
	return f, err
}

func (s *Services) framework(ctx context.Context, caller access.Caller, ref Ref, name string, scope access.Scope) (Service, Framework, error) {
	of, err := s.find(ctx, caller, ref, scope)
	if err != nil {
		return Service{}, Framework{}, err
	}
	f, err := s.config.Store.FindFramework(ctx, &of, name)
	return of, f, err
}

// Frameworks gives those of a service, by their names.
func (s *Services) Frameworks(ctx context.Context, caller access.Caller, ref Ref) ([]Framework, error) {
	of, err := s.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	return s.config.Store.Frameworks(ctx, &of)
}

// FrameworkOf gives the framework of the service's product that a page has: its own, else that of the nearest page above it.
// [ErrNoFramework] when there is none, or it is another service's.
func (s *Services) FrameworkOf(ctx context.Context, caller access.Caller, ref Ref, page string) (Framework, error) {
	of, err := s.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return Framework{}, err
	}
	if !strings.HasPrefix(page, "/") {
		var problems finding.Problems
		problems.Wrong("/page", "a page is named by its path", "begin with a slash: /content/site/en")
		return Framework{}, problems.Errors()
	}
	for at := path.Clean(page); ; at = path.Dir(at) {
		id, service, err := s.config.Store.PageFramework(ctx, of.place(), of.Kind, at)
		if err != nil {
			return Framework{}, err
		}
		if id != "" && service != of.ID {
			return Framework{}, fmt.Errorf("another cloud service's framework is on %s: %w", at, ErrNoFramework)
		}
		if id != "" {
			return s.config.Store.FindFramework(ctx, &of, id)
		}
		if at == "/" {
			return Framework{}, ErrNoFramework
		}
	}
}

// EditFramework changes what is given. What is published stays as it is until it is published anew.
func (s *Services) EditFramework(ctx context.Context, caller access.Caller, ref Ref, name string, values FrameworkValues) (SavedFramework, error) {
	of, f, err := s.framework(ctx, caller, ref, name, access.ConnectionsWrite)
	if err != nil {
		return SavedFramework{}, err
	}
	f.Settings = f.Settings.clone()
	problems, err := s.applyFramework(ctx, &of, &values, &f)
	if err == nil {
		err = problems.Errors()
	}
	if err == nil {
		err = s.keepFramework(ctx, caller, &f, "framework.edit")
	}
	return SavedFramework{f, problems}, err
}

// PublishFramework lets pages on publish have the settings as they are now. What is wrong by the lists as they are now is not
// published.
func (s *Services) PublishFramework(ctx context.Context, caller access.Caller, ref Ref, name string) (SavedFramework, error) {
	of, f, err := s.framework(ctx, caller, ref, name, access.ConnectionsWrite)
	if err != nil {
		return SavedFramework{}, err
	}
	problems, err := s.checkFramework(ctx, &of, &f)
	if err == nil {
		err = problems.Errors()
	}
	if err != nil {
		return SavedFramework{}, err
	}
	published := f.Settings.clone()
	f.Published, f.PublishedAt = &published, s.now()
	return SavedFramework{f, problems}, s.keepFramework(ctx, caller, &f, "framework.publish")
}

func (s *Services) keepFramework(ctx context.Context, caller access.Caller, f *Framework, action string) error {
	f.UpdatedAt = s.now()
	entry := f.entry(caller, action, f.UpdatedAt)
	entry.Generation = f.Version + 1
	if err := s.config.Store.ChangeFramework(ctx, *f, entry); err != nil {
		return err
	}
	f.Version++
	return nil
}

// DeleteFramework removes one. Pages that name it inherit from above then.
func (s *Services) DeleteFramework(ctx context.Context, caller access.Caller, ref Ref, name string) error {
	_, f, err := s.framework(ctx, caller, ref, name, access.ConnectionsWrite)
	if err != nil {
		return err
	}
	return s.config.Store.DeleteFramework(ctx, f, f.entry(caller, "framework.delete", s.now()))
}
