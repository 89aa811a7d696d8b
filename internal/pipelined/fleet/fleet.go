// Package fleet is what a server knows of the daemons of an instance, which may run on several containers: which credential
// each runs with, and how its last migration went. They tell it every few seconds, and are told what to do with the answer.
//
// An order has each take up the credential of its own file, or hands one over: hand.go says to whom, and for how long it lies
// here. Fingerprints say whether all hold the same one. Who may consume may tell of a daemon; who may change the registry may
// give orders, and the audit record has them.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/event"
)

// Daemon is one daemon as it last told of itself.
type Daemon struct {
	Organization, Instance string
	// Host is the container's name.
	Host, Version string
	// Credential describes what it runs with, Fingerprint tells it apart.
	Credential, Fingerprint string
	// CarriedOut is the number of the last order that it has carried out, Failure why the last one failed.
	CarriedOut int64
	Failure    string
	// Report is the JSON of its last migration, nil for none; State that of its partitions and newest dead letters.
	Report, State []byte
	// ToldBy is the id of the API key that it told with; Runs tells that the key may be handed a credential.
	ToldBy string
	Runs   bool
	// Acts are those that it has done since it told last. They are not kept with it.
	Acts              []Act
	StartedAt, SeenAt time.Time
}

// Action is what daemons are told to do.
type Action string

// The actions.
const (
	Migrate  Action = "migrate"  // take up the credential of the file, or the one that is handed over
	Rollback Action = "rollback" // go back to the one before
	Finish   Action = "finish"   // let go of the one before
)

// Order is what the daemons of an instance are told to do.
type Order struct {
	Organization, Instance string
	// Number counts from 1; 0 is no order.
	Number int64
	Action Action
	// Fingerprint is that of the credential that their files must hold; "" for whatever they hold.
	Fingerprint string
	// Hand is the credential that is handed over, zero for none.
	Hand Hand
	By   string
	At   time.Time
	// Acts wait for the daemon that told. They are no part of the order.
	Acts []Act
}

// Store keeps daemons and orders.
type Store interface {
	// Tell keeps what a daemon tells, with events, and gives the instance's order, zero for none.
	Tell(ctx context.Context, d Daemon, events ...event.Event) (Order, error)
	ActStore
	HandStore
	// Daemons gives those of an instance, by host; of all when it is "".
	Daemons(ctx context.Context, organization, instance string) ([]Daemon, error)
	// Order gives what the daemons of an instance were told last, zero for nothing.
	Order(ctx context.Context, organization, instance string) (Order, error)
	// Give replaces the instance's order, and what that handed over, and gives it with its number. handed is kept sealed; nil
	// is nothing.
	Give(ctx context.Context, o Order, handed *Handed, record audit.Entry) (Order, error)
	// Forget removes a daemon that is gone; [ErrNotFound] when there is none.
	Forget(ctx context.Context, organization, instance, host string, record audit.Entry) error
}

// ErrNotFound says that there is no such daemon.
var ErrNotFound = errors.New("there is no daemon of that instance and host")

// InvalidError says what is wrong with what was asked for.
type InvalidError struct{ Pointer, Message, Fix string }

func (e *InvalidError) Error() string { return e.Message }

// Fleet is the use cases. It is safe for concurrent use.
type Fleet struct {
	store       Store
	credentials Credentials
	clock       clock.Clock
}

// New makes a fleet. Without credentials, none is handed over.
func New(store Store, credentials Credentials, c clock.Clock) *Fleet {
	return &Fleet{store, credentials, c}
}

var name = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)

func check(instance, host string) error {
	if !name.MatchString(instance) {
		return &InvalidError{"/instance", "that is no name of an instance", "use up to 100 letters, digits and . _ -"}
	}
	if host != "" && !name.MatchString(host) {
		return &InvalidError{"/host", "that is no name of a host", "use up to 100 letters, digits and . _ -"}
	}
	return nil
}

const (
	// maxReport bounds what a daemon tells of its migration, maxText its other texts.
	maxReport = 256 << 10
	maxText   = 2000
)

func (f *Fleet) now() time.Time { return f.clock.Now().UTC().Truncate(time.Microsecond) }

// Tell keeps what a daemon tells of itself, and gives what it is to do: the instance's order, and acts on dead letters.
func (f *Fleet) Tell(ctx context.Context, caller access.Caller, d Daemon) (Order, error) {
	if err := caller.Require(access.PipelineConsume); err != nil {
		return Order{}, err
	}
	if err := errors.Join(check(d.Instance, d.Host), d.checkState()); err != nil {
		return Order{}, err
	}
	if len(d.Report) > maxReport || len(d.Credential) > maxText || len(d.Failure) > maxText || len(d.Fingerprint) > 100 || len(d.Version) > 100 {
		return Order{}, &InvalidError{"", "a daemon tells less than that", "send what pipelined sends"}
	}
	d.Organization, d.SeenAt, d.ToldBy, d.Runs = caller.Organization, f.now(), caller.ID, caller.Scopes.Has(access.PipelineRun)
	if d.StartedAt.IsZero() {
		d.StartedAt = d.SeenAt
	}
	events, err := f.turns(ctx, &d)
	if err != nil {
		return Order{}, err
	}
	order, err := f.store.Tell(ctx, d, events...)
	if err != nil {
		return Order{}, err
	}
	order.Acts, err = f.settle(ctx, &d)
	return order, errors.Join(err, f.spend(ctx, order), f.Sweep(ctx))
}

// looking lets those look who may consume, or who administer.
func looking(caller access.Caller) error {
	if caller.Scopes.Has(access.RegistryRead) {
		return nil
	}
	return caller.Require(access.PipelineConsume)
}

// Order gives what the daemons of an instance were told last, zero for nothing.
func (f *Fleet) Order(ctx context.Context, caller access.Caller, instance string) (Order, error) {
	if err := looking(caller); err != nil {
		return Order{}, err
	}
	return f.store.Order(ctx, caller.Organization, instance)
}

// Daemons gives those of an instance; of all when it is "".
func (f *Fleet) Daemons(ctx context.Context, caller access.Caller, instance string) ([]Daemon, error) {
	if err := looking(caller); err != nil {
		return nil, err
	}
	return f.store.Daemons(ctx, caller.Organization, instance)
}

// Give tells the daemons of an instance what to do. An offer with a credential hands that over to them.
func (f *Fleet) Give(ctx context.Context, caller access.Caller, o Order, offer Offer) (Order, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Order{}, err
	}
	if err := check(o.Instance, ""); err != nil {
		return Order{}, err
	}
	switch o.Action {
	case Migrate, Rollback, Finish:
	default:
		return Order{}, &InvalidError{"/action", fmt.Sprintf("%.40q is nothing that daemons do", o.Action), "use migrate, rollback or finish"}
	}
	if len(o.Fingerprint) > 100 {
		return Order{}, &InvalidError{"/fingerprint", "that is no fingerprint", "copy it out of a daemon's status"}
	}
	o.Organization, o.By, o.At, o.Hand = caller.Organization, caller.ID, f.now(), Hand{}
	detail := map[string]string{"fingerprint": o.Fingerprint}
	var handed *Handed
	switch {
	case offer.Credential != "":
		var err error
		if handed, detail, err = f.handOver(ctx, caller, &o, offer); err != nil {
			return Order{}, err
		}
	case !offer.PrivateKey.Empty():
		return Order{}, &InvalidError{"/private_key", "a private key goes with a credential", "name the credential"}
	}
	return f.store.Give(ctx, o, handed, f.record(caller, "pipelined."+string(o.Action), o.Instance, detail))
}

// Forget removes a daemon that runs no more.
func (f *Fleet) Forget(ctx context.Context, caller access.Caller, instance, host string) error {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	return f.store.Forget(ctx, caller.Organization, instance, host, f.record(caller, "pipelined.delete", instance, map[string]string{"host": host}))
}

func (f *Fleet) record(caller access.Caller, action, instance string, detail map[string]string) audit.Entry {
	return audit.Entry{At: f.now(), Organization: caller.Organization, Actor: caller.ID, Action: action, Subject: instance, Detail: detail}
}
