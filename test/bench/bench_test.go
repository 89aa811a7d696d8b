// Package bench_test measures the whole server, as it runs, beside a reference in the same process: `make bench`.
package bench_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/app"
	"latchkey/test/harness"
)

// clients ask at the same time, each on a connection of its own.
const clients = 16

// ready starts the whole server in this process and gives what dev.json says.
func ready(b *testing.B) app.Ready {
	b.Helper()
	data := b.TempDir()
	file := filepath.Join(data, "ready.json")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- app.Dev(ctx, app.DevOptions{Listen: "127.0.0.1:0", Data: filepath.Join(data, "data"), Ready: file, Out: io.Discard, Err: io.Discard})
	}()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	for range 3000 {
		var out app.Ready
		if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &out) == nil {
			return out
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Fatal("the server did not start within 30 s")
	return app.Ready{}
}

// BenchmarkTokenRead reads a token over HTTP: authentication, metrics, request ids, logging set-up, all of it.
// Its reference is the same kind of server with the same clients and a constant answer of the same size.
func BenchmarkTokenRead(b *testing.B) {
	b.Run("constant", func(b *testing.B) {
		answer := []byte(`{"access_token":"mst_QPLCUAZA4XA55UJRMQHKC2GRSN","token_type":"Bearer","expires_at":"2026-11-21T05:41:26Z","expires_in":3598,"scope":"read write","generation":1,"connection":"conn_01M7Y6HHVW06KQQZE790H670HQ"}` + "\n")
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer)
		})}
		go func() { _ = server.Serve(listener) }()
		defer func() { _ = server.Close() }()
		load(b, listener.Addr().String(), "/constant", "lk_"+strings.Repeat("x", 43))
	})
	b.Run("latchkey", func(b *testing.B) {
		r := ready(b)
		load(b, strings.TrimPrefix(r.URL, "http://"), "/api/v1/connections/sample-client-credentials/token", r.AdminKey)
	})
}

// BenchmarkStart runs the real binary, on data of an earlier run, until it answers.
func BenchmarkStart(b *testing.B) {
	data := b.TempDir()
	harness.DevIn(b, data).Stop()
	for b.Loop() {
		s := harness.DevIn(b, data)
		b.StopTimer()
		b.ReportMetric(memory(s.PID), "idle-MiB")
		s.Stop()
		b.StartTimer()
	}
	if info, err := os.Stat(harness.Binary(b)); err == nil {
		b.ReportMetric(float64(info.Size())/(1<<20), "binary-MiB")
	}
}
