package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/secret"
	"latchkey/internal/telemetry"
)

// Audit keeps the chains of the audit record, their checkpoints, and what is on its way into them.
type Audit struct{ s *Store }

var _ audit.Store = Audit{}

// Audit gives [audit.Store], [audit.Vault] and [audit.Journal].
func (s *Store) Audit() Audit { return Audit{s} }

// record puts entries into the transaction: they are kept if the write is, and undone with it.
// What was done within a request says which one.
func (t *tx) record(entries ...audit.Entry) {
	id := telemetry.RequestID(t.ctx)
	for _, entry := range entries {
		if id != "" {
			detail := make(map[string]string, len(entry.Detail)+1)
			maps.Copy(detail, entry.Detail)
			detail[audit.DetailRequest] = id
			entry.Detail = detail
		}
		t.entries = append(t.entries, entry)
	}
}

// Append makes records of entries.
func (a Audit) Append(ctx context.Context, entries ...audit.Entry) error {
	err := a.s.write(ctx, func(t *tx) error {
		t.record(entries...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("adding to the audit record: %w", err)
	}
	return nil
}

const selectExtents = `SELECT organization, sequence, hash, base_sequence, base_hash FROM audit_chains`

func scanExtent(row scanner) (audit.Extent, error) {
	var e audit.Extent
	var hash, base []byte
	err := row.Scan(&e.Organization, &e.Sequence, &hash, &e.Base.Sequence, &base)
	copy(e.Hash[:], hash)
	copy(e.Base.Hash[:], base)
	e.Base.Organization = e.Organization
	return e, err
}

// Extent gives where a chain begins and ends.
func (a Audit) Extent(ctx context.Context, organization string) (audit.Extent, error) {
	e, err := scanExtent(a.s.row(ctx, selectExtents+` WHERE organization = $1`, organization))
	if errors.Is(err, sql.ErrNoRows) {
		head := audit.Head{Organization: organization}
		return audit.Extent{Base: head, Head: head}, nil
	}
	if err != nil {
		return e, fmt.Errorf("reading the extent of the audit record: %w", err)
	}
	return e, nil
}

// Extents gives those of all chains.
func (a Audit) Extents(ctx context.Context) ([]audit.Extent, error) {
	var all []audit.Extent
	err := a.s.rows(ctx, func(row scanner) error {
		e, err := scanExtent(row)
		all = append(all, e)
		return err
	}, selectExtents+` ORDER BY organization`)
	if err != nil {
		return nil, fmt.Errorf("reading the extents of the audit record: %w", err)
	}
	return all, nil
}

// Records gives records of one chain.
func (a Audit) Records(ctx context.Context, s audit.Selection) ([]audit.Record, error) {
	query := strings.Builder{}
	query.WriteString(`SELECT ` + auditColumns + ` FROM audit_records WHERE organization = $1
		AND sequence > COALESCE((SELECT base_sequence FROM audit_chains WHERE organization = $1), 0)`)
	args := []any{s.Organization}
	add := func(condition string, value any) {
		args = append(args, value)
		query.WriteString(" AND " + strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1))
	}
	if s.Subject != "" {
		add(`subject = ?`, s.Subject)
	}
	if s.Actor != "" {
		add(`actor = ?`, s.Actor)
	}
	if strings.HasSuffix(s.Action, ".") {
		add(`action LIKE ? ESCAPE '\'`, likeEscaper.Replace(s.Action)+"%")
	} else if s.Action != "" {
		add(`action = ?`, s.Action)
	}
	if s.Request != "" { // details are written one way: their names in order, no blanks
		member, err := encodeDetail(map[string]string{audit.DetailRequest: s.Request})
		if err != nil {
			return nil, err
		}
		add(`detail LIKE ? ESCAPE '\'`, "%"+likeEscaper.Replace(strings.Trim(member, "{}"))+"%")
	}
	if !s.Since.IsZero() {
		add(`at >= ?`, micros(s.Since))
	}
	if !s.Until.IsZero() {
		add(`at < ?`, micros(s.Until))
	}
	if s.After > 0 {
		add(`sequence > ?`, s.After)
	}
	if s.Before > 0 {
		add(`sequence < ?`, s.Before)
	}
	direction := "DESC"
	if s.Forward {
		direction = "ASC"
	}
	args = append(args, s.Limit)
	fmt.Fprintf(&query, " ORDER BY sequence %s LIMIT $%d", direction, len(args))
	var all []audit.Record
	err := a.s.rows(ctx, func(row scanner) error {
		r, err := scanAuditRecord(row)
		all = append(all, r)
		return err
	}, query.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("reading the audit record: %w", err)
	}
	return all, nil
}

func scanAuditRecord(row scanner) (audit.Record, error) {
	var r audit.Record
	var at sql.NullInt64
	var detail string
	var hash []byte
	err := row.Scan(&r.Organization, &r.Sequence, &at, &r.Actor, &r.Action, &r.Subject, &r.Generation, &detail, &hash)
	r.At = instant(at)
	copy(r.Hash[:], hash)
	if len(hash) != len(r.Hash) {
		r.Hash = audit.Hash{}
	}
	r.Detail = decodeDetail(detail)
	return r, err
}

// decodeDetail reads what encodeDetail wrote. What it can't have written is given as it stands, so that the record's
// hash tells of it.
func decodeDetail(text string) map[string]string {
	if text == "" {
		return nil
	}
	var detail map[string]string
	if json.Unmarshal([]byte(text), &detail) == nil {
		if again, err := encodeDetail(detail); err == nil && again == text {
			return detail
		}
	}
	return map[string]string{"unreadable": text}
}

// Prune lets go of the records up to base.
func (a Audit) Prune(ctx context.Context, base audit.Head, entry audit.Entry) error {
	err := a.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE audit_chains SET base_sequence = $2, base_hash = $3 WHERE organization = $1 AND base_sequence < $2`,
			base.Organization, base.Sequence, base.Hash[:])
		if err == nil && n > 0 {
			t.record(entry)
		}
		return err
	})
	// What is before the base is not read any more; it goes in parts, so that others can write in between.
	const part = 5000
	for from := int64(0); err == nil; {
		var n int64
		err = a.s.write(ctx, func(t *tx) error {
			var first sql.NullInt64
			err := t.row(`SELECT MIN(sequence) FROM audit_records WHERE organization = $1 AND sequence <= $2`,
				base.Organization, base.Sequence).Scan(&first)
			if err != nil || !first.Valid {
				return err
			}
			from = first.Int64
			n, err = t.exec(`DELETE FROM audit_records WHERE organization = $1 AND sequence < $2`,
				base.Organization, min(from+part, base.Sequence+1))
			return err
		})
		if n == 0 {
			break
		}
	}
	if err == nil {
		err = a.s.write(ctx, func(t *tx) error {
			_, err := t.exec(`DELETE FROM audit_checkpoints WHERE organization = $1 AND sequence < $2`, base.Organization, base.Sequence)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("pruning the audit record: %w", err)
	}
	return nil
}

// Rows gives connections as they are, for comparison with what was recorded.
func (a Audit) Rows(ctx context.Context, organization, after string, limit int) ([]audit.Row, error) {
	var all []audit.Row
	err := a.s.rows(ctx, func(row scanner) error {
		var r audit.Row
		var created sql.NullInt64
		var tokens []byte
		if err := row.Scan(&r.ID, &r.Generation, &created, &tokens); err != nil {
			return err
		}
		r.CreatedAt = instant(created)
		if tokens != nil {
			var set tokenSet
			err := a.s.openJSON(ctx, tokensRow(organization, r.ID, r.Generation), tokens, &set)
			if r.Unreadable = err != nil; !r.Unreadable {
				r.Token = connection.HashOf(secret.New(set.AccessToken))
			}
		}
		all = append(all, r)
		return nil
	}, `SELECT id, generation, created_at, tokens FROM connections WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3`,
		organization, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading connections for the audit: %w", err)
	}
	return all, nil
}
