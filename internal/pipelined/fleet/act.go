package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/ident"
)

// Act is what one daemon is asked to do with its dead letters, and what came of it.
type Act struct {
	ID                           string
	Organization, Instance, Host string
	Action                       Deed
	// Letters are their numbers at that daemon; none for all that were given up before At.
	Letters []int64
	By      string
	At      time.Time
	// DoneAt is zero while it waits.
	DoneAt time.Time
	// Done and Failed count letters, Why is of the first that failed.
	Done, Failed int64
	Why          string
	// Shown is the message that was asked for. It is kept for [ShownFor].
	Shown string
}

// Deed is what is done with dead letters.
type Deed string

// The deeds.
const (
	Show   Deed = "show"   // send the message of one
	Replay Deed = "replay" // hand them to their connectors again
	Drop   Deed = "drop"   // remove them for good
)

const (
	// ShownFor is how long the server keeps the message of a dead letter that was asked for: nobody's data is to gather here.
	ShownFor = 5 * time.Minute
	// actFor is how long an act waits for its daemon, and how long what came of it is kept.
	actFor = 24 * time.Hour
	// maxShown bounds a message that is sent, maxLetters how many letters an act names.
	maxShown   = 64 << 10
	maxLetters = 1000
)

// ActStore keeps acts, and what came of them.
type ActStore interface {
	// Ask keeps acts.
	Ask(ctx context.Context, acts []Act, record audit.Entry) error
	// Acts gives those of an instance that were given after an instant, the newest first; those that wait for a host, the
	// oldest first, when it is not "".
	Acts(ctx context.Context, organization, instance, host string, after time.Time) ([]Act, error)
	// Settle keeps what came of an act, unless it was settled before.
	Settle(ctx context.Context, a Act) error
	// Tidy removes acts that were given before an instant, and messages that were shown before another.
	Tidy(ctx context.Context, organization, instance string, given, shown time.Time) error
	// Instances gives the names of all that have daemons, in order.
	Instances(ctx context.Context, organization string) ([]Instance, error)
}

// Instance is a Campaign instance that has daemons.
type Instance struct {
	Name    string
	Daemons int64
	SeenAt  time.Time
}

// Instances gives all that have daemons, by name.
func (f *Fleet) Instances(ctx context.Context, caller access.Caller) ([]Instance, error) {
	if err := looking(caller); err != nil {
		return nil, err
	}
	return f.store.Instances(ctx, caller.Organization)
}

// Ask asks the daemon of a host, or all of an instance when a.Host is "", to do something with its dead letters.
func (f *Fleet) Ask(ctx context.Context, caller access.Caller, a Act) ([]Act, error) {
	scope := access.RegistryWrite
	if a.Action == Show {
		scope = access.PipelineConsume // a consumer may read the message anyway
	}
	if err := caller.Require(scope); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	daemons, err := f.store.Daemons(ctx, caller.Organization, a.Instance)
	if err != nil {
		return nil, err
	}
	var acts []Act
	for _, d := range daemons {
		if a.Host == "" || a.Host == d.Host {
			one := a
			one.ID, one.Organization, one.Host, one.By, one.At = ident.New("act"), caller.Organization, d.Host, caller.ID, f.now()
			acts = append(acts, one)
		}
	}
	if len(acts) == 0 {
		return nil, ErrNotFound
	}
	letters := "all"
	if len(a.Letters) > 0 {
		text, _ := json.Marshal(a.Letters) // numbers
		letters = bounded(string(text))
	}
	detail := map[string]string{"letters": letters, "host": a.Host, "daemons": strconv.Itoa(len(acts))}
	return acts, f.store.Ask(ctx, acts, f.record(caller, "pipelined.letters."+string(a.Action), a.Instance, detail))
}

func (a *Act) check() error {
	if err := check(a.Instance, a.Host); err != nil {
		return err
	}
	switch {
	case a.Action != Show && a.Action != Replay && a.Action != Drop:
		return &InvalidError{"/action", fmt.Sprintf("%.40q is nothing that daemons do with dead letters", a.Action), "use show, replay or drop"}
	case len(a.Letters) > maxLetters:
		return &InvalidError{"/letters", fmt.Sprintf("those are more than %d letters", maxLetters), "name fewer, or give all"}
	case len(a.Letters) > 0 && a.Host == "":
		return &InvalidError{"/host", "each daemon numbers its own dead letters, so that numbers say nothing without their host", "name the host"}
	case a.Action == Show && len(a.Letters) != 1:
		return &InvalidError{"/letters", "one message is shown at a time", "name one letter"}
	}
	return nil
}

// Acts gives what the daemons of an instance were asked to do with dead letters of late, the newest first.
func (f *Fleet) Acts(ctx context.Context, caller access.Caller, instance string) ([]Act, error) {
	if err := looking(caller); err != nil {
		return nil, err
	}
	if err := check(instance, ""); err != nil {
		return nil, err
	}
	now := f.now()
	all, err := f.store.Acts(ctx, caller.Organization, instance, "", now.Add(-actFor))
	for i := range all {
		if now.Sub(all[i].DoneAt) > ShownFor {
			all[i].Shown = ""
		}
	}
	return all, err
}

// settle keeps what a daemon tells of acts, and gives those that wait for it.
func (f *Fleet) settle(ctx context.Context, d *Daemon) ([]Act, error) {
	now := f.now()
	var errs []error
	for _, a := range d.Acts {
		a.Organization, a.Instance, a.Host, a.DoneAt = d.Organization, d.Instance, d.Host, now
		errs = append(errs, f.store.Settle(ctx, a))
	}
	waiting, err := f.store.Acts(ctx, d.Organization, d.Instance, d.Host, now.Add(-actFor))
	errs = append(errs, err, f.store.Tidy(ctx, d.Organization, d.Instance, now.Add(-actFor), now.Add(-ShownFor)))
	return waiting, errors.Join(errs...)
}

// checkState bounds what a daemon tells of its partitions, dead letters and acts.
func (d *Daemon) checkState() error {
	big := len(d.State) > maxReport || len(d.State) > 0 && !json.Valid(d.State) || len(d.Acts) > maxLetters
	for _, a := range d.Acts {
		big = big || len(a.Why) > maxText || len(a.Shown) > maxShown+maxText
	}
	if big {
		return &InvalidError{"", "a daemon tells less than that", "send what pipelined sends"}
	}
	return nil
}
