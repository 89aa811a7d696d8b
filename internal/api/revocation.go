package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/revocation"
)

// Revocation is the grant of a deleted connection, on its way to its end at the provider.
type Revocation struct {
	ID            string             `json:"id" example:"rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	State         string             `json:"state" enum:"waiting,revoked,failed,none" doc:"waiting: it is tried, for three days; revoked: the provider has ended the grant; failed: it could not be revoked, and the grant may be alive; none: there was no way to revoke it, which an offboarding notes."`
	Connection    string             `json:"connection" doc:"The id of the connection, which is gone." example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Label         *string            `json:"label" doc:"Its label, or null." example:"acme-emea"`
	Sandbox       string             `json:"sandbox" example:"prod"`
	Definition    string             `json:"definition" doc:"The name of its definition." example:"moviestar"`
	Provider      string             `json:"provider" doc:"The host that is asked." example:"api.moviestar.com"`
	Attempts      int                `json:"attempts" doc:"How often it was." example:"1"`
	NextAttemptAt *time.Time         `json:"next_attempt_at" doc:"Null when there will be none."`
	LastFailure   *RevocationFailure `json:"last_failure" doc:"Null when there was none."`
	DeletedBy     string             `json:"deleted_by" doc:"The id of the key that deleted the connection." example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	CreatedAt     time.Time          `json:"created_at" doc:"When the connection was deleted, or the revocation was last tried again by hand."`
	EndedAt       *time.Time         `json:"ended_at" doc:"Null while it waits."`
}

// RevocationFailure is how an attempt failed.
type RevocationFailure struct {
	Class       string     `json:"class" doc:"denied, client_dead, provider_down or bad_response; none: there was no way; busy: the provider was not asked, to spare it." example:"provider_down"`
	Code        string     `json:"code,omitempty" doc:"The provider's error code." example:"temporarily_unavailable"`
	Status      int        `json:"status,omitempty" doc:"Its HTTP status." example:"503"`
	Description string     `json:"description,omitempty" doc:"Its own words, cleaned and shortened."`
	Endpoint    string     `json:"endpoint,omitempty" doc:"Host and path that were asked." example:"api.moviestar.com/oauth/revoke"`
	At          *time.Time `json:"at"`
}

type (
	revocationID struct {
		ID string `path:"id" doc:"The revocation's id." example:"rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	}
	listRevocations struct {
		Paging
		State string `query:"state" enum:"waiting,revoked,failed,none" doc:"Only those in this state. failed is the list of what could not be revoked."`
	}
	deletedConnection struct {
		Location string `header:"Location" doc:"The revocation of its grant, where there is one."`
	}
)

const revocationAnswer = `{
  "id": "rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "state": "waiting", "connection": "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "label": "acme-emea", "sandbox": "prod",
  "definition": "moviestar", "provider": "api.moviestar.com", "attempts": 1, "next_attempt_at": "2026-11-21T09:31:00Z",
  "last_failure": {"class": "provider_down", "status": 503, "endpoint": "api.moviestar.com/oauth/revoke", "at": "2026-11-21T09:30:00Z"},
  "deleted_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "ended_at": null
}`

func (s *server) revocationRoutes(h huma.API) {
	const base = apiPrefix + "/revocations"
	const tag = "Revocations"
	missing := []*Kind{kindNotFound}
	add(s, h, operation{id: "list-revocations", method: http.MethodGet, path: base, tag: tag,
		summary: "List revocations", description: "Of the grants of deleted connections, newest first, in the sandbox that is named or in all of them. What ended is kept for 30 days.",
		scope: access.ConnectionsRead}, s.listRevocations)
	add(s, h, operation{id: "get-revocation", method: http.MethodGet, path: base + "/{id}", tag: tag,
		summary: "Read a revocation", scope: access.ConnectionsRead, answers: revocationAnswer, fails: missing}, s.getRevocation)
	add(s, h, operation{id: "retry-revocation", method: http.MethodPost, path: base + "/{id}/retry", tag: tag,
		summary: "Try a revocation again now", description: "From the beginning of its schedule: for three days more.",
		scope: access.ConnectionsWrite, answers: revocationAnswer, fails: []*Kind{kindNotFound, kindState}}, s.retryRevocation)
	add(s, h, operation{id: "forget-revocation", method: http.MethodDelete, path: base + "/{id}", tag: tag, status: http.StatusNoContent,
		summary: "Forget a revocation", description: "With the tokens that are kept for it. The grant at the provider is not touched: end it there by hand first.",
		scope: access.ConnectionsWrite, fails: missing}, s.forgetRevocation)
}

func (s *server) listRevocations(ctx context.Context, c call, in *listRevocations) (*reply[Page[Revocation]], error) {
	before, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	if err != nil {
		return nil, badCursor()
	}
	jobs, err := s.Revocations.List(ctx, c.within(), revocation.Selection{
		State: revocation.State(in.State), Before: string(before), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	out := Page[Revocation]{Limit: in.Limit}
	if len(jobs) > in.Limit {
		jobs = jobs[:in.Limit]
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(jobs[in.Limit-1].ID))
	}
	out.Items = mapped(jobs, shownRevocation)
	return &reply[Page[Revocation]]{out}, nil
}

func (s *server) getRevocation(ctx context.Context, c call, in *revocationID) (*reply[Revocation], error) {
	return answerRevocation(s.Revocations.Get(ctx, c.within(), in.ID))
}

func (s *server) retryRevocation(ctx context.Context, c call, in *revocationID) (*reply[Revocation], error) {
	return answerRevocation(s.Revocations.Retry(ctx, c.within(), in.ID))
}

func (s *server) forgetRevocation(ctx context.Context, c call, in *revocationID) (*done, error) {
	return nil, s.Revocations.Forget(ctx, c.within(), in.ID)
}

func answerRevocation(job revocation.Job, err error) (*reply[Revocation], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Revocation]{shownRevocation(job)}, nil
}

func shownRevocation(j revocation.Job) Revocation {
	out := Revocation{
		ID: j.ID, State: string(j.State), Connection: j.Connection, Label: optional(j.Label), Sandbox: j.Sandbox, Definition: j.DefinitionName,
		Provider: j.Host, Attempts: j.Attempts, NextAttemptAt: stamp(j.DueAt), DeletedBy: j.DeletedBy, CreatedAt: j.CreatedAt.UTC(),
		EndedAt: stamp(j.EndedAt),
	}
	if f := j.Last; f != nil {
		out.LastFailure = &RevocationFailure{f.Class, f.Code, f.Status, f.Description, f.Endpoint, stamp(f.At)}
	}
	return out
}
