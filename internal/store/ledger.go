package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// commitTokens replaces a token set. The state becomes active but for a connection that was disabled meanwhile, whose
// due time stays away too.
const commitTokens = `UPDATE connections SET previous = tokens, tokens = $3, generation = generation + 1, version = version + 1,
	renewable = $4, setbacks = 0, last_error = NULL, last_refresh_at = $6, updated_at = $6,
	state = CASE WHEN state = 'disabled' THEN state ELSE 'active' END,
	reason = CASE WHEN state = 'disabled' THEN reason ELSE '' END,
	refresh_at = CASE WHEN state = 'disabled' THEN NULL ELSE CAST($5 AS BIGINT) END
	WHERE id = $1 AND generation = $2 RETURNING version, state`

// Commit replaces the token set by compare-and-set on the generation.
func (c Connections) Commit(ctx context.Context, commit connection.Commit) (connection.Standing, bool, error) {
	next := commit.Generation + 1
	tokens, err := c.sealTokens(ctx, commit.Organization, commit.ID, next, commit.Tokens)
	if err != nil {
		return connection.Standing{}, false, err
	}
	account, err := c.accountArgs(ctx, commit, next)
	if err != nil {
		return connection.Standing{}, false, err
	}
	var standing connection.Standing
	fenced := false
	err = c.s.writeSoon(ctx, []string{commit.ID}, func(t *tx) error {
		var err error
		if fenced, err = c.endClaim(t, &commit); fenced || err != nil {
			return err
		}
		if err := t.ends(commit.ID, commit.Tokens, commit.Renewable, commit.At); err != nil {
			return err
		}
		err = t.row(commitTokens, commit.ID, commit.Generation, tokens, flag(commit.Renewable), micros(commit.RefreshAt),
			micros(commit.At)).Scan(&standing.Version, &standing.State)
		if err != nil {
			return err
		}
		if p := commit.Past; p != nil {
			p.Generation, p.State = next, standing.State
		}
		if err := t.past(commit.ID, standing.Version, commit.Past); err != nil {
			return err
		}
		t.record(commitEntry(ctx, &commit))
		t.emit(commit.Events...)
		t.announce(TopicConnection, commit.ID)
		if account != nil {
			if _, err := t.exec(commitAccount, account...); err != nil {
				return err
			}
		}
		if commit.Attempt == "" {
			return nil
		}
		if err := linkUsed(t, commit.ID, commit.At); err != nil {
			return err
		}
		_, err = t.exec(`UPDATE attempts SET outcome = $2 WHERE id = $1`, commit.Attempt, connection.OutcomeDone)
		return err
	})
	if fenced && err == nil || errors.Is(err, sql.ErrNoRows) {
		return connection.Standing{}, false, nil
	}
	if err != nil {
		return connection.Standing{}, false, fmt.Errorf("saving the tokens of %s: %w", commit.ID, err)
	}
	return standing, true, nil
}

const commitAccount = `UPDATE connections SET fields = $2, secrets = $3, secrets_generation = $4, revision = $5,
	configuration = $6, fingerprint = $7, previous = NULL WHERE id = $1`

// Previous gives the token set before a generation's.
func (c Connections) Previous(ctx context.Context, organization, id string, generation int64) (*exchange.TokenSet, error) {
	var sealed []byte
	err := c.s.row(ctx, `SELECT previous FROM connections WHERE id = $1 AND organization = $2 AND generation = $3`, id, organization, generation).Scan(&sealed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading the tokens of before of %s: %w", id, err)
	}
	if sealed == nil {
		return nil, nil
	}
	var set tokenSet
	if err := c.s.openJSON(ctx, tokensRow(organization, id, generation-1), sealed, &set); err != nil {
		return nil, err
	}
	return set.tokens()
}

// accountArgs gives the arguments of commitAccount, nil when the account stays.
func (c Connections) accountArgs(ctx context.Context, commit connection.Commit, generation int64) ([]any, error) {
	a := commit.Account
	if a == nil {
		return nil, nil
	}
	fields, err := encodeFields(a.Fields)
	if err != nil {
		return nil, err
	}
	secrets, err := c.s.sealSecrets(ctx, secretsRow(commit.Organization, commit.ID, generation), a.Fields.Secrets())
	if err != nil {
		return nil, err
	}
	return []any{commit.ID, fields, secrets, generation, a.Revision, a.Configuration, a.Fingerprint}, nil
}

// SetBack notes a failed exchange by compare-and-set on the generation.
func (c Connections) SetBack(ctx context.Context, s connection.Setback) (connection.Standing, bool, error) {
	lastError, err := encodeError(s.LastError)
	if err != nil {
		return connection.Standing{}, false, err
	}
	var tokens []byte
	if s.Tokens != nil {
		if tokens, err = c.sealTokens(ctx, s.Organization, s.ID, s.Generation, s.Tokens); err != nil {
			return connection.Standing{}, false, err
		}
	}
	var standing connection.Standing
	var applied bool
	err = c.s.writeSoon(ctx, []string{s.ID}, func(t *tx) error {
		kept := false
		applied = false
		if tokens != nil {
			n, err := t.exec(keepTokens, s.ID, s.Generation, tokens, micros(s.At))
			if err != nil {
				return err
			}
			kept = n > 0
		}
		if mine, err := c.releaseClaim(t, &s); !mine || err != nil {
			if err == nil && kept {
				t.record(setbackEntry(ctx, &s))
			}
			return err
		}
		err := t.row(`UPDATE connections SET state = $3, reason = $4, last_error = $5, setbacks = $6, refresh_at = $7,
			updated_at = $8, version = version + 1
			WHERE id = $1 AND generation = $2 AND state IN ('active', 'degraded') RETURNING version, state`,
			s.ID, s.Generation, string(s.State), s.Reason, lastError, s.Setbacks, micros(s.RefreshAt), micros(s.At)).
			Scan(&standing.Version, &standing.State)
		if applied = !errors.Is(err, sql.ErrNoRows); !applied {
			err = nil // the tokens stay
		}
		if err == nil && (applied || kept) {
			t.record(setbackEntry(ctx, &s))
			t.announce(TopicConnection, s.ID)
		}
		if err != nil || !applied {
			return err
		}
		t.emit(s.Events...)
		if p := s.Past; p != nil {
			p.Generation, p.State, p.Reason = s.Generation, standing.State, s.Reason
		}
		return t.past(s.ID, standing.Version, s.Past)
	})
	if err != nil {
		return connection.Standing{}, false, fmt.Errorf("noting a failure of %s: %w", s.ID, err)
	}
	return standing, applied, nil
}

const keepTokens = `UPDATE connections SET tokens = $3, version = version + 1, updated_at = $4
	WHERE id = $1 AND generation = $2`

// Due gives what is due before a time, from the index alone.
func (c Connections) Due(ctx context.Context, before time.Time, limit int) ([]connection.Due, error) {
	var all []connection.Due
	err := c.s.rows(ctx, func(row scanner) error {
		var d connection.Due
		var at sql.NullInt64
		err := row.Scan(&d.ID, &at)
		d.At = instant(at)
		all = append(all, d)
		return err
	}, `SELECT id, refresh_at FROM connections WHERE refresh_at < $1 ORDER BY refresh_at, id LIMIT $2`, micros(before), limit)
	if err != nil {
		return nil, fmt.Errorf("reading what is due: %w", err)
	}
	return all, nil
}
