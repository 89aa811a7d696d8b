package simulator

import "iter"

// table is a map that forgets its oldest entries beyond a limit. It is not safe for concurrent use.
type table[K comparable, V any] struct {
	limit   int
	entries map[K]V
	order   []K // keys, oldest first; may name entries that have been removed
}

func newTable[K comparable, V any](limit int) table[K, V] {
	return table[K, V]{limit: limit, entries: map[K]V{}}
}

func (t *table[K, V]) get(key K) (V, bool) {
	v, ok := t.entries[key]
	return v, ok
}

func (t *table[K, V]) put(key K, value V) {
	if _, ok := t.entries[key]; !ok {
		t.order = append(t.order, key)
	}
	t.entries[key] = value
	for len(t.entries) > t.limit {
		delete(t.entries, t.order[0])
		t.order = t.order[1:]
	}
}

// all gives the entries, oldest first.
func (t *table[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range t.order {
			if v, ok := t.entries[key]; ok && !yield(key, v) {
				return
			}
		}
	}
}

// keep removes the entries for which f is false.
func (t *table[K, V]) keep(f func(V) bool) {
	order := make([]K, 0, len(t.entries))
	for _, key := range t.order {
		v, ok := t.entries[key]
		switch {
		case !ok:
		case f(v):
			order = append(order, key)
		default:
			delete(t.entries, key)
		}
	}
	t.order = order
}

func (t *table[K, V]) clear() { *t = newTable[K, V](t.limit) }
