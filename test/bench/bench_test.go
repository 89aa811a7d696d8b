// Package bench_test measures the whole server, as it runs, beside a reference in the same process: `make bench`.
package bench_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID))
		if err == nil {
			b.ReportMetric(resident(string(status)), "idle-MiB")
		}
		s.Stop()
		b.StartTimer()
	}
	if info, err := os.Stat(harness.Binary(b)); err == nil {
		b.ReportMetric(float64(info.Size())/(1<<20), "binary-MiB")
	}
}

// resident reads the resident memory out of /proc/PID/status, in MiB.
func resident(status string) float64 {
	_, rest, _ := strings.Cut(status, "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib / 1024
}

// load asks b.N times from all clients together, and reports the rate and the slowest hundredth. The clients are as lean
// as can be, so that the machine's time goes to the server.
func load(b *testing.B, address, path, key string) {
	b.Helper()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer " + key + "\r\n\r\n")
	all := make([]*client, clients)
	for i := range all {
		all[i] = dial(b, address)
		if err := all[i].ask(request); err != nil { // the first answer may cost more
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	var wait sync.WaitGroup
	for i, c := range all {
		wait.Go(func() {
			for n := i; n < b.N; n += clients {
				started := time.Now()
				if err := c.ask(request); err != nil {
					b.Error(err)
					return
				}
				c.took = append(c.took, time.Since(started))
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	var took []time.Duration
	for _, c := range all {
		took = append(took, c.took...)
		_ = c.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// client is one connection that asks one thing after the other.
type client struct {
	net.Conn
	in   *bufio.Reader
	took []time.Duration
}

func dial(b *testing.B, address string) *client {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	return &client{Conn: conn, in: bufio.NewReader(conn)}
}

// ask sends one request and reads its answer, which has to be a 200.
func (c *client) ask(request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && string(line[9:12]) != "200" {
			return fmt.Errorf("the answer is %q", line)
		}
		if len(line) == 2 {
			break
		}
		if after, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(after)); err != nil {
				return err
			}
		}
	}
	_, err := io.CopyN(io.Discard, c.in, int64(length))
	return err
}
