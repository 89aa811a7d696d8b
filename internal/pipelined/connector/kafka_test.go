package connector_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"latchkey/internal/pipelined/connector"
)

// A record is keyed by the visitor and carries the event's id.
func TestKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "triggers"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := open(t, "", connector.Entry{Kafka: &connector.Kafka{Brokers: cluster.ListenAddrs(), Topic: "triggers", Format: connector.XML}})
	deliver(t, c, 1, 2)
	consumer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("triggers"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(consumer.Close)
	var got []*kgo.Record
	for len(got) < 2 && t.Context().Err() == nil {
		got = append(got, consumer.PollFetches(t.Context()).Records()...)
	}
	if string(got[0].Key) != "1" || string(got[0].Headers[0].Value) != "m-1" || string(got[1].Headers[0].Value) != "m-2" || got[0].Partition != got[1].Partition {
		t.Errorf("the topic has %+v", got)
	}
}
