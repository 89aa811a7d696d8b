package project

import (
	"context"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/expiry"
)

// BindingEnding is a certificate of a credential as it ends.
type BindingEnding struct {
	// Binding is its id, Credential, Name and ClientID its credential's.
	Binding, Organization, Credential, Name, ClientID string
	Kind                                              Kind
	SHA1                                              string
	NotBefore, NotAfter                               time.Time
}

// Endings is the source of what ends among credentials: their certificates. Client secrets have no end.
type Endings struct{ Store EndingStore }

// Endings gives certificates, from an index.
func (e Endings) Endings(ctx context.Context, q expiry.Query) ([]expiry.Ending, error) {
	if q.Kind != "" && q.Kind != expiry.Certificate || q.Sandbox != "" {
		return nil, nil
	}
	found, err := e.Store.BindingEndings(ctx, q)
	if err != nil {
		return nil, err
	}
	all := make([]expiry.Ending, 0, len(found))
	for _, b := range found {
		all = append(all, b.ending())
	}
	return q.Pick(all), nil
}

func (b BindingEnding) ending() expiry.Ending {
	renew := "latchkey credential renew " + b.ClientID
	if b.Kind != ServiceAccountJWT { // which has a secret beside, that is renewed unless one says so
		renew += " --certificate"
	}
	return expiry.Ending{
		Kind: expiry.Certificate, Organization: b.Organization, Subject: "cert_" + b.Binding, Name: b.Name, Ends: b.NotAfter, Since: b.NotBefore,
		Action: fmt.Sprintf("renew the certificate %.8s… without downtime: %s", b.SHA1, renew),
		Link:   "/api/v1/credentials/" + b.Credential,
	}
}

// latestFirst puts uses in their order.
func latestFirst(uses []Usage) {
	slices.SortStableFunc(uses, func(a, b Usage) int { return b.At.Compare(a.At) })
}
