package pipelined

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"latchkey/client"
	"latchkey/internal/pipelined/connector"
)

// Server is the Latchkey that knows the daemons of an instance. It is an interface, for the daemon works without one.
type Server interface {
	TellDaemon(ctx context.Context, instance, host string, report client.DaemonReport) (client.DaemonOrder, error)
	// TakeHanded gives the credential that an order hands over.
	TakeHanded(ctx context.Context, instance, host, hand string) (client.HandedCredential, error)
}

// tellEvery is how often the server is told, and asked what to do.
const tellEvery = 5 * time.Second

// teller tells a server of the daemon, and carries out its orders.
type teller struct {
	*Daemon
	done    int64
	failure string
	server  Server
	at      connector.Server
	silent  bool // the server did not answer the last time
	// since is when the trouble began that is told of, zero for none.
	since time.Time
	deeds deeds
}

// tell tells the server of the settings until ctx ends.
func (d *Daemon) tell(ctx context.Context) {
	t := &teller{Daemon: d}
	for ctx.Err() == nil {
		at, done := d.setup.Load().Settings.Server, int64(0)
		if at != nil && d.config.Connect != nil {
			done = t.done
			t.once(ctx, *at)
			done = t.done - done
		}
		if done == 0 { // what came of an order is told at once
			d.pause(ctx, cmp.Or(d.config.Pace.Tell, tellEvery), nil)
		}
	}
}

func (t *teller) once(ctx context.Context, at connector.Server) {
	if t.server == nil || t.at != at {
		server, err := t.config.Connect(at)
		if err != nil {
			t.quiet(err)
			return
		}
		t.server, t.at = server, at
	}
	report := t.report(ctx)
	order, err := t.server.TellDaemon(ctx, t.config.Instance, t.host(), report)
	if err != nil {
		t.quiet(err)
		return
	}
	t.silent = false
	t.settled(report.Acts)
	t.begin(ctx, order.Acts)
	if order.Number <= t.done {
		return
	}
	before := t.failure
	t.failure = ""
	err = t.carryOut(ctx, order)
	if err != nil {
		if t.failure = err.Error(); t.failure != before {
			t.log.Error(fmt.Sprintf("The server's order %d (%s) was not carried out: %v", order.Number, order.Action, err))
		}
	}
	if _, waits := errors.AsType[*waitingError](err); !waits {
		t.done = order.Number
	}
}

// quiet logs that the server does not answer, once.
func (t *teller) quiet(err error) {
	if !t.silent {
		t.log.Warn("The server is not told of this daemon, which goes on without: " + err.Error())
	}
	t.silent = true
}

// host gives the name by which the server knows the daemon.
func (d *Daemon) host() string {
	if d.config.Host != "" {
		return d.config.Host
	}
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

func (t *teller) report(ctx context.Context) client.DaemonReport {
	c := t.tokens.inUse()
	report := client.DaemonReport{
		Version: t.config.Version, Credential: c.Describe(), Fingerprint: c.Fingerprint(), CarriedOut: t.done, Failure: t.failure, StartedAt: t.started,
		State: t.state(ctx), Acts: t.results(),
	}
	if r, err := t.Report(); err == nil {
		report.Report, _ = json.Marshal(r) // texts, numbers and instants
	}
	return report
}

// troubled gives why the daemon consumes nothing, and for how many seconds; "" for nothing.
func (t *teller) troubled() (why string, seconds int64) {
	why = bounded(t.trouble())
	switch {
	case why == "":
		t.since = time.Time{}
		return "", 0
	case t.since.IsZero():
		t.since = t.clock.Now()
	}
	return why, int64(t.clock.Now().Sub(t.since) / time.Second)
}

// waitingError says that an order can't be carried out yet.
type waitingError struct{ why string }

func (e *waitingError) Error() string { return e.why }

// carryOut does what the server says. What is so already is done.
func (t *teller) carryOut(ctx context.Context, order client.DaemonOrder) error {
	switch order.Action {
	case "migrate":
		if order.Hand != nil {
			return t.takeOver(ctx, *order.Hand)
		}
		setup, err := t.config.Load()
		if err != nil {
			return err
		}
		if held := setup.Credential.Fingerprint(); order.Fingerprint != "" && held != order.Fingerprint {
			return &waitingError{fmt.Sprintf("the file holds the credential %s so far, and %s is wanted", held, order.Fingerprint)}
		}
		_, err = t.Migrate(ctx, setup.Credential)
		return unless(err, ErrSame)
	case "rollback":
		_, err := t.Rollback(ctx)
		return unless(err, ErrNoMigration)
	case "finish":
		_, err := t.Finish(ctx)
		return unless(err, ErrNoMigration)
	}
	return fmt.Errorf("%q is nothing that this version knows", order.Action)
}

func unless(err, fine error) error {
	if errors.Is(err, fine) {
		return nil
	}
	return err
}
