package cloudservice

import (
	"context"
	"errors"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/target"
)

// RefusedError is a product's refusal of what somebody asked for, explained.
type RefusedError struct {
	Layer finding.Layer
	// Down tells that no answer came that tells anything: to be tried again.
	Down bool
}

func (e *RefusedError) Error() string {
	text := e.Layer.Message
	if e.Layer.Description != "" {
		text += " (" + e.Layer.Description + ")"
	}
	return text
}

// refuse explains an error of Target; others stay.
func (s *Service) refuse(err error) error {
	e, ok := errors.AsType[*target.Error](err)
	if !ok {
		return err
	}
	layer := s.targetRefused(e)
	layer.Name = LayerProduct
	return &RefusedError{Layer: layer, Down: e.Layer == target.Network || e.Status >= 500 || e.Status == 429}
}

// reachTarget finds a service of Target that can be called, and gives how.
func (s *Services) reachTarget(ctx context.Context, caller access.Caller, ref Ref, scope access.Scope) (Service, target.Account, error) {
	of, err := s.targetOne(ctx, caller, ref, scope)
	if err == nil {
		err = s.syncable(&of)
	}
	if err != nil {
		return Service{}, target.Account{}, err
	}
	got, err := s.config.Tokens.Access(ctx, caller, of.place(), of.Configuration)
	return of, of.account(got), err
}
