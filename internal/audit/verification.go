package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"latchkey/internal/access"
)

// Verification is how the last check of a chain stands. One that is under way goes on in the background, on one node.
type Verification struct {
	Organization string
	// By is the id of who asked for it.
	By string
	// StartedAt is zero when there was none, FinishedAt while it is under way. SeenAt is when the node that works at it said so last.
	StartedAt, SeenAt, FinishedAt time.Time
	// Total is how many records there were when it began, Checked how many were read.
	Total, Checked int64
	// Report is what was found, nil until it is finished.
	Report *Report
	// Problem says why it broke off, "" for it did not.
	Problem string
}

const (
	// seenEvery is how often a verification says that it goes on; one that has not for lost is not worked at any more.
	seenEvery = time.Second
	lost      = 30 * time.Second
	// verifyEvery is how old the last check of a chain gets before Latchkey checks it itself.
	verifyEvery = 24 * time.Hour
)

// Running tells whether somebody works at it.
func (v *Verification) Running(now time.Time) bool {
	return !v.StartedAt.IsZero() && v.FinishedAt.IsZero() && now.Sub(v.SeenAt) < lost
}

// Verification gives how the last check of a chain stands.
func (l *Log) Verification(ctx context.Context, caller access.Caller, chain string) (Verification, error) {
	organization, err := chainOf(caller, chain)
	if err != nil {
		return Verification{}, err
	}
	v, err := l.config.Vault.Verification(ctx, organization)
	if err == nil && !v.StartedAt.IsZero() && v.FinishedAt.IsZero() && !v.Running(l.config.Clock.Now()) {
		v.Problem = "the server that worked at it has ended"
	}
	return v, err
}

// BeginVerification checks a chain as [Log.Verify] does, in the background: a long one takes longer than a browser waits. One that is
// under way goes on.
func (l *Log) BeginVerification(ctx context.Context, caller access.Caller, chain string, proof Proof) (Verification, error) {
	organization, err := chainOf(caller, chain)
	if err != nil {
		return Verification{}, err
	}
	asked := func(last *Verification, now time.Time) bool { return !last.Running(now) }
	v, began, err := l.begin(ctx, organization, cmp.Or(caller.User, caller.ID), asked)
	if began {
		l.verifying.Go(func() { l.runVerification(v, proof) })
	}
	return v, err
}

// begin notes that a chain is checked from now on, unless the last check makes that needless.
func (l *Log) begin(ctx context.Context, organization, by string, needed func(last *Verification, now time.Time) bool) (v Verification, began bool, err error) {
	l.beginning.Lock()
	defer l.beginning.Unlock()
	now := l.config.Clock.Now().UTC()
	last, err := l.config.Vault.Verification(ctx, organization)
	if err != nil || !needed(&last, now) {
		return last, false, err
	}
	extent, err := l.config.Store.Extent(ctx, organization)
	if err != nil {
		return Verification{}, false, err
	}
	v = Verification{Organization: organization, By: by, StartedAt: now, SeenAt: now, Total: extent.Sequence - extent.Base.Sequence}
	if err := l.config.Vault.KeepVerification(ctx, v); err != nil {
		return Verification{}, false, err
	}
	return v, true, nil
}

// due tells whether a chain is checked without anybody asking: each day, and when the last check did not come to its end. What was found wrong stays until somebody checks again: he
// or she may have proved it by a checkpoint that was kept elsewhere, which Latchkey has not.
func due(last *Verification, now time.Time) bool {
	if last.Running(now) {
		return false
	}
	return last.Report == nil || last.Report.OK() && now.Sub(last.StartedAt) >= verifyEvery
}

// VerifyDue checks every chain that nobody has checked for a day, one after the other.
func (l *Log) VerifyDue(ctx context.Context) error {
	extents, err := l.config.Store.Extents(ctx)
	if err != nil {
		return fmt.Errorf("reading the chains' extents: %w", err)
	}
	var errs []error
	for _, extent := range extents {
		if extent.Sequence == 0 || l.background.Err() != nil {
			continue
		}
		v, began, err := l.begin(ctx, extent.Organization, System, due)
		if err != nil {
			errs = append(errs, fmt.Errorf("checking the audit record of %q: %w", extent.Organization, err))
		} else if began {
			l.runVerification(v, Proof{})
		}
	}
	return errors.Join(errs...)
}

func (l *Log) runVerification(v Verification, proof Proof) {
	ctx := l.background
	keep := func() {
		v.SeenAt = l.config.Clock.Now().UTC()
		if err := l.config.Vault.KeepVerification(context.WithoutCancel(ctx), v); err != nil {
			l.config.Log.WarnContext(ctx, "keeping how a verification of the audit record stands", "error", err)
		}
	}
	report, err := l.verify(ctx, v.Organization, proof, func() {
		v.Checked++
		if v.Checked%maxPage == 0 && l.config.Clock.Now().Sub(v.SeenAt) >= seenEvery {
			keep()
		}
	})
	v.FinishedAt = l.config.Clock.Now().UTC()
	switch {
	case ctx.Err() != nil:
		v.Problem = "the server that worked at it has ended"
	case err != nil:
		l.config.Log.ErrorContext(ctx, "a verification of the audit record broke off", "error", err)
		v.Problem = "the record could not be read to its end; the server’s log says why"
	default:
		v.Report = &report
		for i := range min(len(report.Faults), 3) {
			l.config.Log.ErrorContext(ctx, "the audit record is not whole", "organization", v.Organization, "fault", report.Faults[i])
		}
	}
	keep()
}

// counted tells of each record that passes by, and ends with the context.
func counted(ctx context.Context, records iter.Seq2[Record, error], passed func()) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for record, err := range records {
			if err == nil {
				err = ctx.Err()
			}
			passed()
			if !yield(record, err) {
				return
			}
		}
	}
}
