package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
)

// itemDetail is what of an item is not searched.
type itemDetail struct {
	Description string `json:"description,omitempty"`
	Suite       string `json:"suite,omitempty"`
	Type        string `json:"type,omitempty"`
}

// KeepItems adds items to a list, in place of those of the same ids.
func (c CloudServices) KeepItems(ctx context.Context, service string, l cloudservice.SyncList, round int64, items []cloudservice.Item) error {
	if len(items) == 0 {
		return nil
	}
	err := c.s.write(ctx, func(t *tx) error {
		for _, item := range items {
			detail, err := json.Marshal(itemDetail{item.Description, item.Suite, item.Type})
			if err != nil {
				return err
			}
			n, err := t.exec(`INSERT INTO analytics_items (service, kind, suite, id, name, detail, round)
				SELECT c.id, $2, $3, $4, $5, $6, $7 FROM cloud_services c WHERE c.id = $1
				ON CONFLICT (service, kind, suite, id) DO UPDATE SET name = excluded.name, detail = excluded.detail, round = excluded.round`,
				service, string(l.Kind), l.Suite, item.ID, item.Name, string(detail), round)
			if err == nil && n == 0 {
				err = cloudservice.ErrNotFound // deleted meanwhile
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing %d %s of %s: %w", len(items), l.Kind, service, err)
	}
	return nil
}

// EndRound removes from a list what earlier rounds have marked, and notes that it was synced.
func (c CloudServices) EndRound(ctx context.Context, service string, done cloudservice.Synced, round int64, entry audit.Entry) (cloudservice.Synced, error) {
	err := c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		removed, err := t.exec(`DELETE FROM analytics_items WHERE service = $1 AND kind = $2 AND suite = $3 AND round < $4`,
			service, string(done.Kind), done.Suite, round)
		if err != nil {
			return err
		}
		done.Removed = int(removed)
		n, err := t.exec(`INSERT INTO analytics_lists (service, kind, suite, company, items, synced_at)
			SELECT c.id, $2, $3, $4, $5, $6 FROM cloud_services c WHERE c.id = $1
			ON CONFLICT (service, kind, suite) DO UPDATE SET company = excluded.company, items = excluded.items, synced_at = excluded.synced_at`,
			service, string(done.Kind), done.Suite, done.Company, done.Items, micros(done.At))
		if err == nil && n == 0 {
			err = cloudservice.ErrNotFound
		}
		return err
	})
	if err != nil {
		return cloudservice.Synced{}, fmt.Errorf("ending the sync of %s of %s: %w", done.Kind, service, err)
	}
	return done, nil
}

// SyncedLists gives the lists of a service, by kind and suite.
func (c CloudServices) SyncedLists(ctx context.Context, service string) ([]cloudservice.Synced, error) {
	var all []cloudservice.Synced
	err := c.s.rows(ctx, func(row scanner) error {
		var l cloudservice.Synced
		var at sql.NullInt64
		err := row.Scan(&l.Kind, &l.Suite, &l.Company, &l.Items, &at)
		l.At = instant(at)
		all = append(all, l)
		return err
	}, `SELECT kind, suite, company, items, synced_at FROM analytics_lists WHERE service = $1 ORDER BY kind, suite`, service)
	if err != nil {
		return nil, fmt.Errorf("listing what was synced of %s: %w", service, err)
	}
	return all, nil
}

// Items gives a part of a list, by id.
func (c CloudServices) Items(ctx context.Context, service string, l cloudservice.SyncList, q cloudservice.ItemQuery) ([]cloudservice.Item, error) {
	var all []cloudservice.Item
	pattern := "%" + likeEscaper.Replace(strings.ToLower(q.Search)) + "%"
	err := c.s.rows(ctx, func(row scanner) error {
		var item cloudservice.Item
		var text string
		if err := row.Scan(&item.ID, &item.Name, &text); err != nil {
			return err
		}
		var detail itemDetail
		if err := json.Unmarshal([]byte(text), &detail); err != nil {
			return err
		}
		item.Description, item.Suite, item.Type = detail.Description, detail.Suite, detail.Type
		all = append(all, item)
		return nil
	}, `SELECT id, name, detail FROM analytics_items WHERE service = $1 AND kind = $2 AND suite = $3 AND id > $4
		AND (lower(id) LIKE $5 ESCAPE '\' OR lower(name) LIKE $5 ESCAPE '\') ORDER BY id LIMIT $6`,
		service, string(l.Kind), l.Suite, q.After, pattern, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing %s of %s: %w", l.Kind, service, err)
	}
	return all, nil
}

// HasItem tells whether a list has an item of that id.
func (c CloudServices) HasItem(ctx context.Context, service string, l cloudservice.SyncList, id string) (bool, error) {
	var n int
	err := c.s.row(ctx, `SELECT COUNT(*) FROM analytics_items WHERE service = $1 AND kind = $2 AND suite = $3 AND id = $4`, service, string(l.Kind), l.Suite, id).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("looking for %s among %s: %w", id, l.Kind, err)
	}
	return n > 0, nil
}
