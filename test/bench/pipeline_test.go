package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	pipelineBatch   = 100
	pipelineClients = 8
	pipelineTurn    = 2 * time.Second
	pipelineParts   = 15
)

// BenchmarkPipeline measures durable events over HTTP, in batches of 100 of 400 bytes, in, out again and from end to end, and beside
// them the same with JetStream called directly in this process, always synced and not, and how often the disk syncs. Latchkey's are
// always synced: SQLite's WAL with synchronous=FULL (internal/eventlog holds that by a test). One round is one turn of each.
func BenchmarkPipeline(b *testing.B) {
	for _, c := range []struct {
		name string
		run  func(*testing.B)
	}{
		{"disk", diskSyncs},
		{"jetstream-always-synced", func(b *testing.B) { intoJetStream(b, true) }},
		{"jetstream-not-synced", func(b *testing.B) { intoJetStream(b, false) }},
		{"latchkey", throughLatchkey},
		{"latency", pipelineLatency},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				c.run(b)
			}
		})
	}
}

func diskSyncs(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "synced"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	page := make([]byte, 4096)
	count, begun := 0, time.Now()
	for time.Since(begun) < pipelineTurn/2 {
		if _, err := file.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := file.Sync(); err != nil {
			b.Fatal(err)
		}
		count++
	}
	b.ReportMetric(float64(count)/time.Since(begun).Seconds(), "syncs/s")
}

// pipelineEvent is one of about 400 bytes.
func pipelineEvent(client, n int) []byte {
	return fmt.Appendf(nil, `{"key":"visitor-%d","messageId":"%d-%d-%d","value":{"page":"%s"}}`, n%1000, os.Getpid(), client, n, strings.Repeat("x", 320))
}

func intoJetStream(b *testing.B, always bool) {
	node, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: always, NoSigs: true, NoLog: true})
	if err != nil {
		b.Fatal(err)
	}
	node.Start()
	defer func() { node.Shutdown(); node.WaitForShutdown() }()
	if !node.ReadyForConnections(10 * time.Second) {
		b.Fatal("JetStream does not begin")
	}
	connect := func() jetstream.JetStream {
		conn, err := nats.Connect("", nats.InProcessServer(node))
		if err != nil {
			b.Fatal(err)
		}
		js, err := jetstream.New(conn)
		if err != nil {
			b.Fatal(err)
		}
		return js
	}
	for p := range pipelineParts {
		name := strconv.Itoa(p)
		if _, err := connect().CreateStream(b.Context(), jetstream.StreamConfig{Name: "p" + name, Subjects: []string{"p." + name}}); err != nil {
			b.Fatal(err)
		}
	}
	rate := crowd(b, func(client int) func(from int) error {
		js := connect()
		return func(from int) error {
			var acks []jetstream.PubAckFuture
			for n := range pipelineBatch {
				m := &nats.Msg{Subject: "p." + strconv.Itoa((from+n)%pipelineParts), Data: pipelineEvent(client, from+n), Header: nats.Header{jetstream.MsgIDHeader: {fmt.Sprintf("%d-%d", client, from+n)}}}
				ack, err := js.PublishMsgAsync(m)
				if err != nil {
					return err
				}
				acks = append(acks, ack)
			}
			for _, ack := range acks {
				select {
				case <-ack.Ok():
				case err := <-ack.Err():
					return err
				}
			}
			return nil
		}
	})
	b.ReportMetric(rate, "in/s")
	outOfJetStream(b, connect())
	jetStreamLatency(b, connect())
}

// outOfJetStream reads all streams to their ends.
func outOfJetStream(b *testing.B, js jetstream.JetStream) {
	var total uint64
	var streams []jetstream.Stream
	for p := range pipelineParts {
		stream, err := js.Stream(b.Context(), "p"+strconv.Itoa(p))
		if err != nil {
			b.Fatal(err)
		}
		total += stream.CachedInfo().State.Msgs
		streams = append(streams, stream)
	}
	var count atomic.Uint64
	done := make(chan struct{})
	begun := time.Now()
	for _, stream := range streams {
		consumer, err := stream.OrderedConsumer(b.Context(), jetstream.OrderedConsumerConfig{})
		if err != nil {
			b.Fatal(err)
		}
		reading, err := consumer.Consume(func(jetstream.Msg) {
			if count.Add(1) == total {
				close(done)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		defer reading.Stop()
	}
	select {
	case <-done:
	case <-time.After(5 * time.Minute):
		b.Fatalf("%d of %d came out of JetStream", count.Load(), total)
	}
	b.ReportMetric(float64(total)/time.Since(begun).Seconds(), "out/s")
}

// jetStreamLatency is from the call that publishes to the event at a consumer, one after the other.
func jetStreamLatency(b *testing.B, js jetstream.JetStream) {
	stream, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "latency", Subjects: []string{"latency"}})
	if err != nil {
		b.Fatal(err)
	}
	consumer, err := stream.OrderedConsumer(b.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		b.Fatal(err)
	}
	defer messages.Stop()
	eachTook(b, func(n int) error {
		if _, err := js.Publish(b.Context(), "latency", pipelineEvent(99, n)); err != nil {
			return err
		}
		_, err := messages.Next()
		return err
	})
}

// eachTook measures 500 of something, one after the other.
func eachTook(b *testing.B, do func(n int) error) {
	var took []time.Duration
	for n := range 500 {
		begun := time.Now()
		if err := do(n); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// crowd lets clients send batches for a turn, and gives the events a second.
func crowd(b *testing.B, client func(number int) func(from int) error) float64 {
	var count atomic.Int64
	var wg sync.WaitGroup
	begun := time.Now()
	for c := range pipelineClients {
		send := client(c)
		wg.Go(func() {
			for from := 0; time.Since(begun) < pipelineTurn; from += pipelineBatch {
				if err := send(from); err != nil {
					b.Error(err)
					return
				}
				count.Add(pipelineBatch)
			}
		})
	}
	wg.Wait()
	return float64(count.Load()) / time.Since(begun).Seconds()
}

func produced(ctx context.Context, url, key string, events ...[]byte) error {
	body := append(append([]byte(`{"messages":[`), bytes.Join(events, []byte{','})...), ']', '}')
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/pipeline/topics/triggers/messages", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("producing: %s", answer.Status)
	}
	return nil
}

func consuming(b *testing.B, url, key, group string) *bufio.Reader {
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url+"/pipeline/topics/triggers/messages?group="+group, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = answer.Body.Close() })
	return bufio.NewReaderSize(answer.Body, 64<<10)
}

// nextEvent reads up to the next DATA envelope.
func nextEvent(b *testing.B, in *bufio.Reader) []byte {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if bytes.HasPrefix(line, []byte(`{"envelopeType":"DATA"`)) {
			return line
		}
	}
}

func throughLatchkey(b *testing.B) {
	s := ready(b)
	var total atomic.Int64
	in := crowd(b, func(client int) func(int) error {
		return func(from int) error {
			var events [][]byte
			for n := range pipelineBatch {
				events = append(events, pipelineEvent(client, from+n))
			}
			total.Add(pipelineBatch)
			return produced(b.Context(), s.URL, s.AdminKey, events...)
		}
	})
	begun := time.Now()
	stream := consuming(b, s.URL, s.AdminKey, "bench")
	for range total.Load() {
		nextEvent(b, stream)
	}
	b.ReportMetric(in, "in/s")
	b.ReportMetric(float64(total.Load())/time.Since(begun).Seconds(), "out/s")
}

// pipelineLatency is from the call of a producer to the event at a consumer, one after the other.
func pipelineLatency(b *testing.B) {
	s := ready(b)
	stream := consuming(b, s.URL, s.AdminKey, "latency")
	eachTook(b, func(n int) error {
		if err := produced(b.Context(), s.URL, s.AdminKey, pipelineEvent(99, n)); err != nil {
			return err
		}
		if !json.Valid(nextEvent(b, stream)) {
			return errors.New("an envelope is no JSON")
		}
		return nil
	})
}
