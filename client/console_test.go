package client_test

import (
	"context"
	"testing"

	"latchkey/client"
)

// TestConsoleRoutes holds the methods of the developer console against the route and the body that each stands for.
func TestConsoleRoutes(t *testing.T) {
	title, enabled := "T", false
	for _, c := range []struct {
		want string // method, URI, body
		call func(context.Context, *client.Client) error
	}{
		{"GET /api/v1/organizations/a@b ", func(ctx context.Context, c *client.Client) error { _, err := c.Organization(ctx, "a@b"); return err }},
		{`POST /api/v1/projects {"name":"P"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateProject(ctx, client.NewProject{Name: "P"})
			return err
		}},
		{`PATCH /api/v1/projects/P {"title":"T"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.UpdateProject(ctx, "P", client.ProjectPatch{Title: &title})
			return err
		}},
		{"GET /api/v1/projects/P/workspaces/W/download ", func(ctx context.Context, c *client.Client) error {
			_, err := c.DownloadWorkspace(ctx, "P", "W")
			return err
		}},
		{"DELETE /api/v1/projects/P/workspaces/W ", func(ctx context.Context, c *client.Client) error { return c.DeleteWorkspace(ctx, "P", "W") }},
		{"GET /api/v1/credentials?kind=api_key ", func(ctx context.Context, c *client.Client) error {
			for _, err := range c.Credentials(ctx, client.CredentialFilter{Kind: "api_key"}) {
				return err
			}
			return nil
		}},
		{`PATCH /api/v1/credentials/c {"enabled":false}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.UpdateCredential(ctx, "c", client.CredentialPatch{Enabled: &enabled})
			return err
		}},
		{"POST /api/v1/credentials/c/secrets ", func(ctx context.Context, c *client.Client) error {
			_, err := c.CreateClientSecret(ctx, "c")
			return err
		}},
		{"POST /api/v1/credentials/c/secrets/reveal ", func(ctx context.Context, c *client.Client) error {
			_, err := c.ClientSecretValues(ctx, "c")
			return err
		}},
		{"DELETE /api/v1/credentials/c/secrets/u?retire=true ", func(ctx context.Context, c *client.Client) error { return c.RetireClientSecret(ctx, "c", "u") }},
		{`POST /api/v1/credentials/c/certificates {"certificate":"PEM","require_jti":true}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.AddCertificate(ctx, "c", "PEM", true)
			return err
		}},
		{`PUT /api/v1/credentials/c/services/S {"profiles":["1"]}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.Subscribe(ctx, "c", client.SubscriptionRequest{Service: "S", Profiles: []string{"1"}})
			return err
		}},
		{`PUT /api/v1/credentials/c/services/S/role {"role":"editor"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.SetProductRole(ctx, "c", "S", "", "editor")
			return err
		}},
		{"POST /api/v1/credentials/c/migration/finish ", func(ctx context.Context, c *client.Client) error { _, err := c.FinishMigration(ctx, "c"); return err }},
		{"DELETE /api/v1/credentials/c/migration ", func(ctx context.Context, c *client.Client) error { return c.CancelMigration(ctx, "c") }},
		{"GET /api/v1/credentials/c/decisions ", func(ctx context.Context, c *client.Client) error {
			for _, err := range c.Decisions(ctx, "c") {
				return err
			}
			return nil
		}},
		{"GET /api/v1/decisions?debug_id=d ", func(ctx context.Context, c *client.Client) error {
			_, _, err := c.ExplainRefusal(ctx, "d")
			return err
		}},
		{"PUT /api/v1/services/S/entitlement ", func(ctx context.Context, c *client.Client) error { _, err := c.Entitle(ctx, "S"); return err }},
		{"GET /api/v1/profiles?service=S ", func(ctx context.Context, c *client.Client) error {
			for _, err := range c.Profiles(ctx, "S") {
				return err
			}
			return nil
		}},
		{`POST /api/v1/users {"email":"a@b.example","role":"viewer"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.InviteUser(ctx, client.NewUser{Email: "a@b.example", Role: "viewer"})
			return err
		}},
		{"POST /api/v1/users/a@b.example/reset ", func(ctx context.Context, c *client.Client) error {
			_, err := c.ResetUser(ctx, "a@b.example")
			return err
		}},
		{"GET /api/v1/users/a@b.example/consents ", func(ctx context.Context, c *client.Client) error {
			for _, err := range c.Consents(ctx, "a@b.example") {
				return err
			}
			return nil
		}},
		{"DELETE /api/v1/users/a@b.example/consents/web ", func(ctx context.Context, c *client.Client) error {
			return c.WithdrawConsent(ctx, "a@b.example", "web")
		}},
	} {
		s := newStub(t, answer(200, `{"items":[]}`))
		if err := c.call(t.Context(), s.client(t)); err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		got := s.requests()[0]
		if line := got.Method + " " + got.URI + " " + got.Body; line != c.want {
			t.Errorf("sent %s, want %s", line, c.want)
		}
	}
}
