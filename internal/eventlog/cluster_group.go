package eventlog

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// groupKey names a group in the buckets.
func groupKey(topic Topic, group string) string {
	return topic.ID + "." + hex.EncodeToString([]byte(group))
}

// tries is how often a change is tried when others change the same.
const tries = 50

// change reads a value, changes it and puts it back, until nobody else came between. make gives ErrNoGroup for what is not there.
func change[T any](ctx context.Context, kv jetstream.KeyValue, key string, act func(value *T, there bool) (write bool, err error)) (T, error) {
	var value T
	for range tries {
		value = *new(T)
		entry, err := kv.Get(ctx, key)
		there := err == nil
		if err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
			return value, err
		}
		if there {
			if err := json.Unmarshal(entry.Value(), &value); err != nil {
				return value, err
			}
		}
		write, err := act(&value, there)
		if err != nil || !write {
			return value, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return value, err
		}
		if there {
			_, err = kv.Update(ctx, key, text, entry.Revision())
		} else {
			_, err = kv.Create(ctx, key, text)
		}
		if failed, ok := errors.AsType[*jetstream.APIError](err); errors.Is(err, jetstream.ErrKeyExists) || ok && failed.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
			continue
		}
		return value, err
	}
	return value, errors.New("others change it all the time")
}

// OpenGroup implements [Log].
func (c *Cluster) OpenGroup(ctx context.Context, topic Topic, group string, begin func([]Span) map[int]int64) (Group, error) {
	if err := c.reachable(ctx); err != nil {
		return Group{}, err
	}
	var spans []Span
	found, err := change(ctx, c.groups, groupKey(topic, group), func(g *Group, there bool) (bool, error) {
		if there {
			return false, nil
		}
		if spans == nil {
			var err error
			if spans, err = c.Spans(ctx, topic); err != nil {
				return false, err
			}
		}
		*g = Group{Name: group, Pointers: begin(spans), CreatedAt: c.config.Clock.Now().UTC()}
		return true, nil
	})
	if found.Pointers == nil {
		found.Pointers = map[int]int64{}
	}
	return found, c.failed(err)
}

// failed passes on this room's own errors, and tells the cluster's.
func (c *Cluster) failed(err error) error {
	if errors.Is(err, ErrEpoch) || errors.Is(err, ErrNoGroup) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrFull) {
		return err
	}
	return c.told(err)
}

// Groups implements [Log].
func (c *Cluster) Groups(ctx context.Context, topic Topic) ([]Group, error) {
	if err := c.reachable(ctx); err != nil {
		return nil, err
	}
	keys, err := c.groups.ListKeysFiltered(ctx, topic.ID+".*")
	if err != nil {
		return nil, c.told(err)
	}
	var names []string
	for key := range keys.Keys() {
		names = append(names, key)
	}
	var groups []Group
	for _, key := range names {
		entry, err := c.groups.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, c.told(err)
		}
		var g Group
		if err := json.Unmarshal(entry.Value(), &g); err != nil {
			return nil, fmt.Errorf("reading a group: %w", err)
		}
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return groups, nil
}

// Advance implements [Log].
func (c *Cluster) Advance(ctx context.Context, topic Topic, group string, epoch int64, pointers map[int]int64) error {
	if err := c.reachable(ctx); err != nil {
		return err
	}
	_, err := change(ctx, c.groups, groupKey(topic, group), func(g *Group, there bool) (bool, error) {
		if !there || g.Epoch != epoch {
			return false, ErrEpoch
		}
		if g.Pointers == nil {
			g.Pointers = map[int]int64{}
		}
		for p, next := range pointers {
			g.Pointers[p] = max(g.Pointers[p], next)
		}
		g.MovedAt = c.config.Clock.Now().UTC()
		return true, nil
	})
	return c.failed(err)
}

// Rewind implements [Log].
func (c *Cluster) Rewind(ctx context.Context, topic Topic, group string, pointers map[int]int64) (Group, error) {
	if err := c.reachable(ctx); err != nil {
		return Group{}, err
	}
	g, err := change(ctx, c.groups, groupKey(topic, group), func(g *Group, there bool) (bool, error) {
		if !there {
			return false, ErrNoGroup
		}
		if g.Pointers == nil {
			g.Pointers = map[int]int64{}
		}
		for p, next := range pointers {
			g.Pointers[p] = next
		}
		g.Epoch++
		g.MovedAt = c.config.Clock.Now().UTC()
		return true, nil
	})
	return g, c.failed(err)
}

// Forget implements [Log].
func (c *Cluster) Forget(ctx context.Context, topic Topic, group string) error {
	if err := c.reachable(ctx); err != nil {
		return err
	}
	key := groupKey(topic, group)
	if _, err := c.groups.Get(ctx, key); errors.Is(err, jetstream.ErrKeyNotFound) {
		return ErrNoGroup
	}
	return c.told(errors.Join(c.groups.Purge(ctx, key), c.members.Purge(ctx, key)))
}

// sitting is who sits in a group, in the order in which they came.
type sitting struct {
	Members []sitter `json:"members"`
}

type sitter struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
	Seen  time.Time `json:"seen"` // by the clock of its node
}

// gone is after how many beats a member is lost.
const gone = 4

func (s *sitting) sweep(now time.Time, beat time.Duration) {
	s.Members = slices.DeleteFunc(s.Members, func(m sitter) bool { return now.Sub(m.Seen) > gone*beat })
}

// Join implements [Log].
func (c *Cluster) Join(ctx context.Context, topic Topic, group string) (Seat, error) {
	if err := c.reachable(ctx); err != nil {
		return nil, err
	}
	m := &remoteSeat{of: c, key: groupKey(topic, group), id: newMember(), count: topic.Partitions, changed: make(chan struct{}), ended: make(chan struct{})}
	m.ctx, m.stop = context.WithCancel(c.ctx)
	watch, err := c.members.Watch(m.ctx, m.key, jetstream.IgnoreDeletes())
	if err == nil {
		err = m.beat(ctx)
	}
	if err != nil {
		m.stop()
		return nil, c.failed(err)
	}
	go m.follow(watch)
	return m, nil
}

// Members implements [Log].
func (c *Cluster) Members(ctx context.Context, topic Topic, group string) ([]Member, error) {
	if err := c.reachable(ctx); err != nil {
		return nil, err
	}
	now, beat := c.config.Clock.Now(), c.config.Beat
	s, err := change(ctx, c.members, groupKey(topic, group), func(*sitting, bool) (bool, error) { return false, nil })
	if err != nil {
		return nil, c.failed(err)
	}
	s.sweep(now, beat)
	var out []Member
	for i, m := range s.Members {
		out = append(out, Member{m.ID, assigned(topic.Partitions, i, len(s.Members)), m.Since})
	}
	return out, nil
}
