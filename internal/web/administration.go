package web

import (
	"errors"

	"latchkey/internal/authority"
	"latchkey/internal/registry"
)

// Administration is what the Admin Console and the settings work with beside the rooms of the other pages.
type Administration struct {
	// Tenants makes and deletes sandboxes.
	Tenants *registry.Directory
	// Agreements are what people agreed to give to clients.
	Agreements *authority.Consents
}

func (a *Administration) check() error {
	if a.Tenants == nil || a.Agreements == nil {
		return errors.New("web: Tenants and Agreements are needed")
	}
	return nil
}
