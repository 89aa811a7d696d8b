package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"latchkey/client"
	"latchkey/internal/store/pgtest"
	"latchkey/test/harness"
)

// Two nodes on one PostgreSQL keep events in NATS: what is produced at one is consumed at the other, and the members of a
// group share the partitions though they are at different nodes. Without NATS the pipeline is off, and says so.
func TestPipelineOfTwoNodes(t *testing.T) {
	broker, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	broker.Start()
	t.Cleanup(func() { broker.Shutdown(); broker.WaitForShutdown() })
	if !broker.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not begin")
	}
	postgres := pgtest.Start(t)
	one, two, _ := nodes(t, postgres)
	off := one.Start()
	if got := off.Call("POST", "/api/v1/topics", map[string]any{"name": "orders"}); got.Status != http.StatusServiceUnavailable || !strings.Contains(string(got.Body), "pipeline.log") {
		t.Errorf("without NATS a topic is answered with %d %s", got.Status, got.Body)
	}
	off.Stop()
	with := []string{"LATCHKEY_PIPELINE_NATS_URL=" + broker.ClientURL(), "LATCHKEY_PIPELINE_NATS_REPLICAS=1"}
	a, b := one.Start(with...), two.Start(with...)
	a.Must(http.StatusCreated, "POST", "/api/v1/topics", map[string]any{"name": "orders", "partitions": 4})

	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	clients := map[string]*client.Client{}
	for name, s := range map[string]*harness.Server{"a": a, "b": b} {
		c, err := client.New(client.Config{URL: s.URL, Key: one.Key()})
		if err != nil {
			t.Fatal(err)
		}
		clients[name] = c
	}
	got := make(chan client.Envelope, 100)
	for _, c := range clients {
		go func() {
			for e, err := range c.Consume(ctx, "orders", client.ConsumeOptions{Group: "g"}) {
				if err != nil {
					return
				}
				if e.Type == "DATA" {
					got <- e
				}
			}
		}()
	}
	eventually(t, 20*time.Second, "both members share the partitions", func() bool {
		consumer, err := clients["b"].TopicConsumer(ctx, "orders", "g")
		return err == nil && len(consumer.Members) == 2 && len(consumer.Members[0].Partitions) == 2 && len(consumer.Members[1].Partitions) == 2
	})
	var messages []client.Message
	for n := range 40 {
		messages = append(messages, client.Message{ID: fmt.Sprint("m-", n), Key: fmt.Sprint("k-", n), Value: json.RawMessage(fmt.Sprint(n))})
	}
	for range 2 { // a repetition is kept once, though it comes to the other node
		for _, c := range clients {
			if _, err := c.Produce(ctx, "orders", messages...); err != nil {
				t.Fatal(err)
			}
		}
	}
	places := map[string]bool{}
	next := map[int][]int64{}
	for len(places) < 40 {
		select {
		case e := <-got:
			place := fmt.Sprint(e.Partition, ":", e.Offset)
			if !places[place] {
				next[e.Partition] = append(next[e.Partition], e.Offset)
			}
			places[place] = true
		case <-ctx.Done():
			t.Fatalf("%d of 40 events came", len(places))
		}
	}
	for partition, offsets := range next {
		slices.Sort(offsets)
		for i, offset := range offsets {
			if offset != int64(i) {
				t.Errorf("partition %d has a gap at %d: %v", partition, i, offsets)
			}
		}
	}
}

// A server begins without its NATS, and goes on when that goes away: the pipeline says so and the rest works, and it comes back
// by itself.
func TestNATSAway(t *testing.T) {
	address, dir := harness.FreeAddress(t), t.TempDir()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	begin := func() *server.Server {
		node, err := server.NewServer(&server.Options{Host: host, Port: number, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		node.Start()
		return node
	}
	s := harness.Serve(t, "pipeline: {nats_url: nats://ada:hunter2@"+address+", nats_replicas: 1}")
	messages := "/pipeline/topics/orders/messages"
	away := func() {
		t.Helper()
		eventually(t, 20*time.Second, "the server tells that it goes without", func() bool {
			got := s.Call("GET", "/readyz", nil)
			return got.Status == http.StatusOK && got.JSON(t)["status"] == "degraded" && strings.Contains(string(got.Body), "The event log in NATS")
		})
		for _, got := range []harness.Reply{
			s.Call("POST", messages, `{"messages":[{"value":1}]}`), s.Call("GET", messages+"?group=g", nil),
		} {
			if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || !strings.Contains(string(got.Body), "send this again") || strings.Contains(string(got.Body), "hunter2") {
				t.Errorf("without NATS: %d %v %s", got.Status, got.Header, got.Body)
			}
		}
	}
	back := func() {
		t.Helper()
		eventually(t, 20*time.Second, "the server is whole", func() bool { return s.Call("GET", "/readyz", nil).JSON(t)["status"] == "ok" })
		s.Must(http.StatusOK, "POST", messages, `{"messages":[{"value":1}]}`)
	}
	s.Must(http.StatusCreated, "POST", "/api/v1/topics", map[string]any{"name": "orders", "partitions": 1})
	away()
	node := begin()
	back()
	node.Shutdown()
	node.WaitForShutdown()
	away()
	node = begin()
	t.Cleanup(func() { node.Shutdown(); node.WaitForShutdown() })
	back()
}
