package provider_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/provider"
)

var (
	reader = access.Caller{ID: "key_1", Organization: acme, Scopes: access.Scopes{access.ConnectionsRead}}
	writer = access.Caller{ID: "key_2", Organization: acme, Scopes: access.Scopes{access.ConnectionsWrite}}
)

func paused(t *testing.T, err error) *provider.PausedError {
	t.Helper()
	e, ok := errors.AsType[*provider.PausedError](err)
	if !ok {
		t.Fatalf("error %v, want a PausedError", err)
	}
	return e
}

func of(connection string) func(*provider.Call) {
	return func(c *provider.Call) { c.Connection = connection }
}

func TestRefusedClientIsOneIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(refused)
		var at time.Time
		for i := range 1000 {
			_, err := h.Enter(t.Context(), call(of(fmt.Sprintf("conn_%d", i))))
			e := paused(t, err)
			if e.Client != "client-1" || e.Last.Description != "secret expired" {
				t.Fatalf("refused with %+v", e)
			}
			at = e.RetryAt
		}
		if wait := time.Until(at); wait < time.Minute || wait > 2*time.Minute {
			t.Errorf("the first probe is in %v, want 1 to 2 minutes", wait)
		}
		status, err := h.Status(reader, host)
		if err != nil || status.State != provider.Up || len(status.Incidents) != 1 || status.Incidents[0].Held != 1000 {
			t.Fatalf("Status() = %+v, %v, want one incident that holds 1000 connections, of a provider that is up", status, err)
		}
		// Another definition, another organization's and another client are not concerned.
		for _, change := range []func(*provider.Call){
			func(c *provider.Call) { c.Definition = "def_2" }, func(c *provider.Call) { c.Organization = "other" },
			func(c *provider.Call) { c.Client.Fingerprint = "elsewhere" }, func(c *provider.Call) { c.Client.Credential[0] = 9 },
		} {
			enter(t, h, call(change)).Done(provider.Outcome{Class: provider.Denied, Status: 403})
		}
		// One probes, at a falling pace.
		var waits []time.Duration
		for range 6 {
			time.Sleep(time.Until(at))
			probe := enter(t, h, call())
			_, err := h.Enter(t.Context(), call())
			paused(t, err)
			began := time.Now()
			probe.Done(refused)
			_, err = h.Enter(t.Context(), call())
			at = paused(t, err).RetryAt
			waits = append(waits, at.Sub(began))
		}
		for i, wait := range waits {
			if longest := time.Minute + min(14*time.Minute, time.Minute<<(i+1)); wait < time.Minute || wait > longest {
				t.Errorf("probe %d after %v, want 1 minute to %v", i+2, wait, longest)
			}
		}
		time.Sleep(time.Until(at))
		enter(t, h, call()).Done(good)
		for range 10 {
			enter(t, h, call()).Done(good)
		}
		if status, _ := h.Status(reader, host); len(status.Incidents) != 0 {
			t.Errorf("after a success these are open: %+v", status.Incidents)
		}
	})
}

func TestIncidentEndsWhenTheClientAuthenticates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(refused)
		time.Sleep(2 * time.Minute)
		enter(t, h, call()).Done(provider.Outcome{Class: provider.GrantDead, Status: 400, Code: "invalid_grant"})
		enter(t, h, call()).Done(good)
	})
}

func TestIncidentEndsWithANewSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(refused)
		enter(t, h, call(func(c *provider.Call) { c.Client.Credential[0], c.Revision = 2, 2 })).Done(good)
		if status, _ := h.Status(reader, host); len(status.Incidents) != 0 {
			t.Errorf("with the definition's new secret these are open: %+v", status.Incidents)
		}
	})
}

func TestIncidentSurvivesANewRevisionWithTheOldSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(refused)
		_, err := h.Enter(t.Context(), call(func(c *provider.Call) { c.Revision = 2 }))
		paused(t, err)
	})
}

func TestResumeProbesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(refused)
		other := call(func(c *provider.Call) { c.Definition = "def_2" })
		for range 5 {
			enter(t, h, other).Done(down)
		}
		if _, err := h.Resume(reader, host); err == nil {
			t.Error("a key that may only read resumed a provider")
		}
		if _, err := h.Resume(writer, "unknown.example.com"); !errors.Is(err, provider.ErrNotFound) {
			t.Errorf("Resume() of an unknown provider = %v", err)
		}
		if _, err := h.Resume(writer, host); err != nil {
			t.Fatal(err)
		}
		enter(t, h, call()).Done(good)
		enter(t, h, call()).Done(good)
	})
}

func TestForcedCallIsTheProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(refused)
		forced := call(func(c *provider.Call) { c.Forced = true })
		probe := enter(t, h, forced)
		_, err := h.Enter(t.Context(), forced)
		paused(t, err)
		probe.Done(good)
		enter(t, h, call()).Done(good)
	})
}

func TestIncidentsAreSeenByTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, provider.Config{})
		enter(t, h, call()).Done(refused)
		stranger, stage := reader, reader
		stranger.Organization, stage.Sandbox = "other", "stage"
		if _, err := h.Status(stranger, host); !errors.Is(err, provider.ErrNotFound) {
			t.Errorf("an organization that does not call the provider sees it: %v", err)
		}
		if all, err := h.List(stranger, provider.Query{}); err != nil || len(all) != 0 {
			t.Errorf("List() = %v, %v", all, err)
		}
		enter(t, h, call(func(c *provider.Call) { c.Organization = "other" })).Done(good)
		status, err := h.Status(stranger, host)
		if err != nil || len(status.Incidents) != 0 || !status.LastFailure.At.IsZero() {
			t.Errorf("another organization sees %+v, %v", status, err)
		}
		if status, _ := h.Status(stage, host); len(status.Incidents) != 0 {
			t.Errorf("a key of another sandbox sees %+v", status.Incidents)
		}
		if all, _ := h.List(reader, provider.Query{Text: "EXAMPLE", State: provider.Up}); len(all) != 1 || all[0].LastFailure.Code != "invalid_client" {
			t.Errorf("List() = %+v", all)
		}
		if all, _ := h.List(reader, provider.Query{State: provider.Down}); len(all) != 0 {
			t.Errorf("List(down) = %+v", all)
		}
	})
}
