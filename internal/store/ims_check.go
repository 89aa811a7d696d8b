package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"latchkey/internal/ims"
)

// KeepCheck replaces what is known of a configuration's last check.
func (i IMS) KeepCheck(ctx context.Context, c ims.Checked) error {
	layers, err := json.Marshal(c.Layers)
	if err != nil {
		return fmt.Errorf("encoding a check: %w", err)
	}
	err = i.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO ims_checks (configuration, healthy, layers, checked_at)
			SELECT c.id, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT) FROM ims_configurations c WHERE c.id = $1
			ON CONFLICT (configuration) DO UPDATE SET healthy = excluded.healthy, layers = excluded.layers, checked_at = excluded.checked_at`,
			c.ID, flag(c.Healthy), string(layers), micros(c.At))
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping a check: %w", err)
	}
	return nil
}

// Checks gives those of a sandbox.
func (i IMS) Checks(ctx context.Context, place ims.Place) ([]ims.Checked, error) {
	var all []ims.Checked
	err := i.s.rows(ctx, func(row scanner) error {
		var c ims.Checked
		var healthy, at int64
		var layers string
		if err := row.Scan(&c.ID, &c.Name, &c.Title, &healthy, &layers, &at); err != nil {
			return err
		}
		c.Healthy, c.At = healthy != 0, time.UnixMicro(at).UTC()
		all = append(all, c)
		return json.Unmarshal([]byte(layers), &all[len(all)-1].Layers)
	}, `SELECT c.id, c.name, c.title, k.healthy, k.layers, k.checked_at FROM ims_configurations c JOIN ims_checks k ON k.configuration = c.id
		WHERE c.organization = $1 AND c.sandbox = $2 AND k.checked_at >= c.updated_at ORDER BY c.name`, place.Organization, place.Sandbox)
	if err != nil {
		return nil, fmt.Errorf("reading checks: %w", err)
	}
	return all, nil
}
