package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/decision"
)

// Decisions keeps why clients were given no token.
type Decisions struct{ s *Store }

var _ decision.Store = Decisions{}

// Decisions gives the store's part for the decision log.
func (s *Store) Decisions() Decisions { return Decisions{s} }

// KeepDecisions adds rows or replaces them, and lets go of a credential's oldest.
func (d Decisions) KeepDecisions(ctx context.Context, rows []decision.Decision, keep int) error {
	err := d.s.write(ctx, func(t *tx) error {
		for i := range rows {
			if err := keepDecision(t, &rows[i]); err != nil {
				return err
			}
			if i+1 < len(rows) && rows[i+1].Credential == rows[i].Credential {
				continue
			}
			_, err := t.exec(`DELETE FROM decisions WHERE credential = $1 AND id < (SELECT MIN(k.id) FROM
				(SELECT id FROM decisions WHERE credential = $1 ORDER BY id DESC LIMIT $2) k)`, rows[i].Credential, keep)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping decisions: %w", err)
	}
	return nil
}

func keepDecision(t *tx, row *decision.Decision) error {
	reasons, err := json.Marshal(row.Reasons)
	if err != nil {
		return fmt.Errorf("encoding reasons: %w", err)
	}
	n, err := t.exec(`INSERT INTO decisions (id, organization, credential, client_id, grant_type, path, code, says, reasons, place, agent, times, first_at, last_at)
		SELECT CAST($1 AS TEXT), c.organization, c.id, c.client_id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT),
			CAST($8 AS TEXT), CAST($9 AS TEXT), CAST($10 AS BIGINT), CAST($11 AS BIGINT), CAST($12 AS BIGINT) FROM credentials c WHERE c.id = $2
		ON CONFLICT (id) DO UPDATE SET grant_type = EXCLUDED.grant_type, path = EXCLUDED.path, reasons = EXCLUDED.reasons, agent = EXCLUDED.agent,
			times = EXCLUDED.times, last_at = EXCLUDED.last_at`,
		row.ID, row.Credential, row.Grant, row.Path, row.Code, row.Says, string(reasons), row.Place, row.Agent, row.Count, micros(row.FirstAt), micros(row.LastAt))
	if err != nil || n == 0 {
		return err
	}
	for _, id := range row.DebugIDs {
		if _, err := t.exec(`INSERT INTO decision_debug_ids (debug_id, decision) VALUES ($1, $2) ON CONFLICT (debug_id) DO NOTHING`, id, row.ID); err != nil {
			return err
		}
	}
	return nil
}

const decisionColumns = `SELECT d.id, d.organization, d.credential, d.client_id, d.grant_type, d.path, d.code, d.says, d.reasons, d.place, d.agent, d.times,
	d.first_at, d.last_at, (SELECT string_agg(g.debug_id, ' ') FROM decision_debug_ids g WHERE g.decision = d.id) FROM decisions d `

// lastDecision is behind every id there can be, in every order of letters.
const lastDecision = "dec_ZZZZZZZZZZZZZZZZZZZZZZZZZZ"

// Decisions gives some, the newest first.
func (d Decisions) Decisions(ctx context.Context, q decision.Query) ([]decision.Decision, error) {
	text, of := decisionColumns+`WHERE d.organization = $1 AND $2 = '' AND d.id < $3 ORDER BY d.id DESC LIMIT $4`, ""
	switch {
	case q.DebugID != "":
		text = decisionColumns + `JOIN decision_debug_ids i ON i.decision = d.id WHERE d.organization = $1 AND i.debug_id = $2 AND d.id < $3 ORDER BY d.id DESC LIMIT $4`
		of = q.DebugID
	case q.Credential != "":
		text, of = decisionColumns+`WHERE d.organization = $1 AND d.credential = $2 AND d.id < $3 ORDER BY d.id DESC LIMIT $4`, q.Credential
	}
	var all []decision.Decision
	err := d.s.rows(ctx, func(row scanner) error {
		one, err := scanDecision(row)
		all = append(all, one)
		return err
	}, text, q.Organization, of, cmp.Or(q.Before, lastDecision), q.Limit)
	if err != nil {
		return nil, fmt.Errorf("reading decisions: %w", err)
	}
	return all, nil
}

func scanDecision(row scanner) (decision.Decision, error) {
	var d decision.Decision
	var reasons string
	var first, last sql.NullInt64
	var debug sql.NullString
	err := row.Scan(&d.ID, &d.Organization, &d.Credential, &d.ClientID, &d.Grant, &d.Path, &d.Code, &d.Says, &reasons, &d.Place, &d.Agent, &d.Count,
		&first, &last, &debug)
	if err != nil {
		return d, err
	}
	d.FirstAt, d.LastAt, d.DebugIDs = instant(first), instant(last), strings.Fields(debug.String)
	if err := json.Unmarshal([]byte(reasons), &d.Reasons); err != nil {
		return d, fmt.Errorf("reading the reasons of %s: %w", d.ID, err)
	}
	return d, nil
}

// ForgetDecisions removes some of those that are old.
func (d Decisions) ForgetDecisions(ctx context.Context, before time.Time) (more bool, err error) {
	const part = 1000
	err = d.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE last_at < $1 ORDER BY last_at LIMIT $2)`, micros(before), part)
		more = n == part
		return err
	})
	if err != nil {
		return false, fmt.Errorf("removing old decisions: %w", err)
	}
	return more, nil
}
