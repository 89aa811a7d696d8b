package provider_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/provider"
	"latchkey/internal/provider/providertest"
)

func hash(_ string, data []byte) (sum [32]byte) {
	for i, b := range data {
		sum[i%32] = sum[i%32]*31 + b
	}
	return sum
}

func told(m *providertest.Memory) (types []event.Type) {
	for _, e := range m.Told() {
		types = append(types, e.Type)
	}
	return types
}

func same(t *testing.T, m *providertest.Memory, want ...event.Type) {
	t.Helper()
	got := told(m)
	if len(got) != len(want) {
		t.Fatalf("told %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("told %v, want %v", got, want)
		}
	}
}

// Two nodes see the same outage: it begins and ends once.
func TestOutageIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &providertest.Memory{}
		a, b := open(t, provider.Config{Store: store, Hash: hash}), open(t, provider.Config{Store: store, Hash: hash})
		breakIt(t, a)
		breakIt(t, b)
		synctest.Wait()
		same(t, store, event.ProviderDown)
		time.Sleep(2 * time.Minute)
		enter(t, a, call()).Done(good)
		enter(t, b, call()).Done(good)
		synctest.Wait()
		same(t, store, event.ProviderDown, event.ProviderUp)
	})
}

// A process that starts during an outage lets one call through to see, and knows since when.
func TestOutageSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &providertest.Memory{}
		first := open(t, provider.Config{Store: store})
		breakIt(t, first)
		since := time.Now()
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		h := open(t, provider.Config{Store: store})
		synctest.Wait()
		status, err := h.Status(reader, host)
		if err != nil || status.State != provider.Down || !status.Since.Equal(since) {
			t.Fatalf("Status() = %+v, %v, want down since %v", status, err, since)
		}
		probe := enter(t, h, call())
		_, err = h.Enter(t.Context(), call())
		downError(t, err)
		probe.Done(good)
		synctest.Wait()
		same(t, store, event.ProviderDown, event.ProviderUp)
	})
}

func TestRecalledOutageEndsWithAnothersWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &providertest.Memory{}
		a := open(t, provider.Config{Store: store})
		breakIt(t, a)
		synctest.Wait()
		b := open(t, provider.Config{Store: store})
		synctest.Wait()
		time.Sleep(time.Minute)
		enter(t, a, call()).Done(good)
		time.Sleep(time.Minute)
		if status, err := b.Status(reader, host); err != nil || status.State != provider.Up {
			t.Errorf("Status() = %+v, %v, want up", status, err)
		}
	})
}

// An incident is one for all nodes and survives a restart; a success on any node ends it on all.
func TestIncidentIsSharedByNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &providertest.Memory{}
		a, b := open(t, provider.Config{Store: store, Hash: hash}), open(t, provider.Config{Store: store, Hash: hash})
		enter(t, a, call()).Done(refused)
		time.Sleep(45 * time.Second)
		_, err := b.Enter(t.Context(), call())
		id := paused(t, err).Incident
		_, err = a.Enter(t.Context(), call())
		if got := paused(t, err).Incident; got != id {
			t.Errorf("the nodes have the incidents %s and %s", got, id)
		}
		same(t, store, event.ProviderDown)
		time.Sleep(2 * time.Minute)
		enter(t, b, call()).Done(good)
		time.Sleep(45 * time.Second)
		enter(t, a, call()).Done(good)
		same(t, store, event.ProviderDown, event.ProviderUp)
	})
}

func TestIncidentThatNobodyAsksUnderEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &providertest.Memory{}
		h := open(t, provider.Config{Store: store, Hash: hash})
		enter(t, h, call()).Done(refused)
		time.Sleep(2 * time.Hour)
		if status, _ := h.Status(reader, host); len(status.Incidents) != 0 {
			t.Errorf("two hours later these are open: %+v", status.Incidents)
		}
		same(t, store, event.ProviderDown, event.ProviderUp)
	})
}

// What could not be stored is stored when the database is back, and calls do not wait for it.
func TestStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &providertest.Memory{}
		h := open(t, provider.Config{Store: store, Hash: hash})
		synctest.Wait()
		store.Away(errors.New("gone"))
		breakIt(t, h)
		time.Sleep(time.Minute)
		enter(t, h, call()).Done(refused)
		_, err := h.Enter(t.Context(), call())
		paused(t, err)
		same(t, store)
		store.Away(nil)
		time.Sleep(time.Minute)
		same(t, store, event.ProviderDown, event.ProviderDown, event.ProviderUp)
		if all, _ := store.Read(context.Background()); len(all.Open) != 1 || len(all.Known) != 1 {
			t.Errorf("kept %+v", all)
		}
	})
}

func TestForgottenProviderComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{Store: &providertest.Memory{}})
		enter(t, h, call()).Done(good)
		time.Sleep(6 * 24 * time.Hour)
		if _, err := h.Status(reader, host); err != nil {
			t.Errorf("six days later Status() = %v", err)
		}
		time.Sleep(25 * time.Hour)
		if _, err := h.Status(reader, host); !errors.Is(err, provider.ErrNotFound) {
			t.Errorf("a week later Status() = %v, want ErrNotFound", err)
		}
		enter(t, h, call()).Done(good)
	})
}
