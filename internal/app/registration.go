package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/project"
)

// The ways in which clients may register themselves: not at all, with an initial access token, or as they come.
const (
	registrationOff   = "off"
	registrationToken = "token"
	registrationOpen  = "open"
)

// The project in which clients are that registered themselves.
const (
	registeredProject = "RegisteredClients"
	registeredTitle   = "Registered clients"
	// registrantID is who registers a client without a token, in the audit record.
	registrantID = "registration"
	keyMark      = "lk_" // begins every API key
)

// registrar makes credentials of clients that register themselves.
type registrar struct {
	h *house
	// organization is whose they are where no token says it; "" takes none without.
	organization string
}

var _ authority.Registrar = registrar{}

// registrar gives nil where clients don't register themselves.
func (h *house) registrar() authority.Registrar {
	switch h.config.Registration {
	case registrationToken:
		return registrar{h: h}
	case registrationOpen:
		return registrar{h: h, organization: h.config.RegistrationOrganization}
	}
	return nil
}

// Caller gives whose token it is.
func (r registrar) Caller(ctx context.Context, token string) (caller access.Caller, err error) {
	switch {
	case token == "" && r.organization == "":
		return caller, authority.ErrInitialToken
	case token == "":
		return access.Caller{ID: registrantID, Organization: r.organization, Scopes: access.Scopes{access.RegistryWrite}}, nil
	case strings.HasPrefix(token, keyMark):
		caller, err = r.h.keyring.Authenticate(token)
	default:
		caller, err = r.h.authority.Caller(ctx, token)
	}
	if away, ok := errors.AsType[interface {
		error
		Unavailable() bool
	}](err); err != nil && (!ok || !away.Unavailable()) {
		return access.Caller{}, authority.ErrInitialToken
	}
	return caller, err
}

// Register makes a credential in the project for such, which is made where there is none. A workspace that is full has another
// behind it, but for those who register without a token: there are no more of them than one holds.
func (r registrar) Register(ctx context.Context, caller access.Caller, ask project.NewCredential) (project.Credential, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return project.Credential{}, err
	}
	workspaces, err := r.workspaces(ctx, caller)
	if err != nil {
		return project.Credential{}, err
	}
	if caller.ID == registrantID {
		workspaces = workspaces[:1]
	}
	for _, workspace := range slices.Backward(workspaces) {
		made, err := r.create(ctx, caller, workspace.ID, ask)
		if _, full := errors.AsType[*project.QuotaError](err); !full || caller.ID == registrantID {
			return made, err
		}
	}
	next, err := r.h.projects.CreateWorkspace(ctx, caller, registeredProject, project.NewWorkspace{Name: "Further" + rand.Text()[:8]})
	if err != nil {
		return project.Credential{}, err
	}
	return r.create(ctx, caller, next.ID, ask)
}

func (r registrar) create(ctx context.Context, caller access.Caller, workspace string, ask project.NewCredential) (project.Credential, error) {
	ask.Workspace = workspace
	made, err := r.h.credentials.Create(ctx, caller, ask)
	if errors.Is(err, project.ErrNameTaken) {
		ask.Name = another(ask.Name)
		made, err = r.h.credentials.Create(ctx, caller, ask)
	}
	return made, err
}

// another makes a name that nobody has, out of one that is taken.
func another(name string) string {
	const most = 36
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most])
	}
	return strings.TrimSpace(name) + " " + rand.Text()[:8]
}

// workspaces gives those of the project, the first one first.
func (r registrar) workspaces(ctx context.Context, caller access.Caller) ([]project.Workspace, error) {
	_, err := r.h.projects.Find(ctx, caller, registeredProject)
	if errors.Is(err, project.ErrNotFound) {
		var made []project.Workspace
		_, made, err = r.h.projects.Create(ctx, caller, project.NewProject{
			Name: registeredProject, Title: registeredTitle, Description: "Clients that registered themselves (RFC 7591). Delete those that nobody uses.",
		})
		if err == nil {
			return made, nil
		}
		if errors.Is(err, project.ErrNameTaken) { // another request has made it meanwhile
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	all, err := r.h.projects.Workspaces(ctx, caller, registeredProject)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("the project %q has no workspace", registeredProject)
	}
	return all, err
}

func registrationMode(name, fallback, doc string, at func(*Config) *string) setting {
	s := text(name, fallback, doc, at)
	s.set = func(c *Config, v []string) error {
		*at(c) = strings.Join(v, "")
		switch *at(c) {
		case registrationOff, registrationToken, registrationOpen:
			return nil
		}
		return fmt.Errorf("%q is not one of off, token and open", *at(c))
	}
	return s
}

// registration checks that somebody owns clients that register without a token.
func (c *checks) registration() {
	switch {
	case c.Registration != registrationOpen && c.RegistrationOrganization != "":
		c.add("authority.registration_organization", "is of no use while clients register with a token, or not at all", "leave it out, or set authority.registration to open")
	case c.Registration == registrationOpen && c.RegistrationOrganization == "":
		c.add("authority.registration", "is open, and it is not said whose the clients are that register", "name an organization in authority.registration_organization, or set it to token")
	}
}
