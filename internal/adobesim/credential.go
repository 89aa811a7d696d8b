package adobesim

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"slices"
	"sync"
	"time"

	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// Clients are the credentials as the authority reads them. It is project.Clients.
type Clients interface {
	Client(ctx context.Context, clientID string) (*project.Client, error)
	CheckSecret(client *project.Client, presented secret.String) (uuid string, ok bool)
	Used(client *project.Client, what project.Use, id string, at time.Time)
}

// Clients puts the faults of credentials between the authority and its credentials: those of the rules that name neither a
// product's host nor a path.
func (s *Sim) Clients(of Clients) Clients { return &alteredClients{Clients: of, sim: s} }

type alteredClients struct {
	Clients
	sim *Sim
}

func (a *alteredClients) Client(ctx context.Context, clientID string) (*project.Client, error) {
	client, err := a.Clients.Client(ctx, clientID)
	settings := a.sim.rules.see(place{host: AuthorityHost, client: clientID})
	if err != nil || len(settings) == 0 {
		return client, err
	}
	f := combine(settings)
	return f.credential.alter(client), nil
}

// alter gives a credential as the faults have it; the one that is handed in is shared, and stays.
func (f credentialFaults) alter(client *project.Client) *project.Client {
	if f == (credentialFaults{}) {
		return client
	}
	out := *client
	out.Services = f.services(client.Services)
	out.Enabled = client.Enabled && !f.disabled
	if f.notSubscribed || f.noScopes {
		out.Metascopes, out.Scopes = nil, nil
	}
	if f.notSubscribed && !f.noScopes {
		out.Scopes = client.Kind.BaseScopes()
	}
	if f.wrongSecret {
		out.Secrets = nil
	}
	out.Bindings = slices.Clone(client.Bindings)
	for i := range out.Bindings {
		if f.expiredCertificate {
			out.Bindings[i].NotBefore, out.Bindings[i].NotAfter = time.Unix(0, 0), time.Unix(1, 0)
		}
		if f.wrongKey {
			out.Bindings[i].PublicKey = stranger()
		}
	}
	return &out
}

// services gives the subscriptions that the faults leave.
func (f credentialFaults) services(have []project.ClientService) []project.ClientService {
	if f.notSubscribed {
		return nil
	}
	out := slices.Clone(have)
	for i := range out {
		switch {
		case f.revokedProfile:
			out[i].Profiles = nil
		case f.observer:
			out[i].Profiles = slices.Clone(out[i].Profiles)
			for j := range out[i].Profiles {
				if out[i].Profiles[j].Role != "" {
					out[i].Profiles[j].Role = project.Observer
				}
			}
		}
	}
	return out
}

// stranger is a public key that nobody signs with: no number of that size has its factors known.
var stranger = sync.OnceValue(func() crypto.PublicKey {
	n := make([]byte, 256)
	_, _ = rand.Read(n) // never fails
	n[0] |= 0x80
	n[255] |= 1
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
})
