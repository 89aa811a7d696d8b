package ims

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/secret"
)

// fields are a configuration's values as its definition asks for them.
func (c *Configurations) fields(ctx context.Context, of *Configuration) (map[string]any, error) {
	out := map[string]any{"clientId": of.ClientID, "clientSecret": of.Secret.Reveal(), "organizationId": of.IMSOrganization}
	if of.Type == OAuth {
		out["scopes"] = strings.Join(of.Scopes, ",")
		return out, nil
	}
	key, err := c.current(ctx, of.place(), of.Alias)
	if err != nil {
		return nil, fmt.Errorf("reading the key %q: %w", of.Alias, err)
	}
	out["technicalAccount"], out["metascopes"], out["privateKey"] = of.TechnicalAccount, strings.Join(of.Metascopes, " "), key.Private.Reveal()
	return out, nil
}

// connect makes a connection for a configuration, which asks for its first token. The error is a
// [*connection.ProviderError] when there is none.
func (c *Configurations) connect(ctx context.Context, caller access.Caller, of *Configuration) (string, error) {
	definition, err := c.ensureDefinition(ctx, caller, of)
	if err != nil {
		return "", err
	}
	fields, err := c.fields(ctx, of)
	if err != nil {
		return "", err
	}
	// The name is a label where it is free, so that the token can be read by it.
	for _, label := range []string{of.Name, "ims-" + of.Name, ""} {
		made, err := c.config.Connections.Create(ctx, acting(caller), connection.Create{Sandbox: of.Sandbox, Definition: definition, Fields: fields, Label: label})
		if !errors.Is(err, connection.ErrLabelTaken) {
			return made.Connection.ID, err
		}
	}
	return "", connection.ErrLabelTaken // "" is never taken
}

// renew asks for a new token now, by the connection, or by a first one that is kept with the configuration.
func (c *Configurations) renew(ctx context.Context, caller access.Caller, of *Configuration) error {
	if of.Connection != "" {
		_, err := c.config.Connections.Reauthorize(ctx, acting(caller), connection.Ref{Sandbox: of.Sandbox, Name: of.Connection}, connection.Reauthorize{})
		if !errors.Is(err, connection.ErrNotFound) {
			return err
		}
		of.Connection = "" // somebody has deleted it
	}
	id, err := c.connect(ctx, caller, of)
	if err != nil {
		return err
	}
	of.Connection = id
	err = c.keep(ctx, caller, of, "ims_configuration.connect")
	if errors.Is(err, ErrConflict) { // another was first; both have a token
		c.disconnect(ctx, caller, of, id)
		found, again := c.config.Store.Find(ctx, of.place(), of.ID)
		if again == nil && found.Connection != "" {
			*of, err = found, nil
		}
	}
	return err
}

// reconnect makes a changed configuration's connection fit it, asking for a token with the new values. It gives the connection
// that is to be dropped when the change is kept, "" for none.
func (c *Configurations) reconnect(ctx context.Context, caller access.Caller, before, after *Configuration) (old string, err error) {
	if before.Connection == "" {
		return "", nil
	}
	if before.Type == after.Type && before.Server == after.Server {
		fields, err := c.fields(ctx, after)
		if err != nil {
			return "", err
		}
		_, err = c.config.Connections.Patch(ctx, acting(caller), connection.Ref{Sandbox: after.Sandbox, Name: after.Connection}, connection.Patch{Fields: fields})
		if errors.Is(err, connection.ErrNotFound) {
			after.Connection, err = "", nil
		}
		return "", err
	}
	id, err := c.connect(ctx, caller, after)
	if err != nil {
		return "", err
	}
	after.Connection = id
	return before.Connection, nil
}

// drop deletes a connection that another has taken the place of, and gives that one its label.
func (c *Configurations) drop(ctx context.Context, caller access.Caller, old string, of *Configuration) {
	if old == "" {
		return
	}
	c.disconnect(ctx, caller, of, old)
	label := of.Name
	_, err := c.config.Connections.Patch(ctx, acting(caller), connection.Ref{Sandbox: of.Sandbox, Name: of.Connection}, connection.Patch{Label: &label})
	if err != nil {
		c.config.Log.WarnContext(ctx, "a connection keeps another label than its IMS configuration's name", "connection", of.Connection, "error", err)
	}
}

func (c *Configurations) disconnect(ctx context.Context, caller access.Caller, of *Configuration, id string) {
	_, err := c.config.Connections.Delete(ctx, acting(caller), connection.Ref{Sandbox: of.Sandbox, Name: id})
	if err != nil && !errors.Is(err, connection.ErrNotFound) {
		c.config.Log.WarnContext(ctx, "a connection that nothing uses could not be deleted", "connection", id, "error", err)
	}
}

// Access is what calls of a product take.
type Access struct {
	Token secret.String
	// APIKey is sent beside the token as x-api-key.
	APIKey, Server, IMSOrganization string
	Solution                        Solution
}

// Access gives a configuration's fresh token, as AEM's token provider does by name. It takes tokens:read.
func (c *Configurations) Access(ctx context.Context, caller access.Caller, ref Ref) (Access, error) {
	found, err := c.find(ctx, caller, ref, access.TokensRead)
	if err != nil {
		return Access{}, err
	}
	return c.access(ctx, caller, &found)
}

func (c *Configurations) access(ctx context.Context, caller access.Caller, of *Configuration) (Access, error) {
	if missing := of.Missing(); len(missing) > 0 {
		return Access{}, fmt.Errorf("the configuration %s is a draft that lacks %s: %w", of.Name, strings.Join(missing, ", "), ErrState)
	}
	if of.Connection == "" {
		if err := c.renew(ctx, caller, of); err != nil {
			return Access{}, err
		}
	}
	token, err := c.config.Tokens.Token(ctx, acting(caller), of.Connection, connection.Want{Sandbox: of.Sandbox})
	if err != nil {
		return Access{}, err
	}
	return Access{token.AccessToken, of.ClientID, of.Server, of.IMSOrganization, of.Solution}, nil
}
