package connection

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/access"
)

// load brings a connection into memory. Callers that want the same one share the reading.
func (k *Keeper) load(ctx context.Context, where Selector, ref string) (*entry, error) {
	if isID(ref) {
		if e := k.byID.find(key{name: ref}); e != nil {
			return e, nil
		}
		where.ID, where.Sandbox = ref, ""
	} else {
		where.Label = ref
		if where.Sandbox == "" {
			where.Sandbox = access.DefaultSandbox
		}
	}
	name := strings.Join([]string{where.Organization, where.Sandbox, ref}, "\x00")
	loading := k.loads.DoChan(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(k.background, k.config.RefreshTimeout)
		defer cancel()
		record, err := k.config.Ledger.Find(ctx, where)
		if err != nil {
			return nil, err
		}
		e := k.hold(&record)
		if _, gone := k.gone.Load(e.id); gone { // deleted between the reading and here
			k.forget(e)
			return nil, ErrNotFound
		}
		return e, nil
	})
	select {
	case loaded := <-loading:
		if loaded.Err != nil {
			return nil, fmt.Errorf("loading a connection: %w", loaded.Err)
		}
		return loaded.Val.(*entry), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hold makes or updates the entry of a record.
func (k *Keeper) hold(record *Record) *entry {
	e := &entry{id: record.ID}
	e.now.Store(k.newView(record))
	if have := k.byID.put(key{name: record.ID}, e); have != e {
		k.adopt(have, record)
		return have
	}
	k.nameEntry(e, "", record)
	return e
}

// adopt takes over what is stored of a connection, and gives what is known then. What is known already stays: its times
// follow no step of the clock.
func (k *Keeper) adopt(e *entry, record *Record) *view {
	if have := e.now.Load(); have.version == record.Version {
		seen := *have
		seen.readAt = k.since(k.config.Clock.Now())
		k.setHot(&seen)
		if e.now.CompareAndSwap(have, &seen) {
			return &seen
		}
		return e.now.Load()
	}
	return k.install(e, record)
}

// install makes what is known of a connection what a record says, unless something newer is known.
func (k *Keeper) install(e *entry, record *Record) *view {
	before := e.now.Load()
	next := k.newView(record)
	if e.adopt(next) {
		if before.label != next.label {
			k.nameEntry(e, before.label, record)
		}
		k.agenda.expect(e.id, next.refreshAt)
	}
	return e.now.Load()
}

// nameEntry leads the label to its entry, and the former one no more.
func (k *Keeper) nameEntry(e *entry, former string, record *Record) {
	if former != "" {
		k.byLabel.remove(key{record.Organization, record.Sandbox, former}, e)
	}
	if record.Label == "" {
		return
	}
	name := key{record.Organization, record.Sandbox, record.Label}
	if have := k.byLabel.put(name, e); have != e { // left over from a connection that had the label before
		k.byLabel.remove(name, have)
		k.byLabel.put(name, e)
	}
}

// forget drops a connection that is gone.
func (k *Keeper) forget(e *entry) {
	v := e.now.Load()
	k.byID.remove(key{name: e.id}, e)
	if v.label != "" {
		k.byLabel.remove(key{v.organization, v.sandbox, v.label}, e)
	}
}

// changed takes over what the connector wrote.
func (k *Keeper) changed(record *Record) {
	k.hold(record)
	k.agenda.expect(record.ID, record.RefreshAt)
}

// removed forgets what the connector deleted, and remembers for a while that it did: someone may just be loading it.
func (k *Keeper) removed(id string) {
	k.gone.Store(id, struct{}{})
	k.config.Clock.AfterFunc(2*k.config.RefreshTimeout, func() { k.gone.Delete(id) })
	if e := k.byID.find(key{name: id}); e != nil {
		k.forget(e)
	}
}

// recheckAfter is how old what is known may be where other processes share the store and their news may have been missed.
const recheckAfter = time.Minute

// recheck has a connection read again, behind the caller's back, when what is known of it may be outdated.
func (k *Keeper) recheck(e *entry, v *view) {
	old := k.config.Shared && k.since(k.config.Clock.Now())-v.readAt > int64(recheckAfter)
	if (old || v.readAt < k.stale.Load()) && e.checking.CompareAndSwap(false, true) {
		k.look(e)
	}
}

// look reads a connection again in the background. Where it can't be read, what is known goes on to be served.
func (k *Keeper) look(e *entry) {
	if !k.enter() {
		return
	}
	go func() {
		defer k.leave()
		defer e.checking.Store(false)
		ctx, cancel := context.WithTimeout(k.background, lookTimeout)
		defer cancel()
		if err := k.reread(ctx, e); err != nil && !errors.Is(err, ErrNotFound) {
			seen := *e.now.Load()
			seen.readAt = k.since(k.config.Clock.Now())
			k.setHot(&seen)
			e.adopt(&seen)
		}
	}()
}

const lookTimeout = 5 * time.Second

// Changed says that another process has changed a connection.
func (k *Keeper) Changed(id string) {
	if e := k.byID.find(key{name: id}); e != nil && e.checking.CompareAndSwap(false, true) {
		k.look(e)
	}
}

// ChangedAll says that others' changes may have been missed: everything is looked at again before long.
func (k *Keeper) ChangedAll() { k.stale.Store(k.since(k.config.Clock.Now())) }
