package pebble_test

import (
	"context"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"latchkey/pebble"
)

// readBench returns a template to measure, its variables and its output.
func readBench(b testing.TB, name string) (text string, vars map[string]any, want string) {
	b.Helper()
	read := func(ext string) []byte {
		data, err := os.ReadFile("testdata/bench/" + name + ext)
		if err != nil {
			b.Fatal(err)
		}
		return data
	}
	return string(read(".peb")), javaContext(b, read(".json")), string(read(".out"))
}

func benchNames() []string { return []string{"url", "form", "json"} }

func TestBenchTemplates(t *testing.T) {
	for _, name := range benchNames() {
		text, vars, want := readBench(t, name)
		tmpl, err := pebble.Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tmpl.RenderString(context.Background(), vars)
		if err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", name, got, err, want)
		}
	}
}

// cpuTime is how long this process has kept a processor, garbage collection included. On a machine with other work it
// says more than the time that has passed.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func reportCPU(b *testing.B, start time.Duration) {
	b.Helper()
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}

func BenchmarkRender(b *testing.B) {
	for _, name := range benchNames() {
		b.Run(name, func(b *testing.B) {
			text, vars, want := readBench(b, name)
			tmpl, err := pebble.Parse(name, text)
			if err != nil {
				b.Fatal(err)
			}
			ctx := context.Background()
			if got, err := tmpl.RenderString(ctx, vars); err != nil || got != want {
				b.Fatalf("%s = %q, %v, want %q", name, got, err, want)
			}
			b.ReportAllocs()
			start := cpuTime(b)
			for b.Loop() {
				if err := tmpl.Render(ctx, io.Discard, vars); err != nil {
					b.Fatal(err)
				}
			}
			reportCPU(b, start)
		})
	}
}

func BenchmarkParseRender(b *testing.B) {
	for _, name := range benchNames() {
		b.Run(name, func(b *testing.B) {
			text, vars, want := readBench(b, name)
			ctx := context.Background()
			render := func() string {
				tmpl, err := pebble.Parse(name, text)
				if err != nil {
					b.Fatal(err)
				}
				got, err := tmpl.RenderString(ctx, vars)
				if err != nil {
					b.Fatal(err)
				}
				return got
			}
			if got := render(); got != want {
				b.Fatalf("%s = %q, want %q", name, got, want)
			}
			b.ReportAllocs()
			start := cpuTime(b)
			for b.Loop() {
				render()
			}
			reportCPU(b, start)
		})
	}
}
