package connection_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
)

// TestHerd lets 10,000 callers ask for an expired token at once: one request reaches the provider, over a socket.
func TestHerd(t *testing.T) {
	const callers = 10_000
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := requests.Add(1)
		life := 1
		if n > 1 {
			life = 3600
			time.Sleep(300 * time.Millisecond) // long enough for all to come
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"access-%d","token_type":"Bearer","expires_in":%d}`, n, life)
	}))
	defer server.Close()
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	memory := connectiontest.NewMemory()
	known := &definitions{t: t, memory: memory, known: map[string]*destination.Definition{}, plans: map[string][]*destination.Plan{}}
	known.publish("herd", strings.ReplaceAll(credentialsDocument, "https://id.example.com", server.URL))
	runner := exchange.New(exchange.Config{Client: client})
	keeper, err := connection.NewKeeper(connection.KeeperConfig{Ledger: memory, Exchanger: runner, Definitions: known})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := keeper.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	connector, err := connection.NewConnector(connection.ConnectorConfig{
		Store: memory, Attempts: memory, Keeper: keeper, Exchanger: runner, Definitions: known, Sandboxes: directory{},
		Hash: plainHash, PublicURLs: []string{"https://latchkey.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := connector.Create(context.Background(), admin, connection.Create{Definition: "herd"})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range callers {
		all.Go(func() {
			<-begin
			token, err := keeper.Token(context.Background(), reader, made.Connection.ID, connection.Want{})
			if err != nil || token.AccessToken.Reveal() != "access-2" {
				t.Errorf("Token() = %+v, %v", token, err)
			}
		})
	}
	close(begin)
	all.Wait()
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests for %d callers, want 1", n-1, callers)
	}
}
