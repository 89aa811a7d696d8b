package connection_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	health "latchkey/internal/provider"
	"latchkey/internal/secret"
)

// crowded is a provider at a host, which answers after a while and counts.
type crowded struct {
	provider
	mu            sync.Mutex
	flying, most  int
	second        int64
	here, busiest int
	late          int
	least         time.Duration
	begun, ended  time.Time
}

func (p *crowded) RevocationTarget(context.Context, *destination.Plan, exchange.Input) exchange.Target {
	return exchange.Target{}
}

func (p *crowded) Target(context.Context, *destination.Plan, exchange.Input) exchange.Target {
	return exchange.Target{URL: "https://id.example.com/token", ClientID: "c"}
}

func (p *crowded) Renew(_ context.Context, _ *destination.Plan, in exchange.Input) (*exchange.TokenSet, error) {
	now := time.Now()
	p.mu.Lock()
	if p.begun.IsZero() {
		p.begun = now
	}
	p.flying++
	p.most = max(p.most, p.flying)
	if p.second != now.Unix() {
		p.second, p.here = now.Unix(), 0
	}
	p.here++
	p.busiest = max(p.busiest, p.here)
	p.mu.Unlock()
	time.Sleep(150 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	p.ended = time.Now()
	left := in.Tokens.ExpiresAt.Sub(p.ended)
	if left < 0 {
		p.late++
	}
	if p.least == 0 || left < p.least {
		p.least = left
	}
	next := *in.Tokens
	next.IssuedAt, next.ExpiresAt = p.ended, p.ended.Add(24*time.Hour)
	return &next, nil
}

// TestCrowd has many connections due in one minute: the provider is asked at its pace, the most urgent first, and no token
// ends before it is renewed. TEST_DUE=100000 for the number that the documentation tells.
func TestCrowd(t *testing.T) {
	due := 5_000
	limits := health.Limits{Rate: 20, Concurrency: 64}
	if n, err := strconv.Atoi(os.Getenv("TEST_DUE")); err == nil {
		due, limits.Rate = n, float64(n)/250
	}
	synctest.Test(t, func(t *testing.T) {
		memory := connectiontest.NewMemory()
		all := &definitions{t: t, memory: memory, known: map[string]*destination.Definition{}, plans: map[string][]*destination.Plan{}}
		definition := all.publish("person", passwordDocument)
		plan, err := all.Plan(t.Context(), definition, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		issued := time.Now()
		for i := range due {
			r := connection.Record{
				ID: ident.New("conn"), Organization: organization, Sandbox: sandbox, Definition: definition, Revision: 1,
				State: connection.Active, Generation: 1, Version: 1, Renewable: true, Fingerprint: plan.Fingerprint(destination.Fields{}),
				RefreshAt: issued.Add(50*time.Minute + time.Duration(i)*time.Minute/time.Duration(due)), CreatedAt: issued,
				Tokens: &exchange.TokenSet{
					AccessToken: secret.New(fmt.Sprint("access-", i)), RefreshToken: secret.New("refresh-"), IssuedAt: issued,
					ExpiresAt: issued.Add(time.Hour),
				},
			}
			if err := memory.Create(t.Context(), r, nil); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(49 * time.Minute)
		paced, err := health.New(health.Config{Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		asked := &crowded{}
		keeper, err := connection.NewKeeper(connection.KeeperConfig{Ledger: memory, Exchanger: asked, Definitions: all, Health: paced})
		if err != nil {
			t.Fatal(err)
		}
		if err := keeper.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		if err := keeper.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := paced.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := memory.Calls("Commit"); n != due || asked.late > 0 {
			t.Errorf("%d of %d were renewed, %d of them late", n, due, asked.late)
		}
		if asked.most > limits.Concurrency || float64(asked.busiest) > 2*limits.Rate {
			t.Errorf("%d calls at once, %d in a second", asked.most, asked.busiest)
		}
		t.Logf("%d due in one minute: renewed in %v, at most %d at once and %d a second, the last with %v left",
			due, asked.ended.Sub(asked.begun), asked.most, asked.busiest, asked.least)
	})
}
