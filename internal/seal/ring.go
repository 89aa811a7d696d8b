package seal

import (
	"context"
	"errors"
	"fmt"
)

// ring is the root keys: those that this process holds, and what the database says of all. It is never changed, only
// replaced.
type ring struct {
	held     map[string]Opened // id → key
	target   string            // id of the configured root key
	previous string            // id of the configured previous one, "" for none
	known    []RootKey
	current  RootKey // by the database
}

// bind opens the configured root keys and holds them against the database, where a key that it does not know is
// added: the first of all as the current one, one beside its previous as the next.
func (k *Keyring) bind(ctx context.Context) (*ring, error) {
	for attempt := 0; ; attempt++ {
		known, err := k.config.Store.RootKeys(ctx)
		if err != nil {
			return nil, err
		}
		r, err := k.openRoots(ctx, known)
		if err != nil {
			return nil, err
		}
		if _, ok := find(known, r.target); ok {
			return r, nil
		}
		key := RootKey{
			ID: r.target, Kind: r.held[r.target].Kind, Parameters: r.held[r.target].Parameters, State: RootNext,
			CreatedAt: k.config.Clock.Now().UTC(),
		}
		switch {
		case r.current.ID == "":
			key.State = RootCurrent
		case r.previous != r.current.ID:
			return r, nil // it fits nothing here, so nothing is kept of it
		}
		if attempt > 2 {
			return nil, errors.New("adding the root key: other servers add theirs at the same time")
		}
		// Another node may be faster, with a passphrase's other salt: look again.
		if err := k.config.Store.AddRootKey(ctx, key); err != nil {
			return nil, err
		}
	}
}

// openRoots opens what is configured.
func (k *Keyring) openRoots(ctx context.Context, known []RootKey) (*ring, error) {
	r := &ring{held: map[string]Opened{}, known: known}
	r.current, _ = current(known)
	root, err := k.config.Root.Open(ctx, known)
	if err != nil {
		return nil, fmt.Errorf("opening the root key: %w", err)
	}
	r.target = root.KeyID()
	r.held[r.target] = root
	if k.config.Previous == nil {
		return r, nil
	}
	previous, err := k.config.Previous.Open(ctx, known)
	if err != nil {
		return nil, fmt.Errorf("opening the previous root key: %w", err)
	}
	r.previous = previous.KeyID()
	if r.previous == r.target {
		return nil, fmt.Errorf("the root key and the previous one are the same (%s)", r.target)
	}
	r.held[r.previous] = previous
	return r, nil
}

// judge tells whether a server may start with these root keys.
func (k *Keyring) judge(ctx context.Context, r *ring) error {
	own, known := find(r.known, r.target)
	switch {
	case known && (own.State == RootRetired || own.State == RootLeaving):
		return &RetiredRootError{ID: r.target, Current: r.current.ID, At: own.RetiredAt}
	case r.current.ID != r.target && r.current.ID != r.previous:
		return k.wrong(r)
	}
	left := r.current.Replaces
	if _, ok := r.held[left]; ok || !r.current.rotating() {
		return nil
	}
	remaining, err := k.config.Store.CountDataKeys(ctx, r.current.remaining())
	if err != nil {
		return err
	}
	if remaining > 0 {
		return &UnfinishedError{Previous: left, Remaining: remaining}
	}
	return nil
}

func (k *Keyring) wrong(r *ring) error {
	return &WrongRootError{
		Want: r.current.ID, Have: r.target,
		Passphrase: r.current.Kind == KindPassphrase && r.held[r.target].Kind == KindPassphrase && r.previous == "",
	}
}

// refresh looks at the database's root keys again. What this process holds stays held: it serves whatever comes.
func (k *Keyring) refresh(ctx context.Context) error {
	k.binding.Lock()
	defer k.binding.Unlock()
	known, err := k.config.Store.RootKeys(ctx)
	if err != nil {
		return err
	}
	before := k.ring.Load()
	after := *before
	after.known = known
	after.current, _ = current(known)
	_, held := after.held[after.current.ID]
	if !held && after.current.ID != before.current.ID {
		// A passphrase of this process may have come to the database through another node, with its salt.
		if opened, err := k.openRoots(ctx, known); err == nil {
			if _, ok := opened.held[after.current.ID]; ok {
				after = *opened
			}
		}
	}
	k.ring.Store(&after)
	return nil
}

// Ready tells whether this process has the root key that is current. It fails with a [*BehindError] after a rotation
// on another node to a key that this one does not have: data keys in memory go on, others can't be had.
func (k *Keyring) Ready(ctx context.Context) error {
	if err := k.refresh(ctx); err != nil {
		return fmt.Errorf("reading the root keys: %w", err)
	}
	r := k.ring.Load()
	if _, ok := r.held[r.current.ID]; !ok {
		return &BehindError{Current: r.current.ID}
	}
	return nil
}
