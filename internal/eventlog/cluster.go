package eventlog

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// ClusterConfig says which cluster to use.
type ClusterConfig struct {
	// URL is nats://host:4222 or tls://host:4222, several with commas between; it may hold a user and a password.
	URL secret.String
	// Replicas is on how many of its nodes each event is kept; 0 is 3.
	Replicas int
	// CredentialsFile holds a user's JWT and seed; "" is none. RootsFiles are PEM files of further authorities that
	// tls:// trusts.
	CredentialsFile string
	RootsFiles      []string
	Clock           clock.Clock
	Log             *slog.Logger
	// Beat is how often a member tells that it lives; 0 is 3 s. One that has not for four beats is gone.
	Beat time.Duration
	// Moment is how long a call waits for a cluster that just changes its leader or its connection; 0 is 2 s. Longer than
	// that, callers are told at once: they come again.
	Moment time.Duration
}

// Cluster is a log in a NATS JetStream cluster (nats-server 2.11 or newer): a stream a partition, whose sequence is the offset
// plus one. An event that was acknowledged is on most of its replicas; how often a node syncs its disk is the cluster's own
// setting (sync_interval), so a power loss that takes most nodes at once takes what they had not synced.
//
// Pointers and seats are in key-value buckets, changed by compare and set. Nodes tell each other of new events by a message
// that may be lost; each looks for itself every second besides.
type Cluster struct {
	config  ClusterConfig
	conn    *nats.Conn
	js      jetstream.JetStream
	groups  jetstream.KeyValue
	members jetstream.KeyValue
	notices *nats.Subscription
	link    *link
	ctx     context.Context // of what runs in the background
	stop    context.CancelFunc
	running sync.WaitGroup
	making  sync.Mutex // held by who makes streams

	mu     sync.Mutex
	known  map[string]Topic       // :: topic id → as its streams are
	topics map[string]*remoteNews // :: topic id → what is known of its ends
}

// remoteNews is what this node knows of a topic's events.
type remoteNews struct {
	topic  Topic
	next   []int64
	news   chan struct{}
	looked time.Time
}

var _ Log = (*Cluster)(nil)

const (
	subjects     = "latchkey.events."
	noticeStem   = "latchkey.news."
	groupBucket  = "latchkey_groups"
	memberBucket = "latchkey_members"
	streamStem   = "LATCHKEY_"
)

// OpenCluster connects to a cluster. One that can't be reached is no error: it is tried again until it can be, and until then
// everything is [ErrUnavailable].
func OpenCluster(ctx context.Context, config ClusterConfig) (*Cluster, error) {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Replicas == 0 {
		config.Replicas = 3
	}
	if config.Beat == 0 {
		config.Beat = 3 * time.Second
	}
	if config.Moment == 0 {
		config.Moment = 2 * time.Second
	}
	c := &Cluster{config: config, known: map[string]Topic{}, topics: map[string]*remoteNews{}, link: newLink()}
	c.ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := c.connect(); err != nil {
		c.stop()
		if c.conn != nil {
			c.conn.Close()
		}
		return nil, fmt.Errorf("opening the event log in NATS: %w", err)
	}
	c.begin(ctx)
	c.running.Go(c.look)
	return c, nil
}

func streamName(topic Topic, partition int) string {
	return streamStem + topic.ID + "_" + strconv.Itoa(partition)
}

func subject(topic Topic, partition int) string {
	return subjects + topic.ID + "." + strconv.Itoa(partition)
}

// ensure makes a topic's streams, and gives them what the topic keeps.
func (c *Cluster) ensure(ctx context.Context, topic Topic) error {
	if err := c.reachable(ctx); err != nil {
		return err
	}
	if c.knows(topic) {
		return nil
	}
	c.making.Lock() // who comes meanwhile finds them made
	defer c.making.Unlock()
	if c.knows(topic) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	errs := make([]error, topic.Partitions)
	var wg sync.WaitGroup
	for p := range topic.Partitions {
		wg.Go(func() {
			config := jetstream.StreamConfig{
				Name: streamName(topic, p), Subjects: []string{subject(topic, p)}, Replicas: c.config.Replicas, Storage: jetstream.FileStorage,
				Duplicates: Remembered, AllowDirect: true, MaxBytes: -1,
			}
			if topic.Age > 0 {
				config.MaxAge = max(topic.Age, time.Second)
				config.Duplicates = min(config.Duplicates, config.MaxAge)
			}
			if topic.Bytes > 0 {
				config.MaxBytes = max(topic.Bytes/int64(topic.Partitions), 1024)
			}
			if _, errs[p] = c.js.CreateOrUpdateStream(ctx, config); errs[p] == nil {
				errs[p] = c.reached(ctx, topic, p)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return c.told(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[topic.ID] = topic
	return nil
}

// starting is how long streams may take until they have a leader.
const starting = 30 * time.Second

func (c *Cluster) knows(topic Topic) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[topic.ID] == topic
}

// reached waits until this connection reaches a stream that may be new: what nobody takes is sent again, and would come behind
// what was sent after it. The message that asks is one that the stream refuses.
func (c *Cluster) reached(ctx context.Context, topic Topic, partition int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		probe := &nats.Msg{Subject: subject(topic, partition), Header: nats.Header{jetstream.ExpectedStreamHeader: {"none"}}}
		_, err := c.conn.RequestMsgWithContext(ctx, probe)
		if !errors.Is(err, nats.ErrNoResponders) {
			return err
		}
		timer := c.config.Clock.NewTimer(10 * time.Millisecond)
		select {
		case <-timer.C():
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// told gives a failure of the cluster in this room's words.
func (c *Cluster) told(err error) error {
	if err == nil {
		return nil
	}
	if failed, ok := errors.AsType[*jetstream.APIError](err); ok && failed.ErrorCode == 10023 { // insufficient resources
		return fmt.Errorf("%w (%w)", ErrFull, err)
	}
	return fmt.Errorf("%w (%w)", ErrUnavailable, err)
}

// Append implements [Log]. Events of one call go out one behind the other and are not sent again by themselves, so they stand
// in their order; those of a call that failed and is repeated may not.
func (c *Cluster) Append(ctx context.Context, topic Topic, records []Record) ([]Placed, error) {
	if err := c.ensure(ctx, topic); err != nil {
		return nil, err
	}
	placed := make([]Placed, len(records))
	sent := make([]sent, len(records))
	first := map[string]int{} // :: id → its first place in this call
	turn := int(c.config.Clock.Now().UnixNano() % int64(topic.Partitions))
	for i := range records {
		r := &records[i]
		if r.ID != "" {
			if at, ok := first[r.ID]; ok {
				sent[i].repeats = &placed[at]
				continue
			}
			first[r.ID] = i
		}
		placed[i].Partition = chosen(r, topic.Partitions, turn+i)
		sent[i].message = message(topic, placed[i].Partition, r)
		var err error
		if sent[i].ack, err = c.js.PublishMsgAsync(sent[i].message, jetstream.WithRetryAttempts(0)); err != nil {
			return nil, c.told(err)
		}
	}
	next := map[int]int64{}
	for i := range sent {
		if sent[i].repeats != nil {
			placed[i] = *sent[i].repeats
			placed[i].Duplicate = true
			continue
		}
		ack, err := c.await(ctx, &sent[i])
		if err != nil {
			return nil, err
		}
		placed[i].Offset, placed[i].Duplicate = int64(ack.Sequence)-1, ack.Duplicate
		next[placed[i].Partition] = max(next[placed[i].Partition], int64(ack.Sequence))
	}
	c.tell(topic, next)
	return placed, nil
}

// sent is an event on its way; repeats is where its id stood in the same call before.
type sent struct {
	message *nats.Msg
	ack     jetstream.PubAckFuture
	repeats *Placed
}

func chosen(r *Record, partitions, turn int) int {
	switch {
	case r.Key != "":
		return Partition(r.Key, partitions)
	case r.ID != "":
		return Partition(r.ID, partitions)
	}
	return turn % partitions
}

func message(topic Topic, partition int, r *Record) *nats.Msg {
	m := &nats.Msg{Subject: subject(topic, partition), Data: appendRecord(make([]byte, 0, r.size()+24), 0, r)}
	if r.ID != "" {
		id := hashID(r.ID)
		m.Header = nats.Header{jetstream.MsgIDHeader: {hex.EncodeToString(id[:])}}
	}
	return m
}

// inProcess is the cluster's code for an id that another call is just keeping.
const inProcess = 10158

// await gives the cluster's answer. An id that another call is keeping is asked for again, until that has ended.
func (c *Cluster) await(ctx context.Context, s *sent) (*jetstream.PubAck, error) {
	select {
	case ack := <-s.ack.Ok():
		return ack, nil
	case err := <-s.ack.Err():
		for range tries {
			if failed, ok := errors.AsType[*jetstream.APIError](err); !ok || failed.ErrorCode != inProcess {
				break
			}
			var ack *jetstream.PubAck
			if ack, err = c.js.PublishMsg(ctx, s.message); err == nil {
				return ack, nil
			}
		}
		return nil, c.told(err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tell lets this node and the others know of new events.
func (c *Cluster) tell(topic Topic, next map[int]int64) {
	var text strings.Builder
	for p, n := range next {
		fmt.Fprintf(&text, "%d:%d ", p, n)
	}
	_ = c.conn.Publish(noticeStem+topic.ID+"."+strconv.Itoa(topic.Partitions), []byte(text.String())) // else they look for themselves
	c.advanced(topic, next)
}

func (c *Cluster) noticed(m *nats.Msg) {
	parts := strings.Split(strings.TrimPrefix(m.Subject, noticeStem), ".")
	if len(parts) != 2 {
		return
	}
	next := map[int]int64{}
	for pair := range strings.FieldsSeq(string(m.Data)) {
		p, n, _ := strings.Cut(pair, ":")
		partition, err := strconv.Atoi(p)
		offset, offsetErr := strconv.ParseInt(n, 10, 64)
		if err == nil && offsetErr == nil {
			next[partition] = offset
		}
	}
	c.mu.Lock()
	state := c.topics[parts[0]]
	c.mu.Unlock()
	if state != nil {
		c.advanced(state.topic, next)
	}
}

// advanced notes that partitions reach so far.
func (c *Cluster) advanced(topic Topic, next map[int]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.remote(topic)
	moved := false
	for p, n := range next {
		if p >= 0 && p < len(state.next) && n > state.next[p] {
			state.next[p], moved = n, true
		}
	}
	if moved {
		close(state.news)
		state.news = make(chan struct{})
	}
}

// remote gives what is known of a topic. c.mu is held.
func (c *Cluster) remote(topic Topic) *remoteNews {
	state := c.topics[topic.ID]
	if state == nil {
		state = &remoteNews{topic: topic, next: make([]int64, topic.Partitions), news: make(chan struct{})}
		c.topics[topic.ID] = state
	}
	return state
}

// look asks the cluster, every second, how far the topics reach that somebody reads.
func (c *Cluster) look() {
	for {
		timer := c.config.Clock.NewTimer(time.Second)
		select {
		case <-c.ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
		if c.conn.IsConnected() {
			c.link.can(false)
		}
		c.mu.Lock()
		var topics []Topic
		for _, state := range c.topics {
			if c.config.Clock.Now().Sub(state.looked) < time.Minute {
				topics = append(topics, state.topic)
			}
		}
		c.mu.Unlock()
		for _, topic := range topics {
			if _, err := c.Spans(c.ctx, topic); err != nil && c.ctx.Err() == nil && c.link.cause() == nil {
				c.config.Log.Warn("looking how far a topic reaches", "topic", topic.ID, "error", err)
			}
		}
	}
}

// News implements [Log].
func (c *Cluster) News(topic Topic) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.remote(topic)
	state.looked = c.config.Clock.Now()
	return state.news
}

// Spans implements [Log].
func (c *Cluster) Spans(ctx context.Context, topic Topic) ([]Span, error) {
	if err := c.ensure(ctx, topic); err != nil {
		return nil, err
	}
	spans := make([]Span, topic.Partitions)
	errs := make([]error, topic.Partitions)
	var wg sync.WaitGroup
	for p := range topic.Partitions {
		wg.Go(func() {
			stream, err := c.js.Stream(ctx, streamName(topic, p))
			if err != nil {
				errs[p] = err
				return
			}
			state := stream.CachedInfo().State
			spans[p] = Span{First: int64(max(state.FirstSeq, 1)) - 1, Next: int64(state.LastSeq), Bytes: int64(state.Bytes)}
			if state.Msgs > 0 {
				spans[p].Oldest = state.FirstTime.UTC()
			} else {
				spans[p].First = spans[p].Next
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, c.told(err)
	}
	next := map[int]int64{}
	for p, span := range spans {
		next[p] = span.Next
	}
	c.advanced(topic, next)
	return spans, nil
}

// Trim implements [Log]: the cluster lets go by itself, of what it is told to keep.
func (c *Cluster) Trim(ctx context.Context, topic Topic) (Trimmed, error) {
	return Trimmed{}, c.ensure(ctx, topic)
}

// Drop implements [Log].
func (c *Cluster) Drop(ctx context.Context, topic Topic) error {
	if err := c.reachable(ctx); err != nil {
		return err
	}
	names := c.js.StreamNames(ctx, jetstream.WithStreamListSubject(subjects+topic.ID+".*"))
	for name := range names.Name() {
		if err := c.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return c.told(err)
		}
	}
	if err := names.Err(); err != nil {
		return c.told(err)
	}
	groups, err := c.Groups(ctx, topic)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := c.Forget(ctx, topic, g.Name); err != nil && !errors.Is(err, ErrNoGroup) {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, topic.ID)
	if state := c.topics[topic.ID]; state != nil {
		close(state.news)
		delete(c.topics, topic.ID)
	}
	return nil
}

// Held implements [Log].
func (c *Cluster) Held(ctx context.Context) ([]string, error) {
	if err := c.reachable(ctx); err != nil {
		return nil, err
	}
	names := c.js.StreamNames(ctx, jetstream.WithStreamListSubject(subjects+">"))
	found := map[string]bool{}
	for name := range names.Name() {
		id := strings.TrimPrefix(name, streamStem)
		if at := strings.LastIndexByte(id, '_'); at > 0 {
			found[id[:at]] = true
		}
	}
	return slices.Collect(maps.Keys(found)), c.told(names.Err())
}

// Ready implements [Log]. It does not wait a moment: who asks wants to know how it is now.
func (c *Cluster) Ready(ctx context.Context) error {
	if why := c.link.cause(); why != nil {
		return fmt.Errorf("%w: NATS: %w", ErrUnavailable, why)
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Moment)
	defer cancel()
	_, err := c.js.AccountInfo(ctx)
	return c.told(err)
}

// Close implements [Log].
func (c *Cluster) Close() error {
	c.stop()
	c.running.Wait()
	c.conn.Close()
	return nil
}

// newMember makes the id of a member.
func newMember() string { return ident.New("mem") }
