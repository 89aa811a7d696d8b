package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/pipeline"
	"latchkey/internal/pipeline/pipelinetest"
)

func TestProduceAndConsume(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{})
	stream := s.Consume(t, "triggers", "group=campaign&syncMessages=4")
	if e, err := stream.Next(); err != nil || e.Type != "PING" || e.CreateTime == 0 {
		t.Fatalf("the stream begins with %+v, %v, want a PING", e, err)
	}
	s.Produce(t, "triggers", `{"key":"ada","value":{"n":1}}`, `{"key":"ada","value":{"n":2},"source":"analytics"}`, `{"key":"bob","value":3}`, `{"value":"é \" 4","unknown":[1]}`)
	got := stream.Data(t, 4)
	next := map[int]int64{}
	var ada []string
	for _, e := range got {
		if e.Topic != "triggers" || e.Offset != next[e.Partition] || e.CreateTime == 0 {
			t.Errorf("envelope %+v, want the offset %d of the topic triggers", e, next[e.Partition])
		}
		next[e.Partition]++
		if e.Key == "ada" {
			ada = append(ada, string(e.Message))
		}
	}
	if want := `{"key":"ada","value":{"n":1}} {"key":"ada","value":{"n":2},"source":"analytics"}`; strings.Join(ada, " ") != want {
		t.Errorf("ada's events are %s, want %s", ada, want)
	}
	marker := stream.Await(t, "SYNC").SyncMarker
	if status, body := s.Post(t, "/pipeline/consumers/campaign/sync", marker); status != http.StatusNoContent || body != "" {
		t.Fatalf("syncing: %d %s", status, body)
	}
	stream.Close()
	s.Produce(t, "triggers", `{"key":"ada","value":{"n":5}}`)
	if again := s.Consume(t, "triggers", "group=campaign").Data(t, 1); string(again[0].Message) != `{"key":"ada","value":{"n":5}}` {
		t.Errorf("the group goes on with %s, want the fifth", again[0].Message)
	}
	if other := s.Consume(t, "triggers", "group=other").Data(t, 5); len(other) != 5 {
		t.Errorf("another group gets %d events, want all 5", len(other))
	}
}

func TestFilters(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Topics: []pipeline.Create{{Name: "triggers", Partitions: 1}}})
	for i, m := range []struct{ org, source string }{{"A@AdobeOrg", "x"}, {"B@AdobeOrg", "x"}, {"A@AdobeOrg", "y"}, {"", "x"}} {
		s.Produce(t, "triggers", fmt.Sprintf(`{"imsOrg":%q,"source":%q,"value":%d}`, m.org, m.source, i))
	}
	for query, want := range map[string][]int64{
		"org=A@AdobeOrg": {0, 2}, "org=A@AdobeOrg,B@AdobeOrg": {0, 1, 2}, "source=x": {0, 1, 3}, "org=A@AdobeOrg&source=y": {2},
		"org=" + pipelinetest.Organization: {3}, "": {0, 1, 2, 3},
	} {
		var got []int64
		for _, e := range s.Consume(t, "triggers", "group=g"+fmt.Sprint(len(query))+"&"+query).Data(t, len(want)) {
			got = append(got, e.Offset)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("?%s gives %v, want %v", query, got, want)
		}
	}
}

func TestWhereGroupsBegin(t *testing.T) {
	s := pipelinetest.Start(t, pipelinetest.Config{Topics: []pipeline.Create{{Name: "triggers", Partitions: 1}}})
	s.Produce(t, "triggers", `{"value":0}`, `{"value":1}`)
	late := s.Consume(t, "triggers", "group=late&reset=latest&syncMessages=1")
	late.Await(t, "PING") // it stands at its place
	s.Produce(t, "triggers", `{"value":2}`)
	if got := late.Data(t, 1); got[0].Offset != 2 {
		t.Errorf("a group that begins at the latest gets the offset %d first, want 2", got[0].Offset)
	}
	late.Close()
	// A group that has pointers goes on from them, whatever it asks: a reconnect must not leave out what came meanwhile.
	if got := s.Consume(t, "triggers", "group=late&reset=latest").Data(t, 1); got[0].Offset != 2 {
		t.Errorf("it goes on at the offset %d, want 2, which it never committed", got[0].Offset)
	}
}

func TestSameMessageTwice(t *testing.T) {
	dir := t.TempDir()
	s := pipelinetest.Start(t, pipelinetest.Config{Dir: dir})
	first := `{"messageId":"m-1","value":1}`
	older := `{"header":{"messageId":"m-2","source":"triggers"},"com.adobe.mcloud.protocol.trigger":{"triggerId":"t"}}`
	s.Produce(t, "triggers", first, first, older)
	s.Stop()
	s = pipelinetest.Start(t, pipelinetest.Config{Dir: dir}) // ids are remembered over a restart
	status, body := s.Post(t, "/v1/topics/triggers/messages", `{"messages":[`+first+`,`+older+`,{"messageId":"m-3","value":3}]}`)
	var answer struct {
		Accepted, Duplicates int
		Positions            []struct {
			Partition int
			Offset    int64
			Duplicate bool
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	if answer.Accepted != 1 || answer.Duplicates != 2 || !answer.Positions[0].Duplicate || answer.Positions[2].Duplicate {
		t.Errorf("the answer is %s, want one accepted and two duplicates", body)
	}
}
