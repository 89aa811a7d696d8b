package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/event"
	"latchkey/internal/pipeline"
)

// Topics keeps the topics of the pipeline; their events are in the event log.
type Topics struct{ s *Store }

var _ pipeline.Store = Topics{}

// Topics gives [pipeline.Store].
func (s *Store) Topics() Topics { return Topics{s} }

const topicColumns = `SELECT id, organization, name, description, partitions, retention_age, retention_bytes, version, created_by, created_at, updated_at FROM topics `

func scanTopic(row scanner) (pipeline.Topic, error) {
	var t pipeline.Topic
	var age int64
	var created, updated sql.NullInt64
	err := row.Scan(&t.ID, &t.Organization, &t.Name, &t.Description, &t.Partitions, &age, &t.Bytes, &t.Version, &t.CreatedBy, &created, &updated)
	t.Age, t.CreatedAt, t.UpdatedAt = time.Duration(age)*time.Microsecond, instant(created), instant(updated)
	return t, err
}

// CreateTopic adds one.
func (p Topics) CreateTopic(ctx context.Context, topic pipeline.Topic, record audit.Entry) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(record)
		n, err := t.exec(`INSERT INTO topics (id, organization, name, description, partitions, retention_age, retention_bytes, version, created_by, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (organization, name) DO NOTHING`,
			topic.ID, topic.Organization, topic.Name, topic.Description, topic.Partitions, topic.Age.Microseconds(), topic.Bytes, topic.Version,
			topic.CreatedBy, micros(topic.CreatedAt), micros(topic.UpdatedAt))
		if err == nil && n == 0 {
			return pipeline.ErrTaken
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the topic %q: %w", topic.Name, err)
	}
	return nil
}

// Topic gives one by its id or name.
func (p Topics) Topic(ctx context.Context, organization, ref string) (pipeline.Topic, error) {
	topic, err := scanTopic(p.s.row(ctx, topicColumns+`WHERE organization = $1 AND (id = $2 OR name = $2)`, organization, ref))
	if err != nil {
		return pipeline.Topic{}, orNone(err, pipeline.ErrNotFound)
	}
	return topic, nil
}

// Topics gives those of the organization, by name; of every one when it is "".
func (p Topics) Topics(ctx context.Context, organization string) ([]pipeline.Topic, error) {
	var all []pipeline.Topic
	err := p.s.rows(ctx, func(row scanner) error {
		topic, err := scanTopic(row)
		all = append(all, topic)
		return err
	}, topicColumns+`WHERE $1 = '' OR organization = $1 ORDER BY name, organization`, organization)
	if err != nil {
		return nil, fmt.Errorf("listing topics: %w", err)
	}
	return all, nil
}

// ChangeTopic replaces one whose version is still the same.
func (p Topics) ChangeTopic(ctx context.Context, topic pipeline.Topic, record audit.Entry) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(record)
		n, err := t.exec(`UPDATE topics SET description = $4, retention_age = $5, retention_bytes = $6, updated_at = $7, version = version + 1
			WHERE organization = $1 AND id = $2 AND version = $3`,
			topic.Organization, topic.ID, topic.Version, topic.Description, topic.Age.Microseconds(), topic.Bytes, micros(topic.UpdatedAt))
		if err == nil && n == 0 {
			return pipeline.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("changing the topic %q: %w", topic.Name, err)
	}
	return nil
}

// DeleteTopic removes one.
func (p Topics) DeleteTopic(ctx context.Context, organization, id string, record audit.Entry) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(record)
		n, err := t.exec(`DELETE FROM topics WHERE organization = $1 AND id = $2`, organization, id)
		if err == nil && n == 0 {
			return pipeline.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("removing the topic %s: %w", id, err)
	}
	return nil
}

// Note keeps what happened in the event log.
func (p Topics) Note(ctx context.Context, records []audit.Entry, events []event.Event) error {
	err := p.s.write(ctx, func(t *tx) error {
		t.record(records...)
		t.emit(events...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("recording what happened in the event log: %w", err)
	}
	return nil
}
