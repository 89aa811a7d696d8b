package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/provider"
)

const (
	selectIncidents = `SELECT id, host, organization, sandbox, definition, revision, client, mark, opened_at, probe_at, last
		FROM provider_incidents`
	// incidentsKept is how long those that have ended are kept.
	incidentsKept = 90 * 24 * time.Hour
)

func scanIncident(row scanner) (i provider.Incident, err error) {
	var mark []byte
	var opened, probe sql.NullInt64
	var last string
	err = row.Scan(&i.ID, &i.Host, &i.Organization, &i.Sandbox, &i.Definition, &i.Revision, &i.Client, &mark, &opened, &probe, &last)
	if err != nil {
		return i, err
	}
	i.OpenedAt, i.ProbeAt = instant(opened), instant(probe)
	copy(i.Mark[:], mark)
	i.Last, err = failureIn(last)
	return i, err
}

// Open keeps an incident, unless one of its mark is open.
func (p Providers) Open(ctx context.Context, incident provider.Incident) (kept provider.Incident, err error) {
	last, err := json.Marshal(incident.Last)
	if err != nil {
		return kept, fmt.Errorf("storing the incident %s: %w", incident.ID, err)
	}
	err = p.s.write(ctx, func(t *tx) error {
		kept = incident
		n, err := t.exec(`INSERT INTO provider_incidents (id, host, organization, sandbox, definition, revision, client, mark,
			opened_at, probe_at, last, ended_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')
			ON CONFLICT (mark) WHERE closed_at IS NULL DO NOTHING`,
			incident.ID, string(incident.Host), incident.Organization, incident.Sandbox, incident.Definition, incident.Revision,
			incident.Client, incident.Mark[:], micros(incident.OpenedAt), micros(incident.ProbeAt), string(last))
		if err != nil {
			return err
		}
		if n == 0 {
			kept, err = scanIncident(t.row(selectIncidents+` WHERE mark = $1 AND closed_at IS NULL`, incident.Mark[:]))
			return err
		}
		if _, err := t.exec(`DELETE FROM provider_incidents WHERE closed_at < $1`, micros(incident.OpenedAt.Add(-incidentsKept))); err != nil {
			return err
		}
		name, connections, err := affected(t, incident.Definition)
		t.emit(provider.OpenedEvents(incident, name, connections)...)
		t.record(incidentEntry(ctx, "incident.open", &incident, incident.OpenedAt))
		return err
	})
	if err != nil {
		return kept, fmt.Errorf("storing the incident %s: %w", incident.ID, err)
	}
	return kept, nil
}

// End ends an open incident.
func (p Providers) End(ctx context.Context, incident provider.Incident) (changed bool, err error) {
	err = p.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE provider_incidents SET closed_at = $2, ended_by = $3 WHERE id = $1 AND closed_at IS NULL`,
			incident.ID, micros(incident.ClosedAt), string(incident.EndedBy))
		if changed = n == 1; err != nil || !changed {
			return err
		}
		name, _, err := affected(t, incident.Definition)
		t.emit(provider.EndedEvents(incident, name)...)
		t.record(incidentEntry(ctx, "incident.end", &incident, incident.ClosedAt))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ending the incident %s: %w", incident.ID, err)
	}
	return changed, nil
}

// affected gives the name of a definition and how many connections it has; nothing when it is gone.
func affected(t *tx, definition string) (name string, connections int, err error) {
	err = t.row(`SELECT name, connections FROM definitions WHERE id = $1`, definition).Scan(&name, &connections)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return name, connections, err
}

// incidentEntry is what the audit record says of an incident: the caller in the context ended it, or nobody did.
func incidentEntry(ctx context.Context, action string, i *provider.Incident, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: i.Organization, Actor: cmp.Or(access.From(ctx).ID, audit.System), Action: action, Subject: i.ID,
		Detail: map[string]string{"host": string(i.Host), "definition": i.Definition, "client": i.Client, "ended_by": string(i.EndedBy)},
	}
}
