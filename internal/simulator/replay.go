package simulator

import "errors"

// replay builds clients and a ledger from lines. It does to the tables what was done to them, the forgetting of old
// entries included: what had been forgotten does not come back.
type replay struct {
	clients  *clients
	ledger   *ledger
	families map[uint64]*family
}

func (r *replay) apply(l line) error {
	switch l.Reset {
	case resetClients:
		r.clients.known.clear()
	case resetLedger:
		r.ledger.clear()
	}
	if !l.Pruned.IsZero() {
		r.ledger.sweep(l.Pruned)
	}
	for _, c := range l.Clients {
		r.clients.known.put(clientKey{tenant: c.Tenant, id: string(c.ID)}, c.Secrets)
	}
	for _, f := range l.Families {
		r.putFamily(f)
	}
	return r.putTokens(l)
}

// putFamily changes a family in place: the codes and tokens that are there point to it.
func (r *replay) putFamily(record familyRecord) {
	f, ok := r.families[record.ID]
	if !ok {
		f = &family{}
		r.families[record.ID] = f
	}
	*f = family{
		id: record.ID, client: string(record.Client), subject: string(record.Subject), tenant: record.Tenant,
		scope: record.Scope, public: record.Public, dead: record.Dead,
	}
	r.ledger.families = max(r.ledger.families, record.ID)
}

func (r *replay) putTokens(l line) error {
	orphan := errors.New("a code or token is of an authorization that the file does not describe")
	for _, c := range l.Codes {
		f, ok := r.families[c.Family]
		if !ok {
			return orphan
		}
		r.ledger.codes.put(c.Digest, &code{
			family: f, redirectURI: c.RedirectURI, challenge: c.Challenge, issued: c.Issued, expires: c.Expires, used: c.Used,
		})
	}
	for _, t := range l.Access {
		f, ok := r.families[t.Family]
		if !ok {
			return orphan
		}
		r.ledger.access.put(t.Digest, &accessToken{family: f, scope: t.Scope, issued: t.Issued, expires: t.Expires, dead: t.Dead})
	}
	for _, t := range l.Refresh {
		f, ok := r.families[t.Family]
		if !ok {
			return orphan
		}
		r.ledger.refresh.put(t.Digest, &refreshToken{
			family: f, issued: t.Issued, expires: t.Expires, rotated: t.Rotated, successor: t.Successor, graceEnds: t.GraceEnds,
		})
	}
	return nil
}
