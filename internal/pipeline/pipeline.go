// Package pipeline is the broker of the trigger pipeline: producers put events into topics, consumers stream them out again
// (spec/campaign-and-pipeline.md §2.4).
//
// [Broker] holds the use cases, [NewHandler] the HTTP surface under /pipeline and its older alias /v1. Events stand in an
// [eventlog.Log]; topics, which people make, in the store with their audit record. A consumer is a group: each group gets
// every event once more, in the order of each partition; its members share the partitions among them, and one who is lost
// loses them to the others. A group goes on from its pointers, which move when a member sends back a sync marker. So an
// event is delivered at least once: again, when it was sent and its marker never came back.
//
// What it guarantees: an event that was answered 200 is durable. What it trusts: the verifiers that it is handed, for who
// calls; a caller's scopes say whether it may produce and consume, in its own organization's topics alone.
package pipeline

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"latchkey/internal/eventlog"
)

// Topic is a stream of events in partitions.
type Topic struct {
	// ID is "top_" and a ULID.
	ID           string
	Organization string
	// Name is unique in the organization.
	Name        string
	Description string
	// Partitions is how many there are; it never changes, for a key's partition would.
	Partitions int
	// Age and Bytes say what is kept; 0 is without end.
	Age   time.Duration
	Bytes int64
	// Version counts changes, from 1.
	Version              int64
	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
}

// log gives what the log has to know of it.
func (t Topic) log() eventlog.Topic {
	return eventlog.Topic{ID: t.ID, Partitions: t.Partitions, Age: t.Age, Bytes: t.Bytes}
}

// What a topic is made with when nothing else is said, and the bounds.
const (
	DefaultPartitions = 15
	DefaultAge        = 7 * 24 * time.Hour
	DefaultBytes      = 4 << 30
	MaxPartitions     = 128
	MinAge            = time.Minute
	MinBytes          = 1 << 20
)

// Message is one event as a producer sends it.
type Message struct {
	// ID is the producer's own, by which a repetition is known; "" for none.
	ID string
	// Key decides the partition: events of one key stay in their order.
	Key string
	// Organization and Source are what consumers choose by.
	Organization, Source string
	// Text is the whole message in JSON, as it came.
	Text []byte
}

// The errors of this room, beside [*access.DeniedError] and [*InvalidError] and those of package eventlog.
var (
	// ErrNotFound is given for a topic that does not exist, or not for this caller.
	ErrNotFound = errors.New("no such topic")
	// ErrTaken says that the organization has a topic of that name.
	ErrTaken = errors.New("there is a topic of that name already")
	// ErrConflict says that somebody else changed the topic at the same time.
	ErrConflict = errors.New("the topic was changed at the same time")
	// ErrMarker is given for a sync marker that this group never got.
	ErrMarker = errors.New("the sync marker is none of this group's")
)

// InvalidError says what is wrong with what was asked for.
type InvalidError struct {
	// Pointer is the JSON pointer (RFC 6901) of the wrong member.
	Pointer string
	// Message says what is wrong, Fix what to do.
	Message, Fix string
}

func (e *InvalidError) Error() string { return e.Message }

var (
	topicName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	groupName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@:-]{0,199}$`)
)

func checkGroup(name string) error {
	if !groupName.MatchString(name) {
		return &InvalidError{"/group", fmt.Sprintf("%.64q is no name of a consumer group", name), "use up to 200 letters, digits and . _ - @ :"}
	}
	return nil
}
