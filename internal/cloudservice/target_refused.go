package cloudservice

import (
	"context"
	"errors"

	"latchkey/internal/access"
	"latchkey/internal/target"
)

// refuse explains an error of Target; others stay.
func (s *Service) refuse(err error) error {
	e, ok := errors.AsType[*target.Error](err)
	if !ok {
		return err
	}
	layer := s.targetRefused(e)
	layer.Name = LayerProduct
	return &RefusedError{layer}
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
