package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/ident"
)

var _ audit.Journal = Audit{}

// OpenReads notes that a node counts reads.
func (a Audit) OpenReads(ctx context.Context, node string, mode audit.Mode, at time.Time) error {
	err := a.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO audit_nodes (node, mode, started_at) VALUES ($1, $2, $3)`, node, string(mode), micros(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("noting the start: %w", err)
	}
	return nil
}

// KeepReads makes tallies durable.
func (a Audit) KeepReads(ctx context.Context, node string, tallies []audit.Tally, entries []audit.Entry) error {
	err := a.s.write(ctx, func(t *tx) error {
		t.record(entries...)
		return t.keepReads(node, tallies)
	})
	if err != nil {
		return fmt.Errorf("keeping token reads: %w", err)
	}
	return nil
}

func (t *tx) keepReads(node string, tallies []audit.Tally) error {
	if len(tallies) == 0 {
		return nil
	}
	batch, err := json.Marshal(tallies)
	if err != nil {
		return fmt.Errorf("encoding token reads: %w", err)
	}
	second := tallies[0].Last
	for i := range tallies {
		second = max(second, tallies[i].Last)
	}
	_, err = t.exec(`INSERT INTO audit_reads (id, node, second, batch) VALUES ($1, $2, $3, $4)`,
		ident.New("reads"), node, second, string(batch))
	return err
}

// foldLimit is how many records one transaction makes of reads, so that others are not kept waiting.
const foldLimit = 2000

// FoldReads makes records of a node's tallies.
func (a Audit) FoldReads(ctx context.Context, node string, before int64) error {
	return a.foldReads(ctx, node, before, nil)
}

// foldReads does so in parts, and finish in the transaction of the last.
func (a Audit) foldReads(ctx context.Context, node string, before int64, finish func(*tx) error) error {
	for more := true; more; {
		batches, err := a.readBatches(ctx, node, before)
		if err == nil {
			err = a.s.write(ctx, func(t *tx) error {
				more, err = t.foldBatches(node, batches)
				if err == nil && !more && finish != nil {
					err = finish(t)
				}
				return err
			})
		}
		if err != nil {
			return fmt.Errorf("making records of token reads: %w", err)
		}
	}
	return nil
}

type readBatch struct {
	id      string
	tallies []audit.Tally
}

// readBatches gives what is kept of a second or a few: each record is of one second, and what has none in common may come
// next time.
func (a Audit) readBatches(ctx context.Context, node string, before int64) ([]readBatch, error) {
	var all []readBatch
	err := a.s.rows(ctx, func(row scanner) error {
		var batch readBatch
		var text string
		if err := row.Scan(&batch.id, &text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &batch.tallies); err != nil {
			return fmt.Errorf("decoding token reads: %w", err)
		}
		all = append(all, batch)
		return nil
	}, `SELECT id, batch FROM audit_reads WHERE node = $1 AND second < $2 ORDER BY second, id`, node, before)
	return all, err
}

// foldBatches takes batches out and makes records of them; what is too much for one transaction it puts back. Another
// node may have taken them for those of one that is gone: each is taken once.
func (t *tx) foldBatches(node string, batches []readBatch) (more bool, err error) {
	var tallies []audit.Tally
	for _, batch := range batches {
		n, err := t.exec(`DELETE FROM audit_reads WHERE id = $1`, batch.id)
		if err != nil {
			return false, err
		}
		if n > 0 {
			tallies = append(tallies, batch.tallies...)
		}
	}
	entries, rest := audit.Fold(tallies, foldLimit)
	t.record(entries...)
	return len(rest) > 0, t.keepReads(node, rest)
}

// CloseReads makes records of what a node left, and forgets it.
func (a Audit) CloseReads(ctx context.Context, node string) error {
	return a.foldReads(ctx, node, maxSecond, func(t *tx) error {
		_, err := t.exec(`DELETE FROM audit_nodes WHERE node = $1`, node)
		return err
	})
}

const maxSecond = 1 << 62

// RecoverReads makes records of what nodes left that are gone.
func (a Audit) RecoverReads(ctx context.Context) error {
	type gone struct {
		node, mode string
		started    time.Time
	}
	var all []gone
	err := a.s.rows(ctx, func(row scanner) error {
		var g gone
		var started sql.NullInt64
		err := row.Scan(&g.node, &g.mode, &started)
		g.started = instant(started)
		all = append(all, g)
		return err
	}, `SELECT node, mode, started_at FROM audit_nodes WHERE NOT `+a.s.aliveOwner("node")+` ORDER BY started_at`)
	if err != nil {
		return fmt.Errorf("finding nodes that are gone: %w", err)
	}
	for _, g := range all {
		extents, err := a.Extents(ctx)
		if err != nil {
			return err
		}
		err = a.foldReads(ctx, g.node, maxSecond, func(t *tx) error {
			n, err := t.exec(`DELETE FROM audit_nodes WHERE node = $1`, g.node)
			if err != nil || n == 0 || g.mode == string(audit.Strict) {
				return err
			}
			for _, extent := range extents {
				t.record(audit.UncleanEnd(extent.Organization, g.node, g.started))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
