package connection

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/provider"
)

// queueWait is how long a renewal in the background waits for a place at its provider before it makes room for those of
// other providers.
const queueWait = time.Second

// enter asks the provider's health for a place. A refusal is a [*putOff].
func (t *turn) enter(ctx context.Context, why cause) (*provider.Gate, error) {
	if t.config.Health == nil {
		return &provider.Gate{}, nil
	}
	call := t.call(ctx, t.plan, t.record, t.input)
	t.host = call.Host
	call.Expires, call.Background, call.Forced = t.ends(), why == due, why == ordered
	if call.Background {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, queueWait)
		defer cancel()
	}
	gate, err := t.config.Health.Enter(ctx, call)
	if err != nil {
		return nil, t.refusal(t.record.identity(), err)
	}
	return gate, nil
}

// call says who wants to call what.
func (k *Keeper) call(ctx context.Context, plan *destination.Plan, record *Record, input exchange.Input) provider.Call {
	target := k.config.Exchanger.Target(ctx, plan, input)
	return provider.Call{
		Host: provider.HostOf(target.URL), Organization: record.Organization, Sandbox: record.Sandbox,
		Definition: record.Definition, Revision: record.Revision, Connection: record.ID,
		Client: provider.Client{ID: target.ClientID, Fingerprint: plan.Fingerprint(input.Fields), Credential: target.Credential},
	}
}

// revocationHost gives the provider that a grant is revoked at, "" when it can't be told.
func (k *Keeper) revocationHost(ctx context.Context, plan *destination.Plan, input exchange.Input) provider.Host {
	return provider.HostOf(k.config.Exchanger.RevocationTarget(ctx, plan, input).URL)
}

// refusal turns the health's refusal into what a caller is told, and when to come again.
func (k *Keeper) refusal(who Identity, err error) *putOff {
	now := k.config.Clock.Now()
	put := &putOff{err: err, until: now.Add(backoffFloor)}
	failure := &exchange.Failure{Kind: exchange.ProviderDown, Err: err}
	if down, ok := errors.AsType[*provider.DownError](err); ok {
		put.until, failure.Code = down.RetryAt, "provider_down"
		failure.Status, failure.Description = down.Last.Status, err.Error()
	} else if paused, ok := errors.AsType[*provider.PausedError](err); ok {
		put.until, failure.Kind, failure.Code = paused.RetryAt, exchange.ClientDead, paused.Last.Code
		failure.Status, failure.Description = paused.Last.Status, err.Error()
	} else if busy, ok := errors.AsType[*provider.BusyError](err); ok {
		put.until, failure.Code, failure.Description = busy.RetryAt, "busy", err.Error()
	} else {
		return put
	}
	put.until = later(put.until, now.Add(backoffFloor))
	put.err = &ProviderError{Identity: who, Failure: failure, RetryAt: put.until}
	return put
}

// acquire gets a first token set, at its provider's pace. A failure is a [*ProviderError].
func (k *Keeper) acquire(ctx context.Context, plan *destination.Plan, record *Record, input exchange.Input) (*exchange.TokenSet, error) {
	gate := &provider.Gate{}
	if k.config.Health != nil {
		call := k.call(ctx, plan, record, input)
		call.Forced = true // somebody asks now, and a code does not wait
		var err error
		if gate, err = k.config.Health.Enter(ctx, call); err != nil {
			return nil, k.refusal(Identity{}, err).err
		}
	}
	tokens, err := k.config.Exchanger.Acquire(ctx, plan, input)
	if err != nil {
		failure := failureOf(err)
		gate.Done(OutcomeOf(failure))
		return nil, &ProviderError{Failure: failure}
	}
	gate.Done(OutcomeOf(nil))
	return tokens, nil
}

// OutcomeOf tells the health how a call went; nil is one that went well.
func OutcomeOf(f *exchange.Failure) provider.Outcome {
	if f == nil {
		return provider.Outcome{Class: provider.Good}
	}
	return provider.Outcome{
		Class: provider.ClassOf(f.Kind.String(), f.Status, f.Code), Code: f.Code, Description: f.Description,
		Status: f.Status, RetryAfter: f.RetryAfter,
	}
}

// p99 is the latency of the turn's provider, 0 when unknown.
func (t *turn) p99() time.Duration {
	if t.config.Health == nil {
		return 0
	}
	return t.config.Health.P99(t.host)
}

// spare keeps a connection from being asked for again before a time. Callers with nothing may ask: refusing them is cheap.
func (k *Keeper) spare(e *entry, until time.Time) {
	v := *e.now.Load()
	v.blockedUntil = until
	if !v.refreshAt.IsZero() && v.refreshAt.Before(until) {
		v.refreshAt = until
		k.setHot(&v)
	}
	e.adopt(&v)
	k.agenda.expect(e.id, until)
}
