package pipelined

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// What a migration has counted is kept in the journal, so that its report goes on after the daemon began anew. It is written
// before the broker's pointer moves: what came since is sent again then, and counted again, and no gap is seen that is none.

// noteMigration and noteAudit name what is kept: the migration, and what came of each topic since.
const noteMigration = "migration"

func (l *listener) noteAudit() string { return "migration of " + l.topic + " for " + l.consumer }

// cameOffsets writes runs as "0-10,21-30", the newest of them.
func cameOffsets(runs []run) string {
	var text strings.Builder
	for i, r := range newest(runs, mostEarlier) {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "%d-%d", r.First, r.Last)
	}
	return text.String()
}

// Came gives what a daemon has told of the offsets that came to it, for [Merge]. What can't be read is nothing.
func Came(topic, consumer string, partition int32, offsets string) PartitionReport {
	p := PartitionReport{Topic: topic, Consumer: consumer, Partition: partition}
	for text := range strings.SplitSeq(offsets, ",") {
		var r run
		if n, err := fmt.Sscanf(text, "%d-%d", &r.First, &r.Last); err == nil && n == 2 && r.First <= r.Last {
			p.Earlier = join(p.Earlier, r)
		}
	}
	return p
}

// keptPartition is what is kept of a partition.
type keptPartition struct {
	Runs       []run `json:"runs"`
	Earlier    []run `json:"earlier,omitempty"`
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

// remember keeps what came. Without a migration too: another daemon of the instance may be in one, and lacks what came here.
func (l *listener) remember(ctx context.Context) error {
	text, err := json.Marshal(l.audit.kept())
	if err != nil {
		return err
	}
	return l.journal.Note(context.WithoutCancel(ctx), l.noteAudit(), string(text))
}

// recall takes up what an earlier process has counted of the topic.
func (l *listener) recall(ctx context.Context) {
	text, err := l.journal.Noted(ctx, l.noteAudit())
	var kept map[int32]keptPartition
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &kept)
	}
	if err != nil {
		l.log.Warn("What came before the start is not known to a migration's report: " + err.Error())
	}
	l.audit.restore(kept)
}

func (a *audit) kept() map[int32]keptPartition {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := make(map[int32]keptPartition, len(a.partitions))
	for partition, p := range a.partitions {
		kept[partition] = keptPartition{slices.Clone(p.runs), slices.Clone(p.earlier), p.received, p.suppressed}
	}
	return kept
}

func (a *audit) restore(kept map[int32]keptPartition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for partition, k := range kept {
		a.partitions[partition] = &partitionAudit{runs: k.Runs, earlier: k.Earlier, received: k.Received, suppressed: k.Suppressed}
	}
}
