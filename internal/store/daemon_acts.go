package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/pipelined/fleet"
)

// Ask keeps acts.
func (p Daemons) Ask(ctx context.Context, acts []fleet.Act, record audit.Entry) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(record)
		for _, a := range acts {
			letters := ""
			if len(a.Letters) > 0 {
				text, err := json.Marshal(a.Letters)
				if err != nil {
					return err
				}
				letters = string(text)
			}
			if _, err := t.exec(`INSERT INTO daemon_acts (id, organization, instance, host, action, letters, given_by, given_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				a.ID, a.Organization, a.Instance, a.Host, string(a.Action), letters, a.By, micros(a.At)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping what daemons are asked to do: %w", err)
	}
	return nil
}

// Acts gives those of an instance, or those that wait for a host.
func (p Daemons) Acts(ctx context.Context, organization, instance, host string, after time.Time) ([]fleet.Act, error) {
	const most = 200
	var all []fleet.Act
	query := `SELECT id, host, action, letters, given_by, given_at, done_at, done, failed, why, shown FROM daemon_acts WHERE organization = $1 AND instance = $2 AND given_at > $3`
	args := []any{organization, instance, micros(after)}
	if host != "" {
		query += ` AND host = $4 AND done_at IS NULL ORDER BY given_at, id LIMIT $5`
		args = append(args, host, most)
	} else {
		query += ` ORDER BY given_at DESC, id DESC LIMIT $4`
		args = append(args, most)
	}
	err := p.s.rows(ctx, func(row scanner) error {
		a := fleet.Act{Organization: organization, Instance: instance}
		var letters string
		var given, done sql.NullInt64
		if err := row.Scan(&a.ID, &a.Host, &a.Action, &letters, &a.By, &given, &done, &a.Done, &a.Failed, &a.Why, &a.Shown); err != nil {
			return err
		}
		a.At, a.DoneAt = instant(given), instant(done)
		all = append(all, a)
		if letters == "" {
			return nil
		}
		return json.Unmarshal([]byte(letters), &all[len(all)-1].Letters)
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing what the daemons of %s are asked to do: %w", instance, err)
	}
	return all, nil
}

// Settle keeps what came of an act.
func (p Daemons) Settle(ctx context.Context, a fleet.Act) error {
	err := p.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE daemon_acts SET done_at = $1, done = $2, failed = $3, why = $4, shown = $5
			WHERE id = $6 AND organization = $7 AND instance = $8 AND host = $9 AND done_at IS NULL`,
			micros(a.DoneAt), a.Done, a.Failed, a.Why, a.Shown, a.ID, a.Organization, a.Instance, a.Host)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping what came of %s: %w", a.ID, err)
	}
	return nil
}

// Tidy removes old acts, and what was shown. It writes only where there is something.
func (p Daemons) Tidy(ctx context.Context, organization, instance string, given, shown time.Time) error {
	var old int64
	err := p.s.row(ctx, `SELECT count(*) FROM daemon_acts WHERE organization = $1 AND instance = $2 AND (given_at < $3 OR shown <> '' AND done_at < $4)`,
		organization, instance, micros(given), micros(shown)).Scan(&old)
	if err == nil && old > 0 {
		err = p.s.write(ctx, func(t *tx) error {
			if _, err := t.exec(`DELETE FROM daemon_acts WHERE organization = $1 AND instance = $2 AND given_at < $3`, organization, instance, micros(given)); err != nil {
				return err
			}
			_, err := t.exec(`UPDATE daemon_acts SET shown = '' WHERE organization = $1 AND instance = $2 AND shown <> '' AND done_at < $3`, organization, instance, micros(shown))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("clearing what the daemons of %s were asked to do: %w", instance, err)
	}
	return nil
}

// Instances gives the names of all that have daemons.
func (p Daemons) Instances(ctx context.Context, organization string) ([]fleet.Instance, error) {
	var all []fleet.Instance
	err := p.s.rows(ctx, func(row scanner) error {
		var i fleet.Instance
		var seen sql.NullInt64
		err := row.Scan(&i.Name, &i.Daemons, &seen)
		i.SeenAt = instant(seen)
		all = append(all, i)
		return err
	}, `SELECT instance, count(*), max(seen_at) FROM daemons WHERE organization = $1 GROUP BY instance ORDER BY instance`, organization)
	if err != nil {
		return nil, fmt.Errorf("listing instances: %w", err)
	}
	return all, nil
}
