package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// MigrationStatus says how far a credential is on its way from JWT to OAuth, and who still comes the old way.
type MigrationStatus struct {
	State    string     `json:"state" enum:"none,not_started,started,completed" example:"started"`
	At       *time.Time `json:"at" doc:"Since when."`
	JWT      []ProofUse `json:"jwt" nullable:"false" doc:"The last exchange of a JWT from each place, the latest first."`
	OAuth    []ProofUse `json:"oauth" nullable:"false" doc:"The last client credentials from each place since the migration began, the latest first."`
	Obstacle *string    `json:"obstacle" doc:"Why it can't be finished now; null when it can, or when none is under way." example:"no token was taken with client credentials yet"`
}

const migrationAnswer = `{"state": "started", "at": "2026-11-21T09:30:00Z", "jwt": [{"grant": "exchange_jwt", "from": "192.0.2.7 node-fetch/1.0", "at": "2026-11-21T09:29:00Z"}], "oauth": [], "obstacle": "no token was taken with client credentials yet"}`

func (s *server) migrationRoutes(h huma.API) {
	const base = credentialsPath + "/{ref}/migration"
	const tag = "Credentials"
	fails := []*Kind{kindNotFound, kindState}
	add(s, h, operation{id: "get-migration", method: http.MethodGet, path: base, tag: tag,
		summary: "Read how far a migration is", description: "From JWT to OAuth server-to-server: its state, and who uses which way.", scope: access.RegistryRead, answers: migrationAnswer, fails: []*Kind{kindNotFound}}, s.getMigration)
	add(s, h, operation{id: "start-migration", method: http.MethodPost, path: base, tag: tag,
		summary: "Start a migration", description: "The same client id and technical account take client credentials too. Meanwhile services and secrets can't be changed.",
		scope: access.RegistryWrite, answers: migrationAnswer, fails: fails}, s.startMigration)
	add(s, h, operation{id: "finish-migration", method: http.MethodPost, path: base + "/finish", tag: tag,
		summary: "Finish a migration", description: "Ends the certificates; it can't be undone. Refused until client credentials were used later than the last JWT.",
		scope: access.RegistryWrite, answers: migrationAnswer, fails: fails}, s.finishMigration)
	add(s, h, operation{id: "cancel-migration", method: http.MethodDelete, path: base, tag: tag, status: http.StatusNoContent,
		summary: "Cancel a migration", description: "The credential takes JWTs alone again.", scope: access.RegistryWrite, fails: fails}, s.cancelMigration)
}

func (s *server) getMigration(ctx context.Context, c call, in *credentialRef) (*reply[MigrationStatus], error) {
	status, err := s.Credentials.Migration(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	return &reply[MigrationStatus]{shownMigration(status)}, nil
}

func (s *server) startMigration(ctx context.Context, c call, in *credentialRef) (*reply[MigrationStatus], error) {
	if _, err := s.Credentials.StartMigration(ctx, c.caller, in.Ref); err != nil {
		return nil, err
	}
	return s.getMigration(ctx, c, in)
}

func (s *server) finishMigration(ctx context.Context, c call, in *credentialRef) (*reply[MigrationStatus], error) {
	if _, err := s.Credentials.FinishMigration(ctx, c.caller, in.Ref); err != nil {
		return nil, err
	}
	return s.getMigration(ctx, c, in)
}

func (s *server) cancelMigration(ctx context.Context, c call, in *credentialRef) (*done, error) {
	_, err := s.Credentials.CancelMigration(ctx, c.caller, in.Ref)
	return nil, err
}

func shownMigration(m project.MigrationStatus) MigrationStatus {
	return MigrationStatus{
		State: string(m.State), At: stamp(m.At), JWT: mapped(m.JWT, shownUse), OAuth: mapped(m.OAuth, shownUse), Obstacle: optional(m.Obstacle),
	}
}
