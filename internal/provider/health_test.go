package provider_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	host = provider.Host("login.example.com")
	acme = "6096892F54B5819E0A4C98A2@AdobeOrg"
)

func open(t *testing.T, config provider.Config) *provider.Health {
	t.Helper()
	h, err := provider.New(config)
	if err != nil {
		t.Fatal(err)
	}
	h.Start()
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return h
}

// call is one of a waiting caller, with changes.
func call(change ...func(*provider.Call)) provider.Call {
	c := provider.Call{
		Host: host, Organization: acme, Sandbox: "prod", Definition: "def_1", Revision: 1, Connection: "conn_1",
		Client: provider.Client{ID: "client-1", Fingerprint: "fp", Credential: [32]byte{1}},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func background(expires time.Time) func(*provider.Call) {
	return func(c *provider.Call) { c.Background, c.Expires = true, expires }
}

func enter(t *testing.T, h *provider.Health, c provider.Call) *provider.Gate {
	t.Helper()
	gate, err := h.Enter(t.Context(), c)
	if err != nil {
		t.Fatalf("Enter() = %v", err)
	}
	return gate
}

var (
	good    = provider.Outcome{Class: provider.Good, Status: 200}
	down    = provider.Outcome{Class: provider.Unavailable, Status: 503, Code: "status_503"}
	refused = provider.Outcome{Class: provider.ClientDead, Status: 401, Code: "invalid_client", Description: "secret expired"}
)

func breakIt(t *testing.T, h *provider.Health) {
	t.Helper()
	for range 5 {
		enter(t, h, call()).Done(down)
	}
}

func downError(t *testing.T, err error) *provider.DownError {
	t.Helper()
	e, ok := errors.AsType[*provider.DownError](err)
	if !ok {
		t.Fatalf("error %v, want a DownError", err)
	}
	return e
}

func TestWaitersGoInTheOrderOfTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Limits: provider.Limits{Concurrency: 1, Rate: 1000}})
		now := time.Now()
		first := enter(t, h, call())
		var mu sync.Mutex
		var order []string
		var group sync.WaitGroup
		wait := func(name string, c provider.Call) {
			group.Go(func() {
				gate, err := h.Enter(t.Context(), c)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				time.Sleep(time.Second)
				gate.Done(good)
			})
			synctest.Wait()
		}
		wait("in an hour", call(background(now.Add(time.Hour))))
		wait("in a minute", call(background(now.Add(time.Minute))))
		wait("endless", call(background(time.Time{})))
		wait("a caller", call())
		time.Sleep(time.Second)
		wait("a later caller", call())
		wait("overdue", call(background(now.Add(-time.Second))))
		first.Done(good)
		group.Wait()
		want := []string{"overdue", "a caller", "a later caller", "in a minute", "in an hour", "endless"}
		if !slices.Equal(order, want) {
			t.Errorf("went in the order %v, want %v", order, want)
		}
	})
}

func TestCancelledWaiterFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Limits: provider.Limits{Concurrency: 1}})
		first := enter(t, h, call())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := h.Enter(ctx, call())
		busy, ok := errors.AsType[*provider.BusyError](err)
		if !ok || !errors.Is(err, context.DeadlineExceeded) || !busy.RetryAt.After(time.Now()) {
			t.Fatalf("Enter() = %v, want a BusyError with a time to come again", err)
		}
		first.Done(good)
		first.Done(good) // counts once
		second := enter(t, h, call())
		if status, err := h.Status(reader, host); err != nil || status.InFlight != 1 || status.Waiting != 0 {
			t.Errorf("Status() = %+v, %v, want one under way and none waiting", status, err)
		}
		second.Done(provider.Outcome{})
	})
}

func TestRateHoldsThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Limits: provider.Limits{Rate: 10, Concurrency: 100}})
		began := time.Now()
		var group sync.WaitGroup
		for range 42 {
			group.Go(func() { enter(t, h, call()).Done(good) })
		}
		group.Wait()
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("42 calls at 10 a second, 2 of them at once, took %v, want 4s", took)
		}
	})
}

func TestOpenBreakerLetsExactlyOneProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		breakIt(t, h)
		_, err := h.Enter(t.Context(), call())
		e := downError(t, err)
		if e.Throttled || e.Last.Status != 503 || e.Last.Code != "status_503" {
			t.Errorf("refused with %+v", e)
		}
		if status, _ := h.Status(reader, host); status.State != provider.Down || !status.ProbeAt.Equal(e.RetryAt) {
			t.Errorf("Status() = %+v, want down until %v", status, e.RetryAt)
		}
		time.Sleep(time.Until(e.RetryAt))
		var gates []*provider.Gate
		for range 100 {
			if gate, err := h.Enter(t.Context(), call()); err == nil {
				gates = append(gates, gate)
			} else {
				downError(t, err)
			}
		}
		if len(gates) != 1 {
			t.Fatalf("%d probes, want 1", len(gates))
		}
		gates[0].Done(good)
		enter(t, h, call()).Done(good)
	})
}

func TestUnusedProbeLetsTheNextOneGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		breakIt(t, h)
		time.Sleep(time.Minute)
		enter(t, h, call()).Done(provider.Outcome{Class: provider.Unused})
		enter(t, h, call()).Done(good)
		enter(t, h, call()).Done(good)
	})
}

func TestOutageSendsThoseWhoWaitAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Limits: provider.Limits{Concurrency: 1}})
		for range 4 {
			enter(t, h, call()).Done(down)
		}
		last := enter(t, h, call())
		errs := make(chan error, 2)
		go func() {
			_, err := h.Enter(t.Context(), call())
			errs <- err
		}()
		h.Submit(call(background(time.Now())), func(_ *provider.Gate, err error) { errs <- err })
		synctest.Wait()
		last.Done(down)
		for range 2 {
			downError(t, <-errs)
		}
	})
}

func TestRecoveryIsGradual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Limits: provider.Limits{Concurrency: 32, Rate: 10_000}})
		breakIt(t, h)
		time.Sleep(time.Minute)
		enter(t, h, call()).Done(good)
		if status, _ := h.Status(reader, host); status.State != provider.Recovering {
			t.Errorf("just after the probe the state is %s", status.State)
		}
		var mu sync.Mutex
		began := map[time.Duration]int{}
		from := time.Now()
		var group sync.WaitGroup
		for range 200 {
			group.Go(func() {
				gate := enter(t, h, call())
				mu.Lock()
				began[time.Since(from).Truncate(time.Second)]++
				mu.Unlock()
				time.Sleep(time.Second)
				gate.Done(good)
			})
		}
		group.Wait()
		for second, want := range map[time.Duration]int{0: 1, time.Second: 2, 2 * time.Second: 4, 3 * time.Second: 8, 4 * time.Second: 16} {
			if got := began[second]; got > want {
				t.Errorf("in second %v %d calls began, want %d at most", second, got, want)
			}
		}
	})
}

func TestRetryAfterHoldsTheWholeProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(provider.Outcome{Class: provider.Throttled, Status: 429, RetryAfter: 20 * time.Second})
		_, err := h.Enter(t.Context(), call(func(c *provider.Call) { c.Definition = "def_2" }))
		if e := downError(t, err); !e.Throttled || time.Until(e.RetryAt) != 20*time.Second {
			t.Errorf("refused with %+v", e)
		}
		if status, _ := h.Status(reader, host); status.State != provider.Held || status.Rate > 101 {
			t.Errorf("Status() = %+v, want throttled at half the rate", status)
		}
		time.Sleep(20 * time.Second)
		enter(t, h, call()).Done(good)
	})
}

func TestRefusedGrantsAreNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		for range 50 {
			enter(t, h, call()).Done(provider.Outcome{Class: provider.GrantDead, Status: 400, Code: "invalid_grant"})
			enter(t, h, call()).Done(provider.Outcome{Class: provider.BadResponse, Status: 200})
		}
		if status, _ := h.Status(reader, host); status.State != provider.Up || status.Failed != 0 || status.Outcomes["grant_dead"] != 50 {
			t.Errorf("Status() = %+v", status)
		}
	})
}

func TestSubmitAndWithdraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Limits: provider.Limits{Concurrency: 1}})
		got := make(chan *provider.Gate, 3)
		through := func(g *provider.Gate, err error) {
			if err != nil {
				t.Error(err)
			}
			got <- g
		}
		if h.Submit(call(background(time.Now())), through)() {
			t.Error("withdrew a call that is through")
		}
		first := <-got
		withdraw := h.Submit(call(background(time.Now())), func(*provider.Gate, error) { t.Error("a call that was withdrawn is answered") })
		h.Submit(call(background(time.Now())), through)
		if !withdraw() || withdraw() {
			t.Error("withdraw() does not tell whether it did")
		}
		first.Done(good)
		(<-got).Done(good)
	})
}

func TestCloseSendsThoseWhoWaitAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Limits: provider.Limits{Concurrency: 1}})
		gate := enter(t, h, call())
		errs := make(chan error, 3)
		go func() {
			_, err := h.Enter(context.Background(), call())
			errs <- err
		}()
		h.Submit(call(), func(_ *provider.Gate, err error) { errs <- err })
		synctest.Wait()
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		h.Submit(call(), func(_ *provider.Gate, err error) { errs <- err })
		for range 3 {
			if err := <-errs; !errors.Is(err, provider.ErrClosed) {
				t.Errorf("error %v, want ErrClosed", err)
			}
		}
		gate.Done(good)
	})
}

func TestHostOf(t *testing.T) {
	for address, want := range map[string]provider.Host{
		"https://Login.Example.com/token?x=1": "login.example.com", "https://login.example.com:443/": "login.example.com",
		"https://login.example.com:8443/t": "login.example.com:8443", "http://login.example.com/": "login.example.com:80",
		"https://[2001:db8::1]/": "[2001:db8::1]", "https://login.example.com./x": "login.example.com", "": "", "nonsense": "", "https://%zz": "",
	} {
		if got := provider.HostOf(address); got != want {
			t.Errorf("HostOf(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestClassOf(t *testing.T) {
	for _, c := range []struct {
		kind   string
		status int
		code   string
		want   provider.Class
	}{
		{"provider_down", 503, "status_503", provider.Unavailable}, {"provider_down", 408, "status_408", provider.Unavailable},
		{"provider_down", 429, "status_429", provider.Throttled}, {"provider_down", 400, "slow_down", provider.Throttled},
		{"provider_down", 0, "timeout", provider.Timeout}, {"provider_down", 0, "dns", provider.Network}, {"provider_down", 0, "reset", provider.Network},
		{"provider_down", 0, "blocked", provider.Unused}, {"provider_down", 0, "canceled", provider.Unused},
		{"denied", 0, "cannot_send", provider.Unused}, {"denied", 403, "access_denied", provider.Denied},
		{"grant_dead", 400, "invalid_grant", provider.GrantDead}, {"client_dead", 401, "invalid_client", provider.ClientDead},
		{"bad_response", 200, "no_access_token", provider.BadResponse},
	} {
		if got := provider.ClassOf(c.kind, c.status, c.code); got != c.want {
			t.Errorf("ClassOf(%s, %d, %s) = %v, want %v", c.kind, c.status, c.code, got, c.want)
		}
	}
}

func TestCallThatAsksNobody(t *testing.T) {
	h := open(t, provider.Config{})
	enter(t, h, provider.Call{}).Done(good)
	if all, err := h.List(reader, provider.Query{}); err != nil || len(all) != 0 {
		t.Errorf("List() = %v, %v", all, err)
	}
}
