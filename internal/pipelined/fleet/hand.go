package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// A credential that is handed over lies here, sealed, from the order to the moment at which every daemon of the instance has
// carried the order out; never longer than an hour, and not longer than the next order.
//
// It is given to nobody but the daemons that told of themselves when the order was given: to their API keys, which must hold
// pipeline:run and serve one instance alone. Whoever gives the order sees their hosts first. A daemon that comes later gets
// it when its key is one of those.

// Handed is a credential for the daemons of an instance.
type Handed struct {
	// Credential is its id, Name what people call it.
	Credential, Name string
	Mode             Mode
	// Organization, Client and Account are the ids that the developer console shows.
	Organization, Client, Account string
	Secret                        secret.String
	// PrivateKey is in PEM, empty with [OAuth].
	PrivateKey secret.String
	// Certificate is the SHA-1 fingerprint of the one that the key belongs to.
	Certificate string
}

// Mode is how a credential that is handed over gets tokens.
type Mode string

// The modes, as pipelined has them.
const (
	JWT   Mode = "jwt"
	OAuth Mode = "oauth"
)

// Hand says what an order hands over, without the secrets. The zero value hands over nothing.
type Hand struct {
	ID         string `json:"id"`
	Credential string `json:"credential"`
	Name       string `json:"name"`
	Client     string `json:"client"`
	Mode       Mode   `json:"mode"`
	// Keys are the ids of the API keys that may take it.
	Keys      []string  `json:"keys"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Offer is a credential that is to be handed over.
type Offer struct {
	// Credential is its id, client id or name.
	Credential string
	// PrivateKey is of one with a certificate, in any encoding; empty for client credentials.
	PrivateKey secret.String
}

// Credentials has what is handed over. It is the developer console's, which this room does not know.
type Credentials interface {
	// HandOver gives a credential with its secrets, to a caller who may change it. It MUST record who got them, and MUST
	// refuse a key that belongs to no certificate of the credential that is valid now ([*InvalidError]).
	HandOver(ctx context.Context, caller access.Caller, offer Offer) (Handed, error)
}

// HandStore keeps what is handed over, sealed.
type HandStore interface {
	// Take gives what an order hands over, and records that; [ErrGone] when it is not there any more.
	Take(ctx context.Context, organization, instance, id string, record audit.Entry) (Handed, error)
	// Held tells whether it is there still.
	Held(ctx context.Context, organization, id string) (bool, error)
	// Drop removes it.
	Drop(ctx context.Context, organization, id string, record audit.Entry) error
	// Expired gives those that have lain here too long: id → organization.
	Expired(ctx context.Context, before time.Time) (map[string]string, error)
}

const (
	// HandedFor is how long a credential that is handed over lies here at most.
	HandedFor = time.Hour
	// liveFor is after how long without a word a daemon counts for one that does not run; they tell every five seconds.
	liveFor = time.Minute
)

// The errors of taking.
var (
	// ErrGone says that what was handed over is not here any more.
	ErrGone = errors.New("what was handed over is not here any more: every daemon had it, an hour is over, or another order came; give the order again")
	// ErrStranger says that it was not handed over to this caller.
	ErrStranger = errors.New("it was not handed over to this key, which was none of this instance's daemons when the order was given; give the order again")
)

// takers gives the keys and the hosts of the daemons that a credential would be handed over to.
func (f *Fleet) takers(ctx context.Context, organization, instance string) (keys, hosts []string, err error) {
	all, err := f.store.Daemons(ctx, organization, "")
	if err != nil {
		return nil, nil, err
	}
	for _, d := range all {
		if d.Instance != instance || f.now().Sub(d.SeenAt) > liveFor {
			continue
		}
		if !d.Runs {
			return nil, nil, &InvalidError{"/credential", fmt.Sprintf("the daemon on %s tells with a key that can be handed nothing: %s lacks the scope pipeline:run", d.Host, d.ToldBy),
				"give it a key of its instance's own, with pipeline:consume and pipeline:run, in its pipelined-" + instance + ".yaml"}
		}
		hosts = append(hosts, d.Host)
		if !slices.Contains(keys, d.ToldBy) {
			keys = append(keys, d.ToldBy)
		}
	}
	if len(hosts) == 0 {
		return nil, nil, &InvalidError{"/credential", "no daemon of " + instance + " has told of itself within the minute, so that nobody would take it",
			"start them, with server: {url, key} in their pipelined-" + instance + ".yaml"}
	}
	if other, shared := elsewhere(all, instance, keys); shared != "" {
		return nil, nil, &InvalidError{"/credential", fmt.Sprintf("the key %s serves the instance %s too, so that its daemons could take the credential", shared, other),
			"give the daemons of each instance a key of their own; take daemons that are gone off the list"}
	}
	return keys, hosts, nil
}

// elsewhere finds a key that tells of another instance's daemons.
func elsewhere(all []Daemon, instance string, keys []string) (other, key string) {
	for _, d := range all {
		if d.Instance != instance && slices.Contains(keys, d.ToldBy) {
			return d.Instance, d.ToldBy
		}
	}
	return "", ""
}

// handOver prepares an order that hands a credential over, and says what the record tells of it.
func (f *Fleet) handOver(ctx context.Context, caller access.Caller, o *Order, offer Offer) (*Handed, map[string]string, error) {
	switch {
	case o.Action != Migrate:
		return nil, nil, &InvalidError{"/credential", "a credential goes with the order to migrate alone", "leave it out"}
	case o.Fingerprint != "":
		return nil, nil, &InvalidError{"/fingerprint", "a fingerprint is of what the files hold, and a credential is handed over here", "give one of the two"}
	case f.credentials == nil:
		return nil, nil, &InvalidError{"/credential", "this server hands no credentials over", "put it into the files"}
	}
	keys, hosts, err := f.takers(ctx, caller.Organization, o.Instance)
	if err != nil {
		return nil, nil, err
	}
	handed, err := f.credentials.HandOver(ctx, caller, offer)
	if err != nil {
		return nil, nil, err
	}
	o.Hand = Hand{
		ID: ident.New("hand"), Credential: handed.Credential, Name: handed.Name, Client: handed.Client, Mode: handed.Mode, Keys: keys, ExpiresAt: f.now().Add(HandedFor),
	}
	detail := map[string]string{
		"credential": handed.Name, "client_id": handed.Client, "hand": o.Hand.ID, "hosts": bounded(strings.Join(hosts, " ")), "keys": bounded(strings.Join(keys, " ")),
	}
	if handed.Certificate != "" {
		detail["certificate"] = handed.Certificate
	}
	return &handed, detail, nil
}

func bounded(text string) string { return text[:min(len(text), maxText)] }

// Take gives a daemon the credential that its order hands over. It is recorded who took it.
func (f *Fleet) Take(ctx context.Context, caller access.Caller, instance, host, id string) (Handed, error) {
	if err := caller.Require(access.PipelineRun); err != nil {
		return Handed{}, err
	}
	if err := check(instance, host); err != nil {
		return Handed{}, err
	}
	order, err := f.store.Order(ctx, caller.Organization, instance)
	if err != nil {
		return Handed{}, err
	}
	if id == "" || order.Hand.ID != id || f.now().After(order.Hand.ExpiresAt) {
		return Handed{}, ErrGone
	}
	all, err := f.store.Daemons(ctx, caller.Organization, "")
	if err != nil {
		return Handed{}, err
	}
	told := slices.ContainsFunc(all, func(d Daemon) bool { return d.Instance == instance && d.Host == host && d.ToldBy == caller.ID })
	if _, shared := elsewhere(all, instance, []string{caller.ID}); !told || shared != "" || !slices.Contains(order.Hand.Keys, caller.ID) {
		return Handed{}, ErrStranger
	}
	detail := map[string]string{"host": host, "credential": order.Hand.Name, "client_id": order.Hand.Client, "hand": id}
	return f.store.Take(ctx, caller.Organization, instance, id, f.record(caller, "pipelined.credential.take", instance, detail))
}

// spend lets go of what an order hands over when every daemon of the instance has carried the order out.
func (f *Fleet) spend(ctx context.Context, order Order) error {
	if order.Hand.ID == "" {
		return nil
	}
	held, err := f.store.Held(ctx, order.Organization, order.Hand.ID)
	if err != nil || !held {
		return err
	}
	all, err := f.store.Daemons(ctx, order.Organization, order.Instance)
	if err != nil || slices.ContainsFunc(all, func(d Daemon) bool { return d.CarriedOut < order.Number }) {
		return err
	}
	return f.drop(ctx, order.Organization, order.Instance, order.Hand.ID, "every daemon has carried the order out")
}

func (f *Fleet) drop(ctx context.Context, organization, instance, id, why string) error {
	return f.store.Drop(ctx, organization, id, audit.Entry{
		At: f.now(), Organization: organization, Actor: "latchkey", Action: "pipelined.credential.delete", Subject: instance, Detail: map[string]string{"hand": id, "why": why},
	})
}

// Sweep lets go of what nobody has taken in time. [Fleet.Tell] does so, too.
func (f *Fleet) Sweep(ctx context.Context) error {
	late, err := f.store.Expired(ctx, f.now())
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(late)) {
		errs = append(errs, f.drop(ctx, late[id], "", id, "nobody took it within "+HandedFor.String()))
	}
	return errors.Join(errs...)
}
