package store

import (
	"context"
	"maps"
	"slices"
)

// count moves a definition's number of connections, with the transaction.
func (t *tx) count(definition string, by int) {
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[definition] += by
}

// settleCounts writes the numbers that the group's writes moved. It comes after the writes and before the audit record, in
// one order: two groups that moved the same numbers as they came would lock each other out.
func (h *hand) settleCounts(ctx context.Context, counts map[string]int) error {
	for _, definition := range slices.Sorted(maps.Keys(counts)) {
		if counts[definition] == 0 {
			continue
		}
		_, err := h.session.change(ctx, `UPDATE definitions SET connections = connections + $2 WHERE id = $1`, definition, counts[definition])
		if err != nil {
			return err
		}
	}
	return nil
}
