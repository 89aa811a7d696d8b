package ims

import (
	"context"
	"fmt"
	"slices"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// Migrate asks to go from JWT to OAuth server-to-server, on the same client id (spec/aem-target-analytics.md §1.6).
type Migrate struct {
	// Secret is the OAuth credential's; empty is that of a migration that was begun, else the configuration's own.
	Secret secret.String
	// Scopes are what the console shows; none are those of a migration that was begun, else what the solution usually has.
	Scopes []string
}

// Migrated is how far a migration has come.
type Migrated struct {
	Configuration Configuration
	// Done says that the configuration is OAuth's now.
	Done bool
	// Refused is the layer "token" of an attempt that failed; the JWT part serves on.
	Refused *finding.Layer
}

// SuggestedScopes are what a solution's OAuth credential usually has (spec/aem-target-analytics.md §1.7).
func SuggestedScopes(s Solution) []string {
	switch s {
	case Target:
		return []string{"openid", "AdobeID", "read_organizations", profileScope, "additional_info.roles", "adobeio_api", "read_pc.dma_bullseye", "target_sdk"}
	case Analytics:
		return []string{"openid", "AdobeID", "read_organizations", "session", profileScope, "additional_info.job_function"}
	}
	return []string{"openid", "AdobeID", "read_organizations", profileScope}
}

// Migrate begins a migration or tries one again. The JWT part, with its connection, stays until the OAuth part has had a token:
// what is refused changes nothing but that the migration is noted.
func (c *Configurations) Migrate(ctx context.Context, caller access.Caller, ref Ref, ask Migrate) (Migrated, error) {
	found, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Migrated{}, err
	}
	if found.Type != JWT {
		return Migrated{}, fmt.Errorf("the configuration %s is OAuth's already: %w", found.Name, ErrState)
	}
	before := found
	if err := begin(&found, ask, c); err != nil {
		return Migrated{}, err
	}
	if err := c.keep(ctx, caller, &found, "ims_configuration.migrate"); err != nil {
		return Migrated{}, err
	}
	after := found
	after.Type, after.Secret, after.Scopes, after.Migration = OAuth, found.Migration.Secret, found.Migration.Scopes, nil
	after.Connection, after.Alias, after.Metascopes = "", "", nil
	if after.Connection, err = c.connect(ctx, caller, &after); err != nil {
		x := &checkup{Configurations: c, caller: caller, of: &after}
		layer, err := x.failure(ctx, err)
		return Migrated{Configuration: found, Refused: layer}, err
	}
	if err := c.keep(ctx, caller, &after, "ims_configuration.migrated"); err != nil {
		c.disconnect(ctx, caller, &after, after.Connection)
		return Migrated{}, err
	}
	c.drop(ctx, caller, before.Connection, &after)
	c.tidy(ctx, caller, &before)
	return Migrated{Configuration: after, Done: true}, nil
}

// begin notes what the migration goes to.
func begin(to *Configuration, ask Migrate, c *Configurations) error {
	var problems finding.Problems
	next := Migration{Since: c.now(), Secret: to.Secret, Scopes: SuggestedScopes(to.Solution)}
	if to.Migration != nil {
		next = *to.Migration
	}
	if !ask.Secret.Empty() {
		next.Secret = tidySecret(ask.Secret, &problems)
	}
	if len(ask.Scopes) > 0 {
		next.Scopes = scopes("/scopes", ask.Scopes, &problems)
	}
	for _, missing := range to.Missing() {
		if slices.Contains([]string{"authorization_server", "api_key", "organization_id"}, missing) {
			problems.Wrong("/"+missing, "the configuration lacks it", "edit the configuration first")
		}
	}
	if next.Secret.Empty() {
		problems.Wrong("/client_secret", "the client secret of the OAuth credential is missing", "copy it from the console's OAuth Server-to-Server credential")
	}
	to.Migration = &next
	return problems.Errors()
}

// CancelMigration forgets a migration that is not through.
func (c *Configurations) CancelMigration(ctx context.Context, caller access.Caller, ref Ref) (Configuration, error) {
	found, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Configuration{}, err
	}
	if found.Migration == nil {
		return Configuration{}, fmt.Errorf("no migration of %s is under way: %w", found.Name, ErrState)
	}
	found.Migration = nil
	return found, c.keep(ctx, caller, &found, "ims_configuration.migration_cancel")
}
