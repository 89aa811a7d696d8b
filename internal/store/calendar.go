package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/calendar"
)

// Calendar keeps what was warned of, and feeds.
type Calendar struct{ s *Store }

var _ calendar.Store = Calendar{}

// Calendar gives [calendar.Store].
func (s *Store) Calendar() Calendar { return Calendar{s} }

// warn notes a warning, unless the end was warned of at that threshold or a nearer one. Of two nodes that come at once,
// one finds nothing to change.
const warn = `INSERT INTO expiry_warnings (subject, kind, ends_at, days, at) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (subject, kind, ends_at) DO UPDATE SET days = excluded.days, at = excluded.at WHERE expiry_warnings.days > excluded.days`

// Warn notes warnings and emits the events of those that are news.
func (c Calendar) Warn(ctx context.Context, warnings []calendar.Warning) (int, error) {
	told := 0
	fresh, err := c.unwarned(ctx, warnings)
	if err != nil || len(fresh) == 0 {
		return 0, err
	}
	err = c.s.write(ctx, func(t *tx) error {
		told = 0
		for _, w := range fresh {
			n, err := t.exec(warn, w.Subject, string(w.Kind), micros(w.Ends), w.Days, micros(w.Event.At))
			if err != nil {
				return err
			}
			if n > 0 {
				t.emit(w.Event)
				told++
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("noting warnings: %w", err)
	}
	return told, nil
}

// unwarned leaves out what was told long ago, as most is at each look: reading keeps the writer free.
func (c Calendar) unwarned(ctx context.Context, warnings []calendar.Warning) ([]calendar.Warning, error) {
	var fresh []calendar.Warning
	for _, w := range warnings {
		var there int
		err := c.s.row(ctx, `SELECT 1 FROM expiry_warnings WHERE subject = $1 AND kind = $2 AND ends_at = $3 AND days <= $4`,
			w.Subject, string(w.Kind), micros(w.Ends), w.Days).Scan(&there)
		switch err {
		case nil:
		case sql.ErrNoRows: //nolint:errorlint // database/sql gives it as it is
			fresh = append(fresh, w)
		default:
			return nil, fmt.Errorf("reading warnings: %w", err)
		}
	}
	return fresh, nil
}

// Forget drops warnings of what ended before a time. It looks first, for most days there is nothing to drop.
func (c Calendar) Forget(ctx context.Context, before time.Time) error {
	var first sql.NullInt64
	if err := c.s.row(ctx, `SELECT MIN(ends_at) FROM expiry_warnings`).Scan(&first); err != nil {
		return fmt.Errorf("reading warnings: %w", err)
	}
	if !first.Valid || !instant(first).Before(before) {
		return nil
	}
	err := c.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM expiry_warnings WHERE ends_at < $1`, micros(before))
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting warnings: %w", err)
	}
	return nil
}

const feedColumns = `id, organization, sandbox, name, scopes, hash, created_by, created_at`

// CreateFeed adds a feed.
func (c Calendar) CreateFeed(ctx context.Context, f calendar.Feed, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		_, err := t.exec(`INSERT INTO expiry_feeds (`+feedColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			f.ID, f.Organization, f.Sandbox, f.Name, f.Scopes.String(), f.Hash[:], f.CreatedBy, micros(f.CreatedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the calendar feed %s: %w", f.ID, err)
	}
	return nil
}

// Feeds gives an organization's.
func (c Calendar) Feeds(ctx context.Context, organization string) ([]calendar.Feed, error) {
	var all []calendar.Feed
	err := c.s.rows(ctx, func(row scanner) error {
		f, err := scanFeed(row)
		all = append(all, f)
		return err
	}, `SELECT `+feedColumns+` FROM expiry_feeds WHERE organization = $1 ORDER BY id`, organization)
	if err != nil {
		return nil, fmt.Errorf("listing calendar feeds: %w", err)
	}
	return all, nil
}

// FeedByHash gives the one of a token.
func (c Calendar) FeedByHash(ctx context.Context, hash [32]byte) (calendar.Feed, error) {
	f, err := scanFeed(c.s.row(ctx, `SELECT `+feedColumns+` FROM expiry_feeds WHERE hash = $1`, hash[:]))
	if err != nil {
		return calendar.Feed{}, fmt.Errorf("reading a calendar feed: %w", orNone(err, calendar.ErrNotFound))
	}
	return f, nil
}

func scanFeed(row scanner) (calendar.Feed, error) {
	var f calendar.Feed
	var scopes string
	var hash []byte
	var created sql.NullInt64
	if err := row.Scan(&f.ID, &f.Organization, &f.Sandbox, &f.Name, &scopes, &hash, &f.CreatedBy, &created); err != nil {
		return calendar.Feed{}, err
	}
	for scope := range strings.FieldsSeq(scopes) {
		f.Scopes = append(f.Scopes, access.Scope(scope))
	}
	copy(f.Hash[:], hash)
	f.CreatedAt = instant(created)
	return f, nil
}

// DeleteFeed removes a feed.
func (c Calendar) DeleteFeed(ctx context.Context, organization, id string, entry audit.Entry) error {
	err := c.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM expiry_feeds WHERE organization = $1 AND id = $2`, organization, id)
		if err == nil && n == 0 {
			return calendar.ErrNotFound
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the calendar feed %s: %w", id, err)
	}
	return nil
}
