package connection_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// stock is a keeper over n connections whose tokens have so many bytes.
func stock(b testing.TB, n, tokenBytes int) (*connection.Keeper, []string) {
	b.Helper()
	memory := connectiontest.NewMemory()
	memory.AddDefinition("def_1", "d")
	provider := &provider{clock: clock.System()}
	keeper, err := connection.NewKeeper(connection.KeeperConfig{
		Ledger: memory, Exchanger: provider,
		Definitions: &definitions{t: b, memory: memory, known: map[string]*destination.Definition{}, plans: map[string][]*destination.Plan{}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = keeper.Close(context.Background()) })
	ids := make([]string, n)
	now := time.Now()
	for i := range ids {
		ids[i] = ident.New("conn")
		err := memory.Create(context.Background(), connection.Record{
			ID: ids[i], Organization: strings.Clone(organization), Sandbox: strings.Clone(sandbox), Definition: "def_1",
			Label: fmt.Sprintf("customer %d", i), State: connection.Active, Generation: 1, Renewable: true, RefreshAt: now.Add(time.Hour),
			Tokens: &exchange.TokenSet{
				AccessToken: secret.New(strings.Repeat("x", tokenBytes-8) + fmt.Sprintf("%08d", i)), TokenType: strings.Clone("Bearer"),
				Scope: strings.Clone("read write"), IssuedAt: now, ExpiresAt: now.Add(2 * time.Hour),
			},
		}, nil)
		if err != nil {
			b.Fatal(err)
		}
	}
	return keeper, ids
}

func BenchmarkKeeperToken(b *testing.B) {
	keeper, ids := stock(b, 10_000, 1000)
	for name, ref := range map[string]func(int) string{
		"id":    func(i int) string { return ids[i%len(ids)] },
		"label": func(i int) string { return labels[i%len(labels)] },
	} {
		for i := range ids { // load all
			if _, err := keeper.Token(context.Background(), reader, ref(i), connection.Want{}); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := keeper.Token(context.Background(), reader, ref(i), connection.Want{}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

var labels = func() (all [1000]string) {
	for i := range all {
		all[i] = fmt.Sprintf("customer %d", i)
	}
	return all
}()

// TestMemory measures what a connection costs beside its token's bytes: at most 1 KiB (DESIGN §8).
func TestMemory(t *testing.T) {
	const n, tokenBytes = 5_000, 1000
	keeper, ids := stock(t, n, tokenBytes)
	before := heap()
	for _, id := range ids {
		if _, err := keeper.Token(context.Background(), reader, id, connection.Want{}); err != nil {
			t.Fatal(err)
		}
	}
	each := int(heap()-before)/n - tokenBytes
	runtime.KeepAlive(keeper)
	t.Logf("%d bytes a connection beside the token's", each)
	if each > 1024 {
		t.Errorf("a connection takes %d bytes beside its token's, want at most 1024", each)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
