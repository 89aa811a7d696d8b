package webhook

import (
	"context"

	"latchkey/internal/expiry"
)

// Endings gives the old secrets that sign beside new ones for a while after a rotation.
func (s *Subscriptions) Endings(ctx context.Context, q expiry.Query) ([]expiry.Ending, error) {
	if q.Kind != "" && q.Kind != expiry.WebhookSecret {
		return nil, nil
	}
	endpoints, err := s.config.Endpoints.Endpoints(ctx, q.Organization)
	if err != nil {
		return nil, err
	}
	var all []expiry.Ending
	for _, e := range endpoints {
		if e.Secret.PreviousUntil.IsZero() {
			continue
		}
		all = append(all, expiry.Ending{
			Kind: expiry.WebhookSecret, Organization: e.Organization, Sandbox: e.Sandbox, Subject: e.ID, Name: bare(e.URL),
			Ends: e.Secret.PreviousUntil, Since: e.UpdatedAt, Link: "/api/v1/webhooks/" + e.ID,
			Action: "see that the receiver has the new secret: latchkey webhook test " + e.ID,
		})
	}
	return q.Pick(all), nil
}
