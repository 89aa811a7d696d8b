package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/ident"
	"latchkey/internal/seal"
)

// Shared tells whether other processes may work with the database: it is at a server.
func (s *Store) Shared() bool { return s.presence != nil }

// Claims are rows of their own, small and few: a refresh writes the large row of its connection once. Every transaction
// comes to the claim first and to the connection after it, so that two never wait for each other.

// claimed is a claim beside a connection, all NULL when there is none.
type claimed struct {
	generation, first, count, until sql.NullInt64
	left                            []byte
	owner, firstUp                  sql.NullString
}

func leftRow(organization, id string, generation int64) seal.Row {
	return seal.Row{Organization: organization, Table: "claims", ID: id, Column: "left_tokens", Generation: generation}
}

// pending reads what a claim says of an exchange that has no end.
func (c Connections) pending(ctx context.Context, r *connection.Record, claim claimed) (*connection.Pending, error) {
	if !claim.generation.Valid {
		return nil, nil
	}
	p := &connection.Pending{Generation: claim.generation.Int64, First: instant(claim.first), Count: int(claim.count.Int64)}
	var err error
	if p.FirstUp, err = clock.ParseUptime(claim.firstUp.String); err != nil {
		return nil, fmt.Errorf("reading the claim of %s: %w", r.ID, err)
	}
	if claim.owner.Valid && claim.owner.String != c.s.incarnation {
		var alive int
		query := `SELECT CASE WHEN ` + c.s.aliveOwner("x.owner") + ` THEN 1 ELSE 0 END FROM (SELECT CAST($1 AS TEXT) AS owner) x`
		if err := c.s.row(ctx, query, claim.owner.String).Scan(&alive); err != nil {
			return nil, fmt.Errorf("reading who renews the connection %s: %w", r.ID, err)
		}
		// Where nobody shares the database, what the process before spilled is on this machine and known.
		p.Interrupted, p.Orphaned = alive == 0, alive == 0 && c.s.Shared()
	}
	if claim.until.Valid && claim.until.Int64 == 0 {
		p.Interrupted, p.Orphaned = true, false
	}
	if claim.left == nil {
		return p, nil
	}
	var set tokenSet
	if err := c.s.openJSON(ctx, leftRow(r.Organization, r.ID, p.Generation+1), claim.left, &set); err != nil {
		return nil, err
	}
	p.Left, err = set.tokens()
	return p, err
}

// takeClaim writes a claim over none, over our own of a flight that has ended, and over one that is void. What was
// written down of the same generation stays.
func (s *Store) takeClaim() string {
	return `INSERT INTO claims (connection, fence, owner, until, generation, first_at, count, first_up)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $10)
		ON CONFLICT (connection) DO UPDATE SET fence = excluded.fence, owner = excluded.owner, until = excluded.until,
			first_at = CASE WHEN claims.generation = excluded.generation THEN COALESCE(claims.first_at, excluded.first_at) ELSE excluded.first_at END,
			first_up = CASE WHEN claims.generation = excluded.generation AND claims.first_at IS NOT NULL THEN claims.first_up ELSE excluded.first_up END,
			count = CASE WHEN claims.generation = excluded.generation THEN claims.count ELSE 0 END + excluded.count,
			left_tokens = CASE WHEN claims.generation = excluded.generation THEN claims.left_tokens END,
			generation = excluded.generation
		WHERE claims.count = CAST($8 AS BIGINT) AND (claims.owner IS NULL OR claims.owner = excluded.owner
			OR claims.until < CAST($9 AS BIGINT) OR NOT ` + s.aliveOwner("claims.owner") + `)
		RETURNING first_at, first_up, count`
}

// Claim grants an exchange to one process at a time. The claim of an exchange that presents no refresh token need not be
// written where no other process could ask.
func (c Connections) Claim(ctx context.Context, ask connection.Claim) (connection.Claimed, error) {
	if !ask.Presents && ask.Seen == 0 && !c.s.Shared() {
		return connection.Claimed{}, c.unchanged(ctx, ask)
	}
	granted := connection.Claimed{Fence: ident.New("clm")}
	presents := 0
	var firstAt, firstUp any
	if ask.Presents {
		presents, firstAt = 1, micros(ask.At)
		if up := ask.Up.String(); up != "" {
			firstUp = up
		}
	}
	write := c.s.writeOf
	if ask.Seen > 0 { // a provider's grace does not wait
		write = c.s.writeSoon
	}
	err := write(ctx, []string{ask.ID}, func(t *tx) error {
		var first sql.NullInt64
		var up sql.NullString
		err := t.row(c.s.takeClaim(), ask.ID, granted.Fence, c.s.incarnation, micros(ask.At.Add(ask.Lease)), ask.Generation,
			firstAt, presents, ask.Seen, micros(ask.At), firstUp).Scan(&first, &up, &granted.Count)
		if dangling(err) {
			return connection.ErrNotFound
		}
		if errors.Is(err, sql.ErrNoRows) {
			return c.whyHeld(t, ask)
		}
		if err != nil {
			return err
		}
		granted.First = instant(first)
		if granted.FirstUp, err = clock.ParseUptime(up.String); err != nil {
			return err
		}
		return c.current(t, ask)
	})
	if err != nil {
		return connection.Claimed{}, fmt.Errorf("claiming the connection %s: %w", ask.ID, err)
	}
	return granted, nil
}

// current refuses a claim of what has changed since it was read, and one of a process that counts as gone itself.
func (c Connections) current(t *tx, ask connection.Claim) error {
	var version int64
	var alive int
	err := t.row(`SELECT c.version, CASE WHEN `+c.s.aliveOwner("k.owner")+` THEN 1 ELSE 0 END
		FROM connections c JOIN claims k ON k.connection = c.id WHERE c.id = $1`, ask.ID).Scan(&version, &alive)
	switch {
	case err != nil:
		return orNone(err, connection.ErrNotFound)
	case alive == 0:
		return fmt.Errorf("this node has lost its session with the database: %w", ErrUnavailable)
	case version != ask.Version:
		return connection.ErrConflict
	}
	return nil
}

// whyHeld tells why a claim was not granted.
func (c Connections) whyHeld(t *tx, ask connection.Claim) error {
	var until sql.NullInt64
	err := t.row(`SELECT until FROM claims WHERE connection = $1 AND owner <> $2 AND until >= CAST($3 AS BIGINT) AND `+c.s.aliveOwner("owner"),
		ask.ID, c.s.incarnation, micros(ask.At)).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) {
		return connection.ErrConflict
	}
	if err != nil {
		return err
	}
	return &connection.HeldError{Until: instant(until)}
}

// unchanged grants a claim without a trace.
func (c Connections) unchanged(ctx context.Context, ask connection.Claim) error {
	var version int64
	err := c.s.row(ctx, `SELECT version FROM connections WHERE id = $1`, ask.ID).Scan(&version)
	if err != nil {
		return fmt.Errorf("claiming the connection %s: %w", ask.ID, orNone(err, connection.ErrNotFound))
	}
	if version != ask.Version {
		return connection.ErrConflict
	}
	return nil
}

// Again counts one more presentation of the refresh token.
func (c Connections) Again(ctx context.Context, id, fence string) error {
	err := c.s.writeSoon(ctx, []string{id}, func(t *tx) error {
		n, err := t.exec(`UPDATE claims SET count = count + 1 WHERE connection = $1 AND fence = $2`, id, fence)
		if err == nil && n == 0 {
			return connection.ErrFenced
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("writing down a further presentation of %s: %w", id, err)
	}
	return nil
}

// Interrupted gives the connections whose refresh token was presented by a process that is gone.
func (c Connections) Interrupted(ctx context.Context, limit int) ([]string, error) {
	var ids []string
	err := c.s.rows(ctx, func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT connection FROM claims WHERE count > 0 AND owner IS NOT NULL AND owner <> $1 AND (until = 0 OR NOT `+c.s.aliveOwner("owner")+
		`) ORDER BY first_at LIMIT $2`, c.s.incarnation, limit)
	if err != nil {
		return nil, fmt.Errorf("reading which renewals were interrupted: %w", err)
	}
	return ids, nil
}

// Inherit ends the claims of the processes before this one on this machine: nothing of theirs is under way, and what
// they spilled is known by now. Their leases are 0 from then on, which no lease is. The claims of what lies in the spill
// become this process's: the others would present those refresh tokens again before it is saved.
func (c Connections) Inherit(ctx context.Context, spilled []string, until time.Time) error {
	before := c.s.predecessors
	if len(before) == 0 || !c.s.Shared() {
		return nil
	}
	var theirs []string
	for _, owner := range before {
		err := c.s.rows(ctx, func(row scanner) error {
			var id string
			err := row.Scan(&id)
			theirs = append(theirs, id)
			return err
		}, `SELECT connection FROM claims WHERE owner = $1`, owner)
		if err != nil {
			return fmt.Errorf("reading the claims of the processes before: %w", err)
		}
	}
	err := c.s.writeOf(ctx, theirs, func(t *tx) error {
		for _, owner := range before {
			for _, id := range spilled {
				if _, err := t.exec(`UPDATE claims SET owner = $3, until = $4 WHERE connection = $1 AND owner = $2`,
					id, owner, c.s.incarnation, micros(until)); err != nil {
					return err
				}
			}
			if _, err := t.exec(`UPDATE claims SET until = 0 WHERE owner = $1`, owner); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ending the claims of the processes before: %w", err)
	}
	return c.s.inherited()
}

// endClaim ends the claim that a commit came of. Fenced tells that another process has claimed the connection since: what
// the commit brings is left beside that claim, for when its holder is told that the refresh token is used up.
func (c Connections) endClaim(t *tx, commit *connection.Commit) (fenced bool, err error) {
	if commit.Account != nil { // another account: nothing of the one before counts
		_, err := t.exec(`DELETE FROM claims WHERE connection = $1`, commit.ID)
		return false, err
	}
	n, err := t.exec(`DELETE FROM claims WHERE connection = $1 AND (fence = $2 OR owner IS NULL OR owner = $3 OR NOT `+
		c.s.aliveOwner("owner")+`)`, commit.ID, commit.Fence, c.s.incarnation)
	if err != nil || n > 0 || commit.Fence == "" {
		return false, err
	}
	set, err := fromTokens(commit.Tokens)
	if err != nil {
		return false, err
	}
	left, err := c.s.sealJSON(t.ctx, leftRow(commit.Organization, commit.ID, commit.Generation+1), set)
	if err != nil {
		return false, err
	}
	n, err = t.exec(`UPDATE claims SET left_tokens = $2 WHERE connection = $1 AND generation = $3`, commit.ID, left, commit.Generation)
	return n > 0, err
}

// releaseClaim ends the claim of a setback, or gives it back with its journal. Mine tells that nobody has taken it over.
func (c Connections) releaseClaim(t *tx, s *connection.Setback) (mine bool, err error) {
	if s.Fence == "" {
		return true, nil
	}
	statement := `DELETE FROM claims WHERE connection = $1 AND fence = $2`
	if s.Unanswered {
		statement = `UPDATE claims SET owner = NULL, until = NULL WHERE connection = $1 AND fence = $2`
	}
	n, err := t.exec(statement, s.ID, s.Fence)
	return n > 0, err
}
