package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/revocation"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// Revocations keeps the grants that are to be ended at their providers.
type Revocations struct{ s *Store }

var (
	_ revocation.Queue = Revocations{}
	_ revocation.List  = Revocations{}
)

// Revocations gives the store's part for them.
func (s *Store) Revocations() Revocations { return Revocations{s} }

// revocable is what is sealed of a revocation.
type revocable struct {
	Secrets map[string]string `json:"secrets,omitempty"`
	Tokens  tokenSet          `json:"tokens"`
}

func revocationRow(organization, id string) seal.Row {
	return seal.Row{Organization: organization, Table: "revocations", ID: id, Column: "sealed"}
}

const insertRevocation = `INSERT INTO revocations (id, organization, sandbox, sandbox_id, connection, label, definition,
	definition_name, revision, configuration, host, fields, sealed, state, due_at, created_by, deleted_by, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'waiting', CAST($14 AS BIGINT), $15, $16, CAST($14 AS BIGINT))`

// revocationArgs seals a revocation; none is nil.
func (s *Store) revocationArgs(ctx context.Context, r *connection.Revocation) ([]any, error) {
	if r == nil {
		return nil, nil
	}
	fields, err := encodeFields(r.Fields)
	if err != nil {
		return nil, err
	}
	plain := revocable{Secrets: map[string]string{}}
	for name, value := range r.Fields.Secrets() {
		plain.Secrets[name] = value.Reveal()
	}
	if plain.Tokens, err = fromTokens(r.Tokens); err != nil {
		return nil, err
	}
	sealed, err := s.sealJSON(ctx, revocationRow(r.Organization, r.ID), plain)
	if err != nil {
		return nil, err
	}
	return []any{
		r.ID, r.Organization, r.Sandbox, r.SandboxID, r.Connection, r.Label, r.Definition, r.DefinitionName, r.Revision, r.Configuration,
		r.Host, fields, sealed, micros(r.CreatedAt), r.CreatedBy, r.DeletedBy,
	}, nil
}

const insertNote = `INSERT INTO revocations (id, organization, sandbox, sandbox_id, connection, label, definition,
	definition_name, revision, configuration, host, fields, state, last, created_by, deleted_by, created_at, ended_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '{}', 'none', $11, $12, $13, CAST($14 AS BIGINT), CAST($14 AS BIGINT))`

// noteArgs is the note of a grant that there is no way to revoke; none is nil.
func noteArgs(d connection.Deletion) ([]any, error) {
	r := d.Unrevocable
	if r == nil {
		return nil, nil
	}
	last, err := json.Marshal(revocation.Failure{Class: "none", Description: d.Why, At: r.CreatedAt})
	if err != nil {
		return nil, fmt.Errorf("encoding why a grant is not revoked: %w", err)
	}
	return []any{
		r.ID, r.Organization, r.Sandbox, r.SandboxID, r.Connection, r.Label, r.Definition, r.DefinitionName, r.Revision, r.Configuration,
		string(last), r.CreatedBy, r.DeletedBy, micros(r.CreatedAt),
	}, nil
}

const revocationColumns = `r.id, r.organization, r.sandbox, r.sandbox_id, r.connection, r.label, r.definition, r.definition_name,
	r.revision, r.configuration, r.host, r.fields, r.sealed, r.state, r.attempts, r.due_at, r.last, r.created_by, r.deleted_by,
	r.created_at, r.ended_at`

// scan reads a job. Its secrets are opened when open says so.
func (r Revocations) scan(ctx context.Context, row scanner, open bool) (revocation.Job, error) {
	var j revocation.Job
	var fields, last string
	var sealed []byte
	var due, created, ended sql.NullInt64
	err := row.Scan(&j.ID, &j.Organization, &j.Sandbox, &j.SandboxID, &j.Connection, &j.Label, &j.Definition, &j.DefinitionName,
		&j.Revision, &j.Configuration, &j.Host, &fields, &sealed, &j.State, &j.Attempts, &due, &last, &j.CreatedBy, &j.DeletedBy,
		&created, &ended)
	if err != nil {
		return revocation.Job{}, err
	}
	j.DueAt, j.CreatedAt, j.EndedAt = instant(due), instant(created), instant(ended)
	if last != "" {
		j.Last = &revocation.Failure{}
		if err := json.Unmarshal([]byte(last), j.Last); err != nil {
			return revocation.Job{}, fmt.Errorf("reading the last failure of %s: %w", j.ID, err)
		}
	}
	if !open {
		return j, nil
	}
	var plain revocable
	if err := r.s.openJSON(ctx, revocationRow(j.Organization, j.ID), sealed, &plain); err != nil {
		return revocation.Job{}, err
	}
	secrets := map[string]secret.String{}
	for name, value := range plain.Secrets {
		secrets[name] = secret.New(value)
	}
	if j.Fields, err = decodeFields(fields, secrets); err != nil {
		return revocation.Job{}, err
	}
	j.Tokens, err = plain.Tokens.tokens()
	return j, err
}

// free tells of a job that nobody who lives has claimed; now is the argument's name.
func (r Revocations) free(now string) string {
	return `(r.claimed_until IS NULL OR r.claimed_until < ` + now + ` OR NOT ` + r.s.aliveOwner("r.claimed_by") + `)`
}

// Claim takes jobs that are due. One whose secrets do not open is left out: it must not hold up the others.
func (r Revocations) Claim(ctx context.Context, now, until time.Time, limit int) ([]revocation.Job, time.Time, error) {
	var found []revocation.Job
	err := r.s.rows(ctx, func(row scanner) error {
		job, err := r.scan(ctx, row, true)
		if err != nil {
			r.s.log.Error("a grant can't be revoked: what is kept of it does not open", "error", err)
			return nil
		}
		found = append(found, job)
		return nil
	}, `SELECT `+revocationColumns+` FROM revocations r WHERE r.due_at <= $1 AND `+r.free("$1")+` ORDER BY r.due_at, r.id LIMIT $2`,
		micros(now), limit)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("finding due revocations: %w", err)
	}
	var claimed []revocation.Job
	if len(found) > 0 {
		err = r.s.write(ctx, func(t *tx) error {
			claimed = claimed[:0]
			for _, job := range found {
				n, err := t.exec(`UPDATE revocations AS r SET claimed_by = $2, claimed_until = $3
					WHERE r.id = $1 AND r.due_at <= $4 AND r.attempts = $5 AND `+r.free("$4"),
					job.ID, r.s.incarnation, micros(until), micros(now), job.Attempts)
				if err != nil {
					return err
				}
				if n == 1 {
					claimed = append(claimed, job)
				}
			}
			return nil
		})
	}
	var next sql.NullInt64
	if err == nil {
		err = r.s.row(ctx, `SELECT MIN(due_at) FROM revocations WHERE due_at > $1`, micros(now)).Scan(&next)
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("claiming revocations: %w", err)
	}
	return claimed, instant(next), nil
}

// Finish keeps how an attempt ended.
func (r Revocations) Finish(ctx context.Context, o revocation.Outcome) error {
	last := ""
	if o.Last != nil {
		text, err := json.Marshal(o.Last)
		if err != nil {
			return fmt.Errorf("encoding a failure: %w", err)
		}
		last = string(text)
	}
	var ended time.Time
	if o.State != revocation.Waiting {
		ended = o.At
	}
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE revocations SET state = $3, due_at = $4, attempts = attempts + CAST($5 AS BIGINT), last = $6, ended_at = $7,
			claimed_by = NULL, claimed_until = NULL, sealed = CASE WHEN CAST($3 AS TEXT) = 'revoked' THEN NULL ELSE sealed END
			WHERE id = $1 AND claimed_by = $2 AND state = 'waiting' AND attempts = $8`,
			o.Job.ID, r.s.incarnation, string(o.State), micros(o.DueAt), flag(o.Counted), last, micros(ended), o.Job.Attempts)
		if err != nil || n == 0 {
			return err
		}
		t.emit(o.Events...)
		if o.State == revocation.Waiting {
			return nil
		}
		detail := map[string]string{"connection": o.Job.Connection, "provider": o.Job.Host, "state": string(o.State)}
		if o.Last != nil {
			detail["failure"], detail["code"] = o.Last.Class, o.Last.Code
		}
		t.record(audit.Entry{
			At: o.At, Organization: o.Job.Organization, Actor: audit.System, Action: "revocation.finish", Subject: o.Job.ID, Detail: detail,
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping how the revocation %s ended: %w", o.Job.ID, err)
	}
	return nil
}

// Prune removes what ended long ago.
func (r Revocations) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	var some int
	err := r.s.row(ctx, `SELECT 1 FROM revocations WHERE ended_at < $1 LIMIT 1`, micros(before)).Scan(&some)
	if err != nil {
		if orNone(err, nil) == nil {
			return 0, nil
		}
		return 0, fmt.Errorf("finding old revocations: %w", err)
	}
	var n int64
	err = r.s.write(ctx, func(t *tx) (err error) {
		n, err = t.exec(`DELETE FROM revocations WHERE id IN (SELECT id FROM revocations WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)`,
			micros(before), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("pruning revocations: %w", err)
	}
	return int(n), nil
}

// Standing counts the queue.
func (r Revocations) Standing(ctx context.Context) (revocation.Standing, error) {
	var out revocation.Standing
	var oldest sql.NullInt64
	err := r.s.row(ctx, `SELECT (SELECT COUNT(*) FROM revocations WHERE due_at IS NOT NULL), (SELECT COUNT(*) FROM revocations WHERE state = 'failed'),
		(SELECT MIN(created_at) FROM revocations WHERE due_at IS NOT NULL)`).Scan(&out.Waiting, &out.Failed, &oldest)
	if err != nil {
		return out, fmt.Errorf("counting revocations: %w", err)
	}
	out.Oldest = instant(oldest)
	return out, nil
}

// List gives jobs without their secrets, newest first.
func (r Revocations) List(ctx context.Context, s revocation.Selection) ([]revocation.Job, error) {
	query := strings.Builder{}
	query.WriteString(`SELECT ` + revocationColumns + ` FROM revocations r WHERE r.organization = $1`)
	args := []any{s.Organization}
	add := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&query, " AND "+condition, len(args))
	}
	if s.Sandbox != "" {
		add("r.sandbox = $%d", s.Sandbox)
	}
	if s.State != "" {
		add("r.state = $%d", string(s.State))
	}
	if s.Before != "" {
		add("r.id < $%d", s.Before)
	}
	args = append(args, s.Limit)
	fmt.Fprintf(&query, " ORDER BY r.id DESC LIMIT $%d", len(args))
	var all []revocation.Job
	err := r.s.rows(ctx, func(row scanner) error {
		job, err := r.scan(ctx, row, false)
		all = append(all, job)
		return err
	}, query.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("listing revocations: %w", err)
	}
	return all, nil
}

// Find gives one without its secrets.
func (r Revocations) Find(ctx context.Context, organization, id string) (revocation.Job, error) {
	job, err := r.scan(ctx, r.s.row(ctx, `SELECT `+revocationColumns+` FROM revocations r WHERE r.id = $1 AND r.organization = $2`, id, organization), false)
	if err != nil {
		return revocation.Job{}, fmt.Errorf("reading a revocation: %w", orNone(err, revocation.ErrNotFound))
	}
	return job, nil
}

// Retry begins the schedule of one anew.
func (r Revocations) Retry(ctx context.Context, organization, id string, at time.Time, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE revocations SET state = 'waiting', due_at = $3, attempts = 0, created_at = $3, ended_at = NULL,
			claimed_by = NULL, claimed_until = NULL WHERE id = $1 AND organization = $2 AND state IN ('waiting', 'failed')`, id, organization, micros(at))
		if err == nil && n == 0 {
			return r.missing(t, organization, id)
		}
		if err == nil {
			t.record(entry)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("trying a revocation again: %w", err)
	}
	return nil
}

func (r Revocations) missing(t *tx, organization, id string) error {
	var there int
	err := t.row(`SELECT 1 FROM revocations WHERE id = $1 AND organization = $2`, id, organization).Scan(&there)
	if err != nil {
		return orNone(err, revocation.ErrNotFound)
	}
	return revocation.ErrState
}

// Forget removes one with its secrets.
func (r Revocations) Forget(ctx context.Context, organization, id string, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM revocations WHERE id = $1 AND organization = $2`, id, organization)
		if err == nil && n == 0 {
			return revocation.ErrNotFound
		}
		if err == nil {
			t.record(entry)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting a revocation: %w", err)
	}
	return nil
}

// Delete removes a connection; its attempts go with it, and its revocation is queued.
func (c Connections) Delete(ctx context.Context, d connection.Deletion) error {
	args, err := c.s.revocationArgs(ctx, d.Revocation)
	if err != nil {
		return err
	}
	note, err := noteArgs(d)
	if err != nil {
		return err
	}
	err = c.s.writeOf(ctx, []string{d.ID}, func(t *tx) error {
		if err := c.deletable(t, d); err != nil {
			return err
		}
		detail := map[string]string{}
		if note != nil {
			if _, err := t.exec(insertNote, note...); err != nil {
				return err
			}
		}
		if args != nil {
			if _, err := t.exec(insertRevocation, args...); err != nil {
				return err
			}
			detail["revocation"], detail["provider"] = d.Revocation.ID, d.Revocation.Host
		}
		return deleteConnection(t, "connection.delete", d.ID, detail,
			`DELETE FROM connections WHERE id = $1 AND organization = $2 RETURNING definition, organization, generation`, d.Organization)
	})
	if err != nil {
		return fmt.Errorf("deleting the connection %s: %w", d.ID, err)
	}
	return nil
}

// deletable refuses to delete what has changed since it was read, or what another process is renewing. The claim's row comes
// first, as everywhere.
func (c Connections) deletable(t *tx, d connection.Deletion) error {
	var until sql.NullInt64
	err := t.row(`SELECT until FROM claims WHERE connection = $1 AND owner <> $2 AND until >= CAST($3 AS BIGINT) AND `+c.s.aliveOwner("owner"),
		d.ID, c.s.incarnation, micros(d.At)).Scan(&until)
	if err == nil && !d.Now {
		return &connection.HeldError{Until: instant(until)}
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var version int64
	err = t.row(`SELECT version FROM connections WHERE id = $1 AND organization = $2`, d.ID, d.Organization).Scan(&version)
	if err != nil {
		return orNone(err, connection.ErrNotFound)
	}
	if version != d.Version {
		return connection.ErrConflict
	}
	return nil
}
