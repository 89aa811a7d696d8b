package connection

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// table finds entries by key. Reading takes no lock and allocates nothing; writers take turns.
//
// It is an open-addressed hash table of atomic slots, split into shards so that growing copies little. A slot goes
// from empty to taken, and from taken to its tombstone, never back, so a reader that walks a chain misses nothing
// that was there when it began. Tombstones go when the shard is copied.
type table struct {
	seed maphash.Seed
	// is tells whether the key leads to the entry: entries know their own keys, so slots need not hold them.
	is     func(*entry, key) bool
	shards [64]shard
}

type shard struct {
	slots atomic.Pointer[slots]
	mu    sync.Mutex
	used  int // slots that are not empty, tombstones included
	live  int
}

type slots struct {
	at   []atomic.Pointer[slot]
	mask uint64
}

// key is an id, or organization, sandbox and label.
type key struct{ organization, sandbox, name string }

type slot struct {
	hash  uint64
	entry *entry // nil in a tombstone
}

func newTable(is func(*entry, key) bool) *table {
	t := &table{seed: maphash.MakeSeed(), is: is}
	for i := range t.shards {
		t.shards[i].slots.Store(newSlots(4))
	}
	return t
}

func newSlots(size int) *slots {
	return &slots{at: make([]atomic.Pointer[slot], size), mask: uint64(size - 1)}
}

func (t *table) hash(k key) uint64 {
	h := maphash.String(t.seed, k.name)
	if k.organization != "" {
		h ^= maphash.String(t.seed, k.organization) * 3
		h ^= maphash.String(t.seed, k.sandbox) * 5
	}
	return h
}

func (t *table) shard(hash uint64) *shard { return &t.shards[hash>>58] }

// find gives the entry of the key, nil when there is none.
func (t *table) find(k key) *entry {
	hash := t.hash(k)
	all := t.shard(hash).slots.Load()
	for i := hash & all.mask; ; i = (i + 1) & all.mask {
		s := all.at[i].Load()
		if s == nil {
			return nil
		}
		if s.hash == hash && s.entry != nil && t.is(s.entry, k) {
			return s.entry
		}
	}
}

// put sets the key's entry unless it has one, and gives the one that it has.
func (t *table) put(k key, e *entry) *entry {
	hash := t.hash(k)
	sh := t.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	all := sh.slots.Load()
	if (sh.used+1)*4 > len(all.at)*3 {
		all = sh.grow(all)
	}
	for i := hash & all.mask; ; i = (i + 1) & all.mask {
		s := all.at[i].Load()
		if s == nil {
			all.at[i].Store(&slot{hash, e})
			sh.used++
			sh.live++
			return e
		}
		if s.hash == hash && s.entry != nil && t.is(s.entry, k) {
			return s.entry
		}
	}
}

// remove forgets the key if it leads to e. The entry may have another key by now.
func (t *table) remove(k key, e *entry) {
	hash := t.hash(k)
	sh := t.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	all := sh.slots.Load()
	for i := hash & all.mask; ; i = (i + 1) & all.mask {
		s := all.at[i].Load()
		if s == nil {
			return
		}
		if s.hash == hash && s.entry == e {
			all.at[i].Store(&slot{hash: hash})
			sh.live--
			return
		}
	}
}

// grow copies what lives into a table with room. The caller holds mu.
func (sh *shard) grow(old *slots) *slots {
	size := len(old.at)
	if sh.live*2 >= size {
		size *= 2
	}
	all := newSlots(size)
	for i := range old.at {
		s := old.at[i].Load()
		if s == nil || s.entry == nil {
			continue
		}
		j := s.hash & all.mask
		for all.at[j].Load() != nil {
			j = (j + 1) & all.mask
		}
		all.at[j].Store(s)
	}
	sh.used = sh.live
	sh.slots.Store(all)
	return all
}
