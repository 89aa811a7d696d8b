package analytics_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/analytics"
	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// network is the way to a server and the server: each request arrives somewhere between its start and its answer.
type network struct {
	mu      sync.Mutex
	arrived []time.Time
	status  func(n int) (int, string)
}

func (w *network) Do(ctx context.Context, r *http.Request) (*egress.Response, error) {
	w.mu.Lock()
	n := len(w.arrived) + 1
	w.mu.Unlock()
	time.Sleep(time.Duration(n*n*37%400) * time.Millisecond)
	w.mu.Lock()
	w.arrived = append(w.arrived, time.Now())
	w.mu.Unlock()
	time.Sleep(time.Duration(n*53%700) * time.Millisecond)
	out := &egress.Response{Status: 200, Header: http.Header{}, Body: []byte(`{}`)}
	if w.status != nil {
		var wait string
		if out.Status, wait = w.status(n); wait != "" {
			out.Header.Set("Retry-After", wait)
		}
	}
	return out, nil
}

// TestRateIsKeptByAllCallers has five callers of one credential ask as fast as they can: no 6 seconds at the server see more
// than 12 requests, nobody fails, and another credential does not wait.
func TestRateIsKeptByAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &network{}
		c := analytics.New(analytics.Config{Sender: w})
		begun := time.Now()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				for range 12 {
					if _, err := c.Me(t.Context(), with, "co"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for i := range w.arrived {
			if i >= 12 && w.arrived[i].Sub(w.arrived[i-12]) < 6*time.Second {
				t.Errorf("requests %d to %d arrive within %s", i-12, i, w.arrived[i].Sub(w.arrived[i-12]))
			}
		}
		// 60 requests are 5 windows: 4 waits. The network's time comes on top.
		if took := time.Since(begun); took > 32*time.Second {
			t.Errorf("60 requests took %s", took)
		}
		begun = time.Now()
		if _, err := c.Me(t.Context(), analytics.Access{APIKey: "client-2", Token: secret.New("t")}, "co"); err != nil || time.Since(begun) > 2*time.Second {
			t.Errorf("another credential took %s, %v", time.Since(begun), err)
		}
		if r := c.Rate("client-2"); r.Of != 12 || r.Free != 11 || r.Within != 6*time.Second || !r.Until.IsZero() {
			t.Errorf("the rate after one call is %+v", r)
		}
		if r := c.Rate("nobody"); r.Free != 12 {
			t.Errorf("the rate of a credential that never called is %+v", r)
		}
	})
}

// TestRetryAfterHoldsEverybodyOff has a server say 429 once: until it wants to be asked again, nobody asks.
func TestRetryAfterHoldsEverybodyOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &network{status: func(n int) (int, string) {
			if n == 1 {
				return 429, "30"
			}
			return 200, ""
		}}
		c := analytics.New(analytics.Config{Sender: w})
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 2 * time.Second)
				if _, err := c.Me(t.Context(), with, "co"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(w.arrived) != 4 {
			t.Fatalf("%d requests, want 4", len(w.arrived))
		}
		for _, at := range w.arrived[1:] {
			if after := at.Sub(w.arrived[0]); after < 30*time.Second {
				t.Errorf("asked again after %s", after)
			}
		}
	})
}

// TestWaitEndsWithTheCaller holds that who gives up while waiting takes no place with him.
func TestWaitEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &network{}
		c := analytics.New(analytics.Config{Sender: w})
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() { _, _ = c.Me(t.Context(), with, "co") })
		}
		all.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Me(ctx, with, "co"); err == nil {
			t.Error("the thirteenth did not wait")
		}
		time.Sleep(10 * time.Second)
		begun := time.Now()
		for range 12 {
			all.Go(func() { _, _ = c.Me(t.Context(), with, "co") })
		}
		all.Wait()
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("the next 12 took %s: a place was lost", took)
		}
	})
}
