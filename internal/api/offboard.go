package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/workflow"
)

// Offboarding is how far the end of an organization has come.
type Offboarding struct {
	Organization string         `json:"organization" example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Name         string         `json:"name" example:"Acme Retail"`
	Phase        string         `json:"phase" enum:"disconnecting,revoking,settled,gone" doc:"disconnecting: connections are left; revoking: grants wait to be revoked; settled: each grant's end is known; gone: nothing is left but the audit record."`
	Connections  int64          `json:"connections" doc:"How many are left." example:"880"`
	Grants       OffboardGrants `json:"grants" doc:"What became of the grants of those that are gone; GET /api/v1/revocations lists each."`
	BegunBy      string         `json:"begun_by" example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	BegunAt      *time.Time     `json:"begun_at"`
}

// OffboardGrants counts grants.
type OffboardGrants struct {
	Waiting int64 `json:"waiting" doc:"They are being revoked." example:"3"`
	Revoked int64 `json:"revoked" example:"120"`
	Failed  int64 `json:"failed" doc:"They could not be revoked, and may be alive." example:"1"`
	None    int64 `json:"none" doc:"There is no way to revoke them: the definition does not say how, or there was no token." example:"0"`
}

// OffboardAsk begins the end of an organization, or goes on with it.
type OffboardAsk struct {
	Confirm      string `json:"confirm" doc:"The organization's id, so that it is not the wrong one." example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Erase        bool   `json:"erase,omitempty" doc:"Remove what is left. All has to be settled."`
	ForgetFailed bool   `json:"forget_failed,omitempty" doc:"Erase although grants could not be revoked."`
}

type (
	organizationID struct {
		ID string `path:"id" doc:"The organization's id." example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	}
	offboardOrganization struct {
		ID string `path:"id" doc:"The organization's id." example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
		body[OffboardAsk]
	}
)

const offboardAnswer = `{
  "organization": "6096892F54B5819E0A4C98A2@AdobeOrg", "name": "Acme Retail", "phase": "revoking", "connections": 0,
  "grants": {"waiting": 3, "revoked": 120, "failed": 1, "none": 0}, "begun_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "begun_at": "2026-11-21T09:30:00Z"
}`

func (s *server) offboardRoutes(h huma.API) {
	const path = apiPrefix + "/organizations/{id}/offboard"
	const tag = "Organizations"
	add(s, h, operation{id: "offboard-organization", method: http.MethodPost, path: path, tag: tag,
		summary: "Offboard an organization", description: "Call it until the phase is `settled`, then once more with `erase`: the first call takes the rights of every key but yours, of every person and webhook; each goes on for some seconds with deleting the connections and revoking their grants. A call that was lost is made again. The audit record stays.",
		scope: access.Admin, asks: `{"confirm": "6096892F54B5819E0A4C98A2@AdobeOrg"}`, answers: offboardAnswer, fails: []*Kind{kindNotFound, kindState}}, s.offboard)
	add(s, h, operation{id: "get-offboarding", method: http.MethodGet, path: path, tag: tag,
		summary: "Read how far an offboarding has come", scope: access.Admin, answers: offboardAnswer, fails: []*Kind{kindNotFound, kindState}}, s.getOffboarding)
}

func (s *server) offboard(ctx context.Context, c call, in *offboardOrganization) (*reply[Offboarding], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	if ask.Erase {
		return answerOffboarding(s.Offboardings.Erase(ctx, c.caller, in.ID, ask.Confirm, ask.ForgetFailed))
	}
	return answerOffboarding(s.Offboardings.Advance(ctx, c.caller, in.ID, ask.Confirm))
}

func (s *server) getOffboarding(ctx context.Context, c call, in *organizationID) (*reply[Offboarding], error) {
	return answerOffboarding(s.Offboardings.Show(ctx, c.caller, in.ID))
}

func answerOffboarding(o workflow.Offboarding, err error) (*reply[Offboarding], error) {
	if err != nil {
		return nil, err
	}
	out := Offboarding{
		Organization: o.Organization, Name: o.Name, Phase: "disconnecting", Connections: o.Connections,
		Grants: OffboardGrants{o.Waiting, o.Revoked, o.Failed, o.None}, BegunBy: o.BegunBy, BegunAt: stamp(o.BegunAt),
	}
	switch {
	case o.Gone:
		out.Phase = "gone"
	case o.Settled():
		out.Phase = "settled"
	case o.Connections == 0:
		out.Phase = "revoking"
	}
	return &reply[Offboarding]{out}, nil
}
