// Package eventlog keeps events in the order in which they came, in partitions, until their time is over.
//
// A [Log] is what the broker (package pipeline) stands on. What [Log.Append] has answered is on the disk, or on most of a
// cluster's nodes; offsets of a partition count up from 0 without a gap, whatever fails in between; an event that comes
// twice with one id is kept once, as long as the first is remembered. A log keeps each group's pointers too, the offsets
// from which its members go on, and seats members at partitions, each partition at one of them.
//
// There are two: [OpenEmbedded] keeps a SQLite file of its own beside the database, for one process, and is the default;
// [OpenCluster] keeps streams of a NATS JetStream cluster, for any number of nodes. One suite of tests holds both to this page
// (eventlogtest).
//
// It trusts its caller: who may read or write what is asked further up. A topic is known by an id that is never used again.
package eventlog

import (
	"context"
	"errors"
	"hash/fnv"
	"time"
)

// Topic is what a log has to know of a topic.
type Topic struct {
	// ID is unique for ever, of the characters A-Z, a-z, 0-9 and "_".
	ID string
	// Partitions is how many there are; it never changes.
	Partitions int
	// Age and Bytes say how long and how much is kept; 0 is without end. Bytes is of the whole topic.
	Age   time.Duration
	Bytes int64
}

// Record is one event as it comes in.
type Record struct {
	// ID tells a repetition; "" is none.
	ID string
	// Key decides the partition; "" leaves it to the id, or to chance.
	Key string
	// Organization and Source are what consumers choose by.
	Organization, Source string
	// Body is JSON without line ends.
	Body []byte
}

// Entry is one event in the log.
type Entry struct {
	Offset int64
	At     time.Time // when it was taken
	Record
}

// Placed tells where an event went.
type Placed struct {
	Partition int
	Offset    int64 // −1 of one that was there already and whose place is forgotten
	Duplicate bool
}

// Span is what a partition holds: offsets from First to Next, exclusive.
type Span struct {
	First, Next int64
	Bytes       int64
	// Oldest is when the first of them came; zero when there is none.
	Oldest time.Time
}

// Group is a group of consumers of one topic.
type Group struct {
	Name string
	// Epoch counts how often its pointers were set by hand: a marker of an epoch that is over must not move them.
	Epoch int64
	// Pointers are the offsets to go on from, by partition; a partition without one begins where the group began.
	Pointers  map[int]int64
	CreatedAt time.Time
	// MovedAt is when a pointer last moved.
	MovedAt time.Time
}

// Log is what the broker stands on. Its methods are safe for concurrent use.
type Log interface {
	// Append keeps events, in their order, and answers when they are durable. Either all are taken or an error is given; after
	// an error some may be there all the same, and repeating the call with the same ids keeps them once.
	Append(ctx context.Context, topic Topic, records []Record) ([]Placed, error)
	// Read gives events of a partition from an offset on, in order: those that fit into about limit bytes, one at least if
	// there is one. An offset before the first kept reads from there; the caller sees it at the first entry's offset.
	Read(ctx context.Context, topic Topic, partition int, from int64, limit int) ([]Entry, error)
	// Spans gives what the partitions hold, by number.
	Spans(ctx context.Context, topic Topic) ([]Span, error)
	// News gives a channel that is closed when the topic gets an event after this call.
	News(topic Topic) <-chan struct{}

	// OpenGroup gives a group, and makes it when it is not there with the pointers that begin gives.
	OpenGroup(ctx context.Context, topic Topic, group string, begin func([]Span) map[int]int64) (Group, error)
	// Groups gives those of a topic, by name.
	Groups(ctx context.Context, topic Topic) ([]Group, error)
	// Advance moves pointers forward, never back, and only in the epoch named: else [ErrEpoch]. The result is durable.
	Advance(ctx context.Context, topic Topic, group string, epoch int64, pointers map[int]int64) error
	// Rewind sets pointers wherever it is asked, and begins an epoch.
	Rewind(ctx context.Context, topic Topic, group string, pointers map[int]int64) (Group, error)
	// Forget removes a group and its pointers.
	Forget(ctx context.Context, topic Topic, group string) error
	// Join takes a seat among the group's members.
	Join(ctx context.Context, topic Topic, group string) (Seat, error)
	// Members gives how many members each partition's group has, and who sits where, for people to look at.
	Members(ctx context.Context, topic Topic, group string) ([]Member, error)

	// Trim lets go of what is older or more than the topic keeps.
	Trim(ctx context.Context, topic Topic) (Trimmed, error)
	// Drop removes a topic with its events and groups.
	Drop(ctx context.Context, topic Topic) error
	// Held gives the ids of the topics of which it holds something.
	Held(ctx context.Context) ([]string, error)
	// Ready tells whether events could be taken now.
	Ready(ctx context.Context) error
	// Close ends it after what is under way.
	Close() error
}

// Seat is a member's place in a group.
type Seat interface {
	// Partitions gives what the member reads now, and a channel that is closed when that changes.
	Partitions() ([]int, <-chan struct{})
	// Leave gives the seat back; the others take over its partitions.
	Leave()
}

// Member is one that sits in a group.
type Member struct {
	ID         string
	Partitions []int
	Since      time.Time
}

// Trimmed tells what was let go of.
type Trimmed struct {
	Events, Bytes int64
}

// The errors of a log.
var (
	// ErrFull says that there is no room: nothing of the call was kept.
	ErrFull = errors.New("the event log has no room: the disk is full")
	// ErrUnavailable says that the log can't be reached or written now.
	ErrUnavailable = errors.New("the event log is not available")
	// ErrEpoch says that the group's pointers were set by hand since the marker was made.
	ErrEpoch = errors.New("the group's pointers were reset since")
	// ErrNoGroup says that there is no such group.
	ErrNoGroup = errors.New("no such consumer group")
)

// Partition gives where a key belongs: the same in every process, for ever (FNV-1a, modulo).
func Partition(key string, partitions int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(h.Sum64() % uint64(partitions))
}
