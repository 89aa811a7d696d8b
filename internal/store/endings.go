package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
	"latchkey/internal/expiry"
)

// endsOf gives when a token set ends for good; zero for never, or nobody knows.
func endsOf(tokens *exchange.TokenSet, renewable bool) time.Time {
	switch {
	case tokens == nil:
		return time.Time{}
	case !renewable:
		return tokens.ExpiresAt
	case tokens.RefreshToken.Empty():
		return time.Time{} // it is renewed by what does not end: a name and password, an assertion
	}
	return tokens.RefreshExpiresAt
}

// setEnds keeps when a connection's token set ends; it runs before the row's last_refresh_at changes. A renewal that
// moved the end by less than half of the time since the one before did not move it: providers count in whole seconds, and
// answers take time. Such an end stays as it was first known, and no renewal helps. Within two seconds nothing can be
// told. The first end may turn out to be of either sort, but that of a token that can't be renewed.
const setEnds = `UPDATE connections SET
	ends_kept = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN 0 WHEN $3 = 0 THEN 1
		WHEN ends_at IS NULL OR last_refresh_at IS NULL THEN 0
		WHEN CAST($4 AS BIGINT) - last_refresh_at < 2000000 THEN ends_kept
		WHEN CAST($2 AS BIGINT) - ends_at < (CAST($4 AS BIGINT) - last_refresh_at) / 2 THEN 1 ELSE 0 END,
	ends_since = CASE WHEN ` + sameEnd + ` THEN ends_since ELSE CAST($4 AS BIGINT) END,
	ends_at = CASE WHEN ` + sameEnd + ` THEN ends_at ELSE CAST($2 AS BIGINT) END
	WHERE id = $1 AND (CAST($2 AS BIGINT) IS NOT NULL OR ends_at IS NOT NULL)`

const sameEnd = `(ends_at IS NOT NULL AND last_refresh_at IS NOT NULL
	AND CAST($2 AS BIGINT) BETWEEN ends_at - 60000000 AND ends_at + 60000000
	AND (CAST($4 AS BIGINT) - last_refresh_at < 2000000 OR CAST($2 AS BIGINT) - ends_at < (CAST($4 AS BIGINT) - last_refresh_at) / 2))`

// ends keeps when the token set of a connection ends. It is called before each that is kept.
func (t *tx) ends(id string, tokens *exchange.TokenSet, renewable bool, at time.Time) error {
	if tokens == nil {
		return nil
	}
	_, err := t.exec(setEnds, id, micros(endsOf(tokens, renewable)), flag(renewable), micros(at))
	return err
}

// endingConditions say what of the connections nobody renews: those whose end no renewal moves, and those that are not
// renewed now. Each has its index.
var endingConditions = []string{` AND c.ends_kept = 1`, ` AND c.state <> 'active'`}

// Endings gives what ends among an organization's connections, from indexes.
func (c Connections) Endings(ctx context.Context, q expiry.Query) ([]connection.Ending, error) {
	conditions := []string{""}
	if q.Attention {
		conditions = endingConditions
	}
	var all []connection.Ending
	seen := map[string]bool{}
	for _, condition := range conditions {
		err := c.s.rows(ctx, func(row scanner) error {
			e, err := scanEnding(row)
			if !seen[e.ID] {
				all = append(all, e)
			}
			seen[e.ID] = true
			return err
		}, selectEndings(q, condition), endingArgs(q)...)
		if err != nil {
			return nil, fmt.Errorf("reading when connections end: %w", err)
		}
	}
	return all, nil
}

func selectEndings(q expiry.Query, condition string) string {
	text := `SELECT c.id, c.organization, c.sandbox, c.label, d.name, c.state, c.renewable, c.ends_at, c.ends_since, c.ends_kept
		FROM connections c JOIN definitions d ON d.id = c.definition
		WHERE c.organization = $1 AND c.ends_at IS NOT NULL AND c.ends_at >= $2 AND c.ends_at < $3 AND (c.ends_at > $2 OR c.id >= $4)
		AND c.state IN ('active', 'degraded', 'disabled') AND ($5 = '' OR c.sandbox = $5)` + condition
	switch q.Kind {
	case expiry.RefreshToken:
		text += ` AND c.renewable = 1`
	case expiry.AccessToken:
		text += ` AND c.renewable = 0`
	}
	return text + ` ORDER BY c.ends_at, c.id LIMIT $6`
}

// endingArgs asks for one more than is wanted: the place to go on after may be that of the first.
func endingArgs(q expiry.Query) []any {
	return []any{q.Organization, q.After.Ends.UnixMicro(), q.Before.UnixMicro(), q.After.Subject, q.Sandbox, q.Limit + 1}
}

func scanEnding(row scanner) (connection.Ending, error) {
	var e connection.Ending
	var label sql.NullString
	var renewable, kept int
	var ends, since sql.NullInt64
	err := row.Scan(&e.ID, &e.Organization, &e.Sandbox, &label, &e.DefinitionName, &e.State, &renewable, &ends, &since, &kept)
	e.Label, e.Renewable, e.Kept = label.String, renewable != 0, kept != 0
	e.Ends, e.Since = instant(ends), instant(since)
	return e, err
}
