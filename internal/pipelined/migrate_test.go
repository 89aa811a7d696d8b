package pipelined_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/pipelined"
	"latchkey/internal/secret"
)

// The move of spec/campaign-and-pipeline.md §3.4 (seeds 000 and 001), from the gateway to JWT to OAuth, under load: nothing
// is lost, the consumer and its pointer stay, and each credential is proven before the one before it is let go of.

func legacy(in *pipelined.Instance, o *pipelined.Options) {
	o.AuthType, o.AppName, in.LegacyKey = "", "6eab7875af-triggers", key()
	o.GatewayEndpoint = in.IMSEndpoint
}

func jwt(in *pipelined.Instance, o *pipelined.Options) {
	o.AuthType, in.PrivateKey = pipelined.AuthIMS, key()
}

func oauth(in *pipelined.Instance, o *pipelined.Options) {
	o.AuthType, in.PrivateKey = pipelined.AuthIMS, secret.String{}
}

func (h *house) setup() *pipelined.Setup {
	h.t.Helper()
	setup, err := h.load()
	if err != nil {
		h.t.Fatal(err)
	}
	return setup
}

func TestMigrateUnderLoad(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.change(legacy)
	h.broker.produce(0, many(0, 10)...)
	d := h.start()
	h.until("10 lines", func() bool { return len(h.lines()) == 10 })
	stop, ended := make(chan struct{}), make(chan int)
	go func() {
		made := 10
		for {
			select {
			case <-stop:
				ended <- made
				return
			case <-time.After(time.Millisecond):
				h.broker.produce(made%3, many(made, 1)...)
				made++
			}
		}
	}()
	for _, to := range []struct {
		change func(*pipelined.Instance, *pipelined.Options)
		says   string
	}{{jwt, "IMS JWT, client client"}, {oauth, "IMS OAuth Server-to-Server, client client"}} {
		h.change(to.change)
		before := len(h.lines())
		report, err := d.Migrate(t.Context(), h.setup().Credential)
		if err != nil {
			t.Fatalf("Migrate() = %v", err)
		}
		if report.To != to.says || report.SwitchedAt == nil || report.RolledBack {
			t.Errorf("Migrate() = %+v, want a move to %s", report, to.says)
		}
		h.until("triggers after the move", func() bool { return len(h.lines()) > before+20 })
		report, err = d.Report()
		if err != nil || report.Lost != 0 || report.Received == 0 {
			t.Errorf("Report() = %v, %v, want some received and none lost", report, err)
		}
		if _, err := d.Finish(t.Context()); err != nil {
			t.Errorf("Finish() = %v", err)
		}
	}
	close(stop)
	made := <-ended
	h.until("every trigger once", func() bool { return len(h.lines()) == made })
	next := map[int]int{}
	for _, line := range h.lines() {
		if line.Event.Offset != next[line.Event.Partition] {
			t.Fatalf("partition %d: %d came, want %d", line.Event.Partition, line.Event.Offset, next[line.Event.Partition])
		}
		next[line.Event.Partition]++
	}
	h.broker.mu.Lock()
	defer h.broker.mu.Unlock()
	for _, mode := range []string{"legacy-", "jwt-", "oauth-"} {
		used := false
		for token := range h.broker.tokens {
			used = used || strings.HasPrefix(token, mode)
		}
		if !used {
			t.Errorf("no token %s… was used: %v", mode, h.broker.tokens)
		}
	}
	if len(h.broker.groups) != 1 {
		t.Errorf("groups = %v, want the one consumer", h.broker.groups)
	}
}

func TestMigrateRefused(t *testing.T) {
	for name, test := range map[string]struct {
		broken func(h *house)
		step   string
		says   string
	}{
		"incomplete": {func(h *house) { h.change(func(in *pipelined.Instance, _ *pipelined.Options) { in.AccountID = "" }) }, "credential", "the subject must be a valid organization or client"},
		"a broken key": {func(h *house) {
			h.change(func(in *pipelined.Instance, _ *pipelined.Options) { in.PrivateKey = secret.New("PuTTY") })
		}, "credential", "unable to read the token during authentication"},
		"token refused": {func(h *house) {
			h.authority.set("/ims/exchange/jwt", `{"error":"invalid_token","error_description":"Could not match JWT signature to any of the bindings"}`)
		}, "token", "signature"},
		"broker refuses": {func(h *house) {
			h.broker.refuse = func(token string) int {
				if strings.HasPrefix(token, "jwt") {
					return http.StatusForbidden
				}
				return 0
			}
		}, "handshake", "403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plainRoutes, toFile)
			h.change(legacy)
			h.broker.produce(0, many(0, 3)...)
			d := h.start()
			h.until("3 lines", func() bool { return len(h.lines()) == 3 })
			h.change(jwt)
			h.broker.mu.Lock()
			test.broken(h)
			h.broker.mu.Unlock()
			_, err := d.Migrate(t.Context(), h.setup().Credential)
			failed, ok := errors.AsType[*pipelined.PreflightError](err)
			if !ok || failed.Step != test.step || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Migrate() = %v, want a refusal at the %s that says %q", err, test.step, test.says)
			}
			h.broker.produce(0, many(3, 3)...)
			h.until("6 lines, by the old credential", func() bool { return len(h.lines()) == 6 })
			if s := h.stats(); s["streams-opened"] != 1 {
				t.Errorf("%v streams, want the first one still open", s["streams-opened"])
			}
		})
	}
}

// A credential that passes its preflight and is refused at the stream itself: back to the one before.
func TestMigrateFallsBack(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	d := h.start() // OAuth
	h.until("a stream", func() bool { return h.stats()["streams-opened"] == 1 })
	h.broker.mu.Lock()
	calls := 0
	h.broker.refuse = func(token string) int {
		if strings.HasPrefix(token, "jwt") {
			if calls++; calls > 1 {
				return http.StatusUnauthorized
			}
		}
		return 0
	}
	h.broker.mu.Unlock()
	h.change(jwt)
	report, err := d.Migrate(t.Context(), h.setup().Credential)
	if err == nil || report == nil || !report.RolledBack {
		t.Fatalf("Migrate() = %+v, %v, want a way back", report, err)
	}
	h.broker.produce(0, many(0, 5)...)
	h.until("5 lines", func() bool { return len(h.lines()) == 5 })
	if !strings.Contains(h.log.String(), `Unknown authentication mode: 'Bearer realm=\"Adobe Analytics\"'. (iRc=-55)`) {
		t.Errorf("the log lacks the vendor's line:\n%s", h.log)
	}
}

func TestRollback(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	d := h.start()
	if _, err := d.Rollback(t.Context()); !errors.Is(err, pipelined.ErrNoMigration) {
		t.Errorf("Rollback() = %v before a migration", err)
	}
	if _, err := d.Migrate(t.Context(), h.setup().Credential); !errors.Is(err, pipelined.ErrSame) {
		t.Errorf("Migrate() to the same = %v", err)
	}
	h.change(jwt)
	if _, err := d.Migrate(t.Context(), h.setup().Credential); err != nil {
		t.Fatal(err)
	}
	report, err := d.Rollback(t.Context())
	if err != nil || !report.RolledBack {
		t.Fatalf("Rollback() = %+v, %v", report, err)
	}
	h.broker.produce(0, many(0, 5)...)
	h.until("5 lines", func() bool { return len(h.lines()) == 5 })
}

// SIGHUP: routes count from the next trigger on, the stream stays, a credential that is refused changes nothing.
func TestReload(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.change(legacy)
	d := h.start()
	h.broker.produce(0, many(0, 3)...)
	h.until("3 lines", func() bool { return len(h.lines()) == 3 })
	h.write("NmsPipeline_Config-sample.json", "{ broken")
	if err := d.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "line 1, column") {
		t.Errorf("Reload() = %v, want the place of what is wrong", err)
	}
	h.write("NmsPipeline_Config-sample.json", strings.Replace(plainRoutes, "triggers.js", "other.js", 1))
	h.write("pipelined-sample.yaml", strings.Replace(toFile, "triggers.js", "other.js", 1))
	h.change(jwt)
	h.authority.set("/ims/exchange/jwt", `{"error":"invalid_client"}`)
	if err := d.Reload(t.Context()); err == nil {
		t.Error("Reload() took up a credential that is refused")
	}
	h.authority.set("/ims/exchange/jwt", "")
	if err := d.Reload(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("Reload() = %v", err)
	}
	h.broker.produce(0, many(3, 3)...)
	h.until("6 lines", func() bool { return len(h.lines()) == 6 })
	h.until("the pointer, stored with the new token", func() bool { return h.broker.committed("dev", 0) == 6 })
	if s := h.stats(); s["streams-opened"] != 1 || s["trigger-discarded"] != 0 {
		t.Errorf("stats = %v, want the one stream", s)
	}
}

// The report of a migration goes on after the daemon began anew, and takes nothing for lost that came meanwhile.
func TestReportOutlivesTheProcess(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.change(jwt)
	h.broker.produce(0, many(0, 10)...)
	d := h.start()
	h.until("10 lines", func() bool { return len(h.lines()) == 10 })
	h.change(oauth)
	if _, err := d.Migrate(t.Context(), h.setup().Credential); err != nil {
		t.Fatal(err)
	}
	h.broker.produce(0, many(10, 10)...)
	h.until("20 lines", func() bool { return len(h.lines()) == 20 })
	h.until("the pointer at the broker", func() bool { return h.broker.committed("dev", 0) == 20 })
	h.stop()
	h.broker.produce(0, many(20, 10)...)
	d = h.start()
	h.until("30 lines", func() bool { return len(h.lines()) == 30 })
	report, err := d.Report()
	if err != nil || report.To != "IMS OAuth Server-to-Server, client client" || report.SwitchedAt == nil || report.Lost != 0 || report.Received < 20 {
		t.Fatalf("Report() = %+v, %v, want that of the process before, gone on with", report, err)
	}
	if runs := report.Partitions[0].Runs; len(runs) != 1 || runs[0].Last != 29 {
		t.Errorf("runs = %v, want one up to 29", runs)
	}
}
