package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"latchkey/internal/eventlog"
	"latchkey/internal/eventlog/eventlogtest"
	"latchkey/internal/secret"
)

// startCluster runs three nodes of a NATS cluster on this machine, and gives them and their address.
func startCluster(t *testing.T) ([]*server.Server, string) {
	t.Helper()
	const size = 3
	var routes []*url.URL
	ports := make([]int, size)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", ports[i])})
	}
	var nodes []*server.Server
	var urls []string
	for i, port := range ports {
		node, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("node-%d", i), Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "latchkey-test", Host: "127.0.0.1", Port: port}, Routes: routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		node.Start()
		t.Cleanup(func() { node.Shutdown(); node.WaitForShutdown() })
		nodes = append(nodes, node)
	}
	for _, node := range nodes {
		if !node.ReadyForConnections(20 * time.Second) {
			t.Fatal("a node takes no connections")
		}
		urls = append(urls, node.ClientURL())
	}
	return nodes, strings.Join(urls, ",")
}

// openCluster connects, as soon as the nodes have a leader.
func openCluster(t testing.TB, address string) eventlog.Log {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	log, err := eventlog.OpenCluster(ctx, eventlog.ClusterConfig{URL: secret.New(address), Beat: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	await(ctx, t, log, true)
	return log
}

// await waits until a log can be used, or can't.
func await(ctx context.Context, t testing.TB, log eventlog.Log, ready bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for (log.Ready(ctx) == nil) != ready {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the log does not come to be ready = %t: %v", ready, log.Ready(context.Background()))
		}
	}
}

func TestCluster(t *testing.T) {
	nodes, address := startCluster(t)
	eventlogtest.Run(t, eventlogtest.Backend{
		Place: func(testing.TB) string { return address }, Open: openCluster, Checks: 8,
	})
	t.Run("a node is lost", func(t *testing.T) { lostNode(t, nodes, address) })
}

// lostNode holds that what was acknowledged is there after a node has gone, and that the log goes on.
func lostNode(t *testing.T, nodes []*server.Server, address string) {
	log := openCluster(t, address)
	t.Cleanup(func() { _ = log.Close() })
	topic := eventlog.Topic{ID: "top_lost", Partitions: 2}
	acknowledged := map[string]bool{}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for n := 0; n < 60; n++ {
		if n == 20 {
			nodes[0].Shutdown()
		}
		id := fmt.Sprintf("id-%d", n)
		for {
			_, err := log.Append(ctx, topic, []eventlog.Record{{ID: id, Key: id, Body: []byte(fmt.Sprint(n))}})
			if err == nil {
				acknowledged[id] = true
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("after the node was lost: %v", err)
			}
		}
	}
	for p := range 2 {
		var next int64
		for {
			entries, err := log.Read(ctx, topic, p, next, 1<<16)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) == 0 {
				break
			}
			for _, e := range entries {
				if e.Offset != next {
					t.Fatalf("partition %d has a gap: %d stands at %d", p, e.Offset, next)
				}
				next++
				delete(acknowledged, e.ID)
			}
		}
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged events are lost: %v", len(acknowledged), acknowledged)
	}
}

// A server that is not there yet, or goes away and comes back, is waited for: calls are refused in words meanwhile, what was
// acknowledged is there afterwards, and nobody has to do anything.
func TestClusterAway(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := probe.Addr().(*net.TCPAddr).Port
	_ = probe.Close()
	dir := t.TempDir()
	start := func() *server.Server {
		node, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		node.Start()
		if !node.ReadyForConnections(20 * time.Second) {
			t.Fatal("the server takes no connections")
		}
		return node
	}
	begun := time.Now()
	log, err := eventlog.OpenCluster(t.Context(), eventlog.ClusterConfig{
		URL: secret.New(fmt.Sprintf("nats://ada:pw@127.0.0.1:%d", port)), Replicas: 1, Moment: 300 * time.Millisecond,
	})
	if err != nil || time.Since(begun) > 5*time.Second {
		t.Fatalf("OpenCluster() = %v after %s", err, time.Since(begun))
	}
	t.Cleanup(func() { _ = log.Close() })
	topic := eventlog.Topic{ID: "top_away", Partitions: 1}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	away := func() {
		t.Helper()
		await(ctx, t, log, false)
		_, err := log.Append(ctx, topic, []eventlog.Record{{Body: []byte("0")}})
		_, groupErr := log.OpenGroup(ctx, topic, "g", func([]eventlog.Span) map[int]int64 { return nil })
		_, seatErr := log.Join(ctx, topic, "g")
		for _, err := range []error{err, groupErr, seatErr} {
			if !errors.Is(err, eventlog.ErrUnavailable) || strings.Contains(err.Error(), "pw@") {
				t.Errorf("without a server: %v, want ErrUnavailable", err)
			}
		}
	}
	back := func(body string) {
		t.Helper()
		await(ctx, t, log, true)
		if _, err := log.Append(ctx, topic, []eventlog.Record{{ID: body, Body: []byte(body)}}); err != nil {
			t.Fatal(err)
		}
	}
	away()
	node := start()
	back("1")
	node.Shutdown()
	node.WaitForShutdown()
	away()
	node = start()
	t.Cleanup(func() { node.Shutdown(); node.WaitForShutdown() })
	back("2")
	entries, err := log.Read(ctx, topic, 0, 0, 1<<16)
	if err != nil || len(entries) != 2 || string(entries[0].Body) != "1" || entries[1].Offset != 1 {
		t.Errorf("Read() = %v, %v, want what was acknowledged", entries, err)
	}
}

func TestClusterConfig(t *testing.T) {
	_, err := eventlog.OpenCluster(t.Context(), eventlog.ClusterConfig{URL: secret.New("tls://127.0.0.1:1"), RootsFiles: []string{"none.pem"}})
	if err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("OpenCluster() with a file that is not there = %v", err)
	}
}
