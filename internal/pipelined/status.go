package pipelined

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"latchkey/internal/file"
	"latchkey/internal/pipelined/routes"
)

// Status gives the document of /pipelined/status: the vendor's keys, in the order of the alphabet, with its units
// (spec/campaign-and-pipeline.md §3.1). Each topic is an agent "listener"; the threads and the settings are agents too.
// What is ours stands beside, under `latchkey`.
func (d *Daemon) Status(ctx context.Context) []byte {
	now := d.clock.Now()
	agents := []any{}
	for _, l := range d.all() {
		agents = append(agents, l.status(ctx, now))
	}
	for _, p := range []*pool{d.builtIn.Load(), d.scripts.Load()} {
		for i, t := range p.threads {
			agents = append(agents, t.status(p.scripts, i))
		}
	}
	o := d.setup.Load().Options
	agents = append(agents, map[string]any{"name": "settings", "settings": map[string]any{
		"flush-pointer-msg-count": o.PointerFlushCount, "flush-pointer-period-ms": o.PointerFlushPeriod.Milliseconds(),
		"processing-threads": o.BuiltInThreads, "processing-threads-JS": o.ScriptThreads,
		"retry-period-ms": o.RetryPeriod.Milliseconds(), "retry-validity-duration-ms": o.RetryValidity.Milliseconds(),
	}})
	text, err := json.MarshalIndent(map[string]any{"agents": agents, "latchkey": d.own(ctx)}, "", "  ")
	if err != nil { // texts and numbers alone
		return []byte("{}")
	}
	return append(text, '\n')
}

// own is what the vendor's document has no place for.
func (d *Daemon) own(ctx context.Context) map[string]any {
	letters, _ := d.journal.CountLetters(ctx) // a journal that can't be read shows as none; the log tells
	c := d.tokens.inUse()
	return map[string]any{
		"instance": d.config.Instance, "credential": c.Describe(), "credential-mode": string(c.Mode), "credential-fingerprint": c.Fingerprint(),
		"dead-letters": letters, "dead-letters-replayed": d.counts.replayed.Load(), "started": d.started.UTC().Format(time.RFC3339),
		"unmapped-connectors": d.setup.Load().Unmapped(), "trouble": d.trouble(),
	}
}

func (l *listener) status(ctx context.Context, now time.Time) map[string]any {
	c := &l.counts
	l.mu.Lock()
	host, opened := "", l.opened
	if l.broker != nil {
		host = l.broker.Address()
	}
	l.mu.Unlock()
	pointers, _ := l.journal.Pointers(ctx, l.topic, l.consumer) // as above
	count := int64(l.setup.Load().Options.PointerFlushCount)
	return map[string]any{
		"name": "listener", "consumer": l.consumer, "topic": l.topic,
		"http-request": map[string]any{
			"last-alive-ms-ago": ago(now, c.alive.Load()), "last-failed-cnx-ms-ago": ago(now, c.failed.Load()), "pipeline-host": host,
		},
		"pointer": map[string]any{
			"current-offsets": offsets(pointers), "last-flush-ms-ago": ago(now, c.flushed.Load()),
			"next-offsets-flush": max(0, count-c.sinceFlush.Load()), "processed-since-last-flush": c.sinceFlush.Load(),
		},
		"routing": routing(l.setup.Load().topic(l.topic, l.consumer)),
		"stats": map[string]any{
			"average-pointer-flush-time-ms": average(c.flushTime.Load(), c.flushes.Load()), "average-push-id-processing-time-ms": 0,
			"average-trigger-processing-time-ms": average(c.takenTime.Load(), c.taken.Load()), "bytes-read": c.bytes.Load(),
			"current-messages": c.waiting.Load(), "current-retries": c.retries.Load(), "peak-messages": c.peak.Load(), "pending-release-messages": 0,
			"ping-received": c.pings.Load(), "pointer-flush-errors": c.flushErrors.Load(), "pointer-flushes": c.flushes.Load(),
			"profile-received": 0, "push-id-discarded": 0, "push-id-processed": 0, "push-id-received": 0, "routing-JS-custom": c.scripted.Load(),
			"trigger-discarded": c.discarded.Load(), "trigger-failures": c.failedDeliveries.Load(), "trigger-processed": c.processed.Load(), "trigger-received": c.received.Load(),
			// ours
			"trigger-duplicates": c.duplicates.Load(), "trigger-malformed": c.malformed.Load(), "trigger-unrouted": c.unrouted.Load(), "streams-opened": opened,
			"journal-held": c.held.Load(), "envelopes-unknown": c.strange.Load(),
		},
		"unrouted": l.strangers(),
	}
}

func (t *thread) status(scripts bool, number int) map[string]any {
	t.mu.Lock()
	defer t.mu.Unlock()
	name, isScript := "processing", "0"
	if scripts {
		name, isScript = "processing-JS", "1"
	}
	return map[string]any{"name": fmt.Sprintf("%s-%d", name, number+1), "stats": map[string]any{
		"average-trigger-processing-time-ms": average(int64(t.time), t.received), "is-JS-processor": isScript,
		"trigger-discarded": t.discarded, "trigger-failures": t.failures, "trigger-received": t.received,
	}}
}

// routing shows both topics' tables, as the vendor does; the listener's own is the one that is filled.
func routing(topic *routes.Topic) map[string]any {
	tables := map[string]any{"aliases": map[string]string{}, "triggers": map[string]string{}}
	if topic == nil {
		return tables
	}
	own := map[string]string{}
	for _, r := range topic.Routes {
		own[r.Trigger] = r.Connector
	}
	tables[topic.Name] = own
	return tables
}

// ago gives milliseconds since an instant; -1 for never.
func ago(now time.Time, ms int64) int64 {
	if ms == 0 {
		return -1
	}
	return max(0, now.UnixMilli()-ms)
}

// average gives milliseconds with three digits behind the point.
func average(nanoseconds, count int64) float64 {
	if count == 0 {
		return 0
	}
	return math.Round(float64(nanoseconds)/float64(count)/1e3) / 1e3
}

// dumpState writes the status into pipelined.json as often as the settings say.
func (d *Daemon) dumpState(ctx context.Context) {
	for {
		period := d.setup.Load().Options.DumpState
		if !d.pause(ctx, max(period, time.Second), nil) {
			return
		}
		if period == 0 {
			continue
		}
		if err := file.Replace(d.path("pipelined.json"), d.Status(ctx), 0o600); err != nil {
			d.log.Warn("The status could not be written: " + err.Error())
		}
	}
}
