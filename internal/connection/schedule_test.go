package connection_test

import (
	"context"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// TestSchedule follows spec/token-keeping.md, "Decide".
func TestSchedule(t *testing.T) {
	for name, test := range map[string]struct {
		life, refreshLife time.Duration
		from, to          time.Duration // of the next refresh, after the issue
	}{
		"an hour":                   {time.Hour, 0, 42 * time.Minute, 51 * time.Minute},
		"three minutes":             {3 * time.Minute, 0, 2 * time.Minute, 2 * time.Minute},
		"100 seconds":               {100 * time.Second, 0, 50 * time.Second, 50 * time.Second},
		"dead on arrival":           {-time.Minute, 0, 5 * time.Second, 5 * time.Second},
		"unknown":                   {0, 0, 42 * time.Minute, 51 * time.Minute},
		"a refresh token that ends": {240 * time.Hour, 10 * time.Hour, 9 * time.Hour, 9 * time.Hour},
		"one that ends very soon":   {time.Hour, time.Minute, 42 * time.Minute, 51 * time.Minute},
		"one that ends late":        {time.Hour, 1000 * time.Hour, 42 * time.Minute, 51 * time.Minute},
	} {
		w := newWorld(t)
		w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
			set := w.provider.token(n, test.life)
			if test.refreshLife > 0 {
				set.RefreshExpiresAt = set.IssuedAt.Add(test.refreshLife)
			}
			return set, nil
		})
		seen := map[time.Duration]bool{}
		for range 20 {
			at := w.connect("person", "").NextRefreshAt.Sub(start)
			if at < test.from || at > test.to {
				t.Errorf("%s: due after %v, want %v to %v", name, at, test.from, test.to)
			}
			seen[at] = true
		}
		if test.from != test.to && len(seen) < 15 {
			t.Errorf("%s: 20 connections are due at %d times", name, len(seen))
		}
	}
}

func TestLeeway(t *testing.T) {
	w := newWorld(t)
	for leeway, want := range map[string]time.Duration{"300": 55 * time.Minute, "7200": 30 * time.Minute} {
		w.definitions.publish("leeway "+leeway, `{"name":"l","authentication":{"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS",
			"accessTokenUrl":"https://id.example.com/token","clientId":"c","clientSecret":"s","options":{"expiry":{"leewaySeconds":`+leeway+`}}}}`)
		if at := w.connect("leeway "+leeway, "").NextRefreshAt.Sub(start); at != want {
			t.Errorf("with a leeway of %s s it is due after %v, want %v", leeway, at, want)
		}
	}
}

// TestAgenda has many connections due: each is refreshed once, a bounded number at a time, and a restart reads no more
// than what is due.
func TestAgenda(t *testing.T) {
	const due, idle = 500, 200
	w := newWorld(t)
	long := false
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		if long {
			return w.provider.token(n, 1000*time.Hour), nil
		}
		return w.provider.token(n, time.Hour), nil
	})
	ids := make([]string, 0, due)
	for range due {
		ids = append(ids, w.connect("machine", "").ID)
	}
	long = true
	for range idle {
		w.connect("machine", "")
	}
	w.clock.Advance(55 * time.Minute)
	w.restart()
	reads := w.memory.Calls("Find")
	w.start()
	w.eventually("all are refreshed", func() bool { return w.provider.count() == due+idle+due })
	if n := w.memory.Calls("Find") - reads; n > 2*due { // to know it, and inside its flight
		t.Errorf("%d reads of the store for %d due connections", n, due)
	}
	time.Sleep(20 * time.Millisecond)
	for _, id := range ids {
		if got := w.token(id, connection.Want{}); got.Generation != 2 {
			t.Errorf("generation %d", got.Generation)
		}
	}
	if n := w.provider.count(); n != due+idle+due {
		t.Errorf("%d exchanges, want each once", n-due-idle)
	}
}

// TestAgendaKeepsShortTokens keeps a token of five seconds alive, that nobody reads, for two minutes.
func TestAgendaKeepsShortTokens(t *testing.T) {
	w := newWorld(t)
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		return w.provider.token(n, 5*time.Second), nil
	})
	id := w.connect("person", "").ID
	w.start()
	for range 240 {
		w.clock.Advance(500 * time.Millisecond)
		at := w.clock.Now()
		w.eventually("it is fresh", func() bool {
			r, err := w.memory.Find(context.Background(), connection.Selector{ID: id})
			return err == nil && r.Tokens.ExpiresAt.After(at)
		})
		w.eventually("the agenda waits", func() bool { return w.clock.Waiting() > 0 })
	}
	if n := w.provider.count(); n < 30 || n > 55 { // on a busy machine the clock runs ahead of the agenda
		t.Errorf("%d exchanges in two minutes, want one every 2.5 s", n)
	}
}

// TestIdleRefreshTokenIsKeptAlive renews a connection that nobody reads before its refresh token ends.
func TestIdleRefreshTokenIsKeptAlive(t *testing.T) {
	w := newWorld(t)
	w.provider.script(func(n int, _ exchange.Input) (*exchange.TokenSet, error) {
		set := w.provider.token(n, 240*time.Hour)
		set.RefreshExpiresAt = set.IssuedAt.Add(10 * time.Hour)
		return set, nil
	})
	id := w.consent("browser", connection.Create{})
	w.start()
	for range 4 * 48 {
		w.eventually("the agenda waits", func() bool { return w.clock.Waiting() > 0 })
		w.clock.Advance(15 * time.Minute)
	}
	w.eventually("renewals", func() bool { return w.provider.count() >= 5 })
	if got := w.get(id); got.State != connection.Active || !got.RefreshExpiresAt.After(w.clock.Now()) {
		t.Errorf("the connection is %+v", got)
	}
}
