package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// Rotation is how the last rotation stands.
type Rotation struct {
	// From and To are the root keys; the same when the data keys move to the newest version of one key. Both are ""
	// before the first rotation.
	From, To string
	// Total is how many data keys there were when it began, Done how many of them are wrapped anew.
	Total, Done int
	StartedAt   time.Time
	// FinishedAt is zero while it is under way.
	FinishedAt time.Time
	// Problem says what keeps this process from going on with it.
	Problem string
}

// RootStatus is a root key as it stands.
type RootStatus struct {
	RootKey
	// DataKeys is how many data keys it wraps.
	DataKeys int
	// Held tells that this process has it.
	Held bool
}

// Roots gives every root key that this installation knows, in the order of their creation.
func (k *Keyring) Roots(ctx context.Context) ([]RootStatus, error) {
	if err := k.refresh(ctx); err != nil {
		return nil, fmt.Errorf("reading the root keys: %w", err)
	}
	r := k.ring.Load()
	all := make([]RootStatus, 0, len(r.known))
	for _, key := range r.known {
		count, err := k.config.Store.CountDataKeys(ctx, Selection{Root: key.ID})
		if err != nil {
			return nil, fmt.Errorf("counting the data keys of %s: %w", key.ID, err)
		}
		_, held := r.held[key.ID]
		all = append(all, RootStatus{RootKey: key, DataKeys: count, Held: held})
	}
	return all, nil
}

// Rotation tells how the last rotation stands.
func (k *Keyring) Rotation(ctx context.Context) (Rotation, error) {
	if err := k.refresh(ctx); err != nil {
		return Rotation{}, fmt.Errorf("reading the root keys: %w", err)
	}
	to := k.ring.Load().current
	if to.StartedAt.IsZero() {
		return Rotation{}, nil
	}
	out := Rotation{
		From: to.Replaces, To: to.ID, Total: to.Total, Done: to.Total, StartedAt: to.StartedAt, FinishedAt: to.FinishedAt,
	}
	if to.rotating() {
		remaining, err := k.config.Store.CountDataKeys(ctx, to.remaining())
		if err != nil {
			return Rotation{}, fmt.Errorf("counting the data keys that are left: %w", err)
		}
		out.Done, out.Problem = max(to.Total-remaining, 0), k.worker.trouble()
	}
	return out, nil
}

// Rotate begins to wrap every data key with the configured root key, in the background, and tells how that stands. A
// rotation under way goes on, one that is complete is told. by is the id of whoever asked. With one root key, of a kind that has versions, the data
// keys move to its newest version; else it gives [ErrNothingToRotate].
func (k *Keyring) Rotate(ctx context.Context, by string) (Rotation, error) {
	if err := k.refresh(ctx); err != nil {
		return Rotation{}, fmt.Errorf("rotating the root key: %w", err)
	}
	r := k.ring.Load()
	done := r.current.ID == r.target && r.previous != "" && r.current.Replaces == r.previous
	if !r.current.rotating() && !done {
		if err := k.begin(ctx, r, by); err != nil {
			return Rotation{}, fmt.Errorf("rotating the root key: %w", err)
		}
	}
	k.worker.wake()
	return k.Rotation(ctx)
}

func (k *Keyring) begin(ctx context.Context, r *ring, by string) error {
	from, to := r.current, r.held[r.target]
	if _, ok := r.held[from.ID]; !ok {
		return &BehindError{Current: from.ID}
	}
	if from.ID == r.target && !from.Kind.versioned() {
		return ErrNothingToRotate
	}
	if err := probe(ctx, to); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrProbe, r.target, err)
	}
	return k.config.Store.BeginRotation(ctx, from.ID, r.target, k.config.Clock.Now().UTC(), by)
}

// probe wraps and unwraps something: a key that can't do both must not come into use.
func probe(ctx context.Context, root Wrapper) error {
	probed := []byte("latchkey probes the root key")
	wrapped, err := root.Wrap(ctx, probed, place("probe"))
	if err != nil {
		return err
	}
	got, err := root.Unwrap(ctx, wrapped, place("probe"))
	if err == nil && !bytes.Equal(got, probed) {
		err = errors.New("what it unwraps is not what it wrapped")
	}
	return err
}
