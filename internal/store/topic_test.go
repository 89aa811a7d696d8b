package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/ident"
	"latchkey/internal/pipeline"
)

// Topics are kept with their record, once by name, and changed by one at a time.
func TestTopics(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		s := fresh(t).open(t)
		topics := s.Topics()
		now := time.Now().UTC().Truncate(time.Microsecond)
		topic := pipeline.Topic{
			ID: ident.New("top"), Organization: connectiontest.Organization, Name: "triggers", Partitions: 15, Age: time.Hour, Bytes: 1 << 40,
			Version: 1, CreatedBy: "key_1", CreatedAt: now, UpdatedAt: now,
		}
		record := audit.Entry{At: now, Organization: topic.Organization, Actor: "key_1", Action: "topic.create", Subject: topic.ID}
		if err := topics.CreateTopic(t.Context(), topic, record); err != nil {
			t.Fatal(err)
		}
		again := topic
		again.ID = ident.New("top")
		if err := topics.CreateTopic(t.Context(), again, record); !errors.Is(err, pipeline.ErrTaken) {
			t.Errorf("a second topic of the name gives %v, want ErrTaken", err)
		}
		for _, ref := range []string{topic.ID, topic.Name} {
			if got, err := topics.Topic(t.Context(), topic.Organization, ref); err != nil || cmp.Diff(topic, got) != "" {
				t.Errorf("Topic(%q): %v\n%s", ref, err, cmp.Diff(topic, got))
			}
		}
		if _, err := topics.Topic(t.Context(), "other@AdobeOrg", topic.Name); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("another organization's topic gives %v, want ErrNotFound", err)
		}
		changed := topic
		changed.Age = 0
		if err := topics.ChangeTopic(t.Context(), changed, record); err != nil {
			t.Fatal(err)
		}
		if err := topics.ChangeTopic(t.Context(), changed, record); !errors.Is(err, pipeline.ErrConflict) {
			t.Errorf("a change of the version before gives %v, want ErrConflict", err)
		}
		if all, err := topics.Topics(t.Context(), ""); err != nil || len(all) != 1 || all[0].Age != 0 || all[0].Version != 2 {
			t.Errorf("Topics = %+v, %v", all, err)
		}
		if err := topics.DeleteTopic(t.Context(), topic.Organization, topic.ID, record); err != nil {
			t.Fatal(err)
		}
		if err := topics.DeleteTopic(t.Context(), topic.Organization, topic.ID, record); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("a second deletion gives %v, want ErrNotFound", err)
		}
	})
}
