package connection

import (
	"context"
	"fmt"
	"strings"

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

// adopt takes over what is stored of a connection, and gives what is known then.
func (k *Keeper) adopt(e *entry, record *Record) *view {
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
