package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/event"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/store/pgtest"
	"latchkey/internal/webhook"
)

// TestTwoNodes lets two nodes work on one PostgreSQL: each event arrives once, wherever it happened.
func TestTwoNodes(t *testing.T) {
	ctx := context.Background()
	server := pgtest.Start(t)
	url := server.URL(server.Database(t, ""))
	root, err := seal.CreateFileRoot(filepath.Join(t.TempDir(), "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[string]int{}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[r.Header.Get("webhook-id")]++
	}))
	defer receiver.Close()
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var nodes []*store.Store
	for range 2 {
		s, err := store.Open(ctx, store.Config{URL: url, Root: root})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		d, err := webhook.NewDispatcher(webhook.DispatcherConfig{Queue: s.Webhooks(nil), Sender: client, Emitted: s.Emitted(), Poll: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		d.Start()
		defer func() { _ = d.Close(ctx) }()
		nodes = append(nodes, s)
	}
	first := nodes[0].Webhooks(nil)
	subscriptions := webhook.New(webhook.Config{Endpoints: first, Log: first, AllowHTTP: true})
	for i := range 3 {
		if _, err := subscriptions.Create(ctx, owner, webhook.Create{URL: fmt.Sprintf("%s/%d", receiver.URL, i)}); err != nil {
			t.Fatal(err)
		}
	}
	const events = 60
	for i := range events {
		e := event.New(event.ConnectionDegraded, organization, fmt.Sprintf("conn_%d", i), time.Now(), nil)
		if err := nodes[i%2].Emit(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		mu.Lock()
		all := len(got)
		for _, n := range got {
			if n < 3 {
				all = 0
			}
		}
		mu.Unlock()
		if all == events {
			break
		}
	}
	time.Sleep(100 * time.Millisecond) // what arrives twice would now
	mu.Lock()
	defer mu.Unlock()
	if len(got) != events {
		t.Errorf("%d of %d events arrived", len(got), events)
	}
	for id, n := range got {
		if n != 3 {
			t.Errorf("%s arrived %d times at three endpoints", id, n)
		}
	}
}
