package pipelined_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"log/slog"

	"latchkey/internal/clock"
	"latchkey/internal/pipelined"
)

// What the attributes of <pipelined> do (spec/campaign-and-pipeline.md §1.2), where no other test needs them.

// The broker is the one that discovery names, unless one is forced.
func TestDiscovery(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.options.ForcedEndpoint, h.options.DiscoverEndpoint = "", h.broker.URL
	h.broker.produce(0, b("a"))
	h.start()
	h.until("a line", func() bool { return len(h.lines()) == 1 })
}

// With disableAuth nobody is asked for a token, and none is shown.
func TestDisableAuth(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.options.DisableAuth = true
	h.broker.produce(0, b("a"))
	h.start()
	h.until("the pointer", func() bool { return h.broker.committed("dev", 0) == 1 })
	h.broker.mu.Lock()
	defer h.broker.mu.Unlock()
	if h.authority.count != 0 || len(h.broker.tokens) != 1 || h.broker.tokens[""] == 0 {
		t.Errorf("%d tokens were asked for, and %v shown", h.authority.count, h.broker.tokens)
	}
}

// As many triggers are at connectors at once as there are threads; a reload changes that without a restart.
func TestThreads(t *testing.T) {
	var inside atomic.Int64
	gate := make(chan struct{})
	r := newReceiver(t)
	r.seen = func([]byte) {
		inside.Add(1)
		<-gate
	}
	h := newHouse(t, plainRoutes, toHTTP(r))
	h.options.ScriptThreads = 2
	for partition := range 6 {
		h.broker.produce(partition, many(partition*10, 1)...)
	}
	d := h.start()
	h.until("six that wait, two of them at the receiver", func() bool { return h.stats()["current-messages"] == 6 && inside.Load() == 2 })
	if n := h.threads("processing-JS"); n != 2 || inside.Load() != 2 {
		t.Errorf("%d threads, %d at the receiver", n, inside.Load())
	}
	h.change(func(_ *pipelined.Instance, o *pipelined.Options) { o.ScriptThreads, o.StatusPort = 3, 1234 })
	h.broker.produce(6, many(60, 1)...)
	if err := d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.until("three more", func() bool { return inside.Load() >= 3 })
	close(gate)
	h.until("all", func() bool { return r.got() == 7 })
	if n := h.threads("processing-JS"); n != 3 || !strings.Contains(h.log.String(), "monitorServerPort is 1234 from the next start on") {
		t.Errorf("%d threads after the reload", n)
	}
}

// The pointer is stored after so many triggers, however long the period is.
func TestPointerFlushCount(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.options.PointerFlushCount, h.options.PointerFlushPeriod = 10, time.Hour
	h.start()
	for n := range 25 {
		h.broker.produce(0, many(n, 1)...)
		h.until("the line", func() bool { return len(h.lines()) == n+1 })
	}
	h.until("the pointer", func() bool { return h.broker.committed("dev", 0) >= 10 })
	if s := h.stats(); s["pointer-flushes"] > 3 {
		t.Errorf("the pointer was stored %v times for 25 triggers", s["pointer-flushes"])
	}
}

// A process that holds more memory than the settings want is told of, once each time that it passes a threshold.
func TestMemory(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	h.options.MemoryWarning, h.options.MemoryAlert = 1, 1<<40
	hand := clock.NewManual(time.Now())
	config := h.config()
	config.Clock = hand
	d, err := pipelined.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	h.daemon = d
	d.Start(t.Context())
	t.Cleanup(h.stop)
	h.until("the warning", func() bool {
		hand.Advance(31 * time.Second)
		return strings.Contains(h.log.String(), "maxProcessMemoryWarningMb 1,")
	})
	h.change(func(_ *pipelined.Instance, o *pipelined.Options) { o.MemoryAlert = 1 })
	if err := d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.until("the alert", func() bool {
		hand.Advance(31 * time.Second)
		return strings.Contains(h.log.String(), "level=ERROR msg=\"The process holds")
	})
	if n := strings.Count(h.log.String(), "level=WARN msg=\"The process holds"); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

// A broker that asks to be left alone is, as long as it says.
func TestBrokerIsBusy(t *testing.T) {
	h := newHouse(t, plainRoutes, toFile)
	var first, second atomic.Int64
	h.broker.refuse = func(string) int {
		if first.CompareAndSwap(0, time.Now().UnixNano()) {
			return http.StatusTooManyRequests
		}
		second.CompareAndSwap(0, time.Now().UnixNano())
		return 0
	}
	h.broker.after = "1"
	h.broker.produce(0, b("a"))
	h.start()
	h.until("a line", func() bool { return len(h.lines()) == 1 })
	if pause := time.Duration(second.Load() - first.Load()); pause < time.Second || !strings.Contains(h.log.String(), "asks to come back later") {
		t.Errorf("it came back after %s", pause)
	}
}

// The log has the vendor's columns, a line for each message, and goes on in a second file when it is full.
func TestLogFile(t *testing.T) {
	dir := t.TempDir()
	lines, err := pipelined.OpenLog(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(lines)
	log.Info("Connected")
	log.With("partition", 3).Warn("two\nlines", "offset", 7)
	log.Error("broken")
	log.Debug("not this")
	path := filepath.Join(dir, "log", "pipelined.log")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	columns := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  (\d+)  (\d+)  1  (info   |warning|error  )  log  \S.*$`)
	if got := columns.FindAllString(string(text), -1); len(got) != 3 || strings.Count(string(text), "\n") != 3 || !strings.HasSuffix(got[1], "two lines partition=3 offset=7") {
		t.Errorf("the log has\n%s", text)
	}
	long := strings.Repeat("x", 1<<20)
	for range 11 {
		log.Info(long)
	}
	if err := lines.Close(); err != nil {
		t.Fatal(err)
	}
	now, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(dir, "log", "pipelined_2.log"))
	if err != nil || now.Size() > 10<<20 || before.Size() > 10<<20 || now.Size() < 1<<20 {
		t.Errorf("the logs have %d and %v bytes", now.Size(), before)
	}
}
