package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey/internal/audit"
)

// chain makes records of what the group's writes that succeeded handed in. It is the transaction's last act, so that
// the chains' ends are locked for as short as can be; they are locked in one order, so that two nodes do not lock each
// other out.
func (h *hand) chain(ctx context.Context, entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	byOrganization := make(map[string][]audit.Entry, 1)
	for _, entry := range entries {
		byOrganization[entry.Organization] = append(byOrganization[entry.Organization], entry)
	}
	t, now := &tx{s: h.session, ctx: ctx}, h.w.clock.Now()
	for _, organization := range slices.Sorted(maps.Keys(byOrganization)) {
		if err := t.extend(organization, byOrganization[organization], now); err != nil {
			return err
		}
	}
	h.w.meters.audited.Add(ctx, int64(len(entries)))
	return nil
}

// extend adds entries to one organization's chain; those without a time happened now.
func (t *tx) extend(organization string, entries []audit.Entry, now time.Time) error {
	head, err := t.lockHead(organization, len(entries))
	if err != nil {
		return err
	}
	args := make([]any, 0, len(entries)*recordArity)
	for _, entry := range entries {
		if entry.At.IsZero() {
			entry.At = now
		}
		entry.Action = cmp.Or(entry.Action, "unnamed") // a change must not fail because nobody named it
		record := entry.Follow(head.Sequence, head.Hash)
		head.Sequence, head.Hash = record.Sequence, record.Hash
		detail, err := encodeDetail(record.Detail)
		if err != nil {
			return err
		}
		hash := record.Hash
		args = append(args, organization, record.Sequence, micros(record.At), record.Actor, record.Action, record.Subject,
			record.Generation, detail, hash[:])
	}
	for n := len(entries); n > 0; n = len(args) / recordArity {
		rows := rowsAtOnce(n)
		if _, err := t.exec(insertRecords[rows], args[:rows*recordArity]...); err != nil {
			return err
		}
		args = args[rows*recordArity:]
	}
	_, err = t.exec(`UPDATE audit_chains SET hash = $2 WHERE organization = $1`, organization, head.Hash[:])
	return err
}

// lockHead gives the chain's end as it was, and moves its number on by as many records as will come. The row stays
// locked until the transaction ends.
func (t *tx) lockHead(organization string, more int) (audit.Head, error) {
	head := audit.Head{Organization: organization}
	var hash []byte
	err := t.row(`UPDATE audit_chains SET sequence = sequence + $2 WHERE organization = $1 RETURNING sequence, hash`,
		organization, more).Scan(&head.Sequence, &hash)
	if errors.Is(err, sql.ErrNoRows) { // two nodes may begin it at once: one adds to what the other began
		err = t.row(`INSERT INTO audit_chains (organization, sequence, hash, base_sequence, base_hash) VALUES ($1, $2, $3, 0, $3)
			ON CONFLICT (organization) DO UPDATE SET sequence = audit_chains.sequence + excluded.sequence
			RETURNING sequence, hash`, organization, more, head.Hash[:]).Scan(&head.Sequence, &hash)
	}
	head.Sequence -= int64(more)
	copy(head.Hash[:], hash)
	return head, err
}

const (
	auditColumns   = `organization, sequence, at, actor, action, subject, generation, detail, hash`
	recordArity    = 9
	mostRowsAtOnce = 32
)

// insertRecords are statements by how many rows they insert: the powers of two. Many rows in one are three times as fast
// as one by one.
var insertRecords = func() map[int]string {
	texts := map[int]string{}
	for rows := 1; rows <= mostRowsAtOnce; rows *= 2 {
		var text strings.Builder
		text.WriteString(`INSERT INTO audit_records (` + auditColumns + `) VALUES `)
		for i := range rows * recordArity {
			switch {
			case i == 0:
				text.WriteString("(")
			case i%recordArity == 0:
				text.WriteString("), (")
			default:
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "$%d", i+1)
		}
		text.WriteString(")")
		texts[rows] = text.String()
	}
	return texts
}()

// rowsAtOnce gives the largest power of two that is no more than n, and no more than one statement takes.
func rowsAtOnce(n int) int {
	rows := mostRowsAtOnce
	for rows > n {
		rows /= 2
	}
	return rows
}

// encodeDetail writes details as JSON with sorted names; none is "".
func encodeDetail(detail map[string]string) (string, error) {
	if len(detail) == 0 {
		return "", nil
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return "", fmt.Errorf("encoding details: %w", err)
	}
	return string(text), nil
}
