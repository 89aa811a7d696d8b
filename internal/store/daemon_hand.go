package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// handedText is a credential that is handed over, as it is sealed.
type handedText struct {
	Credential   string     `json:"credential"`
	Name         string     `json:"name"`
	Mode         fleet.Mode `json:"mode"`
	Organization string     `json:"organization"`
	Client       string     `json:"client"`
	Account      string     `json:"account"`
	Secret       string     `json:"secret"`
	PrivateKey   string     `json:"private_key"`
	Certificate  string     `json:"certificate"`
}

func handRow(organization, id string) seal.Row {
	return seal.Row{Organization: organization, Table: "daemon_hands", ID: id, Column: "sealed"}
}

// sealHanded seals what an order hands over; nil for nothing.
func (p Daemons) sealHanded(ctx context.Context, o fleet.Order, h *fleet.Handed) ([]byte, error) {
	if h == nil {
		return nil, nil
	}
	return p.s.sealJSON(ctx, handRow(o.Organization, o.Hand.ID), handedText{
		h.Credential, h.Name, h.Mode, h.Organization, h.Client, h.Account, h.Secret.Reveal(), h.PrivateKey.Reveal(), h.Certificate,
	})
}

// putHand keeps what an order hands over in the place of what the one before did.
func putHand(t *tx, o fleet.Order, sealed []byte) error {
	if _, err := t.exec(`DELETE FROM daemon_hands WHERE organization = $1 AND instance = $2`, o.Organization, o.Instance); err != nil || sealed == nil {
		return err
	}
	_, err := t.exec(`INSERT INTO daemon_hands (id, organization, instance, sealed, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		o.Hand.ID, o.Organization, o.Instance, sealed, micros(o.Hand.ExpiresAt))
	return err
}

// Take gives what an order hands over, and records that.
func (p Daemons) Take(ctx context.Context, organization, instance, id string, record audit.Entry) (fleet.Handed, error) {
	var sealed []byte
	err := p.s.write(ctx, func(t *tx) error {
		t.record(record)
		return orNone(t.row(`SELECT sealed FROM daemon_hands WHERE id = $1 AND organization = $2 AND instance = $3`, id, organization, instance).Scan(&sealed), fleet.ErrGone)
	})
	if err != nil {
		return fleet.Handed{}, fmt.Errorf("handing a credential over to a daemon of %s: %w", instance, err)
	}
	var h handedText
	if err := p.s.openJSON(ctx, handRow(organization, id), sealed, &h); err != nil {
		return fleet.Handed{}, err
	}
	return fleet.Handed{
		Credential: h.Credential, Name: h.Name, Mode: h.Mode, Organization: h.Organization, Client: h.Client, Account: h.Account,
		Secret: secret.New(h.Secret), PrivateKey: secret.New(h.PrivateKey), Certificate: h.Certificate,
	}, nil
}

// Held tells whether something is still to be handed over.
func (p Daemons) Held(ctx context.Context, organization, id string) (bool, error) {
	var n int
	if err := p.s.row(ctx, `SELECT count(*) FROM daemon_hands WHERE id = $1 AND organization = $2`, id, organization).Scan(&n); err != nil {
		return false, fmt.Errorf("looking for what is handed over: %w", err)
	}
	return n > 0, nil
}

// errNothing ends a write that has nothing to do, so that it records nothing.
var errNothing = errors.New("there is nothing to do")

// Drop removes what was to be handed over. Of two that do so at once, one does and records it.
func (p Daemons) Drop(ctx context.Context, organization, id string, record audit.Entry) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(record)
		n, err := t.exec(`DELETE FROM daemon_hands WHERE id = $1 AND organization = $2`, id, organization)
		if err == nil && n == 0 {
			return errNothing
		}
		return err
	})
	if err != nil && !errors.Is(err, errNothing) {
		return fmt.Errorf("letting go of what was handed over: %w", err)
	}
	return nil
}

// Expired gives what has lain here too long.
func (p Daemons) Expired(ctx context.Context, before time.Time) (map[string]string, error) {
	late := map[string]string{}
	err := p.s.rows(ctx, func(row scanner) error {
		var id, organization string
		err := row.Scan(&id, &organization)
		late[id] = organization
		return err
	}, `SELECT id, organization FROM daemon_hands WHERE expires_at < $1`, micros(before))
	if err != nil {
		return nil, fmt.Errorf("looking for what nobody has taken: %w", err)
	}
	return late, nil
}
