package web

import (
	"errors"

	"latchkey/internal/adobesim"
	"latchkey/internal/authority"
	"latchkey/internal/registry"
	"latchkey/internal/simulator"
)

// Administration is what the Admin Console and the settings work with beside the rooms of the other pages.
type Administration struct {
	// Tenants makes and deletes sandboxes.
	Tenants *registry.Directory
	// Agreements are what people agreed to give to clients, SigningKeys what tokens are signed with.
	Agreements  *authority.Consents
	SigningKeys *authority.SigningKeys
	// Mail tells people; nil where no server is configured.
	Mail *Mailing
	// Simulator and Stage stand in for a provider and for the vendor's products, on a workstation; nil in production.
	Simulator *simulator.Simulator
	Stage     *adobesim.Sim
	// Backups makes them; nil where none are made.
	Backups Backups
	// Settings is the configuration, Checks what must work before this server takes traffic.
	Settings []Setting
	Checks   []Check
}

func (a *Administration) check() error {
	if a.Tenants == nil || a.Agreements == nil || a.SigningKeys == nil {
		return errors.New("web: Tenants, Agreements and SigningKeys are needed")
	}
	return nil
}
