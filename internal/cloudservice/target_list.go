package cloudservice

import (
	"context"
	"iter"

	"latchkey/internal/access"
	"latchkey/internal/target"
)

// Part asks for a part of a list that Target keeps.
type Part struct{ Offset, Limit int }

// Activities gives a part of the account's activities, as Target has them now; more tells that there are others behind.
func (s *Services) Activities(ctx context.Context, caller access.Caller, ref Ref, p Part) (all []target.Activity, more bool, err error) {
	return part(ctx, s, caller, ref, p, s.target.Activities)
}

// Mboxes gives a part of the account's mboxes.
func (s *Services) Mboxes(ctx context.Context, caller access.Caller, ref Ref, p Part) (all []target.Mbox, more bool, err error) {
	return part(ctx, s, caller, ref, p, s.target.Mboxes)
}

// Properties gives a part of the account's properties.
func (s *Services) Properties(ctx context.Context, caller access.Caller, ref Ref, p Part) (all []target.Property, more bool, err error) {
	return part(ctx, s, caller, ref, p, s.target.Properties)
}

func part[T any](ctx context.Context, s *Services, caller access.Caller, ref Ref, p Part, list func(context.Context, target.Account, target.Query) iter.Seq2[T, error]) ([]T, bool, error) {
	of, at, err := s.reachTarget(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, false, err
	}
	all := make([]T, 0, p.Limit)
	for one, err := range list(ctx, at, target.Query{Offset: p.Offset, Limit: p.Limit + 1}) {
		if err != nil {
			return nil, false, of.refuse(err)
		}
		if len(all) == p.Limit {
			return all, true, nil
		}
		all = append(all, one)
	}
	return all, false, nil
}
