package ims

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/destination/builtin"
)

// The built-in definitions. There is one for each authorization server, because a definition writes out where secrets go.

// definitionName is the definition's name: "adobe-ims-jwt@ims-na1.adobelogin.com".
func definitionName(t Type, server string) string {
	return "adobe-ims-" + string(t) + "@" + hostOf(server)
}

// BuiltIn tells whether a definition is one that configurations make and keep up to date by themselves, by its name.
func BuiltIn(name string) bool {
	return strings.HasPrefix(name, definitionName(JWT, "")) || strings.HasPrefix(name, definitionName(OAuth, ""))
}

// Definition writes the built-in definition of a type and a server.
func Definition(t Type, server string) ([]byte, error) {
	name := definitionName(t, server)
	if t == OAuth {
		return builtin.IMSOAuth(name, server)
	}
	return builtin.IMSJWT(name, server)
}

// acting is the caller with the rights of what a configuration does by itself, once the caller's own were checked: to keep its
// definition, and to read its token.
func acting(caller access.Caller) access.Caller {
	caller.Scopes = access.Scopes{access.DefinitionsWrite, access.ConnectionsWrite, access.TokensRead}
	return caller
}

// ensureDefinition makes the built-in definition in a sandbox where it is missing, or brings it up to date, and gives its name.
func (c *Configurations) ensureDefinition(ctx context.Context, caller access.Caller, of *Configuration) (string, error) {
	name := definitionName(of.Type, of.Server)
	text, err := Definition(of.Type, of.Server)
	if err != nil {
		return "", err
	}
	document, err := destination.ParseDocument(text)
	if err != nil {
		return "", fmt.Errorf("reading the definition %s: %w", name, err)
	}
	caller = acting(caller)
	ref, draft := destination.Ref{Sandbox: of.Sandbox, Name: name}, destination.Draft{Document: document}
	saved, err := c.config.Definitions.Get(ctx, caller, ref)
	switch {
	case errors.Is(err, destination.ErrNotFound):
		saved, err = c.config.Definitions.Create(ctx, caller, of.Sandbox, draft)
		if errors.Is(err, destination.ErrNameTaken) { // by another that does the same
			saved, err = c.config.Definitions.Get(ctx, caller, ref)
		}
	case err == nil:
		saved, err = c.config.Definitions.Update(ctx, caller, ref, draft)
	}
	if err == nil && saved.Definition.Published != saved.Definition.Draft {
		_, err = c.config.Definitions.Publish(ctx, caller, ref)
	}
	if err != nil && !errors.Is(err, destination.ErrConflict) { // another does the same
		return "", fmt.Errorf("keeping the definition %s: %w", name, err)
	}
	return name, nil
}

// tidy removes a built-in definition that nothing is connected to any more.
func (c *Configurations) tidy(ctx context.Context, caller access.Caller, of *Configuration) {
	if of.Connection == "" {
		return
	}
	name := definitionName(of.Type, of.Server)
	err := c.config.Definitions.Delete(ctx, acting(caller), destination.Ref{Sandbox: of.Sandbox, Name: name})
	if _, used := errors.AsType[*destination.InUseError](err); err != nil && !used && !errors.Is(err, destination.ErrNotFound) {
		c.config.Log.WarnContext(ctx, "a definition that nothing uses could not be removed", "definition", name, "error", err)
	}
}
