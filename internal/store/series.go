package store

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/ident"
	"latchkey/internal/series"
)

// Series keeps figures over time.
type Series struct{ s *Store }

var _ series.Store = Series{}

// Series gives [series.Store].
func (s *Store) Series() Series { return Series{s} }

const (
	minuteSpan = 60
	hourSpan   = 3600
)

// insertSeries passes over rows of organizations that are gone: what they counted last must not outlive them.
const insertSeries = `INSERT INTO series (id, organization, span, at, counts)
	SELECT CAST($1 AS TEXT), o.id, CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT) FROM organizations o WHERE o.id = $2 ON CONFLICT (id) DO NOTHING`

// KeepSeries adds rows.
func (k Series) KeepSeries(ctx context.Context, rows []series.Row) error {
	err := k.s.write(ctx, func(t *tx) error {
		for i := range rows {
			if err := keepSeries(t, &rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping figures: %w", err)
	}
	return nil
}

func keepSeries(t *tx, row *series.Row) error {
	span := minuteSpan
	if row.Hour {
		span = hourSpan
	}
	_, err := t.exec(insertSeries, row.ID, row.Organization, span, micros(row.At), row.Counts.Text())
	return err
}

// Series reads an organization's rows.
func (k Series) Series(ctx context.Context, organization string, from time.Time, each func(at time.Time, c *series.Counts)) error {
	err := k.s.rows(ctx, func(row scanner) error {
		var at int64
		var text string
		if err := row.Scan(&at, &text); err != nil {
			return err
		}
		var counts series.Counts
		counts.Read(text)
		each(time.UnixMicro(at).UTC(), &counts)
		return nil
	}, `SELECT at, counts FROM series WHERE organization = $1 AND at >= $2`, organization, micros(from))
	if err != nil {
		return fmt.Errorf("reading the figures of %s: %w", organization, err)
	}
	return nil
}

// foldSeriesPart is how many minutes one transaction takes.
const foldSeriesPart = 3000

// FoldSeries makes hours of minutes, and drops old hours. A row counts for whoever deletes it.
func (k Series) FoldSeries(ctx context.Context, minutesBefore, hoursBefore time.Time) (more bool, err error) {
	var old []series.Row
	err = k.s.rows(ctx, func(row scanner) error {
		var one series.Row
		var at int64
		var text string
		if err := row.Scan(&one.ID, &one.Organization, &at, &text); err != nil {
			return err
		}
		one.At = time.UnixMicro(at).UTC()
		one.Counts.Read(text)
		old = append(old, one)
		return nil
	}, `SELECT id, organization, at, counts FROM series WHERE span = $1 AND at < $2 ORDER BY at, id LIMIT $3`, minuteSpan, micros(minutesBefore), foldSeriesPart)
	if err != nil {
		return false, fmt.Errorf("reading minutes: %w", err)
	}
	var ended int
	err = k.s.row(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM series WHERE span = $1 AND at < $2 LIMIT 1) ended`, hourSpan, micros(hoursBefore)).Scan(&ended)
	if err != nil {
		return false, fmt.Errorf("looking for old hours: %w", err)
	}
	if len(old) == 0 && ended == 0 {
		return false, nil
	}
	err = k.s.write(ctx, func(t *tx) error { return foldSeries(t, old, hoursBefore) })
	if err != nil {
		return false, fmt.Errorf("making hours of minutes: %w", err)
	}
	return len(old) == foldSeriesPart, nil
}

type seriesHour struct {
	organization string
	at           time.Time
}

func foldSeries(t *tx, minutes []series.Row, hoursBefore time.Time) error {
	hours := map[seriesHour]*series.Counts{}
	for i := range minutes {
		n, err := t.exec(`DELETE FROM series WHERE id = $1`, minutes[i].ID)
		if err != nil {
			return err
		}
		if n == 0 {
			continue // another node has it
		}
		hour := seriesHour{minutes[i].Organization, minutes[i].At.Truncate(time.Hour)}
		if hours[hour] == nil {
			hours[hour] = &series.Counts{}
		}
		hours[hour].Add(&minutes[i].Counts)
	}
	for hour, counts := range hours {
		row := series.Row{ID: ident.New("row"), Organization: hour.organization, At: hour.at, Hour: true, Counts: *counts}
		if err := keepSeries(t, &row); err != nil {
			return err
		}
	}
	_, err := t.exec(`DELETE FROM series WHERE span = $1 AND at < $2`, hourSpan, micros(hoursBefore))
	return err
}
