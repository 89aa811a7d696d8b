package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
)

// The errors of authentication. What is told to the outside is the same for all of them.
var (
	ErrUnknownKey = errors.New("the key is not known")
	ErrKeyExpired = errors.New("the key has expired")
	ErrKeyRevoked = errors.New("the key was revoked")
)

const (
	defaultFlush  = 10 * time.Second
	defaultReload = 5 * time.Second
)

// KeyringConfig is what a [Keyring] works with.
type KeyringConfig struct {
	Store KeyStore
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log *slog.Logger
	// FlushEvery is how often the times of last use are written; 0 means 10 s.
	FlushEvery time.Duration
	// ReloadEvery is how often keys that other nodes made or revoked are read; 0 means 5 s. [Keyring.Reload] tells of them earlier.
	ReloadEvery time.Duration
}

// Keyring authenticates callers by their keys, from memory, and holds the use cases of keys.
type Keyring struct {
	config KeyringConfig
	// table is replaced as a whole, never changed: readers take no lock.
	table atomic.Pointer[map[KeyHash]*entry]
	// changing is held by whoever replaces the table, from reading the store to publishing: a reload must not bring
	// back a key that was revoked meanwhile.
	changing sync.Mutex
	// flushing is held while times of last use are written.
	flushing sync.Mutex
	cancel   context.CancelFunc
	done     chan struct{}
}

// entry is a key in the table.
type entry struct {
	key    Key
	caller access.Caller
	usage  *usage
}

// usage outlives the tables that its key is in. Both are Unix seconds.
type usage struct{ last, written atomic.Int64 }

// OpenKeyring reads the keys and starts the background work; [Keyring.Close] ends it.
func OpenKeyring(ctx context.Context, config KeyringConfig) (*Keyring, error) {
	config.FlushEvery = cmp.Or(config.FlushEvery, defaultFlush)
	config.ReloadEvery = cmp.Or(config.ReloadEvery, defaultReload)
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keyring{config: config, done: make(chan struct{})}
	k.table.Store(&map[KeyHash]*entry{})
	if err := k.Reload(ctx); err != nil {
		return nil, err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k.cancel = cancel
	flush, reload := config.Clock.NewTimer(config.FlushEvery), config.Clock.NewTimer(config.ReloadEvery)
	go k.work(background, flush, reload)
	return k, nil
}

// work writes and reads from time to time until Close.
func (k *Keyring) work(ctx context.Context, flush, reload clock.Timer) {
	defer close(k.done)
	defer flush.Stop()
	defer reload.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C():
			if err := k.flush(ctx); err != nil && ctx.Err() == nil {
				k.config.Log.WarnContext(ctx, "writing when keys were last used", "error", err)
			}
			flush.Reset(k.config.FlushEvery)
		case <-reload.C():
			if err := k.Reload(ctx); err != nil && ctx.Err() == nil {
				k.config.Log.WarnContext(ctx, "reading keys of other nodes", "error", err)
			}
			reload.Reset(k.config.ReloadEvery)
		}
	}
}

// Close writes the times of last use and ends the background work.
func (k *Keyring) Close(ctx context.Context) error {
	k.cancel()
	<-k.done
	return k.flush(ctx)
}

// Authenticate gives the caller that a presented key stands for: no I/O, no lock. The errors are [ErrUnknownKey],
// [ErrKeyExpired] and [ErrKeyRevoked].
//
// Keys are found by their keyed hash, so neither the look-up nor a comparison tells anything about a value that is
// nearly right.
func (k *Keyring) Authenticate(presented string) (access.Caller, error) {
	if len(presented) != valueLength || !strings.HasPrefix(presented, valueMark) {
		return access.Caller{}, ErrUnknownKey
	}
	found, ok := (*k.table.Load())[k.hash(presented)]
	if !ok {
		return access.Caller{}, ErrUnknownKey
	}
	now := k.config.Clock.Now()
	switch {
	case !found.key.RevokedAt.IsZero():
		return access.Caller{}, ErrKeyRevoked
	case !found.key.ExpiresAt.IsZero() && !now.Before(found.key.ExpiresAt):
		return access.Caller{}, ErrKeyExpired
	}
	if second := now.Unix(); found.usage.last.Load() < second {
		found.usage.last.Store(second)
	}
	return found.caller, nil
}

func (k *Keyring) hash(value string) KeyHash { return k.config.Hash("api key", []byte(value)) }

// Reload reads the keys anew; news from another node calls it.
func (k *Keyring) Reload(ctx context.Context) error {
	k.changing.Lock()
	defer k.changing.Unlock()
	keys, err := k.config.Store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("loading keys: %w", err)
	}
	old := *k.table.Load()
	table := make(map[KeyHash]*entry, len(keys))
	for _, key := range keys {
		fresh := newEntry(key)
		if known, ok := old[key.Hash]; ok {
			fresh.usage = known.usage
		}
		table[key.Hash] = fresh
	}
	k.table.Store(&table)
	return nil
}

func newEntry(key Key) *entry {
	return &entry{
		key: key,
		caller: access.Caller{
			ID: key.ID, Name: key.Name, Organization: key.Organization, Sandbox: key.Sandbox, Scopes: key.Scopes, Calls: key.Calls,
		},
		usage: &usage{},
	}
}

// put publishes a table with the entry in it. The caller holds changing.
func (k *Keyring) put(e *entry) {
	table := maps.Clone(*k.table.Load())
	table[e.key.Hash] = e
	k.table.Store(&table)
}

// flush writes the times of last use that have not been.
func (k *Keyring) flush(ctx context.Context) error {
	k.flushing.Lock()
	defer k.flushing.Unlock()
	used := map[string]time.Time{}
	var after []func()
	for _, e := range *k.table.Load() {
		if last := e.usage.last.Load(); last > e.usage.written.Load() {
			used[e.key.ID] = time.Unix(last, 0).UTC()
			after = append(after, func() { e.usage.written.Store(last) })
		}
	}
	if len(used) == 0 {
		return nil
	}
	if err := k.config.Store.TouchKeys(ctx, used); err != nil {
		return fmt.Errorf("writing when keys were last used: %w", err)
	}
	for _, mark := range after {
		mark()
	}
	return nil
}

// List gives the keys that the caller sees, in the order of their ids, revoked ones too, as this node knows them.
func (k *Keyring) List(_ context.Context, caller access.Caller) ([]Key, error) {
	if err := caller.Require(access.RegistryRead); err != nil {
		return nil, err
	}
	var out []Key
	for _, e := range *k.table.Load() {
		if visible(caller, e.key) {
			out = append(out, e.shown())
		}
	}
	slices.SortFunc(out, func(a, b Key) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// shown gives the key with the latest time of use.
func (e *entry) shown() Key {
	key := e.key
	if last := e.usage.last.Load(); last > 0 && last > key.LastUsedAt.Unix() {
		key.LastUsedAt = time.Unix(last, 0).UTC()
	}
	return key
}

// visible tells whether the caller may see the key: one of its organization, and of its sandbox if it has one.
func visible(caller access.Caller, key Key) bool {
	return caller.Organization == key.Organization && (caller.Sandbox == "" || caller.Sandbox == key.Sandbox)
}

// Key gives one by its id.
func (k *Keyring) Key(ctx context.Context, caller access.Caller, id string) (Key, error) {
	if err := caller.Require(access.RegistryRead); err != nil {
		return Key{}, err
	}
	found, err := k.find(ctx, caller, id)
	if err != nil {
		return Key{}, err
	}
	return found.shown(), nil
}

// find looks for a key here, and then in what other nodes have made.
func (k *Keyring) find(ctx context.Context, caller access.Caller, id string) (*entry, error) {
	if found := k.held(caller, id); found != nil {
		return found, nil
	}
	if err := k.Reload(ctx); err != nil {
		return nil, err
	}
	if found := k.held(caller, id); found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("the key %q: %w", id, ErrNotFound)
}

func (k *Keyring) held(caller access.Caller, id string) *entry {
	for _, e := range *k.table.Load() {
		if e.key.ID == id && visible(caller, e.key) {
			return e
		}
	}
	return nil
}

// Revoke ends a key at once, on this node before it returns. A key that is revoked already stays as it is.
func (k *Keyring) Revoke(ctx context.Context, caller access.Caller, id string) (Key, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Key{}, err
	}
	if _, err := k.find(ctx, caller, id); err != nil {
		return Key{}, err
	}
	k.changing.Lock()
	defer k.changing.Unlock()
	found := k.held(caller, id)
	switch {
	case found == nil:
		return Key{}, fmt.Errorf("the key %q: %w", id, ErrNotFound)
	case !found.key.RevokedAt.IsZero():
		return found.shown(), nil
	}
	at := k.config.Clock.Now().UTC()
	if err := k.config.Store.RevokeKey(ctx, found.key.Organization, id, at, found.key.entry(caller, "key.revoke", at)); err != nil {
		return Key{}, fmt.Errorf("revoking the key %s: %w", id, err)
	}
	revoked := *found
	revoked.key.RevokedAt = at
	k.put(&revoked)
	return revoked.shown(), nil
}
