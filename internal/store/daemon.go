package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/event"
	"latchkey/internal/pipelined/fleet"
)

// Daemons keeps what the daemons of Campaign instances tell, and what they are told.
type Daemons struct{ s *Store }

var _ fleet.Store = Daemons{}

// Daemons gives [fleet.Store].
func (s *Store) Daemons() Daemons { return Daemons{s} }

// Tell keeps what a daemon tells, with events, and gives its instance's order.
func (p Daemons) Tell(ctx context.Context, d fleet.Daemon, events ...event.Event) (fleet.Order, error) {
	err := p.s.write(ctx, func(t *tx) error {
		t.emit(events...)
		_, err := t.exec(`INSERT INTO daemons (organization, instance, host, version, credential, fingerprint, carried_out, failure, report, started_at, seen_at, state, told_by, runs)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
			ON CONFLICT (organization, instance, host) DO UPDATE SET version = excluded.version, credential = excluded.credential,
			fingerprint = excluded.fingerprint, carried_out = excluded.carried_out, failure = excluded.failure, report = excluded.report,
			started_at = excluded.started_at, seen_at = excluded.seen_at, state = excluded.state, told_by = excluded.told_by, runs = excluded.runs`,
			d.Organization, d.Instance, d.Host, d.Version, d.Credential, d.Fingerprint, d.CarriedOut, d.Failure, string(d.Report), micros(d.StartedAt), micros(d.SeenAt), string(d.State), d.ToldBy, flag(d.Runs))
		return err
	})
	if err != nil {
		return fleet.Order{}, fmt.Errorf("keeping what the daemon %s of %s tells: %w", d.Host, d.Instance, err)
	}
	return p.Order(ctx, d.Organization, d.Instance)
}

// Order gives what the daemons of an instance were told last.
func (p Daemons) Order(ctx context.Context, organization, instance string) (fleet.Order, error) {
	o := fleet.Order{Organization: organization, Instance: instance}
	var at sql.NullInt64
	var hand string
	err := p.s.row(ctx, `SELECT number, action, fingerprint, ordered_by, ordered_at, hand FROM daemon_orders WHERE organization = $1 AND instance = $2`,
		organization, instance).Scan(&o.Number, &o.Action, &o.Fingerprint, &o.By, &at, &hand)
	if errors.Is(err, sql.ErrNoRows) {
		return fleet.Order{}, nil
	}
	if err == nil && hand != "" {
		err = json.Unmarshal([]byte(hand), &o.Hand)
	}
	if err != nil {
		return fleet.Order{}, fmt.Errorf("reading the order for %s: %w", instance, err)
	}
	o.At = instant(at)
	return o, nil
}

// Daemons gives those of an instance, by host; of all when it is "".
func (p Daemons) Daemons(ctx context.Context, organization, instance string) ([]fleet.Daemon, error) {
	var all []fleet.Daemon
	err := p.s.rows(ctx, func(row scanner) error {
		d := fleet.Daemon{Organization: organization}
		var report, state string
		var started, seen sql.NullInt64
		err := row.Scan(&d.Instance, &d.Host, &d.Version, &d.Credential, &d.Fingerprint, &d.CarriedOut, &d.Failure, &report, &started, &seen, &state, &d.ToldBy, &d.Runs)
		d.StartedAt, d.SeenAt = instant(started), instant(seen)
		if report != "" {
			d.Report = []byte(report)
		}
		if state != "" {
			d.State = []byte(state)
		}
		all = append(all, d)
		return err
	}, `SELECT instance, host, version, credential, fingerprint, carried_out, failure, report, started_at, seen_at, state, told_by, runs FROM daemons
		WHERE organization = $1 AND ($2 = '' OR instance = $2) ORDER BY instance, host`, organization, instance)
	if err != nil {
		return nil, fmt.Errorf("listing the daemons of %s: %w", instance, err)
	}
	return all, nil
}

// Give replaces an instance's order and what that handed over, and gives it with its number.
func (p Daemons) Give(ctx context.Context, o fleet.Order, handed *fleet.Handed, record audit.Entry) (fleet.Order, error) {
	sealed, err := p.sealHanded(ctx, o, handed)
	if err != nil {
		return fleet.Order{}, err
	}
	hand := ""
	if handed != nil {
		text, err := json.Marshal(o.Hand)
		if err != nil {
			return fleet.Order{}, err
		}
		hand = string(text)
	}
	err = p.s.write(ctx, func(t *tx) error {
		t.record(record)
		if err := putHand(t, o, sealed); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO daemon_orders (organization, instance, number, action, fingerprint, ordered_by, ordered_at, hand)
			VALUES ($1, $2, 1, $3, $4, $5, $6, $7)
			ON CONFLICT (organization, instance) DO UPDATE SET number = daemon_orders.number + 1, action = excluded.action,
			fingerprint = excluded.fingerprint, ordered_by = excluded.ordered_by, ordered_at = excluded.ordered_at, hand = excluded.hand`,
			o.Organization, o.Instance, string(o.Action), o.Fingerprint, o.By, micros(o.At), hand)
		return err
	})
	if err != nil {
		return fleet.Order{}, fmt.Errorf("giving an order to %s: %w", o.Instance, err)
	}
	return p.Order(ctx, o.Organization, o.Instance)
}

// Forget removes a daemon.
func (p Daemons) Forget(ctx context.Context, organization, instance, host string, record audit.Entry) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(record)
		n, err := t.exec(`DELETE FROM daemons WHERE organization = $1 AND instance = $2 AND host = $3`, organization, instance, host)
		if err == nil && n == 0 {
			return fleet.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting the daemon %s of %s: %w", host, instance, err)
	}
	return nil
}
