package seal

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

const (
	// rewrapBatch is how many data keys are read, wrapped and committed together.
	rewrapBatch = 64
	// rewrapAbreast is how many of them are with the root key at a time: one that is far away takes its time for each.
	rewrapAbreast = 8
	// rewrapPatience is how many data keys in a row may fail before the rest waits for the next look.
	rewrapPatience = 8
)

// rewrap goes on with the rotation under way until it is complete or does not get on. A data key that does not come
// along keeps no other from it, but keeps the rotation from its end.
func (k *Keyring) rewrap(ctx context.Context, r *ring) error {
	selection := r.current.remaining()
	selection.Limit = rewrapBatch
	var failed []error
	for {
		keys, err := k.config.Store.DataKeys(ctx, selection)
		if err != nil {
			return fmt.Errorf("reading the data keys: %w", err)
		}
		if len(keys) == 0 {
			break
		}
		errs := k.rewrapBatch(ctx, r, keys)
		if len(errs) > rewrapPatience || errors.Is(errors.Join(errs...), errKeeping) {
			return errors.Join(errs[:min(len(errs), 3)]...)
		}
		failed = append(failed, errs...)
		selection.After = &keys[len(keys)-1].Organization
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d data keys can't be wrapped anew: %w", len(failed), errors.Join(failed[:min(len(failed), 3)]...))
	}
	finished, err := k.config.Store.FinishRotation(ctx, r.current.ID, k.config.Clock.Now().UTC())
	if err != nil {
		return fmt.Errorf("finishing the rotation: %w", err)
	}
	if finished {
		k.config.Log.InfoContext(ctx, "the rotation of the root key is complete", "from", r.current.Replaces, "to", r.current.ID)
	}
	return k.refresh(ctx)
}

// errKeeping says that the store did not take what was wrapped.
var errKeeping = errors.New("keeping the data keys")

// rewrapBatch wraps some data keys anew and commits those that could be. Its errors name the organizations.
func (k *Keyring) rewrapBatch(ctx context.Context, r *ring, keys []DataKey) []error {
	wrapped, failures := make([][]byte, len(keys)), make([]error, len(keys))
	var group errgroup.Group
	group.SetLimit(rewrapAbreast)
	for i, key := range keys {
		group.Go(func() error {
			wrapped[i], failures[i] = rewrapped(ctx, r, key)
			return nil
		})
	}
	_ = group.Wait() // the failures are beside it
	var done []Rewrapped
	var errs []error
	now := k.config.Clock.Now().UTC()
	for i, key := range keys {
		if failures[i] != nil {
			errs = append(errs, fmt.Errorf("the data key of %q: %w", key.Organization, failures[i]))
			continue
		}
		done = append(done, Rewrapped{Before: key, Root: r.current.ID, Wrapped: wrapped[i], At: now})
	}
	count, err := k.config.Store.Rewrap(ctx, done)
	if err != nil {
		return append(errs, fmt.Errorf("%w: %w", errKeeping, err))
	}
	k.counts.rewrapped.Add(int64(count))
	return errs
}

func rewrapped(ctx context.Context, r *ring, key DataKey) ([]byte, error) {
	from, to := r.held[key.Root], r.held[r.current.ID]
	if versions, ok := from.Wrapper.(Rewrapper); ok && key.Root == r.current.ID {
		return versions.Rewrap(ctx, key.Wrapped, place(key.Organization))
	}
	plain, err := from.Unwrap(ctx, key.Wrapped, place(key.Organization))
	if err != nil {
		return nil, fmt.Errorf("unwrapping it with the root key %s: %w", key.Root, err)
	}
	defer clear(plain)
	wrapped, err := to.Wrap(ctx, plain, place(key.Organization))
	if err != nil {
		return nil, fmt.Errorf("wrapping it with the root key %s: %w", r.current.ID, err)
	}
	return wrapped, nil
}
