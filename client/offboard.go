package client

import (
	"context"
	"net/http"
	"time"
)

// OffboardPhase is how far the end of an organization has come.
type OffboardPhase string

// The phases of an offboarding.
const (
	// OffboardDisconnecting: connections are left.
	OffboardDisconnecting OffboardPhase = "disconnecting"
	// OffboardRevoking: grants wait to be revoked.
	OffboardRevoking OffboardPhase = "revoking"
	// OffboardSettled: each grant's end is known.
	OffboardSettled OffboardPhase = "settled"
	// OffboardGone: nothing is left but the audit record.
	OffboardGone OffboardPhase = "gone"
)

// Offboarding is how far the end of an organization has come.
type Offboarding struct {
	Organization string        `json:"organization"`
	Name         string        `json:"name"`
	Phase        OffboardPhase `json:"phase"`
	// Connections are those that are left.
	Connections int64          `json:"connections"`
	Grants      OffboardGrants `json:"grants"`
	BegunBy     string         `json:"begun_by"`
	BegunAt     time.Time      `json:"begun_at"`

	Answer
}

// OffboardGrants counts what became of the grants of deleted connections.
type OffboardGrants struct {
	Waiting int64 `json:"waiting"`
	Revoked int64 `json:"revoked"`
	Failed  int64 `json:"failed"`
	None    int64 `json:"none"`
}

// Offboard begins the end of an organization, or goes on with it for some seconds. Call it until the phase is
// [OffboardSettled]; a call that was lost is made again.
func (c *Client) Offboard(ctx context.Context, organization string) (Offboarding, error) {
	return c.offboard(ctx, http.MethodPost, organization, map[string]any{"confirm": organization})
}

// Offboarding tells how far it has come.
func (c *Client) Offboarding(ctx context.Context, organization string) (Offboarding, error) {
	return c.offboard(ctx, http.MethodGet, organization, nil)
}

// EraseOrganization removes what is left of an organization that is settled, your key included. forgetFailed does so
// although grants could not be revoked.
func (c *Client) EraseOrganization(ctx context.Context, organization string, forgetFailed bool) (Offboarding, error) {
	return c.offboard(ctx, http.MethodPost, organization, map[string]any{"confirm": organization, "erase": true, "forget_failed": forgetFailed})
}

func (c *Client) offboard(ctx context.Context, method, organization string, body any) (Offboarding, error) {
	var out Offboarding
	_, err := c.do(ctx, call{method: method, path: "/organizations/" + segment(organization) + "/offboard", body: body}, &out)
	return out, err
}
