package connection_test

import (
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
	health "latchkey/internal/provider"
)

// TestDeadAtAProviderWithTrouble has a provider that has failed a moment ago call a grant dead: it is asked once more after
// five seconds, and that time believed. One without trouble is believed at once.
func TestDeadAtAProviderWithTrouble(t *testing.T) {
	dead := &exchange.Failure{Kind: exchange.GrantDead, Code: "invalid_grant", Status: 400, Sent: true}
	broken := &exchange.Failure{Kind: exchange.ProviderDown, Status: 503, Sent: true}
	for name, test := range map[string]struct {
		answers []*exchange.Failure
		want    connection.State
		asked   int // times for a token
	}{
		"it was wrong":   {[]*exchange.Failure{broken, dead, nil}, connection.Active, 3},
		"it was right":   {[]*exchange.Failure{broken, dead, dead}, connection.NeedsReauthorization, 3},
		"no trouble":     {[]*exchange.Failure{dead}, connection.NeedsReauthorization, 1},
		"after a 503":    {[]*exchange.Failure{broken, dead, broken, nil}, connection.Active, 4},
		"answer is lost": {[]*exchange.Failure{broken, lost(), dead}, connection.NeedsReauthorization, 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var err error
			if w.health, err = health.New(health.Config{Clock: w.clock}); err != nil {
				t.Fatal(err)
			}
			w.provider.target = exchange.Target{URL: "https://id.example.com/token"}
			w.restart()
			p := w.answers(time.Hour, test.answers...)
			c := w.connect("person", "")
			w.clock.Advance(50 * time.Minute)
			w.start()
			first := time.Time{}
			for end := w.clock.Now().Add(4 * time.Minute); w.clock.Now().Before(end); {
				w.pass(500 * time.Millisecond)
				got := w.get(c.ID)
				if got.LastError != nil && got.LastError.Code == "grant_doubted" && first.IsZero() {
					if first = got.LastError.At; got.State != connection.Degraded || got.NextRefreshAt.Sub(first) != 5*time.Second {
						t.Errorf("in doubt it is %v, and asked again after %v", got.State, got.NextRefreshAt.Sub(first))
					}
				}
				if got.State == test.want && len(p.since("refresh-1")) == test.asked {
					break
				}
			}
			if got := w.get(c.ID); got.State != test.want {
				t.Errorf("the connection is %v, want %v", got.State, test.want)
			}
			if at := p.since("refresh-1"); len(at) != test.asked {
				t.Errorf("presented after %v, want %d times", at, test.asked)
			}
		})
	}
}
