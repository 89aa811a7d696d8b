package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/provider"
)

// Providers keeps how providers stand.
type Providers struct{ s *Store }

var _ provider.Store = Providers{}

// Providers gives [provider.Store].
func (s *Store) Providers() Providers { return Providers{s} }

// Read gives all that is known.
func (p Providers) Read(ctx context.Context) (provider.Kept, error) {
	kept := provider.Kept{Standings: map[provider.Host]provider.Standing{}}
	err := p.s.rows(ctx, func(row scanner) error {
		var host, last string
		var down int
		var since sql.NullInt64
		if err := row.Scan(&host, &down, &since, &last); err != nil {
			return err
		}
		failure, err := failureIn(last)
		kept.Standings[provider.Host(host)] = provider.Standing{Down: down == 1, Since: instant(since), Last: failure}
		return err
	}, `SELECT host, down, since, last FROM providers`)
	if err != nil {
		return kept, fmt.Errorf("reading the providers: %w", err)
	}
	err = p.s.rows(ctx, func(row scanner) error {
		var known provider.Acquaintance
		var seen sql.NullInt64
		err := row.Scan(&known.Host, &known.Organization, &seen)
		known.At = instant(seen)
		kept.Known = append(kept.Known, known)
		return err
	}, `SELECT host, organization, seen_at FROM provider_tenants ORDER BY host, organization`)
	if err != nil {
		return kept, fmt.Errorf("reading who calls providers: %w", err)
	}
	err = p.s.rows(ctx, func(row scanner) error {
		incident, err := scanIncident(row)
		kept.Open = append(kept.Open, incident)
		return err
	}, selectIncidents+` WHERE closed_at IS NULL ORDER BY opened_at, id`)
	if err != nil {
		return kept, fmt.Errorf("reading the incidents: %w", err)
	}
	return kept, nil
}

// Meet notes acquaintances.
func (p Providers) Meet(ctx context.Context, met []provider.Acquaintance) error {
	err := p.s.write(ctx, func(t *tx) error {
		for _, m := range met {
			if _, err := t.exec(`INSERT INTO provider_tenants (host, organization, seen_at) VALUES ($1, $2, $3)
				ON CONFLICT (host, organization) DO UPDATE SET seen_at = excluded.seen_at
				WHERE provider_tenants.seen_at < excluded.seen_at`, string(m.Host), m.Organization, micros(m.At)); err != nil {
				return err
			}
			if _, err := t.exec(`DELETE FROM provider_tenants WHERE host = $1 AND seen_at < $2`, string(m.Host), micros(m.At.Add(-incidentsKept))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting who calls a provider: %w", err)
	}
	return nil
}

// Stand notes a standing that is the opposite of the one that is kept, and tells who calls the provider.
func (p Providers) Stand(ctx context.Context, host provider.Host, standing provider.Standing) (changed bool, err error) {
	last, err := json.Marshal(standing.Last)
	if err != nil {
		return false, fmt.Errorf("noting how %s stands: %w", host, err)
	}
	err = p.s.write(ctx, func(t *tx) error {
		since, err := moveStanding(t, host, standing, string(last))
		if changed = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		organizations, err := tenantsOf(t, host)
		t.emit(provider.StandingEvents(host, standing, since, organizations)...)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("noting how %s stands: %w", host, err)
	}
	return changed, nil
}

// moveStanding gives since when the provider is, or was, down; [sql.ErrNoRows] when it stands so already.
func moveStanding(t *tx, host provider.Host, standing provider.Standing, last string) (time.Time, error) {
	query := `UPDATE providers SET down = 0, since = $2, last = $3 WHERE host = $1 AND down = 1 RETURNING down_since`
	if standing.Down {
		query = `INSERT INTO providers (host, down, since, down_since, last) VALUES ($1, 1, $2, $2, $3)
			ON CONFLICT (host) DO UPDATE SET down = 1, since = excluded.since, down_since = excluded.since, last = excluded.last
			WHERE providers.down = 0 RETURNING down_since`
	}
	var since sql.NullInt64
	err := t.row(query, string(host), micros(standing.Since), last).Scan(&since)
	return instant(since), err
}

func tenantsOf(t *tx, host provider.Host) ([]string, error) {
	var all []string
	for next := ""; ; {
		err := t.row(`SELECT organization FROM provider_tenants WHERE host = $1 AND organization > $2
			ORDER BY organization LIMIT 1`, string(host), next).Scan(&next)
		if errors.Is(err, sql.ErrNoRows) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
}

func failureIn(text string) (f provider.Failure, err error) {
	if err = json.Unmarshal([]byte(text), &f); err != nil {
		err = fmt.Errorf("decoding a failure: %w", err)
	}
	return f, err
}
