package audit

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
)

// LogConfig is what a [Log] works with.
type LogConfig struct {
	Store Store
	Vault Vault
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log *slog.Logger
	// CheckpointEvery is how often a chain with news is signed; 0 means 1 h.
	CheckpointEvery time.Duration
	// Retention is how long records are kept; 0 means for ever.
	Retention time.Duration
}

// Log holds the use cases of the audit record, and signs and prunes it in the background. Start it with [Log.Start],
// end it with [Log.Close].
type Log struct {
	config LogConfig
	signer *signer
	cancel context.CancelFunc
	done   chan struct{}
	// Verifications work until Close.
	background context.Context //nolint:containedctx // it ends with the log
	stop       context.CancelFunc
	verifying  sync.WaitGroup
	beginning  sync.Mutex
}

// Open reads the key that signs checkpoints, or makes it.
func Open(ctx context.Context, config LogConfig) (*Log, error) {
	if config.Store == nil || config.Vault == nil {
		return nil, errors.New("opening the audit record: a store and a vault are needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	config.CheckpointEvery = cmp.Or(config.CheckpointEvery, time.Hour)
	seed, err := config.Vault.SigningKey(ctx, NewSigningKey())
	if err != nil {
		return nil, fmt.Errorf("opening the audit record: %w", err)
	}
	l := &Log{config: config}
	l.background, l.stop = context.WithCancel(context.Background())
	if l.signer, err = newSigner(seed); err != nil {
		l.stop()
		return nil, fmt.Errorf("opening the audit record: %w", err)
	}
	return l, nil
}

// PublicKey is the one that checks this installation's checkpoints.
func (l *Log) PublicKey() PublicKey { return l.signer.public() }

// Installation names the installation's own chain, which only an administrator reads.
const Installation = "installation"

// ErrBound is given to a key that is bound to a sandbox.
var ErrBound = errors.New("the audit record is of the whole organization")

// chainOf gives the organization whose chain the caller reads. The record tells of every sandbox, so a key that is bound
// to one does not read it.
func chainOf(caller access.Caller, chain string) (string, error) {
	if err := caller.Require(access.AuditRead); err != nil {
		return "", err
	}
	if caller.Sandbox != "" {
		return "", ErrBound
	}
	if chain != Installation {
		return caller.Organization, nil
	}
	if err := caller.Require(access.Admin); err != nil {
		return "", err
	}
	return "", nil
}

// MayRead tells whether the caller reads a chain, before anything is answered.
func (l *Log) MayRead(caller access.Caller, chain string) error {
	_, err := chainOf(caller, chain)
	return err
}

// maxPage bounds a page of records.
const maxPage = 1000

// List gives records that the caller may see. The selection's Organization is the caller's.
func (l *Log) List(ctx context.Context, caller access.Caller, chain string, s Selection) ([]Record, error) {
	organization, err := chainOf(caller, chain)
	if err != nil {
		return nil, err
	}
	s.Organization, s.Limit = organization, min(max(s.Limit, 1), maxPage)
	records, err := l.config.Store.Records(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("listing the audit record: %w", err)
	}
	return records, nil
}

// walk gives the records after a number, up to another, in their order.
func (l *Log) walk(ctx context.Context, organization string, after, until int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for after < until {
			page, err := l.config.Store.Records(ctx, Selection{
				Organization: organization, After: after, Before: until + 1, Forward: true, Limit: maxPage,
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

// held gives all checkpoints of the store, the oldest first.
func (l *Log) held(ctx context.Context, organization string) ([]Held, error) {
	var all []Held
	for before := int64(0); ; {
		page, err := l.config.Vault.Checkpoints(ctx, organization, before, maxPage)
		if err != nil {
			return nil, fmt.Errorf("reading the checkpoints: %w", err)
		}
		for _, c := range page {
			all = append(all, Held{Checkpoint: c})
			before = c.Sequence
		}
		if len(page) < maxPage {
			slices.Reverse(all)
			return all, nil
		}
	}
}

// Checkpoints gives a page of those in the store, the newest first.
func (l *Log) Checkpoints(ctx context.Context, caller access.Caller, chain string, before int64, limit int) ([]Checkpoint, error) {
	organization, err := chainOf(caller, chain)
	if err != nil {
		return nil, err
	}
	page, err := l.config.Vault.Checkpoints(ctx, organization, before, min(max(limit, 1), maxPage))
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoints: %w", err)
	}
	return page, nil
}

// ErrNothingRecorded is given where a chain has no record to sign.
var ErrNothingRecorded = errors.New("nothing is recorded yet")

// Checkpoint signs the chain as it is now. What is signed already is given again.
func (l *Log) Checkpoint(ctx context.Context, caller access.Caller, chain string) (Checkpoint, error) {
	organization, err := chainOf(caller, chain)
	if err != nil {
		return Checkpoint{}, err
	}
	extent, err := l.config.Store.Extent(ctx, organization)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("reading the chain's extent: %w", err)
	}
	if extent.Sequence == 0 {
		return Checkpoint{}, ErrNothingRecorded
	}
	return l.checkpoint(ctx, extent.Head)
}

func (l *Log) checkpoint(ctx context.Context, head Head) (Checkpoint, error) {
	newest, err := l.config.Vault.Checkpoints(ctx, head.Organization, 0, 1)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	if len(newest) > 0 && newest[0].Sequence == head.Sequence && newest[0].Hash == head.Hash && newest[0].Genuine() {
		return newest[0], nil
	}
	signed := l.signer.sign(checkpointDomain, head, l.config.Clock.Now())
	if err := l.config.Vault.KeepCheckpoint(ctx, signed); err != nil {
		return Checkpoint{}, fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return signed, nil
}

// Start begins the work in the background.
func (l *Log) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel, l.done = cancel, make(chan struct{})
	timer := l.config.Clock.NewTimer(l.config.CheckpointEvery)
	go func() {
		defer close(l.done)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C():
				if err := l.Tend(ctx); err != nil && ctx.Err() == nil {
					l.config.Log.WarnContext(ctx, "tending the audit record", "error", err)
				}
				if err := l.VerifyDue(ctx); err != nil && ctx.Err() == nil {
					l.config.Log.WarnContext(ctx, "checking the audit record", "error", err)
				}
				timer.Reset(l.config.CheckpointEvery)
			}
		}
	}()
}

// Close ends the background and signs what is new.
func (l *Log) Close(ctx context.Context) error {
	l.stop() // verifications end, those of the background too
	if l.cancel != nil {
		l.cancel()
		<-l.done
	}
	l.verifying.Wait()
	return l.Tend(ctx)
}

// Tend signs every chain that has news, and prunes what is older than the retention.
func (l *Log) Tend(ctx context.Context) error {
	extents, err := l.config.Store.Extents(ctx)
	if err != nil {
		return fmt.Errorf("reading the chains' extents: %w", err)
	}
	var errs []error
	for _, extent := range extents {
		if extent.Sequence > 0 {
			_, err := l.checkpoint(ctx, extent.Head)
			errs = append(errs, err)
		}
		if l.config.Retention > 0 {
			errs = append(errs, l.prune(ctx, extent))
		}
	}
	return errors.Join(errs...)
}

// prune lets go of the records up to the newest checkpoint that is older than the retention. The statement that it did
// is signed: who can't sign can't let a chain begin later.
func (l *Log) prune(ctx context.Context, extent Extent) error {
	now := l.config.Clock.Now()
	checkpoints, err := l.held(ctx, extent.Organization)
	if err != nil {
		return err
	}
	base := extent.Base
	for _, c := range checkpoints {
		if c.At.Before(now.Add(-l.config.Retention)) && c.Sequence > base.Sequence && c.Genuine() {
			base = Head{extent.Organization, c.Sequence, c.Hash}
		}
	}
	if base.Sequence == extent.Base.Sequence {
		return nil
	}
	statement := l.signer.sign(pruneDomain, base, now)
	key, err := statement.PublicKey.MarshalText()
	if err != nil {
		return err
	}
	err = l.config.Store.Prune(ctx, base, Entry{
		At: statement.At, Organization: extent.Organization, Actor: System, Action: ActionPrune, Subject: "audit",
		Detail: map[string]string{
			"through": strconv.FormatInt(base.Sequence, 10), "hash": base.Hash.String(),
			"public_key": string(key), "signature": base64.StdEncoding.EncodeToString(statement.Signature),
		},
	})
	if err != nil {
		return fmt.Errorf("pruning the audit record up to %d: %w", base.Sequence, err)
	}
	return nil
}
