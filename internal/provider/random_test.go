package provider_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/provider"
)

// Callers come and give up, calls end in any way: never more are through than may be, everybody is answered, every place
// comes back, and a provider that is well again is called again.
func TestAnythingGoes(t *testing.T) {
	outcomes := []provider.Outcome{
		good, good, good, down, {Class: provider.Timeout}, {Class: provider.Throttled, Status: 429, RetryAfter: 3 * time.Second},
		{Class: provider.GrantDead, Status: 400}, {Class: provider.BadResponse, Status: 200}, {}, refused,
	}
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			limits := provider.Limits{Concurrency: 1 + random.IntN(8), Rate: 1 + 100*random.Float64()}
			h := open(t, provider.Config{Limits: limits})
			var group sync.WaitGroup
			var mu sync.Mutex
			through := 0
			hold := func(gate *provider.Gate, length time.Duration, o provider.Outcome) {
				mu.Lock()
				if through++; through > limits.Concurrency {
					t.Errorf("seed %d: %d calls are through, %d may be", seed, through, limits.Concurrency)
				}
				mu.Unlock()
				time.Sleep(length)
				mu.Lock()
				through--
				mu.Unlock()
				gate.Done(o)
			}
			for range 300 {
				time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
				c := call()
				c.Client.Credential[0] = byte(random.IntN(3))
				c.Forced = random.IntN(30) == 0
				if random.IntN(2) == 0 {
					background(time.Now().Add(time.Duration(random.IntN(100)) * time.Second))(&c)
				}
				length, o := time.Duration(random.IntN(2000))*time.Millisecond, outcomes[random.IntN(len(outcomes))]
				patience := time.Duration(1+random.IntN(3000)) * time.Millisecond
				if random.IntN(3) == 0 {
					group.Add(1)
					withdraw := h.Submit(c, func(gate *provider.Gate, err error) {
						defer group.Done()
						if err == nil {
							hold(gate, length, o)
						}
					})
					if random.IntN(5) == 0 && withdraw() {
						group.Done()
					}
					continue
				}
				group.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					if gate, err := h.Enter(ctx, c); err == nil {
						hold(gate, length, o)
					} else if errors.Is(err, provider.ErrClosed) {
						t.Errorf("seed %d: closed", seed)
					}
				})
			}
			group.Wait()
			if s, err := h.Status(reader, host); err != nil || s.InFlight != 0 || s.Waiting != 0 {
				t.Errorf("seed %d: in the end %+v, %v", seed, s, err)
			}
			time.Sleep(time.Hour)
			for range 100 { // the first of them ends the outage and the incidents
				time.Sleep(time.Second)
				enter(t, h, call()).Done(good)
			}
			if s, _ := h.Status(reader, host); s.State != provider.Up {
				t.Errorf("seed %d: well again, and %s", seed, s.State)
			}
		})
	}
}
