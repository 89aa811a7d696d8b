package project_test

import (
	"testing"
	"time"

	"latchkey/internal/project"
)

// TestMigration moves a credential from JWT to OAuth (spec/ims-and-console.md §2.8).
func TestMigration(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	ctx := t.Context()
	oauth := c.create(t, admin, "oauth", project.OAuthServerToServer)
	_, err := c.credentials.StartMigration(ctx, admin, oauth.ID)
	wantMigrating(t, "StartMigration() of an OAuth credential", err, "only a service_account_jwt")
	made := c.create(t, admin, "jwt", project.ServiceAccountJWT, project.Wish{Service: project.IOManagementAPI})
	if status, err := c.credentials.Migration(ctx, viewer, made.ID); err != nil || status.State != project.MigrationNotStarted || status.Obstacle != "" {
		t.Errorf("Migration() = %+v, %v", status, err)
	}
	_, err = c.credentials.FinishMigration(ctx, admin, made.ID)
	wantMigrating(t, "FinishMigration() of none", err, "no migration is under way")
	c.use(t, made, project.GrantClientCredentials, "10.0.0.1", made.Secrets[0].UUID) // before the migration: counts for nothing
	c.hand.Advance(time.Second)
	if _, err := c.credentials.StartMigration(ctx, admin, made.ID); err != nil {
		t.Fatal(err)
	}
	_, err = c.credentials.StartMigration(ctx, admin, made.ID)
	wantMigrating(t, "StartMigration() twice", err, "under way")
	client, err := c.clients.Client(ctx, made.ClientID)
	if err != nil || !client.ExchangesJWT() || !client.GrantsCredentials() || client.Migration != project.MigrationStarted {
		t.Errorf("Client() while it migrates = %+v, %v", client, err)
	}
	testFrozen(t, c, made)
	testFinish(t, c, made)
}

// testFrozen holds what can't be done while a credential migrates.
func testFrozen(t *testing.T, c *console, made project.Credential) {
	ctx := t.Context()
	_, err := c.credentials.Subscribe(ctx, admin, made.ID, project.Wish{Service: project.LatchkeyAPI})
	wantMigrating(t, "Subscribe() while it migrates", err, "can't be added")
	_, err = c.credentials.Unsubscribe(ctx, admin, made.ID, project.IOManagementAPI)
	wantMigrating(t, "Unsubscribe() while it migrates", err, "can't be taken")
	_, err = c.credentials.AddSecret(ctx, admin, made.ID)
	wantMigrating(t, "AddSecret() while it migrates", err, "secrets can't be changed")
	wantMigrating(t, "DeleteSecret() while it migrates", c.credentials.DeleteSecret(ctx, admin, made.ID, made.Secrets[0].UUID), "secrets can't be changed")
}

func testFinish(t *testing.T, c *console, made project.Credential) {
	ctx := t.Context()
	secret, binding := made.Secrets[0].UUID, made.Bindings[0].ID
	finish := func() error {
		_, err := c.credentials.FinishMigration(ctx, admin, made.ID)
		return err
	}
	wantMigrating(t, "FinishMigration() before client credentials were used", finish(), "no token was taken with client credentials yet")
	c.use(t, made, project.GrantClientCredentials, "10.0.0.1", secret)
	c.hand.Advance(time.Second)
	c.use(t, made, project.GrantJWT, "10.0.0.2 Campaign", binding)
	c.use(t, made, project.GrantJWT, "10.0.0.2 Campaign", secret) // it was presented beside the assertion
	wantMigrating(t, "FinishMigration() while the old way is used", finish(), "10.0.0.2 Campaign")
	status, err := c.credentials.Migration(ctx, viewer, made.ID)
	if err != nil || status.Obstacle == "" || len(status.JWT) != 1 || len(status.OAuth) != 1 {
		t.Errorf("Migration() = %+v, %v", status, err)
	}
	if _, err := c.credentials.CancelMigration(ctx, admin, made.ID); err != nil {
		t.Fatal(err)
	}
	if client, err := c.clients.Client(ctx, made.ClientID); err != nil || client.GrantsCredentials() {
		t.Errorf("Client() after a cancelled migration = %+v, %v", client, err)
	}
	c.hand.Advance(time.Second)
	if _, err := c.credentials.StartMigration(ctx, admin, made.ID); err != nil {
		t.Fatal(err)
	}
	c.hand.Advance(time.Second)
	c.use(t, made, project.GrantClientCredentials, "10.0.0.2 Campaign", secret)
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	got := c.find(t, made.ID)
	if got.Kind != project.OAuthServerToServer || got.Migration.State != project.MigrationCompleted || len(got.Bindings) != 0 ||
		got.ClientID != made.ClientID || got.TechnicalAccount != made.TechnicalAccount || len(got.Services) != 1 {
		t.Errorf("after the migration the credential is %+v", got)
	}
	client, err := c.clients.Client(ctx, made.ClientID)
	if err != nil || client.ExchangesJWT() || !client.GrantsCredentials() || len(client.Bindings) != 0 {
		t.Errorf("Client() after the migration = %+v, %v", client, err)
	}
	_, err = c.credentials.CancelMigration(ctx, admin, made.ID)
	wantMigrating(t, "CancelMigration() of a finished one", err, "no migration is under way")
}
