package registry

import (
	"context"
	"fmt"
	"strings"

	"latchkey/internal/expiry"
)

// Endings gives the API keys that end, from memory. A key never renews itself: its value is where its owner put it.
func (k *Keyring) Endings(_ context.Context, q expiry.Query) ([]expiry.Ending, error) {
	if q.Kind != "" && q.Kind != expiry.APIKey {
		return nil, nil
	}
	var all []expiry.Ending
	for _, e := range *k.table.Load() {
		if key := e.key; key.Organization == q.Organization && !key.ExpiresAt.IsZero() && key.RevokedAt.IsZero() {
			if ending := key.ending(); q.Wants(ending) {
				all = append(all, ending)
			}
		}
	}
	return q.Pick(all), nil
}

func (k Key) ending() expiry.Ending {
	again := "latchkey key create NAME"
	for _, scope := range k.Scopes.Strings() {
		again += " --scope " + scope
	}
	if k.Sandbox != "" {
		again += " --sandbox " + k.Sandbox
	}
	return expiry.Ending{
		Kind: expiry.APIKey, Organization: k.Organization, Sandbox: k.Sandbox, Subject: k.ID, Name: k.Name, Ends: k.ExpiresAt, Since: k.CreatedAt,
		Action: fmt.Sprintf("make another key and give it to whoever uses %s: %s", strings.TrimSpace(k.Prefix+"…"), again),
		Link:   "/api/v1/keys/" + k.ID,
	}
}
