package project

import (
	"context"

	"latchkey/internal/access"
)

// mayChange tells whether the caller may change a credential, add to it, or see its secrets: a system administrator
// always; a developer when he or she may attach every product profile that it has, and it is subscribed to nothing that
// only administrators add. Whoever adds a certificate to a credential can do all that the credential can.
func (c Config) mayChange(caller access.Caller, credential *Credential, own []Service) error {
	if err := caller.RequireRole(access.Developer); err != nil {
		return err
	}
	if caller.Acts() == access.SystemAdministrator {
		return nil
	}
	for _, s := range credential.Services {
		if service, ok := lookup(own, s.Service); ok && service.AdminOnly {
			return &access.DeniedError{Role: access.SystemAdministrator, Caller: by(caller)}
		}
		for _, attached := range s.Profiles {
			if !caller.MayAttach(attached.Profile) {
				return &access.DeniedError{Profile: attached.Profile, Caller: by(caller)}
			}
		}
	}
	return nil
}

// mayChangeAll asks the same of all that a selection finds.
func (c Config) mayChangeAll(ctx context.Context, caller access.Caller, s Selection) error {
	if caller.Acts() == access.SystemAdministrator {
		return caller.RequireRole(access.Developer)
	}
	own, err := c.Store.OwnServices(ctx, caller.Organization)
	if err != nil {
		return err
	}
	for s.Limit = 100; ; {
		some, err := c.Store.Credentials(ctx, s)
		if err != nil {
			return err
		}
		for i := range some {
			if err := c.mayChange(caller, &some[i], own); err != nil {
				return err
			}
			s.After = some[i].ID
		}
		if len(some) < s.Limit {
			return nil
		}
	}
}
