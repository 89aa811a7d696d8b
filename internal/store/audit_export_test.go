package store

import (
	"context"

	"latchkey/internal/audit"
)

// WriteEntries hands in entries within a write that then ends with err.
func (s *Store) WriteEntries(ctx context.Context, err error, entries ...audit.Entry) error {
	return s.write(ctx, func(t *tx) error {
		t.record(entries...)
		return err
	})
}
