package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

var _ registry.SessionStore = Registry{}

// pruned bounds how many sessions that ended one sign-in takes away.
const pruned = 100

// BeginSession adds a session or a ticket, and spends a ticket for it.
func (r Registry) BeginSession(ctx context.Context, s registry.Session, spent []byte, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if spent != nil {
			n, err := t.exec(`DELETE FROM sessions WHERE name = $1 AND ticket = 1`, spent)
			if err != nil {
				return err
			}
			if n == 0 {
				return registry.ErrLink
			}
		}
		if _, err := t.exec(`DELETE FROM sessions WHERE name IN (SELECT name FROM sessions WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)`,
			micros(s.BeganAt), pruned); err != nil {
			return err
		}
		// Who is disabled at this moment must not be left with a session for the time when that is over.
		n, err := t.exec(`INSERT INTO sessions (name, id, person, organization, ticket, proof, second, address, agent, others, began_at, seen_at, ends_at)
			SELECT $1, $2, id, organization, CAST($4 AS BIGINT), $5, $10, $11, $12, $13, CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT)
			FROM users WHERE id = $3 AND status = $9`,
			s.Name, s.ID, s.Person, flag(s.Ticket), s.Proof, micros(s.BeganAt), micros(s.SeenAt), micros(s.EndsAt), registry.UserActive,
			s.Second, s.Browser.Address, s.Browser.Agent, strings.Join(s.Others, " "))
		if err == nil && n == 0 {
			return registry.ErrNotFound
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing a session: %w", err)
	}
	return nil
}

// Session gives a session with its person.
func (r Registry) Session(ctx context.Context, name []byte) (registry.Session, registry.User, error) {
	var s sessionRowOf
	u, err := scanUser(also{r.s.row(ctx, `SELECT `+sessionColumns+`, `+userColumnsOf("u")+` FROM sessions s JOIN users u ON u.id = s.person WHERE s.name = $1`, name), s.targets()})
	if err != nil {
		return registry.Session{}, registry.User{}, fmt.Errorf("reading a session: %w", orNone(err, registry.ErrNotFound))
	}
	return s.read(), u, nil
}

// closeTo keeps sessions of other accounts from going over to this person: what they were opened by holds here no more.
func (t *tx) closeTo(person string) error {
	_, err := t.exec(`UPDATE sessions SET others = TRIM(REPLACE(' ' || others || ' ', ' ' || $1 || ' ', ' ')) WHERE others LIKE '%' || $1 || '%'`, person)
	return err
}

// SessionsOf gives a person's sessions that have not ended.
func (r Registry) SessionsOf(ctx context.Context, organization, person string, at time.Time) ([]registry.Session, error) {
	var all []registry.Session
	err := r.s.rows(ctx, func(row scanner) error {
		var s sessionRowOf
		err := row.Scan(s.targets()...)
		all = append(all, s.read())
		return err
	}, `SELECT `+sessionColumns+` FROM sessions s WHERE s.organization = $1 AND s.person = $2 AND s.ticket = 0 AND s.ends_at > $3 ORDER BY s.seen_at DESC, s.id`,
		organization, person, micros(at))
	if err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	return all, nil
}

const sessionColumns = `s.name, s.id, s.person, s.organization, s.ticket, s.proof, s.second, s.address, s.agent, s.others, s.began_at, s.seen_at, s.ends_at`

// sessionRowOf is a session while it is read.
type sessionRowOf struct {
	registry.Session
	others            string
	began, seen, ends sql.NullInt64
}

func (s *sessionRowOf) targets() []any {
	return []any{&s.Name, &s.ID, &s.Person, &s.Organization, &s.Ticket, &s.Proof, &s.Second, &s.Browser.Address, &s.Browser.Agent, &s.others, &s.began, &s.seen, &s.ends}
}

func (s *sessionRowOf) read() registry.Session {
	s.BeganAt, s.SeenAt, s.EndsAt = instant(s.began), instant(s.seen), instant(s.ends)
	if s.others != "" {
		s.Others = strings.Fields(s.others)
	}
	return s.Session
}

// also is a row that has columns of its own before those that are asked for.
type also struct {
	row   scanner
	first []any
}

func (a also) Scan(dest ...any) error { return a.row.Scan(append(a.first, dest...)...) }

// SeeSession notes when a browser came.
func (r Registry) SeeSession(ctx context.Context, name []byte, seen, ends time.Time) error {
	err := r.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE sessions SET seen_at = $2, ends_at = $3 WHERE name = $1 AND seen_at < $2`, name, micros(seen), micros(ends))
		return err
	})
	if err != nil {
		return fmt.Errorf("noting that a session is used: %w", err)
	}
	return nil
}

// EndSession removes a session.
func (r Registry) EndSession(ctx context.Context, name []byte, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM sessions WHERE name = $1`, name)
		if n > 0 {
			t.record(entry)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("removing a session: %w", err)
	}
	return nil
}

// EndSessions removes some of a person's sessions.
func (r Registry) EndSessions(ctx context.Context, organization, person string, which registry.SessionPick, entry audit.Entry) (int, error) {
	var ended int64
	err := r.s.write(ctx, func(t *tx) (err error) {
		if which.ID == "" { // a ticket of before would begin another
			if _, err := t.exec(`DELETE FROM sessions WHERE organization = $1 AND person = $2 AND ticket = 1`, organization, person); err != nil {
				return err
			}
			if err := t.closeTo(person); err != nil {
				return err
			}
		}
		ended, err = t.exec(`DELETE FROM sessions WHERE organization = $1 AND person = $2 AND ticket = 0 AND ($3 = '' OR id = $3) AND id <> $4`,
			organization, person, which.ID, which.Except)
		if ended > 0 {
			t.record(entry)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("removing sessions of %s: %w", person, err)
	}
	return int(ended), nil
}
