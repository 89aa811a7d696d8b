package simulator

import (
	"iter"
	"net/url"
	"time"
)

// line is one change in the state file. Its parts are applied in the order in which they stand here.
type line struct {
	Version  int             `json:"version,omitempty"` // of the first line, which has nothing else
	Reset    string          `json:"reset,omitempty"`   // what was forgotten: resetClients or resetLedger
	Pruned   time.Time       `json:"pruned,omitzero"`   // when the ledger forgot what had expired
	Clients  []clientRecord  `json:"clients,omitempty"`
	Families []familyRecord  `json:"families,omitempty"`
	Codes    []codeRecord    `json:"codes,omitempty"`
	Access   []accessRecord  `json:"access,omitempty"`
	Refresh  []refreshRecord `json:"refresh,omitempty"`
}

const (
	resetClients = "clients"
	resetLedger  = "ledger"
)

// exact is a caller's text. It may hold bytes that are no UTF-8, which JSON would replace, so it is percent-encoded.
type exact string

func (e exact) MarshalText() ([]byte, error) { return []byte(url.PathEscape(string(e))), nil }

func (e *exact) UnmarshalText(text []byte) error {
	decoded, err := url.PathUnescape(string(text))
	*e = exact(decoded)
	return err
}

type clientRecord struct {
	Tenant  string   `json:"tenant,omitempty"`
	ID      exact    `json:"id"`
	Secrets []digest `json:"secrets"`
}

type familyRecord struct {
	ID      uint64   `json:"id"`
	Client  exact    `json:"client"`
	Subject exact    `json:"subject"`
	Tenant  string   `json:"tenant,omitempty"`
	Scope   []string `json:"scope"`
	Public  bool     `json:"public,omitempty"`
	Dead    bool     `json:"dead,omitempty"`
}

type codeRecord struct {
	Digest      digest    `json:"sha256"`
	Family      uint64    `json:"family"`
	RedirectURI digest    `json:"redirect_uri_sha256"`
	Challenge   challenge `json:"challenge,omitempty"`
	Issued      time.Time `json:"issued"`
	Expires     time.Time `json:"expires"`
	Used        bool      `json:"used,omitempty"`
}

type accessRecord struct {
	Digest  digest    `json:"sha256"`
	Family  uint64    `json:"family"`
	Scope   []string  `json:"scope"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
	Dead    bool      `json:"dead,omitempty"`
}

type refreshRecord struct {
	Digest    digest    `json:"sha256"`
	Family    uint64    `json:"family"`
	Issued    time.Time `json:"issued"`
	Expires   time.Time `json:"expires"`
	Rotated   bool      `json:"rotated,omitempty"`
	Successor []byte    `json:"successor,omitempty"` // sealed, see sealSuccessor
	GraceEnds time.Time `json:"grace_ends,omitzero"`
}

func recordClient(key clientKey, secrets []digest) clientRecord {
	return clientRecord{Tenant: key.tenant, ID: exact(key.id), Secrets: secrets}
}

func recordFamily(f *family) familyRecord {
	return familyRecord{
		ID: f.id, Client: exact(f.client), Subject: exact(f.subject), Tenant: f.tenant, Scope: f.scope,
		Public: f.public, Dead: f.dead,
	}
}

func recordCode(key digest, c *code) codeRecord {
	return codeRecord{
		Digest: key, Family: c.family.id, RedirectURI: c.redirectURI, Challenge: c.challenge,
		Issued: c.issued, Expires: c.expires, Used: c.used,
	}
}

func recordAccess(key digest, t *accessToken) accessRecord {
	return accessRecord{Digest: key, Family: t.family.id, Scope: t.scope, Issued: t.issued, Expires: t.expires, Dead: t.dead}
}

func recordRefresh(key digest, t *refreshToken) refreshRecord {
	return refreshRecord{
		Digest: key, Family: t.family.id, Issued: t.issued, Expires: t.expires,
		Rotated: t.rotated, Successor: t.successor, GraceEnds: t.graceEnds,
	}
}

// The methods noteX add a record to the line of the critical section, once what is recorded has changed. The caller
// holds mu.

func (l *ledger) noteFamily(f *family) {
	if l.state == nil {
		return
	}
	if f.id == 0 {
		l.families++
		f.id = l.families
	}
	if n := len(l.line.Families); n == 0 || l.line.Families[n-1].ID != f.id {
		l.line.Families = append(l.line.Families, recordFamily(f))
	}
}

func (l *ledger) noteCode(key digest, c *code) {
	if l.state == nil {
		return
	}
	l.noteFamily(c.family)
	l.line.Codes = append(l.line.Codes, recordCode(key, c))
}

func (l *ledger) noteAccess(key digest, t *accessToken) {
	if l.state == nil {
		return
	}
	l.noteFamily(t.family)
	l.line.Access = append(l.line.Access, recordAccess(key, t))
}

func (l *ledger) noteRefresh(key digest, t *refreshToken) {
	if l.state == nil {
		return
	}
	l.noteFamily(t.family)
	l.line.Refresh = append(l.line.Refresh, recordRefresh(key, t))
}

// commit writes the line of the critical section, which thereby survives whole or not at all. The caller holds mu.
func (l *ledger) commit() {
	l.state.append(l.line)
	l.line = line{}
}

// lines describes all clients, oldest first. The caller holds mu.
func (c *clients) lines() iter.Seq[line] {
	return func(yield func(line) bool) {
		for key, secrets := range c.known.all() {
			if !yield(line{Clients: []clientRecord{recordClient(key, secrets)}}) {
				return
			}
		}
	}
}

// lines describes all that the ledger holds: each family before the first code or token of it. The caller holds mu.
func (l *ledger) lines() iter.Seq[line] {
	return func(yield func(line) bool) {
		told := map[*family]bool{}
		tell := func(f *family, record line) bool {
			if !told[f] {
				told[f] = true
				record.Families = []familyRecord{recordFamily(f)}
			}
			return yield(record)
		}
		for key, c := range l.codes.all() {
			if !tell(c.family, line{Codes: []codeRecord{recordCode(key, c)}}) {
				return
			}
		}
		for key, t := range l.access.all() {
			if !tell(t.family, line{Access: []accessRecord{recordAccess(key, t)}}) {
				return
			}
		}
		for key, t := range l.refresh.all() {
			if !tell(t.family, line{Refresh: []refreshRecord{recordRefresh(key, t)}}) {
				return
			}
		}
	}
}
