package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

const attemptColumns = `id, organization, connection, link, state, cookie, definition, revision, configuration,
	redirect_uri, return_url, fields, secrets, created_by, created_at, expires_at, used_at, outcome`

const insertAttempt = `INSERT INTO attempts (` + attemptColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`

// verifierName is the code verifier's among an attempt's secrets: no field can be called so.
const verifierName = "\x00code_verifier"

func attemptRow(organization, id string) seal.Row {
	return seal.Row{Organization: organization, Table: "attempts", ID: id, Column: "secrets"}
}

func (c Connections) attemptArgs(ctx context.Context, a *connection.Attempt) ([]any, error) {
	fields, err := encodeFields(a.Fields)
	if err != nil {
		return nil, err
	}
	secrets := a.Fields.Secrets()
	if !a.Verifier.Empty() {
		if secrets == nil {
			secrets = map[string]secret.String{}
		}
		secrets[verifierName] = a.Verifier
	}
	sealed, err := c.s.sealSecrets(ctx, attemptRow(a.Organization, a.ID), secrets)
	if err != nil {
		return nil, err
	}
	var cookie any
	if a.Cookie != (connection.Hash{}) {
		cookie = a.Cookie[:]
	}
	return []any{
		a.ID, a.Organization, a.Connection, a.Link[:], a.State[:], cookie, a.Definition, a.Revision, a.Configuration,
		a.RedirectURI, a.ReturnURL, fields, sealed, a.CreatedBy, micros(a.CreatedAt), micros(a.ExpiresAt),
		micros(a.UsedAt), a.Outcome,
	}, nil
}

// OpenAttempt keeps an attempt.
func (c Connections) OpenAttempt(ctx context.Context, attempt connection.Attempt) error {
	args, err := c.attemptArgs(ctx, &attempt)
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		_, err := t.exec(insertAttempt, args...)
		if dangling(err) {
			return connection.ErrNotFound
		}
		entry := connectionEntry(ctx, "connection.consent_begin", attempt.Organization, attempt.Connection, attempt.CreatedAt, 0,
			map[string]string{"attempt": attempt.ID})
		entry.Actor = cmp.Or(attempt.CreatedBy, entry.Actor)
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing an attempt: %w", err)
	}
	return nil
}

// AttemptByLink finds the attempt of a link.
func (c Connections) AttemptByLink(ctx context.Context, link connection.Hash) (connection.Attempt, error) {
	return c.scanAttempt(ctx, c.s.row(ctx, `SELECT `+attemptColumns+` FROM attempts WHERE link = $1`, link[:]))
}

// AttemptByState finds the attempt of a state.
func (c Connections) AttemptByState(ctx context.Context, state connection.Hash) (connection.Attempt, error) {
	return c.scanAttempt(ctx, c.s.row(ctx, `SELECT `+attemptColumns+` FROM attempts WHERE state = $1`, state[:]))
}

func (c Connections) scanAttempt(ctx context.Context, row scanner) (connection.Attempt, error) {
	var a connection.Attempt
	var link, state, cookie, sealed []byte
	var fields string
	var created, expires, used sql.NullInt64
	err := row.Scan(&a.ID, &a.Organization, &a.Connection, &link, &state, &cookie, &a.Definition, &a.Revision,
		&a.Configuration, &a.RedirectURI, &a.ReturnURL, &fields, &sealed, &a.CreatedBy, &created, &expires, &used, &a.Outcome)
	if err != nil {
		return connection.Attempt{}, fmt.Errorf("reading an attempt: %w", orNone(err, connection.ErrAttemptUnknown))
	}
	copy(a.Link[:], link)
	copy(a.State[:], state)
	copy(a.Cookie[:], cookie)
	a.CreatedAt, a.ExpiresAt, a.UsedAt = instant(created), instant(expires), instant(used)
	secrets, err := c.s.openSecrets(ctx, attemptRow(a.Organization, a.ID), sealed)
	if err != nil {
		return connection.Attempt{}, err
	}
	a.Verifier = secrets[verifierName]
	delete(secrets, verifierName)
	if a.Fields, err = decodeFields(fields, secrets); err != nil {
		return connection.Attempt{}, err
	}
	return a, nil
}

// BindAttempt sets the cookie of an attempt that is open.
func (c Connections) BindAttempt(ctx context.Context, id string, cookie connection.Hash) error {
	return c.changeAttempt(ctx, `UPDATE attempts SET cookie = $2 WHERE id = $1 AND used_at IS NULL`, id, cookie[:])
}

// UseAttempt uses an attempt up, once. Its secrets go: who used it has read them.
func (c Connections) UseAttempt(ctx context.Context, id, outcome string, at time.Time) error {
	return c.changeAttempt(ctx, `UPDATE attempts SET used_at = $2, outcome = $3, secrets = NULL WHERE id = $1 AND used_at IS NULL`,
		id, micros(at), outcome)
}

// FailAttempt notes how a used attempt ended, and the failure as its connection's last error.
func (c Connections) FailAttempt(ctx context.Context, id, outcome string, failure connection.LastError) error {
	lastError, err := encodeError(&failure)
	if err != nil {
		return err
	}
	return c.writeAttempt(ctx, func(t *tx) error {
		if err := usable(t.exec(`UPDATE attempts SET outcome = $2 WHERE id = $1`, id, outcome)); err != nil {
			return err
		}
		var organization, subject string
		var version, generation int64
		told := connection.FailedConsent(id, &failure)
		err := t.row(`UPDATE connections SET last_error = $2, updated_at = $3, version = version + 1
			WHERE id = (SELECT connection FROM attempts WHERE id = $1) RETURNING organization, id, version, generation, state`, id, lastError, micros(failure.At)).
			Scan(&organization, &subject, &version, &generation, &told.State)
		if err == nil {
			told.Generation = generation
			if err := t.past(subject, version, &told); err != nil {
				return err
			}
			t.record(connectionEntry(ctx, "connection.consent_fail", organization, subject, failure.At, 0,
				map[string]string{"attempt": id, "outcome": outcome, "code": failure.Code}))
		}
		return orNone(err, nil)
	})
}

// changeAttempt changes one, or says that it is used.
func (c Connections) changeAttempt(ctx context.Context, statement string, args ...any) error {
	return c.writeAttempt(ctx, func(t *tx) error { return usable(t.exec(statement, args...)) })
}

func (c Connections) writeAttempt(ctx context.Context, change func(*tx) error) error {
	if err := c.s.write(ctx, change); err != nil {
		return fmt.Errorf("changing an attempt: %w", err)
	}
	return nil
}

// usable says of a change that met no attempt that there is none to use.
func usable(changed int64, err error) error {
	if err == nil && changed == 0 {
		return connection.ErrAttemptUsed
	}
	return err
}
