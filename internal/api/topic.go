package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/pipeline"
)

// Topic is a stream of events.
type Topic struct {
	ID               string    `json:"id" example:"top_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name             string    `json:"name" doc:"Unique in the organization." example:"triggers"`
	Description      string    `json:"description"`
	Organization     string    `json:"organization" example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Partitions       int       `json:"partitions" doc:"How many there are; it never changes." example:"15"`
	RetentionSeconds int64     `json:"retention_seconds" doc:"How long events are kept; 0 is for ever." example:"604800"`
	RetentionBytes   int64     `json:"retention_bytes" doc:"How many bytes of events are kept; 0 is without limit." example:"4294967296"`
	CreatedBy        string    `json:"created_by"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
}

// NewTopic asks for a topic.
type NewTopic struct {
	Name             string `json:"name" doc:"Up to 100 letters, digits and . _ -" example:"triggers"`
	Description      string `json:"description,omitempty" doc:"What people should know of it."`
	Partitions       int    `json:"partitions,omitempty" doc:"1 to 128; without it 15." example:"15"`
	RetentionSeconds *int64 `json:"retention_seconds,omitempty" doc:"A minute at least, or 0 for ever; without it seven days."`
	RetentionBytes   *int64 `json:"retention_bytes,omitempty" doc:"1048576 at least, or 0 for no limit; without it 4 GiB."`
}

// TopicPatch changes a topic.
type TopicPatch struct {
	Description      *string `json:"description,omitempty"`
	RetentionSeconds *int64  `json:"retention_seconds,omitempty" doc:"What is older goes within a minute."`
	RetentionBytes   *int64  `json:"retention_bytes,omitempty" doc:"What is more goes within a minute, the oldest first."`
}

// TopicPartition is how a partition stands.
type TopicPartition struct {
	Partition int        `json:"partition"`
	First     int64      `json:"first" doc:"The offset of the oldest event that is kept."`
	Next      int64      `json:"next" doc:"The offset that the next event will have."`
	Events    int64      `json:"events"`
	Bytes     int64      `json:"bytes"`
	Oldest    *time.Time `json:"oldest" doc:"When the oldest event came; null when there is none."`
}

// TopicConsumer is how a consumer group stands.
type TopicConsumer struct {
	Group         string                   `json:"group" example:"campaign-prod"`
	Topic         string                   `json:"topic" example:"triggers"`
	Lag           int64                    `json:"lag" doc:"How many events it has not committed."`
	RetentionUsed float64                  `json:"retention_used" doc:"How near its lag is to what the topic keeps, by age or by bytes: at 1 events are lost."`
	Partitions    []TopicConsumerPartition `json:"partitions" nullable:"false"`
	Members       []TopicMember            `json:"members" nullable:"false" doc:"Who is connected."`
	CreatedAt     time.Time                `json:"created_at"`
	MovedAt       *time.Time               `json:"moved_at" doc:"When a pointer last moved."`
}

// TopicConsumerPartition is how a group stands in a partition.
type TopicConsumerPartition struct {
	Partition int   `json:"partition"`
	Pointer   int64 `json:"pointer" doc:"The offset that the group goes on from."`
	Next      int64 `json:"next"`
	Lag       int64 `json:"lag"`
	Lost      int64 `json:"lost" doc:"How many events went before the group had read them."`
}

// TopicMember is one connection of a group.
type TopicMember struct {
	ID         string    `json:"id" example:"mem_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Partitions []int     `json:"partitions" nullable:"false"`
	Since      time.Time `json:"since"`
}

// ConsumerReset says where a group is to go on: one of the three.
type ConsumerReset struct {
	To      string           `json:"to,omitempty" enum:"earliest,latest" doc:"A place." example:"earliest"`
	At      *time.Time       `json:"at,omitempty" doc:"The first event that came then or later."`
	Offsets map[string]int64 `json:"offsets,omitempty" doc:"Offsets by partition; partitions without one stay."`
}

// TopicRef names a topic in a path.
type TopicRef struct {
	Topic string `path:"topic" doc:"The topic's name or id." example:"triggers"`
}

// ConsumerRef names a consumer group in a path.
type ConsumerRef struct {
	TopicRef
	Group string `path:"group" doc:"The consumer group." example:"campaign-prod"`
}

type (
	topicPage struct {
		TopicRef
		Paging
	}
	newTopic   struct{ body[NewTopic] }
	patchTopic struct {
		TopicRef
		body[TopicPatch]
	}
	resetConsumer struct {
		ConsumerRef
		body[ConsumerReset]
	}
)

const (
	topicExample = `{"id": "top_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "triggers", "description": "", "organization": "6096892F54B5819E0A4C98A2@AdobeOrg", "partitions": 15,
  "retention_seconds": 604800, "retention_bytes": 4294967296, "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z"}`
	consumerExample = `{"group": "campaign-prod", "topic": "triggers", "lag": 12, "retention_used": 0.01, "partitions": [{"partition": 0, "pointer": 1090909, "next": 1090921, "lag": 12, "lost": 0}],
  "members": [{"id": "mem_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "partitions": [0], "since": "2026-11-21T09:30:00Z"}], "created_at": "2026-11-20T09:30:00Z", "moved_at": "2026-11-21T09:31:00Z"}`
)

func (s *server) topicRoutes(h huma.API) {
	const base = apiPrefix + "/topics"
	const tag = "Pipeline"
	gone := []*Kind{kindNotFound, kindUnavailable}
	add(s, h, operation{id: "create-topic", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Make a topic", description: "Events are produced to it and consumed from it under /pipeline/topics/{name}/messages.",
		scope: access.RegistryWrite, asks: `{"name": "triggers"}`, answers: topicExample, idempotent: true, fails: []*Kind{kindNameTaken, kindUnavailable}}, s.createTopic)
	add(s, h, operation{id: "list-topics", method: http.MethodGet, path: base, tag: tag,
		summary: "List topics", description: "By name. The scope `registry:read` does, too.", scope: access.PipelineConsume}, s.listTopics)
	add(s, h, operation{id: "get-topic", method: http.MethodGet, path: base + "/{topic}", tag: tag,
		summary: "Read a topic", scope: access.PipelineConsume, answers: topicExample, fails: []*Kind{kindNotFound}}, s.getTopic)
	add(s, h, operation{id: "patch-topic", method: http.MethodPatch, path: base + "/{topic}", tag: tag,
		summary: "Change what a topic keeps", scope: access.RegistryWrite, asks: `{"retention_seconds": 1209600}`, answers: topicExample,
		fails: []*Kind{kindNotFound, kindState}}, s.patchTopic)
	add(s, h, operation{id: "delete-topic", method: http.MethodDelete, path: base + "/{topic}", tag: tag, status: http.StatusNoContent,
		summary: "Delete a topic", description: "With its events and its consumer groups.", scope: access.RegistryWrite, fails: []*Kind{kindNotFound}}, s.deleteTopic)
	add(s, h, operation{id: "list-topic-partitions", method: http.MethodGet, path: base + "/{topic}/partitions", tag: tag,
		summary: "List a topic's partitions", description: "What each holds, by number.", scope: access.PipelineConsume, fails: gone}, s.listPartitions)
	add(s, h, operation{id: "list-topic-consumers", method: http.MethodGet, path: base + "/{topic}/consumers", tag: tag,
		summary: "List a topic's consumer groups", description: "With their pointers, lag and members, by name.", scope: access.PipelineConsume, fails: gone}, s.listConsumers)
	add(s, h, operation{id: "get-topic-consumer", method: http.MethodGet, path: base + "/{topic}/consumers/{group}", tag: tag,
		summary: "Read a consumer group", scope: access.PipelineConsume, answers: consumerExample, fails: gone}, s.getConsumer)
	add(s, h, operation{id: "reset-topic-consumer", method: http.MethodPost, path: base + "/{topic}/consumers/{group}/reset", tag: tag,
		summary:     "Set where a consumer group goes on",
		description: "Its streams end, and go on from there when their consumers connect again. Sync markers from before count no more.",
		scope:       access.RegistryWrite, asks: `{"to": "earliest"}`, answers: consumerExample, fails: gone}, s.resetConsumer)
	add(s, h, operation{id: "delete-topic-consumer", method: http.MethodDelete, path: base + "/{topic}/consumers/{group}", tag: tag, status: http.StatusNoContent,
		summary: "Delete a consumer group", description: "With its pointers. It must have no members.", scope: access.RegistryWrite, fails: gone}, s.deleteConsumer)
}

func seconds(n *int64) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(min(max(*n, -1), 1<<32)) * time.Second
	return &d
}

func (s *server) createTopic(ctx context.Context, c call, in *newTopic) (*created[Topic], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Pipeline.Create(ctx, c.caller, pipeline.Create{
		Name: ask.Name, Description: ask.Description, Partitions: ask.Partitions, Age: seconds(ask.RetentionSeconds), Bytes: ask.RetentionBytes,
	})
	if err != nil {
		return nil, err
	}
	return &created[Topic]{Location: apiPrefix + "/topics/" + url.PathEscape(made.Name), Body: shownTopic(made)}, nil
}

func (s *server) listTopics(ctx context.Context, c call, in *Paging) (*reply[Page[Topic]], error) {
	all, err := s.Pipeline.Topics(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownTopic), *in, func(t Topic) string { return t.Name })
	return &reply[Page[Topic]]{out}, err
}

func (s *server) getTopic(ctx context.Context, c call, in *TopicRef) (*reply[Topic], error) {
	found, err := s.Pipeline.Topic(ctx, c.caller, in.Topic)
	return &reply[Topic]{shownTopic(found)}, err
}

func (s *server) patchTopic(ctx context.Context, c call, in *patchTopic) (*reply[Topic], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	changed, err := s.Pipeline.Change(ctx, c.caller, in.Topic, pipeline.Change{
		Description: ask.Description, Age: seconds(ask.RetentionSeconds), Bytes: ask.RetentionBytes,
	})
	return &reply[Topic]{shownTopic(changed)}, err
}

func (s *server) deleteTopic(ctx context.Context, c call, in *TopicRef) (*done, error) {
	return nil, s.Pipeline.Delete(ctx, c.caller, in.Topic)
}

func (s *server) listPartitions(ctx context.Context, c call, in *topicPage) (*reply[Page[TopicPartition]], error) {
	all, err := s.Pipeline.Partitions(ctx, c.caller, in.Topic)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, func(p pipeline.Partition) TopicPartition {
		return TopicPartition{p.Number, p.First, p.Next, p.Next - p.First, p.Bytes, stamp(p.Oldest)}
	}), in.Paging, func(p TopicPartition) string { return padded(p.Partition) })
	return &reply[Page[TopicPartition]]{out}, err
}

// padded makes numbers sort as they count.
func padded(n int) string {
	text := strconv.Itoa(n)
	return "000"[min(3, len(text)):] + text
}

func (s *server) listConsumers(ctx context.Context, c call, in *topicPage) (*reply[Page[TopicConsumer]], error) {
	all, err := s.Pipeline.Consumers(ctx, c.caller, in.Topic)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownConsumer), in.Paging, func(c TopicConsumer) string { return c.Group })
	return &reply[Page[TopicConsumer]]{out}, err
}

func (s *server) getConsumer(ctx context.Context, c call, in *ConsumerRef) (*reply[TopicConsumer], error) {
	found, err := s.Pipeline.Consumer(ctx, c.caller, in.Topic, in.Group)
	return &reply[TopicConsumer]{shownConsumer(found)}, err
}

func (s *server) resetConsumer(ctx context.Context, c call, in *resetConsumer) (*reply[TopicConsumer], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	reset := pipeline.Reset{To: ask.To}
	if ask.At != nil {
		reset.At = *ask.At
	}
	for partition, offset := range ask.Offsets {
		n, err := strconv.Atoi(partition)
		if err != nil {
			return nil, invalid(Item{Pointer: "/offsets/" + partition, Message: "the partition is no number", Fix: `Write {"offsets": {"0": 1090921}}.`})
		}
		if reset.Offsets == nil {
			reset.Offsets = map[int]int64{}
		}
		reset.Offsets[n] = offset
	}
	stands, err := s.Pipeline.Reset(ctx, c.caller, in.Topic, in.Group, reset)
	return &reply[TopicConsumer]{shownConsumer(stands)}, err
}

func (s *server) deleteConsumer(ctx context.Context, c call, in *ConsumerRef) (*done, error) {
	return nil, s.Pipeline.Forget(ctx, c.caller, in.Topic, in.Group)
}

func shownTopic(t pipeline.Topic) Topic {
	return Topic{
		ID: t.ID, Name: t.Name, Description: t.Description, Organization: t.Organization, Partitions: t.Partitions,
		RetentionSeconds: int64(t.Age / time.Second), RetentionBytes: t.Bytes, CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
}

func shownConsumer(c pipeline.Consumer) TopicConsumer {
	out := TopicConsumer{
		Group: c.Group, Topic: c.Topic.Name, Lag: c.Lag, RetentionUsed: float64(int(c.Near*1000)) / 1000, Partitions: []TopicConsumerPartition{},
		Members: []TopicMember{}, CreatedAt: c.CreatedAt, MovedAt: stamp(c.MovedAt),
	}
	for _, p := range c.Partitions {
		out.Partitions = append(out.Partitions, TopicConsumerPartition{p.Number, p.Pointer, p.Next, p.Lag, p.Lost})
	}
	for _, m := range c.Members {
		out.Members = append(out.Members, TopicMember{m.ID, append([]int{}, m.Partitions...), m.Since.UTC()})
	}
	return out
}
