package project

import (
	"context"
	"fmt"

	"latchkey/internal/access"
)

// A JWT credential moves to OAuth server-to-server without downtime (spec/ims-and-console.md §2.8): while the migration
// runs, the same client id and technical account take both; then the certificates go. Nothing else can be changed
// meanwhile, so that both are the same to the services.

// MigrationStatus says how far a migration is, and who still comes the old way.
type MigrationStatus struct {
	Migration
	// JWT and OAuth are the last uses of each way, the latest first; of OAuth those since the migration began.
	JWT, OAuth []Usage
	// Obstacle says why it can't be finished now; "" when it can, or when none is under way.
	Obstacle string
}

// Migration tells how far a credential's migration is.
func (c *Credentials) Migration(ctx context.Context, caller access.Caller, ref string) (MigrationStatus, error) {
	if err := c.config.flush(ctx); err != nil {
		return MigrationStatus{}, err
	}
	credential, err := c.Find(ctx, caller, ref)
	if err != nil {
		return MigrationStatus{}, err
	}
	return credential.migration(), nil
}

func (c *Credential) migration() MigrationStatus {
	status := MigrationStatus{Migration: c.Migration}
	for _, b := range c.Bindings {
		status.JWT = append(status.JWT, b.Uses...)
	}
	for _, s := range c.Secrets {
		for _, u := range s.Uses {
			if u.Grant == GrantClientCredentials && !u.At.Before(c.Migration.At) {
				status.OAuth = append(status.OAuth, u)
			}
		}
	}
	latestFirst(status.JWT)
	latestFirst(status.OAuth)
	if c.Migration.State != MigrationStarted {
		return status
	}
	jwt, oauth := latest(status.JWT), latest(status.OAuth)
	switch {
	case oauth.At.IsZero():
		status.Obstacle = "no token was taken with client credentials yet"
	case !oauth.At.After(jwt.At):
		status.Obstacle = fmt.Sprintf("the old way was used last: %s; the new one before, %s", since(status.JWT, oauth.At), oauth.words())
	}
	return status
}

// StartMigration lets a JWT credential take client credentials too.
func (c *Credentials) StartMigration(ctx context.Context, caller access.Caller, ref string) (Credential, error) {
	return c.change(ctx, caller, ref, "migration.start", func(credential *Credential) (map[string]string, error) {
		switch {
		case credential.Kind != ServiceAccountJWT:
			return nil, &MigratingError{credential.Name, "only a service_account_jwt credential migrates to OAuth server-to-server", "it is one of the kind " + string(credential.Kind)}
		case credential.Migration.State == MigrationStarted:
			return nil, &MigratingError{credential.Name, "the migration is under way", "finish or cancel it"}
		}
		credential.Migration = Migration{MigrationStarted, credential.UpdatedAt}
		return nil, nil
	})
}

// CancelMigration puts a credential back to JWT alone.
func (c *Credentials) CancelMigration(ctx context.Context, caller access.Caller, ref string) (Credential, error) {
	return c.change(ctx, caller, ref, "migration.cancel", func(credential *Credential) (map[string]string, error) {
		if err := credential.migrating(); err != nil {
			return nil, err
		}
		credential.Migration = Migration{State: MigrationNotStarted}
		return nil, nil
	})
}

// FinishMigration makes a credential one of OAuth server-to-server, and ends its certificates. It can't be undone, and
// fails with a [*MigratingError] until client credentials were used later than the last assertion.
func (c *Credentials) FinishMigration(ctx context.Context, caller access.Caller, ref string) (Credential, error) {
	if err := c.config.flush(ctx); err != nil {
		return Credential{}, err
	}
	return c.change(ctx, caller, ref, "migration.finish", func(credential *Credential) (map[string]string, error) {
		if err := credential.migrating(); err != nil {
			return nil, err
		}
		if obstacle := credential.migration().Obstacle; obstacle != "" {
			return nil, &MigratingError{credential.Name, "the migration can't be finished: " + obstacle, "let every place that uses the credential take tokens by client credentials, and finish then"}
		}
		credential.Kind, credential.Bindings = OAuthServerToServer, nil
		credential.Migration = Migration{MigrationCompleted, credential.UpdatedAt}
		return nil, nil
	})
}

func (c *Credential) migrating() error {
	if c.Migration.State == MigrationStarted {
		return nil
	}
	return &MigratingError{c.Name, "no migration is under way", "start one first"}
}
