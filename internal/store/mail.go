package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/mail"
)

// Mails keeps what is told by mail.
type Mails struct{ s *Store }

var _ mail.Store = Mails{}

// Mails gives [mail.Store].
func (s *Store) Mails() Mails { return Mails{s} }

// Waiting gives when the first thing happened that is in no mail.
func (m Mails) Waiting(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	if err := m.s.row(ctx, `SELECT MIN(at) FROM mail_notices WHERE mail IS NULL`).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("finding what to tell by mail: %w", err)
	}
	return instant(at), nil
}

// Latest gives when the latest mail of a kind was made.
func (m Mails) Latest(ctx context.Context, kind mail.Kind) (time.Time, error) {
	var at sql.NullInt64
	if err := m.s.row(ctx, `SELECT MAX(created_at) FROM mails WHERE kind = $1`, string(kind)).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("finding the latest mail: %w", err)
	}
	return instant(at), nil
}

// Recent gives the last mails.
func (m Mails) Recent(ctx context.Context, limit int) ([]mail.Standing, error) {
	var all []mail.Standing
	err := m.s.rows(ctx, func(row scanner) error {
		var one mail.Standing
		var due, created sql.NullInt64
		err := row.Scan(&one.ID, &one.Kind, &one.State, &one.Attempt, &due, &one.Error, &created)
		one.DueAt, one.CreatedAt = instant(due), instant(created)
		all = append(all, one)
		return err
	}, `SELECT id, kind, state, attempts, due_at, error, created_at FROM mails ORDER BY created_at DESC, id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the last mails: %w", err)
	}
	return all, nil
}

const insertMail = `INSERT INTO mails (id, kind, state, due_at, created_at) VALUES ($1, $2, 'pending', $3, $3) ON CONFLICT (id) DO NOTHING`

// Gather makes a mail of what waits.
func (m Mails) Gather(ctx context.Context, one mail.Mail, limit int) error {
	err := m.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE mail_notices SET mail = $1 WHERE mail IS NULL AND event IN (
			SELECT event FROM mail_notices WHERE mail IS NULL ORDER BY at, event LIMIT $2)`, one.ID, limit)
		if err != nil || n == 0 {
			return err
		}
		_, err = t.exec(insertMail, one.ID, string(one.Kind), micros(one.CreatedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("making a mail: %w", err)
	}
	return nil
}

// Open makes a mail that tells how things are.
func (m Mails) Open(ctx context.Context, one mail.Mail) error {
	err := m.s.write(ctx, func(t *tx) error {
		_, err := t.exec(insertMail, one.ID, string(one.Kind), micros(one.CreatedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("making a mail: %w", err)
	}
	return nil
}

func (m Mails) free(now string) string {
	return `(claimed_until IS NULL OR claimed_until < ` + now + ` OR NOT ` + m.s.aliveOwner("claimed_by") + `)`
}

// Claim takes a mail that is due.
func (m Mails) Claim(ctx context.Context, now, until time.Time) (mail.Mail, bool, error) {
	var one mail.Mail
	var created sql.NullInt64
	err := m.s.row(ctx, `SELECT id, kind, attempts, created_at FROM mails WHERE due_at <= $1 AND `+m.free("$1")+`
		ORDER BY due_at, id LIMIT 1`, micros(now)).Scan(&one.ID, &one.Kind, &one.Attempt, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return mail.Mail{}, false, nil
	}
	if err != nil {
		return mail.Mail{}, false, fmt.Errorf("finding a mail to send: %w", err)
	}
	one.CreatedAt = instant(created)
	var n int64
	err = m.s.write(ctx, func(t *tx) (err error) {
		n, err = t.exec(`UPDATE mails SET claimed_by = $2, claimed_until = $3 WHERE id = $1 AND attempts = $5 AND due_at <= $4 AND `+m.free("$4"),
			one.ID, m.s.incarnation, micros(until), micros(now), one.Attempt)
		return err
	})
	if err != nil {
		return mail.Mail{}, false, fmt.Errorf("claiming a mail: %w", err)
	}
	one.Attempt++
	return one, n == 1, nil
}

// Finish keeps how an attempt ended.
func (m Mails) Finish(ctx context.Context, o mail.Outcome) error {
	err := m.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE mails SET state = $4, attempts = $3, due_at = $5, error = $6, claimed_by = NULL, claimed_until = NULL
			WHERE id = $1 AND claimed_by = $2`, o.ID, m.s.incarnation, o.Attempt, string(o.State), micros(o.DueAt), o.Error)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping how a mail was sent: %w", err)
	}
	return nil
}

// Prune removes old mails.
func (m Mails) Prune(ctx context.Context, before time.Time) error {
	err := m.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM mails WHERE created_at < $1`, micros(before)) // a few a day
		return err
	})
	if err != nil {
		return fmt.Errorf("pruning mails: %w", err)
	}
	return nil
}

// Told gives what a mail tells.
func (m Mails) Told(ctx context.Context, id string) ([]event.Event, error) {
	all, err := m.events(ctx, `SELECT `+eventColumns+` FROM mail_notices n JOIN events e ON e.id = n.event WHERE n.mail = $1
		ORDER BY e.at, e.id`, id)
	if err != nil {
		return nil, fmt.Errorf("reading what a mail tells: %w", err)
	}
	return all, nil
}

func (m Mails) events(ctx context.Context, query string, args ...any) ([]event.Event, error) {
	var all []event.Event
	err := m.s.rows(ctx, func(row scanner) error {
		e, err := scanEvent(row)
		all = append(all, e)
		return err
	}, query, args...)
	return all, err
}

// summaryLimit is how many things a digest names.
const summaryLimit = 20

// Summary gives what a digest tells.
func (m Mails) Summary(ctx context.Context, since time.Time) (mail.Summary, error) {
	out := mail.Summary{Counts: map[event.Type]int{}, States: map[string]int{}}
	count := func(keep func(name string, n int)) func(scanner) error {
		return func(row scanner) error {
			var name string
			var n int
			err := row.Scan(&name, &n)
			keep(name, n)
			return err
		}
	}
	err := m.s.rows(ctx, count(func(name string, n int) { out.Counts[event.Type(name)] = n }),
		`SELECT type, COUNT(*) FROM events WHERE at >= $1 AND type <> 'webhook.test' GROUP BY type`, micros(since))
	if err == nil {
		err = m.s.rows(ctx, count(func(name string, n int) { out.States[name] = n }),
			`SELECT state, COUNT(*) FROM connections WHERE state <> 'active' GROUP BY state`)
	}
	if err == nil {
		err = m.s.rows(ctx, func(row scanner) error {
			var name string
			err := row.Scan(&name)
			out.Waiting = append(out.Waiting, name)
			return err
		}, `SELECT COALESCE(label, id) FROM connections WHERE state = 'needs_reauthorization' AND state <> 'active'
			ORDER BY updated_at DESC, id LIMIT $1`, summaryLimit)
	}
	if err == nil {
		out.Ending, err = m.events(ctx, `SELECT `+eventColumns+` FROM events e WHERE e.type = 'expiring' AND e.at >= $1
			ORDER BY e.at DESC, e.id DESC LIMIT $2`, micros(since), summaryLimit)
	}
	if err == nil {
		err = m.s.row(ctx, `SELECT COUNT(*) FROM webhooks WHERE enabled = 0 AND reason <> ''`).Scan(&out.Disabled)
	}
	if err != nil {
		return mail.Summary{}, fmt.Errorf("gathering the day's digest: %w", err)
	}
	return out, nil
}
