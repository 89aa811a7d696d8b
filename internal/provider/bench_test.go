package provider_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/provider"
)

// wide lets everything through: what is measured is the room, not its limits.
var wide = provider.Limits{Rate: 1e12, Concurrency: 1 << 30}

// BenchmarkEnterDone is what a call costs beside itself.
func BenchmarkEnterDone(b *testing.B) {
	for name, hosts := range map[string]int{"one provider": 1, "500 providers": 500} {
		b.Run(name, func(b *testing.B) {
			h, err := provider.New(provider.Config{Limits: wide})
			if err != nil {
				b.Fatal(err)
			}
			calls := make([]provider.Call, hosts)
			for i := range calls {
				calls[i] = call(func(c *provider.Call) { c.Host = provider.Host(fmt.Sprintf("p%d.example.com", i)) })
			}
			var next atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					gate, err := h.Enter(context.Background(), calls[int(next.Add(1))%hosts])
					if err != nil {
						b.Error(err)
						return
					}
					gate.Done(good)
				}
			})
		})
	}
}

// BenchmarkRefused is what it costs to ask while a provider is down, or refuses the client.
func BenchmarkRefused(b *testing.B) {
	for name, o := range map[string]provider.Outcome{
		"down":   {Class: provider.Throttled, Status: 429, RetryAfter: time.Hour},
		"paused": refused,
	} {
		b.Run(name, func(b *testing.B) {
			h, err := provider.New(provider.Config{})
			if err != nil {
				b.Fatal(err)
			}
			gate, err := h.Enter(context.Background(), call())
			if err != nil {
				b.Fatal(err)
			}
			gate.Done(o)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Enter(context.Background(), call()); err == nil {
					b.Fatal("let through")
				}
			}
		})
	}
}

// BenchmarkQueue is a place in the queue and out of it, with 100,000 who wait.
func BenchmarkQueue(b *testing.B) {
	h, err := provider.New(provider.Config{Limits: provider.Limits{Concurrency: 1, Rate: 1e12}})
	if err != nil {
		b.Fatal(err)
	}
	enterOrFail := func() *provider.Gate {
		gate, err := h.Enter(context.Background(), call())
		if err != nil {
			b.Fatal(err)
		}
		return gate
	}
	gate := enterOrFail()
	defer gate.Done(good)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const waiting = 100_000
	expires := time.Now()
	for i := range waiting {
		h.Submit(call(background(expires.Add(time.Duration(i*7919%waiting)*time.Millisecond))), func(*provider.Gate, error) {})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportAllocs()
	for b.Loop() {
		h.Submit(call(background(expires.Add(time.Minute))), func(*provider.Gate, error) {})()
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/waiting, "bytes/waiter")
}
