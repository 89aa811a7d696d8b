package manifest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"latchkey/client"
)

// StoppedError says where applying a plan stopped.
type StoppedError struct {
	// Step is the one that failed; Done of the plan's steps were done before, Undone were not begun.
	Step         *Step
	Done, Undone int
	Err          error
}

func (e *StoppedError) Error() string {
	text := e.Err.Error()
	if refused, ok := errors.AsType[*client.Error](e.Err); ok {
		text = refused.Summary()
		for _, one := range refused.Errors {
			text += "\n  " + e.Step.Object.at(one.Pointer).String() + ": " + one.String()
		}
	}
	return fmt.Sprintf("%s: %s %s: %s\n%d of %d changes were made before it; mend it and apply again: what is done is not done twice",
		e.Step.Object.Place, strings.TrimSuffix(string(e.Step.Act), "e")+"ing", e.Step.Object, text, e.Done, e.Done+1+e.Undone)
}

func (e *StoppedError) Unwrap() error { return e.Err }

// Apply does what a plan says, step by step, and tells each step that is done with what there is to say of it. It stops at
// the first that fails.
func Apply(ctx context.Context, c *client.Client, plan *Plan, told func(s *Step, remark string)) error {
	todo, done := plan.Count(Create, Change, Delete), 0
	for _, s := range plan.Steps {
		var remark string
		var err error
		switch s.Act {
		case Create:
			remark, err = s.kind.create(ctx, c, s)
		case Change:
			remark, err = s.kind.change(ctx, c, s)
		case Delete:
			err = s.kind.remove(ctx, c, s)
		default:
			continue
		}
		if err != nil {
			return &StoppedError{Step: s, Done: done, Undone: todo - done - 1, Err: err}
		}
		done++
		told(s, remark)
	}
	return nil
}
