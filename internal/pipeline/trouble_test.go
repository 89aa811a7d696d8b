package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/eventlog"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipeline/pipelinetest"
)

// failure is the body of an answer that is none of success.
type failure struct {
	Status int
	Title  string
	Report struct {
		Errors []struct{ ID, Code, Message string }
	}
}

func TestBadRequests(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Token: func(_ context.Context, token string) (access.Caller, error) {
		caller := pipelinetest.Caller()
		switch token {
		case "consumes":
			caller.Scopes = access.Scopes{access.PipelineConsume}
			return caller, nil
		case "elsewhere":
			caller.Organization = "other@AdobeOrg"
			return caller, nil
		}
		return access.Caller{}, errors.New("it has ended")
	}})
	const produce, consume = "/pipeline/topics/triggers/messages", "/pipeline/topics/triggers/messages?group=g"
	for _, c := range []struct {
		name, method, path, token, body string
		status                          int
		code, says                      string
	}{
		{"no token", "POST", produce, "", `{"messages":[]}`, 401, "token_missing", "Bearer"},
		{"a token that has ended", "POST", produce, "ended", `{"messages":[]}`, 401, "token_invalid", "it has ended"},
		{"an unknown key", "POST", produce, "lk_no", `{"messages":[]}`, 401, "key_invalid", "not valid"},
		{"no right to produce", "POST", produce, "consumes", `{"messages":[]}`, 403, "denied", "pipeline:produce"},
		{"another organization's topic", "POST", produce, "elsewhere", `{"messages":[{"value":1}]}`, 404, "no_topic", "triggers"},
		{"no such topic", "POST", "/v1/topics/none/messages", pipelinetest.Key, `{"messages":[{"value":1}]}`, 404, "no_topic", "none"},
		{"no such path", "GET", "/pipeline/topics", pipelinetest.Key, "", 404, "no_route", "/pipeline/topics/{topic}/messages"},
		{"another method", "GET", "/pipeline/consumers/g/sync", pipelinetest.Key, "", 405, "method_not_allowed", "POST"},
		{"no JSON", "POST", produce, pipelinetest.Key, `triggers`, 400, "invalid", "line 1, column 3"},
		{"truncated", "POST", produce, pipelinetest.Key, "{\"messages\":[\n{\"value\":", 400, "invalid", "ends at line 2"},
		{"no messages", "POST", produce, pipelinetest.Key, `{}`, 400, "invalid", "/messages"},
		{"no value", "POST", produce, pipelinetest.Key, `{"messages":[{"value":1},{"key":"k"}]}`, 400, "invalid", "/messages/1/value"},
		{"a key that is a number", "POST", produce, pipelinetest.Key, `{"messages":[{"value":1,"key":2}]}`, 400, "invalid", "/messages/0"},
		{"a long key", "POST", produce, pipelinetest.Key, `{"messages":[{"value":1,"key":"` + strings.Repeat("k", 2000) + `"}]}`, 400, "invalid", "/messages/0/key"},
		{"a message of 2 MiB", "POST", produce, pipelinetest.Key, `{"messages":[{"value":"` + strings.Repeat("x", 2<<20) + `"}]}`, 413, "too_large", "message"},
		{"10 MiB", "POST", produce, pipelinetest.Key, `{"messages":[{"value":"` + strings.Repeat("x", 10<<20) + `"}]}`, 413, "too_large", "request"},
		{"no group", "GET", produce, pipelinetest.Key, "", 400, "invalid", "group"},
		{"a bad group", "GET", produce + "?group=a%20b", pipelinetest.Key, "", 400, "invalid", "/group"},
		{"syncs too often", "GET", consume + "&syncInterval=4999", pipelinetest.Key, "", 400, "invalid", "5000"},
		{"a sync interval that is none", "GET", consume + "&syncInterval=soon", pipelinetest.Key, "", 400, "invalid", "/syncInterval"},
		{"a place that is none", "GET", consume + "&reset=middle", pipelinetest.Key, "", 400, "invalid", "/reset"},
		{"a marker that is none", "POST", "/pipeline/consumers/g/sync", pipelinetest.Key, "here", 400, "marker_invalid", "marker"},
		{"an empty marker", "POST", "/v1/consumers/g/sync", pipelinetest.Key, "", 400, "marker_invalid", "marker"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.token != "" {
				request.Header.Set("Authorization", "Bearer "+c.token)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			var told failure
			if err := json.Unmarshal(text, &told); err != nil || answer.StatusCode != c.status || told.Status != c.status || told.Title == "" || len(told.Report.Errors) != 1 {
				t.Fatalf("%d %s (%v), want %d in the broker's shape", answer.StatusCode, text, err, c.status)
			}
			if e := told.Report.Errors[0]; e.Code != c.code || !strings.Contains(e.Message, c.says) {
				t.Errorf("it says %+v, want %s and %q", e, c.code, c.says)
			}
		})
	}
}

// waiting is a body that tells when it is first read, and goes on when it is let.
type waiting struct {
	reading, free chan struct{}
	told          sync.Once
	rest          io.Reader
}

func (w *waiting) Read(p []byte) (int, error) {
	w.told.Do(func() { w.reading <- struct{}{} })
	<-w.free
	return w.rest.Read(p)
}

// More than fits into memory is refused with 429 and Retry-After, which is a part of the contract; what was under way is not.
func TestBusy(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{})
	const message = `{"messages":[{"value":1}]}`
	produce := func(body io.Reader) *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodPost, "/pipeline/topics/triggers/messages", body)
		request.Header.Set("Authorization", "Bearer "+pipelinetest.Key)
		answer := httptest.NewRecorder()
		s.Handler.ServeHTTP(answer, request)
		return answer
	}
	reading, free := make(chan struct{}), make(chan struct{})
	var under sync.WaitGroup
	for range 8 { // each may become as large as a request can, since none tells its length
		under.Go(func() {
			if answer := produce(&waiting{reading: reading, free: free, rest: strings.NewReader(message)}); answer.Code != http.StatusOK {
				t.Errorf("one that was under way is answered %d %s", answer.Code, answer.Body)
			}
		})
		<-reading // it is counted
	}
	var told failure
	answer := produce(strings.NewReader(message))
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil || answer.Code != http.StatusTooManyRequests || answer.Header().Get("Retry-After") != "1" || len(told.Report.Errors) != 1 || told.Report.Errors[0].Code != "busy" {
		t.Errorf("%d, Retry-After %q, %+v, %v", answer.Code, answer.Header().Get("Retry-After"), told, err)
	}
	close(free)
	under.Wait()
	if answer := produce(strings.NewReader(message)); answer.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", answer.Code, answer.Body)
	}
}

func TestMembersShareAndTakeOver(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Topics: []pipeline.Create{{Name: "triggers", Partitions: 4}}})
	var messages []string
	for i := range 200 {
		messages = append(messages, fmt.Sprintf(`{"key":"k%d","value":%d}`, i%50, i))
	}
	first := s.Consume(t, "triggers", "group=g&syncMessages=1000")
	first.Await(t, "PING")
	second := s.Consume(t, "triggers", "group=g&syncMessages=1000")
	second.Await(t, "PING")
	topic, err := s.Broker.Topic(t.Context(), pipelinetest.Caller(), "triggers")
	if err != nil {
		t.Fatal(err)
	}
	for { // the first has given up what is the second's
		members, err := s.Log.Members(t.Context(), eventlog.Topic{ID: topic.ID, Partitions: 4}, "g")
		if err != nil || t.Context().Err() != nil {
			t.Fatal(err)
		}
		if len(members) == 2 {
			break
		}
	}
	s.Produce(t, "triggers", messages...)
	seen := map[int64]map[int]bool{}
	read := func(stream *pipelinetest.Stream, until int) (partitions map[int]bool) {
		partitions = map[int]bool{}
		count := 0
		for count < until {
			e, err := stream.Next()
			if err != nil {
				t.Fatal(err)
			}
			if e.Type == "DATA" {
				count++
				partitions[e.Partition] = true
				if seen[e.Offset] == nil {
					seen[e.Offset] = map[int]bool{}
				}
				seen[e.Offset][e.Partition] = true
			}
		}
		return partitions
	}
	got := read(second, 50)
	if len(got) > 2 {
		t.Errorf("one of two members reads the partitions %v of 4", got)
	}
	second.Close() // it has committed nothing: all that it had goes to the first
	total := func() (n int) {
		for _, partitions := range seen {
			n += len(partitions)
		}
		return n
	}
	for total() < 200 {
		read(first, 1)
	}
}

func TestSyncMarkers(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Topics: []pipeline.Create{{Name: "triggers", Partitions: 1}}})
	s.Produce(t, "triggers", `{"value":0}`, `{"value":1}`, `{"value":2}`)
	stream := s.Consume(t, "triggers", "group=g&syncMessages=1")
	var markers []string
	for range 3 {
		markers = append(markers, stream.Await(t, "SYNC").SyncMarker)
	}
	pointer := func() int64 {
		consumer, err := s.Broker.Consumer(t.Context(), pipelinetest.Caller(), "triggers", "g")
		if err != nil {
			t.Fatal(err)
		}
		return consumer.Partitions[0].Pointer
	}
	for _, c := range []struct {
		marker string
		want   int64
	}{{markers[1], 2}, {markers[0], 2}, {markers[2], 3}} { // an older one takes nothing back
		if status, body := s.Post(t, "/pipeline/consumers/g/sync", c.marker); status != http.StatusNoContent || pointer() != c.want {
			t.Errorf("%d %s, the pointer is %d, want %d", status, body, pointer(), c.want)
		}
	}
	if status, _ := s.Post(t, "/pipeline/consumers/other/sync", markers[2]); status != http.StatusBadRequest {
		t.Errorf("another group's marker gives %d", status)
	}
	if _, err := s.Broker.Reset(t.Context(), pipelinetest.Caller(), "triggers", "g", pipeline.Reset{To: "earliest"}); err != nil {
		t.Fatal(err)
	}
	if status, body := s.Post(t, "/pipeline/consumers/g/sync", markers[2]); status != http.StatusConflict || pointer() != 0 {
		t.Errorf("a marker from before the reset gives %d %s, the pointer is %d", status, body, pointer())
	}
	if len(s.Store.Records) == 0 || s.Store.Records[len(s.Store.Records)-1].Action != "consumer.reset" {
		t.Errorf("the record has %+v, want a consumer.reset", s.Store.Records)
	}
}

func TestSyncComesWhenQuiet(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Quiet: 50 * time.Millisecond})
	s.Produce(t, "triggers", `{"value":0}`)
	if e := s.Consume(t, "triggers", "group=g&syncMessages=100").Await(t, "SYNC"); e.SyncMarker == "" {
		t.Errorf("%+v, want a marker", e)
	}
}

func TestStreamsEnd(t *testing.T) {
	valid := true
	s := pipelinetest.Start(t, pipelinetest.Config{Ping: 20 * time.Millisecond, Token: func(context.Context, string) (access.Caller, error) {
		if !valid {
			return access.Caller{}, errors.New("revoked")
		}
		return pipelinetest.Caller(), nil
	}})
	stream := s.Consume(t, "triggers", "group=g")
	for range 3 {
		stream.Await(t, "PING")
	}
	s.Broker.Drain()
	stream.Await(t, "END_OF_STREAM")
	if _, err := stream.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end comes %v", err)
	}
}

// TestSlowConsumer holds that who takes nothing keeps neither memory nor partitions for long.
func TestSlowConsumer(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Slow: time.Second, Topics: []pipeline.Create{{Name: "triggers", Partitions: 1}}})
	big := `{"value":"` + strings.Repeat("x", 900<<10) + `"}`
	for range 2 { // more than sockets hold
		s.Produce(t, "triggers", big, big, big, big, big, big, big, big)
	}
	narrow := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(16 << 10)
		}
		return conn, err
	}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/pipeline/topics/triggers/messages?group=g", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+pipelinetest.Key)
	slow, err := narrow.Do(request) // and nothing is read of it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Body.Close() }()
	quick := s.Consume(t, "triggers", "group=g") // it sits behind, and gets the partition when the other is cut
	if got := quick.Data(t, 1); got[0].Offset != 0 {
		t.Errorf("the first offset is %d, want 0", got[0].Offset)
	}
}

func TestRetentionAlarm(t *testing.T) {
	age := 10 * time.Minute
	s := pipelinetest.Start(t, pipelinetest.Config{Topics: []pipeline.Create{{Name: "triggers", Partitions: 1, Bytes: new(int64)}}})
	topic, err := s.Store.Topic(t.Context(), pipelinetest.Organization, "triggers")
	if err != nil {
		t.Fatal(err)
	}
	stream := s.Consume(t, "triggers", "group=slow")
	stream.Await(t, "PING")
	stream.Close()
	body := bytes.Repeat([]byte("x"), 10_000)
	for range 95 {
		s.Produce(t, "triggers", `{"value":"`+string(body)+`"}`)
	}
	size := int64(pipeline.MinBytes)
	if _, err := s.Broker.Change(t.Context(), pipelinetest.Caller(), "triggers", pipeline.Change{Age: &age, Bytes: &size}); err != nil {
		t.Fatal(err)
	}
	tend := func(want ...string) {
		t.Helper()
		if err := s.Broker.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range s.Store.Events {
			got = append(got, string(e.Type))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the events are %v, want %v", got, want)
		}
	}
	tend("pipeline.lagging")
	tend("pipeline.lagging") // once
	for range 60 {
		s.Produce(t, "triggers", `{"value":"`+string(body)+`"}`)
	}
	tend("pipeline.lagging")
	lost := s.Consume(t, "triggers", "group=slow&syncMessages=10").Data(t, 1)[0].Offset
	if lost == 0 {
		t.Fatalf("retention let go of nothing of %s", topic.Name)
	}
	if last := s.Store.Events[len(s.Store.Events)-1]; last.Type != "pipeline.lost" || last.Data["events"] != lost {
		t.Errorf("the last event is %+v, want pipeline.lost of %d events", last, lost)
	}
	if _, err := s.Broker.Reset(t.Context(), pipelinetest.Caller(), "triggers", "slow", pipeline.Reset{To: "latest"}); err != nil {
		t.Fatal(err)
	}
	tend("pipeline.lagging", "pipeline.lost", "pipeline.caught_up")
}

func TestReset(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Topics: []pipeline.Create{{Name: "triggers", Partitions: 1}}})
	var middle time.Time
	for i := range 6 {
		if i == 3 {
			middle = time.Now()
		}
		s.Produce(t, "triggers", fmt.Sprintf(`{"value":%d}`, i))
	}
	s.Consume(t, "triggers", "group=g").Data(t, 6)
	for _, c := range []struct {
		ask  pipeline.Reset
		want int64
	}{
		{pipeline.Reset{To: "earliest"}, 0}, {pipeline.Reset{To: "latest"}, 6}, {pipeline.Reset{At: middle}, 3}, {pipeline.Reset{Offsets: map[int]int64{0: 2}}, 2},
	} {
		got, err := s.Broker.Reset(t.Context(), pipelinetest.Caller(), "triggers", "g", c.ask)
		if err != nil || got.Partitions[0].Pointer != c.want {
			t.Errorf("Reset(%+v) = %+v, %v, want the pointer %d", c.ask, got.Partitions, err, c.want)
		}
	}
	for _, ask := range []pipeline.Reset{{}, {To: "middle"}, {Offsets: map[int]int64{1: 0}}, {Offsets: map[int]int64{0: 7}}} {
		_, err := s.Broker.Reset(t.Context(), pipelinetest.Caller(), "triggers", "g", ask)
		if _, ok := errors.AsType[*pipeline.InvalidError](err); !ok {
			t.Errorf("Reset(%+v) = %v, want an InvalidError", ask, err)
		}
	}
}
