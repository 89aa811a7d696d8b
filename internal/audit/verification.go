package audit

import (
	"cmp"
	"context"
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
	l.beginning.Lock()
	defer l.beginning.Unlock()
	now := l.config.Clock.Now().UTC()
	last, err := l.config.Vault.Verification(ctx, organization)
	if err != nil || last.Running(now) {
		return last, err
	}
	extent, err := l.config.Store.Extent(ctx, organization)
	if err != nil {
		return Verification{}, err
	}
	v := Verification{Organization: organization, By: cmp.Or(caller.User, caller.ID), StartedAt: now, SeenAt: now, Total: extent.Sequence - extent.Base.Sequence}
	if err := l.config.Vault.KeepVerification(ctx, v); err != nil {
		return Verification{}, err
	}
	l.verifying.Go(func() { l.runVerification(v, proof) })
	return v, nil
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
