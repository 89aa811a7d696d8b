package app

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/calendar"
	"latchkey/internal/connection"
	"latchkey/internal/expiry"
	"latchkey/internal/ims"
	"latchkey/internal/project"
	"latchkey/internal/seal"
)

// openCalendar gathers what ends from the rooms.
func (h *house) openCalendar() (err error) {
	installation := func(s expiry.Source) calendar.Listed {
		return calendar.Listed{Source: s, Scope: access.Admin, Installation: true}
	}
	h.calendar, err = calendar.New(calendar.Config{
		Sources: []calendar.Listed{
			{Source: connection.Endings{Store: h.store.Connections()}, Scope: access.ConnectionsRead},
			{Source: h.keyring, Scope: access.RegistryRead},
			{Source: h.webhooks, Scope: access.RegistryRead},
			{Source: ims.Endings{Store: h.store.IMS()}, Scope: access.ConnectionsRead},
			{Source: project.Endings{Store: h.store.Projects()}, Scope: access.RegistryRead},
			installation(h.certificates),
			installation(rootKeys{h.store.Keyring(), h.config.RootKeyLife}),
		},
		Store: h.store.Calendar(), Organizations: h.organizations, Hash: h.store.Keyring().Hash, Clock: h.clock, Log: h.log,
		Meter: h.metrics.Meter("calendar"),
	})
	return err
}

func (h *house) organizations(ctx context.Context) ([]string, error) {
	all, err := h.directory.Organizations(ctx, operator())
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(all))
	for _, o := range all {
		ids = append(ids, o.ID)
	}
	return ids, nil
}

// certificateEnding says when a certificate of this node ends. Nodes that share it tell of one thing.
func certificateEnding(c *x509.Certificate, name, action string) expiry.Ending {
	sum := sha256.Sum256(c.Raw)
	return expiry.Ending{
		Kind: expiry.Certificate, Subject: "cert_" + hex.EncodeToString(sum[:8]), Name: name, Ends: c.NotAfter, Since: c.NotBefore, Action: action,
	}
}

// rootKeys is the source of root keys that are older than the operator wants: his rule makes the end, and without one
// there is none.
type rootKeys struct {
	keyring *seal.Keyring
	life    time.Duration
}

// Endings gives the end of the current root key.
func (r rootKeys) Endings(ctx context.Context, q expiry.Query) ([]expiry.Ending, error) {
	if r.life == 0 || q.Kind != "" && q.Kind != expiry.RootKey {
		return nil, nil
	}
	roots, err := r.keyring.Roots(ctx)
	if err != nil {
		return nil, err
	}
	var all []expiry.Ending
	for _, root := range roots {
		if root.State != seal.RootCurrent {
			continue
		}
		all = append(all, expiry.Ending{
			Kind: expiry.RootKey, Subject: root.ID, Name: root.ID, Ends: root.CreatedAt.Add(r.life), Since: root.CreatedAt,
			Action: "configure a new root key and rotate to it: latchkey keys rotate", Link: "/api/v1/root-keys",
		})
	}
	return q.Pick(all), nil
}
