package revocation

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/provider"
	"latchkey/internal/telemetry"
)

// Revoker asks providers. It is [exchange.Runner].
type Revoker interface {
	Revoke(ctx context.Context, plan *destination.Plan, in exchange.Input) error
	RevocationTarget(ctx context.Context, plan *destination.Plan, in exchange.Input) exchange.Target
}

// Definitions gives plans. It is [destination.Catalogue].
type Definitions interface {
	Plan(ctx context.Context, definition string, revision, configuration int) (*destination.Plan, error)
	EffectivePlan(ctx context.Context, definition string, pinned, configuration int) (*destination.Plan, int, error)
}

// Health lets calls through at each provider's pace. It is [provider.Health].
type Health interface {
	Enter(ctx context.Context, call provider.Call) (*provider.Gate, error)
}

// WorkerConfig is what a [Worker] works with.
type WorkerConfig struct {
	Queue       Queue
	Revoker     Revoker
	Definitions Definitions
	Health      Health
	Clock       clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log   *slog.Logger
	Meter metric.Meter
	// Tracer makes a span of each attempt; nil means none.
	Tracer trace.Tracer
	// Retention is how long jobs that ended are kept; 0 means 30 days.
	Retention time.Duration
	// Poll is how often the queue is looked at when nobody wakes the worker, for what other nodes left; 0 means 5 s.
	Poll time.Duration
}

const (
	defaultPoll      = 5 * time.Second
	defaultRetention = 30 * 24 * time.Hour
	// attemptLimit bounds one attempt, the wait for a place at its provider included.
	attemptLimit = time.Minute
	// leaseBeyond is how much longer than an attempt its claim lasts: for keeping its outcome, and for clocks that differ.
	leaseBeyond = 30 * time.Second
	atOnce      = 32 // attempts at a time
	pruneLimit  = 500
	pruneEvery  = time.Hour
)

// Worker revokes what is due.
type Worker struct {
	config WorkerConfig
	meters meters
	wake   chan struct{}
	cancel context.CancelFunc // ends the claiming
	abort  context.CancelFunc // ends attempts under way
	done   chan struct{}
	slots  chan struct{}
	work   sync.WaitGroup

	pruneAt time.Time // used by run alone
}

// NewWorker makes a worker; [Worker.Start] lets it work.
func NewWorker(config WorkerConfig) (*Worker, error) {
	if config.Queue == nil || config.Revoker == nil || config.Definitions == nil {
		return nil, errors.New("revocation: a worker needs a queue, a revoker and definitions")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Tracer == nil {
		config.Tracer = noop.NewTracerProvider().Tracer("revocation")
	}
	config.Retention, config.Poll = cmp.Or(config.Retention, defaultRetention), cmp.Or(config.Poll, defaultPoll)
	w := &Worker{config: config, wake: make(chan struct{}, 1), slots: make(chan struct{}, atOnce)}
	var err error
	w.meters, err = newMeters(config.Queue, config.Clock, config.Meter)
	return w, err
}

// Start begins to revoke. [Worker.Close] ends it.
func (w *Worker) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	attempts, abort := context.WithCancel(context.Background())
	w.cancel, w.abort, w.done = cancel, abort, make(chan struct{})
	go w.run(ctx, attempts)
}

// Close claims nothing more and waits for the attempts under way until ctx ends; those it then gives up are made again
// by whoever comes next.
func (w *Worker) Close(ctx context.Context) {
	if w.cancel == nil {
		return
	}
	w.cancel()
	<-w.done
	stop := context.AfterFunc(ctx, w.abort)
	w.work.Wait()
	stop()
	w.abort()
}

// Wake makes the worker look at the queue at once.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (w *Worker) run(ctx, attempts context.Context) {
	defer close(w.done)
	timer := w.config.Clock.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-timer.C():
		}
		next, err := w.round(ctx, attempts)
		if err != nil && ctx.Err() == nil {
			w.config.Log.Warn("revoking grants: trying again", "in", w.config.Poll.String(), "error", err)
		}
		pause := w.config.Poll
		if until := next.Sub(w.config.Clock.Now()); !next.IsZero() {
			pause = max(time.Millisecond, min(until, pause))
		}
		timer.Reset(pause)
	}
}

// round begins what attempts there is room for, and gives when the next is due.
func (w *Worker) round(ctx, attempts context.Context) (next time.Time, err error) {
	now := w.config.Clock.Now()
	if !now.Before(w.pruneAt) {
		n, err := w.config.Queue.Prune(ctx, now.Add(-w.config.Retention), pruneLimit)
		if err != nil {
			return time.Time{}, err
		}
		if n < pruneLimit {
			w.pruneAt = now.Add(pruneEvery)
		}
	}
	room := atOnce - len(w.slots) // only this goroutine takes slots
	if room == 0 {
		return time.Time{}, nil // the end of an attempt wakes
	}
	jobs, next, err := w.config.Queue.Claim(ctx, now, now.Add(attemptLimit+leaseBeyond), room)
	for _, job := range jobs {
		w.slots <- struct{}{}
		w.work.Go(func() {
			defer w.Wake()
			defer func() { <-w.slots }()
			w.attempt(attempts, job)
		})
	}
	return next, err
}

// attempt tries one job and keeps how that ended.
func (w *Worker) attempt(ctx context.Context, job Job) {
	limited, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	limited, span := w.config.Tracer.Start(limited, "revocation.attempt", trace.WithAttributes(attribute.String("latchkey.revocation", job.ID)))
	defer span.End()
	counted, failure, notBefore := w.revoke(limited, &job)
	if failure != nil {
		telemetry.Failed(span, failure.Class)
	}
	if ctx.Err() != nil {
		return // given up because the server stops; whoever comes next does it again
	}
	o := w.outcome(job, counted, failure, notBefore)
	w.meters.ended(ctx, o)
	if err := w.config.Queue.Finish(context.WithoutCancel(ctx), o); err != nil {
		w.config.Log.Error("keeping how a revocation ended: it is done again", "revocation", job.ID, "error", err)
	}
}

// revoke asks the provider. Counted tells that it was asked; notBefore, when it may be again.
func (w *Worker) revoke(ctx context.Context, job *Job) (counted bool, failure *Failure, notBefore time.Time) {
	now := w.config.Clock.Now()
	plan, err := w.plan(ctx, job)
	if errors.Is(err, destination.ErrNotFound) || errors.Is(err, destination.ErrNoRevision) {
		return true, &Failure{Class: exchange.Denied.String(), Code: exchange.CannotSend, Description: "its definition is gone", At: now}, time.Time{}
	}
	if err != nil {
		return false, &Failure{Class: "internal", Description: "the definition could not be read", At: now}, time.Time{}
	}
	in := job.Input()
	target := w.config.Revoker.RevocationTarget(ctx, plan, in)
	gate, err := w.enter(ctx, job, plan, target)
	if err != nil {
		return false, &Failure{Class: "busy", Description: err.Error(), At: now}, retryAt(err)
	}
	err = w.config.Revoker.Revoke(ctx, plan, in)
	failed, ok := errors.AsType[*exchange.Failure](err)
	if err != nil && !ok {
		failed = &exchange.Failure{Kind: exchange.BadResponse, Code: "internal", Err: err}
	}
	gate.Done(outcomeOf(failed))
	if failed == nil {
		return true, nil, time.Time{}
	}
	failure = &Failure{
		Class: failed.Kind.String(), Code: failed.Code, Status: failed.Status, Description: failed.Description, Endpoint: failed.Endpoint,
		At: w.config.Clock.Now(),
	}
	if failed.RetryAfter > 0 {
		notBefore = failure.At.Add(failed.RetryAfter)
	}
	return true, failure, notBefore
}

// plan gives the plan to revoke by: of the newest published revision where that revokes at the same address as the one that
// the customer consented to, because its client may have a new secret; else the one of the consent. A token goes nowhere
// else.
func (w *Worker) plan(ctx context.Context, job *Job) (*destination.Plan, error) {
	pinned, err := w.config.Definitions.Plan(ctx, job.Definition, job.Revision, job.Configuration)
	if err != nil {
		return nil, err
	}
	effective, _, err := w.config.Definitions.EffectivePlan(ctx, job.Definition, job.Revision, job.Configuration)
	if err != nil || effective.Revocation() == nil || effective.Fingerprint(job.Fields) != pinned.Fingerprint(job.Fields) {
		return pinned, nil
	}
	in := job.Input()
	if w.config.Revoker.RevocationTarget(ctx, effective, in).URL != w.config.Revoker.RevocationTarget(ctx, pinned, in).URL {
		return pinned, nil
	}
	return effective, nil
}

func (w *Worker) enter(ctx context.Context, job *Job, plan *destination.Plan, target exchange.Target) (*provider.Gate, error) {
	if w.config.Health == nil {
		return &provider.Gate{}, nil
	}
	return w.config.Health.Enter(ctx, provider.Call{
		Host: provider.HostOf(target.URL), Organization: job.Organization, Sandbox: job.Sandbox, Definition: job.Definition,
		Revision: job.Revision, Connection: job.Connection, Background: true,
		Client: provider.Client{ID: target.ClientID, Fingerprint: plan.Fingerprint(job.Fields), Credential: target.Credential},
	})
}

// retryAt gives when a provider that is being spared may be asked.
func retryAt(err error) time.Time {
	if down, ok := errors.AsType[*provider.DownError](err); ok {
		return down.RetryAt
	}
	if paused, ok := errors.AsType[*provider.PausedError](err); ok {
		return paused.RetryAt
	}
	if busy, ok := errors.AsType[*provider.BusyError](err); ok {
		return busy.RetryAt
	}
	return time.Time{}
}

// outcomeOf tells the health how a call went. One that was never sent says nothing of its provider.
func outcomeOf(f *exchange.Failure) provider.Outcome {
	if f != nil && f.Code == exchange.CannotSend {
		return provider.Outcome{Class: provider.Unused}
	}
	return connection.OutcomeOf(f)
}
