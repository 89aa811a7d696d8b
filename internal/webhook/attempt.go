package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"latchkey/internal/egress"
	"latchkey/internal/signature"
	"latchkey/internal/telemetry"
)

// attempt sends one delivery and keeps how it went.
func (d *Dispatcher) attempt(ctx context.Context, e Endpoint, job Job) {
	start := d.config.Clock.Now()
	d.meters.late(start.Sub(job.DueAt))
	ctx, cancel := context.WithTimeout(ctx, d.config.Timeout)
	defer cancel()
	ctx, span := d.config.Tracer.Start(ctx, "webhook.attempt", trace.WithAttributes(attribute.String("latchkey.webhook", e.ID),
		attribute.String("latchkey.event", job.Event.ID), attribute.Int("latchkey.attempt", job.Attempt)))
	defer span.End()
	answer, err := d.send(ctx, e, job, start)
	if failed, ok := errors.AsType[*egress.Error](err); ok && failed.Kind == egress.KindCanceled {
		return // this process ends; the claim ends with it
	}
	now := d.config.Clock.Now()
	o := Outcome{Endpoint: e, Event: job.Event.ID, Attempt: job.Attempt, Latency: now.Sub(start), At: now, FailingSince: e.FailingSince}
	d.judge(&o, answer, err)
	span.SetAttributes(attribute.Int("http.response.status_code", o.Status))
	telemetry.Failed(span, o.Error)
	d.meters.attempted(o, now.Sub(job.Event.At))
	// The outcome is kept although the process may be stopping: nobody else knows it.
	disabled, err := d.config.Queue.Finish(context.WithoutCancel(ctx), o)
	switch {
	case err != nil:
		d.config.Log.Warn("keeping how a webhook's delivery went: it will be sent again", "webhook", e.ID, "event", o.Event, "error", err)
	case disabled:
		d.config.Log.Warn("disabled a webhook endpoint", "webhook", e.ID, "why", o.DisableWhy)
	case o.State != Delivered:
		d.config.Log.Debug("a webhook was not delivered", "webhook", e.ID, "event", o.Event, "attempt", o.Attempt, "status", o.Status, "kind", o.Error)
	}
}

// send makes the request of Standard Webhooks.
func (d *Dispatcher) send(ctx context.Context, e Endpoint, job Job, at time.Time) (*egress.Response, error) {
	body, err := json.Marshal(job.Event)
	if err != nil {
		return nil, fmt.Errorf("encoding an event: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("making the request of a webhook") // not %w: it quotes the address
	}
	r.Header.Set("Content-Type", "application/json")
	if err := signature.Put(r.Header, e.Secret.signing(at), job.Event.ID, at, body); err != nil {
		return nil, err
	}
	return d.config.Sender.Do(ctx, r)
}

// unsendable is the class of a failure that is ours.
const unsendable = "unsendable"

// judge says what becomes of the delivery.
func (d *Dispatcher) judge(o *Outcome, answer *egress.Response, err error) {
	var asked time.Duration
	if err == nil {
		o.Status = answer.Status
		if answer.Status >= 200 && answer.Status < 300 {
			o.State = Delivered
			return
		}
		asked = retryAfter(answer.Status, answer.Header, o.At)
	} else {
		o.Error = unsendable
		if failed, ok := errors.AsType[*egress.Error](err); ok {
			o.Error = string(failed.Kind)
		}
	}
	if o.Status == http.StatusGone {
		o.State, o.DisableWhy, o.FailingSince = Failed, "The endpoint answered 410 Gone.", time.Time{}
		return
	}
	if exhausted(o.Attempt, o.FailingSince, o.At) {
		o.DisableWhy = "Nothing could be delivered to it for five days."
	}
	chance := d.config.Chance
	if chance == nil {
		chance = rand.Float64
	}
	o.State = Pending
	var again bool
	if o.DueAt, again = next(o.Attempt, o.At, asked, chance()); !again {
		o.State = Failed
	}
}
