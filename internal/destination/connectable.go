package destination

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/access"
)

// Pinned is what a new connection is made with.
type Pinned struct {
	Definition Definition
	Revision   int
	Plan       *Plan
}

// Connectable gives the revision that a new connection pins: the published one, or else the newest draft when it
// passes the strict checks. It fails with [Problems] when it doesn't. The caller needs no right to definitions: a
// connection's own rights are checked by who makes it.
func (c *Catalogue) Connectable(ctx context.Context, caller access.Caller, ref Ref, configuration int) (Pinned, error) {
	def, err := c.find(ctx, caller, ref)
	if err != nil {
		return Pinned{}, err
	}
	number := def.Published
	if number == 0 {
		number = def.Draft
		rev, err := c.revision(ctx, def.ID, number)
		if err != nil {
			return Pinned{}, err
		}
		if problems := rev.Document.Lint(c.lint); problems.HasUnpublishable() {
			return Pinned{}, problems.AtLeast(Unpublishable)
		}
	}
	plan, err := c.Plan(ctx, def.ID, number, configuration)
	if err != nil {
		return Pinned{}, err
	}
	return Pinned{def, number, plan}, nil
}

// Plan gives a compiled revision. It asks no caller: rooms above use it for connections that exist.
func (c *Catalogue) Plan(ctx context.Context, definition string, revision, configuration int) (*Plan, error) {
	key := planKey{definition, revision, configuration}
	c.mu.Lock()
	plan := c.plans.get(key)
	c.mu.Unlock()
	if plan != nil {
		return plan, nil
	}
	rev, err := c.revision(ctx, definition, revision)
	if err != nil {
		return nil, err
	}
	plan, err = rev.Document.Compile(configuration)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans.put(key, plan)
	return plan, nil
}

// EffectivePlan gives the plan that a connection pinned to a revision renews with, and that plan's revision: the
// published revision when it is newer and its grant and field names are the same, else the pinned one (U18). A draft
// never changes an existing connection.
func (c *Catalogue) EffectivePlan(ctx context.Context, definition string, pinned, configuration int) (*Plan, int, error) {
	plan, err := c.Plan(ctx, definition, pinned, configuration)
	if err != nil {
		return nil, 0, err
	}
	def, err := c.store.Find(ctx, Place{}, definition)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the definition %s: %w", definition, err)
	}
	if def.Published <= pinned {
		return plan, pinned, nil
	}
	newest, err := c.Plan(ctx, definition, def.Published, configuration)
	if err != nil || !plan.compatible(newest) {
		if _, ok := errors.AsType[Problems](err); err != nil && !ok {
			return nil, 0, err
		}
		return plan, pinned, nil
	}
	return newest, def.Published, nil
}
