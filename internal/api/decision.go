package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/decision"
)

// Decision is a refusal of the authorization server, or several that are alike.
type Decision struct {
	ID          string           `json:"id" example:"dec_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Credential  string           `json:"credential" doc:"The credential's id." example:"4566206088344958807"`
	ClientID    string           `json:"client_id" example:"e053e1a87cf74c68a6ec8e71d4a82662"`
	Error       string           `json:"error" doc:"What the client was told." example:"invalid_token"`
	Description string           `json:"error_description" example:"Could not match JWT signature to any of the bindings"`
	Reasons     []DecisionReason `json:"reasons" nullable:"false" doc:"What it was not told: what was tried, was there, or was expected, at the last time."`
	Advice      string           `json:"advice" doc:"What to do."`
	Grant       string           `json:"grant" doc:"exchange_jwt, or the grant type that was asked for." example:"exchange_jwt"`
	Path        string           `json:"path" example:"/ims/exchange/jwt"`
	From        *string          `json:"from" doc:"The address that it came from; null for several." example:"192.0.2.7"`
	Agent       string           `json:"user_agent" doc:"What the program there calls itself." example:"node-fetch/1.0"`
	Count       int64            `json:"count" doc:"How many were alike within a minute." example:"12"`
	FirstAt     time.Time        `json:"first_at"`
	LastAt      time.Time        `json:"last_at"`
	DebugIDs    []string         `json:"debug_ids" nullable:"false" doc:"The x-debug-id of each answer, of the first 20." example:"[\"ca8hxkKH2ZtT\"]"`
}

// DecisionReason is one fact.
type DecisionReason struct {
	Name  string `json:"name" example:"fingerprints_tried"`
	Value string `json:"value" example:"d71ab3fb6bba0c2f5de0ff2b1f0f4fb7e0d7b39a"`
}

type (
	decisionsOf struct {
		Ref string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		Paging
	}
	listDecisions struct {
		DebugID string `query:"debug_id" doc:"Only the one of the answer with this x-debug-id." example:"ca8hxkKH2ZtT"`
		Paging
	}
)

func (s *server) decisionRoutes(h huma.API) {
	const tag = "Credentials"
	const rights = "Takes the role Developer. Rows are kept for 7 days, 500 of a credential; refusals that are alike within a minute are one that counts. Requests whose client is unknown are in the server's log alone. What a client sent as a secret, a token or an assertion is never in it."
	add(s, h, operation{id: "list-credential-decisions", method: http.MethodGet, path: credentialsPath + "/{ref}/decisions", tag: tag,
		summary: "List why a credential got no token", description: "The newest first. " + rights, scope: access.RegistryRead, fails: []*Kind{kindNotFound}}, s.listDecisionsOf)
	add(s, h, operation{id: "list-decisions", method: http.MethodGet, path: apiPrefix + "/decisions", tag: tag,
		summary: "Explain a refusal", description: "With `debug_id`, the refusal whose answer had it as `x-debug-id`: none when nothing is known of it. Without, all of the organization, the newest first. " + rights,
		scope: access.RegistryRead}, s.listDecisions)
}

func (s *server) listDecisionsOf(ctx context.Context, c call, in *decisionsOf) (*reply[Page[Decision]], error) {
	before, err := in.before()
	if err != nil {
		return nil, err
	}
	found, err := s.Decisions.Of(ctx, c.caller, in.Ref, before, in.Limit+1)
	return answerDecisions(found, in.Limit, err)
}

func (s *server) listDecisions(ctx context.Context, c call, in *listDecisions) (*reply[Page[Decision]], error) {
	before, err := in.before()
	if err != nil {
		return nil, err
	}
	if in.DebugID == "" {
		found, err := s.Decisions.All(ctx, c.caller, before, in.Limit+1)
		return answerDecisions(found, in.Limit, err)
	}
	found, err := s.Decisions.Explain(ctx, c.caller, in.DebugID)
	if errors.Is(err, decision.ErrUnknown) {
		return answerDecisions(nil, in.Limit, nil)
	}
	return answerDecisions([]decision.Decision{found}, in.Limit, err)
}

// before reads the cursor of a list whose newest come first.
func (p Paging) before() (string, error) {
	before, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return "", badCursor()
	}
	return string(before), nil
}

func answerDecisions(found []decision.Decision, limit int, err error) (*reply[Page[Decision]], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Page[Decision]]{sliced(mapped(found, shownDecision), limit, func(d Decision) string { return d.ID })}, nil
}

func shownDecision(d decision.Decision) Decision {
	return Decision{
		ID: d.ID, Credential: d.Credential, ClientID: d.ClientID, Error: d.Code, Description: d.Says, Advice: d.Advice(), Grant: d.Grant, Path: d.Path,
		Reasons: mapped(d.Reasons, func(r decision.Reason) DecisionReason { return DecisionReason(r) }), From: optional(d.Place), Agent: d.Agent,
		Count: d.Count, FirstAt: *stamp(d.FirstAt), LastAt: *stamp(d.LastAt), DebugIDs: append([]string{}, d.DebugIDs...),
	}
}
