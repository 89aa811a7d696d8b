package store

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// order waits, before a transaction of several writes touches anything, for those of others that touch the same connections:
// one lock for each, taken in one order by everybody. Nodes whose connections all fall due at once, as after an outage of the
// server, would otherwise take their rows in different orders, and wait in a circle until the server notices, a second each
// time. One process over a file has nobody to wait for.
func (h *hand) order(ctx context.Context, group []*job) error {
	if h.session.remote == nil {
		return nil
	}
	var locks []int64
	for _, j := range group {
		for _, key := range j.keys {
			locks = append(locks, lockOf(key))
		}
	}
	if len(locks) == 0 {
		return nil
	}
	slices.Sort(locks)
	locks = slices.Compact(locks)
	list := make([]string, len(locks))
	for i, lock := range locks {
		list[i] = strconv.FormatInt(lock, 10)
	}
	_, err := h.session.change(ctx, `SELECT pg_advisory_xact_lock(k::bigint) FROM unnest(string_to_array($1, ',')) k`, strings.Join(list, ","))
	return err
}

// lockOf gives the advisory lock of a connection.
func lockOf(connection string) int64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte("latchkey " + connection))
	return int64(hash.Sum64())
}
