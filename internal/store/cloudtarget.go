package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
	"latchkey/internal/target"
)

// CloudTargets keeps what services of Target bring home and send away.
type CloudTargets struct{ s *Store }

var _ cloudservice.TargetStore = CloudTargets{}

// CloudTargets gives the store's part for it.
func (s *Store) CloudTargets() CloudTargets { return CloudTargets{s} }

// AskSync makes a sync due, unless one is under way for the same tenant.
func (c CloudTargets) AskSync(ctx context.Context, of cloudservice.Service, due time.Time, entry audit.Entry) error {
	fresh, err := json.Marshal(cloudservice.Walk{Tenant: of.Target.TenantID, Total: -1})
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		t.record(entry)
		var state, walked string
		err := t.row(`SELECT state, walk FROM audience_syncs WHERE service = $1`, of.ID).Scan(&state, &walked)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = t.exec(`INSERT INTO audience_syncs (service, state, due_at, claim, walk) VALUES ($1, $2, $3, 0, $4)`,
				of.ID, string(cloudservice.SyncWaiting), micros(due), string(fresh))
			return err
		}
		if err != nil {
			return err
		}
		var walk cloudservice.Walk
		if err := json.Unmarshal([]byte(walked), &walk); err != nil {
			return err
		}
		next, fresh := cloudservice.SyncWaiting, fresh
		switch {
		case walk.Tenant != of.Target.TenantID:
			if _, err := t.exec(`DELETE FROM audiences WHERE service = $1`, of.ID); err != nil {
				return err
			}
		case state == string(cloudservice.SyncRunning):
			return nil
		case state == string(cloudservice.SyncFailed):
			next, fresh = cloudservice.SyncFailed, []byte(walked) // it goes on where it was
		}
		_, err = t.exec(`UPDATE audience_syncs SET state = $2, due_at = $3, held_until = NULL, claim = claim + 1, walk = $4 WHERE service = $1`,
			of.ID, string(next), micros(due), string(fresh))
		return err
	})
	if err != nil {
		return fmt.Errorf("asking for the sync of %s: %w", of.Name, err)
	}
	return nil
}

const syncColumns = `s.service, c.organization, c.sandbox, s.state, s.due_at, s.claim, s.walk FROM audience_syncs s JOIN cloud_services c ON c.id = s.service`

func scanSync(row scanner) (cloudservice.Sync, error) {
	var out cloudservice.Sync
	var due sql.NullInt64
	var walk string
	if err := row.Scan(&out.Service, &out.Place.Organization, &out.Place.Sandbox, &out.State, &due, &out.Claim, &walk); err != nil {
		return cloudservice.Sync{}, err
	}
	out.DueAt = instant(due)
	return out, json.Unmarshal([]byte(walk), &out.Walk)
}

// FreeSyncs frees what a process held that is gone, where the store has one process alone.
func (c CloudTargets) FreeSyncs(ctx context.Context) error {
	if c.s.Shared() {
		return nil
	}
	err := c.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE audience_syncs SET held_until = NULL WHERE held_until IS NOT NULL`)
		return err
	})
	if err != nil {
		return fmt.Errorf("freeing the syncs of a process before this one: %w", err)
	}
	return nil
}

// ClaimSync takes up the one that has been due for longest and that nobody holds; nil when there is none.
func (c CloudTargets) ClaimSync(ctx context.Context, now, until time.Time) (*cloudservice.Sync, error) {
	due, err := scanSync(c.s.row(ctx, `SELECT `+syncColumns+` WHERE s.due_at <= $1 AND (s.held_until IS NULL OR s.held_until < $1) ORDER BY s.due_at LIMIT 1`, micros(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for syncs that are due: %w", err)
	}
	if due.State != cloudservice.SyncRunning && due.State != cloudservice.SyncFailed || due.Walk.StartedAt.IsZero() {
		due.Walk = cloudservice.Walk{Tenant: due.Walk.Tenant, Total: -1, StartedAt: now}
	}
	due.State, due.DueAt = cloudservice.SyncRunning, now
	walk, err := json.Marshal(due.Walk)
	if err != nil {
		return nil, err
	}
	taken := false
	err = c.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE audience_syncs SET state = $3, held_until = $4, claim = claim + 1, walk = $5 WHERE service = $1 AND claim = $2`,
			due.Service, due.Claim, string(due.State), micros(until), string(walk))
		taken = n > 0
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("taking up a sync: %w", err)
	}
	if !taken {
		return nil, nil // somebody else was faster; the next round looks again
	}
	due.Claim++
	return &due, nil
}

// KeepPage keeps a page, and how far the walk has come behind it.
func (c CloudTargets) KeepPage(ctx context.Context, held cloudservice.Sync, page cloudservice.AudiencePage, now, until time.Time) (cloudservice.Walk, error) {
	// Nobody else writes this service's audiences while the claim is good, which the transaction makes sure of.
	known, err := c.between(ctx, held.Service, page)
	if err != nil {
		return cloudservice.Walk{}, fmt.Errorf("keeping audiences: %w", err)
	}
	var walk cloudservice.Walk
	err = c.s.write(ctx, func(t *tx) error {
		walk = page.Next
		absent := map[int64]bool{}
		for id, k := range known {
			absent[id] = !k.gone
		}
		for _, a := range page.Audiences {
			delete(absent, a.ID)
			if k, ok := known[a.ID]; ok && !k.gone && k.modified != 0 && k.modified == moment(a.ModifiedAt) && now.Sub(a.ModifiedAt.Time) > lately {
				continue
			}
			if err := keepAudience(t, held.Service, a, &walk); err != nil {
				return err
			}
		}
		for id, there := range absent {
			if !there {
				continue
			}
			if _, err := t.exec(`UPDATE audiences SET gone_at = $3, version = version + 1 WHERE service = $1 AND id = $2`, held.Service, id, micros(now)); err != nil {
				return err
			}
			walk.Removed++
		}
		text, err := json.Marshal(walk)
		if err != nil {
			return err
		}
		n, err := t.exec(`UPDATE audience_syncs SET walk = $3, held_until = $4 WHERE service = $1 AND claim = $2`, held.Service, held.Claim, string(text), micros(until))
		if err == nil && n == 0 {
			return cloudservice.ErrClaimLost
		}
		return err
	})
	if err != nil {
		return cloudservice.Walk{}, fmt.Errorf("keeping audiences: %w", err)
	}
	return walk, nil
}

// lately is for how long the time of a change is not believed alone: Target counts seconds, and one that was read within that of its
// change may have changed once more in it. What is older was compared by a sync since then.
const lately = 24 * time.Hour

// knownAudience is what is known of one before a page of it comes.
type knownAudience struct {
	modified int64
	gone     bool
}

// between gives what is kept of the ids that a page has all of.
func (c CloudTargets) between(ctx context.Context, service string, page cloudservice.AudiencePage) (map[int64]knownAudience, error) {
	known := map[int64]knownAudience{}
	if page.UpTo == 0 {
		return known, nil
	}
	err := c.s.rows(ctx, func(row scanner) error {
		var id int64
		var k knownAudience
		var gone sql.NullInt64
		err := row.Scan(&id, &k.modified, &gone)
		k.gone = gone.Valid
		known[id] = k
		return err
	}, `SELECT id, modified_at, gone_at FROM audiences WHERE service = $1 AND id > $2 AND id <= $3`, service, page.Behind, page.UpTo)
	return known, err
}

func moment(m target.Moment) int64 {
	if m.IsZero() {
		return 0
	}
	return m.UnixMicro()
}

// keepAudience writes one that is new or has changed, and counts it.
func keepAudience(t *tx, service string, a target.Audience, walk *cloudservice.Walk) error {
	rule := string(a.TargetRule)
	if rule == "" || rule == "null" {
		rule = string(a.AudienceRule)
	}
	if rule == "null" {
		rule = ""
	}
	var version int64
	err := t.row(`INSERT INTO audiences (service, id, name, search, description, origin, status, kind, workspace, rule, modified_at, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)
		ON CONFLICT (service, id) DO UPDATE SET name = excluded.name, search = excluded.search, description = excluded.description, origin = excluded.origin,
			status = excluded.status, kind = excluded.kind, workspace = excluded.workspace, rule = excluded.rule, modified_at = excluded.modified_at,
			created_at = excluded.created_at, gone_at = NULL, version = audiences.version + 1
		WHERE audiences.modified_at <> excluded.modified_at OR audiences.modified_at = 0 OR audiences.gone_at IS NOT NULL OR audiences.name <> excluded.name
			OR audiences.description <> excluded.description OR audiences.rule <> excluded.rule OR audiences.status <> excluded.status
		RETURNING version`,
		service, a.ID, clean(a.Name), clean(strings.ToLower(a.Name)), clean(a.Description), clean(a.Origin), clean(a.Status), clean(a.Type), clean(a.Workspace),
		clean(rule), moment(a.ModifiedAt), micros(a.CreatedAt.Time)).Scan(&version)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case version == 1:
		walk.Added++
	default:
		walk.Changed++
	}
	return nil
}

// clean leaves out what PostgreSQL takes in no text.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
}

// EndSync keeps how a walk has ended, and when the next is due.
func (c CloudTargets) EndSync(ctx context.Context, held cloudservice.Sync, entries ...audit.Entry) error {
	walk, err := json.Marshal(held.Walk)
	if err != nil {
		return err
	}
	err = c.s.write(ctx, func(t *tx) error {
		t.record(entries...)
		n, err := t.exec(`UPDATE audience_syncs SET state = $3, due_at = $4, held_until = NULL, walk = $5 WHERE service = $1 AND claim = $2`,
			held.Service, held.Claim, string(held.State), micros(held.DueAt), string(walk))
		if err == nil && n == 0 {
			return cloudservice.ErrClaimLost
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("ending a sync: %w", err)
	}
	return nil
}

// FindSync gives how the sync of a service stands.
func (c CloudTargets) FindSync(ctx context.Context, service string) (cloudservice.Sync, error) {
	out, err := scanSync(c.s.row(ctx, `SELECT `+syncColumns+` WHERE s.service = $1`, service))
	if err != nil {
		return cloudservice.Sync{}, fmt.Errorf("reading a sync: %w", orNone(err, cloudservice.ErrNeverSynced))
	}
	return out, nil
}

// Audiences gives a part of those that are kept, by their ids.
func (c CloudTargets) Audiences(ctx context.Context, q cloudservice.AudienceQuery) ([]cloudservice.Audience, error) {
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(clean(strings.ToLower(q.Search))) + "%"
	gone := `NULL`
	if q.Gone {
		gone = `NOT NULL`
	}
	text := `SELECT id, name, description, origin, status, kind, workspace, rule, modified_at, created_at, gone_at FROM audiences
		WHERE service = $1 AND id > $2 AND search LIKE $3 ESCAPE '\' AND ($4 = '' OR kind = $4) AND gone_at IS ` + gone + ` ORDER BY id LIMIT $5`
	args := []any{q.Service, q.After, pattern, q.Kind, q.Limit}
	if q.Search != "" { // the index audiences_by_id has all that is looked at
		text = `SELECT id, name, description, origin, status, kind, workspace, rule, modified_at, created_at, gone_at FROM audiences
			WHERE service = $1 AND id IN (SELECT f.id FROM audiences f WHERE f.service = $1 AND f.id > $2 AND f.search LIKE $3 ESCAPE '\'
				AND ($4 = '' OR f.kind = $4) AND f.gone_at IS ` + gone + ` ORDER BY f.id LIMIT $5) ORDER BY id`
	}
	if q.Prefix {
		begin := clean(strings.ToLower(q.Search))
		text = `SELECT id, name, description, origin, status, kind, workspace, rule, modified_at, created_at, gone_at FROM audiences
			WHERE service = $1 AND search >= $2 AND search < $3 AND gone_at IS NULL ORDER BY search, id LIMIT $4`
		args = []any{q.Service, begin, begin + "\U0010FFFF", q.Limit}
	}
	var out []cloudservice.Audience
	err := c.s.rows(ctx, func(row scanner) error {
		var a cloudservice.Audience
		var modified, created, gone sql.NullInt64
		err := row.Scan(&a.ID, &a.Name, &a.Description, &a.Origin, &a.Status, &a.Kind, &a.Workspace, &a.Rule, &modified, &created, &gone)
		if modified.Int64 == 0 {
			modified.Valid = false
		}
		a.ModifiedAt, a.CreatedAt, a.GoneAt = instant(modified), instant(created), instant(gone)
		out = append(out, a)
		return err
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("listing audiences: %w", err)
	}
	return out, nil
}
