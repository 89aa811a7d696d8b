package pipelined

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// What a migration has counted is kept in the journal, so that its report goes on after the daemon began anew. It is written
// before the broker's pointer moves: what came since is sent again then, and counted again, and no gap is seen that is none.

// noteMigration and noteAudit name what is kept: the migration, and what came of each topic since.
const noteMigration = "migration"

func (l *listener) noteAudit() string { return "migration of " + l.topic + " for " + l.consumer }

// keptPartition is what is kept of a partition.
type keptPartition struct {
	Runs       []run `json:"runs"`
	Received   int64 `json:"received"`
	Suppressed int64 `json:"suppressed"`
}

// rememberMigration keeps a migration as it stands.
func (d *Daemon) rememberMigration(ctx context.Context, m *Migration) {
	d.migration.Store(m)
	text, err := json.Marshal(m)
	if err == nil {
		err = d.journal.Note(context.WithoutCancel(ctx), noteMigration, string(text))
	}
	if err != nil {
		d.log.Warn("The migration's report will end with this process: " + err.Error())
	}
}

// recallMigration takes up what an earlier process has counted.
func (d *Daemon) recallMigration(ctx context.Context) error {
	text, err := d.journal.Noted(ctx, noteMigration)
	if err != nil || text == "" {
		return err
	}
	var m Migration
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return fmt.Errorf("reading the migration of the journal: %w", err)
	}
	d.migration.Store(&m)
	return nil
}

// remember keeps what came since the migration; nothing without one.
func (l *listener) remember(ctx context.Context) error {
	if l.migration.Load() == nil {
		return nil
	}
	text, err := json.Marshal(l.audit.kept())
	if err != nil {
		return err
	}
	return l.journal.Note(context.WithoutCancel(ctx), l.noteAudit(), string(text))
}

// recall takes up what an earlier process has counted of the topic since the migration.
func (l *listener) recall(ctx context.Context) {
	if l.migration.Load() == nil {
		return
	}
	text, err := l.journal.Noted(ctx, l.noteAudit())
	var kept map[int32]keptPartition
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &kept)
	}
	if err != nil {
		l.log.Warn("What the migration had counted before the start is not known: " + err.Error())
	}
	l.audit.restore(kept)
}

func (a *audit) kept() map[int32]keptPartition {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := make(map[int32]keptPartition, len(a.partitions))
	for partition, p := range a.partitions {
		kept[partition] = keptPartition{slices.Clone(p.runs), p.received, p.suppressed}
	}
	return kept
}

func (a *audit) restore(kept map[int32]keptPartition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for partition, k := range kept {
		a.partitions[partition] = &partitionAudit{runs: k.Runs, received: k.Received, suppressed: k.Suppressed}
	}
}
