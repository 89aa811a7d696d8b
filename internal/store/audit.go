package store

import "latchkey/internal/audit"

// record puts entries into the transaction: they are kept if the write is, and undone with it.
func (t *tx) record(entries ...audit.Entry) { t.entries = append(t.entries, entries...) }
