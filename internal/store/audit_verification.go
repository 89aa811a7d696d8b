package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/internal/audit"
)

// KeepVerification keeps how the check of a chain stands, in the place of the one before.
func (a Audit) KeepVerification(ctx context.Context, v audit.Verification) error {
	report := ""
	if v.Report != nil {
		text, err := json.Marshal(v.Report)
		if err != nil {
			return fmt.Errorf("encoding the report of a verification: %w", err)
		}
		report = string(text)
	}
	err := a.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO audit_verifications (organization, started_by, started_at, seen_at, finished_at, total, checked, report, problem)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (organization) DO UPDATE SET started_by = excluded.started_by, started_at = excluded.started_at,
			seen_at = excluded.seen_at, finished_at = excluded.finished_at, total = excluded.total, checked = excluded.checked, report = excluded.report, problem = excluded.problem`,
			v.Organization, v.By, micros(v.StartedAt), micros(v.SeenAt), micros(v.FinishedAt), v.Total, v.Checked, report, v.Problem)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping how a verification stands: %w", err)
	}
	return nil
}

// Verification gives how the last check of a chain stands; its zero value when there was none.
func (a Audit) Verification(ctx context.Context, organization string) (audit.Verification, error) {
	v := audit.Verification{Organization: organization}
	var started, seen, finished sql.NullInt64
	var report string
	err := a.s.row(ctx, `SELECT started_by, started_at, seen_at, finished_at, total, checked, report, problem FROM audit_verifications WHERE organization = $1`, organization).
		Scan(&v.By, &started, &seen, &finished, &v.Total, &v.Checked, &report, &v.Problem)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Verification{Organization: organization}, nil
	}
	if err == nil && report != "" {
		v.Report = &audit.Report{}
		err = json.Unmarshal([]byte(report), v.Report)
	}
	if err != nil {
		return v, fmt.Errorf("reading how a verification stands: %w", err)
	}
	v.StartedAt, v.SeenAt, v.FinishedAt = instant(started), instant(seen), instant(finished)
	return v, nil
}
