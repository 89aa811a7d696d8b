package project

import (
	"context"
	"fmt"
	"slices"

	"latchkey/internal/access"
)

// NewProfile asks for a product profile.
type NewProfile struct {
	// Service is the code of a service that has profiles.
	Service           string
	Name, Description string
}

// Profiles gives the organization's product profiles, of one service when it is not "".
func (c *Catalogue) Profiles(ctx context.Context, caller access.Caller, service string) ([]Profile, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return nil, err
	}
	if service == "" {
		return c.config.Store.Profiles(ctx, caller.Organization)
	}
	shelf, of, err := c.find(ctx, caller, service)
	if err != nil {
		return nil, err
	}
	return shelf.profilesOf(of.Code), nil
}

// Profile gives one by its id.
func (c *Catalogue) Profile(ctx context.Context, caller access.Caller, id string) (Profile, error) {
	all, err := c.Profiles(ctx, caller, "")
	if err != nil {
		return Profile{}, err
	}
	i := slices.IndexFunc(all, func(p Profile) bool { return p.ID == id })
	if i < 0 {
		return Profile{}, fmt.Errorf("the product profile %.64q: %w", id, ErrNotFound)
	}
	return all[i], nil
}

// CheckProfiles fails with an [*InvalidError] when one of the ids is no product profile of the organization's. It asks for
// no role: it is for the registry, which keeps what a developer may attach.
func (c *Catalogue) CheckProfiles(ctx context.Context, organization string, ids []string) error {
	all, err := c.config.Store.Profiles(ctx, organization)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if id != access.AllProfiles && !slices.ContainsFunc(all, func(p Profile) bool { return p.ID == id }) {
			return &InvalidError{
				Pointer: fmt.Sprintf("/profiles/%d", i), Message: fmt.Sprintf("there is no product profile %.64q", id),
				Fix: `name the id of one, or "*" for all`,
			}
		}
	}
	return nil
}

// CreateProfile adds a product profile to a service that the organization is entitled to.
func (c *Catalogue) CreateProfile(ctx context.Context, caller access.Caller, ask NewProfile) (Profile, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return Profile{}, err
	}
	shelf, service, err := c.find(ctx, caller, ask.Service)
	if err != nil {
		return Profile{}, err
	}
	entitlement, entitled := shelf.entitlement(service.Code)
	switch {
	case !service.Profiles:
		return Profile{}, &InvalidError{Pointer: "/service", Message: fmt.Sprintf("the service %s has no product profiles", service.Code), Fix: "subscribe to it without"}
	case !entitled:
		return Profile{}, &InvalidError{
			Pointer: "/service", Message: fmt.Sprintf("the organization is not entitled to %s", service.Code), Fix: "entitle it first: latchkey service entitle " + service.Code,
		}
	}
	now := c.config.now()
	p := Profile{
		ID: newProfileID(), Organization: caller.Organization, Service: service.Code, Product: entitlement.Product, Version: 1,
		CreatedBy: by(caller), CreatedAt: now, UpdatedAt: now,
	}
	if err := p.describe(ask.Name, ask.Description); err != nil {
		return Profile{}, err
	}
	err = c.config.Store.CreateProfile(ctx, p, c.config.Quotas.Profiles, p.note(caller, "profile.create", 1))
	if err != nil {
		return Profile{}, fmt.Errorf("creating the product profile %q: %w", p.Name, err)
	}
	return p, nil
}

func (p *Profile) describe(name, description string) (err error) {
	if p.Name, err = checkLabel("/name", name, maxLabel); err != nil {
		return err
	}
	p.Description, err = checkText("/description", description, "", maxDescription)
	return err
}

func (p *Profile) note(caller access.Caller, action string, version int64) Note {
	return note(caller, action, p.ID, version, p.UpdatedAt, map[string]string{"name": p.Name, "service": p.Service})
}

// ProfileUse is how many credentials have a product profile with a role.
type ProfileUse struct {
	Profile     string
	Role        ProductRole
	Credentials int
}

// Uses counts the credentials of each product profile.
func (c *Catalogue) Uses(ctx context.Context, caller access.Caller) ([]ProfileUse, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return nil, err
	}
	return c.config.Store.ProfileUses(ctx, caller.Organization)
}

// Quotas tell what an organization may have.
func (c *Catalogue) Quotas() Quotas { return c.config.Quotas }

// ChangeProfile changes what people call a product profile; nil leaves a member as it is.
func (c *Catalogue) ChangeProfile(ctx context.Context, caller access.Caller, id string, edit Edit) (Profile, error) {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return Profile{}, err
	}
	p, err := c.Profile(ctx, caller, id)
	if err != nil {
		return Profile{}, err
	}
	name, description := p.Name, p.Description
	if edit.Name != nil {
		name = *edit.Name
	}
	if edit.Description != nil {
		description = *edit.Description
	}
	if err := p.describe(name, description); err != nil {
		return Profile{}, err
	}
	p.UpdatedAt = c.config.now()
	if err := c.config.Store.ChangeProfile(ctx, p, p.note(caller, "profile.change", p.Version+1)); err != nil {
		return Profile{}, fmt.Errorf("changing the product profile %q: %w", p.Name, err)
	}
	p.Version++
	return p, nil
}

// DeleteProfile removes a product profile that no credential has. Developers who were granted it keep nothing of it.
func (c *Catalogue) DeleteProfile(ctx context.Context, caller access.Caller, id string) error {
	if err := caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	p, err := c.Profile(ctx, caller, id)
	if err != nil {
		return err
	}
	p.UpdatedAt = c.config.now()
	if err := c.config.Store.DeleteProfile(ctx, caller.Organization, p.ID, p.note(caller, "profile.delete", p.Version)); err != nil {
		return fmt.Errorf("deleting the product profile %q: %w", p.Name, err)
	}
	return nil
}
