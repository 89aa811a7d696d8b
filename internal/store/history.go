package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/internal/connection"
)

// past is a thing of a history as it is stored. Old rows are read by new versions: members are only ever added.
type past struct {
	What        string `json:"what"`
	Cause       string `json:"cause,omitempty"`
	By          string `json:"by,omitempty"`
	Took        int64  `json:"took,omitempty"` // microseconds
	Generation  int64  `json:"generation,omitempty"`
	State       string `json:"state,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Status      int    `json:"status,omitempty"`
	Class       string `json:"class,omitempty"`
	Code        string `json:"code,omitempty"`
	Description string `json:"description,omitempty"`
	Endpoint    string `json:"endpoint,omitempty"`
	Validation  string `json:"validation,omitempty"`
	TokenType   string `json:"token_type,omitempty"`
	Scope       string `json:"scope,omitempty"`
	ExpiresAt   int64  `json:"expires_at,omitempty"`
	Rotated     bool   `json:"rotated,omitempty"`
	Presented   int    `json:"presented,omitempty"`
	Attempt     string `json:"attempt,omitempty"`
	Label       string `json:"label,omitempty"`
}

func encodePast(p *connection.Past) (string, error) {
	out, err := json.Marshal(past{
		string(p.What), p.Cause, p.By, p.Took.Microseconds(), p.Generation, string(p.State), p.Reason, p.Status, p.Class, p.Code, p.Description,
		p.Endpoint, p.Validation, p.TokenType, p.Scope, stamp(p.ExpiresAt), p.Rotated, p.Presented, p.Attempt, p.Label,
	})
	if err != nil {
		return "", fmt.Errorf("encoding what happened: %w", err)
	}
	return string(out), nil
}

func decodePast(text string, at time.Time) (connection.Past, error) {
	var p past
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return connection.Past{}, fmt.Errorf("decoding what happened: %w", err)
	}
	return connection.Past{
		At: at, What: connection.What(p.What), Cause: p.Cause, By: p.By, Took: time.Duration(p.Took) * time.Microsecond, Generation: p.Generation,
		State: connection.State(p.State), Reason: p.Reason, Status: p.Status, Class: p.Class, Code: p.Code, Description: p.Description,
		Endpoint: p.Endpoint, Validation: p.Validation, TokenType: p.TokenType, Scope: p.Scope, ExpiresAt: unstamp(p.ExpiresAt), Rotated: p.Rotated,
		Presented: p.Presented, Attempt: p.Attempt, Label: p.Label,
	}, nil
}

// past keeps a thing that happened to a connection, in the slot of the version that the row has by it: in the place of what
// happened [connection.HistoryKept] versions before.
func (t *tx) past(id string, version int64, p *connection.Past) error {
	if p == nil {
		return nil
	}
	text, err := encodePast(p)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO connection_history (connection, slot, at, past) VALUES ($1, $2, $3, $4)
		ON CONFLICT (connection, slot) DO UPDATE SET at = excluded.at, past = excluded.past`, id, version%connection.HistoryKept, micros(p.At), text)
	return err
}

// History gives what happened to a connection, and its consents that have no end yet.
func (c Connections) History(ctx context.Context, organization, id string, since time.Time) ([]connection.Past, error) {
	var all []connection.Past
	err := c.s.rows(ctx, func(row scanner) error {
		var text string
		var at sql.NullInt64
		if err := row.Scan(&at, &text); err != nil {
			return err
		}
		one, err := decodePast(text, instant(at))
		all = append(all, one)
		return err
	}, `SELECT h.at, h.past FROM connection_history h JOIN connections c ON c.id = h.connection
		WHERE h.connection = $1 AND c.organization = $2 AND h.at >= $3`, id, organization, micros(since))
	if err == nil {
		err = c.s.rows(ctx, func(row scanner) error {
			one := connection.Past{What: connection.ConsentBegun}
			var at sql.NullInt64
			err := row.Scan(&one.Attempt, &one.By, &at, &one.Outcome)
			one.At = instant(at)
			all = append(all, one)
			return err
		}, `SELECT id, created_by, created_at, outcome FROM attempts WHERE connection = $1 AND organization = $2 ORDER BY id DESC LIMIT 20`, id, organization)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what happened to %s: %w", id, err)
	}
	return all, nil
}

// SweepHistory removes what is old of some connections: by their key, so that no write pays for an index of times.
func (c Connections) SweepHistory(ctx context.Context, before time.Time, after string, limit int) (next string, err error) {
	var last sql.NullString
	var n int
	err = c.s.row(ctx, `SELECT MAX(id), COUNT(*) FROM (SELECT id FROM connections WHERE id > $1 ORDER BY id LIMIT $2) AS batch`, after, limit).Scan(&last, &n)
	if err != nil || n == 0 {
		return "", err
	}
	err = c.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM connection_history WHERE connection > $1 AND connection <= $2 AND at < $3`, after, last.String, micros(before))
		return err
	})
	if err != nil {
		return after, fmt.Errorf("sweeping what happened: %w", err)
	}
	if n < limit {
		return "", nil
	}
	return last.String, nil
}
