package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// kindOf reads a failure's kind by its name; one that this version does not know may pass.
func kindOf(name string) exchange.Kind {
	for _, kind := range []exchange.Kind{exchange.GrantDead, exchange.ClientDead, exchange.ProviderDown, exchange.Denied} {
		if kind.String() == name {
			return kind
		}
	}
	return exchange.BadResponse
}

// Create keeps a connection and its first attempt.
func (c Connections) Create(ctx context.Context, r connection.Record, attempt *connection.Attempt) error {
	args, err := c.recordArgs(ctx, &r)
	if err != nil {
		return err
	}
	var attemptArgs []any
	if attempt != nil {
		if attemptArgs, err = c.attemptArgs(ctx, attempt); err != nil {
			return err
		}
	}
	err = c.s.write(ctx, func(t *tx) error {
		switch _, err := t.exec(insertConnection, args...); {
		case taken(err, "connections.label"):
			return connection.ErrLabelTaken
		case dangling(err):
			return connection.ErrDefinitionNotFound
		case err != nil:
			return err
		}
		if err := t.ends(r.ID, r.Tokens, r.Renewable, r.UpdatedAt); err != nil {
			return err
		}
		if err := t.past(r.ID, max(r.Version, 1), r.Past); err != nil {
			return err
		}
		t.count(r.Definition, 1)
		t.record(createEntry(ctx, &r))
		if attempt == nil {
			return nil
		}
		_, err := t.exec(insertAttempt, attemptArgs...)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the connection %s: %w", r.ID, err)
	}
	return nil
}

const insertConnection = `INSERT INTO connections (id, organization, sandbox, sandbox_id, definition, revision,
	configuration, label, state, reason, last_error, fields, secrets, secrets_generation, tokens, generation, version,
	renewable, fingerprint, refresh_at, setbacks, created_by, return_url, created_at, updated_at, last_refresh_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
	$25, $26)`

func (c Connections) recordArgs(ctx context.Context, r *connection.Record) ([]any, error) {
	fields, err := encodeFields(r.Fields)
	if err != nil {
		return nil, err
	}
	secrets, err := c.s.sealSecrets(ctx, secretsRow(r.Organization, r.ID, r.Generation), r.Fields.Secrets())
	if err != nil {
		return nil, err
	}
	lastError, err := encodeError(r.LastError)
	if err != nil {
		return nil, err
	}
	tokens, err := c.sealTokens(ctx, r.Organization, r.ID, r.Generation, r.Tokens)
	if err != nil {
		return nil, err
	}
	return []any{
		r.ID, r.Organization, r.Sandbox, r.SandboxID, r.Definition, r.Revision, r.Configuration, text(r.Label),
		string(r.State), r.Reason, lastError, fields, secrets, r.Generation, tokens, r.Generation, max(r.Version, 1),
		flag(r.Renewable), r.Fingerprint, micros(r.RefreshAt), r.Setbacks, r.CreatedBy, r.ReturnURL, micros(r.CreatedAt),
		micros(r.UpdatedAt), micros(r.LastRefreshAt),
	}, nil
}

// sealTokens seals a token set; none is NULL.
func (c Connections) sealTokens(ctx context.Context, organization, id string, generation int64, tokens *exchange.TokenSet) ([]byte, error) {
	if tokens == nil {
		return nil, nil
	}
	set, err := fromTokens(tokens)
	if err != nil {
		return nil, err
	}
	return c.s.sealJSON(ctx, tokensRow(organization, id, generation), set)
}

// Find gives one connection.
func (c Connections) Find(ctx context.Context, where connection.Selector) (connection.Record, error) {
	const columns = `SELECT ` + recordColumns + fromConnections
	var row scanner
	switch {
	case where.ID != "" && where.Organization == "":
		row = c.s.row(ctx, columns+`WHERE c.id = $1`, where.ID)
	case where.ID != "":
		row = c.s.row(ctx, columns+`WHERE c.id = $1 AND c.organization = $2`, where.ID, where.Organization)
	default:
		row = c.s.row(ctx, columns+`WHERE c.organization = $1 AND c.sandbox = $2 AND c.label = $3`,
			where.Organization, where.Sandbox, where.Label)
	}
	r, err := c.scan(ctx, row)
	if err != nil {
		return connection.Record{}, fmt.Errorf("reading a connection: %w", orNone(err, connection.ErrNotFound))
	}
	return r, nil
}

// List gives connections, newest first.
func (c Connections) List(ctx context.Context, s connection.Selection) ([]connection.Record, error) {
	query := strings.Builder{}
	query.WriteString(`SELECT ` + recordColumns + fromConnections + `WHERE c.organization = $1 AND c.sandbox = $2`)
	args := []any{s.Organization, s.Sandbox}
	add := func(condition string, values ...any) {
		for _, value := range values {
			args = append(args, value)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		query.WriteString(" AND " + condition)
	}
	if s.Definition != "" {
		add(`c.definition IN (SELECT id FROM definitions WHERE organization = $1 AND sandbox = $2 AND (id = ? OR name = ?))`,
			s.Definition, s.Definition)
	}
	if s.State != "" {
		add(`c.state = ?`, string(s.State))
	}
	if s.State != "" && s.State != connection.Active {
		add(`c.state <> 'active'`) // as the index has it
	}
	if s.Text != "" {
		pattern := contains(s.Text)
		if s.State == "" && s.Definition == "" { // the index has all that is looked at
			add(`c.id IN (SELECT f.id FROM connections f WHERE f.organization = $1 AND f.sandbox = $2
				AND lower(COALESCE(f.label, '') || ' ' || f.id) LIKE ? ESCAPE '\'
				AND (? = 0 OR (f.created_at, f.id) < (?, ?)) ORDER BY f.created_at DESC, f.id DESC LIMIT ?)`,
				pattern, flag(s.Before != (connection.Position{})), micros(s.Before.CreatedAt), s.Before.ID, s.Limit)
		} else {
			add(`(lower(c.id) LIKE ? ESCAPE '\' OR lower(c.label) LIKE ? ESCAPE '\')`, pattern, pattern)
		}
	}
	if s.Before != (connection.Position{}) {
		add(`(c.created_at, c.id) < (?, ?)`, micros(s.Before.CreatedAt), s.Before.ID)
	}
	args = append(args, s.Limit)
	fmt.Fprintf(&query, " ORDER BY c.created_at DESC, c.id DESC LIMIT $%d", len(args))
	var all []connection.Record
	err := c.s.rows(ctx, func(row scanner) error {
		r, err := c.scan(ctx, row)
		all = append(all, r)
		return err
	}, query.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("listing connections: %w", err)
	}
	return all, nil
}

// Troubled counts what is in each state but active, by sandbox.
func (c Connections) Troubled(ctx context.Context, organization string) (map[string]map[connection.State]int, error) {
	found := map[string]map[connection.State]int{}
	err := c.s.rows(ctx, func(row scanner) error {
		var sandbox, state string
		var n int
		if err := row.Scan(&sandbox, &state, &n); err != nil {
			return err
		}
		if found[sandbox] == nil {
			found[sandbox] = map[connection.State]int{}
		}
		found[sandbox][connection.State(state)] = n
		return nil
	}, `SELECT sandbox, state, COUNT(*) FROM connections WHERE organization = $1 AND state <> 'active' GROUP BY sandbox, state`, organization)
	if err != nil {
		return nil, fmt.Errorf("counting connections: %w", err)
	}
	return found, nil
}

// Change applies what an owner changed.
func (c Connections) Change(ctx context.Context, change connection.Change) error {
	err := c.s.writeOf(ctx, []string{change.ID}, func(t *tx) error {
		if err := claimVersion(t, change); err != nil {
			return err
		}
		if change.Past.What != "" {
			if err := t.past(change.ID, change.Version+1, &change.Past); err != nil {
				return err
			}
		}
		if change.Label != nil {
			_, err := t.exec(`UPDATE connections SET label = $2 WHERE id = $1`, change.ID, text(*change.Label))
			if taken(err, "connections.label") {
				return connection.ErrLabelTaken
			}
			if err != nil {
				return err
			}
		}
		if change.ReturnURL != nil {
			if _, err := t.exec(`UPDATE connections SET return_url = $2 WHERE id = $1`, change.ID, *change.ReturnURL); err != nil {
				return err
			}
		}
		t.record(changeEntry(ctx, &change))
		t.announce(TopicConnection, change.ID)
		if change.State == nil {
			return nil
		}
		_, err := t.exec(`UPDATE connections SET state = $2, reason = $3, refresh_at = $4 WHERE id = $1`,
			change.ID, string(*change.State), change.Reason, micros(change.RefreshAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("changing the connection %s: %w", change.ID, err)
	}
	return nil
}

// claimVersion goes on to the next version from the one that a change was made of. It comes first: another node's
// change waits, and then finds that it is late.
func claimVersion(t *tx, change connection.Change) error {
	n, err := t.exec(`UPDATE connections SET version = version + 1, updated_at = $4
		WHERE id = $1 AND organization = $2 AND version = $3`, change.ID, change.Organization, change.Version, micros(change.At))
	if err != nil || n > 0 {
		return err
	}
	var there int
	err = t.row(`SELECT 1 FROM connections WHERE id = $1 AND organization = $2`, change.ID, change.Organization).Scan(&there)
	if err != nil {
		return orNone(err, connection.ErrNotFound)
	}
	return connection.ErrConflict
}

// deleteConnection deletes one by a statement that gives its definition, organization and generation.
func deleteConnection(t *tx, action, id string, detail map[string]string, statement string, args ...any) error {
	var definition, organization string
	var generation int64
	if err := t.row(statement, append([]any{id}, args...)...).Scan(&definition, &organization, &generation); err != nil {
		return orNone(err, connection.ErrNotFound)
	}
	t.record(connectionEntry(t.ctx, action, organization, id, time.Time{}, generation, detail))
	t.announce(TopicConnection, id)
	t.count(definition, -1)
	return nil
}

// Sweep removes what ended or never began.
func (c Connections) Sweep(ctx context.Context, attemptsBefore, pendingBefore time.Time, limit int) (int, error) {
	err := c.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE expires_at < $1
			ORDER BY expires_at LIMIT $2)`, micros(attemptsBefore), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweeping attempts: %w", err)
	}
	var ids []string
	err = c.s.rows(ctx, func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT c.id FROM connections c WHERE c.state = 'pending_authorization' AND c.created_at < $1
		AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.connection = c.id AND a.expires_at >= $2) ORDER BY c.created_at, c.id LIMIT $3`,
		micros(pendingBefore), micros(attemptsBefore), limit)
	if err != nil {
		return 0, fmt.Errorf("finding connections without a consent: %w", err)
	}
	removed := 0
	err = c.s.write(ctx, func(t *tx) error {
		removed = 0
		for _, id := range ids {
			err := deleteConnection(t, "connection.sweep", id, nil, `DELETE FROM connections WHERE id = $1 AND state = 'pending_authorization'
				AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.connection = connections.id AND a.expires_at >= $2)
				RETURNING definition, organization, generation`, micros(attemptsBefore))
			if errors.Is(err, connection.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			removed++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("sweeping connections without a consent: %w", err)
	}
	return removed, nil
}
