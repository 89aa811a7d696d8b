// Package pipelinetest runs a broker for tests: a real log in a file, topics in memory, the HTTP surface on a port of its own.
package pipelinetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/event"
	"latchkey/internal/eventlog"
	"latchkey/internal/pipeline"
)

// What a broker for tests knows.
const (
	Organization = "6C617463686B657900000001@AdobeOrg"
	// Key is an API key that may do everything.
	Key = "lk_test_key_that_may_do_everything"
)

// Config says what to run; its zero value works.
type Config struct {
	// Dir holds the log; "" is a folder of the test's.
	Dir string
	// Log replaces the log in a file.
	Log eventlog.Log
	// Token gives the caller of an access token; nil takes none.
	Token func(ctx context.Context, token string) (access.Caller, error)
	// Clock, Ping, Quiet and Slow are the broker's own.
	Clock             clock.Clock
	Ping, Quiet, Slow time.Duration
	// Topics are made at the start; none is "triggers" with 15 partitions.
	Topics []pipeline.Create
}

// Server is a broker that serves.
type Server struct {
	URL string
	// Handler is what answers there.
	Handler http.Handler
	Broker  *pipeline.Broker
	Log     eventlog.Log
	Store   *Store

	server *httptest.Server
	own    bool // the log
	once   sync.Once
}

// Caller may do everything in [Organization].
func Caller() access.Caller {
	return access.Caller{ID: "key_test", Organization: Organization, Scopes: access.Scopes{access.Admin}}
}

// Start runs a broker until the test ends, or [Server.Stop] does it before.
func Start(t testing.TB, config Config) *Server {
	t.Helper()
	s := &Server{Store: NewStore(), Log: config.Log, own: config.Log == nil}
	if s.own {
		if config.Dir == "" {
			config.Dir = t.TempDir()
		}
		log, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: filepath.Join(config.Dir, "events.db"), Clock: config.Clock})
		if err != nil {
			t.Fatal(err)
		}
		s.Log = log
	}
	var err error
	s.Broker, err = pipeline.New(pipeline.Config{Store: s.Store, Log: s.Log, Clock: config.Clock, Ping: config.Ping, Quiet: config.Quiet, Slow: config.Slow})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := pipeline.NewHandler(pipeline.HandlerConfig{Broker: s.Broker, Token: config.Token, Key: func(presented string) (access.Caller, error) {
		if presented != Key {
			return access.Caller{}, errors.New("unknown key")
		}
		return Caller(), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if config.Topics == nil {
		config.Topics = []pipeline.Create{{Name: "triggers"}}
	}
	for _, ask := range config.Topics {
		// Ids are of names: a second broker on the same folder finds the events of the first.
		now := time.Now().UTC()
		topic := pipeline.Topic{ID: "top_" + ask.Name, Organization: Organization, Name: ask.Name, Partitions: ask.Partitions, Version: 1, CreatedAt: now, UpdatedAt: now}
		if topic.Partitions == 0 {
			topic.Partitions = pipeline.DefaultPartitions
		}
		if ask.Age != nil {
			topic.Age = *ask.Age
		}
		if ask.Bytes != nil {
			topic.Bytes = *ask.Bytes
		}
		if err := s.Store.CreateTopic(t.Context(), topic, audit.Entry{}); err != nil {
			t.Fatal(err)
		}
	}
	s.Broker.Start()
	s.Handler = handler
	s.server = httptest.NewServer(handler)
	s.URL = s.server.URL
	t.Cleanup(s.Stop)
	return s
}

// Stop ends the streams, the broker and its log.
func (s *Server) Stop() {
	s.once.Do(func() {
		s.Broker.Close()
		s.server.Close()
		if s.own {
			_ = s.Log.Close()
		}
	})
}

// Produce sends messages, each in JSON, over HTTP.
func (s *Server) Produce(t testing.TB, topic string, messages ...string) {
	t.Helper()
	if status, body := s.Post(t, "/pipeline/topics/"+topic+"/messages", `{"messages":[`+strings.Join(messages, ",")+`]}`); status != http.StatusOK {
		t.Fatalf("producing: %d %s", status, body)
	}
}

// Post sends a body with [Key].
func (s *Server) Post(t testing.TB, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+Key)
	answer, err := s.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// Envelope is what a stream carries.
type Envelope struct {
	Type       string          `json:"envelopeType"`
	Partition  int             `json:"partition"`
	Key        string          `json:"key"`
	Offset     int64           `json:"offset"`
	Topic      string          `json:"topic"`
	CreateTime int64           `json:"createTime"`
	AcceptTime int64           `json:"acceptTime"`
	SyncMarker string          `json:"syncMarker"`
	Message    json.RawMessage `json:"pipelineMessage"`
}

// Stream is a consumer's connection.
type Stream struct {
	body    io.ReadCloser
	decoder *json.Decoder
	cancel  context.CancelFunc
}

// Consume opens a stream with [Key]: query is as group=g&syncInterval=5000.
func (s *Server) Consume(t testing.TB, topic, query string) *Stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/pipeline/topics/"+topic+"/messages?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+Key)
	answer, err := s.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("consuming: %d %s", answer.StatusCode, text)
	}
	stream := &Stream{body: answer.Body, decoder: json.NewDecoder(answer.Body), cancel: cancel}
	t.Cleanup(stream.Close)
	return stream
}

// Next gives the next envelope, [io.EOF] at the end.
func (s *Stream) Next() (Envelope, error) {
	var e Envelope
	err := s.decoder.Decode(&e)
	return e, err
}

// Data gives the next n events, and leaves out what else comes between.
func (s *Stream) Data(t testing.TB, n int) []Envelope {
	t.Helper()
	var out []Envelope
	for len(out) < n {
		e, err := s.Next()
		if err != nil {
			t.Fatalf("after %d of %d events: %v", len(out), n, err)
		}
		if e.Type == "DATA" {
			out = append(out, e)
		}
	}
	return out
}

// Await reads up to the next envelope of a type.
func (s *Stream) Await(t testing.TB, kind string) Envelope {
	t.Helper()
	for {
		e, err := s.Next()
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if e.Type == kind {
			return e
		}
	}
}

// Close drops the connection.
func (s *Stream) Close() {
	s.cancel()
	_ = s.body.Close()
}

// Store keeps topics in memory, and what was recorded.
type Store struct {
	mu      sync.Mutex
	topics  []pipeline.Topic
	Records []audit.Entry
	Events  []event.Event
}

var _ pipeline.Store = (*Store)(nil)

// NewStore makes one that holds nothing.
func NewStore() *Store { return &Store{} }

// CreateTopic implements [pipeline.Store].
func (s *Store) CreateTopic(_ context.Context, t pipeline.Topic, record audit.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.topics, func(o pipeline.Topic) bool { return o.Organization == t.Organization && o.Name == t.Name }) {
		return pipeline.ErrTaken
	}
	s.topics, s.Records = append(s.topics, t), append(s.Records, record)
	return nil
}

func (s *Store) find(organization, ref string) int {
	return slices.IndexFunc(s.topics, func(t pipeline.Topic) bool {
		return t.Organization == organization && (t.ID == ref || t.Name == ref)
	})
}

// Topic implements [pipeline.Store].
func (s *Store) Topic(_ context.Context, organization, ref string) (pipeline.Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(organization, ref); i >= 0 {
		return s.topics[i], nil
	}
	return pipeline.Topic{}, pipeline.ErrNotFound
}

// Topics implements [pipeline.Store].
func (s *Store) Topics(_ context.Context, organization string) ([]pipeline.Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []pipeline.Topic
	for _, t := range s.topics {
		if organization == "" || t.Organization == organization {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b pipeline.Topic) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// ChangeTopic implements [pipeline.Store].
func (s *Store) ChangeTopic(_ context.Context, t pipeline.Topic, record audit.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(t.Organization, t.ID)
	if i < 0 || s.topics[i].Version != t.Version {
		return fmt.Errorf("changing %s: %w", t.Name, pipeline.ErrConflict)
	}
	t.Version++
	s.topics[i], s.Records = t, append(s.Records, record)
	return nil
}

// DeleteTopic implements [pipeline.Store].
func (s *Store) DeleteTopic(_ context.Context, organization, id string, record audit.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(organization, id)
	if i < 0 {
		return pipeline.ErrNotFound
	}
	s.topics, s.Records = slices.Delete(s.topics, i, i+1), append(s.Records, record)
	return nil
}

// Note implements [pipeline.Store].
func (s *Store) Note(_ context.Context, records []audit.Entry, events []event.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Records, s.Events = append(s.Records, records...), append(s.Events, events...)
	return nil
}
