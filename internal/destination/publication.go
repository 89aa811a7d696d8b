package destination

import (
	"context"
	"fmt"

	"latchkey/internal/access"
)

// Effect is what publishing the newest revision means for the connections of one pin ([Catalogue.EffectivePlan]).
type Effect struct {
	Pin
	// Follows tells that they renew with the newest revision once it is published; else they stay with theirs, for its grant
	// or its fields are others.
	Follows bool
	// Elsewhere tells that the newest revision sends what they hold to another address, or as another client: what has a
	// refresh token asks its customer to consent anew.
	Elsewhere bool
}

// Effects tells for whom publishing the newest revision changes something, oldest pin first.
func (c *Catalogue) Effects(ctx context.Context, caller access.Caller, ref Ref) ([]Effect, error) {
	def, err := c.find(ctx, caller, ref, access.DefinitionsRead)
	if err != nil {
		return nil, err
	}
	pins, err := c.store.Pins(ctx, def.ID)
	if err != nil {
		return nil, fmt.Errorf("counting the connections of %q: %w", def.Name, err)
	}
	out := make([]Effect, 0, len(pins))
	for _, pin := range pins {
		out = append(out, c.effect(ctx, def, pin))
	}
	return out, nil
}

// effect compares plans. What can't be compiled is followed by nobody.
func (c *Catalogue) effect(ctx context.Context, def Definition, pin Pin) Effect {
	e := Effect{Pin: pin}
	now, _, err := c.EffectivePlan(ctx, def.ID, pin.Revision, pin.Configuration)
	if err != nil {
		return e
	}
	pinned, err := c.Plan(ctx, def.ID, pin.Revision, pin.Configuration)
	if err != nil {
		return e
	}
	newest, err := c.Plan(ctx, def.ID, def.Draft, pin.Configuration)
	if err != nil {
		return e
	}
	e.Follows = pin.Revision == def.Draft || pinned.compatible(newest)
	e.Elsewhere = e.Follows && now.Fingerprint(Fields{}) != newest.Fingerprint(Fields{})
	return e
}
