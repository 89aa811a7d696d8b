// Package trial runs a definition against a provider that is made for it: connect, first token, renewal, with a fault that
// somebody picks, and tells step by step what was sent, what came back and what that means for a connection.
//
// Nothing leaves the machine, and nothing real is in it. Each run has a simulator of its own, which stands in for whatever
// hosts the definition names; the secrets of the definition are replaced before its plan is made, so that not even that
// simulator sees them; what a customer would enter is made up where nobody enters it. What is told has tokens and secrets
// masked all the same. It is the exchange itself that runs, so what is seen here is what a connection would do.
//
// It trusts a certificate authority for development, so that it has none where there is none: in production.
package trial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/devca"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/simulator"
)

// When is where a fault strikes.
type When string

// The places of a fault.
const (
	AtConsent When = "consent"
	AtFirst   When = "first"
	AtRenewal When = "renewal"
)

// Ask is what to try.
type Ask struct {
	Document      *destination.Document
	Configuration int
	// Entered is what a customer would enter, by name; samples stand in for the rest.
	Entered map[string]any
	// Fault is how the provider misbehaves, as the simulator writes it ("status=503"); "" is not at all.
	Fault string
	When  When
	// Callback is where the consent leads back to.
	Callback string
}

// Config is what trials work with.
type Config struct {
	// Authority vouches for the hosts of a definition, to the trial alone.
	Authority *devca.Authority
	Clock     clock.Clock
	Log       *slog.Logger
}

// Trials runs them, a few at a time.
type Trials struct {
	config Config
	places chan struct{}
}

const (
	// atOnce is how many run at a time, patience how long one may take, and answer how long an answer.
	atOnce   = 2
	patience = 20 * time.Second
	answer   = 5 * time.Second
)

// New makes them.
func New(config Config) *Trials {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Trials{config, make(chan struct{}, atOnce)}
}

// FaultError says what is wrong with a fault that was asked for.
type FaultError struct{ Reason string }

func (e *FaultError) Error() string { return e.Reason }

// Run tries a definition. It fails with [destination.Problems] when the document has no plan, or what was entered is wrong
// ("/fields/NAME"), and with a [*FaultError]. What the provider does wrong is in the steps.
func (t *Trials) Run(ctx context.Context, ask Ask) ([]Step, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case t.places <- struct{}{}:
		defer func() { <-t.places }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for other trials: %w", ctx.Err())
	}
	document, err := pretended(ask.Document)
	if err != nil {
		return nil, err
	}
	plan, err := document.Compile(ask.Configuration)
	if err != nil {
		return nil, err
	}
	fields, err := entered(plan, ask.Entered)
	if err != nil {
		return nil, err
	}
	r := &run{
		ask: ask, plan: plan, clock: t.config.Clock,
		stage: &stage{sim: simulator.New(simulator.Config{Now: t.config.Clock.Now}), places: map[string]string{}, hosts: map[string]bool{}, clock: t.config.Clock},
		in:    exchange.Input{Fields: fields, User: exchange.UserContext{SandboxName: "prod", IMSOrgID: "6096892F54B5819E0A4C98A2@AdobeOrg", Client: "trial"}},
	}
	if ask.Fault != "" {
		if err := r.stage.sim.SetFault(simulator.Rule{Fault: ask.Fault}); err != nil {
			return nil, &FaultError{strings.TrimPrefix(err.Error(), "setting a fault: ")}
		}
		r.stage.sim.ClearFaults(simulator.Rule{})
	}
	return t.play(ctx, r)
}

// play lets the simulator stand in for the hosts of the definition, and runs the steps.
func (t *Trials) play(ctx context.Context, r *run) ([]Step, error) {
	if err := r.cast(ctx); err != nil || len(r.steps) > 0 {
		return r.told(), err
	}
	address, closing, err := t.config.Authority.Serve(ctx, "trial", r.stage, t.config.Log)
	if err != nil {
		return nil, err
	}
	defer closing()
	var overrides []egress.Override
	for host := range r.stage.hosts {
		overrides = append(overrides, egress.Override{Suffix: host, Address: address, Roots: t.config.Authority.CertPool()})
	}
	client, err := egress.New(egress.Config{Overrides: overrides, Timeout: answer, Clock: t.config.Clock, Log: t.config.Log})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	r.runner = exchange.New(exchange.Config{Client: client, Clock: t.config.Clock, Log: t.config.Log})
	if r.plan.NeedsBrowser() && !r.consent(ctx) {
		return r.told(), nil
	}
	if r.first(ctx) {
		r.renewal(ctx)
	}
	return r.told(), nil
}

// cast finds out which hosts the definition would call for what.
func (r *run) cast(ctx context.Context) error {
	explained, err := exchange.New(exchange.Config{Clock: r.clock}).Explain(ctx, r.plan, r.in)
	if failure, ok := errors.AsType[*exchange.Failure](err); ok {
		r.fail("What would be sent", failure)
		return nil
	}
	for _, e := range explained {
		r.stage.cast(e)
	}
	return err
}
