package project

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/event"
)

// Credentials holds the use cases of credentials. To look takes the role Viewer and shows no secret. All else takes
// Developer, of every product profile that the credential has, or System Administrator.
type Credentials struct{ config Config }

// NewCredentials makes the use cases.
func NewCredentials(config Config) *Credentials { return &Credentials{config.complete()} }

// NewCredential asks for a credential.
type NewCredential struct {
	// Workspace is its id.
	Workspace         string
	Name, Description string
	Kind              Kind
	// Certificate is an uploaded file, PEM or DER. A service_account_jwt needs one; other confidential kinds may have one, to
	// prove themselves by its key.
	Certificate []byte
	// RequireJTI refuses assertions without a jti.
	RequireJTI bool
	// Redirect is of kinds that a browser comes back to, which need one.
	Redirect Redirect
	// Services are what to subscribe to from the start.
	Services []Wish
}

// Wish asks for a subscription.
type Wish struct {
	// Service is the code.
	Service string
	// Profiles are ids of product profiles of the service, one at least where it has any.
	Profiles []string
}

// Create makes a credential. Of confidential kinds it has a first secret, whose value is in the answer.
func (c *Credentials) Create(ctx context.Context, caller access.Caller, ask NewCredential) (Credential, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Credential{}, err
	}
	made, err := c.prepare(ctx, caller, ask)
	if err != nil {
		return Credential{}, err
	}
	detail := map[string]string{"name": made.Name, "kind": string(made.Kind), "client_id": made.ClientID, "workspace": made.Workspace}
	err = c.config.Store.CreateCredential(ctx, made, c.config.Quotas.Credentials,
		note(caller, "credential.create", made.ID, 1, made.CreatedAt, detail, made.event(event.CredentialCreated, "")))
	if err != nil {
		return Credential{}, fmt.Errorf("creating the credential %q: %w", made.Name, err)
	}
	c.config.forget(made.ClientID) // somebody may have asked for it in vain
	return made, nil
}

func (c *Credentials) prepare(ctx context.Context, caller access.Caller, ask NewCredential) (made Credential, err error) {
	if !ask.Kind.Known() {
		return made, &InvalidError{Pointer: "/kind", Message: fmt.Sprintf("there is no credential kind %.40q", ask.Kind), Fix: "use " + kindsInWords()}
	}
	workspace, err := c.config.Store.Workspace(ctx, caller.Organization, ask.Workspace)
	if errors.Is(err, ErrNotFound) {
		return made, fmt.Errorf("the workspace %.64q: %w", ask.Workspace, ErrNotFound)
	}
	if err != nil {
		return made, err
	}
	now := c.config.now()
	made = Credential{
		ID: newNumber(), Organization: caller.Organization, Project: workspace.Project, Workspace: workspace.ID, Kind: ask.Kind,
		ClientID: newClientID(), Enabled: true, Migration: Migration{State: MigrationNone}, Version: 1,
		CreatedBy: by(caller), UpdatedBy: by(caller), CreatedAt: now, UpdatedAt: now,
	}
	if err := made.describe(&ask.Name, &ask.Description); err != nil {
		return made, err
	}
	if made.Redirect, err = checkRedirect(ask.Kind, ask.Redirect, c.config.Loopback); err != nil {
		return made, err
	}
	if ask.Kind.Enterprise() {
		made.TechnicalAccount = newTechnicalAccount()
	}
	if ask.Kind.Confidential() {
		made.Secrets = []Secret{c.newSecret(caller, made.ClientID)}
	}
	if err := made.bind(caller, ask); err != nil {
		return made, err
	}
	shelf, err := c.config.shelf(ctx, caller.Organization)
	if err != nil {
		return made, err
	}
	made.Services, err = shelf.subscribe(caller, &made, ask.Services)
	return made, err
}

// bind gives a new credential its first certificate, where its kind has any.
func (c *Credential) bind(caller access.Caller, ask NewCredential) error {
	if ask.Kind == ServiceAccountJWT {
		c.Migration.State = MigrationNotStarted
	}
	switch {
	case ask.Kind == ServiceAccountJWT && len(ask.Certificate) == 0:
		return &InvalidError{
			Pointer: "/certificate", Message: "a service_account_jwt credential needs a key pair, and there is no certificate",
			Fix: "generate a key pair, or upload the certificate of one",
		}
	case len(ask.Certificate) > 0 && ask.Kind.Confidential():
		binding, err := newBinding(caller, ask.Certificate, ask.RequireJTI, c.CreatedAt)
		c.Bindings = []Binding{binding}
		return err
	case len(ask.Certificate) > 0:
		return &InvalidError{Pointer: "/certificate", Message: fmt.Sprintf("a credential of the kind %s has no certificate", ask.Kind), Fix: "leave it out"}
	}
	return nil
}

// describe changes what people call a credential; nil leaves it.
func (c *Credential) describe(name, description *string) (err error) {
	if name != nil {
		if c.Name, err = checkLabel("/name", *name, maxCredentialName); err != nil {
			return err
		}
	}
	if description != nil {
		c.Description, err = checkText("/description", *description, "", maxDescription)
	}
	return err
}

func (c *Credential) event(t event.Type, what string) event.Event {
	data := map[string]any{"name": c.Name, "kind": string(c.Kind), "client_id": c.ClientID, "project": c.Project, "workspace": c.Workspace}
	if what != "" {
		data["change"] = what
	}
	return event.New(t, c.Organization, c.ID, c.UpdatedAt, data)
}

// List gives credentials without their secrets' values, in the order of their ids. The selection's organization is the
// caller's.
func (c *Credentials) List(ctx context.Context, caller access.Caller, s Selection) ([]Credential, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return nil, err
	}
	s.Organization = caller.Organization
	return c.config.Store.Credentials(ctx, s)
}

// Find gives one by its id, its client id or its name, without its secrets' values.
func (c *Credentials) Find(ctx context.Context, caller access.Caller, ref string) (Credential, error) {
	if err := caller.RequireRole(access.Viewer); err != nil {
		return Credential{}, err
	}
	found, err := c.config.Store.Credential(ctx, caller.Organization, ref)
	if err != nil {
		return Credential{}, fmt.Errorf("the credential %.64q: %w", ref, err)
	}
	return found, nil
}

// own gives a credential that the caller may change.
func (c *Credentials) own(ctx context.Context, caller access.Caller, ref string) (Credential, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Credential{}, err
	}
	found, err := c.Find(ctx, caller, ref)
	if err != nil {
		return Credential{}, err
	}
	services, err := c.config.Store.OwnServices(ctx, caller.Organization)
	if err != nil {
		return Credential{}, err
	}
	return found, c.config.mayChange(caller, &found, services)
}

// change runs act on a credential that the caller may change, and keeps what comes of it with a note of the action. When
// somebody else changed the credential meanwhile, act is run again on what that made of it.
func (c *Credentials) change(ctx context.Context, caller access.Caller, ref, action string, act func(*Credential) (map[string]string, error)) (Credential, error) {
	for range 5 {
		credential, err := c.own(ctx, caller, ref)
		if err != nil {
			return Credential{}, err
		}
		credential.UpdatedBy, credential.UpdatedAt = by(caller), c.config.now()
		detail, err := act(&credential)
		if err != nil {
			return Credential{}, err
		}
		if detail == nil {
			detail = map[string]string{}
		}
		detail["credential"], detail["client_id"] = credential.Name, credential.ClientID
		err = c.config.Store.ChangeCredential(ctx, credential,
			note(caller, action, credential.ID, credential.Version+1, credential.UpdatedAt, detail, credential.event(event.CredentialChanged, action)))
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Credential{}, fmt.Errorf("changing the credential %q: %w", credential.Name, err)
		}
		c.config.forget(credential.ClientID)
		credential.Version++
		return credential, nil
	}
	return Credential{}, fmt.Errorf("changing the credential %.64q: %w", ref, ErrConflict)
}

// CredentialEdit says what to change of a credential; nil leaves a member as it is.
type CredentialEdit struct {
	Name, Description *string
	// Enabled, when false, keeps tokens from it until it is enabled again.
	Enabled  *bool
	Redirect *Redirect
}

// Change changes what people call a credential, where browsers come back to, and whether it gets tokens.
func (c *Credentials) Change(ctx context.Context, caller access.Caller, ref string, edit CredentialEdit) (Credential, error) {
	action := "credential.change"
	if edit.Enabled != nil {
		action = "credential.disable"
		if *edit.Enabled {
			action = "credential.enable"
		}
	}
	return c.change(ctx, caller, ref, action, func(credential *Credential) (detail map[string]string, err error) {
		if err := credential.describe(edit.Name, edit.Description); err != nil {
			return nil, err
		}
		if edit.Redirect != nil {
			if credential.Redirect, err = checkRedirect(credential.Kind, *edit.Redirect, c.config.Loopback); err != nil {
				return nil, err
			}
		}
		if edit.Enabled != nil {
			credential.Enabled = *edit.Enabled
		}
		return nil, nil
	})
}

// Delete removes a credential. Tokens that it has got live on until they end.
func (c *Credentials) Delete(ctx context.Context, caller access.Caller, ref string) error {
	credential, err := c.own(ctx, caller, ref)
	if err != nil {
		return err
	}
	credential.UpdatedAt = c.config.now()
	detail := map[string]string{"name": credential.Name, "client_id": credential.ClientID}
	err = c.config.Store.DeleteCredential(ctx, caller.Organization, credential.ID,
		note(caller, "credential.delete", credential.ID, credential.Version, credential.UpdatedAt, detail, credential.event(event.CredentialDeleted, "")))
	if err != nil {
		return fmt.Errorf("deleting the credential %q: %w", credential.Name, err)
	}
	c.config.forget(credential.ClientID)
	return nil
}
