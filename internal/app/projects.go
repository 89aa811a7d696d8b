package app

import (
	"context"
	"errors"
	"net/http"

	"latchkey/internal/console"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/store"
)

// openProjects puts the developer console on the store.
func (h *house) openProjects() {
	h.clients = project.OpenClients(project.ClientsConfig{
		Store: h.store.Projects(), Hash: h.store.Keyring().Hash, Clock: h.clock, Log: h.log,
	})
	config := project.Config{
		Store: h.store.Projects(), Clients: h.clients, Organization: h.tenant, Hash: h.store.Keyring().Hash, Clock: h.clock,
		Loopback: h.workstation,
	}
	h.projects, h.services, h.credentials = project.NewProjects(config), project.NewCatalogue(config), project.NewCredentials(config)
	h.users = registry.NewUsers(registry.UsersConfig{
		Store: h.store.Registry(), Hash: h.store.Keyring().Hash, Clock: h.clock, Profiles: h.checkProfiles,
	})
	h.firstStart = registry.NewFirstStart(registry.FirstStartConfig{
		Store: h.store.Registry(), Users: h.users, Hash: h.store.Keyring().Hash, Clock: h.clock,
		OrganizationID: h.config.OrganizationID, Name: h.config.proposedName(),
	})
	h.factors = registry.NewFactors(registry.FactorsConfig{
		Store: h.store.Registry(), Passkeys: h.store.Registry(), Users: h.users, Hash: h.store.Keyring().Hash, Clock: h.clock,
	})
	h.passkeys = registry.NewPasskeys(registry.PasskeysConfig{Store: h.store.Registry(), Users: h.users, Hash: h.store.Keyring().Hash, Clock: h.clock, Log: h.log})
	h.sessions = registry.NewSessions(registry.SessionsConfig{
		Factors: h.factors, Store: h.store.Registry(), Hash: h.store.Keyring().Hash, Life: h.config.SessionLife, Idle: h.config.SessionIdle, Clock: h.clock, Log: h.log,
	})
}

// checkProfiles tells the registry whether a developer's product profiles are there, in its own words.
func (h *house) checkProfiles(ctx context.Context, organization string, ids []string) error {
	err := h.services.CheckProfiles(ctx, organization, ids)
	if invalid, ok := errors.AsType[*project.InvalidError](err); ok {
		return &registry.InvalidError{Pointer: invalid.Pointer, Message: invalid.Message, Fix: invalid.Fix}
	}
	return err
}

// tenant tells the developer console what there is to know of an organization.
func (h *house) tenant(ctx context.Context, id string) (project.Organization, error) {
	o, err := h.directory.Organization(ctx, operator(), id)
	if errors.Is(err, registry.ErrNotFound) {
		return project.Organization{}, project.ErrNotFound
	}
	return project.Organization{ID: o.ID, Number: o.Number, Name: o.Name}, err
}

// heardClient lets go of what another node has changed of a client.
func (h *house) heardClient(news store.News) {
	if news.ID == store.AllClients {
		h.clients.Forget()
		return
	}
	h.clients.Forget(news.ID)
}

// developerConsole makes the vendor's API of the developer console.
func (h *house) developerConsole() (http.Handler, error) {
	return console.New(console.Config{
		Directory: h.directory, Projects: h.projects, Services: h.services, Credentials: h.credentials, Key: h.keyring.Authenticate,
		Token: h.authority.ConsoleCaller, Clock: h.clock, Log: h.log,
	})
}
