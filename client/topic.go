package client

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// Topic is a stream of events.
type Topic struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Description  string `json:"description"`
	Organization string `json:"organization"`
	Partitions   int    `json:"partitions"`
	// RetentionSeconds and RetentionBytes say what is kept; 0 is without end.
	RetentionSeconds int64     `json:"retention_seconds"`
	RetentionBytes   int64     `json:"retention_bytes"`
	CreatedBy        string    `json:"created_by"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`

	Answer
}

// NewTopic is what a topic is made of; zero and nil members are the server's defaults.
type NewTopic struct {
	Name             string `json:"name"`
	Description      string `json:"description,omitempty"`
	Partitions       int    `json:"partitions,omitempty"`
	RetentionSeconds *int64 `json:"retention_seconds,omitempty"`
	RetentionBytes   *int64 `json:"retention_bytes,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// TopicPatch is what to change of a topic; nil members stay as they are.
type TopicPatch struct {
	Description      *string `json:"description,omitempty"`
	RetentionSeconds *int64  `json:"retention_seconds,omitempty"`
	RetentionBytes   *int64  `json:"retention_bytes,omitempty"`
}

// TopicPartition is how a partition stands.
type TopicPartition struct {
	Partition int `json:"partition"`
	// First is the offset of the oldest event that is kept, Next the one that the next event will have.
	First  int64     `json:"first"`
	Next   int64     `json:"next"`
	Events int64     `json:"events"`
	Bytes  int64     `json:"bytes"`
	Oldest time.Time `json:"oldest"`

	Answer
}

// TopicConsumer is how a consumer group stands.
type TopicConsumer struct {
	Group string `json:"group"`
	Topic string `json:"topic"`
	Lag   int64  `json:"lag"`
	// RetentionUsed tells how near its lag is to what the topic keeps: at 1 events are lost.
	RetentionUsed float64                  `json:"retention_used"`
	Partitions    []TopicConsumerPartition `json:"partitions"`
	Members       []TopicMember            `json:"members"`
	CreatedAt     time.Time                `json:"created_at"`
	MovedAt       time.Time                `json:"moved_at"`

	Answer
}

// TopicConsumerPartition is how a group stands in a partition.
type TopicConsumerPartition struct {
	Partition int   `json:"partition"`
	Pointer   int64 `json:"pointer"`
	Next      int64 `json:"next"`
	Lag       int64 `json:"lag"`
	Lost      int64 `json:"lost"`
}

// TopicMember is one connection of a group.
type TopicMember struct {
	ID         string    `json:"id"`
	Partitions []int     `json:"partitions"`
	Since      time.Time `json:"since"`
}

// ConsumerReset says where a group is to go on: To a place ("earliest", "latest"), or At an instant, or at Offsets by
// partition.
type ConsumerReset struct {
	To      string
	At      time.Time
	Offsets map[int]int64
}

// Topics lists topics.
func (c *Client) Topics(ctx context.Context) iter.Seq2[Topic, error] {
	return list[Topic](ctx, c, "/topics", nil)
}

// Topic gives a topic by its name or id.
func (c *Client) Topic(ctx context.Context, ref string) (Topic, error) {
	var out Topic
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/topics/" + segment(ref)}, &out)
	return out, err
}

// CreateTopic makes a topic.
func (c *Client) CreateTopic(ctx context.Context, input NewTopic) (Topic, error) {
	var out Topic
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/topics", header: idempotent(input.IdempotencyKey), body: input}, &out)
	return out, err
}

// UpdateTopic changes what a topic keeps.
func (c *Client) UpdateTopic(ctx context.Context, ref string, patch TopicPatch) (Topic, error) {
	var out Topic
	_, err := c.do(ctx, call{method: http.MethodPatch, path: "/topics/" + segment(ref), body: patch}, &out)
	return out, err
}

// DeleteTopic deletes a topic with its events and its consumer groups.
func (c *Client) DeleteTopic(ctx context.Context, ref string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/topics/" + segment(ref)}, nil)
	return err
}

// TopicPartitions lists a topic's partitions, by number.
func (c *Client) TopicPartitions(ctx context.Context, ref string) iter.Seq2[TopicPartition, error] {
	return list[TopicPartition](ctx, c, "/topics/"+segment(ref)+"/partitions", nil)
}

// TopicConsumers lists a topic's consumer groups.
func (c *Client) TopicConsumers(ctx context.Context, ref string) iter.Seq2[TopicConsumer, error] {
	return list[TopicConsumer](ctx, c, "/topics/"+segment(ref)+"/consumers", nil)
}

// TopicConsumer gives one consumer group.
func (c *Client) TopicConsumer(ctx context.Context, ref, group string) (TopicConsumer, error) {
	var out TopicConsumer
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/topics/" + segment(ref) + "/consumers/" + segment(group)}, &out)
	return out, err
}

// ResetTopicConsumer sets where a group goes on. Its streams end, and begin there when they come again.
func (c *Client) ResetTopicConsumer(ctx context.Context, ref, group string, reset ConsumerReset) (TopicConsumer, error) {
	body := map[string]any{}
	if reset.To != "" {
		body["to"] = reset.To
	}
	if !reset.At.IsZero() {
		body["at"] = reset.At.UTC()
	}
	if len(reset.Offsets) > 0 {
		offsets := map[string]int64{}
		for partition, offset := range reset.Offsets {
			offsets[strconv.Itoa(partition)] = offset
		}
		body["offsets"] = offsets
	}
	var out TopicConsumer
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/topics/" + segment(ref) + "/consumers/" + segment(group) + "/reset", body: body}, &out)
	return out, err
}

// DeleteTopicConsumer deletes a group and its pointers.
func (c *Client) DeleteTopicConsumer(ctx context.Context, ref, group string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/topics/" + segment(ref) + "/consumers/" + segment(group)}, nil)
	return err
}
