package audit

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
)

// Proof is what a chain is checked against beside the store's own checkpoints.
type Proof struct {
	// Held are checkpoints that were kept elsewhere.
	Held []Held
	// Key is the only one whose checkpoints are trusted; nil trusts this installation's.
	Key PublicKey
}

// Verify checks a chain from its first record to its last, and what is in the store against it.
func (l *Log) Verify(ctx context.Context, caller access.Caller, chain string, proof Proof) (Report, error) {
	organization, err := chainOf(caller, chain)
	if err != nil {
		return Report{}, err
	}
	return l.verify(ctx, organization, proof, func() {})
}

// verify checks a chain, and tells of each record that was read.
func (l *Log) verify(ctx context.Context, organization string, proof Proof, passed func()) (Report, error) {
	extent, err := l.config.Store.Extent(ctx, organization)
	if err != nil {
		return Report{}, fmt.Errorf("reading the chain's extent: %w", err)
	}
	checkpoints, err := l.held(ctx, organization)
	if err != nil {
		return Report{}, err
	}
	if proof.Key == nil {
		proof.Key = l.PublicKey()
	}
	seen := newLedger()
	report, err := Examine(Chain{
		Organization: organization, Base: extent.Base, Head: &extent.Head, Key: proof.Key,
		Checkpoints: append(checkpoints, proof.Held...),
		Records:     seen.note(counted(ctx, l.walk(ctx, organization, extent.Base.Sequence, extent.Sequence), passed)),
	})
	if err != nil {
		return report, err
	}
	return report, l.compare(ctx, extent, seen, &report)
}

// ledger is what the chain says of the connections that are in it.
type ledger struct {
	standings map[string]standing // id → standing
	// began is when the first record was made: what is older may have none.
	began time.Time
}

func newLedger() *ledger { return &ledger{standings: map[string]standing{}} }

type standing struct {
	sequence   int64
	generation int64
	token      string
	gone       bool
}

// note remembers what passes by.
func (s *ledger) note(records iter.Seq2[Record, error]) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for record, err := range records {
			if err == nil {
				s.add(&record)
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

const (
	connectionPrefix = "connection."
	// removals end in these: "connection.delete", "connection.sweep".
	deleted, swept = ".delete", ".sweep"
)

func (s *ledger) add(r *Record) {
	if s.began.IsZero() {
		s.began = r.At
	}
	if !strings.HasPrefix(r.Action, connectionPrefix) || r.Subject == "" {
		return
	}
	now := s.standings[r.Subject]
	now.sequence = r.Sequence
	now.gone = strings.HasSuffix(r.Action, deleted) || strings.HasSuffix(r.Action, swept)
	if r.Generation >= now.generation {
		now.generation = r.Generation
		if token := r.Detail["token"]; token != "" {
			now.token = token
		}
	}
	s.standings[r.Subject] = now
}

// compare checks each connection's row against its newest records. Rows are read after the chain was, so they may be
// newer: then the records that came since decide.
func (l *Log) compare(ctx context.Context, extent Extent, seen *ledger, report *Report) error {
	there := map[string]bool{}
	for after := ""; ; {
		page, err := l.config.Store.Rows(ctx, extent.Organization, after, maxPage)
		if err != nil {
			return fmt.Errorf("reading the connections: %w", err)
		}
		for i := range page {
			row := &page[i]
			after, there[row.ID] = row.ID, true
			report.Connections++
			if err := l.compareRow(ctx, extent, seen, row, report); err != nil {
				return err
			}
		}
		if len(page) < maxPage {
			break
		}
	}
	for _, id := range slices.Sorted(maps.Keys(seen.standings)) {
		if seen.standings[id].gone || there[id] {
			continue
		}
		now, err := l.since(ctx, extent, seen.standings[id], id)
		if err != nil {
			return err
		}
		if !now.gone {
			report.about(Unrecorded, now.sequence, id, "the connection %s is not there, and no record says that it was removed (the newest is %d)", id, now.sequence)
		}
	}
	return nil
}

func (l *Log) compareRow(ctx context.Context, extent Extent, seen *ledger, row *Row, report *Report) error {
	now, known := seen.standings[row.ID]
	if !known || now.gone || now.generation != row.Generation || now.token != "" && now.token != row.Token {
		later, err := l.since(ctx, extent, now, row.ID)
		if err != nil {
			return err
		}
		known, now = known || later.sequence > 0, later
	}
	switch {
	case row.Unreadable:
		report.about(Changed, now.sequence, row.ID, "the sealed tokens of the connection %s do not open: they were changed, or belong to another row or generation", row.ID)
	case !known && (extent.Base.Sequence > 0 || row.CreatedAt.Before(seen.began)): // pruned, or older than the record
	case !known:
		report.about(Unrecorded, 0, row.ID, "the connection %s has no record", row.ID)
	case now.gone:
		report.about(Unrecorded, now.sequence, row.ID, "the connection %s is there, and record %d says that it was removed: it was put back", row.ID, now.sequence)
	case row.Generation < now.generation:
		report.about(RolledBack, now.sequence, row.ID, "the connection %s is at generation %d, and record %d says %d: its row was put back to an older state", row.ID, row.Generation, now.sequence, now.generation)
	case row.Generation > now.generation && now.generation > 0:
		report.about(Unrecorded, now.sequence, row.ID, "the connection %s is at generation %d, and its newest record (%d) says %d: it was changed without a record", row.ID, row.Generation, now.sequence, now.generation)
	case row.Generation == now.generation && now.token != "" && now.token != row.Token:
		report.about(Unrecorded, now.sequence, row.ID, "the connection %s holds another token of generation %d than its record says: it was changed without a record", row.ID, row.Generation)
	}
	return nil
}

// since brings a standing up to what was recorded after the chain was read.
func (l *Log) since(ctx context.Context, extent Extent, now standing, id string) (standing, error) {
	later := newLedger()
	later.standings[id] = now
	for record, err := range l.walkSubject(ctx, extent.Organization, id, extent.Sequence) {
		if err != nil {
			return now, fmt.Errorf("reading the newest records of %s: %w", id, err)
		}
		later.add(&record)
	}
	return later.standings[id], nil
}

// walkSubject gives the records of one thing after a number.
func (l *Log) walkSubject(ctx context.Context, organization, subject string, after int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for {
			page, err := l.config.Store.Records(ctx, Selection{
				Organization: organization, Subject: subject, After: after, Forward: true, Limit: maxPage,
			})
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, record := range page {
				if !yield(record, nil) {
					return
				}
				after = record.Sequence
			}
			if len(page) < maxPage {
				return
			}
		}
	}
}

func (r *Report) about(kind string, sequence int64, subject, format string, args ...any) {
	before := len(r.Faults)
	r.fault(kind, sequence, format, args...)
	if len(r.Faults) > before {
		r.Faults[before].Subject = subject
	}
}
