package seal

import (
	"context"
	"errors"
	"fmt"
)

// place is what a wrapped data key is bound to.
func place(organization string) []byte { return []byte("latchkey data key of " + organization) }

// unwrapped gives the bytes of the organization's key. When there is none and create is set, it keeps one that fresh
// makes, or takes the one of another node that was faster.
func (k *Keyring) unwrapped(ctx context.Context, organization string, create bool, fresh func() ([]byte, error)) ([]byte, error) {
	stored, err := k.config.Store.DataKey(ctx, organization)
	if errors.Is(err, ErrNoDataKey) && create {
		stored, err = k.create(ctx, organization, fresh)
	}
	if err != nil {
		return nil, fmt.Errorf("loading the data key: %w", err)
	}
	root, err := k.holder(ctx, stored.Root)
	if err != nil {
		return nil, err
	}
	plain, err := root.Unwrap(ctx, stored.Wrapped, place(organization))
	if err != nil {
		return nil, fmt.Errorf("unwrapping the data key with the root key %s: %w", root.KeyID(), err)
	}
	return plain, nil
}

// create wraps a new data key with the current root key. When that changes on the way, it tries with the new one.
func (k *Keyring) create(ctx context.Context, organization string, fresh func() ([]byte, error)) (DataKey, error) {
	plain, err := fresh()
	if err != nil {
		return DataKey{}, err
	}
	defer clear(plain)
	for attempt := 0; ; attempt++ {
		root, err := k.holder(ctx, k.ring.Load().current.ID)
		if err != nil {
			return DataKey{}, err
		}
		wrapped, err := root.Wrap(ctx, plain, place(organization))
		if err != nil {
			return DataKey{}, fmt.Errorf("wrapping a data key with the root key %s: %w", root.KeyID(), err)
		}
		now := k.config.Clock.Now().UTC()
		kept, err := k.config.Store.CreateDataKey(ctx, DataKey{
			Organization: organization, Root: root.KeyID(), Wrapped: wrapped, CreatedAt: now, WrappedAt: now,
		})
		if !errors.Is(err, ErrNotCurrent) || attempt > 2 {
			return kept, err
		}
		if err := k.refresh(ctx); err != nil {
			return DataKey{}, err
		}
	}
}

// holder gives the root key of an id. One that is not here may have come to the database since it was looked at.
func (k *Keyring) holder(ctx context.Context, id string) (Wrapper, error) {
	if root, ok := k.ring.Load().held[id]; ok {
		return root, nil
	}
	if err := k.refresh(ctx); err != nil {
		return nil, err
	}
	r := k.ring.Load()
	if root, ok := r.held[id]; ok {
		return root, nil
	}
	if id == r.current.ID {
		return nil, &BehindError{Current: id}
	}
	return nil, &WrongRootError{Want: id, Have: r.target}
}
